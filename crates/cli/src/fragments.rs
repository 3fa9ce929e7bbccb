//! A selection as fragmented MP4: init segment, then a fragment for each stretch from keyframe to
//! keyframe. Before each go the events (`emsg`) of its time.

use livetape_container::isobmff::mux::{event_message, producer_reference_time};
use livetape_media::{TimedEvent, Timescale, Timestamp};
use livetape_timeline::plan::{
    FragmentPlan, Lane, Selection, Shown, init_segment, shown_in_fragment,
};
use livetape_timeline::{Part, Plan, Slice, Timeline, Track};

/// A fragment lasts at least so long, but for the last.
const SHORTEST: Timestamp = Timestamp::new(2_000, Timescale::MILLIS);

/// The file; `None` where nothing is selected.
pub(crate) fn fragmented(
    timeline: &Timeline,
    selection: &Selection,
    of_tracks: &Shown,
) -> Option<Plan> {
    let tracks: Option<Vec<(&Track, Slice)>> = selection
        .tracks
        .iter()
        .map(|(index, numbers)| {
            let track = timeline.tracks().get(*index)?;
            Some((track, track.slice(numbers.clone())?))
        })
        .collect();
    let tracks = tracks?;
    let own = selection.tracks.iter();
    let own = own.map(|(index, _)| of_tracks.own(timeline, selection, *index));
    let own: Vec<Selection> = own.collect();
    let configs: Vec<_> = (1..)
        .zip(&tracks)
        .map(|(id, (_, slice))| (id, slice.config.clone()))
        .collect();
    let wall_clock = timeline.wall_clock_at(selection.start);
    let mut plan = Plan::new();
    plan.push(Part::Bytes(init_segment(&configs, wall_clock)));
    let mut from: Vec<u64> = tracks.iter().map(|(_, s)| s.numbers.start).collect();
    let origin = Origin::new(&tracks, &own)?;
    let mut events = events(timeline, selection, &tracks);
    let mut sequence = 0;
    while let Some(to) = next(&tracks, &from) {
        let lanes: Vec<_> = (1..)
            .zip(&tracks)
            .zip(from.iter().zip(&to))
            .zip(&own)
            .filter_map(|(((track_id, (track, _)), (from, to)), own)| {
                let slice = shown(track.slice(*from..*to)?, own);
                let (decode_origin, presentation_origin) = origin.of(&slice);
                Some(Lane {
                    track,
                    slice,
                    track_id,
                    decode_origin,
                    presentation_origin,
                })
            })
            .collect();
        sequence += 1;
        let (led, later) = events.split_at(led(&tracks, &to, events));
        for event in led {
            let time = event.time.minus(origin.presentation());
            plan.push(Part::Bytes(event_message(event, time)));
        }
        events = later;
        if let (1, Some(unix_millis), Some(lane)) = (sequence, wall_clock, lanes.first()) {
            let shown = selection.start.minus(origin.presentation());
            let shown = shown.rescale(lane.slice.config.timescale).ticks;
            let shown = u64::try_from(shown).unwrap_or(0);
            let clock = producer_reference_time(lane.track_id, unix_millis, shown);
            plan.push(Part::Bytes(clock));
        }
        let fragment = FragmentPlan::new(sequence, &lanes)?;
        for part in fragment.plan.parts() {
            plan.push(part.clone());
        }
        from = to;
    }
    Some(plan)
}

/// Samples as they are shown: pictures outside the selection are there for decoding alone.
fn shown(slice: Slice, selection: &Selection) -> Slice {
    let slice = selection.within(slice);
    if !slice.config.format.is_video() {
        return slice;
    }
    let ticks = |time: Timestamp| time.rescale(slice.config.timescale).ticks;
    let wanted = ticks(selection.start)..ticks(selection.end);
    let are_shown = slice
        .timed()
        .map(|(time, sample)| wanted.contains(&(time + i64::from(sample.composition_offset))));
    // What is selected and decoded after all that is shown has no duration.
    let has_hidden = are_shown.skip_while(|shown| *shown).any(|shown| shown);
    match has_hidden {
        true => shown_in_fragment(slice, selection.start, Some(selection.end)),
        false => slice,
    }
}

