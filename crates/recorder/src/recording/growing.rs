//! What a recording takes of the tape: part after part, cut into objects.

use livetape_media::{Timescale, Timestamp};
use livetape_tape::Tape;
use livetape_timeline::Timeline;
use livetape_timeline::plan::{
    Cut, FragmentPlan, PATIENCE, configs, init_segment, next_stored_object,
};

use super::Recording;
use crate::input::Now;
use crate::job::{Object, short_hash};
use crate::part::{Moved, Part, first_numbers, lead};

impl Recording {
    /// Finds where the recording begins: the keyframe of what the viewer sees, or a clip's start.
    pub(super) fn begin(&mut self, tape: &mut Tape, playhead: Option<f64>, now: Now) {
        let part = match self.bounds {
            Some((start, _)) => {
                let unix = tape.timeline().wall_clock_at(start).unwrap_or(now.unix);
                Some(Part::at(start, self.elapsed, unix))
            }
            None => self.part_seen(tape.timeline(), playhead, now),
        };
        self.parts.extend(part);
        self.keep_place(tape.timeline());
        let reels = self
            .next
            .iter()
            .filter_map(|(id, n)| tape.timeline().track(*id)?.store_of(*n));
        if let Some(reel) = reels.min() {
            self.hold = Some(tape.hold(reel));
        }
    }

    /// The part that begins with the keyframe of what the viewer sees.
    fn part_seen(&self, timeline: &Timeline, playhead: Option<f64>, now: Now) -> Option<Part> {
        let lead = lead(timeline)?;
        let end = lead.end_time()?;
        let seen = playhead.map(|seconds| Timestamp::from_seconds(seconds, end.timescale));
        let seen = seen.filter(|seen| *seen <= end).unwrap_or(end);
        let from = lead.presentation_time(lead.keyframe_at(seen)?)?;
        // What is seen now was `seen - from` later than the first picture.
        let late = seen.minus(from).rescale(Timescale::MILLIS).ticks;
        Some(Part::at(from, self.elapsed, now.unix - late))
    }

    /// While paused, all that is needed of the tape is the keyframe of what comes next; and where a
    /// part begins, that is where it has to begin.
    pub(super) fn keep_place(&mut self, timeline: &Timeline) {
        let from = match self.parts.last() {
            Some(part) if part.until.is_none() => Some(part.from),
            _ => timeline.common_end(PATIENCE),
        };
        let (Some(lead), Some(from)) = (lead(timeline), from) else {
            return;
        };
        let shown = lead.shown_from(from).unwrap_or(from);
        if let Some(keyframe) = lead.keyframe_at(shown) {
            self.next = first_numbers(timeline, lead, keyframe, shown);
        }
    }

    /// Leaves out what comes from now on: all that is there is taken first.
    pub(crate) fn pause(&mut self, timeline: &Timeline) {
        if std::mem::replace(&mut self.is_paused, true) {
            return;
        }
        let end = self.parts.last().and_then(|part| newest(timeline, part));
        while self.cut(timeline, end) {}
        if let (Some(part), Some(end)) = (self.parts.last_mut(), end) {
            part.until = Some(end.max(part.from));
        }
    }

    /// Goes on with what comes from now on.
    pub(crate) fn resume(&mut self, timeline: &Timeline) {
        if !std::mem::replace(&mut self.is_paused, false) {
            return;
        }
        let newest = timeline.common_end(PATIENCE);
        if let (Some(newest), Some(before)) = (newest, self.parts.last()) {
            let from = before.until.map_or(newest, |until| newest.max(until));
            let passed = from.minus(before.from).rescale(Timescale::MILLIS);
            let unix = before.unix.saturating_add(passed.ticks);
            self.parts.push(Part::at(from, self.elapsed, unix));
            self.keep_place(timeline);
        }
    }

    /// Where in the recording a moment of the tape is, the newest unless told, and that moment. `None`
    /// before the recording has begun.
    pub(crate) fn position(
        &self,
        timeline: &Timeline,
        moment: Option<Timestamp>,
    ) -> Option<(Timestamp, Timestamp)> {
        let moment = moment.or_else(|| timeline.common_end(PATIENCE))?;
        let begun = self.parts.iter().rev();
        let part = begun.clone().find(|part| part.from <= moment);
        let part = part.or(self.parts.first())?;
        Some((part.in_recording(moment), moment))
    }

