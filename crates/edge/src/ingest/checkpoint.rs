//! What was read of a transport stream, as bytes: whoever reads them back goes on as if nothing had happened,
//! and reads nothing of the stream again.

use std::collections::VecDeque;
use std::fmt;

use livetape_media::{Format, Rotation, Sample, Timescale, TrackConfig, TrackId};
use livetape_timeline::{Extent, Slice, StoreId, Timeline, Track};
use serde::de::{self, Visitor};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::Transport;
use crate::digest::Sha256Digest;

/// The form of the bytes, which have no names in them: another number whenever anything that is stored in them
/// changes. A test sees to that.
const FORM: u32 = 2;
/// Bytes of a SHA-256.
const SUM: usize = 32;

impl Transport {
    /// All that is known of what was pushed, its payload included where no object has it yet: the form's number,
    /// the SHA-256 of what follows, and that.
    ///
    /// `None` where it cannot be stored.
    pub fn checkpoint(&self) -> Option<Vec<u8>> {
        let mut bytes = [FORM.to_le_bytes().as_slice(), &[0; SUM]].concat();
        bytes = postcard::to_extend(self, bytes).ok()?;
        let (head, stored) = bytes.split_at_mut_checked(FORM.to_le_bytes().len() + SUM)?;
        let (_, sum) = head.split_last_chunk_mut::<SUM>()?;
        *sum = Sha256Digest::of(stored).0;
        Some(bytes)
    }

    /// What goes on from a checkpoint; `None` for what is none of this version, or was changed.
    pub fn resume(checkpoint: &[u8]) -> Option<Self> {
        let (form, rest) = checkpoint.split_first_chunk()?;
        let (sum, stored) = rest.split_first_chunk::<SUM>()?;
        let is_own = u32::from_le_bytes(*form) == FORM && Sha256Digest::of(stored).0 == *sum;
        is_own.then(|| postcard::from_bytes(stored).ok())?
    }
}

/// A track of a timeline.
#[derive(Serialize, Deserialize)]
struct Stored {
    id: TrackId,
    /// The number of its first sample, or of the next, where it has none.
    first: u64,
    stretches: Vec<Stretch>,
}

/// Samples that follow one from another.
#[derive(Serialize, Deserialize)]
struct Stretch {
    /// `None` for that of the stretch before.
    config: Option<TrackConfig>,
    decode_time: i64,
    samples: Vec<Sample>,
    /// Store, offset and length of each extent.
    extents: Vec<(u32, u64, u64)>,
}

impl Stored {
    fn of(track: &Track) -> Self {
        let mut before: Option<Slice> = None;
        let stretches = track.as_appended().map(|slice| {
            // That is how the timeline tells, too.
            let is_same = before
                .as_ref()
                .is_some_and(|before| std::sync::Arc::ptr_eq(&before.config, &slice.config));
            let extents = track.extents(slice.bytes.clone());
            let stretch = Stretch {
                config: (!is_same).then(|| TrackConfig::clone(&slice.config)),
                decode_time: slice.decode_time,
                samples: slice.samples.clone(),
                extents: extents
                    .map(|own| (own.store.0, own.offset, own.len))
                    .collect(),
            };
            before = Some(slice);
            stretch
        });
        Self {
            id: track.id(),
            stretches: stretches.collect(),
            first: track.numbers().start,
        }
    }

    fn put_into(self, timeline: &mut Timeline) {
        timeline.begin(self.id, &nothing_of(self.id), self.first);
        let mut config = None;
        for stretch in self.stretches {
            if let Some(own) = stretch.config {
                config = Some(std::sync::Arc::new(own));
            }
            let Some(config) = &config else {
                return;
            };
            let extents: Vec<_> = { stretch.extents.into_iter() }
                .map(|(store, offset, len)| Extent {
                    store: StoreId(store),
                    offset,
                    len,
                })
                .collect();
            let (decode_time, samples) = (stretch.decode_time, &stretch.samples);
            timeline.append(self.id, config, decode_time, samples, &extents);
        }
    }
}

/// A configuration of a track that has no samples; it only says where among the others the track stands.
fn nothing_of(id: TrackId) -> TrackConfig {
    TrackConfig {
        format: match id == super::gathering::PICTURES {
            true => Format::Video {
                width: 0,
                height: 0,
            },
            false => Format::Audio {
                sample_rate: 0,
                channels: 0,
            },
        },
        timescale: Timescale::MPEG,
        sample_entry: Vec::new(),
        codec: String::new(),
        language: *b"und",
        rotation: Rotation::None,
    }
}

/// A timeline as its tracks.
pub(super) mod timeline {
    use super::{Deserialize, Deserializer, Serialize, Serializer, Stored, Timeline};

    pub(in super::super) fn serialize<S: Serializer>(
        timeline: &Timeline,
        to: S,
    ) -> Result<S::Ok, S::Error> {
        let tracks: Vec<_> = timeline.tracks().iter().map(Stored::of).collect();
        tracks.serialize(to)
    }

    pub(in super::super) fn deserialize<'de, D: Deserializer<'de>>(
        from: D,
    ) -> Result<Timeline, D::Error> {
        let mut timeline = Timeline::new();
        for track in Vec::<Stored>::deserialize(from)? {
            track.put_into(&mut timeline);
        }
        Ok(timeline)
    }
}

/// Payload: as one stretch of bytes each, not byte after byte.
pub(super) mod runs {
    use super::{Bytes, BytesOwned, Deserialize, Deserializer, Serializer, VecDeque};

    pub(in super::super) fn serialize<S: Serializer>(
        runs: &VecDeque<Vec<u8>>,
        to: S,
    ) -> Result<S::Ok, S::Error> {
        to.collect_seq(runs.iter().map(|run| Bytes(run)))
    }

    pub(in super::super) fn deserialize<'de, D: Deserializer<'de>>(
        from: D,
    ) -> Result<VecDeque<Vec<u8>>, D::Error> {
        let runs = Vec::<BytesOwned>::deserialize(from)?;
        Ok(runs.into_iter().map(|run| run.0).collect())
    }
}

struct Bytes<'a>(&'a [u8]);
struct BytesOwned(Vec<u8>);

impl Serialize for Bytes<'_> {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.serialize_bytes(self.0)
    }
}

impl<'de> Deserialize<'de> for BytesOwned {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        struct Taken;
        impl Visitor<'_> for Taken {
            type Value = BytesOwned;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("bytes")
            }
            fn visit_bytes<E: de::Error>(self, bytes: &[u8]) -> Result<BytesOwned, E> {
                Ok(BytesOwned(bytes.to_vec()))
            }
        }
        from.deserialize_bytes(Taken)
    }
}
