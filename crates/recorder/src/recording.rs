//! Sending a growing range of the tape to the edge.

mod growing;

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use livetape_container::Chunk;
use livetape_media::{Timescale, Timestamp, TrackId};
use livetape_tape::{Hold, Tape};
use serde::Deserialize;

use crate::input::{Access, Answer, Now};
use crate::job::{Job, Place};
use crate::output::{Event, ExchangeId, FailureCode, Output, RequestId};
use crate::part::Part;

/// Objects under way at once.
const IN_FLIGHT: usize = 3;
/// Waits between tries at an edge that cannot be reached, in milliseconds; the last repeats.
const BACK_OFF: [u64; 5] = [500, 1_000, 2_000, 5_000, 10_000];
/// Tries at making the recording. What is made is then tried for ever: nothing recorded is lost
/// to a network that is away for a while.
const CREATE_TRIES: usize = 3;
/// How long a recording waits for a track that a source buffer promises, in milliseconds.
const TRACK_PATIENCE: u64 = 5_000;

/// One recording, from the moment Record was pressed.
#[derive(Debug)]
pub(crate) struct Recording {
    request: RequestId,
    place: Place,
    created: bool,
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
    jobs: VecDeque<Job>,
    in_flight: BTreeMap<ExchangeId, Job>,
    configs_known: BTreeSet<String>,
    objects_cut: u32,
    objects_stored: u32,
    bytes_cut: u64,
    bytes_stored: u64,
    failures: usize,
    retry_at: Option<u64>,
    hold: Option<Hold>,
    /// Where in the recording decoding goes on, and when its first picture is presented there.
    decoded: Timestamp,
    zero: Timestamp,
    /// Length so far.
    elapsed: Timestamp,
    /// How long pictures last before the first that is to be seen.
    pre_roll: Timestamp,
    finished: bool,
}

#[derive(Deserialize)]
struct Created {
    id: String,
    ingest_token: String,
}

#[derive(Deserialize)]
struct Refused {
    error: RefusedWhy,
}

#[derive(Deserialize)]
struct RefusedWhy {
    code: String,
    message: String,
}

