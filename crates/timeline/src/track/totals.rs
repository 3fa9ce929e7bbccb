//! What there is to know of a block's samples without a look at them.

use std::ops::Range;

use livetape_media::Sample;

use super::Track;
use super::block::Block;
use crate::sealed::{Reader, Writer};

/// Equal neighbours among values, counted.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Runs {
    /// How many runs of equal values there are.
    pub(crate) count: u32,
    /// The first run: how long it is, and of what.
    pub(crate) first_len: u32,
    pub(crate) first: u32,
    /// The last one's value.
    pub(crate) last: u32,
}

impl Runs {
    pub(crate) fn of(values: impl Iterator<Item = u32>) -> Self {
        let mut runs = Self::default();
        values.for_each(|value| runs.push(value));
        runs
    }

    fn push(&mut self, value: u32) {
        if self.count == 0 {
            self.first = value;
        }
        if self.count == 0 || self.last != value {
            self.count += 1;
        }
        if self.count == 1 {
            self.first_len += 1;
        }
        self.last = value;
    }

    fn write(&self, to: &mut Writer) {
        for number in [self.count, self.first_len, self.first, self.last] {
            to.number(number.into());
        }
    }

    fn read(from: &mut Reader<'_>) -> Option<Self> {
        Some(Self {
            count: from.number()?,
            first_len: from.number()?,
            first: from.number()?,
            last: from.number()?,
        })
    }
}

/// Facts of consecutive samples whose decode times follow one from another. Times are counted from the first
/// one's decode time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Totals {
    pub(crate) keyframes: u32,
    /// Of all but the last: how long that lasts, what follows says.
    pub(crate) durations: Runs,
    pub(crate) last_duration: u32,
    /// Composition offsets.
    pub(crate) offsets: Runs,
    /// The lowest and the highest composition offset, and the last sample's.
    pub(crate) lowest: i32,
    pub(crate) highest: i32,
    pub(crate) last_offset: i32,
    /// When the first and the last are presented.
    pub(crate) start: i64,
    pub(crate) latest: i64,
    /// When all but the last have been presented.
    pub(crate) end: i64,
}

impl Totals {
    /// Of samples; `None` for none.
    pub(crate) fn of(samples: &[Sample]) -> Option<Self> {
        let (last, body) = samples.split_last()?;
        let (mut time, mut start, mut latest, mut end) = (0, i64::MAX, i64::MIN, i64::MIN);
        for (sample, number) in samples.iter().zip(0_usize..) {
            let shown = time + i64::from(sample.composition_offset);
            time += i64::from(sample.duration);
            (start, latest) = (shown.min(start), shown.max(latest));
            if number < body.len() {
                end = end.max(shown + i64::from(sample.duration));
            }
        }
        let offsets = samples.iter().map(|sample| sample.composition_offset);
        let keyframes = samples.iter().filter(|sample| sample.keyframe);
        Some(Self {
            keyframes: keyframes.count() as u32,
            durations: Runs::of(body.iter().map(|sample| sample.duration)),
            last_duration: last.duration,
            offsets: Runs::of(offsets.clone().map(|offset| offset as u32)),
            lowest: offsets.clone().min().unwrap_or(0),
            highest: offsets.max().unwrap_or(0),
            last_offset: last.composition_offset,
            start,
            latest,
            end: if body.is_empty() { start } else { end },
        })
    }

    pub(crate) fn write(&self, to: &mut Writer) {
        to.number(self.keyframes.into());
        self.durations.write(to);
        to.number(self.last_duration.into());
        self.offsets.write(to);
        to.signed(self.lowest.into());
        to.signed(self.highest.into());
        to.signed(self.last_offset.into());
        [self.start, self.latest, self.end]
            .iter()
            .for_each(|time| to.signed(*time));
    }

