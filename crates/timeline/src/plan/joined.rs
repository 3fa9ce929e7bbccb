//! Stretches of a track in different configurations, as one track of one file.

use std::ops::Range;

use livetape_container::isobmff::{in_band, sample_entry::audio_specific_config};
use livetape_media::TrackConfig;

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

/// The slices of a range of numbers, those that fit in one file together.
pub(super) fn groups(track: &Track, numbers: Range<u64>) -> Vec<Vec<Slice>> {
    let mut groups: Vec<Vec<Slice>> = Vec::new();
    for slice in track.slices(numbers) {
        let group = groups.last_mut().filter(|group| {
            let first = group.first();
            first.is_some_and(|first| fit_together(&first.config, &slice.config))
        });
        match group {
            Some(group) => group.push(slice),
            None => groups.push(vec![slice]),
        }
    }
    groups
}

/// Bytes that go before a sample's stored payload.
#[derive(Debug, Clone)]
pub(super) struct Insertion {
    /// Index of the sample in the joined slice.
    pub(super) sample: usize,
    /// Where its stored payload begins, as a logical position.
    pub(super) position: u64,
    /// The parameter sets.
    pub(super) bytes: Vec<u8>,
}

/// Slices that fit together as one, of the first's configuration.
#[derive(Debug)]
pub(super) struct Joined {
    /// All samples; their sizes are those stored.
    pub(super) slice: Slice,
    /// In the order of the samples.
    pub(super) insertions: Vec<Insertion>,
}

impl Joined {
    /// Joins consecutive slices that fit together; `None` for none.
    pub(super) fn new(slices: Vec<Slice>) -> Option<Self> {
        let insertions = insertions(&slices);
        let mut slices = slices.into_iter();
        let mut whole = slices.next()?;
        for slice in slices {
            whole.numbers.end = slice.numbers.end;
            whole.bytes.end = slice.bytes.end;
            whole.samples.extend(slice.samples);
        }
        Some(Self {
            slice: whole,
            insertions,
        })
    }
}

/// Parameter sets before every keyframe where they change anywhere. In the first configuration's
/// stretches too: a player that seeks back does not read the sample entry again.
fn insertions(slices: &[Slice]) -> Vec<Insertion> {
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
                found.push(Insertion {
                    sample,
                    position,
                    bytes: bytes.clone(),
                });
            }
            position += u64::from(own.size);
            sample += 1;
        }
    }
    found
}
