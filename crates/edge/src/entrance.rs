//! What is asked of a recording before one of its stored files is sent.

use std::ops::Range;

use serde::{Deserialize, Serialize};

use crate::gate::Gate;
use crate::ids::RecordingId;
use crate::recording::Recording;

/// What stands before a recording's stored files.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Entrance {
    /// Who may have them.
    pub gate: Gate,
    /// When the recording was created, Unix milliseconds: an id can be given again once what had it is deleted.
    pub created: i64,
    /// Numbers of objects that were taken and are not evicted. What is stored under another number may yet be
    /// refused, and be something else then.
    pub settled: Range<u32>,
}

impl Entrance {
    /// The address by which a cache knows a file: the same whoever asks, with whatever token. `origin` begins it,
    /// `path` is the file's place in the recording, in the form in which it is sent.
    pub fn cached(&self, origin: &str, id: &RecordingId, path: &str) -> String {
        format!("{origin}/v1/play/{id}/{path}?created={}", self.created)
    }
}

impl Recording {
    /// What stands before its stored files.
    pub fn entrance(&self) -> Entrance {
        let from = self.meta().evicted.before;
        let taken = self.stored_numbers().filter(|seq| *seq >= from);
        // Up to the first that is missing yet.
        let to = (from..).zip(taken).take_while(|(next, seq)| next == seq);
        Entrance {
            gate: self.meta().gate.clone(),
            created: self.meta().created,
            settled: from..to.last().map_or(from, |(last, _)| last.saturating_add(1)),
        }
    }
}
