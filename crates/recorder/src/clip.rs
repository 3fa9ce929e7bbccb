//! A range of the tape as an MP4.

use livetape_media::{Timescale, Timestamp};
use livetape_tape::{Hold, Tape};
use livetape_timeline::Timeline;
use livetape_timeline::plan::{self, Form, Selection};

use crate::cut::PATIENCE;
use crate::input::ClipRange;
use crate::output::{ClipReady, FailureCode, RequestId, TrackInfo};

/// Plans a clip and holds its reels. `playhead` is where the viewer is, in seconds.
///
/// The open reel is ended first: only closed ones can be sliced. Where the sound changes its
/// configuration inside the range the clip is refused: no one MP4 plays right everywhere, and a
/// part of what was asked for is not what was asked for. The message names the ranges to ask for.
pub(crate) fn clip(
    tape: &mut Tape,
    request: RequestId,
    range: ClipRange,
    playhead: Option<f64>,
) -> Result<(ClipReady, Hold), (FailureCode, String)> {
    tape.close();
    let at = |seconds: f64| Timestamp::from_seconds(seconds, Timescale::NANOS);
    let (first, newest) = tape.timeline().span().ok_or_else(nothing)?;
    let (start, end) = match range {
        ClipRange::Last(seconds) => {
            let seen = playhead
                .map(at)
                .filter(|seen| *seen > first && *seen <= newest);
            let end = seen
                .or(tape.timeline().common_end(PATIENCE))
                .unwrap_or(newest);
            (end.minus(at(seconds)), end)
        }
        ClipRange::Between(start, end) => (at(start), at(end)),
    };
    let selection = Selection::new(tape.timeline(), start.max(first), end).ok_or_else(nothing)?;
    let parts = plan::split(tape.timeline(), &selection, Form::Progressive);
    let [selection] = parts.as_slice() else {
        let message = separately(tape.timeline(), &selection);
        return Err((FailureCode::ConfigurationChange, message));
    };
    let mp4 = plan::progressive(tape.timeline(), selection).map_err(|_| nothing())?;
    let taken = || {
        selection.tracks.iter().filter_map(|(index, numbers)| {
            tape.timeline()
                .tracks()
                .get(*index)
                .map(|track| (track, numbers))
        })
    };
    let tracks = taken()
        .filter_map(|(track, numbers)| {
            let config = track.slice(numbers.clone())?.config;
            Some(TrackInfo {
                format: config.format,
                codec: config.codec.clone(),
            })
        })
        .collect();
    let oldest = taken()
        .filter_map(|(track, numbers)| track.store_of(numbers.start))
        .min();
    let hold = tape.hold(oldest.ok_or_else(nothing)?);
    let ready = ClipReady {
        request,
        plan: mp4.plan,
        start: mp4.start,
        duration: mp4.duration,
        tracks,
    };
    Ok((ready, hold))
}

/// What to ask for instead of a range that one file cannot hold.
fn separately(timeline: &Timeline, selection: &Selection) -> String {
    let ranges = plan::ranges(timeline, selection, Form::Progressive);
    let ranges = ranges
        .iter()
        .map(|(start, end)| format!("{start:.6} to {end:.6}"));
    let ranges = ranges.collect::<Vec<_>>().join(", ");
    format!(
        "the sound changes its configuration in that range, which one MP4 cannot hold; these \
         seconds can be cut one by one: {ranges}"
    )
}

fn nothing() -> (FailureCode, String) {
    let message = "nothing is recorded in that range; wait for the stream to play, or ask for a \
                   range inside the window";
    (FailureCode::NothingRecorded, message.to_owned())
}
