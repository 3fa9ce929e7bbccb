//! A stretch of a track.

use std::ops::Range;
use std::sync::Arc;

use livetape_media::{Sample, TrackConfig};

use super::samples::Samples;
use super::totals::Totals;

/// Samples per block at most; lookups scan one block.
pub(super) const BLOCK_SAMPLES: usize = 256;

/// Samples of one configuration whose decode times follow one from another.
#[derive(Debug)]
pub(super) struct Block {
    pub(super) config: Arc<TrackConfig>,
    /// Number of the first sample, counted from the start of the recording.
    pub(super) first: u64,
    pub(super) decode_time: i64,
    pub(super) end_time: i64,
    /// Logical offset of the first sample's payload.
    pub(super) offset: u64,
    /// Packed in all blocks but the last.
    pub(super) samples: Samples,
    /// Where they were sealed: then no more are added.
    pub(super) totals: Option<Box<Totals>>,
}

impl Block {
    /// An empty one.
    pub(super) fn new(
        config: &Arc<TrackConfig>,
        first: u64,
        decode_time: i64,
        offset: u64,
    ) -> Self {
        Self {
            config: Arc::clone(config),
            first,
            decode_time,
            end_time: decode_time,
            offset,
            samples: Samples::default(),
            totals: None,
        }
    }

    /// Whether a sample of this configuration, decoded then, belongs to it.
    pub(super) fn takes(&self, config: &Arc<TrackConfig>, decode_time: i64) -> bool {
        self.totals.is_none()
            && self.samples.len() < BLOCK_SAMPLES
            && self.end_time == decode_time
            && Arc::ptr_eq(&self.config, config)
    }

    pub(super) fn push(&mut self, sample: Sample) {
        self.end_time += i64::from(sample.duration);
        self.samples.push(sample);
    }

    pub(super) fn end(&self) -> u64 {
        self.first + self.samples.len() as u64
    }

    /// Each sample with its number and decode time.
    pub(super) fn timed(&self) -> impl Iterator<Item = (u64, i64, Sample)> {
        let mut time = self.decode_time;
        self.samples
            .iter()
            .zip(self.first..)
            .map(move |(sample, number)| {
                let own = time;
                time += i64::from(sample.duration);
                (number, own, sample)
            })
    }

    /// How many of the first samples have a place that satisfies; the places are those of their
    /// payloads.
    pub(super) fn count_while(&self, satisfies: &dyn Fn(Range<u64>) -> bool) -> usize {
        let mut offset = self.offset;
        let first = self.samples.iter().take_while(|sample| {
            let start = offset;
            offset += u64::from(sample.size);
            satisfies(start..offset)
        });
        first.count()
    }

    /// Logical offset of the payload of a sample, or of what follows the last.
    pub(super) fn offset_of(&self, number: u64) -> u64 {
        let before = usize::try_from(number.saturating_sub(self.first)).unwrap_or(usize::MAX);
        let sizes = self.samples.iter().take(before);
        self.offset + sizes.map(|sample| u64::from(sample.size)).sum::<u64>()
    }

    /// Forgets all samples but the first `count`.
    pub(super) fn truncate(&mut self, count: usize) {
        if count < self.samples.len() {
            self.totals = None;
            for gone in self.samples.unpacked().drain(count..) {
                self.end_time -= i64::from(gone.duration);
            }
        }
    }

    /// Forgets the first `count` samples, of which there are more.
    pub(super) fn forget(&mut self, count: usize) {
        self.totals = None;
        for gone in self.samples.unpacked().drain(..count) {
            self.decode_time += i64::from(gone.duration);
            self.offset += u64::from(gone.size);
            self.first += 1;
        }
        self.samples.close();
    }

    /// The earliest and the latest time at which one of its samples could be presented.
    pub(super) fn presentable(&self) -> (i64, i64) {
        let (least, greatest) = self.samples.offsets();
        (self.decode_time + least, self.end_time + greatest)
    }
}
