//! A finished recording as a programme: its slots, and how its tracks' times are moved for a round.

use livetape_media::{Timescale, Timestamp};
use livetape_timeline::{Slice, Timeline, Track};

use super::schedule::{Place, Schedule, Slot};
use crate::index::{Entry, Index, Segment, at_micros, floor_micros, micros};
use crate::moment::Span;
use crate::recording::Recording;
use crate::route::LiveTrack;
use crate::view::cut::Cut;

/// Times begin this much after zero, in seconds: decoding begins before presentation.
const LEAD_IN: i64 = 10;

/// A programme.
#[derive(Debug)]
pub(crate) struct Program {
    pub(crate) schedule: Schedule,
    /// What is in each slot; `None` for a missing object.
    items: Vec<Option<Cut>>,
    /// Earliest presentation time.
    origin: Timestamp,
    /// From the earliest presentation time to the last.
    span: Timestamp,
}

/// One track's part of a segment, with its time in the broadcast.
#[derive(Debug)]
pub(crate) struct Piece<'a> {
    pub(crate) track: &'a Track,
    pub(crate) slice: Slice,
    /// Added to its times, in the track's ticks.
    pub(crate) shift: i64,
    /// When its presentation begins, in microseconds since the start of the broadcast.
    pub(crate) since_start: i64,
}

impl Program {
    /// The whole of a recording, or a range of its time; `None` where nothing is recorded.
    pub(crate) fn new(recording: &Recording, span: Option<&Span>) -> Option<Self> {
        let index = recording.index();
        let (segments, (origin, end), joins) = match span {
            None => {
                let spans = spans(index.timeline());
                let origin = spans.iter().map(|span| span.0).min()?;
                let end = spans.iter().map(|span| span.1).max()?;
                let joins = spans.iter().all(|(from, to)| *from == origin && *to == end);
                (whole(recording.segments()), (origin, end), joins)
            }
            Some(span) => {
                let (segments, from, to) = range(index, span)?;
                (segments, (at_micros(from), at_micros(to)), false)
            }
        };
        let (slots, items) = slots(index, &segments);
        let configs = index.entries().first().zip(index.entries().last());
        let same_config = configs.is_some_and(|(first, last)| first.config == last.config);
        let steady = !slots.iter().any(|slot| slot.discontinuity);
        // Where rounds join exactly they do so by the tracks' own clocks.
        let seamless = joins && same_config && steady;
        let span = end.minus(origin);
        let total = slots.iter().map(|slot| slot.duration).sum();
        let period = if seamless {
            span
        } else {
            Timestamp::new(total, Timescale::new(1_000_000)?)
        };
        Some(Self {
            schedule: Schedule::new(slots, period, !seamless)?,
            items,
            origin,
            span,
        })
    }

    /// The places of the first round.
    pub(crate) fn places(&self) -> impl Iterator<Item = Place> + use<> {
        (0..self.items.len()).map(|slot| Place { round: 0, slot })
    }

    /// The object in a place.
    pub(crate) fn entry<'a>(&self, index: &'a Index, place: Place) -> Option<&'a Entry> {
        let cut = self.items.get(place.slot)?.as_ref()?;
        index.entry(cut.seq)
    }

    /// One track's samples in a segment; `None` where it has none there.
    pub(crate) fn piece<'a>(
        &self,
        index: &'a Index,
        place: Place,
        kind: LiveTrack,
    ) -> Option<Piece<'a>> {
        let cut = self.items.get(place.slot)?.as_ref()?;
        let (track, slice) = slice(index, cut, kind)?;
        let timescale = slice.config.timescale;
        let own_start = Timestamp::new(slice.presentation_start(), timescale);
        let slot = self.schedule.slot(place)?;
        let into_slot = micros(own_start) - begins(index, cut)?;
        let round = self.schedule.round_start(place.round);
        let since_start = round.saturating_add(slot.start.saturating_add(into_slot));
        Some(Piece {
            track,
            slice,
            shift: self.shift(place.round, timescale),
            since_start,
        })
    }

    /// What is added to all times of a round, in ticks of `timescale`. Rounded for each round alone,
    /// so that errors do not add up.
    pub(crate) fn shift(&self, round: u64, timescale: Timescale) -> i64 {
        let rounds = i64::try_from(round).unwrap_or(i64::MAX);
        let offset = Timestamp::new(self.span.ticks.saturating_mul(rounds), self.span.timescale);
        let begin = LEAD_IN * i64::from(timescale.get());
        let origin = self.origin.rescale(timescale).ticks;
        let shift = offset.rescale(timescale).ticks.saturating_add(begin);
        shift.saturating_sub(origin)
    }
}

