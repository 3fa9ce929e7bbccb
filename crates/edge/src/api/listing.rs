//! Recordings in a list.

use serde::{Deserialize, Serialize};

use super::State;
use crate::gate::{Access, Review};
use crate::kept::Totals;
use crate::meta::Meta;
use crate::recording::Recording;

/// A recording in a list.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct RecordingSummary {
    /// Its id.
    pub id: String,
    /// How far it is.
    pub state: State,
    /// Name for people.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub title: Option<String>,
    /// What was decided about it.
    #[serde(default)]
    pub review: Review,
    /// Who may play it.
    #[serde(default)]
    pub access: Access,
    /// When it was created, Unix milliseconds.
    pub created: i64,
    /// Seconds that it plays. Of a recording that grows, as of some seconds ago.
    pub duration: f64,
    /// Bytes stored; as of some seconds ago too.
    pub bytes: u64,
}

/// Answer to `GET /v1/recordings`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct RecordingList {
    /// Newest first.
    pub recordings: Vec<RecordingSummary>,
    /// What to ask for the next page with; none where this is the last.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub cursor: Option<String>,
}

impl RecordingSummary {
    /// What a list tells of a recording.
    pub(crate) fn new(meta: &Meta, totals: Totals) -> Self {
        Self {
            id: meta.id.to_string(),
            state: meta.state,
            title: meta.title.clone(),
            review: meta.gate.review,
            access: meta.gate.access,
            created: meta.created,
            duration: totals.duration,
            bytes: totals.bytes,
        }
    }
}

impl Recording {
    /// What a list tells of it.
    pub fn summary(&self) -> RecordingSummary {
        RecordingSummary::new(self.meta(), self.totals())
    }

    /// How much it is.
    pub(crate) fn totals(&self) -> Totals {
        Totals {
            duration: self.duration().seconds(),
            bytes: self.bytes(),
        }
    }
}
