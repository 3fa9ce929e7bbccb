//! When the pictures of a fragment are decoded that are there for decoding alone.

use livetape_media::{Sample, Timestamp};
use livetape_timeline::Slice;
use livetape_timeline::plan::shown_between;

/// Pictures that show from `start` on, and up to `end` where there is one: those presented before, or
/// then and later, hardly last, as by [`shown_between`].
///
/// In a fragment they are decoded as late as can be: a millisecond before the first is presented.
/// hls.js makes the first decode time zero; and Chromium drops what is rounded to before that, with all
/// that refers to it.
pub(super) fn shown_in_fragment(slice: Slice, start: Timestamp, end: Option<Timestamp>) -> Slice {
    let ticks = |time: Timestamp| time.rescale(slice.config.timescale).ticks;
    let (from, to) = (ticks(start), end.map_or(i64::MAX, ticks));
    let shown = shown_between(slice.clone(), start, end);
    let presented: Vec<i64> = shown
        .timed()
        .map(|(time, sample)| time + i64::from(sample.composition_offset))
        .collect();
    let is_early = |number: usize| presented.get(number).is_some_and(|time| *time < from);
    let first = presented.iter().position(|time| (from..to).contains(time));
    let Some(first) = first.filter(|_| (0..presented.len()).any(is_early)) else {
        return shown;
    };
    let times = Times {
        decoded: slice.timed().map(|(time, _)| time).collect(),
        presented: &presented,
        first,
        // As a picture lasts that is not to be seen.
        step: 1 + i64::from(longest(&slice)) / 1_000,
        lead: slice.composition_lead(),
        latest: from - i64::from(slice.config.timescale.get()) / 1_000 - 1,
    };
    let decoded = hardly_lasting(times.decoded_late(), &is_early, first, times.step);
    let ends = decoded.iter().skip(1).copied().map(Some).chain([None]);
    let moved = shown.samples.iter().zip(decoded.iter().zip(&presented));
    let samples = moved
        .zip(ends)
        .map(|((sample, (own, shown)), next)| Sample {
            duration: next
                .and_then(|next| u32::try_from(next - own).ok())
                .unwrap_or(sample.duration),
            composition_offset: i32::try_from(shown - own).unwrap_or(0),
            ..*sample
        });
    Slice {
        decode_time: decoded.first().copied().unwrap_or(shown.decode_time),
        samples: samples.collect(),
        ..shown
    }
}

fn longest(slice: &Slice) -> u32 {
    let durations = slice.samples.iter().map(|sample| sample.duration);
    durations.max().unwrap_or(0)
}

/// What decode times follow from, in ticks.
struct Times<'a> {
    /// When each was decoded.
    decoded: Vec<i64>,
    /// When each is presented now.
    presented: &'a [i64],
    /// The first, in order of decoding, that is to be seen.
    first: usize,
    step: i64,
    /// By how much decoding may come behind presentation in this stream.
    lead: i64,
    /// The first is decoded no later.
    latest: i64,
}

impl Times<'_> {
    /// What comes before the first is squeezed in before it, what follows comes as it did.
    fn decoded_late(&self) -> Vec<i64> {
        let numbered = |number: usize| number as i64 - self.first as i64;
        let possible = self.presented.iter().enumerate();
        let possible =
            possible.map(|(number, time)| time + self.lead - numbered(number) * self.step);
        let base = possible.min().unwrap_or(self.latest).min(self.latest);
        // ffmpeg calls a step of 1,000 times the one before a discontinuity.
        let next = self.decoded.get(self.first + 1).copied().unwrap_or(base);
        let before = self.step.max(1 + (next - base) / 1_000);
        let own = self.decoded.iter().enumerate();
        own.map(|(number, decoded)| match numbered(number) {
            ahead @ ..=0 => base + ahead * before,
            behind => (base + behind * self.step).max(*decoded),
        })
        .collect()
    }
}

/// What is not to be seen and is decoded after the first that is lasts a step too: a sample lasts until
/// the next is decoded, and Chromium shows one as long as it says.
fn hardly_lasting(
    mut decoded: Vec<i64>,
    is_early: &impl Fn(usize) -> bool,
    first: usize,
    step: i64,
) -> Vec<i64> {
    for number in (first..decoded.len())
        .rev()
        .filter(|number| is_early(*number))
    {
        let next = decoded.get(number + 1).copied();
        if let (Some(next), Some(own)) = (next, decoded.get_mut(number)) {
            *own = next - step;
        }
    }
    decoded
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use livetape_media::{Format, Rotation, Timescale, TrackConfig};

    use super::*;

    #[test]
    fn what_is_there_for_decoding_alone_is_decoded_late_and_hardly_lasts() {
        // I0 P4 B2 b1 b3 with negative offsets, 40 ticks each, shown from B2 to b3.
        let offsets = [0, 120, 0, -80, -40];
        let config = TrackConfig {
            format: Format::Video {
                width: 640,
                height: 360,
            },
            timescale: Timescale::MILLIS,
            sample_entry: Vec::new(),
            codec: String::new(),
            language: *b"und",
            rotation: Rotation::None,
        };
        let samples = offsets.map(|composition_offset| Sample {
            size: 1,
            duration: 40,
            composition_offset,
            keyframe: composition_offset == 0,
        });
        let slice = Slice {
            config: Arc::new(config),
            numbers: 0..5,
            decode_time: 1_000,
            samples: samples.to_vec(),
            bytes: 0..5,
        };
        let at = |millis| Timestamp::new(millis, Timescale::MILLIS);
        let shown = shown_in_fragment(slice.clone(), at(1_080), Some(at(1_160)));
        let timed = shown
            .timed()
            .map(|(time, sample)| (time, time + i64::from(sample.composition_offset)));
        let expected = [
            (1_076, 1_078),
            (1_077, 1_160),
            (1_078, 1_080),
            (1_159, 1_079),
            (1_160, 1_120),
        ];
        assert_eq!(timed.collect::<Vec<_>>(), expected);
        // From the first picture on nothing is moved.
        let whole = shown_in_fragment(slice.clone(), at(1_000), None);
        assert_eq!((whole.decode_time, whole.samples), (1_000, slice.samples));
    }
}
