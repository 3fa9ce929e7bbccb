//! Samples on a file's own timeline, those that are not to be seen shrunk.

use livetape_media::Sample;

use crate::Slice;

/// Moves a slice's times so that its first sample decodes at 0. Gives the samples and where on
/// that timeline the presentation instant `start` lies (negative where it lies before 0).
///
/// Pictures presented before `start`, or at or after `end`, are needed to decode others, not to be
/// seen. Players that mind the edit list never show them; for those that do not, they hardly last.
/// They keep their order of presentation, because Chromium finds the pictures that it must not
/// show by their times, in that order.
pub(super) fn retime(slice: &Slice, start: i64, end: i64) -> (Vec<Sample>, i64) {
    let timed: Vec<(i64, i64)> = slice
        .timed()
        .map(|(dts, sample)| (dts, dts + i64::from(sample.composition_offset)))
        .collect();
    let places = match slice.config.format.is_video() {
        true => places(&timed, start, end),
        false => vec![Place::Shown; timed.len()],
    };
    // A tick would do, but ffmpeg calls a step of 1,000 times the average a discontinuity.
    let longest = slice.samples.iter().map(|sample| sample.duration).max();
    let step = 1 + i64::from(longest.unwrap_or(0)) / 1000;
    let is_early = |place: &Place| matches!(place, Place::Early(_));
    let pre_roll = places.iter().any(is_early);
    let numbered = || timed.iter().zip(&places).zip(0_i64..);
    // Composition offsets are made non-negative: decoding may always begin a little earlier.
    let lead = slice.composition_lead();
    let origin = if pre_roll {
        // Enough that no sample is decoded after it is presented.
        let needed = numbered().map(|(((_, pts), place), number)| match place {
            Place::Early(early) => (number + early) * step,
            Place::Shown => number * step - (pts - start),
            Place::Late(late) => (number - late) * step - (end - start),
        });
        needed.max().unwrap_or(0)
    } else {
        start - (slice.decode_time - lead)
    };
    let moved: Vec<(i64, i64)> = numbered()
        .map(|(((dts, pts), place), number)| {
            let shown = match place {
                Place::Early(early) => -early * step,
                Place::Shown => pts - start,
                Place::Late(late) => end - start + late * step,
            };
            let decode = dts - lead - start + origin;
            let earliest = if pre_roll { number * step } else { decode };
            (decode.max(earliest), shown + origin)
        })
        .collect();
    let ends = moved.iter().skip(1).map(|(decode, _)| Some(*decode));
    let samples = slice.samples.iter().zip(&moved).zip(ends.chain([None]));
    let samples = samples.map(|((sample, (decode, shown)), end)| Sample {
        duration: end
            .and_then(|end| u32::try_from(end - decode).ok())
            .unwrap_or(sample.duration),
        composition_offset: i32::try_from(shown - decode).unwrap_or(0),
        ..*sample
    });
    (samples.collect(), origin)
}

/// Where a sample is presented.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Place {
    /// Before what is shown: 1 for the last of these, and so on.
    Early(i64),
    /// Where it is to be seen.
    Shown,
    /// After what is shown: 0 for the first of these, and so on.
    Late(i64),
}

/// The place of each sample; `timed` has decode and presentation times.
fn places(timed: &[(i64, i64)], start: i64, end: i64) -> Vec<Place> {
    let mut places = vec![Place::Shown; timed.len()];
    let mut order: Vec<_> = timed.iter().map(|(_, pts)| *pts).zip(&mut places).collect();
    order.sort_by_key(|(pts, _)| *pts);
    let shown = order.iter().filter(|(pts, _)| *pts < start).count();
    let late = order.iter().filter(|(pts, _)| *pts < end).count();
    for (place, number) in order.iter_mut().take(shown).rev().zip(1..) {
        *place.1 = Place::Early(number);
    }
    for (place, number) in order.iter_mut().skip(late).zip(0..) {
        *place.1 = Place::Late(number);
    }
    places
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_shown_is_counted_in_its_order_of_presentation() {
        let timed = [(0, 20), (10, 60), (20, 40), (30, 30), (40, 50), (50, 70)];
        assert_eq!(
            places(&timed, 45, 60),
            [
                Place::Early(3),
                Place::Late(0),
                Place::Early(1),
                Place::Early(2),
                Place::Shown,
                Place::Late(1),
            ]
        );
        assert_eq!(places(&timed, 20, 80), [Place::Shown; 6]);
    }
}
