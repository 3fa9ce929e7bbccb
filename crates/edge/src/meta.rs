//! The facts of a recording that are not its media, and how they are changed.

use std::collections::BTreeMap;

use crate::access::Limits;
use crate::api::{PatchRecording, State, check_metadata, kept_title};
use crate::error::ApiError;
use crate::gate::Gate;
use crate::ids::RecordingId;
use crate::page::check_origins;
use crate::retention::{Evicted, Retention};

/// The facts of a recording that are not its media.
#[derive(Debug, Clone, PartialEq)]
pub struct Meta {
    /// Its id.
    pub id: RecordingId,
    /// How far it is.
    pub state: State,
    /// Name for people.
    pub title: Option<String>,
    /// Facts for programs.
    pub metadata: BTreeMap<String, String>,
    /// When it was created, Unix milliseconds.
    pub created: i64,
    /// What it may become.
    pub limits: Limits,
    /// What stands between it and those who would play it.
    pub gate: Gate,
    /// What of it is kept.
    pub retention: Retention,
    /// What is not kept any more.
    pub evicted: Evicted,
}

impl Meta {
    /// The facts as they are after a patch at `now`, in Unix milliseconds.
    ///
    /// # Errors
    /// [`Code::BadRequest`](crate::Code::BadRequest) where there were too many then.
    pub fn patched(&self, patch: PatchRecording, now: i64) -> Result<Self, ApiError> {
        let mut meta = self.clone();
        meta.gate.review = patch.review.unwrap_or(meta.gate.review);
        meta.gate.access = patch.access.unwrap_or(meta.gate.access);
        meta.gate.encryption = patch.encryption.unwrap_or(meta.gate.encryption);
        if let Some(origins) = patch.origins {
            check_origins(&origins)?;
            meta.gate.origins = origins;
        }
        if let Some(retention) = patch.retention {
            retention.check()?;
            meta.retention = retention;
        }
        if patch.revoke_tokens {
            meta.gate.tokens_from = u64::try_from(now / 1_000).unwrap_or(0);
        }
        if let Some(title) = &patch.title {
            meta.title = kept_title(title);
        }
        for (name, value) in patch.metadata {
            match value {
                Some(value) => meta.metadata.insert(name, value),
                None => meta.metadata.remove(&name),
            };
        }
        check_metadata(&meta.metadata)?;
        Ok(meta)
    }
}
