//! Samples of a track one after another, without taking them out.

use std::collections::vec_deque;
use std::iter::Peekable;

use livetape_media::Sample;

use super::block::Block;
use super::samples;

/// Gives each sample with its decode time, its duration made to reach exactly to the next one's.
#[derive(Debug)]
pub(super) struct Walk<'a> {
    /// Blocks from the next on.
    blocks: Peekable<vec_deque::Iter<'a, Block>>,
    /// Of the present one: samples, how many these still are, and the next one's decode time.
    samples: samples::Iter<'a>,
    in_block: u64,
    time: i64,
    /// How many more are given.
    left: u64,
}

impl<'a> Walk<'a> {
    /// Over as many samples of `blocks` as `count`, without the first `skipped`.
    pub(super) fn new(blocks: vec_deque::Iter<'a, Block>, skipped: u64, count: u64) -> Self {
        let mut walk = Self {
            blocks: blocks.peekable(),
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
}

impl Iterator for Walk<'_> {
    type Item = (i64, Sample);

    #[inline(never)]
    fn next(&mut self) -> Option<(i64, Sample)> {
        self.left = self.left.checked_sub(1)?;
        if self.in_block == 0 {
            let block = self.blocks.next()?;
            self.samples = block.samples.iter();
            self.in_block = block.samples.len() as u64;
            self.time = block.decode_time;
        }
        let mut sample = self.samples.next()?;
        self.in_block -= 1;
        let time = self.time;
        self.time += i64::from(sample.duration);
        if let (0, Some(next)) = (self.in_block, self.blocks.peek()) {
            let reaches = u32::try_from(next.decode_time - time);
            sample.duration = reaches.unwrap_or(sample.duration);
        }
        Some((time, sample))
    }
}
