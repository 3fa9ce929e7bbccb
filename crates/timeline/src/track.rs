//! One track of a timeline: its samples in decode order.

mod appended;
mod block;
mod presented;
mod samples;
mod sealed;
mod slice;
mod totals;
mod walk;

use std::collections::VecDeque;
use std::ops::Range;
use std::sync::Arc;

use livetape_media::{Sample, Timestamp, TrackConfig, TrackId};

use crate::extent::{Extent, ExtentMap, StoreId};

use block::Block;
pub use presented::Presented;
pub use sealed::SealedTrack;
pub(crate) use slice::confined;
pub use slice::{Section, Slice};
pub(crate) use totals::{Runs, Stretch, Totals};
pub(crate) use walk::Walk;

/// Pictures are decoded at most so many before those shown earlier.
const REORDERING: u64 = 32;

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
        let timescale = self.blocks.back()?.config.timescale;
        let from = self.numbers().end.saturating_sub(REORDERING);
        let blocks = self.blocks.range(self.block_of(from)..);
        let blocks = blocks.filter(|block| block.config.timescale == timescale);
        let latest = blocks.flat_map(Block::timed).filter(|own| own.0 >= from);
        let ends = latest.map(|(_, time, sample)| {
            time + i64::from(sample.composition_offset) + i64::from(sample.duration)
        });
        Some(Timestamp::new(ends.max()?, timescale))
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
            let last = self.blocks.back();
            if !last.is_some_and(|block| block.takes(config, time)) {
                self.begin_block(config, time, offset);
            }
            time += i64::from(sample.duration);
            offset += u64::from(sample.size);
            if let Some(block) = self.blocks.back_mut() {
                block.push(*sample);
            }
        }
    }

    /// The samples before it are complete, and packed.
    fn begin_block(&mut self, config: &Arc<TrackConfig>, decode_time: i64, offset: u64) {
        let first = self.numbers().end;
        if let Some(last) = self.blocks.back_mut() {
            last.samples.close();
        }
        self.blocks
            .push_back(Block::new(config, first, decode_time, offset));
    }

    /// Forgets the samples from `number` on; the next one appended gets that number.
    pub(crate) fn cut_back(&mut self, number: u64) {
        while let Some(block) = self.blocks.back_mut() {
            if block.end() <= number {
                return;
            }
            self.extents.truncate(block.offset_of(number));
            let kept = usize::try_from(number.saturating_sub(block.first)).unwrap_or(usize::MAX);
            block.truncate(kept);
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

    /// What is known of a range of numbers without a look at its samples, up to the first change of
    /// configuration. `None` where the range is empty or its first sample is not stored.
    pub fn section(&self, numbers: Range<u64>) -> Option<Section> {
        let end = numbers.end.min(self.numbers().end);
        if numbers.start >= end {
            return None;
        }
        let first = self.block(numbers.start)?;
        let (_, decode_time, _) = first.timed().find(|(own, ..)| *own == numbers.start)?;
        let mut last = first;
        for block in self.blocks.range(self.block_of(numbers.start)..) {
            if block.first >= end || !Arc::ptr_eq(&block.config, &first.config) {
                break;
            }
            last = block;
        }
        let end = end.min(last.end());
        Some(Section {
            config: Arc::clone(&first.config),
            numbers: numbers.start..end,
            decode_time,
            bytes: first.offset_of(numbers.start)..last.offset_of(end),
        })
    }

    /// A range of numbers, a section for each stretch of one configuration. Ends where something is
    /// not stored.
    pub fn sections(&self, numbers: Range<u64>) -> Vec<Section> {
        let mut sections = Vec::new();
        let mut from = numbers.start;
        while let Some(section) = self.section(from..numbers.end) {
            from = section.numbers.end;
            sections.push(section);
        }
        sections
    }

    /// The samples of a range of numbers with their decode times, in ticks. Each lasts until the next
    /// one's decode time, whatever that one's configuration is. None where the first is not stored.
    pub fn walk(&self, numbers: Range<u64>) -> impl Iterator<Item = (i64, Sample)> + '_ {
        self.walked(numbers)
    }

    pub(crate) fn walked(&self, numbers: Range<u64>) -> Walk<'_> {
        let from = self.block_of(numbers.start);
        let first = self.blocks.get(from).map_or(u64::MAX, |block| block.first);
        let count = numbers.end.saturating_sub(numbers.start);
        match numbers.start.checked_sub(first) {
            Some(skipped) => Walk::new(&self.blocks, from, skipped, count),
            None => Walk::over(&[], 0),
        }
    }

    /// The samples of a range of numbers, up to the first change of configuration. `None` where
    /// the range is empty or its first sample is not stored. For what is not long: of hours,
    /// [`Self::section`] tells, and [`Self::walk`] has the samples.
    pub fn slice(&self, numbers: Range<u64>) -> Option<Slice> {
        let section = self.section(numbers)?;
        let walk = self.walked(section.numbers.clone());
        Some(section.with(walk))
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
        let later = self.blocks.partition_point(|block| block.offset < offset);
        // It may be in the last block that begins before.
        for block in self.blocks.range(later.saturating_sub(1)..) {
            let before = block.count_while(&|place| place.start < offset);
            if before < block.samples.len() {
                return Some(block.first + before as u64);
            }
        }
        None
    }

    /// Says that so many samples are forgotten already, where there are none.
    pub(crate) fn begin(&mut self, number: u64) {
        if self.blocks.is_empty() {
            self.next = number;
        }
    }

    /// Forgets the first sample that has a byte at or after `offset` of `store`, or in a later
    /// store, and all that follow.
    pub(crate) fn forget_from(&mut self, store: StoreId, offset: u64) {
        let Some(end) = self.extents.first_at(store, offset) else {
            return;
        };
        while let Some(block) = self.blocks.back_mut() {
            let whole = block.count_while(&|place| place.end <= end);
            self.extents
                .truncate(block.offset_of(block.first + whole as u64));
            block.truncate(whole);
            if whole > 0 {
                return;
            }
            self.next = block.first;
            self.blocks.pop_back();
        }
    }

    /// Forgets all samples whose bytes lie, if only in part, in stores up to and including
    /// `store`.
    pub(crate) fn forget_through(&mut self, store: StoreId) {
        self.extents.forget_through(store);
        let start = self.extents.start();
        // With the last byte go samples behind it that have none.
        let is_all = start == self.extents.end();
        while let Some(block) = self.blocks.front_mut() {
            if !is_all && block.offset >= start {
                return;
            }
            let gone = block.count_while(&|place| is_all || place.start < start);
            if gone < block.samples.len() {
                block.forget(gone);
                return;
            }
            self.next = block.end();
            self.blocks.pop_front();
        }
    }

    /// Index of the first block that ends after a sample.
    fn block_of(&self, number: u64) -> usize {
        self.blocks.partition_point(|block| block.end() <= number)
    }

    fn block(&self, number: u64) -> Option<&Block> {
        let block = self.blocks.get(self.block_of(number));
        block.filter(|block| block.first <= number)
    }
}
