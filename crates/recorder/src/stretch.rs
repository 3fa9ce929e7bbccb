//! Consecutive samples on their way to the tape.

use std::ops::RangeTo;
use std::sync::Arc;

use livetape_media::{Sample, TrackConfig};
use livetape_timeline::Extent;

use crate::coded_frames::Kept;

/// Consecutive samples of one configuration, with where their payloads are stored.
#[derive(Debug)]
pub(crate) struct Stretch {
    pub(crate) config: Arc<TrackConfig>,
    /// When the first is decoded, in ticks of the configuration's timescale.
    pub(crate) decode_time: i64,
    pub(crate) samples: Vec<Sample>,
    /// Exactly as many bytes as the samples have, in order.
    pub(crate) extents: Vec<Extent>,
}

impl Stretch {
    pub(crate) const fn len(&self) -> usize {
        self.samples.len()
    }

    /// The first of the samples, as many as there are.
    pub(crate) fn samples(&self, range: RangeTo<usize>) -> &[Sample] {
        self.samples.get(range).unwrap_or(&self.samples)
    }

    pub(crate) fn begins_with_keyframe(&self) -> bool {
        self.samples.first().is_some_and(|sample| sample.keyframe)
    }

    pub(crate) fn last_keyframe(&self) -> Option<usize> {
        self.samples.iter().rposition(|sample| sample.keyframe)
    }

    /// When the last is over, in ticks of decoding.
    pub(crate) fn end(&self) -> i64 {
        self.decode_time.saturating_add(ticks(&self.samples))
    }

    pub(crate) fn ends_at(&self, next: &Self) -> bool {
        self.end() == next.decode_time && Arc::ptr_eq(&self.config, &next.config)
    }

    /// How many of the first lie, by more than half, before `end`.
    pub(crate) fn behind(&self, end: i64) -> usize {
        let mut time = self.decode_time;
        let behind = self.samples.iter().take_while(|sample| {
            let middle = time.saturating_add(i64::from(sample.duration / 2));
            time = time.saturating_add(i64::from(sample.duration));
            middle < end
        });
        behind.count()
    }

    /// The first `count` and the rest; `None` for what is empty.
    pub(crate) fn split(mut self, count: usize) -> (Option<Self>, Option<Self>) {
        let rest = self.samples.split_off(count.min(self.samples.len()));
        let behind = take_off(&mut self.extents, size(&self.samples));
        let rest = Self {
            config: Arc::clone(&self.config),
            decode_time: self.end(),
            samples: rest,
            extents: behind,
        };
        let there = |stretch: &Self| !stretch.samples.is_empty();
        (Some(self).filter(there), Some(rest).filter(there))
    }

    /// Those of its samples that are kept, at their times.
    pub(crate) fn parts(self, kept: &[Kept]) -> Vec<Self> {
        let mut parts = Vec::new();
        let (mut rest, mut position) = (Some(self), 0);
        for kept in kept {
            let from = rest.and_then(|rest| rest.split(kept.frames.start - position).1);
            let Some(from) = from else { break };
            let (part, after) = from.split(kept.frames.len());
            parts.extend(part.map(|part| Self {
                decode_time: kept.decode_time,
                ..part
            }));
            (rest, position) = (after, kept.frames.end);
        }
        parts
    }

    /// From its first keyframe on; `None` where it has none.
    pub(crate) fn at_keyframe(self) -> Option<Self> {
        let keyframe = self.samples.iter().position(|sample| sample.keyframe)?;
        self.split(keyframe).1
    }

    /// With what follows it.
    pub(crate) fn and(mut self, next: Self) -> Self {
        self.samples.extend(next.samples);
        self.extents.extend(next.extents);
        self
    }

    /// Without the pictures that follow its first keyframe and are shown before it: they refer to
    /// what is not there. The keyframe lasts as long as they did.
    pub(crate) fn without_leading(mut self) -> Self {
        let first = self.first_shown();
        let after = self.shown().skip(1);
        let leading = after.take_while(|shown| *shown < first).count();
        let Some(keyframe) = self.samples.first().copied() else {
            return self;
        };
        let left_out: Vec<_> = self.samples.drain(1..=leading).collect();
        let mut behind = take_off(&mut self.extents, u64::from(keyframe.size));
        self.extents.extend(take_off(&mut behind, size(&left_out)));
        if let Some(sample) = self.samples.first_mut() {
            let longer = u32::try_from(ticks(&left_out)).unwrap_or(u32::MAX);
            sample.duration = sample.duration.saturating_add(longer);
        }
        self
    }

