//! How reading a piece ended, and what is said about that.

use std::io;

use crate::cipher::Key;
use crate::failure::{Failure, Result};
use crate::location::Location;

/// How reading a piece ended.
#[derive(Debug)]
pub(crate) enum Ending {
    /// At its end.
    Whole,
    /// By an error; `any`: behind bytes that were used.
    Early { any: bool, error: io::Error },
    /// There was nothing in it.
    Empty,
    /// It is of no format that is read.
    Unknown(&'static str),
}

impl Ending {
    /// What to tell of a segment of so many seconds: a code and a sentence. `None` where nothing is
    /// wrong.
    pub(crate) fn defect(
        &self,
        location: &Location,
        seconds: f64,
        key: Option<&Key>,
    ) -> Option<(&'static str, String)> {
        let undeciphered = |key: &Key, why: &str| {
            let key = &key.location;
            format!(
                "{location} cannot be decrypted with the key {key}: {why}; it is not this segment's key, or not its IV"
            )
        };
        match (self, key) {
            (Self::Whole, _) => None,
            (Self::Early { any: true, error }, _) => Some((
                "segment_truncated",
                format!("{location} ends early: {error}"),
            )),
            (Self::Early { error, .. }, Some(key))
                if error.kind() == io::ErrorKind::InvalidData =>
            {
                let message = undeciphered(key, &error.to_string());
                Some(("segment_unreadable", message))
            }
            (Self::Early { error, .. }, _) => {
                Some(("segment_missing", location.unreadable(error).to_string()))
            }
            (Self::Empty, _) => Some((
                "segment_empty",
                format!("{location} has nothing in it, where {seconds:.3} s should be"),
            )),
            (Self::Unknown(found), Some(key)) => {
                let why = format!("what comes out is {found}");
                Some(("segment_unreadable", undeciphered(key, &why)))
            }
            (Self::Unknown(found), None) => {
                let message = unknown(location, found).to_string();
                Some(("segment_unreadable", message))
            }
        }
    }

    /// Fails where not all of something that is needed was read.
    pub(crate) fn refused(&self, location: &Location) -> Result<()> {
        match self {
            Self::Whole => Ok(()),
            Self::Early { error, .. } => Err(location.unreadable(error)),
            Self::Empty => Err(unknown(location, "empty")),
            Self::Unknown(found) => Err(unknown(location, found)),
        }
    }
}

fn unknown(location: &Location, found: &'static str) -> Failure {
    let name = location.to_string();
    Failure::UnknownInput { name, found }
}
