//! A growing range of the tape, cut into objects that are sent to the edge.

use std::collections::VecDeque;
use std::sync::Arc;

use livetape_media::{Timestamp, TrackConfig, TrackId};
use livetape_tape::{Hold, Tape};
use livetape_timeline::Timeline;
use livetape_timeline::plan::{FragmentPlan, Lane, init_segment};

use crate::cut::{Cut, PATIENCE, next_object};
use crate::input::{Access, Answer, Now};
use crate::job::{Object, short_hash};
use crate::output::{Event, ExchangeId, Output, RequestId};
use crate::upload::{Answered, Upload};

/// How long a recording waits for a track that a source buffer promises, in milliseconds.
const TRACK_PATIENCE: u64 = 5_000;

/// One recording, from the moment Record was pressed.
#[derive(Debug)]
pub(crate) struct Recording {
    request: RequestId,
    upload: Upload,
    /// When Record was pressed, on the steady clock.
    asked: u64,
    start: Option<Start>,
    /// The next sample of each track to be cut into an object; the first leads.
    next: Vec<(TrackId, u64)>,
    stop: Option<RequestId>,
    finish_queued: bool,
    objects_cut: u32,
    bytes_cut: u64,
    hold: Option<Hold>,
    /// Length so far, in seconds.
    elapsed: f64,
    finished: bool,
}

/// Where on the tape the recording begins.
#[derive(Debug, Clone)]
struct Start {
    /// Presentation time, on the tape, of the first picture.
    presentation: Timestamp,
    /// What becomes 0: the first picture's decode time.
    origin: Timestamp,
    /// How much later than `origin` the lead track decodes at 0. Not zero where the stream has
    /// negative composition offsets, which not every player reads alike: they are lifted.
    decode_lead: i64,
    /// Unix milliseconds of that moment.
    unix: i64,
}

/// What an answer came to, beyond the recording itself.
pub(crate) enum Progressed {
    Going,
    Finished,
    Failed,
}

impl Recording {
    /// A recording that `request` asked for. `cap`: bytes a second that are sent at most.
    pub(crate) fn new(
        request: RequestId,
        edge: &str,
        access: Access,
        cap: Option<u64>,
        now: Now,
    ) -> Self {
        Self {
            request,
            upload: Upload::new(request, edge, access, cap),
            asked: now.steady,
            start: None,
            next: Vec::new(),
            stop: None,
            finish_queued: false,
            objects_cut: 0,
            bytes_cut: 0,
            hold: None,
            elapsed: 0.0,
            finished: false,
        }
    }

    pub(crate) const fn is_stopping(&self) -> bool {
        self.stop.is_some()
    }

    pub(crate) const fn stop(&mut self, request: RequestId) {
        self.stop = Some(request);
    }

    /// When it has to be woken, on the steady clock.
    pub(crate) fn wake_at(&self, now: Now) -> Option<u64> {
        self.upload.wake_at(now)
    }

    /// There is a network again.
    pub(crate) const fn retry_now(&mut self) {
        self.upload.retry_now();
    }

    /// The hold that must be released when the recording is over.
    pub(crate) const fn hold(&self) -> Option<Hold> {
        self.hold
    }

    /// Cuts what is complete and sends what may be sent. To be called after every input.
    pub(crate) fn advance(
        &mut self,
        tape: &mut Tape,
        playhead: Option<f64>,
        expected: usize,
        now: Now,
        exchanges: &mut u32,
        out: &mut VecDeque<Output>,
    ) {
        if self.finished {
            return;
        }
        let all_there = tape.timeline().tracks().len() >= expected;
        let waited = now.steady.saturating_sub(self.asked) >= TRACK_PATIENCE;
        if self.start.is_none() && (all_there || waited || self.stop.is_some()) {
            self.begin(tape, playhead, now);
        }
        let before = self.bytes_cut;
        while self.cut(tape.timeline()) {}
        if self.stop.is_some() && !self.finish_queued {
            self.finish_queued = true;
            self.upload.finish(self.objects_cut);
        }
        if self.bytes_cut != before {
            self.tell_progress(out);
        }
        let (timeline, start, next) = (tape.timeline(), self.start.as_ref(), &self.next);
        let plan = |object: &Object| {
            let lanes = lanes(timeline, start?, next, &object.cut);
            FragmentPlan::new(object.sequence + 1, &lanes)
        };
        self.upload.send(plan, now, exchanges, out);
        self.move_hold(tape);
    }

