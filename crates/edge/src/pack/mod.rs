//! The objects of a finished recording stored anew as few large ones, so that few reads give a long file.
//!
//! A *pack* holds the payload of consecutive objects in the order in which `video.mp4` has it: the file is
//! then a range of each pack. What else the objects have, which is little more than their heads, is the
//! pack's *rest*, stored beside it, and a manifest says what lies where. Every byte of an object is in one of
//! the two, once, so that the object itself, and all that is made of it, stay what they are.

mod places;

pub(crate) use places::Places;

use std::collections::BTreeMap;
use std::ops::RangeInclusive;

use livetape_timeline::{Extent, Part};
use serde::{Deserialize, Serialize};

use crate::delivery::Piece;
use crate::digest::Sha256Digest;
use crate::ids::{ConfigHash, RecordingId};
use crate::meta::ObjectRow;
use crate::object::{MAIN_LANE, object_key};
use crate::recording::Recording;
use crate::view::mp4::FileKind;

/// Most bytes of a pack.
pub const LARGEST_PACK: u64 = 512_000_000;
/// Most objects of a pack: whoever makes it reads them all.
const MOST_OBJECTS: usize = 1_000;
/// A recording of so many objects is read with few reads as it is.
const FEW_OBJECTS: usize = 20;

/// An object in a pack: its row, but for the head itself.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PackedObject {
    /// Its number in the main lane.
    pub seq: u32,
    /// Its bytes.
    pub size: u64,
    /// Bytes before its payload.
    pub head: u64,
    /// Its digest, as a `Content-Digest`.
    pub digest: String,
    /// Its configuration.
    pub config: ConfigHash,
    /// Wall clock of its first frame, Unix milliseconds, as announced.
    pub wall_clock: Option<i64>,
    /// When it was stored, Unix milliseconds.
    pub stored: i64,
}

/// Bytes of an object.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Stretch {
    /// The object.
    pub seq: u32,
    /// Its first byte of them.
    pub offset: u64,
    /// How many they are.
    pub len: u64,
}

impl Stretch {
    /// An extent of the index, whose stores are objects.
    pub(crate) const fn of(extent: &Extent) -> Self {
        Self {
            seq: extent.store.0,
            offset: extent.offset,
            len: extent.len,
        }
    }
}

/// A pack: what its manifest says.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Pack {
    /// Its number, from 0.
    pub number: u32,
    /// Its objects in order.
    pub objects: Vec<PackedObject>,
    /// What it holds, one after another.
    pub payload: Vec<Stretch>,
}

impl Recording {
    /// The first and the last number of the objects of each pack that the recording is to become, of at most
    /// `largest` bytes; none where it is read with few reads as it is.
    pub fn packs(&self, largest: u64) -> Vec<RangeInclusive<u32>> {
        let mut packs: Vec<(RangeInclusive<u32>, usize, u64)> = Vec::new();
        if self.object_count() <= FEW_OBJECTS {
            return Vec::new();
        }
        for (seq, size) in self.stored_sizes() {
            match packs.last_mut() {
                Some((range, count, bytes))
                    if *count < MOST_OBJECTS && *bytes + size <= largest =>
                {
                    *range = *range.start()..=seq;
                    *count += 1;
                    *bytes += size;
                }
                _ => packs.push((seq..=seq, 1, size)),
            }
        }
        packs.into_iter().map(|(range, ..)| range).collect()
    }

    /// The pack of some objects, in order of their numbers.
    pub fn pack(&self, number: u32, objects: Vec<PackedObject>) -> Pack {
        let payload = self
            .in_file_order(&objects)
            .unwrap_or_else(|| as_stored(&objects));
        Pack {
            number,
            objects,
            payload,
        }
    }

