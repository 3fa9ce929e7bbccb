//! Movie fragments, ISO/IEC 14496-12 §8.8.

use livetape_media::{Sample, SmallMap, Timescale, Timestamp, TrackId};

use super::boxes::BoxRef;
use super::fields::Fields;
use super::moov::{Defaults, InitTrack};

/// Consecutive samples announced by one `trun`; their payload may still have to arrive.
#[derive(Debug, Clone)]
pub(crate) struct AnnouncedRun {
    pub(crate) track: TrackId,
    /// Zero-based index of the sample entry.
    pub(crate) description: usize,
    pub(crate) decode_time: i64,
    pub(crate) samples: Vec<Sample>,
    /// The sample that comes after those, and how many times: a count costs four bytes, so they
    /// are not made before that many bytes have arrived.
    pub(crate) repeated: Option<(Sample, u32)>,
    /// Bytes since the start of the stream.
    pub(crate) offset: u64,
    /// Where the last sample's payload ends.
    pub(crate) end: u64,
}

impl AnnouncedRun {
    /// Decode time after its last sample.
    pub(crate) fn end_time(&self) -> i64 {
        let ticks = |sample: &Sample| i64::from(sample.duration);
        let listed: i64 = self.samples.iter().map(ticks).sum();
        let repeated = self.repeated.as_ref();
        let repeated = repeated.map_or(0, |(sample, count)| ticks(sample) * i64::from(*count));
        self.decode_time
            .saturating_add(listed)
            .saturating_add(repeated)
    }

    /// Leaves the samples whose payload lies before `position`.
    pub(crate) fn cut(&mut self, position: u64) {
        let listed = self.samples.len();
        let mut end = self.offset;
        let mut fits = |sample: &Sample| {
            let next = end + u64::from(sample.size);
            let fits = next <= position;
            end = if fits { next } else { end };
            fits
        };
        let there = self
            .samples
            .iter()
            .take_while(|sample| fits(sample))
            .count();
        self.samples.truncate(there);
        self.repeated = self.repeated.filter(|_| there == listed);
        self.end = end;
        if let Some((sample, count)) = &mut self.repeated {
            let size = u64::from(sample.size);
            let fit = position.saturating_sub(end).checked_div(size);
            *count = fit.map_or(*count, |fit| {
                u32::try_from(fit).unwrap_or(u32::MAX).min(*count)
            });
            self.end += size * u64::from(*count);
        }
    }

    /// Makes the repeated samples.
    pub(crate) fn expand(&mut self) {
        if let Some((sample, count)) = self.repeated.take() {
            self.samples.extend((0..count).map(|_| sample));
        }
    }
}

impl AnnouncedRun {
    /// When the first of its samples to be shown is, in a track of `timescale`.
    pub(crate) fn presentation_start(&self, timescale: Timescale) -> Timestamp {
        let mut time = self.decode_time;
        let shown = self.samples.iter().map(|sample| {
            let shown = time.saturating_add(i64::from(sample.composition_offset));
            time = time.saturating_add(i64::from(sample.duration));
            shown
        });
        Timestamp::new(shown.min().unwrap_or(time), timescale)
    }
}

/// What one fragment announces, and what in it could not be read.
#[derive(Debug, Default)]
pub(crate) struct Fragment {
    pub(crate) runs: Vec<AnnouncedRun>,
    pub(crate) broken: Vec<(Option<TrackId>, &'static str)>,
}

/// Decode times farther from zero are of no stream; sums of nearer ones stay within 64 bits.
const FARTHEST: u64 = 1 << 60;

/// Reads a fragment that begins `start` bytes into the stream; `next` is the decode time at which
/// that of a track begins where it has no `tfdt`.
pub(crate) fn fragment(
    moof: BoxRef<'_>,
    start: u64,
    tracks: &[InitTrack],
    next: &SmallMap<TrackId, i64>,
) -> Fragment {
    let mut out = Fragment::default();
    let mut previous_end = None;
    for traf in moof.children().filter(|child| child.kind == *b"traf") {
        let Some(header) = traf.children().find(b"tfhd").and_then(Header::read) else {
            out.broken.push((None, "tfhd"));
            continue;
        };
        let Some(track) = tracks.iter().find(|track| track.id == header.track) else {
            out.broken
                .push((Some(header.track), "track is not in the init segment"));
            continue;
        };
        let base = match (header.base_data_offset, header.base_is_moof, previous_end) {
            (Some(base), _, _) => base,
            (None, false, Some(end)) => end,
            _ => start,
        };
        let mut reader = TrackReader {
            header: header.with_defaults(track.defaults),
            position: base,
            decode_time: decode_time(traf).map_or_else(
                || next.get(&header.track).copied().unwrap_or(0),
                |time| {
                    i64::try_from(time).map_or(i64::MAX, |time| time.saturating_add(track.shift))
                },
            ),
        };
        if reader.decode_time.unsigned_abs() > FARTHEST {
            let what = "a decode time (tfdt) is out of all bounds";
            out.broken.push((Some(header.track), what));
            continue;
        }
        for trun in traf.children().filter(|child| child.kind == *b"trun") {
            match reader.run(trun, base) {
                Some(run) if run.samples.is_empty() && run.repeated.is_none() => {}
                Some(run) => out.runs.push(run),
                None => out.broken.push((Some(header.track), "trun")),
            }
        }
        previous_end = Some(reader.position);
    }
    out
}

/// §8.8.12 `tfdt`.
fn decode_time(traf: BoxRef<'_>) -> Option<u64> {
    let mut fields = traf.children().find(b"tfdt")?.fields();
    let (version, _) = fields.version_and_flags()?;
    fields.u32_or_u64(version)
}

/// §8.8.7 `tfhd`.
#[derive(Debug, Clone, Copy)]
struct Header {
    track: TrackId,
    base_data_offset: Option<u64>,
    base_is_moof: bool,
    description_index: Option<u32>,
    duration: Option<u32>,
    size: Option<u32>,
    flags: Option<u32>,
}

impl Header {
    fn read(tfhd: BoxRef<'_>) -> Option<Self> {
        let mut fields = tfhd.fields();
        let (_, flags) = fields.version_and_flags()?;
        let track = TrackId(fields.u32()?);
        let base_data_offset = if flags & 0x1 != 0 {
            Some(fields.u64()?)
        } else {
            None
        };
        let mut optional = |bit: u32| -> Option<Option<u32>> {
            if flags & bit != 0 {
                fields.u32().map(Some)
            } else {
                Some(None)
            }
        };
        Some(Self {
            track,
            base_data_offset,
            base_is_moof: flags & 0x2_0000 != 0,
            description_index: optional(0x2)?,
            duration: optional(0x8)?,
            size: optional(0x10)?,
            flags: optional(0x20)?,
        })
    }

