//! Stretches of a track in different configurations, as one track of one file.

use std::ops::Range;

use livetape_container::isobmff::{in_band, sample_entry::audio_specific_config};
use livetape_media::{Timestamp, TrackConfig};

use crate::{Slice, Track};

/// True where one track of a file can hold samples of both configurations: pictures whose
/// parameter sets can go in-band, or what decodes the same.
fn fit_together(first: &TrackConfig, other: &TrackConfig) -> bool {
    if first.sample_entry == other.sample_entry {
        return first.format == other.format;
    }
    if first.format.is_video() && other.format.is_video() {
        let read = |config: &TrackConfig| {
            in_band(&config.sample_entry).map(|found| (found.coding, found.nal_length_size))
        };
        return read(first).is_some_and(|facts| read(other) == Some(facts));
    }
    // The bit rates and buffer sizes in an `esds` change nothing.
    let specific = audio_specific_config(&first.sample_entry);
    first.format == other.format
        && specific.is_some()
        && specific == audio_specific_config(&other.sample_entry)
}

/// What kind of file is to hold a selection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Form {
    /// With `moov` first, as [`progressive`](super::progressive()) plans it: pictures may change
    /// their configuration.
    Progressive,
    /// Init segment and fragments: one configuration for each track.
    Fragmented,
    /// With `moov` first and all there is, as [`single`](super::single()) plans it: a track may
    /// have several sample entries, which not every player minds.
    Single,
}

/// The slices of a range of numbers, those that fit in one file together.
pub(super) fn groups(track: &Track, numbers: Range<u64>, form: Form) -> Vec<Vec<Slice>> {
    let mut groups: Vec<Vec<Slice>> = Vec::new();
    for slice in track.slices(numbers) {
        let group = groups.last_mut().filter(|group| {
            let first = group.first();
            let fits = |first: &Slice| fit_together(&first.config, &slice.config);
            match form {
                Form::Progressive => first.is_some_and(fits),
                Form::Fragmented => false,
                Form::Single => true,
            }
        });
        match group {
            Some(group) => group.push(slice),
            None => groups.push(vec![slice]),
        }
    }
    groups
}

/// What is other than stored right before a sample.
#[derive(Debug, Clone)]
pub(super) struct Patch {
    /// Index of the sample in the joined slice.
    pub(super) sample: usize,
    /// Stored payload that is left out, as logical positions, up to where the sample's begins.
    pub(super) skipped: Range<u64>,
    /// Parameter sets that go before the sample's payload.
    pub(super) bytes: Vec<u8>,
}

/// Slices that fit together as one, of the first's configuration.
#[derive(Debug)]
pub(super) struct Joined {
    /// All samples; their sizes are those stored.
    pub(super) slice: Slice,
    /// In the order of the samples.
    pub(super) patches: Vec<Patch>,
    /// Sample entries besides the slice's own, for what does not fit together with it.
    pub(super) further: Vec<Vec<u8>>,
    /// From which sample on which entry describes them, 0 being the slice's own; in order, the
    /// first from sample 0.
    pub(super) entries: Vec<(usize, u32)>,
}

impl Joined {
    /// Joins consecutive slices that fit together, to be shown from `start` on; `None` for none.
    pub(super) fn new(slices: Vec<Slice>, start: Timestamp) -> Option<Self> {
        let insertions = insertions(&slices);
        let (further, entries) = entries(&slices);
        let mut slices = slices.into_iter();
        let mut whole = slices.next()?;
        for slice in slices {
            whole.numbers.end = slice.numbers.end;
            whole.bytes.end = slice.bytes.end;
            whole.samples.extend(slice.samples);
        }
        let (left_out, skipped) = leave_out_leading(&mut whole, start);
        // The first stays where it is; those right after it are gone.
        let moved = |sample: usize| match sample {
            0 => Some(0),
            _ => sample.checked_sub(left_out).filter(|sample| *sample > 0),
        };
        let patches = insertions.into_iter().filter_map(|patch| {
            let sample = moved(patch.sample)?;
            Some(Patch { sample, ..patch })
        });
        let mut patches: Vec<_> = patches.collect();
        if left_out > 0 {
            let skip = Patch {
                sample: 1,
                skipped,
                bytes: Vec::new(),
            };
            let at = patches.partition_point(|patch| patch.sample < skip.sample);
            patches.insert(at, skip);
        }
        let mut kept: Vec<(usize, u32)> = Vec::new();
        for (sample, entry) in entries {
            let sample = moved(sample).unwrap_or(1);
            kept.retain(|(other, _)| *other != sample);
            kept.push((sample, entry));
        }
        Some(Self {
            slice: whole,
            patches,
            further,
            entries: kept,
        })
    }
}

