//! One selection for each file that a range needs.

use livetape_media::Timestamp;

use super::Selection;
use super::joined::groups;
use crate::{Slice, Timeline, Track};

/// Cuts a selection where a track's configuration changes so that one file cannot hold it
/// (sound of another kind, pictures of another codec), at the exact time at which the new
/// configuration is first presented. One selection for each file, in order; each ends where the
/// next starts. Without such a change, the selection as it is.
///
/// A picture or frame of another track that spans a cut is stored in both files where decoding
/// needs it, and shown in each for what of its time lies there; a picture counts as the earlier
/// file's.
pub fn split(timeline: &Timeline, selection: &Selection) -> Vec<Selection> {
    let mut cuts: Vec<Timestamp> = Vec::new();
    for (index, numbers) in &selection.tracks {
        let Some(track) = timeline.tracks().get(*index) else {
            continue;
        };
        for group in groups(track, numbers.clone()).iter().skip(1) {
            let Some(first) = group.first() else {
                continue;
            };
            let ticks = first.presentation_start();
            cuts.push(Timestamp::new(ticks, first.config.timescale));
        }
    }
    cuts.retain(|cut| *cut > selection.start && *cut < selection.end);
    cuts.sort();
    cuts.dedup();
    if cuts.is_empty() {
        return vec![selection.clone()];
    }
    let starts = std::iter::once(selection.start).chain(cuts.iter().copied());
    let ends = cuts.iter().copied().chain([selection.end]);
    starts
        .zip(ends)
        .map(|(start, end)| between(timeline, selection, start, end))
        .filter(|part| !part.tracks.is_empty())
        .collect()
}

/// What of a selection is presented in `[start, end)`, between two cuts.
fn between(
    timeline: &Timeline,
    selection: &Selection,
    start: Timestamp,
    end: Timestamp,
) -> Selection {
    let taken = selection.tracks.iter().filter_map(|(index, numbers)| {
        let track = timeline.tracks().get(*index)?;
        // The group that has begun at the start, or else the first.
        let mut groups = groups(track, numbers.clone());
        let begun = |group: &Vec<Slice>| {
            let first = group.first();
            first.is_some_and(|slice| {
                Timestamp::new(slice.presentation_start(), slice.config.timescale) <= start
            })
        };
        let at = groups.iter().rposition(begun).unwrap_or(0);
        let group = (at < groups.len()).then(|| groups.swap_remove(at))?;
        let (first, last) = (group.first()?, group.last()?);
        let scale = first.config.timescale;
        if Timestamp::new(first.presentation_start(), scale) >= end {
            return None;
        }
        let own = first.numbers.start..last.numbers.end;
        let from = if start == selection.start {
            own.start
        } else if first.config.format.is_video() {
            decodable_from(track, start)
        } else {
            track.presented_at(start)
        };
        let from = from.max(own.start);
        let to = if end == selection.end {
            own.end
        } else if first.config.format.is_video() {
            track.end_without_hole(from, end).min(own.end)
        } else {
            track.end_before(end).min(own.end)
        };
        (from < to).then_some((*index, from..to))
    });
    Selection {
        start,
        end,
        tracks: taken.collect(),
    }
}

/// The keyframe from which everything presented at or after `time` can be decoded.
fn decodable_from(track: &Track, time: Timestamp) -> u64 {
    let first = track.first_presented_from(time);
    let before = |number: u64| {
        let keyframe = track.keyframe_before(number);
        keyframe.unwrap_or_else(|| track.numbers().start)
    };
    let keyframe = before(first.saturating_add(1));
    // Pictures shown before this keyframe but decoded after it may need the one before.
    let shown = track.presentation_time(keyframe);
    let leading = keyframe == first
        && (first + 1..first.saturating_add(32))
            .map_while(|number| track.presentation_time(number))
            .any(|other| other >= time && Some(other) < shown);
    if leading { before(keyframe) } else { keyframe }
}