    /// Finds where the recording begins: the keyframe of what the viewer sees.
    fn begin(&mut self, tape: &mut Tape, playhead: Option<f64>, now: Now) {
        let timeline = tape.timeline();
        let Some(lead) = timeline.video().or_else(|| timeline.audio()) else {
            return;
        };
        let Some(end) = lead.end_time() else { return };
        let seen = playhead.map(|seconds| Timestamp::from_seconds(seconds, end.timescale));
        let seen = seen.filter(|seen| *seen <= end).unwrap_or(end);
        let Some(first) = lead.keyframe_at(seen) else {
            return;
        };
        let Some(presentation) = lead.presentation_time(first) else {
            return;
        };
        let gop_end = lead.keyframe_from(first + 1).unwrap_or(lead.numbers().end);
        let Some(gop) = lead.slice(first..gop_end) else {
            return;
        };
        let decode_lead = gop.composition_lead();
        let origin = Timestamp::new(gop.decode_time - decode_lead, end.timescale);
        let lead_id = lead.id();
        for track in timeline.tracks() {
            let number = match track.id() == lead_id {
                true => first,
                false => track.first_presented_from(presentation),
            };
            self.next.push((track.id(), number));
        }
        // What is seen now was `seen - presentation` later than the first picture.
        let late = seen
            .minus(presentation)
            .rescale(livetape_media::Timescale::MILLIS)
            .ticks;
        self.start = Some(Start {
            presentation,
            unix: now.unix - late,
            origin,
            decode_lead,
        });
        let reel = self
            .next
            .iter()
            .filter_map(|(id, n)| tape.timeline().track(*id)?.store_of(*n));
        if let Some(reel) = reel.min() {
            self.hold = Some(tape.hold(reel));
        }
    }

    /// Cuts one object, if one is complete.
    fn cut(&mut self, timeline: &Timeline) -> bool {
        let Some(start) = self.start.clone() else {
            return false;
        };
        if self.finish_queued {
            return false;
        }
        let stop = self.stop.and_then(|_| {
            let common = timeline.common_end(PATIENCE);
            let has_some = |end: &Timestamp| *end > start.presentation;
            let newest = || timeline.span().map(|(_, newest)| newest);
            common.filter(has_some).or_else(newest)
        });
        let Some(cut) = next_object(timeline, &self.next, stop) else {
            return false;
        };
        let lanes = lanes(timeline, &start, &self.next, &cut);
        let reel = lanes
            .iter()
            .filter_map(|lane| lane.track.store_of(lane.slice.numbers.start));
        let (Some(reel), Some(fragment)) =
            (reel.min(), FragmentPlan::new(self.objects_cut + 1, &lanes))
        else {
            return false;
        };
        let init = init_segment(&configs(timeline, &self.next, &lanes), None);
        for (id, numbers) in &cut.tracks {
            if let Some(next) = self.next.iter_mut().find(|(own, _)| own == id) {
                next.1 = numbers.end;
            }
        }
        let since = fragment.start.minus(start.presentation.minus(start.origin));
        let millis = since.rescale(livetape_media::Timescale::MILLIS).ticks;
        self.bytes_cut += fragment.plan.len();
        self.elapsed = since.seconds() + fragment.duration.seconds();
        let object = Object {
            sequence: self.objects_cut,
            config: short_hash(&init),
            cut,
            bytes: fragment.plan.len(),
            at: start.origin.plus(fragment.start),
            unix: start.unix + millis,
            reel,
        };
        self.objects_cut += 1;
        self.upload.queue(object, init);
        true
    }