    /// Cuts all that is complete.
    pub(super) fn cut_all(&mut self, timeline: &Timeline) {
        if self.finish_queued {
            return;
        }
        let end = match (self.bounds, self.parts.last()) {
            (Some((_, end)), _) => Some(end),
            (None, Some(part)) if self.stop.is_some() => newest(timeline, part),
            _ => None,
        };
        while self.cut(timeline, end) {}
    }

    /// Cuts one object, if one is complete: with `stop`, all that is presented before it is.
    fn cut(&mut self, timeline: &Timeline, stop: Option<Timestamp>) -> bool {
        let Some(mut part) = self.parts.last().cloned() else {
            return false;
        };
        if part.moved.is_none() {
            self.keep_place(timeline);
        }
        if stop.is_some_and(|stop| stop <= part.from) {
            return false;
        }
        let Some(cut) = next_stored_object(timeline, &self.next, self.objects_cut, stop) else {
            return false;
        };
        if part.moved.is_none() && !self.place(timeline, &cut, stop, &mut part) {
            return false;
        }
        let lanes = part.lanes(timeline, &self.next, &cut);
        let reels = lanes
            .iter()
            .filter_map(|lane| lane.track.store_of(lane.slice.numbers.start));
        let (Some(reel), Some(fragment)) =
            (reels.min(), FragmentPlan::new(self.objects_cut + 1, &lanes))
        else {
            return false;
        };
        let init = init_segment(&configs(timeline, &self.next, &lanes), None);
        for (id, numbers) in &cut.tracks {
            if let Some(next) = self.next.iter_mut().find(|(own, _)| own == id) {
                next.1 = numbers.end;
            }
        }
        if let Some(first) = lanes.first() {
            let slice = &first.slice;
            let end = slice.decode_time + slice.duration() as i64 - first.decode_origin;
            self.decoded = Timestamp::new(end, slice.config.timescale);
        }
        let shown = fragment.start.minus(self.zero);
        self.bytes_cut += fragment.plan.len();
        self.elapsed = shown.plus(fragment.duration);
        let object = Object {
            sequence: self.objects_cut,
            config: short_hash(&init),
            cut,
            bytes: fragment.plan.len(),
            part: self.parts.len() - 1,
            at: part.from.plus(shown.minus(part.at)),
            unix: part.unix_at(shown),
            reel,
        };
        if let Some(last) = self.parts.last_mut() {
            *last = part;
        }
        self.objects_cut += 1;
        self.upload.queue(object, init);
        true
    }

    /// Finds how the times of a part are moved, by its first object: decoding goes on where it was.
    /// False where nothing of it is shown yet.
    fn place(
        &mut self,
        timeline: &Timeline,
        cut: &Cut,
        stop: Option<Timestamp>,
        part: &mut Part,
    ) -> bool {
        let first = cut.tracks.first();
        let lead = first.and_then(|(id, numbers)| Some((timeline.track(*id)?, numbers)));
        let Some((lead, numbers)) = lead else {
            return false;
        };
        // Exactly where a picture begins: what was asked for may lie between two.
        let shown = lead.shown_from(part.from);
        let shown = shown.filter(|shown| stop.is_none_or(|stop| *shown < stop));
        let (Some(from), Some(slice)) = (shown, lead.slice(numbers.clone())) else {
            return false;
        };
        part.from = from;
        let decode_lead = slice.composition_lead();
        let slice = part.trimmed(slice);
        let moved = Moved::new(&slice, decode_lead, self.decoded);
        let shown = part.from.minus(moved.origin);
        if self.objects_cut == 0 {
            let first = Timestamp::new(slice.presentation_start(), slice.config.timescale);
            self.zero = shown;
            self.pre_roll = part.from.minus(first);
        }
        part.at = shown.minus(self.zero);
        part.moved = Some(moved);
        true
    }
}

/// Where all tracks are complete, or the newest of any where that lies before the part begins.
fn newest(timeline: &Timeline, part: &Part) -> Option<Timestamp> {
    let common = timeline.common_end(PATIENCE);
    let newest = || timeline.span().map(|(_, newest)| newest);
    common.filter(|end| *end > part.from).or_else(newest)
}
