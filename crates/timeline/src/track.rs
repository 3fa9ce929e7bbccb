//! One track of a timeline: its samples in decode order.

mod presented;

use std::collections::VecDeque;
use std::ops::Range;
use std::sync::Arc;

use livetape_media::{Sample, Timestamp, TrackConfig, TrackId};

use crate::extent::{Extent, ExtentMap, StoreId};

/// Pictures are decoded at most so many before those shown earlier.
const REORDERING: u64 = 32;

/// Samples per block at most; lookups scan one block.
const BLOCK_SAMPLES: usize = 256;

/// Samples of one configuration whose decode times follow one from another.
#[derive(Debug)]
struct Block {
    config: Arc<TrackConfig>,
    /// Number of the first sample, counted from the start of the recording.
    first: u64,
    decode_time: i64,
    end_time: i64,
    /// Logical offset of the first sample's payload.
    offset: u64,
    samples: Vec<Sample>,
}

impl Block {
    fn end(&self) -> u64 {
        self.first + self.samples.len() as u64
    }

    /// Each sample with its number and decode time.
    fn timed(&self) -> impl Iterator<Item = (u64, i64, &Sample)> {
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

    fn offset_of(&self, number: u64) -> u64 {
        let before = usize::try_from(number.saturating_sub(self.first)).unwrap_or(usize::MAX);
        let sizes = self
            .samples
            .iter()
            .take(before)
            .map(|sample| u64::from(sample.size));
        self.offset + sizes.sum::<u64>()
    }
}

/// One track: an index over all its stored samples. Samples are numbered from the start of the
/// recording; numbers stay when the window slides.
#[derive(Debug)]
pub struct Track {
    id: TrackId,
    /// The number of the next sample where none is stored.
    next: u64,
    blocks: VecDeque<Block>,
    extents: ExtentMap,
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
    /// Logical bytes of their payload, for [`Track::extents`].
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

    /// By how many ticks the deepest negative composition offset lies below zero.
    pub fn composition_lead(&self) -> i64 {
        let lowest = self
            .samples
            .iter()
            .map(|sample| sample.composition_offset)
            .min();
        -i64::from(lowest.unwrap_or(0).min(0))
    }

    /// Kept within `[start, end)`, in ticks, where it is text or metadata, of which a part is as good
    /// as the whole; pictures and sound are left as they are. Many readers do not mind an edit that
    /// begins within a sample of text.
    #[must_use]
    pub fn confined(mut self, start: i64, end: i64) -> Self {
        if self.config.format.is_video() || self.config.format.is_audio() || end < start {
            return self;
        }
        let mut time = self.decode_time;
        self.decode_time = time.clamp(start, end);
        for sample in &mut self.samples {
            let until = time.saturating_add(i64::from(sample.duration));
            let kept = until.clamp(start, end) - time.clamp(start, end);
            sample.duration = u32::try_from(kept).unwrap_or(sample.duration);
            time = until;
        }
        self
    }

