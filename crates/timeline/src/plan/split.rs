//! One selection for each file that a range needs.

use std::ops::Range;

use livetape_media::{Timescale, Timestamp, ToList};

use super::joined::groups;
use super::order::sort;
use super::{Form, Selection};
use crate::{Section, Timeline, Track};

/// Changes of several tracks that lie no further apart are one.
const TOGETHER: Timestamp = Timestamp::new(500, Timescale::MILLIS);
/// What is this brief at the start or the end of a selection makes no file of its own: there is no
/// whole picture in it.
const BRIEF: Timestamp = Timestamp::new(50, Timescale::MILLIS);

/// Cuts a selection where a track's configuration changes so that one file of this form cannot
/// hold it: sound of another kind, pictures of another codec; in fragments any other
/// configuration. One selection for each file, in order; each ends where the next starts. Without
/// such a change, the selection as it is.
///
/// The cut is the exact time at which the new configuration is first presented; but where the
/// pictures change too, within half a second, it is their first new one: each file has its own
/// sound and its own pictures, and what sound lies beyond the cut is stored and not heard.
///
/// A frame of other sound with which the selection begins or ends, since the picture cut at lies
/// within it, is left out.
///
/// A picture or frame of another track that spans a cut is stored in both files where decoding
/// needs it, and shown in each for what of its time lies there; a picture counts as the earlier
/// file's.
pub fn split(timeline: &Timeline, selection: &Selection, form: Form) -> Vec<Selection> {
    let pictures = picture_changes(timeline, selection);
    let tracks = selection.tracks.iter().filter_map(|(index, numbers)| {
        let track = timeline.tracks().get(*index)?;
        Divided::new(*index, track, numbers.clone(), form, |time| {
            let near = |other: Timestamp, span| is_within(time, other, span).then_some(other);
            let pictures = pictures.iter();
            let picture = pictures.filter_map(|other| near(*other, TOGETHER)).next();
            picture
                .or_else(|| near(selection.start, BRIEF))
                .or_else(|| near(selection.end, BRIEF))
                .unwrap_or(time)
        })
    });
    let tracks: Vec<_> = tracks.to_list();
    if tracks.iter().all(|track| track.stretches.len() < 2) {
        return vec![selection.clone()];
    }
    let cuts = tracks
        .iter()
        .flat_map(|track| track.stretches.iter().skip(1));
    let cuts = cuts.map(|stretch| stretch.start);
    let cuts = cuts.filter(|cut| *cut > selection.start && *cut < selection.end);
    let cuts: Vec<Timestamp> = cuts.to_list();
    let mut order: Vec<_> = cuts.iter().map(|cut| cut.rank()).zip(0..).to_list();
    sort(&mut order);
    order.dedup_by_key(|(rank, _)| *rank);
    let cuts = order.iter().filter_map(|(_, number)| cuts.get(*number));
    let cuts: Vec<Timestamp> = cuts.copied().to_list();
    let starts = std::iter::once(selection.start).chain(cuts.iter().copied());
    let ends = cuts.iter().copied().chain([selection.end]);
    let parts = starts.zip(ends).map(|(start, end)| {
        let taken = tracks.iter().filter_map(|track| {
            let numbers = track.between(start, end, selection)?;
            Some((track.index, numbers))
        });
        Selection {
            start,
            end,
            tracks: taken.to_list(),
        }
    });
    parts.filter(|part| !part.tracks.is_empty()).to_list()
}

/// The ranges of time that can be taken as one file each where `selection` cannot: [`split`] gives
/// one selection for what [`Selection::new`] makes of each. From start to end of what it gives for
/// this one, without what is longer than a frame of the sound of another part.
pub fn ranges(
    timeline: &Timeline,
    selection: &Selection,
    form: Form,
) -> Vec<(Timestamp, Timestamp)> {
    let parts = split(timeline, selection, form);
    let mut ranges: Vec<_> = parts.iter().map(|part| (part.start, part.end)).to_list();
    // A track that changes ends with one sample and goes on with the next, when that is presented.
    let changes = parts.windows(2).map(|pair| {
        let (Some(before), Some(behind)) = (pair.first(), pair.last()) else {
            return Vec::new();
        };
        let changed = behind.tracks.iter().filter_map(|(index, numbers)| {
            let track = timeline.tracks().get(*index)?;
            let ends =
                |(other, own): &(usize, Range<u64>)| other == index && own.end == numbers.start;
            before.tracks.iter().find(|own| ends(own))?;
            track.presentation_time(numbers.start)
        });
        changed.to_list()
    });
    for (at, times) in changes.enumerate() {
        for time in times {
            let cut = ranges.get(at).map(|range| range.1);
            if cut.is_none_or(|cut| is_within(time, cut, BRIEF)) {
                continue;
            }
            if let Some((_, end)) = ranges.get_mut(at) {
                *end = (*end).min(time);
            }
            if let Some((start, _)) = ranges.get_mut(at + 1) {
                *start = (*start).max(time);
            }
        }
    }
    ranges
}