impl Recording {
    pub(crate) fn new(request: RequestId, edge: &str, access: Access, now: Now) -> Self {
        let mut recording = Self {
            request,
            place: Place::at(edge),
            created: false,
            asked: now.steady,
            parts: Vec::new(),
            is_paused: false,
            bounds: None,
            next: Vec::new(),
            stop: None,
            finish_queued: false,
            jobs: VecDeque::new(),
            in_flight: BTreeMap::new(),
            configs_known: BTreeSet::new(),
            objects_cut: 0,
            objects_stored: 0,
            bytes_cut: 0,
            bytes_stored: 0,
            failures: 0,
            retry_at: None,
            hold: None,
            decoded: Timestamp::zero(Timescale::NANOS),
            zero: Timestamp::zero(Timescale::NANOS),
            elapsed: Timestamp::zero(Timescale::NANOS),
            pre_roll: Timestamp::zero(Timescale::NANOS),
            finished: false,
        };
        recording.jobs.push_back(Job::Create { access });
        recording
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
            ..Self::new(request, edge, access, now)
        }
    }

    /// The number it was asked for under.
    pub(crate) const fn request(&self) -> RequestId {
        self.request
    }

    pub(crate) const fn is_stopping(&self) -> bool {
        self.stop.is_some()
    }

    pub(crate) const fn stop(&mut self, request: RequestId) {
        self.stop = Some(request);
    }

    pub(crate) const fn retry_at(&self) -> Option<u64> {
        self.retry_at
    }

    /// Whether nothing more will come of it.
    pub(crate) const fn is_over(&self) -> bool {
        self.finished
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
        if self.parts.is_empty() && (all_there || waited || self.stop.is_some()) {
            self.begin(tape, playhead, now);
        }
        let before = self.bytes_cut;
        if self.is_paused {
            self.keep_place(tape);
        } else {
            self.cut_all(tape);
        }
        if self.stop.is_some() && !self.finish_queued {
            self.finish_queued = true;
            self.jobs.push_back(Job::Finish {
                objects: self.objects_cut,
            });
        }
        if self.bytes_cut != before {
            self.tell_progress(out);
        }
        self.send(now, exchanges, out);
        self.move_hold(tape);
    }

    /// Sends jobs in order, as many as may be under way.
    fn send(&mut self, now: Now, exchanges: &mut u32, out: &mut VecDeque<Output>) {
        if self.retry_at.is_some_and(|at| now.steady < at) {
            return;
        }
        self.retry_at = None;
        while self.in_flight.len() < IN_FLIGHT {
            let may = match self.jobs.front() {
                Some(Job::Create { .. }) => true,
                Some(Job::Config { .. }) => self.created,
                Some(Job::Object(object)) => {
                    self.created && self.configs_known.contains(&object.config)
                }
                Some(Job::Finish { .. }) => self.created && self.in_flight.is_empty(),
                None => false,
            };
            let Some(job) = self.jobs.front().filter(|_| may) else {
                return;
            };
            let request = self.place.request(job);
            *exchanges += 1;
            let exchange = ExchangeId(*exchanges);
            out.push_back(Output::Exchange(exchange, request));
            if let Some(job) = self.jobs.pop_front() {
                self.in_flight.insert(exchange, job);
            }
        }
    }

    /// Whether an exchange is this recording's.
    pub(crate) fn owns(&self, exchange: ExchangeId) -> bool {
        self.in_flight.contains_key(&exchange)
    }

    /// Takes an answer to one of its exchanges.
    pub(crate) fn answered(
        &mut self,
        exchange: ExchangeId,
        answer: &Answer<'_>,
        now: Now,
        out: &mut VecDeque<Output>,
    ) {
        let Some(job) = self.in_flight.remove(&exchange) else {
            return;
        };
        if matches!(answer.status, 408 | 425 | 429 | 500..=599) {
            let why = format!("it answers with status {}", answer.status);
            return self.again(job, &why, now, out);
        }
        if !(200..300).contains(&answer.status) {
            return self.refused(answer, out);
        }
        self.failures = 0;
        match job {
            Job::Create { access } => return self.created(&access, answer, out),
            Job::Config { hash, .. } => {
                self.configs_known.insert(hash);
            }
            Job::Object(object) => {
                self.objects_stored += 1;
                self.bytes_stored += object.fragment.plan.len();
                self.tell_progress(out);
            }
            Job::Finish { .. } => {
                self.finished = true;
                out.push_back(Output::Event(Event::Stopped {
                    request: self.answers(),
                    duration: self.elapsed.seconds(),
                    pre_roll: self.pre_roll.seconds(),
                    bytes: self.bytes_cut,
                    answer: text(answer.body),
                }));
            }
        }
    }

    /// An exchange got no answer: it is tried again.
    pub(crate) fn unanswered(
        &mut self,
        exchange: ExchangeId,
        why: &str,
        now: Now,
        out: &mut VecDeque<Output>,
    ) {
        if let Some(job) = self.in_flight.remove(&exchange) {
            self.again(job, why, now, out);
        }
    }

    /// Puts a job back where it was and waits before the next try.
    fn again(&mut self, job: Job, why: &str, now: Now, out: &mut VecDeque<Output>) {
        if matches!(job, Job::Create { .. }) && self.failures + 1 >= CREATE_TRIES {
            let message = format!("the edge {} cannot be reached: {why}", self.place.edge());
            return self.fail(FailureCode::EdgeUnreachable, message, out);
        }
        let sequence = |job: &Job| match job {
            Job::Create { .. } => 0,
            Job::Config { .. } => 1,
            Job::Object(object) => u64::from(object.sequence) + 2,
            Job::Finish { .. } => u64::MAX,
        };
        let at = self.jobs.partition_point(|other| match (other, &job) {
            (Job::Config { .. }, Job::Object(_)) => false,
            _ => sequence(other) < sequence(&job),
        });
        self.jobs.insert(at, job);
        let wait = BACK_OFF
            .get(self.failures)
            .or(BACK_OFF.last())
            .copied()
            .unwrap_or(10_000);
        self.failures += 1;
        self.retry_at = Some(now.steady + wait);
    }

    fn created(&mut self, access: &Access, answer: &Answer<'_>, out: &mut VecDeque<Output>) {
        let body = text(answer.body);
        match access {
            Access::Template { .. } => {
                let Ok(created) = serde_json::from_str::<Created>(&body) else {
                    return self.fail(
                        FailureCode::EdgeRefused,
                        "the edge answered something else than a recording; is its address right?"
                            .to_owned(),
                        out,
                    );
                };
                self.place.id = created.id;
                self.place.token = created.ingest_token;
            }
            Access::Token { recording, token } => {
                self.place.id.clone_from(recording);
                self.place.token.clone_from(token);
            }
        }
        self.created = true;
        out.push_back(Output::Event(Event::Recording {
            request: self.request,
            id: self.place.id.clone(),
            answer: body,
        }));
    }

    fn refused(&mut self, answer: &Answer<'_>, out: &mut VecDeque<Output>) {
        let message = match serde_json::from_str::<Refused>(&text(answer.body)) {
            Ok(Refused { error }) => {
                format!(
                    "the edge refused ({}, {}): {}",
                    answer.status, error.code, error.message
                )
            }
            Err(_) => format!("the edge refused with status {}", answer.status),
        };
        self.fail(FailureCode::EdgeRefused, message, out)
    }

    /// The number that the end is told under.
    fn answers(&self) -> RequestId {
        self.stop.unwrap_or(self.request)
    }

    /// Ends it where it is.
    pub(crate) fn cancel(&mut self, out: &mut VecDeque<Output>) {
        let message = "it was cancelled; what the edge has got stays there".to_owned();
        self.fail(FailureCode::Cancelled, message, out);
    }

    fn fail(&mut self, code: FailureCode, message: String, out: &mut VecDeque<Output>) {
        self.finished = true;
        let request = Some(self.answers());
        out.push_back(Output::Event(Event::Failed {
            request,
            code,
            message,
        }));
    }

    fn tell_progress(&self, out: &mut VecDeque<Output>) {
        out.push_back(Output::Event(Event::Progress {
            request: self.request,
            elapsed: self.elapsed.seconds(),
            bytes: self.bytes_cut,
            uploaded: self.bytes_stored,
            objects: self.objects_stored,
        }));
    }

    /// Reels whose objects the edge has acknowledged are needed no more.
    fn move_hold(&self, tape: &mut Tape) {
        let Some(hold) = self.hold else { return };
        let waiting = self
            .jobs
            .iter()
            .chain(self.in_flight.values())
            .filter_map(|job| match job {
                Job::Object(object) => Some(object.reel),
                _ => None,
            });
        let unsent = self
            .next
            .iter()
            .filter_map(|(id, n)| tape.timeline().track(*id)?.store_of(*n));
        if let Some(reel) = waiting.chain(unsent).min() {
            tape.advance(hold, reel);
        }
    }
}

/// A body as text; the edge's answers are small.
pub(crate) fn text(body: &dyn Chunk) -> String {
    let mut bytes = vec![0; body.len()];
    body.copy_to(0, &mut bytes);
    String::from_utf8_lossy(&bytes).into_owned()
}
