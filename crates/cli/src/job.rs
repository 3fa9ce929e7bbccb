//! What reading has come to so far, and what all that is read shares.

use std::collections::BTreeMap;

use livetape_timeline::Timeline;

use crate::assembly::Assembly;
use crate::cipher::Key;
use crate::edits::Edits;
use crate::failure::{Failure, Result};
use crate::location::Location;
use crate::pieces::Piece;
use crate::remux::refuse;
use crate::report::Report;
use crate::stores::Stores;

/// What all lanes share.
pub(crate) struct Job {
    pub(crate) stores: Stores,
    pub(crate) assembly: Assembly,
    pub(crate) report: Report,
    pub(crate) edits: Edits,
    keys: BTreeMap<Location, [u8; 16]>,
    /// Why the first key or init segment that could not be had could not.
    lacking: Option<Failure>,
}

impl Job {
    /// What is told so far goes on being told.
    pub(crate) fn new(stores: Stores, report: Report) -> Self {
        Self {
            stores,
            assembly: Assembly::default(),
            report,
            edits: Edits::default(),
            keys: BTreeMap::new(),
            lacking: None,
        }
    }

    /// Why a piece cannot be read where something that it needs cannot be had.
    pub(crate) fn lacks(&mut self, piece: &Piece, what: &str, failure: Failure) -> Failure {
        if !failure.is_of_an_input() {
            return failure;
        }
        let why = format!("its {what} cannot be had: {failure}");
        self.lacking.get_or_insert(failure);
        let name = piece.location.to_string();
        Failure::Unreadable { name, why }
    }

    /// Why there is nothing to write, where there is nothing.
    pub(crate) fn refuse(&mut self, timeline: &Timeline) -> Result<()> {
        match (refuse(timeline, &self.report), self.lacking.take()) {
            (Err(Failure::NothingDecodable { .. }), Some(failure)) => Err(failure),
            (other, _) => other,
        }
    }

    /// The key at a location.
    pub(crate) fn key(&mut self, location: &Location, iv: [u8; 16]) -> Result<Key> {
        let bytes = match self.keys.get(location) {
            Some(known) => *known,
            None => {
                let (_, bytes) = location.read()?;
                let key = <[u8; 16]>::try_from(bytes).map_err(|bytes| Failure::Protected {
                    detail: format!("{location} has {} bytes, a key has 16", bytes.len()),
                })?;
                self.keys.insert(location.clone(), key);
                key
            }
        };
        let location = location.clone();
        Ok(Key {
            location,
            bytes,
            iv,
        })
    }
}
