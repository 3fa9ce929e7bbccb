//! Which samples are presented, and can be decoded, at a time.

use std::ops::Range;

use livetape_media::Timestamp;

use super::{REORDERING, Track};

/// When samples are presented, in ticks of their track's timescale.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Presented {
    /// When the first of them is.
    pub start: i64,
    /// When the last of them is.
    pub latest: i64,
    /// When all have been.
    pub end: i64,
}

impl Track {
    /// When the first picture that can be shown is; of a track of sound, its first sample.
    ///
    /// At the start of a recording the pictures that follow the first keyframe and are shown
    /// before it (leading pictures) are those its source said can be decoded. Where the start has
    /// been forgotten they may refer to what is gone, and count as not there.
    pub fn first_shown(&self) -> Option<Timestamp> {
        let keyframe = self.keyframe_from(self.numbers().start)?;
        if keyframe > 0 {
            return self.presentation_time(keyframe);
        }
        let slice = self.slice(keyframe..keyframe + REORDERING)?;
        let start = slice.presentation_start();
        Some(Timestamp::new(start, slice.config.timescale))
    }

    /// When the first picture shown at or after `time` is; `None` where none is.
    pub fn shown_from(&self, time: Timestamp) -> Option<Timestamp> {
        let first = self.first_shown()?;
        let time = time.rescale(first.timescale).max(first);
        // In decode order the first that late; pictures shown before it may be decoded after it.
        let number = self.first_presented_from(time);
        let samples = self.walked(number..number.saturating_add(REORDERING));
        let shown = samples.map(|(dts, sample)| dts + i64::from(sample.composition_offset));
        let earliest = shown.filter(|shown| *shown >= time.ticks).min()?;
        Some(Timestamp::new(earliest, first.timescale))
    }

    /// The last keyframe presented at or before `time`; the first keyframe stored where none is.
    pub fn keyframe_at(&self, time: Timestamp) -> Option<u64> {
        for block in self.blocks.iter().rev() {
            let ticks = time.rescale(block.config.timescale).ticks;
            if block.presentable().0 > ticks {
                continue;
            }
            let last = block
                .timed()
                .filter(|(_, dts, sample)| {
                    sample.keyframe && dts + i64::from(sample.composition_offset) <= ticks
                })
                .last();
            if let Some((number, ..)) = last {
                return Some(number);
            }
        }
        self.keyframe_from(self.numbers().start)
    }

    /// The first keyframe with this number or a higher one.
    pub fn keyframe_from(&self, number: u64) -> Option<u64> {
        self.blocks
            .range(self.block_of(number)..)
            .find_map(|block| {
                block
                    .timed()
                    .find(|(own, _, sample)| *own >= number && sample.keyframe)
                    .map(|f| f.0)
            })
    }

    /// The last keyframe with a lower number than this; `None` where none is stored.
    pub fn keyframe_before(&self, number: u64) -> Option<u64> {
        let end = self.block_of(number).saturating_add(1);
        let end = end.min(self.blocks.len());
        self.blocks.range(..end).rev().find_map(|block| {
            let keyframes = block.timed().filter(|(_, _, sample)| sample.keyframe);
            keyframes.map(|f| f.0).take_while(|n| *n < number).last()
        })
    }

    /// The first sample presented at or after `time`; the end of all samples where none is.
    pub fn first_presented_from(&self, time: Timestamp) -> u64 {
        let number = self.blocks.iter().find_map(|block| {
            let ticks = time.rescale(block.config.timescale).ticks;
            if block.presentable().1 < ticks {
                return None;
            }
            block
                .timed()
                .find(|(_, dts, sample)| dts + i64::from(sample.composition_offset) >= ticks)
                .map(|found| found.0)
        });
        number.unwrap_or(self.numbers().end)
    }

    /// The sample that is being presented at `time` in a track without reordering (sound).
    pub fn presented_at(&self, time: Timestamp) -> u64 {
        let from = self.first_presented_from(time);
        match self.presentation_time(from) {
            Some(exact) if exact <= time => from,
            _ => from.saturating_sub(1).max(self.numbers().start),
        }
    }

    /// One past the last sample, in decode order, that is presented before `time`.
    pub fn end_before(&self, time: Timestamp) -> u64 {
        for block in self.blocks.iter().rev() {
            let ticks = time.rescale(block.config.timescale).ticks;
            if block.presentable().0 >= ticks {
                continue;
            }
            let last = block
                .timed()
                .filter(|(_, dts, sample)| dts + i64::from(sample.composition_offset) < ticks)
                .last();
            if let Some((number, ..)) = last {
                return number + 1;
            }
        }
        self.numbers().start
    }

    /// One past the last sample to take from `first` on so that what is presented before `time` is
    /// among them, and nothing is left out that is presented before any of them.
    ///
    /// Pictures are decoded before those shown earlier that refer to them: the last of what is
    /// wanted may need one that is shown after pictures which are not. An edit list hides it, but
    /// not every reader minds edit lists, and those would jump.
    pub fn end_without_hole(&self, first: u64, time: Timestamp) -> u64 {
        let wanted = self.end_before(time);
        let latest = self
            .presented(first..wanted)
            .map(|presented| presented.latest);
        let behind = self.walked(wanted..wanted.saturating_add(REORDERING));
        let shown = behind.map(|(dts, sample)| dts + i64::from(sample.composition_offset));
        let before = shown.take_while(|time| Some(*time) < latest);
        wanted + before.count() as u64
    }

    /// When the samples of a range of numbers are presented; `None` where its first is not stored.
    pub fn presented(&self, numbers: Range<u64>) -> Option<Presented> {
        let end = numbers.end.min(self.numbers().end);
        if numbers.start >= end || numbers.start < self.numbers().start {
            return None;
        }
        let (first, last) = (self.block_of(numbers.start), self.block_of(end - 1));
        let mut all: Option<Presented> = None;
        // The first and the last tell, as a rule: what lies between is not looked at then.
        for index in std::iter::once(last).chain(first..last) {
            let block = self.blocks.get(index)?;
            let (earliest, latest) = block.presentable();
            let next = self.blocks.get(index + 1);
            let lasts = next.map_or(0, |next| (next.decode_time - block.end_time).max(0));
            let is_within = |all: Presented| {
                all.start <= earliest && all.latest >= latest && all.end >= latest + lasts
            };
            if all.is_some_and(is_within) {
                continue;
            }
            for (dts, sample) in self.walked(block.first.max(numbers.start)..block.end().min(end)) {
                let shown = dts + i64::from(sample.composition_offset);
                let until = shown + i64::from(sample.duration);
                let known = all.unwrap_or(Presented {
                    start: shown,
                    latest: shown,
                    end: until,
                });
                all = Some(Presented {
                    start: known.start.min(shown),
                    latest: known.latest.max(shown),
                    end: known.end.max(until),
                });
            }
        }
        all
    }
}
