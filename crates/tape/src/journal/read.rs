//! A journal, read entry by entry.

use std::sync::Arc;

use livetape_media::{
    Format, FourCc, Rotation, Sample, TimedEvent, Timescale, Timestamp, TrackConfig, TrackId,
};
use livetape_timeline::{Extent, StoreId};

use super::crc32::crc32;
use super::{Check, FRAME, MAGIC, Unpacker, format, kind};

/// Times beyond this are none: sums of them must not overflow.
const LATEST: u64 = 1 << 56;

/// What a journal says.
#[derive(Debug)]
pub(crate) enum Entry {
    /// So many samples of the track were there before.
    Track(TrackId, u64),
    /// Samples, as [`livetape_timeline::Timeline::append`] has them.
    Append(Append),
    Event(TimedEvent),
    Date(Timestamp, i64),
    Zero(i64),
    Note(Vec<u8>),
    /// The reel was so long.
    Length(u64),
    /// The track's samples from this number on were replaced.
    Cut(TrackId, u64),
    Check(Check),
}

/// Appended samples. The extents have as many bytes as the samples.
#[derive(Debug)]
pub(crate) struct Append {
    pub(crate) id: TrackId,
    pub(crate) config: Arc<TrackConfig>,
    pub(crate) decode_time: i64,
    pub(crate) samples: Vec<Sample>,
    pub(crate) extents: Vec<Extent>,
}

/// What a reel's journal says of its bytes: to find out whether they are still those that were
/// written.
pub fn checks(journal: &[u8]) -> Vec<Check> {
    let Some(mut reader) = Reader::new(journal) else {
        return Vec::new();
    };
    let commits = std::iter::from_fn(|| reader.commit());
    let check = |entry| match entry {
        Entry::Check(check) => Some(check),
        _ => None,
    };
    commits.flatten().filter_map(check).collect()
}

/// Reads a journal commit by commit.
#[derive(Debug)]
pub(crate) struct Reader<'a> {
    rest: &'a [u8],
    /// Bytes of the journal up to the last whole commit.
    whole: usize,
    configs: Vec<Arc<TrackConfig>>,
}

impl<'a> Reader<'a> {
    /// `None` where it is not a journal of this version.
    pub(crate) fn new(journal: &'a [u8]) -> Option<Self> {
        Some(Self {
            rest: journal.strip_prefix(&MAGIC)?,
            whole: MAGIC.len(),
            configs: Vec::new(),
        })
    }

    /// Bytes up to the last whole commit.
    pub(crate) const fn whole(&self) -> usize {
        self.whole
    }

    /// True where something follows the last whole commit.
    pub(crate) const fn is_cut(&self) -> bool {
        !self.rest.is_empty()
    }

    /// The entries of the next commit, all of them or none; `None` where no whole one follows.
    pub(crate) fn commit(&mut self) -> Option<Vec<Entry>> {
        let (len, rest) = self.rest.split_first_chunk()?;
        let (check, rest) = rest.split_first_chunk()?;
        let size = usize::try_from(u32::from_le_bytes(*len)).ok()?;
        let (body, rest) = rest.split_at_checked(size)?;
        if crc32(&[len, body]) != u32::from_le_bytes(*check) {
            return None;
        }
        let mut unpacker = Unpacker::new(body);
        let mut entries = Vec::new();
        while !unpacker.is_empty() {
            entries.extend(self.entry(&mut unpacker)?);
        }
        self.rest = rest;
        self.whole += FRAME + size;
        Some(entries)
    }

