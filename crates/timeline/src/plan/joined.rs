//! Stretches of a track in different configurations, as one track of one file.

use std::ops::Range;
use std::sync::Arc;

use livetape_container::isobmff::{in_band, sample_entry::audio_specific_config};
use livetape_media::{Sample, Timestamp, ToList, TrackConfig};

use super::Selection;
use crate::track::{Walk, confined};
use crate::{Section, Track};

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

/// The sections of a range of numbers, those that fit in one file together.
pub(super) fn groups(track: &Track, numbers: Range<u64>, form: Form) -> Vec<Vec<Section>> {
    let mut groups: Vec<Vec<Section>> = Vec::new();
    for section in track.sections(numbers) {
        let group = groups.last_mut().filter(|group| {
            let first = group.first();
            let fits = |first: &Section| fit_together(&first.config, &section.config);
            match form {
                Form::Progressive => first.is_some_and(fits),
                Form::Fragmented => false,
                Form::Single => true,
            }
        });
        match group {
            Some(group) => group.push(section),
            None => groups.push(vec![section]),
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

/// Sections that fit together as one, of the first's configuration. Its samples stay where they are:
/// hours of them are walked over as often as need be.
#[derive(Debug)]
pub(super) struct Joined<'a> {
    pub(super) track: &'a Track,
    pub(super) config: Arc<TrackConfig>,
    /// How many samples there are.
    pub(super) count: usize,
    /// Logical bytes of what is taken, left out leading pictures included.
    pub(super) bytes: Range<u64>,
    numbers: Range<u64>,
    /// So many behind the first are left out...
    left_out: usize,
    /// ...which lasts so much longer.
    added: u32,
    /// Earliest and latest time of a sample, in ticks.
    bounds: Option<(i64, i64)>,
    /// In the order of the samples.
    pub(super) patches: Vec<Patch>,
    /// Sample entries besides its own, for what does not fit together with it.
    pub(super) further: Vec<Vec<u8>>,
    /// From which sample on which entry describes them, 0 being its own; in order, the first from
    /// sample 0.
    pub(super) entries: Vec<(usize, u32)>,
}

impl<'a> Joined<'a> {
    /// Joins consecutive sections that fit together, as `selection` shows them; `None` for none.
    pub(super) fn new(
        track: &'a Track,
        sections: &[Section],
        selection: &Selection,
    ) -> Option<Self> {
        let (first, last) = (sections.first()?, sections.last()?);
        let mut joined = Self {
            track,
            config: Arc::clone(&first.config),
            count: 0,
            bytes: first.bytes.start..last.bytes.end,
            numbers: first.numbers.start..last.numbers.end,
            left_out: 0,
            added: 0,
            bounds: selection.bounds(&first.config),
            patches: Vec::new(),
            further: Vec::new(),
            entries: Vec::new(),
        };
        let skipped = joined.leave_out_leading(selection.start);
        let stored = usize::try_from(joined.numbers.end - joined.numbers.start);
        let left_out = joined.left_out;
        joined.count = stored.unwrap_or(usize::MAX) - left_out;
        // The first stays where it is; those right after it are gone.
        let moved = |sample: usize| match sample {
            0 => Some(0),
            _ => sample.checked_sub(left_out).filter(|sample| *sample > 0),
        };
        let patches = insertions(track, sections).into_iter().filter_map(|patch| {
            let sample = moved(patch.sample)?;
            Some(Patch { sample, ..patch })
        });
        joined.patches = patches.to_list();
        if left_out > 0 {
            let skip = Patch {
                sample: 1,
                skipped,
                bytes: Vec::new(),
            };
            let before = joined.patches.iter();
            let before = before.take_while(|patch| patch.sample < skip.sample);
            joined.patches.insert(before.count(), skip);
        }
        let (further, entries) = entries(sections);
        joined.further = further;
        for (sample, entry) in entries {
            let sample = moved(sample).unwrap_or(1);
            joined.entries.retain(|(other, _)| *other != sample);
            joined.entries.push((sample, entry));
        }
        Some(joined)
    }

    /// Its samples are in the file as they are on the timeline: none is left out, changed or described
    /// otherwise than the first.
    pub(super) fn is_plain(&self) -> bool {
        self.left_out == 0
            && self.bounds.is_none()
            && self.patches.is_empty()
            && self.further.is_empty()
    }

    /// Numbers of the samples, those left out included.
    pub(super) fn numbers(&self) -> Range<u64> {
        self.numbers.clone()
    }

    /// All samples; their sizes are those stored.
    pub(super) fn samples(&self) -> Timed<'_> {
        Timed {
            left_out: self.left_out,
            added: self.added,
            bounds: self.bounds,
            ..Timed::from(self.track.walked(self.numbers.clone()))
        }
    }

    /// Leaves out the leading pictures of the first keyframe, where that is shown no later than
    /// `start`: pictures that follow it in decode order and precede it in presentation. They may
    /// refer to what precedes the keyframe (H.264 §D.2.8, recovery point; H.265 §3.11 and §3.131,
    /// RASL), which is not there; they would not be shown, and nothing that is shown refers to them.
    /// Gives their payload.
    fn leave_out_leading(&mut self, start: Timestamp) -> Range<u64> {
        let start = start.rescale(self.config.timescale).ticks;
        let shown = |time: i64, sample: &Sample| time + i64::from(sample.composition_offset);
        let mut walked = self.track.walked(self.numbers.clone());
        let (position, keyframe) = match walked.next() {
            Some((time, first)) if self.config.format.is_video() && first.keyframe => (
                self.bytes.start + u64::from(first.size),
                shown(time, &first),
            ),
            _ => return 0..0,
        };
        if keyframe > start {
            return 0..0;
        }
        let mut end = position;
        for (_, sample) in walked.take_while(|(time, sample)| shown(*time, sample) < keyframe) {
            self.left_out += 1;
            self.added = self.added.saturating_add(sample.duration);
            end += u64::from(sample.size);
        }
        position..end
    }
}

/// Samples with their decode times.
#[derive(Debug, Clone)]
pub(super) struct Timed<'a> {
    walk: Walk<'a>,
    is_first: bool,
    left_out: usize,
    added: u32,
    bounds: Option<(i64, i64)>,
}

