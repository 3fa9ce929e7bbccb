//! A growing range of the tape, cut into objects that are sent to the edge.

mod growing;
mod note;

use std::collections::VecDeque;

use livetape_media::{Timescale, Timestamp, TrackId};
use livetape_tape::{Hold, Tape};
use livetape_timeline::plan::FragmentPlan;

use crate::feed::drain_commands;
use crate::input::{Access, Answer, Now};
use crate::job::Object;
use crate::output::{Event, ExchangeId, FailureCode, Output, RequestId};
use crate::part::Part;
use crate::upload::{Answered, Upload};
pub use note::Unfinished;

/// How long a recording waits for a track that a source buffer promises, in milliseconds.
const TRACK_PATIENCE: u64 = 5_000;
const CANCELLED: &str = "it was cancelled; what the edge has got stays there";

/// One recording, from the moment Record was pressed.
#[derive(Debug)]
pub(crate) struct Recording {
    request: RequestId,
    upload: Upload,
    /// When Record was pressed, on the steady clock.
    asked: u64,
    /// What was recorded in one go each, pauses between them.
    parts: Vec<Part>,
    is_paused: bool,
    /// The stretch of the tape to record, where it is known from the start: a clip.
    bounds: Option<(Timestamp, Timestamp)>,
    /// The next sample of each track to be cut into an object; the first leads.
    next: Vec<(TrackId, u64)>,
    stop: Option<RequestId>,
    finish_queued: bool,
    objects_cut: u32,
    bytes_cut: u64,
    hold: Option<Hold>,
    /// Where in the recording decoding goes on, and when its first picture is presented there.
    decoded: Timestamp,
    zero: Timestamp,
    /// Length so far.
    elapsed: Timestamp,
    /// How long pictures last before the first that is to be seen.
    pre_roll: Timestamp,
    finished: bool,
    /// How many objects had been cut, and whether it was paused, when the journal was last told.
    noted: Option<(u32, bool)>,
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
            parts: Vec::new(),
            is_paused: false,
            bounds: None,
            next: Vec::new(),
            stop: None,
            finish_queued: false,
            objects_cut: 0,
            bytes_cut: 0,
            hold: None,
            decoded: Timestamp::zero(Timescale::NANOS),
            zero: Timestamp::zero(Timescale::NANOS),
            elapsed: Timestamp::zero(Timescale::NANOS),
            pre_roll: Timestamp::zero(Timescale::NANOS),
            finished: false,
            noted: None,
        }
    }

    /// One of a stretch that is on the tape already: it is finished as soon as it is sent.
    pub(crate) fn of(
        request: RequestId,
        edge: &str,
        access: Access,
        bounds: (Timestamp, Timestamp),
        now: Now,
    ) -> Self {
        Self {
            bounds: Some(bounds),
            stop: Some(request),
            ..Self::new(request, edge, access, None, now)
        }
    }

    /// The number it was asked for under.
    pub(crate) const fn request(&self) -> RequestId {
        self.request
    }

    /// Whether the tape's journal has a note of it.
    pub(crate) const fn is_noted(&self) -> bool {
        self.noted.is_some()
    }

    /// Whether nothing more will come of it.
    pub(crate) const fn is_over(&self) -> bool {
        self.finished
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

    /// How many of a track's samples, by their numbers, it has taken into objects.
    pub(crate) fn taken(&self, id: TrackId) -> u64 {
        let next = self.next.iter().find(|(own, _)| *own == id);
        next.map_or(0, |(_, number)| *number)
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
        if self.parts.is_empty() && (all_there || waited || self.stop.is_some()) {
            self.begin(tape, playhead, now);
        }
        let before = self.bytes_cut;
        if self.is_paused {
            self.keep_place(tape.timeline());
        } else {
            self.cut_all(tape.timeline());
        }
        if self.stop.is_some() && !self.finish_queued {
            self.finish_queued = true;
            self.upload.finish(self.objects_cut);
        }
        if self.bytes_cut != before {
            self.tell_progress(out);
        }
        self.keep_note(tape);
        tape.commit();
        drain_commands(tape, out);
        let (timeline, parts, next) = (tape.timeline(), &self.parts, &self.next);
        let plan = |object: &Object| {
            let lanes = parts.get(object.part)?.lanes(timeline, next, &object.cut);
            FragmentPlan::new(object.sequence + 1, &lanes)
        };
        self.upload.send(plan, now, exchanges, out);
        self.move_hold(tape);
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
    ) {
        let answered = self.upload.answered(exchange, answer, now, out);
        self.progressed(answered, out);
    }

    /// An exchange got no answer.
    pub(crate) fn unanswered(
        &mut self,
        exchange: ExchangeId,
        why: &str,
        now: Now,
        out: &mut VecDeque<Output>,
    ) {
        let answered = self.upload.unanswered(exchange, why, now);
        self.progressed(answered, out);
    }

    /// Ends it where it is.
    pub(crate) fn cancel(&mut self, out: &mut VecDeque<Output>) {
        let cancelled = Answered::Failed(FailureCode::Cancelled, CANCELLED.to_owned());
        self.progressed(cancelled, out);
    }

    fn progressed(&mut self, answered: Answered, out: &mut VecDeque<Output>) {
        let request = self.stop.unwrap_or(self.request);
        let end = match answered {
            Answered::Going => return,
            Answered::Stored => return self.tell_progress(out),
            Answered::Finished(answer) => Event::Stopped {
                request,
                duration: self.elapsed.seconds(),
                pre_roll: self.pre_roll.seconds(),
                bytes: self.bytes_cut,
                answer,
            },
            Answered::Failed(code, message) => Event::Failed {
                request: Some(request),
                code,
                message,
            },
        };
        self.finished = true;
        out.push_back(Output::Event(end));
    }

    fn tell_progress(&self, out: &mut VecDeque<Output>) {
        let (objects, uploaded) = self.upload.stored();
        out.push_back(Output::Event(Event::Progress {
            request: self.request,
            elapsed: self.elapsed.seconds(),
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