/// The sample entries that slices need besides the first's, and from which sample on which holds.
fn entries(slices: &[Slice]) -> (Vec<Vec<u8>>, Vec<(usize, u32)>) {
    let mut known: Vec<&TrackConfig> = Vec::new();
    let mut entries = Vec::new();
    let mut sample = 0;
    for slice in slices {
        let fits = |known: &&TrackConfig| fit_together(known, &slice.config);
        let entry = known.iter().position(fits).unwrap_or_else(|| {
            known.push(&slice.config);
            known.len() - 1
        });
        entries.push((sample, entry as u32));
        sample += slice.samples.len();
    }
    let further = known.iter().skip(1);
    let further = further.map(|config| config.sample_entry.clone());
    (further.collect(), entries)
}

/// Leaves out the leading pictures of the first keyframe, where that is shown no later than
/// `start`: pictures that follow it in decode order and precede it in presentation. They may refer
/// to what precedes the keyframe (H.264 §D.2.8, recovery point; H.265 §3.11 and §3.131, RASL),
/// which is not there; they would not be shown, and nothing that is shown refers to them. Gives
/// how many they are and their payload.
fn leave_out_leading(slice: &mut Slice, start: Timestamp) -> (usize, Range<u64>) {
    let keyframe = slice.timed().next();
    let keyframe = keyframe.map(|(time, own)| time + i64::from(own.composition_offset));
    let start = start.rescale(slice.config.timescale).ticks;
    let count = slice.leading();
    if count == 0 || keyframe.is_none_or(|shown| shown > start) {
        return (0, 0..0);
    }
    // The keyframe is the first, so that there are more than `count`.
    let leading: Vec<_> = slice.samples.drain(1..=count).collect();
    let mut position = slice.bytes.start;
    if let Some(first) = slice.samples.first_mut() {
        position += u64::from(first.size);
        let gone = leading.iter().map(|sample| sample.duration);
        first.duration = gone.fold(first.duration, u32::saturating_add);
    }
    let gone: u64 = leading.iter().map(|sample| u64::from(sample.size)).sum();
    (count, position..position + gone)
}

/// Parameter sets before every keyframe where they change anywhere. In the first configuration's
/// stretches too: a player that seeks back does not read the sample entry again.
fn insertions(slices: &[Slice]) -> Vec<Patch> {
    let sets = |slice: &Slice| {
        let video = slice.config.format.is_video();
        let found = video.then(|| in_band(&slice.config.sample_entry))?;
        found.map(|found| found.parameter_sets)
    };
    let sets: Vec<_> = slices.iter().map(sets).collect();
    if sets.windows(2).all(|pair| pair.first() == pair.last()) {
        return Vec::new();
    }
    let mut found = Vec::new();
    let mut sample = 0;
    for (slice, sets) in slices.iter().zip(sets) {
        let bytes = sets.unwrap_or_default();
        let mut position = slice.bytes.start;
        for own in &slice.samples {
            if own.keyframe && !bytes.is_empty() {
                found.push(Patch {
                    sample,
                    skipped: position..position,
                    bytes: bytes.clone(),
                });
            }
            position += u64::from(own.size);
            sample += 1;
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use livetape_container::isobmff::sample_entry::avc1;
    use livetape_media::{Sample, Timescale};

    use super::*;

    const SPS: [u8; 25] = [
        0x67, 0x64, 0x00, 0x1e, 0xac, 0xd9, 0x40, 0xa0, 0x2f, 0xf9, 0x70, 0x11, 0x00, 0x00, 0x03,
        0x00, 0x01, 0x00, 0x00, 0x03, 0x00, 0x32, 0x0f, 0x16, 0x2d,
    ];

    /// Pictures of 10 bytes and one tick as (shown after it is decoded, keyframe).
    fn slice(pps: u8, first: u64, pictures: &[(i32, bool)]) -> Slice {
        let config = avc1(&[&SPS], &[&[0x68, 0xeb, pps]]).expect("valid");
        let sample = |(composition_offset, keyframe): &(i32, bool)| Sample {
            size: 10,
            duration: 1,
            composition_offset: *composition_offset,
            keyframe: *keyframe,
        };
        let end = first + pictures.len() as u64;
        Slice {
            config: Arc::new(config),
            numbers: first..end,
            decode_time: first as i64,
            samples: pictures.iter().map(sample).collect(),
            bytes: first * 10..end * 10,
        }
    }

    /// Two leading pictures, one of them a keyframe, between the first and the rest.
    #[test]
    fn parameter_sets_stay_with_their_keyframes_where_leading_pictures_go() {
        let open = [(3, true), (0, true), (0, false), (1, false)];
        let slices = vec![slice(1, 0, &open), slice(2, 4, &[(1, true), (1, false)])];
        let start = Timestamp::new(3, Timescale::MPEG);
        let joined = Joined::new(slices, start).expect("slices");
        assert_eq!(joined.slice.samples.len(), 4);
        let facts = joined.patches.iter().map(|patch| {
            let skipped = patch.skipped.clone();
            (patch.sample, skipped, patch.bytes.is_empty())
        });
        let expected = [
            (0, 0..0, false),
            (1, 10..30, true), // the leading pictures
            (2, 40..40, false),
        ];
        assert_eq!(facts.collect::<Vec<_>>(), expected);
        assert_eq!(joined.entries, [(0, 0), (2, 0)]);
    }
}
