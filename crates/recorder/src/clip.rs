//! A range of the tape as an MP4.

use livetape_media::{SmallMap, Timescale, Timestamp, Wording};
use livetape_tape::Tape;
use livetape_timeline::plan::{self, Form, PATIENCE, Selection};
use livetape_timeline::{Part, StoreId, Timeline};

use crate::input::ClipRange;
use crate::output::{ClipReady, FailureCode, RequestId, TrackInfo};

/// Bytes between samples that a clip takes along rather than to be in more pieces: a browser takes
/// 0.2 ms for each, and an hour has thousands of fragments.
const SKIPPED: u64 = 64 << 10;

/// A clip whose bytes are still needed.
#[derive(Debug)]
pub(crate) struct OpenClip {
    /// The first and the last of its reels. They are kept when the window has left them; what comes
    /// after them is not.
    reels: (StoreId, StoreId),
    /// Where on the tape it begins and ends.
    bounds: (Timestamp, Timestamp),
}

/// The clips whose bytes are still needed, and what is kept for them.
#[derive(Debug, Default)]
pub(crate) struct Clips {
    open: SmallMap<RequestId, OpenClip>,
    /// Reels that the tape has left, with their bytes.
    kept: Vec<(StoreId, u64)>,
}

impl Clips {
    pub(crate) fn open(&mut self, request: RequestId, clip: OpenClip) {
        self.open.insert(request, clip);
    }

    /// Where on the tape a clip begins and ends; `None` where it is closed.
    pub(crate) fn bounds(&self, request: RequestId) -> Option<(Timestamp, Timestamp)> {
        self.open.get(&request).map(|clip| clip.bounds)
    }

    /// Whether a reel that is to be deleted has to stay; then it is, when its clips are closed.
    pub(crate) fn keep(&mut self, reel: StoreId, bytes: u64) -> bool {
        let is_needed = self.need(reel);
        if is_needed {
            self.kept.push((reel, bytes));
        }
        is_needed
    }

    /// Whether a clip needs a reel.
    pub(crate) fn need(&self, reel: StoreId) -> bool {
        let needs = |clip: &OpenClip| (clip.reels.0..=clip.reels.1).contains(&reel);
        self.open.values().any(needs)
    }

    /// Bytes of the reels that are there for clips alone.
    pub(crate) fn kept_bytes(&self) -> u64 {
        self.kept.iter().map(|(_, bytes)| bytes).sum()
    }

    /// Closes a clip; gives the reels that were kept, of which others may [`Clips::keep`] some.
    pub(crate) fn close(
        &mut self,
        request: RequestId,
    ) -> impl Iterator<Item = (StoreId, u64)> + use<> {
        self.open.remove(&request);
        std::mem::take(&mut self.kept).into_iter()
    }
}

/// Plans a clip. `playhead` is where the viewer is, in seconds.
///
/// The open reel is ended first: only closed ones can be sliced. Where the sound changes its
/// configuration inside the range the clip is refused: no one MP4 plays right everywhere, and a
/// part of what was asked for is not what was asked for. The message names the ranges to ask for.
pub(crate) fn clip(
    tape: &mut Tape,
    request: RequestId,
    range: ClipRange,
    playhead: Option<f64>,
) -> Result<(ClipReady, OpenClip), (FailureCode, String)> {
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
        ClipRange::Dates(start, end) => {
            let moment = |unix| tape.timeline().moment_of(unix).ok_or_else(nothing);
            (moment(start)?, moment(end)?)
        }
    };
    let selection = Selection::new(tape.timeline(), start.max(first), end).ok_or_else(nothing)?;
    let parts = plan::split(tape.timeline(), &selection, Form::Progressive);
    let [selection] = parts.as_slice() else {
        let message = separately(tape.timeline(), &selection);
        return Err((FailureCode::ConfigurationChange, message));
    };
    let mp4 = plan::in_stretches(tape.timeline(), selection, SKIPPED).map_err(|_| nothing())?;
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
            let config = track.section(numbers.clone())?.config;
            Some(TrackInfo {
                format: config.format,
                codec: config.codec.clone(),
            })
        })
        .collect();
    let stores = || {
        mp4.plan.parts().iter().filter_map(|part| match part {
            Part::Stored(extent) => Some(extent.store),
            Part::Bytes(_) => None,
        })
    };
    let reels = stores().min().zip(stores().max()).ok_or_else(nothing)?;
    let bounds = (selection.start, selection.end);
    let ready = ClipReady {
        request,
        plan: mp4.plan,
        start: mp4.start,
        duration: mp4.duration,
        tracks,
    };
    Ok((ready, OpenClip { reels, bounds }))
}

/// What to ask for instead of a range that one file cannot hold.
fn separately(timeline: &Timeline, selection: &Selection) -> String {
    let ranges = plan::ranges(timeline, selection, Form::Progressive);
    let mut message =
        "the sound changes its configuration in that range, which one MP4 cannot hold; \
                       these seconds can be cut one by one"
            .to_owned();
    for (number, (start, end)) in ranges.iter().enumerate() {
        let before = if number == 0 { ": " } else { ", " };
        let range = Wording::of(before).words(&start.decimals(6));
        let range = range.words(" to ").words(&end.decimals(6));
        message.push_str(&range.done());
    }
    message
}

fn nothing() -> (FailureCode, String) {
    let message = "nothing is recorded in that range; wait for the stream to play, or ask for a \
                   range inside the window";
    (FailureCode::NothingRecorded, message.to_owned())
}