/// The events of a selection. Those outside all samples belong to the first and last of them.
fn events<'a>(
    timeline: &'a Timeline,
    selection: &Selection,
    tracks: &[(&Track, Slice)],
) -> &'a [TimedEvent] {
    let whole = |edge: fn(&std::ops::Range<u64>) -> u64| {
        let mut tracks = tracks.iter();
        tracks.all(|(track, slice)| edge(&slice.numbers) == edge(&track.numbers()))
    };
    let all = timeline.events();
    let from = if whole(|numbers| numbers.start) {
        0
    } else {
        all.partition_point(|event| event.time < selection.start)
    };
    let to = if whole(|numbers| numbers.end) {
        all.len()
    } else {
        all.partition_point(|event| event.time < selection.end)
    };
    all.get(from..to).unwrap_or_default()
}

/// How many of the events go before the fragment that ends at `to`: those before the next one's
/// first picture, and before the last fragment all.
fn led(tracks: &[(&Track, Slice)], to: &[u64], events: &[TimedEvent]) -> usize {
    let ends = tracks.first().zip(to.first());
    let next = ends.and_then(|((track, slice), to)| {
        let is_last = *to >= slice.numbers.end;
        track.presentation_time(*to).filter(|_| !is_last)
    });
    events.partition_point(|event| next.is_none_or(|next| event.time < next))
}

/// What is taken off all times so that the first decode time is 0 and no picture is presented
/// before it is decoded.
struct Origin {
    decode: Timestamp,
    /// By how much pictures are presented later, and so everything else.
    lead: Timestamp,
}

impl Origin {
    /// Of a selection's tracks with what is shown of each.
    fn new(tracks: &[(&Track, Slice)], own: &[Selection]) -> Option<Self> {
        let at = |slice: &Slice, ticks: i64| Timestamp::new(ticks, slice.config.timescale);
        let mut from: Vec<u64> = tracks.iter().map(|(_, s)| s.numbers.start).collect();
        let mut origin: Option<Self> = None;
        while let Some(to) = next(tracks, &from) {
            let fragment = tracks.iter().zip(from.iter().zip(&to)).zip(own);
            // As they are shown: what is hidden behind the end may be shown before it is decoded.
            let slices = fragment.filter_map(|(((track, _), (from, to)), own)| {
                Some(shown(track.slice(*from..*to)?, own))
            });
            for slice in slices {
                let decode = at(&slice, slice.decode_time);
                let lead = at(&slice, slice.composition_lead());
                origin = Some(match origin {
                    Some(known) => Self {
                        decode: known.decode.min(decode),
                        lead: known.lead.max(lead),
                    },
                    None => Self { decode, lead },
                });
            }
            from = to;
        }
        origin
    }

    /// What is taken off presentation times.
    fn presentation(&self) -> Timestamp {
        self.decode.minus(self.lead)
    }

    fn of(&self, slice: &Slice) -> (i64, i64) {
        let timescale = slice.config.timescale;
        let decode = self.decode.rescale(timescale).ticks;
        let lead = self.lead.rescale(timescale).ticks;
        // Rounding must not make the first decode time negative.
        let decode = decode.min(slice.decode_time);
        if slice.config.format.is_video() {
            (decode, decode - lead)
        } else {
            (decode - lead, decode - lead)
        }
    }
}

/// Where the fragment that begins at `from` ends, for each track; `None` at the end of all.
fn next(tracks: &[(&Track, Slice)], from: &[u64]) -> Option<Vec<u64>> {
    let ends = || tracks.iter().map(|(_, slice)| slice.numbers.end);
    if ends().zip(from).all(|(end, from)| *from >= end) {
        return None;
    }
    let (lead, all) = tracks.first()?;
    let first = *from.first()?;
    // One after another: there may be hours of them behind the fragment's own.
    let mut samples = lead.walk(first..all.numbers.end).zip(first..);
    let Some(((begin, _), _)) = samples.next() else {
        return Some(ends().collect());
    };
    let shortest = SHORTEST.rescale(all.config.timescale).ticks;
    let end = samples
        .find(|((time, sample), _)| sample.keyframe && time - begin >= shortest)
        .and_then(|(_, number)| Some((number, lead.presentation_time(number)?)));
    let Some((end, time)) = end else {
        return Some(ends().collect());
    };
    let others = tracks
        .iter()
        .zip(from)
        .skip(1)
        .map(|((track, slice), from)| {
            let end = track.first_presented_from(time);
            end.clamp(*from, slice.numbers.end.max(*from))
        });
    Some(std::iter::once(end).chain(others).collect())
}