impl Piece<'_> {
    /// Microseconds that it plays; sums are exact, since both ends are rounded, not the length.
    pub(crate) fn duration(&self) -> i64 {
        let timescale = self.slice.config.timescale;
        let at = |ticks: i64| micros(Timestamp::new(ticks.saturating_add(self.shift), timescale));
        let start = self.slice.presentation_start();
        let length = i64::try_from(self.slice.duration()).unwrap_or(i64::MAX);
        at(start.saturating_add(length)) - at(start)
    }
}

/// The first track of a kind.
pub(crate) fn track(timeline: &Timeline, kind: LiveTrack) -> Option<&Track> {
    match kind {
        LiveTrack::Video => timeline.video(),
        LiveTrack::Audio => timeline.audio(),
    }
}

/// From the first presentation time of a track to the last.
fn presented(track: &Track) -> Option<(Timestamp, Timestamp)> {
    let numbers = track.numbers();
    let first = track.slice(numbers.clone())?;
    // Pictures are reordered within a few; the last ones tell the end.
    let last = track.slice(numbers.end.saturating_sub(64).max(numbers.start)..numbers.end)?;
    let start = first
        .timed()
        .take(64)
        .map(|(time, sample)| time + i64::from(sample.composition_offset));
    Some((
        Timestamp::new(start.min()?, first.config.timescale),
        Timestamp::new(last.presentation_end(), last.config.timescale),
    ))
}

/// The tracks' presentation times, first and last.
fn spans(timeline: &Timeline) -> Vec<(Timestamp, Timestamp)> {
    let kinds = [LiveTrack::Video, LiveTrack::Audio].into_iter();
    let tracks = kinds.filter_map(|kind| track(timeline, kind));
    tracks.filter_map(presented).collect()
}

/// A segment with what is shown of its object; `None` for a missing one.
type Item<'a> = (Segment<'a>, Option<Cut>);

fn whole(segments: Vec<Segment<'_>>) -> Vec<Item<'_>> {
    let item = |segment: Segment<'_>| match segment {
        Segment::Stored { entry, .. } => Some(Cut::whole(entry.seq)),
        Segment::Missing { .. } => None,
    };
    segments
        .into_iter()
        .map(|segment| (segment, item(segment)))
        .collect()
}

