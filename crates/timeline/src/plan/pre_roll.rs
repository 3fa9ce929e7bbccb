//! When the pictures of a fragment are decoded that are there for decoding alone.

use livetape_media::{Sample, Timestamp};

use super::retime::shown_between;
use crate::Slice;

/// Pictures that show from `start` on, and up to `end` where there is one: those presented before, or
/// then and later, hardly last, as by [`shown_from`](super::shown_from()).
///
/// A sample of a fragment lasts until the next is decoded, and Chromium shows one as long as it says:
/// those presented before `start` last a step, the others as long as they did, and the last is decoded
/// when it was. So the first is decoded about when it is presented; a millisecond before at least: hls.js
/// makes the first decode time zero, and Chromium drops what is rounded to before that, with all that
/// refers to it.
#[must_use]
pub fn shown_in_fragment(slice: Slice, start: Timestamp, end: Option<Timestamp>) -> Slice {
    let timescale = slice.config.timescale;
    let from = start.rescale(timescale).ticks;
    let shown = shown_between(slice.clone(), start, end);
    let presented = shown
        .timed()
        .map(|(time, sample)| time + i64::from(sample.composition_offset));
    let presented: Vec<i64> = presented.collect();
    let earliest = presented.iter().min().copied().unwrap_or(from);
    if earliest >= from {
        return shown;
    }
    let mut decoded: Vec<i64> = slice.timed().map(|(time, _)| time).collect();
    let longest = slice.samples.iter().map(|sample| sample.duration).max();
    // ffmpeg calls a step of 1,000 times the one before a discontinuity.
    let step = 1 + i64::from(longest.unwrap_or(0)) / 1_000;
    let mut next: Option<(i64, i64)> = None;
    for (time, shown) in decoded.iter_mut().zip(&presented).rev() {
        let was = *time;
        if let Some((next_was, next)) = next {
            *time = next - if *shown < from { step } else { next_was - was };
        }
        next = Some((was, *time));
    }
    if let Some(first) = decoded.first_mut() {
        *first = (*first).min(earliest - i64::from(timescale.get()) / 1_000 - 1);
    }
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

#[cfg(test)]
mod tests {
    use livetape_media::Timescale;

    use super::super::retime::tests::reordered;
    use super::*;

    #[test]
    fn what_is_there_for_decoding_alone_is_decoded_late_and_hardly_lasts() {
        // From B2 to b3.
        let slice = reordered(|offset| offset == 0);
        let at = |millis| Timestamp::new(millis, Timescale::MILLIS);
        let shown = shown_in_fragment(slice.clone(), at(1_080), Some(at(1_160)));
        let timed = shown
            .timed()
            .map(|(time, sample)| (time, time + i64::from(sample.composition_offset)));
        let expected = [
            (1_076, 1_078),
            (1_079, 1_160),
            (1_119, 1_080),
            (1_159, 1_079),
            (1_160, 1_120),
        ];
        assert_eq!(timed.collect::<Vec<_>>(), expected);
        // From the first picture on nothing is moved.
        let whole = shown_in_fragment(slice.clone(), at(1_000), None);
        assert_eq!((whole.decode_time, whole.samples), (1_000, slice.samples));
    }
}
