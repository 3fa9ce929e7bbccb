//! One picture of the tape, with all that a decoder needs to show it.

use livetape_media::{Timescale, Timestamp};
use livetape_timeline::{Part, Plan, Timeline};

use crate::output::{RequestId, StillReady, StillSample};

/// Times of the page are rounded: a picture that begins no later than this after the asked time is
/// the one that is asked for.
const ROUNDING: Timestamp = Timestamp::new(1, Timescale::MILLIS);

/// The picture that is shown at `seconds`: the samples from its keyframe on up to itself, in
/// decode order. `None` where none is stored.
pub(crate) fn still(
    timeline: &Timeline,
    request: RequestId,
    seconds: Option<f64>,
) -> Option<StillReady> {
    let track = timeline.video()?;
    let newest = track.presentation_end()?;
    let asked = seconds.map(|seconds| Timestamp::from_seconds(seconds, Timescale::NANOS));
    let asked = asked.unwrap_or(newest);
    if asked > newest.plus(ROUNDING) {
        return None;
    }
    let until = asked.plus(ROUNDING);
    let keyframe = track.keyframe_at(until)?;
    let slices = track.slices(keyframe..track.end_before(until));
    // Where pictures change their configuration before they are shown, the newer one holds.
    let slice = slices.last()?;
    let timescale = slice.config.timescale;
    let shown = |ticks: i64| Timestamp::new(ticks, timescale);
    let times: Vec<_> = slice
        .timed()
        .map(|(time, sample)| shown(time + i64::from(sample.composition_offset)))
        .collect();
    let (own, time) = times
        .iter()
        .enumerate()
        .filter(|(_, time)| **time <= until)
        .max_by_key(|(_, time)| **time)?;
    let wanted = track.slice(slice.numbers.start..slice.numbers.start + own as u64 + 1)?;
    let mut plan = Plan::new();
    for extent in track.extents(wanted.bytes.clone()) {
        plan.push(Part::Stored(extent));
    }
    let samples = wanted.samples.iter().zip(&times);
    Some(StillReady {
        request,
        config: wanted.config,
        samples: samples
            .map(|(sample, shown)| StillSample {
                size: sample.size,
                keyframe: sample.keyframe,
                shown: *shown,
            })
            .collect(),
        plan,
        time: *time,
    })
}