    fn with_defaults(mut self, defaults: Defaults) -> Self {
        self.description_index
            .get_or_insert(defaults.description_index);
        self.duration.get_or_insert(defaults.duration);
        self.size.get_or_insert(defaults.size);
        self.flags.get_or_insert(defaults.flags);
        self
    }
}

/// `sample_is_non_sync_sample` of §8.8.3.1.
const NON_SYNC: u32 = 0x0001_0000;

struct TrackReader {
    header: Header,
    /// Where the next run's data begin when it does not say.
    position: u64,
    decode_time: i64,
}

impl TrackReader {
    /// §8.8.8 `trun`. `None` where the box is cut or its sizes overflow.
    fn run(&mut self, trun: BoxRef<'_>, base: u64) -> Option<AnnouncedRun> {
        let mut fields = trun.fields();
        let (_, flags) = fields.version_and_flags()?;
        let count = fields.u32()?;
        if flags & 0x1 != 0 {
            let offset = i64::from(fields.i32()?);
            self.position = base.checked_add_signed(offset)?;
        }
        let first_flags = if flags & 0x4 != 0 {
            Some(fields.u32()?)
        } else {
            None
        };
        let (offset, decode_time) = (self.position, self.decode_time);
        // Samples without a row of their own are all alike, but for the first one's flags.
        let (rows, repeats) = match flags & 0xf00 {
            0 => (count.min(1), count.saturating_sub(1)),
            _ => (count, 0),
        };
        let mut samples = Vec::new();
        for index in 0..rows {
            let first_flags = first_flags.filter(|_| index == 0);
            samples.push(self.sample(&mut fields, flags, first_flags)?);
        }
        let repeated = match repeats {
            0 => None,
            _ => Some((self.sample(&mut fields, flags, None)?, repeats)),
        };
        let listed = samples.iter().map(|sample| (sample, 1));
        let alike = repeated
            .iter()
            .map(|(sample, count)| (sample, u64::from(*count)));
        for (sample, count) in listed.chain(alike) {
            let len = u64::from(sample.size).checked_mul(count)?;
            self.position = self.position.checked_add(len)?;
            let ticks = u64::from(sample.duration).checked_mul(count)?;
            self.decode_time = self.decode_time.checked_add_unsigned(ticks)?;
        }
        if self.decode_time.unsigned_abs() > FARTHEST {
            return None;
        }
        Some(AnnouncedRun {
            track: self.header.track,
            description: self.header.description_index.unwrap_or(1).max(1) as usize - 1,
            decode_time,
            samples,
            repeated,
            offset,
            end: self.position,
        })
    }

    /// One row; what it does not have is the default.
    fn sample(
        &self,
        fields: &mut Fields<'_>,
        flags: u32,
        first_flags: Option<u32>,
    ) -> Option<Sample> {
        let mut field = |bit: u32, default: Option<u32>| {
            if flags & bit != 0 {
                fields.u32()
            } else {
                Some(default.unwrap_or(0))
            }
        };
        let duration = field(0x100, self.header.duration)?;
        let size = field(0x200, self.header.size)?;
        let own = field(0x400, first_flags.or(self.header.flags))?;
        // Version 0 is unsigned, but no such offset reaches 2^31, and writers put negative
        // ones in it: both versions read alike.
        let composition_offset = field(0x800, None)? as i32;
        Some(Sample {
            size,
            duration,
            composition_offset,
            keyframe: own & NON_SYNC == 0,
        })
    }
}