    pub(crate) fn read(from: &mut Reader<'_>) -> Option<Self> {
        Some(Self {
            keyframes: from.number()?,
            durations: Runs::read(from)?,
            last_duration: from.number()?,
            offsets: Runs::read(from)?,
            lowest: from.signed()?.try_into().ok()?,
            highest: from.signed()?.try_into().ok()?,
            last_offset: from.signed()?.try_into().ok()?,
            start: from.signed()?,
            latest: from.signed()?,
            end: from.signed()?,
        })
    }
}

/// Consecutive samples of a track with their totals.
#[derive(Debug, Clone)]
pub(crate) struct Stretch {
    pub(crate) numbers: Range<u64>,
    /// Decode times of the first and of the last.
    pub(crate) decode_time: i64,
    pub(crate) last_decode_time: i64,
    pub(crate) totals: Totals,
    /// How long the last one lasts, which is until what follows.
    pub(crate) lasts: u32,
}

impl Track {
    /// The samples of a range of numbers, which begins with one that is stored. Those of a block that is
    /// sealed are not looked at, unless it is only in part within the range.
    pub(crate) fn stretches(&self, numbers: Range<u64>) -> impl Iterator<Item = Stretch> + '_ {
        let from = self.block_of(numbers.start);
        let blocks = self.blocks.range(from.min(self.blocks.len())..);
        let next = blocks.clone().skip(1).map(|next| Some(next.decode_time));
        let within = blocks.zip(next.chain([None]));
        within.map_while(move |(block, next)| stretch(block, next, &numbers))
    }
}

/// What of a block is within a range; `next` is when the next block's first sample is decoded.
fn stretch(block: &Block, next: Option<i64>, numbers: &Range<u64>) -> Option<Stretch> {
    let from = numbers.start.max(block.first);
    let to = numbers.end.min(block.end());
    if from >= to {
        return None;
    }
    let is_whole = (from, to) == (block.first, block.end());
    let (decode_time, totals) = match block.totals.as_deref().filter(|_| is_whole) {
        Some(totals) => (block.decode_time, *totals),
        None => {
            let timed = block.timed().filter(|(own, ..)| (from..to).contains(own));
            let timed: Vec<_> = timed.collect();
            let samples: Vec<_> = timed.iter().map(|(.., sample)| *sample).collect();
            (timed.first()?.1, Totals::of(&samples)?)
        }
    };
    let last_decode_time = match to == block.end() {
        true => block.end_time - i64::from(totals.last_duration),
        false => block.timed().find(|(own, ..)| own + 1 == to)?.1,
    };
    let next = next.filter(|_| to == block.end());
    let reaches = next.and_then(|next| u32::try_from(next - last_decode_time).ok());
    Some(Stretch {
        numbers: from..to,
        decode_time,
        last_decode_time,
        totals,
        lasts: reaches.unwrap_or(totals.last_duration),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn totals_are_those_of_the_samples_and_read_back() {
        let sample = |duration, composition_offset, keyframe| Sample {
            size: 1,
            duration,
            composition_offset,
            keyframe,
        };
        let samples = [
            sample(40, 0, true),
            sample(40, 80, false),
            sample(41, -40, false),
            sample(41, -40, false),
        ];
        let totals = Totals::of(&samples).expect("not empty");
        let runs = |count, first_len, first: i32, last: i32| Runs {
            count,
            first_len,
            first: first as u32,
            last: last as u32,
        };
        let expected = Totals {
            keyframes: 1,
            durations: runs(2, 2, 40, 41),
            last_duration: 41,
            offsets: runs(3, 1, 0, -40),
            lowest: -40,
            highest: 80,
            last_offset: -40,
            start: 0,
            latest: 120,
            end: 160,
        };
        assert_eq!(totals, expected);
        let mut writer = Writer::default();
        totals.write(&mut writer);
        let bytes = writer.finish();
        assert_eq!(Totals::read(&mut Reader::new(&bytes)), Some(totals));
        assert_eq!(Totals::of(&[]), None);
    }
}
