//! Times of a slice on the timeline of a file that shows it from a certain moment on.

use livetape_media::Sample;

use crate::Slice;

/// Ticks from `start` to the first thing presented then or later; 0 where something is on.
pub(super) fn delay(slice: &Slice, start: i64) -> i64 {
    let is_video = slice.config.format.is_video();
    let shown = slice.timed().filter_map(|(dts, sample)| {
        let from = dts + i64::from(sample.composition_offset);
        // A picture shown from before is the pre-roll's; sound goes on.
        let is_on = from >= start || !is_video && from + i64::from(sample.duration) > start;
        is_on.then_some(from)
    });
    shown.min().map_or(0, |first| (first - start).max(0))
}

/// Moves a slice's times so that its first sample decodes at 0. Gives the samples and where on
/// that timeline the presentation instant `start` lies (negative where it lies before 0).
///
/// Samples presented before `start` are pre-roll: needed to decode, not to be seen. Players
/// that mind the edit list never show them; for those that do not, they hardly last.
pub(super) fn retime(slice: &Slice, start: i64) -> (Vec<Sample>, i64) {
    let timed: Vec<(i64, i64)> = slice
        .timed()
        .map(|(dts, sample)| (dts, dts + i64::from(sample.composition_offset)))
        .collect();
    // Composition offsets are made non-negative: decoding may always begin a little earlier.
    let lead = slice.composition_lead();
    let decode_start = slice.decode_time - lead;
    let pre_roll = slice.config.format.is_video() && timed.iter().any(|(_, pts)| *pts < start);
    if !pre_roll {
        let shift = |(sample, (dts, pts)): (&Sample, &(i64, i64))| Sample {
            composition_offset: i32::try_from(pts - (dts - lead)).unwrap_or(0),
            ..*sample
        };
        return (
            slice.samples.iter().zip(&timed).map(shift).collect(),
            start - decode_start,
        );
    }
    // A tick would do, but ffmpeg calls a step of 1,000 times the average a discontinuity.
    let longest = slice.samples.iter().map(|sample| sample.duration).max();
    let step = 1 + i64::from(longest.unwrap_or(0)) / 1000;
    let early = pre_roll_order(&timed, start);
    let numbered = || timed.iter().zip(&early).zip((0..).map(|n: i64| n * step));
    // `origin`: ticks of pre-roll, enough that no sample is decoded after it is presented.
    let origin = numbered()
        .map(|(((_, pts), early), decoded)| match early {
            Some(early) => decoded + early * step,
            None => decoded - (pts - start),
        })
        .max()
        .unwrap_or(0);
    let moved: Vec<(i64, i64)> = numbered()
        .map(|(((dts, pts), early), decoded)| {
            let shown = early.map_or(pts - start, |early| -early * step);
            let decode = (dts - lead - start + origin).max(decoded);
            (decode, shown + origin)
        })
        .collect();
    let samples = slice
        .samples
        .iter()
        .enumerate()
        .map(|(index, sample)| {
            let (decode, shown) = moved.get(index).copied().unwrap_or_default();
            let next = moved.get(index + 1).map(|next| next.0);
            let duration = next.map_or(sample.duration, |next| {
                u32::try_from(next - decode).unwrap_or(sample.duration)
            });
            Sample {
                duration,
                composition_offset: i32::try_from(shown - decode).unwrap_or(0),
                ..*sample
            }
        })
        .collect();
    (samples, origin)
}

/// For each sample presented before `start` how many places before it: 1 for the last, and so on;
/// `None` for those that are shown. Shrunk pre-roll keeps its order of presentation, because
/// Chromium finds the pictures that it must not show by their times, in that order.
fn pre_roll_order(timed: &[(i64, i64)], start: i64) -> Vec<Option<i64>> {
    let mut early = vec![None; timed.len()];
    let mut order: Vec<_> = timed.iter().map(|(_, pts)| *pts).zip(&mut early).collect();
    order.retain(|(pts, _)| *pts < start);
    order.sort_by_key(|(pts, _)| std::cmp::Reverse(*pts));
    for ((_, place), number) in order.into_iter().zip(1..) {
        *place = Some(number);
    }
    early
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pre_roll_is_counted_in_its_order_of_presentation() {
        let timed = [(0, 20), (10, 60), (20, 40), (30, 30), (40, 50)];
        let early = pre_roll_order(&timed, 45);
        assert_eq!(early, [Some(3), None, Some(1), Some(2), None]);
        assert_eq!(pre_roll_order(&timed, 20), [None; 5]);
    }
}
