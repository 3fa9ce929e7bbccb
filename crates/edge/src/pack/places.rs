//! Where the bytes of objects are: by themselves, or in packs.

use std::collections::{BTreeMap, BTreeSet};

use livetape_timeline::{Part, Plan};

use super::{Pack, Stretch};
use crate::api::State;
use crate::delivery::Piece;
use crate::ids::RecordingId;
use crate::object::{MAIN_LANE, PackFile, object_key, pack_key};
use crate::recording::Recording;

/// Bytes of an object in a pack.
#[derive(Debug, Clone, Copy)]
struct Run {
    /// In the object.
    offset: u64,
    len: u64,
    pack: u32,
    file: PackFile,
    /// In the file.
    at: u64,
}

/// What lies in packs.
#[derive(Debug, Default)]
pub(crate) struct Places {
    packs: BTreeSet<u32>,
    /// By object, in the order of its bytes.
    runs: BTreeMap<u32, Vec<Run>>,
}

impl Places {
    pub(crate) fn of(packs: &[Pack]) -> Self {
        let mut places = Self::default();
        for pack in packs {
            places.packs.insert(pack.number);
            places.add(pack.number, PackFile::Payload, &pack.payload);
            places.add(pack.number, PackFile::Rest, &pack.rest());
        }
        for runs in places.runs.values_mut() {
            runs.sort_unstable_by_key(|run| run.offset);
        }
        places
    }

    fn add(&mut self, pack: u32, file: PackFile, stretches: &[Stretch]) {
        let mut at = 0;
        for stretch in stretches {
            let run = Run {
                offset: stretch.offset,
                len: stretch.len,
                pack,
                file,
                at,
            };
            self.runs.entry(stretch.seq).or_default().push(run);
            at += stretch.len;
        }
    }

    pub(crate) const fn packs(&self) -> &BTreeSet<u32> {
        &self.packs
    }

    /// A range of an object's bytes as they are stored.
    pub(crate) fn pieces(&self, id: &RecordingId, stretch: Stretch) -> Vec<Piece> {
        let Some(runs) = self.runs.get(&stretch.seq) else {
            return vec![Piece::Stored {
                key: object_key(id, MAIN_LANE, stretch.seq),
                offset: stretch.offset,
                len: stretch.len,
            }];
        };
        let end = stretch.offset.saturating_add(stretch.len);
        let piece = |run: &Run| {
            let from = stretch.offset.max(run.offset);
            let to = end.min(run.offset + run.len);
            (from < to).then(|| Piece::Stored {
                key: pack_key(id, run.pack, run.file),
                offset: run.at + (from - run.offset),
                len: to - from,
            })
        };
        runs.iter().filter_map(piece).collect()
    }
}

impl Recording {
    /// A plan's parts as pieces: its stores are the objects of the main lane.
    pub(crate) fn pieces(&self, plan: &Plan) -> Vec<Piece> {
        let (id, places) = (&self.meta().id, self.places());
        let pieces = plan.parts().iter().flat_map(|part| match part {
            Part::Bytes(bytes) => vec![Piece::Bytes(bytes.clone())],
            Part::Stored(extent) => places.pieces(id, Stretch::of(extent)),
        });
        Piece::merged(pieces)
    }

    /// Nothing is added to it or stored anew any more: packs can be made of it.
    pub fn is_settled(&self) -> bool {
        self.meta().state == State::Finished && self.places().packs.is_empty()
    }

    /// Whether the object of a number is stored in a pack.
    pub fn is_packed(&self, seq: u32) -> bool {
        self.places().runs.contains_key(&seq)
    }

    /// Numbers of the objects that are stored in packs.
    pub fn packed_numbers(&self) -> Vec<u32> {
        self.places().runs.keys().copied().collect()
    }

    /// Numbers of the packs of which no object is left.
    pub fn emptied_packs(&self) -> Vec<u32> {
        let places = self.places();
        let runs = self
            .stored_numbers()
            .filter_map(|seq| places.runs.get(&seq));
        let used: BTreeSet<u32> = runs.flatten().map(|run| run.pack).collect();
        places.packs.difference(&used).copied().collect()
    }

    /// A range of an object's bytes as pieces.
    pub(crate) fn stored(&self, seq: u32, offset: u64, len: u64) -> Vec<Piece> {
        let stretch = Stretch { seq, offset, len };
        self.places().pieces(&self.meta().id, stretch)
    }
}