    /// How many leading pictures the first keyframe has: those that follow it in decode order and
    /// precede it in presentation. 0 where the first sample is none, and for sound.
    pub fn leading(&self) -> usize {
        let shown = |(time, sample): (i64, &Sample)| time + i64::from(sample.composition_offset);
        let mut times = self.timed();
        match times.next() {
            Some(first) if self.config.format.is_video() && first.1.keyframe => {
                let keyframe = shown(first);
                times.map(shown).take_while(|time| *time < keyframe).count()
            }
            _ => 0,
        }
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

impl Track {
    pub(crate) fn new(id: TrackId) -> Self {
        Self {
            id,
            next: 0,
            blocks: VecDeque::new(),
            extents: ExtentMap::default(),
        }
    }

    /// The number this track was made under.
    pub const fn id(&self) -> TrackId {
        self.id
    }

    /// The newest configuration; `None` while nothing is stored.
    pub fn config(&self) -> Option<&Arc<TrackConfig>> {
        self.blocks.back().map(|block| &block.config)
    }

    /// Numbers of the stored samples.
    pub fn numbers(&self) -> Range<u64> {
        let start = self.blocks.front().map_or(self.next, |block| block.first);
        start..self.blocks.back().map_or(start, Block::end)
    }

    /// Decode time after the last sample; `None` while nothing is stored.
    pub fn end_time(&self) -> Option<Timestamp> {
        let block = self.blocks.back()?;
        Some(Timestamp::new(block.end_time, block.config.timescale))
    }

    /// Presentation time after the last sample shown; `None` while nothing is stored.
    pub fn presentation_end(&self) -> Option<Timestamp> {
        let block = self.blocks.back()?;
        let first = block.end().saturating_sub(REORDERING).max(block.first);
        let latest = self.slice(first..block.end())?;
        Some(Timestamp::new(
            latest.presentation_end(),
            block.config.timescale,
        ))
    }

    /// Presentation time of a sample; `None` where it is not stored.
    pub fn presentation_time(&self, number: u64) -> Option<Timestamp> {
        let block = self.block(number)?;
        let (_, time, sample) = block.timed().find(|(own, ..)| *own == number)?;
        let ticks = time + i64::from(sample.composition_offset);
        Some(Timestamp::new(ticks, block.config.timescale))
    }

    /// Appends samples whose decode times are known not to go back (the timeline saw to that).
    pub(crate) fn append(
        &mut self,
        config: &Arc<TrackConfig>,
        decode_time: i64,
        samples: &[Sample],
        extents: impl Iterator<Item = Extent>,
    ) {
        let mut offset = self.extents.end();
        extents.for_each(|extent| self.extents.push(extent));
        let mut time = decode_time;
        for sample in samples {
            let fits = self.blocks.back().is_some_and(|block| {
                block.samples.len() < BLOCK_SAMPLES
                    && block.end_time == time
                    && Arc::ptr_eq(&block.config, config)
            });
            if !fits {
                let first = self.numbers().end;
                self.blocks.push_back(Block {
                    config: Arc::clone(config),
                    first,
                    decode_time: time,
                    end_time: time,
                    offset,
                    samples: Vec::new(),
                });
            }
            time += i64::from(sample.duration);
            offset += u64::from(sample.size);
            if let Some(block) = self.blocks.back_mut() {
                block.samples.push(*sample);
                block.end_time = time;
            }
        }
    }

    /// Forgets the samples from `number` on; the next one appended gets that number.
    pub(crate) fn cut_back(&mut self, number: u64) {
        while let Some(block) = self.blocks.back_mut() {
            if block.end() <= number {
                return;
            }
            self.extents.truncate(block.offset_of(number));
            let kept = usize::try_from(number.saturating_sub(block.first)).unwrap_or(usize::MAX);
            for sample in block.samples.drain(kept..) {
                block.end_time -= i64::from(sample.duration);
            }
            if kept > 0 {
                return;
            }
            self.next = block.first;
            self.blocks.pop_back();
        }
    }

    /// Whether the track has these consecutive samples: of this configuration, with the same sizes
    /// at the same times (give or take half a sample). It is the same stream, sent again.
    pub fn has(&self, config: &TrackConfig, decode_time: i64, samples: &[Sample]) -> bool {
        let from = self
            .blocks
            .partition_point(|block| block.end_time <= decode_time);
        let mut stored = self
            .blocks
            .range(from..)
            .take_while(|block| *block.config == *config)
            .flat_map(Block::timed)
            .skip_while(|(_, time, stored)| time + i64::from(stored.duration / 2) < decode_time);
        let mut time = decode_time;
        samples.iter().all(|sample| {
            let own = time;
            time = time.saturating_add(i64::from(sample.duration));
            stored.next().is_some_and(|(_, time, stored)| {
                time.abs_diff(own) <= u64::from(sample.duration / 2)
                    && (stored.size, stored.keyframe) == (sample.size, sample.keyframe)
            })
        })
    }

    /// The samples of a range of numbers, up to the first change of configuration. `None` where
    /// the range is empty or its first sample is not stored.
    pub fn slice(&self, numbers: Range<u64>) -> Option<Slice> {
        let end = numbers.end.min(self.numbers().end);
        if numbers.start >= end {
            return None;
        }
        let first = self.block(numbers.start)?;
        let config = Arc::clone(&first.config);
        let (_, decode_time, _) = first.timed().find(|(own, ..)| *own == numbers.start)?;
        let mut samples: Vec<Sample> = Vec::new();
        let mut last_time = decode_time;
        let from = self
            .blocks
            .partition_point(|block| block.end() <= numbers.start);
        for block in self.blocks.range(from..) {
            if block.first >= end || !Arc::ptr_eq(&block.config, &config) {
                break;
            }
            if let Some(last) = samples.last_mut() {
                last.duration = u32::try_from(block.decode_time - last_time).unwrap_or(1);
            }
            let own = block
                .timed()
                .filter(|(n, ..)| *n >= numbers.start && *n < end);
            for (_, time, sample) in own {
                last_time = time;
                samples.push(*sample);
            }
        }
        let numbers = numbers.start..numbers.start + samples.len() as u64;
        // Where the recording goes on, the last sample too reaches to its successor.
        if let (Some(next), Some(last)) = (self.block(numbers.end), samples.last_mut())
            && next.first == numbers.end
        {
            last.duration = u32::try_from(next.decode_time - last_time).unwrap_or(last.duration);
        }
        let start = first.offset_of(numbers.start);
        let len: u64 = samples.iter().map(|sample| u64::from(sample.size)).sum();
        Some(Slice {
            config,
            numbers,
            decode_time,
            samples,
            bytes: start..start + len,
        })
    }

    /// The samples of a range of numbers, a slice for each stretch of one configuration. Ends
    /// where something is not stored.
    pub fn slices(&self, numbers: Range<u64>) -> Vec<Slice> {
        let mut slices = Vec::new();
        let mut from = numbers.start;
        while let Some(slice) = self.slice(from..numbers.end) {
            from = slice.numbers.end;
            slices.push(slice);
        }
        slices
    }

    /// Where a logical range of this track's payload is stored, in order.
    pub fn extents(&self, bytes: Range<u64>) -> impl Iterator<Item = Extent> + '_ {
        self.extents.resolve(bytes)
    }

    /// The logical end of the stored stretch that holds a logical position.
    pub(crate) fn extent_end(&self, position: u64) -> u64 {
        self.extents.extent_end(position)
    }

    /// The store that holds a sample's first byte; `None` where it is not stored.
    pub fn store_of(&self, number: u64) -> Option<StoreId> {
        let offset = self.block(number)?.offset_of(number);
        self.extents
            .resolve(offset..offset + 1)
            .next()
            .map(|extent| extent.store)
    }

    /// The first sample that lies wholly in `store` or later ones; `None` where there is none.
    pub fn first_in(&self, store: StoreId) -> Option<u64> {
        let offset = self.extents.start_in(store)?;
        self.blocks.iter().find_map(|block| {
            let mut position = block.offset;
            let sizes = block.samples.iter().map(|sample| u64::from(sample.size));
            let before = sizes.take_while(|size| {
                let starts_before = position < offset;
                position += size;
                starts_before
            });
            let before = before.count();
            (before < block.samples.len()).then_some(block.first + before as u64)
        })
    }

    /// Says that so many samples are forgotten already; there are none yet.
    pub(crate) const fn begin(&mut self, number: u64) {
        self.next = number;
    }

    /// Forgets the first sample that has a byte at or after `offset` of `store`, or in a later
    /// store, and all that follow.
    pub(crate) fn forget_from(&mut self, store: StoreId, offset: u64) {
        let Some(end) = self.extents.first_at(store, offset) else {
            return;
        };
        while let Some(block) = self.blocks.back_mut() {
            let mut reached = block.offset;
            let whole = block.samples.iter().take_while(|sample| {
                reached += u64::from(sample.size);
                reached <= end
            });
            let whole = whole.count();
            block.samples.truncate(whole);
            let times = block.samples.iter().map(|s| i64::from(s.duration));
            block.end_time = block.decode_time + times.sum::<i64>();
            if whole > 0 {
                let sizes = block.samples.iter().map(|s| u64::from(s.size));
                self.extents.truncate(block.offset + sizes.sum::<u64>());
                return;
            }
            self.next = block.first;
            self.extents.truncate(block.offset);
            self.blocks.pop_back();
        }
    }

    /// Forgets all samples whose bytes lie, if only in part, in stores up to and including
    /// `store`.
    pub(crate) fn forget_through(&mut self, store: StoreId) {
        self.extents.forget_through(store);
        let start = self.extents.start();
        while let Some(block) = self.blocks.front_mut() {
            if block.offset >= start {
                return;
            }
            let gone = block
                .samples
                .iter()
                .scan(block.offset, |offset, sample| {
                    let own = *offset;
                    *offset += u64::from(sample.size);
                    Some(own)
                })
                .take_while(|offset| *offset < start)
                .count();
            if gone >= block.samples.len() {
                self.next = block.end();
                self.blocks.pop_front();
                continue;
            }
            for sample in block.samples.drain(..gone) {
                block.decode_time += i64::from(sample.duration);
                block.offset += u64::from(sample.size);
            }
            block.first += gone as u64;
            return;
        }
    }

    fn block(&self, number: u64) -> Option<&Block> {
        let at = self.blocks.partition_point(|block| block.end() <= number);
        self.blocks.get(at).filter(|block| block.first <= number)
    }
}

#[cfg(test)]
mod tests {
    use livetape_media::{Format, FourCc, Rotation, Timescale};

