//! Samples taken out of a track.

use std::ops::Range;
use std::sync::Arc;

use livetape_media::{Sample, TrackConfig};

use super::walk::Walk;

/// Consecutive samples of one configuration, without the samples themselves.
#[derive(Debug, Clone)]
pub struct Section {
    /// Their configuration.
    pub config: Arc<TrackConfig>,
    /// Numbers of the samples.
    pub numbers: Range<u64>,
    /// Decode time of the first, in ticks of the track's timescale.
    pub decode_time: i64,
    /// Logical bytes of their payload, for [`Track::extents`](crate::Track::extents).
    pub bytes: Range<u64>,
}

impl Section {
    /// With its samples.
    pub(super) fn with(self, walk: Walk<'_>) -> Slice {
        let count = self.numbers.end - self.numbers.start;
        let mut slice = Slice {
            config: self.config,
            numbers: self.numbers,
            decode_time: self.decode_time,
            samples: Vec::with_capacity(usize::try_from(count).unwrap_or(0)),
            bytes: self.bytes,
        };
        walk.for_each(|(_, sample)| slice.samples.push(sample));
        slice
    }
}

/// Consecutive samples of one configuration, with their durations made to reach exactly to the
/// next sample's decode time.
#[derive(Debug, Clone)]
pub struct Slice {
    /// Their configuration.
    pub config: Arc<TrackConfig>,
    /// Numbers of the samples.
    pub numbers: Range<u64>,
    /// Decode time of the first, in ticks of the track's timescale.
    pub decode_time: i64,
    /// The samples.
    pub samples: Vec<Sample>,
    /// Logical bytes of their payload, for [`Track::extents`](crate::Track::extents).
    pub bytes: Range<u64>,
}

impl Slice {
    /// Ticks from the first sample's decode time to the end of the last.
    pub fn duration(&self) -> u64 {
        self.samples
            .iter()
            .map(|sample| u64::from(sample.duration))
            .sum()
    }

    /// Each sample's decode time and the sample.
    pub fn timed(&self) -> impl Iterator<Item = (i64, &Sample)> {
        let mut time = self.decode_time;
        self.samples.iter().map(move |sample| {
            let own = time;
            time += i64::from(sample.duration);
            (own, sample)
        })
    }

    /// As [`Track::walk`](crate::Track::walk).
    pub(crate) fn walked(&self) -> Walk<'_> {
        Walk::over(&self.samples, self.decode_time)
    }

    /// By how many ticks the deepest negative composition offset lies below zero.
    pub fn composition_lead(&self) -> i64 {
        let lowest = self
            .samples
            .iter()
            .map(|sample| sample.composition_offset)
            .min();
        -i64::from(lowest.unwrap_or(0).min(0))
    }

    /// Kept within `[start, end]`, in ticks.
    #[must_use]
    pub(crate) fn confined(mut self, start: i64, end: i64) -> Self {
        let mut time = self.decode_time;
        self.decode_time = time.clamp(start, end);
        for sample in &mut self.samples {
            let until = time.saturating_add(i64::from(sample.duration));
            (_, *sample) = confined((time, *sample), start, end);
            time = until;
        }
        self
    }

    /// Earliest presentation time, in ticks.
    pub fn presentation_start(&self) -> i64 {
        self.timed()
            .map(|(time, sample)| time + i64::from(sample.composition_offset))
            .min()
            .unwrap_or(self.decode_time)
    }

    /// Presentation time at which the last shown sample ends, in ticks.
    pub fn presentation_end(&self) -> i64 {
        self.timed()
            .map(|(time, sample)| {
                time + i64::from(sample.composition_offset) + i64::from(sample.duration)
            })
            .max()
            .unwrap_or(self.decode_time)
    }
}

/// A sample, decoded then, kept within `[start, end]`.
pub(crate) fn confined((time, sample): (i64, Sample), start: i64, end: i64) -> (i64, Sample) {
    let from = time.clamp(start, end);
    let until = time.saturating_add(i64::from(sample.duration));
    let kept = until.clamp(start, end) - from;
    let duration = u32::try_from(kept).unwrap_or(sample.duration);
    (from, Sample { duration, ..sample })
}