    /// `None` where it cannot be read; `Some(None)` for what is used here, and for what lies at
    /// no possible time: a stream may say anything.
    fn entry(&mut self, body: &mut Unpacker<'_>) -> Option<Option<Entry>> {
        let entry = match body.number()? {
            kind::HEAD => {
                self.configs.clear();
                return Some(None);
            }
            kind::CONFIG => {
                self.configs.push(Arc::new(config(body)?));
                return Some(None);
            }
            kind::TRACK => Entry::Track(TrackId(body.small()?), u64::from(body.small()?)),
            kind::APPEND => Entry::Append(self.append(body)?),
            kind::EVENT => Entry::Event(event(body)?),
            kind::DATE => Entry::Date(time(body)?, body.signed()?),
            kind::ZERO => Entry::Zero(body.signed()?),
            kind::NOTE => Entry::Note(body.bytes()?.to_vec()),
            kind::CHECK => Entry::Check(Check {
                offset: body.number()?,
                len: body.number()?,
                sum: body.small()?,
            }),
            kind::LENGTH => Entry::Length(body.number()?),
            kind::CUT => Entry::Cut(TrackId(body.small()?), body.number()?),
            _ => return None,
        };
        let possible = |ticks: i64| ticks.unsigned_abs() <= LATEST;
        let is_possible = match &entry {
            Entry::Append(append) => possible(append.decode_time),
            Entry::Event(event) => {
                possible(event.time.ticks) && event.duration.is_none_or(|d| possible(d.ticks))
            }
            Entry::Date(at, unix_millis) => possible(at.ticks) && possible(*unix_millis),
            Entry::Zero(unix_millis) => possible(*unix_millis),
            Entry::Track(..)
            | Entry::Cut(..)
            | Entry::Note(_)
            | Entry::Length(_)
            | Entry::Check(_) => true,
        };
        Some(is_possible.then_some(entry))
    }

    fn append(&self, body: &mut Unpacker<'_>) -> Option<Append> {
        let id = TrackId(body.small()?);
        let config = usize::try_from(body.number()?).ok()?;
        let config = Arc::clone(self.configs.get(config)?);
        let decode_time = body.signed()?;
        // Grown one by one: each takes bytes that are there.
        let (mut extents, mut stored) = (Vec::new(), 0_u64);
        for _ in 0..body.number()? {
            let extent = Extent {
                store: StoreId(body.small()?),
                offset: body.number()?,
                len: body.number()?,
            };
            extent.offset.checked_add(extent.len)?;
            stored = stored.checked_add(extent.len)?;
            extents.push(extent);
        }
        let mut samples = Vec::new();
        for _ in 0..body.number()? {
            samples.push(Sample {
                size: body.small()?,
                duration: body.small()?,
                composition_offset: i32::try_from(body.signed()?).ok()?,
                keyframe: body.number()? != 0,
            });
        }
        let sizes = samples.iter().map(|sample| u64::from(sample.size));
        (sizes.sum::<u64>() == stored).then_some(Append {
            id,
            config,
            decode_time,
            samples,
            extents,
        })
    }
}

fn config(body: &mut Unpacker<'_>) -> Option<TrackConfig> {
    let format = match body.number()? {
        format::VIDEO => Format::Video {
            width: u16::try_from(body.number()?).ok()?,
            height: u16::try_from(body.number()?).ok()?,
        },
        format::AUDIO => Format::Audio {
            sample_rate: body.small()?,
            channels: u16::try_from(body.number()?).ok()?,
        },
        format::OTHER => Format::Other {
            handler: FourCc(body.array()?),
        },
        _ => return None,
    };
    Some(TrackConfig {
        format,
        timescale: Timescale::new(body.small()?)?,
        sample_entry: body.bytes()?.to_vec(),
        codec: body.text()?,
        language: body.array()?,
        rotation: Rotation::of(body.small()?),
    })
}

fn event(body: &mut Unpacker<'_>) -> Option<TimedEvent> {
    let at = time(body)?;
    let duration = match body.number()? {
        0 => None,
        _ => Some(time(body)?),
    };
    Some(TimedEvent {
        time: at,
        duration,
        scheme: body.text()?,
        value: body.text()?,
        id: body.small()?,
        payload: body.bytes()?.to_vec(),
    })
}

fn time(body: &mut Unpacker<'_>) -> Option<Timestamp> {
    Some(Timestamp::new(
        body.signed()?,
        Timescale::new(body.small()?)?,
    ))
}
