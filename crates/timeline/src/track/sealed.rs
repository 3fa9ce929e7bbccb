//! A track's samples as bytes, with what there is to know of each block.

use std::sync::Arc;

use livetape_media::{Timestamp, TrackConfig, TrackId};

use super::block::{BLOCK_SAMPLES, Block};
use super::{Totals, Track};
use crate::extent::{Extent, StoreId};
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

    /// Whether these are what the track would have if their samples were appended to it: its timescale is
    /// theirs, and it ends before they begin.
    pub(crate) fn follows(&self, track: &Track) -> bool {
        let own = self.config().map(|config| config.timescale);
        let is_after = |end: Timestamp| Some(end.timescale) == own && end.ticks <= self.middle;
        // A track that is empty may have been something before.
        track.end_time().is_some_and(is_after)
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

    /// Appends what was sealed.
    pub(crate) fn take(&mut self, sealed: SealedTrack) {
        let (first, offset) = (self.numbers().end, self.extents.end());
        if let Some(last) = self.blocks.back_mut().filter(|last| last.samples.is_open()) {
            last.samples.close();
        }
        for extent in sealed.extents {
            self.extents.push(extent);
        }
        self.blocks
            .extend(sealed.blocks.into_iter().map(|block| Block {
                first: first + block.first,
                offset: offset + block.offset,
                ..block
            }));
    }
}
