//! `video.mp4` of a recording that is packed, planned once: what is asked of it then takes neither the index
//! nor a look at a sample, however long it is.

use std::ops::Range;

use livetape_timeline::Part;
use serde::{Deserialize, Serialize};

use crate::api::State;
use crate::delivery::{Delivery, Piece};
use crate::error::ApiError;
use crate::object::{PackFile, pack_key};
use crate::pack::{Pack, Places, Stretch};
use crate::recording::Recording;

use super::mp4::{FileKind, Mp4Request, Planned, answer};

/// A file of more stretches than this is planned each time: its list would be too long to keep.
const MOST_STRETCHES: usize = 1_000;
/// So is one whose made bytes are more than one in so many: what is stored is to stay small.
const LEAST_PAYLOAD: u64 = 33;

/// The file, made of stored bytes alone.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SealedFile {
    etag: String,
    stretches: Vec<SealedStretch>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct SealedStretch {
    key: String,
    offset: u64,
    len: u64,
}

impl SealedFile {
    fn pieces(&self) -> Vec<Piece> {
        let piece = |stretch: &SealedStretch| Piece::Stored {
            key: stretch.key.clone(),
            offset: stretch.offset,
            len: stretch.len,
        };
        self.stretches.iter().map(piece).collect()
    }

    /// Answers a request for it.
    ///
    /// # Errors
    /// None so far.
    pub fn file(&self, request: &Mp4Request) -> Result<Delivery, ApiError> {
        let pieces = self.pieces();
        let planned = Planned {
            etag: &self.etag,
            len: pieces.iter().map(Piece::len).sum(),
            state: State::Finished,
        };
        answer(request, &planned, |part: Option<&Range<u64>>| match part {
            Some(part) => Piece::slice(&pieces, part.clone()),
            None => pieces.clone(),
        })
    }
}

impl Recording {
    /// `video.mp4`, made of packs that are to be all of it, with the bytes of it that are made, which are to be stored beside the packs; `None` where
    /// there is no such file, it is too much scattered, or they are too many.
    pub fn sealed(&self, packs: &[Pack]) -> Option<(SealedFile, Vec<u8>)> {
        let file = self.whole_file(FileKind::Video).ok()?;
        let id = &self.meta().id;
        let (places, key) = (Places::of(packs), pack_key(id, 0, PackFile::Made));
        let mut made = Vec::new();
        // The bytes that are made are many: they are not copied but once.
        let plan = file.whole(self);
        let pieces = plan.parts().iter().flat_map(|part| match part {
            Part::Bytes(bytes) => {
                let offset = made.len() as u64;
                made.extend_from_slice(bytes);
                vec![Piece::Stored {
                    key: key.clone(),
                    offset,
                    len: bytes.len() as u64,
                }]
            }
            Part::Stored(extent) => places.pieces(id, Stretch::of(extent)),
        });
        let pieces = Piece::merged(pieces).into_iter();
        let stretches = pieces.filter_map(|piece| match piece {
            Piece::Stored { key, offset, len } => Some(SealedStretch { key, offset, len }),
            Piece::Bytes(_) | Piece::Header { .. } => None,
        });
        let stretches: Vec<_> = stretches.collect();
        let etag = file.etag().to_owned();
        let is_small = made.len() as u64 * LEAST_PAYLOAD <= file.len();
        let is_kept = is_small && stretches.len() <= MOST_STRETCHES;
        is_kept.then_some((SealedFile { etag, stretches }, made))
    }
}
