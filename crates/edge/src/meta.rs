//! The facts that a recording and its objects are rebuilt from.

use std::collections::BTreeMap;

use livetape_media::Timestamp;
use serde::{Deserialize, Serialize};

use crate::access::Limits;
use crate::api::{ObjectInfo, PatchRecording, State, check_metadata, kept_title};
use crate::digest::Sha256Digest;
use crate::error::{ApiError, Code};
use crate::gate::Gate;
use crate::ids::{ConfigHash, RecordingId};
use crate::index::Fragment;
use crate::object::{MAIN_LANE, MAX_HEAD};
use crate::page::check_origins;
use crate::provenance::Provenance;
use crate::retention::{Evicted, Retention};

/// The facts of a recording that are not its media.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Meta {
    /// Its id.
    pub id: RecordingId,
    /// How far it is.
    pub state: State,
    /// Name for people.
    #[serde(default)]
    pub title: Option<String>,
    /// Facts for programs.
    #[serde(default)]
    pub metadata: BTreeMap<String, String>,
    /// When it was created, Unix milliseconds.
    pub created: i64,
    /// What it may become.
    #[serde(default)]
    pub limits: Limits,
    /// What stands between it and those who would play it.
    #[serde(default)]
    pub gate: Gate,
    /// What of it is kept.
    #[serde(default)]
    pub retention: Retention,
    /// What is not kept any more.
    #[serde(default)]
    pub evicted: Evicted,
    /// Where it comes from.
    #[serde(default)]
    pub provenance: Provenance,
}

impl Meta {
    /// The facts as they are after a patch at `now`, in Unix milliseconds.
    ///
    /// # Errors
    /// [`Code::BadRequest`] where there were too many then.
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

/// A stored object as a row of the index.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ObjectRow {
    /// Its number in the main lane.
    pub seq: u32,
    /// Its bytes.
    pub size: u64,
    /// Its digest, as storage computed it.
    pub digest: Sha256Digest,
    /// Its configuration.
    pub config: ConfigHash,
    /// Its bytes before the payload: all that is ever read of it.
    pub head: Vec<u8>,
    /// Wall clock of its first frame, Unix milliseconds, as announced.
    pub wall_clock: Option<i64>,
    /// When it was stored, Unix milliseconds.
    pub stored: i64,
}

impl ObjectRow {
    /// Checks that it is a fragment of its configuration, whose init segment is `init`, and gives how long it
    /// lasts.
    ///
    /// # Errors
    /// [`Code::BadFragment`], [`Code::ObjectTooLong`].
    pub fn check(&self, init: &[u8]) -> Result<Timestamp, ApiError> {
        if self.head.len() as u64 > MAX_HEAD {
            let detail = "Its head is over 1 MiB.";
            return Err(ApiError::new(Code::BadFragment, detail));
        }
        let fragment = Fragment::read(init, &self.head, self.size, &mut Vec::new())?;
        Ok(fragment.duration)
    }

    /// What the API tells of it.
    pub fn info(&self) -> ObjectInfo {
        ObjectInfo {
            lane: MAIN_LANE.to_owned(),
            seq: self.seq,
            size: self.size,
            digest: self.digest.content_digest(),
        }
    }
}