    /// Whether an exchange is this recording's.
    pub(crate) fn owns(&self, exchange: ExchangeId) -> bool {
        self.upload.owns(exchange)
    }

    /// Takes an answer to one of its exchanges.
    pub(crate) fn answered(
        &mut self,
        exchange: ExchangeId,
        answer: &Answer<'_>,
        now: Now,
        out: &mut VecDeque<Output>,
    ) -> Progressed {
        let answered = self.upload.answered(exchange, answer, now, out);
        self.progressed(answered, out)
    }

    /// An exchange got no answer.
    pub(crate) fn unanswered(
        &mut self,
        exchange: ExchangeId,
        why: &str,
        now: Now,
        out: &mut VecDeque<Output>,
    ) -> Progressed {
        let answered = self.upload.unanswered(exchange, why, now);
        self.progressed(answered, out)
    }

    fn progressed(&mut self, answered: Answered, out: &mut VecDeque<Output>) -> Progressed {
        let (event, progressed) = match answered {
            Answered::Going => return Progressed::Going,
            Answered::Stored => {
                self.tell_progress(out);
                return Progressed::Going;
            }
            Answered::Finished(answer) => {
                let stopped = self.stop.map(|request| Event::Stopped {
                    request,
                    duration: self.elapsed,
                    bytes: self.bytes_cut,
                    answer,
                });
                (stopped, Progressed::Finished)
            }
            Answered::Failed(code, message) => {
                let request = Some(self.stop.unwrap_or(self.request));
                let failed = Event::Failed {
                    request,
                    code,
                    message,
                };
                (Some(failed), Progressed::Failed)
            }
        };
        self.finished = true;
        out.extend(event.map(Output::Event));
        progressed
    }

    fn tell_progress(&self, out: &mut VecDeque<Output>) {
        let (objects, uploaded) = self.upload.stored();
        out.push_back(Output::Event(Event::Progress {
            elapsed: self.elapsed,
            bytes: self.bytes_cut,
            uploaded,
            objects,
        }));
    }

    /// Reels whose objects the edge has acknowledged are needed no more.
    fn move_hold(&self, tape: &mut Tape) {
        let Some(hold) = self.hold else { return };
        let unsent = self
            .next
            .iter()
            .filter_map(|(id, n)| tape.timeline().track(*id)?.store_of(*n));
        if let Some(reel) = self.upload.reels().chain(unsent).min() {
            tape.advance(hold, reel);
        }
    }
}

/// The samples of an object, track by track; `next` has the order of the tracks, of which the
/// first leads.
fn lanes<'a>(
    timeline: &'a Timeline,
    start: &Start,
    next: &[(TrackId, u64)],
    cut: &Cut,
) -> Vec<Lane<'a>> {
    let lane = |(index, (id, _)): (usize, &(TrackId, u64))| {
        let track = timeline.track(*id)?;
        let (_, numbers) = cut.tracks.iter().find(|(own, _)| own == id)?;
        let slice = track.slice(numbers.clone())?;
        let origin = start.origin.rescale(slice.config.timescale).ticks;
        let decode_lead = if index == 0 { start.decode_lead } else { 0 };
        Some(Lane {
            track,
            track_id: id.0,
            decode_origin: origin + decode_lead,
            presentation_origin: origin,
            slice,
        })
    };
    next.iter().enumerate().filter_map(lane).collect()
}

/// The configuration of each track: that of its samples in the object, else its present one.
fn configs(
    timeline: &Timeline,
    next: &[(TrackId, u64)],
    lanes: &[Lane<'_>],
) -> Vec<(u32, Arc<TrackConfig>)> {
    let config = |(id, _): &(TrackId, u64)| {
        let lane = lanes.iter().find(|lane| lane.track_id == id.0);
        let config = lane.map(|lane| &lane.slice.config);
        let config = config.or_else(|| timeline.track(*id)?.config())?;
        Some((id.0, Arc::clone(config)))
    };
    next.iter().filter_map(config).collect()
}