/// When the first pictures of each further configuration are shown.
fn picture_changes(timeline: &Timeline, selection: &Selection) -> Vec<Timestamp> {
    let tracks = selection.tracks.iter();
    let changes = tracks.filter_map(|(index, numbers)| {
        let track = timeline.tracks().get(*index)?;
        let is_video = track.config().is_some_and(|c| c.format.is_video());
        let sections = is_video.then(|| track.sections(numbers.clone()))?;
        let changed = sections.iter().skip(1);
        Some(
            changed
                .filter_map(|section| presented(track, section))
                .to_list(),
        )
    });
    changes.flatten().to_list()
}

/// True where `time` lies no further than `span` from `other`.
fn is_within(time: Timestamp, other: Timestamp, span: Timestamp) -> bool {
    time.minus(span) <= other && other <= time.plus(span)
}

fn presented(track: &Track, section: &Section) -> Option<Timestamp> {
    let presented = track.presented(section.numbers.clone())?;
    Some(Timestamp::new(presented.start, section.config.timescale))
}

/// A track's samples that fit in one file together.
struct Stretch {
    /// From when on a file may hold them.
    start: Timestamp,
    numbers: Range<u64>,
}

/// A track, taken apart.
struct Divided<'a> {
    index: usize,
    track: &'a Track,
    is_video: bool,
    stretches: Vec<Stretch>,
}

impl<'a> Divided<'a> {
    /// `moved` is the time that a change is moved to.
    fn new(
        index: usize,
        track: &'a Track,
        numbers: Range<u64>,
        form: Form,
        moved: impl Fn(Timestamp) -> Timestamp,
    ) -> Option<Self> {
        let groups = groups(track, numbers, form);
        let is_video = groups.first()?.first()?.config.format.is_video();
        let stretches = groups.iter().filter_map(|group| {
            let (first, last) = (group.first()?, group.last()?);
            Some(Stretch {
                start: presented(track, first)?,
                numbers: first.numbers.start..last.numbers.end,
            })
        });
        let mut stretches: Vec<_> = stretches.to_list();
        let changes = stretches.iter().skip(1);
        let moved: Vec<_> = changes.map(|stretch| moved(stretch.start)).to_list();
        // Each of several changes in quick succession keeps its own time.
        if moved.windows(2).all(|pair| pair.first() < pair.last()) {
            for (stretch, start) in stretches.iter_mut().skip(1).zip(moved) {
                stretch.start = start;
            }
        }
        Some(Self {
            index,
            track,
            is_video,
            stretches,
        })
    }

    /// What is presented in `[start, end)`, between two cuts.
    fn between(
        &self,
        start: Timestamp,
        end: Timestamp,
        selection: &Selection,
    ) -> Option<Range<u64>> {
        // The stretch that has begun at the start, or else the first.
        let begun = |stretch: &Stretch| stretch.start <= start;
        let at = self.stretches.iter().rposition(begun).unwrap_or(0);
        let stretch = self.stretches.get(at)?;
        if stretch.start >= end {
            return None;
        }
        let own = &stretch.numbers;
        let from = if start == selection.start || at > 0 && stretch.start == start {
            own.start
        } else if self.is_video {
            decodable_from(self.track, start)
        } else {
            self.track.presented_at(start)
        };
        let from = from.max(own.start);
        let next = self.stretches.get(at + 1).map(|next| next.start);
        let to = if end == selection.end || next == Some(end) {
            own.end
        } else if self.is_video {
            self.track.end_without_hole(from, end)
        } else {
            self.track.end_before(end)
        };
        let to = to.min(own.end);
        (from < to).then_some(from..to)
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
