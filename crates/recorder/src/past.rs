//! The tape as fragments to be played again, one after another, from any moment on.

use std::ops::Range;

use livetape_media::{Timescale, Timestamp, TrackId, Wording};
use livetape_timeline::plan::{FragmentPlan, Lane, PATIENCE, configs, init_segment, next_object};
use livetape_timeline::{Timeline, Track};

use crate::input::PastFrom;
use crate::job::short_hash;
use crate::output::{PastReady, RequestId};
use crate::part::lead;

/// Fragments have no negative times, streams may: these say that all is so much later.
const LATER: Timestamp = Timestamp::new(10_000, Timescale::MILLIS);

/// The next fragment, as long as is there and no longer than needs be; the stored samples as they
/// are. `None` where there is none yet.
pub(crate) fn past(timeline: &Timeline, request: RequestId, from: &PastFrom) -> Option<PastReady> {
    let end = timeline.common_end(PATIENCE)?;
    let lead = lead(timeline)?;
    let next = next(timeline, lead, from)?;
    let cut = next_object(timeline, &next, Some(end))?;
    let lane = |(id, numbers): &(TrackId, Range<u64>)| {
        let track = timeline.track(*id)?;
        let slice = track.slice(numbers.clone())?;
        let later = LATER.rescale(slice.config.timescale).ticks;
        Some(Lane {
            track,
            track_id: id.0,
            decode_origin: -later,
            presentation_origin: -later,
            slice,
        })
    };
    let lanes: Vec<_> = cut.tracks.iter().filter_map(lane).collect();
    let fragment = FragmentPlan::new(1, &lanes)?;
    // Of all tracks, whether they have samples here or not: a player keeps to the tracks it began with.
    let configs = configs(timeline, &next, &lanes);
    let mut codecs = String::new();
    for (_, config) in &configs {
        codecs.push_str(if codecs.is_empty() { "" } else { "," });
        codecs.push_str(&config.codec);
    }
    let has_video = configs.iter().any(|(_, config)| config.format.is_video());
    let kind = if has_video { "video" } else { "audio" };
    let init = init_segment(&configs, None);
    let taken = |id| cut.tracks.iter().find(|(own, _)| *own == id);
    let next = next
        .iter()
        .map(|(id, number)| (*id, taken(*id).map_or(*number, |cut| cut.1.end)));
    Some(PastReady {
        request,
        config: short_hash(&init),
        mime: Wording::of(kind)
            .words("/mp4; codecs=\"")
            .words(&codecs)
            .words("\"")
            .done(),
        init,
        start: fragment.start.minus(LATER),
        end: fragment.start.minus(LATER).plus(fragment.duration),
        later: LATER,
        plan: fragment.plan,
        next: next.collect(),
    })
}

/// The first samples of the wanted fragment.
fn next(timeline: &Timeline, lead: &Track, from: &PastFrom) -> Option<Vec<(TrackId, u64)>> {
    let keyframe = match from {
        PastFrom::Moment(seconds) => {
            lead.keyframe_at(Timestamp::from_seconds(*seconds, Timescale::NANOS))?
        }
        PastFrom::Next(next) => {
            let is_stored = |(id, number): &(TrackId, u64)| {
                let track = timeline.track(*id);
                track.is_some_and(|track| track.numbers().start <= *number)
            };
            if next.len() == timeline.tracks().len() && next.iter().all(is_stored) {
                return Some(next.clone());
            }
            // It has left the window meanwhile, or there is another track.
            let number = next.iter().find(|(id, _)| *id == lead.id())?.1;
            lead.keyframe_from(number.max(lead.numbers().start))?
        }
    };
    first_numbers(timeline, lead, keyframe)
}

/// What begins with a keyframe: with the sound that is heard when it is shown, so that there is no
/// moment of the one without the other.
fn first_numbers(timeline: &Timeline, lead: &Track, keyframe: u64) -> Option<Vec<(TrackId, u64)>> {
    let shown = lead.presentation_time(keyframe)?;
    let tracks = timeline.tracks().iter();
    let numbers = tracks.map(|track| {
        let number = match track.id() == lead.id() {
            true => keyframe,
            false => track.presented_at(shown),
        };
        (track.id(), number)
    });
    Some(numbers.collect())
}