    use super::*;

    #[test]
    fn text_is_cut_to_the_tick_and_sound_is_not() {
        let sample = Sample {
            size: 1,
            duration: 500,
            composition_offset: 0,
            keyframe: true,
        };
        let confined = |format, start, end| {
            let slice = Slice {
                config: Arc::new(TrackConfig {
                    format,
                    timescale: Timescale::MILLIS,
                    sample_entry: Vec::new(),
                    codec: String::new(),
                    language: *b"und",
                    rotation: Rotation::None,
                }),
                numbers: 0..3,
                decode_time: 1_000,
                samples: vec![sample; 3],
                bytes: 0..3,
            };
            let slice = slice.confined(start, end);
            let durations = slice.samples.iter().map(|sample| sample.duration);
            (slice.decode_time, durations.collect::<Vec<_>>())
        };
        let text = Format::Other {
            handler: FourCc(*b"sbtl"),
        };
        let sound = Format::Audio {
            sample_rate: 48_000,
            channels: 2,
        };
        assert_eq!(confined(text, 1_200, 2_100), (1_200, vec![300, 500, 100]));
        assert_eq!(confined(text, 0, 9_000), (1_000, vec![500; 3]));
        assert_eq!(confined(sound, 1_200, 2_100), (1_000, vec![500; 3]));
    }
}
