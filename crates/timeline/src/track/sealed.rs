//! A track's samples as bytes, with what there is to know of each block.

use std::sync::Arc;

use livetape_media::{Sample, TrackConfig, TrackId};

use super::block::{BLOCK_SAMPLES, Block};
use super::{Totals, Track};
use crate::extent::{Extent, StoreId, after};
use crate::sealed::{Reader, Writer};

/// Consecutive samples of a track, to be appended to it as they are.
#[derive(Debug)]
pub struct SealedTrack {
    id: TrackId,
    blocks: Vec<Block>,
    extents: Vec<Extent>,
    /// Where the middle of the first sample is, in ticks: what ends later covers it.
    middle: i64,
}

impl SealedTrack {
    /// The track.
    pub const fn id(&self) -> TrackId {
        self.id
    }

    pub(crate) fn config(&self) -> Option<&Arc<TrackConfig>> {
        self.blocks.first().map(|block| &block.config)
    }

    /// How many of the first of them would be left out if they were appended to the track, since they lie where
    /// it has samples; `None` where what comes of them is not the rest as it is: the timescale is another, or
    /// what would be left out are pictures, or many.
    pub(crate) fn covered(&self, track: &Track) -> Option<u64> {
        let (first, end) = (self.blocks.first()?, track.end_time()?);
        if end.timescale != first.config.timescale {
            return None;
        }
        if end.ticks <= self.middle {
            return Some(0);
        }
        let is_covered = |(_, time, sample): &(u64, i64, Sample)| {
            time.saturating_add(i64::from(sample.duration / 2)) < end.ticks
        };
        let covered = first.timed().take_while(is_covered).count();
        let is_little = !first.config.format.is_video() && covered < first.samples.len();
        is_little.then_some(covered as u64)
    }

    pub(crate) fn read(from: &mut Reader<'_>, configs: &[Arc<TrackConfig>]) -> Option<Self> {
        let id = TrackId(from.number()?);
        let middle = from.signed()?;
        let (mut first, mut offset) = (0, 0);
        let blocks = from.list(|from| {
            let config = configs.get(from.number::<usize>()?)?;
            let (decode_time, end_time) = (from.signed()?, from.signed()?);
            let mut block = Block::new(config, first, decode_time, offset);
            block.end_time = end_time;
            offset += from.number::<u64>()?;
            block.samples = super::samples::Samples::read(from, BLOCK_SAMPLES as u32)?;
            block.totals = Some(Totals::read(from)?.into());
            first = block.end();
            Some(block)
        })?;
        let extents = from.list(|from| {
            Some(Extent {
                store: StoreId(from.number()?),
                offset: from.number()?,
                len: from.number()?,
            })
        })?;
        let is_whole =
            !blocks.is_empty() && extents.iter().map(|extent| extent.len).sum::<u64>() == offset;
        is_whole.then_some(Self {
            id,
            blocks,
            extents,
            middle,
        })
    }
}

impl Track {
    /// Writes all its samples, none of which were forgotten; `number` gives that of a configuration.
    pub(crate) fn write(
        &self,
        to: &mut Writer,
        number: &mut dyn FnMut(&Arc<TrackConfig>) -> Option<u64>,
    ) -> Option<()> {
        let first = self.blocks.front()?;
        let lasts = first.samples.iter().next()?.duration;
        to.number(self.id.0.into());
        to.signed(first.decode_time.saturating_add(i64::from(lasts / 2)));
        to.number(self.blocks.len() as u64);
        let ends = self.blocks.iter().skip(1).map(|next| next.offset);
        for (block, end) in self.blocks.iter().zip(ends.chain([self.extents.end()])) {
            to.number(number(&block.config)?);
            to.signed(block.decode_time);
            to.signed(block.end_time);
            to.number(end.checked_sub(block.offset)?);
            let samples: Vec<_> = block.samples.iter().collect();
            let mut closed = super::samples::Samples::default();
            samples.iter().for_each(|sample| closed.push(*sample));
            closed.close();
            closed.write(to);
            Totals::of(&samples)?.write(to);
        }
        let extents: Vec<_> = self.extents.resolve(0..self.extents.end()).collect();
        to.number(extents.len() as u64);
        for extent in extents {
            to.number(extent.store.0.into());
            to.number(extent.offset);
            to.number(extent.len);
        }
        Some(())
    }

    /// Appends what was sealed, without so many of its first samples, all of which are in its first block.
    pub(crate) fn take(&mut self, mut sealed: SealedTrack, covered: u64) {
        let (first, offset) = (self.numbers().end, self.extents.end());
        let mut left_out = 0;
        if let Some(block) = sealed.blocks.first_mut().filter(|_| covered > 0) {
            block.forget(covered as usize);
            left_out = block.offset;
            let samples: Vec<_> = block.samples.iter().collect();
            block.totals = Totals::of(&samples).map(Box::new);
        }
        if let Some(last) = self.blocks.back_mut().filter(|last| last.samples.is_open()) {
            last.samples.close();
        }
        for extent in after(&sealed.extents, left_out) {
            self.extents.push(extent);
        }
        let blocks = sealed.blocks.into_iter().map(|block| Block {
            first: first + block.first - covered,
            offset: offset + block.offset - left_out,
            ..block
        });
        self.blocks.extend(blocks);
    }
}