    /// When each is shown, in ticks.
    fn shown(&self) -> impl Iterator<Item = i64> + '_ {
        let mut time = self.decode_time;
        self.samples.iter().map(move |sample| {
            let own = time.saturating_add(i64::from(sample.composition_offset));
            time = time.saturating_add(i64::from(sample.duration));
            own
        })
    }

    /// When the one shown before all others is, in ticks.
    pub(crate) fn earliest_shown(&self) -> i64 {
        self.shown().min().unwrap_or(self.decode_time)
    }

    /// When the first is shown, in ticks.
    pub(crate) fn first_shown(&self) -> i64 {
        let offset = self
            .samples
            .first()
            .map_or(0, |first| first.composition_offset);
        self.decode_time.saturating_add(i64::from(offset))
    }

    /// Half a sample before the first is shown, in ticks.
    pub(crate) fn half_before_first_shown(&self) -> i64 {
        let half = self.samples.first().map_or(0, |first| first.duration / 2);
        self.first_shown().saturating_sub(i64::from(half))
    }

    /// Decodes the first ones later, no sooner than `end` and a tick each, and shows them when
    /// they were to be shown: codings differ in how far ahead they decode.
    pub(crate) fn delay_to(&mut self, end: i64) {
        let mut time = self.decode_time;
        let mut reached = end;
        self.decode_time = self.decode_time.max(end);
        for sample in &mut self.samples {
            if time >= reached {
                return;
            }
            let next = time.saturating_add(i64::from(sample.duration));
            let later = i32::try_from(reached.saturating_sub(time)).unwrap_or(i32::MAX);
            sample.composition_offset = sample.composition_offset.saturating_sub(later);
            let until = next.max(reached.saturating_add(1));
            sample.duration = u32::try_from(until.saturating_sub(reached)).unwrap_or(1);
            (time, reached) = (next, until);
        }
    }
}

fn ticks(samples: &[Sample]) -> i64 {
    samples
        .iter()
        .map(|sample| i64::from(sample.duration))
        .sum()
}

fn size(samples: &[Sample]) -> u64 {
    let sizes = samples.iter().map(|sample| u64::from(sample.size));
    sizes.sum()
}

/// Leaves the first `size` bytes; gives the rest.
fn take_off(extents: &mut Vec<Extent>, size: u64) -> Vec<Extent> {
    let mut left = size;
    let mut rest = Vec::new();
    extents.retain_mut(|extent| {
        let kept = left.min(extent.len);
        left -= kept;
        if kept < extent.len {
            rest.push(Extent {
                store: extent.store,
                offset: extent.offset + kept,
                len: extent.len - kept,
            });
        }
        extent.len = kept;
        kept > 0
    });
    rest
}

#[cfg(test)]
mod tests {
    use livetape_media::{Format, Rotation, Timescale};
    use livetape_timeline::StoreId;

    use super::*;

    #[test]
    fn leading_pictures_are_left_out_with_their_bytes_and_their_time_is_the_keyframes() {
        let sample = |size, composition_offset, keyframe| Sample {
            size,
            duration: 10,
            composition_offset,
            keyframe,
        };
        let extent = |offset, len| Extent {
            store: StoreId(1),
            offset,
            len,
        };
        let stretch = Stretch {
            config: Arc::new(TrackConfig {
                format: Format::Video {
                    width: 64,
                    height: 48,
                },
                timescale: Timescale::MILLIS,
                sample_entry: Vec::new(),
                codec: String::new(),
                language: *b"und",
                rotation: Rotation::None,
            }),
            decode_time: 100,
            samples: vec![
                sample(5, 30, true),
                sample(3, 0, false),
                sample(4, 0, false),
                sample(6, 10, false),
            ],
            extents: vec![extent(0, 6), extent(50, 12)],
        };
        let stretch = stretch.without_leading();
        let left: Vec<_> = stretch
            .samples
            .iter()
            .map(|s| (s.size, s.duration))
            .collect();
        assert_eq!(left, [(5, 30), (6, 10)]);
        assert_eq!(stretch.extents, [extent(0, 5), extent(56, 6)]);
        assert_eq!((stretch.first_shown(), stretch.end()), (130, 140));
    }
}
