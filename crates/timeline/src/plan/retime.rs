//! Times of a slice on the timeline of a file that shows it from a certain moment on.

use livetape_media::{Sample, Timestamp};

use super::order::sort;
use crate::Slice;

/// Pictures that show from `start` on: those presented before are there for decoding alone and
/// hardly last, as in [`progressive`](super::progressive()). What is presented later keeps its times.
///
/// The first sample is decoded shortly before `start`, whenever it was decoded before.
#[must_use]
pub fn shown_from(slice: Slice, start: Timestamp) -> Slice {
    shown_between(slice, start, None)
}

/// As [`shown_from`], of pictures that show up to `end`, where there is one: those presented then or
/// later hardly last either, just behind it.
#[must_use]
pub fn shown_between(slice: Slice, start: Timestamp, end: Option<Timestamp>) -> Slice {
    let lead = slice.composition_lead();
    let ticks = |time: Timestamp| time.rescale(slice.config.timescale).ticks;
    let (start, end) = (ticks(start), end.map_or(i64::MAX, ticks));
    let (mut samples, origin) = retime(&slice, start, end);
    let negative = i32::try_from(lead).unwrap_or(0);
    for sample in &mut samples {
        sample.composition_offset = sample.composition_offset.saturating_sub(negative);
    }
    Slice {
        decode_time: (start - origin).saturating_add(lead),
        samples,
        ..slice
    }
}

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
/// Pictures presented before `start`, or at or after `end`, are needed to decode others, not to be
/// seen. Players that mind the edit list never show them; for those that do not, they hardly last.
/// They keep their order of presentation, because Chromium finds the pictures that it must not
/// show by their times, in that order.
pub(super) fn retime(slice: &Slice, start: i64, end: i64) -> (Vec<Sample>, i64) {
    // Composition offsets are made non-negative: decoding may always begin a little earlier.
    let lead = slice.composition_lead();
    let timed: Vec<(i64, i64)> = slice
        .timed()
        .map(|(dts, sample)| (dts - lead, dts + i64::from(sample.composition_offset)))
        .collect();
    let places = match slice.config.format.is_video() {
        true => places(&timed, start, end),
        false => vec![Place::Shown; timed.len()],
    };
    // When each is presented, counted from `start`.
    let step = step(slice);
    let presented: Vec<i64> = timed
        .iter()
        .zip(&places)
        .map(|((_, pts), place)| match place {
            Place::Early(early) => -early * step,
            Place::Shown => pts - start,
            Place::Late(late) => end - start + late * step,
        })
        .collect();
    let decoded: Vec<i64> = timed.iter().map(|(decode, _)| decode - start).collect();
    let decoded = match places.iter().position(|place| *place == Place::Shown) {
        Some(first) if places.iter().any(|place| matches!(place, Place::Early(_))) => {
            after_pre_roll(&decoded, &presented, first, step, ahead(slice, &timed))
        }
        _ => decoded,
    };
    let origin = decoded.first().map_or(0, |first| -first);
    let moved = decoded.iter().zip(&presented);
    let moved: Vec<(i64, i64)> = moved
        .map(|(decoded, presented)| (decoded + origin, presented + origin))
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

/// Ticks that a picture lasts that is not to be seen: next to nothing, but ffmpeg calls a step of
/// 1,000 times the one before a discontinuity.
fn step(slice: &Slice) -> i64 {
    let longest = slice.samples.iter().map(|sample| sample.duration).max();
    1 + i64::from(longest.unwrap_or(0)) / 1000
}

/// How many ticks a keyframe is decoded before it is presented, at most.
fn ahead(slice: &Slice, timed: &[(i64, i64)]) -> i64 {
    let keyframes = slice
        .samples
        .iter()
        .zip(timed)
        .filter(|(sample, _)| sample.keyframe);
    let ahead = keyframes.map(|(_, (decode, pts))| pts - decode).max();
    ahead.unwrap_or(0).max(0)
}

/// Decode times where there is pre-roll: what is decoded before `first`, the first that is shown,
/// is squeezed in before it; no sample is decoded after it is presented.
///
/// `first` itself is decoded `ahead` of what is shown: so far, by it, ffmpeg takes all pictures of the
/// track to be decoded before it is presented, and without that Chromium, asked for a time shortly
/// before a keyframe, would begin with that keyframe.
fn after_pre_roll(
    decoded: &[i64],
    presented: &[i64],
    first: usize,
    step: i64,
    ahead: i64,
) -> Vec<i64> {
    let numbered = |number: usize| number as i64 - first as i64;
    let latest = presented
        .iter()
        .enumerate()
        .map(|(number, presented)| presented - numbered(number) * step);
    let at_first = decoded.get(first).copied().into_iter();
    let base = latest.chain(at_first).min().unwrap_or(0).min(-ahead);
    // A picture not to be seen takes so long to decode that what follows is no discontinuity.
    let next = decoded.get(first + 1).copied().unwrap_or(0);
    let before = step.max(1 + (next - base) / 1000);
    let moved = decoded.iter().enumerate().map(|(number, decoded)| {
        let from_first = numbered(number);
        if from_first <= 0 {
            base + from_first * before
        } else {
            (base + from_first * step).max(*decoded)
        }
    });
    moved.collect()
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
    let times = timed.iter().map(|(_, pts)| *pts).zip(0..);
    let hidden = times.filter(|(pts, _)| *pts < start || *pts >= end);
    let mut order: Vec<_> = hidden.map(|(pts, at)| (i128::from(pts), at)).collect();
    sort(&mut order);
    let early = order.partition_point(|(pts, _)| *pts < i128::from(start));
    let (early, late) = order.split_at(early);
    let early = early.iter().rev().zip((1..).map(Place::Early));
    let late = late.iter().zip((0..).map(Place::Late));
    for ((_, at), place) in early.chain(late) {
        if let Some(own) = places.get_mut(*at) {
            *own = place;
        }
    }
    places
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use livetape_media::{Format, Rotation, Timescale, TrackConfig};

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

    #[test]
    fn what_is_shown_from_a_moment_on_keeps_its_times() {
        // I0 P4 B2 b1 b3 with negative offsets, 40 ticks each, shown from B2 on.
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
            keyframe: false,
        });
        let slice = Slice {
            config: Arc::new(config),
            numbers: 0..5,
            decode_time: 1_000,
            samples: samples.to_vec(),
            bytes: 0..5,
        };
        let start = Timestamp::new(1_080, Timescale::MILLIS);
        let shown = shown_from(slice, start);
        let presented: Vec<_> = shown
            .timed()
            .map(|(time, sample)| time + i64::from(sample.composition_offset))
            .collect();
        assert_eq!(presented, [1_078, 1_160, 1_080, 1_079, 1_120]);
        assert_eq!(shown.decode_time + shown.duration() as i64, 1_200);
        assert!(shown.composition_lead() <= 80);
    }

    #[test]
    fn pre_roll_is_squeezed_in_before_the_first_shown() {
        // I0 P4 B2 b1 b3, shown from B2 on, each 40 long.
        let decoded = [-160, -120, -80, -40, 0];
        let moved = after_pre_roll(&decoded, &[-2, 80, 0, -1, 40], 1, 1, 80);
        assert_eq!(moved, [-121, -120, -80, -40, 0]);
        // I0 P1 P2 P3, shown from P2 on; then with a keyframe later on that is decoded 80 ahead.
        let (decoded, presented) = ([-80, -40, 0, 40], [-2, -1, 0, 40]);
        let moved = |ahead| after_pre_roll(&decoded, &presented, 2, 1, ahead);
        assert_eq!(moved(0), [-2, -1, 0, 40]);
        assert_eq!(moved(80), [-82, -81, -80, 40]);
    }
}
