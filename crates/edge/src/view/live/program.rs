//! A finished recording as a programme: its slots, and how its tracks' times are moved for a round.

use livetape_media::{Timescale, Timestamp};
use livetape_timeline::{Slice, Timeline, Track};

use super::schedule::{Place, Schedule, Slot};
use crate::index::{Entry, Index, Segment, micros};
use crate::route::LiveTrack;

/// Times begin this much after zero, in seconds: decoding begins before presentation.
const LEAD_IN: i64 = 10;

/// A programme.
#[derive(Debug)]
pub(crate) struct Program {
    pub(crate) schedule: Schedule,
    /// The entry of the index in each slot; `None` for a missing object.
    pub(crate) entries: Vec<Option<usize>>,
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
    /// `None` where nothing is recorded.
    pub(crate) fn new(index: &Index, segments: Vec<Segment<'_>>) -> Option<Self> {
        let kinds = [LiveTrack::Video, LiveTrack::Audio].into_iter();
        let tracks = kinds.filter_map(|kind| track(index.timeline(), kind));
        let spans: Vec<(Timestamp, Timestamp)> = tracks.filter_map(presented).collect();
        let origin = spans.iter().map(|span| span.0).min()?;
        let end = spans.iter().map(|span| span.1).max()?;
        let span = end.minus(origin);
        let (slots, entries) = slots(index, &segments);
        let same_length = spans.iter().all(|(from, to)| *from == origin && *to == end);
        let configs = index.entries().first().zip(index.entries().last());
        let same_config = configs.is_some_and(|(first, last)| first.config == last.config);
        let steady = !slots.iter().any(|slot| slot.discontinuity);
        // Where rounds join exactly they do so by the tracks' own clocks.
        let seamless = same_length && same_config && steady;
        let total = slots.iter().map(|slot| slot.duration).sum();
        let period = if seamless {
            span
        } else {
            Timestamp::new(total, Timescale::new(1_000_000)?)
        };
        Some(Self {
            schedule: Schedule::new(slots, period, !seamless)?,
            entries,
            origin,
            span,
        })
    }

    /// One track's samples in a segment; `None` where it has none there.
    pub(crate) fn piece<'a>(
        &self,
        index: &'a Index,
        place: Place,
        kind: LiveTrack,
    ) -> Option<Piece<'a>> {
        let entry = index.entries().get((*self.entries.get(place.slot)?)?)?;
        let track = track(index.timeline(), kind)?;
        let part = entry.tracks.iter().find(|part| part.track == track.id())?;
        let slice = track.slice(part.numbers.clone())?;
        let timescale = slice.config.timescale;
        let own_start = Timestamp::new(slice.presentation_start(), timescale);
        let slot = self.schedule.slot(place)?;
        let into_slot = micros(own_start) - micros(entry.start);
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

/// The slots with the entry of the index in each.
fn slots(index: &Index, segments: &[Segment<'_>]) -> (Vec<Slot>, Vec<Option<usize>>) {
    let (mut slots, mut entries) = (Vec::new(), Vec::new());
    let (mut start, mut latest, mut position) = (0_i64, 0_i64, 0);
    for (number, segment) in segments.iter().enumerate() {
        let (duration, ends, discontinuity, entry) = match segment {
            Segment::Missing { duration, .. } => (*duration, *duration, false, None),
            Segment::Stored {
                entry,
                discontinuity,
                ..
            } => {
                let own = segment.duration();
                // A step that is too small to be a discontinuity belongs to the segment before it.
                let duration = match segments.get(number + 1) {
                    Some(Segment::Stored {
                        entry: next,
                        discontinuity: false,
                        ..
                    }) => (micros(next.start) - micros(entry.start)).max(1),
                    _ => own,
                };
                position += 1;
                let ends = last_end(index, entry).max(own);
                (duration, ends, *discontinuity, Some(position - 1))
            }
        };
        latest = latest.max(start.saturating_add(ends));
        slots.push(Slot {
            start,
            duration,
            complete: latest,
            discontinuity,
        });
        entries.push(entry);
        start = start.saturating_add(duration);
    }
    (slots, entries)
}

/// When the last of an object's tracks ends, in microseconds since the object's start.
fn last_end(index: &Index, entry: &Entry) -> i64 {
    let ends = entry.tracks.iter().filter_map(|part| {
        let track = index.timeline().track(part.track)?;
        let slice = track.slice(part.numbers.clone())?;
        let end = Timestamp::new(slice.presentation_end(), slice.config.timescale);
        Some(micros(end) - micros(entry.start))
    });
    ends.max().unwrap_or(0)
}