/// The segments of a range of time, and where it begins and ends, in microseconds: with the first
/// picture shown in it.
fn range<'a>(index: &'a Index, span: &Span) -> Option<(Vec<Item<'a>>, i64, i64)> {
    let video = index.timeline().video();
    let shown = video.and_then(|track| track.shown_from(at_micros(span.start)));
    let start = shown.map_or(span.start, floor_micros);
    let end = span.end.unwrap_or(i64::MAX);
    let mut items: Vec<Item<'_>> = Vec::new();
    for segment in index.segments(0) {
        let Segment::Stored { entry, .. } = segment else {
            // A hole at the beginning has no place of its own.
            if !items.is_empty() {
                items.push((segment, None));
            }
            continue;
        };
        let (from, to) = (micros(entry.start), micros(entry.end()));
        if to <= start || from >= end {
            continue;
        }
        let needs_more = from < start || !entry.independent;
        let cut = Cut {
            seq: entry.seq,
            from: (items.is_empty() && needs_more).then_some(start),
            to: (to > end).then_some(end),
        };
        // What cannot be cut is shown whole.
        let can_be_cut = [LiveTrack::Video, LiveTrack::Audio]
            .iter()
            .any(|kind| slice(index, &cut, *kind).is_some());
        let cut = if can_be_cut {
            cut
        } else {
            Cut::whole(entry.seq)
        };
        items.push((segment, Some(cut)));
    }
    let last = items.iter().rposition(|(_, cut)| cut.is_some())?;
    items.truncate(last + 1);
    let cuts: Vec<&Cut> = items.iter().filter_map(|(_, cut)| cut.as_ref()).collect();
    let from = begins(index, cuts.first()?)?;
    let to = ends(index, cuts.last()?)?;
    Some((items, from, to))
}

/// Where what is shown of an object begins, in microseconds.
fn begins(index: &Index, cut: &Cut) -> Option<i64> {
    let start = micros(index.entry(cut.seq)?.start);
    Some(cut.from.map_or(start, |from| from.max(start)))
}

/// Where it ends.
fn ends(index: &Index, cut: &Cut) -> Option<i64> {
    let end = micros(index.entry(cut.seq)?.end());
    Some(cut.to.map_or(end, |to| to.min(end)))
}

/// What is shown of one of an object's tracks.
fn slice<'a>(index: &'a Index, cut: &Cut, kind: LiveTrack) -> Option<(&'a Track, Slice)> {
    let track = track(index.timeline(), kind)?;
    let entry = index.entry(cut.seq)?;
    let part = entry.tracks.iter().find(|part| part.track == track.id())?;
    let slice = match *cut == Cut::whole(cut.seq) {
        true => track.slice(part.numbers.clone())?,
        false => cut.slice(track, part)?,
    };
    Some((track, slice))
}

/// The slots with what is in each.
fn slots(index: &Index, segments: &[Item<'_>]) -> (Vec<Slot>, Vec<Option<Cut>>) {
    let (mut slots, mut items) = (Vec::new(), Vec::new());
    let (mut start, mut latest) = (0_i64, 0_i64);
    for (number, (segment, cut)) in segments.iter().enumerate() {
        let (duration, over, discontinuity) = match (segment, cut) {
            (Segment::Stored { discontinuity, .. }, Some(cut)) => {
                let begins = begins(index, cut).unwrap_or(0);
                let own = ends(index, cut).unwrap_or(begins) - begins;
                // A step that is too small to be a discontinuity belongs to the segment before it.
                let duration = match segments.get(number + 1) {
                    Some((
                        Segment::Stored {
                            entry: next,
                            discontinuity: false,
                        },
                        _,
                    )) => (micros(next.start) - begins).max(1),
                    _ => own.max(1),
                };
                let over = last_end(index, cut, begins).max(own);
                (duration, over, *discontinuity && number > 0)
            }
            (segment, _) => (segment.duration(), segment.duration(), false),
        };
        latest = latest.max(start.saturating_add(over));
        slots.push(Slot {
            start,
            duration,
            complete: latest,
            discontinuity,
        });
        items.push(*cut);
        start = start.saturating_add(duration);
    }
    (slots, items)
}

/// When the last of an object's tracks ends, in microseconds since `begins`.
fn last_end(index: &Index, cut: &Cut, begins: i64) -> i64 {
    let kinds = [LiveTrack::Video, LiveTrack::Audio].into_iter();
    let ends = kinds.filter_map(|kind| {
        let (_, slice) = slice(index, cut, kind)?;
        let end = Timestamp::new(slice.presentation_end(), slice.config.timescale);
        Some(micros(end) - begins)
    });
    ends.max().unwrap_or(0)
}
