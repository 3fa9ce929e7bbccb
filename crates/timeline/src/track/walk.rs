//! Samples of a track one after another, without taking them out.

use std::collections::VecDeque;

use livetape_media::Sample;

use super::block::Block;
use super::samples;

/// Gives each sample with its decode time, its duration made to reach exactly to the next one's.
#[derive(Debug, Clone)]
pub(crate) struct Walk<'a> {
    /// The blocks and the index of the one after the present.
    blocks: Option<&'a VecDeque<Block>>,
    following: usize,
    /// Of the present one: samples, how many these still are, and the next one's decode time.
    samples: samples::Iter<'a>,
    in_block: u64,
    time: i64,
    /// How many more are given.
    left: u64,
}

impl<'a> Walk<'a> {
    /// From a sample of the block with index `from`, its first but so many, on: `count` samples.
    pub(super) fn new(blocks: &'a VecDeque<Block>, from: usize, skipped: u64, count: u64) -> Self {
        let mut walk = Self {
            blocks: Some(blocks),
            following: from,
            samples: samples::Iter::default(),
            in_block: 0,
            time: 0,
            left: skipped.saturating_add(count),
        };
        for _ in 0..skipped {
            walk.next();
        }
        walk
    }

    /// Over samples that are in no block.
    pub(super) fn over(samples: &'a [Sample], decode_time: i64) -> Self {
        let count = samples.len() as u64;
        Self {
            blocks: None,
            following: 0,
            samples: samples::Iter::over(samples),
            in_block: count,
            time: decode_time,
            left: count,
        }
    }

    fn block(&self) -> Option<&'a Block> {
        self.blocks?.get(self.following)
    }
}

impl Iterator for Walk<'_> {
    type Item = (i64, Sample);

    // One copy of it, not one in each loop over samples.
    #[inline(never)]
    fn next(&mut self) -> Option<(i64, Sample)> {
        self.left = self.left.checked_sub(1)?;
        if self.in_block == 0 {
            let block = self.block()?;
            self.following += 1;
            self.samples = block.samples.iter();
            self.in_block = block.samples.len() as u64;
            self.time = block.decode_time;
        }
        let mut sample = self.samples.next()?;
        self.in_block -= 1;
        let time = self.time;
        self.time += i64::from(sample.duration);
        if let (0, Some(next)) = (self.in_block, self.block()) {
            let reaches = u32::try_from(next.decode_time - time);
            sample.duration = reaches.unwrap_or(sample.duration);
        }
        Some((time, sample))
    }
}
