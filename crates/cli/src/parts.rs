//! A selection taken apart where one file cannot hold it: at changes of configuration.

use std::ops::Range;

use livetape_media::{Timescale, Timestamp};
use livetape_timeline::plan::Selection;
use livetape_timeline::{Timeline, Track};

/// Changes of several tracks that lie no further apart are one, in milliseconds.
const TOGETHER: Timestamp = Timestamp::new(500, Timescale::MILLIS);

/// The parts of `selection`, each of one configuration a track. They meet at a picture: the first
/// one presented at or after the change.
pub(crate) fn parts(timeline: &Timeline, selection: Selection) -> Vec<Selection> {
    let mut parts = Vec::new();
    let mut rest = selection;
    while let Some((head, tail)) = halves(timeline, &rest) {
        parts.push(head);
        rest = tail;
    }
    parts.push(rest);
    parts
}

/// Number and time of the first change within a range of samples.
fn change(track: &Track, numbers: &Range<u64>) -> Option<(u64, Timestamp)> {
    let end = track.slice(numbers.clone())?.numbers.end;
    if end >= numbers.end {
        return None;
    }
    Some((end, track.presentation_time(end)?))
}

/// What lies before the first change and what lies behind it; `None` where there is none.
fn halves(timeline: &Timeline, selection: &Selection) -> Option<(Selection, Selection)> {
    let tracks = || {
        let found = selection.tracks.iter();
        found.filter_map(|(index, numbers)| Some((*index, timeline.tracks().get(*index)?, numbers)))
    };
    let earliest = tracks()
        .filter_map(|(_, track, numbers)| change(track, numbers))
        .map(|(_, time)| time)
        .min()?;
    let cut = tracks()
        .find(|(_, track, _)| track.config().is_some_and(|c| c.format.is_video()))
        .and_then(|(_, track, numbers)| match change(track, numbers) {
            Some((_, time)) if time <= earliest.plus(TOGETHER) => Some(time),
            _ => track.shown_from(earliest),
        })
        .unwrap_or(earliest);
    let (mut head, mut tail) = (selection.clone(), selection.clone());
    (head.end, tail.start) = (cut, cut);
    head.tracks.clear();
    tail.tracks.clear();
    for (index, track, numbers) in tracks() {
        let own = change(track, numbers).filter(|(_, time)| *time <= earliest.plus(TOGETHER));
        let is_video = track.config().is_some_and(|c| c.format.is_video());
        let (end, start) = match own {
            Some((number, _)) => (number, number),
            None if is_video => {
                let end = track.end_without_hole(numbers.start, cut);
                (end, track.keyframe_at(cut).unwrap_or(end))
            }
            None => (track.end_before(cut), track.presented_at(cut)),
        };
        let before = numbers.start..end.min(numbers.end);
        let behind = start.max(numbers.start)..numbers.end;
        head.tracks
            .extend((!before.is_empty()).then_some((index, before)));
        tail.tracks
            .extend((!behind.is_empty()).then_some((index, behind)));
    }
    let advances = !head.tracks.is_empty() && !tail.tracks.is_empty() && cut > selection.start;
    advances.then_some((head, tail))
}