    /// What `video.mp4` has of these objects, in its order; `None` where there is no such file, or it has
    /// bytes twice.
    fn in_file_order(&self, objects: &[PackedObject]) -> Option<Vec<Stretch>> {
        let file = self.whole_file(FileKind::Video).ok()?;
        let heads: BTreeMap<u32, u64> = objects.iter().map(|own| (own.seq, own.head)).collect();
        let mut payload = Vec::new();
        for part in file.stored() {
            if let Part::Stored(extent) = part
                && let Some(head) = heads.get(&extent.store.0)
            {
                (extent.offset >= *head).then_some(())?;
                payload.push(Stretch::of(extent));
            }
        }
        let mut sorted = payload.clone();
        sorted.sort_unstable_by_key(|stretch| (stretch.seq, stretch.offset));
        let twice = sorted.windows(2).any(|pair| match pair {
            [one, next] => one.seq == next.seq && one.offset + one.len > next.offset,
            _ => false,
        });
        (!twice).then_some(payload)
    }
}

/// All but the heads, object after object.
fn as_stored(objects: &[PackedObject]) -> Vec<Stretch> {
    let payload = objects.iter().map(|object| Stretch {
        seq: object.seq,
        offset: object.head,
        len: object.size.saturating_sub(object.head),
    });
    payload.filter(|stretch| stretch.len > 0).collect()
}

impl Pack {
    /// What of its objects the pack itself does not hold, one after another.
    pub(crate) fn rest(&self) -> Vec<Stretch> {
        let mut held: BTreeMap<u32, Vec<(u64, u64)>> = BTreeMap::new();
        for stretch in &self.payload {
            let own = held.entry(stretch.seq).or_default();
            own.push((stretch.offset, stretch.len));
        }
        let mut rest = Vec::new();
        for object in &self.objects {
            let mut own = held.remove(&object.seq).unwrap_or_default();
            own.sort_unstable();
            let mut at = 0;
            for (offset, len) in own.into_iter().chain([(object.size, 0)]) {
                if at < offset {
                    rest.push(Stretch {
                        seq: object.seq,
                        offset: at,
                        len: offset - at,
                    });
                }
                at = offset.saturating_add(len);
            }
        }
        rest
    }

    /// Bytes of the pack.
    pub fn payload_len(&self) -> u64 {
        self.payload.iter().map(|stretch| stretch.len).sum()
    }

    /// Bytes of its rest.
    pub fn rest_len(&self) -> u64 {
        self.rest().iter().map(|stretch| stretch.len).sum()
    }

    /// What the pack is made of: its objects as they are stored singly.
    pub fn payload_pieces(&self, id: &RecordingId) -> Vec<Piece> {
        singly(id, &self.payload)
    }

    /// What its rest is made of.
    pub fn rest_pieces(&self, id: &RecordingId) -> Vec<Piece> {
        singly(id, &self.rest())
    }

    /// The rows of its objects, whose heads are read from `rest`. One that is not there is left out.
    pub fn rows(&self, rest: &[u8]) -> Vec<ObjectRow> {
        let mut begins: BTreeMap<u32, u64> = BTreeMap::new();
        let mut at = 0;
        for stretch in self.rest() {
            if stretch.offset == 0 {
                begins.insert(stretch.seq, at);
            }
            at += stretch.len;
        }
        let row = |object: &PackedObject| {
            let begin = usize::try_from(*begins.get(&object.seq)?).ok()?;
            let end = begin.checked_add(usize::try_from(object.head).ok()?)?;
            Some(ObjectRow {
                seq: object.seq,
                size: object.size,
                digest: Sha256Digest::from_content_digest(&object.digest)?,
                config: object.config.clone(),
                head: rest.get(begin..end)?.to_vec(),
                wall_clock: object.wall_clock,
                stored: object.stored,
            })
        };
        self.objects.iter().filter_map(row).collect()
    }
}

fn singly(id: &RecordingId, stretches: &[Stretch]) -> Vec<Piece> {
    let piece = |stretch: &Stretch| Piece::Stored {
        key: object_key(id, MAIN_LANE, stretch.seq),
        offset: stretch.offset,
        len: stretch.len,
    };
    Piece::merged(stretches.iter().map(piece))
}