impl<'a> From<Walk<'a>> for Timed<'a> {
    fn from(walk: Walk<'a>) -> Self {
        Self {
            walk,
            is_first: true,
            left_out: 0,
            added: 0,
            bounds: None,
        }
    }
}

impl Iterator for Timed<'_> {
    type Item = (i64, Sample);

    #[inline(never)]
    fn next(&mut self) -> Option<(i64, Sample)> {
        let mut own = self.walk.next()?;
        if std::mem::take(&mut self.is_first) {
            own.1.duration = own.1.duration.saturating_add(self.added);
            for _ in 0..self.left_out {
                self.walk.next();
            }
        }
        Some(match self.bounds {
            Some((start, end)) => confined(own, start, end),
            None => own,
        })
    }
}

/// The sample entries that sections need besides the first's, and from which sample on which holds.
fn entries(sections: &[Section]) -> (Vec<Vec<u8>>, Vec<(usize, u32)>) {
    let mut known: Vec<&TrackConfig> = Vec::new();
    let mut entries = Vec::new();
    let mut sample = 0;
    for section in sections {
        let fits = |known: &&TrackConfig| fit_together(known, &section.config);
        let entry = known.iter().position(fits).unwrap_or_else(|| {
            known.push(&section.config);
            known.len() - 1
        });
        entries.push((sample, entry as u32));
        sample += (section.numbers.end - section.numbers.start) as usize;
    }
    let further = known.iter().skip(1);
    let further = further.map(|config| config.sample_entry.clone());
    (further.to_list(), entries)
}

/// Parameter sets before every keyframe where they change anywhere. In the first configuration's
/// stretches too: a player that seeks back does not read the sample entry again.
fn insertions(track: &Track, sections: &[Section]) -> Vec<Patch> {
    let sets = |section: &Section| {
        let video = section.config.format.is_video();
        let found = video.then(|| in_band(&section.config.sample_entry))?;
        found.map(|found| found.parameter_sets)
    };
    let sets: Vec<_> = sections.iter().map(sets).to_list();
    if sets.windows(2).all(|pair| pair.first() == pair.last()) {
        return Vec::new();
    }
    let mut found = Vec::new();
    let mut sample = 0;
    for (section, sets) in sections.iter().zip(sets) {
        let bytes = sets.unwrap_or_default();
        let mut position = section.bytes.start;
        for (_, own) in track.walked(section.numbers.clone()) {
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
    use livetape_container::isobmff::sample_entry::avc1;
    use livetape_media::{Timescale, TrackId};

    use super::*;
    use crate::{Extent, StoreId, Timeline};

    const SPS: [u8; 25] = [
        0x67, 0x64, 0x00, 0x1e, 0xac, 0xd9, 0x40, 0xa0, 0x2f, 0xf9, 0x70, 0x11, 0x00, 0x00, 0x03,
        0x00, 0x01, 0x00, 0x00, 0x03, 0x00, 0x32, 0x0f, 0x16, 0x2d,
    ];

    /// Adds pictures of 10 bytes and one tick as (shown after it is decoded, keyframe).
    fn append(timeline: &mut Timeline, pps: u8, first: u64, pictures: &[(i32, bool)]) {
        let config = avc1(&[&SPS], &[&[0x68, 0xeb, pps]]).expect("valid");
        let sample = |(composition_offset, keyframe): &(i32, bool)| Sample {
            size: 10,
            duration: 1,
            composition_offset: *composition_offset,
            keyframe: *keyframe,
        };
        let samples: Vec<_> = pictures.iter().map(sample).collect();
        let extent = Extent {
            store: StoreId(1),
            offset: first * 10,
            len: pictures.len() as u64 * 10,
        };
        let config = Arc::new(config);
        timeline.append(TrackId(1), &config, first as i64, &samples, &[extent]);
    }

    /// Two leading pictures, one of them a keyframe, between the first and the rest.
    #[test]
    fn parameter_sets_stay_with_their_keyframes_where_leading_pictures_go() {
        let open = [(3, true), (0, true), (0, false), (1, false)];
        let mut timeline = Timeline::new();
        append(&mut timeline, 1, 0, &open);
        append(&mut timeline, 2, 4, &[(1, true), (1, false)]);
        let selection = Selection {
            start: Timestamp::new(3, Timescale::MPEG),
            end: Timestamp::new(9, Timescale::MPEG),
            tracks: vec![(0, 0..6)],
        };
        let track = timeline.video().expect("made");
        let joined = Joined::new(track, &track.sections(0..6), &selection).expect("sections");
        let durations = joined
            .samples()
            .map(|(time, sample)| (time, sample.duration));
        assert!(durations.eq([(0, 3), (3, 1), (4, 1), (5, 1)]));
        assert_eq!(joined.count, 4);
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
