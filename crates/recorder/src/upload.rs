//! Sending what a recording has cut to the edge: in order, a few at once, and again after whatever failure.
//!
//! What waits is kept as numbers of samples, not as plans: hours without a network cost next to
//! nothing. A fragment is planned when it is its turn.

use std::collections::VecDeque;

use livetape_media::{SmallMap, Wording};
use livetape_timeline::StoreId;
use livetape_timeline::plan::FragmentPlan;

use crate::edge_answer::{refusal, text};
use crate::input::{Access, Answer, Now};
use crate::job::{Job, Object, Place};
use crate::json::text_at;
use crate::output::{Event, ExchangeId, FailureCode, Output, RequestId, UploadState};

/// Objects under way at once.
const IN_FLIGHT: usize = 3;
/// Waits between tries at an edge that cannot be reached, in milliseconds; the last repeats.
const BACK_OFF: [u64; 5] = [500, 1_000, 2_000, 5_000, 10_000];
/// Tries at making the recording. What is made is then tried for ever: nothing recorded is lost
/// to a network that is away for a while.
const CREATE_TRIES: usize = 3;

/// The way of one recording to its edge.
#[derive(Debug)]
pub(crate) struct Upload {
    request: RequestId,
    place: Place,
    created: bool,
    jobs: Vec<Job>,
    in_flight: SmallMap<ExchangeId, Job>,
    configs_known: Vec<String>,
    objects_stored: u32,
    bytes_stored: u64,
    failures: usize,
    retry_at: Option<u64>,
    /// Why the last try failed, as long as none has succeeded since.
    why: String,
    pace: Pace,
    told: UploadState,
}

/// What an answer came to.
pub(crate) enum Answered {
    /// The upload goes on.
    Going,
    /// The edge has one object more.
    Stored,
    /// The edge has finished the recording; its answer.
    Finished(String),
    /// It cannot go on.
    Failed(FailureCode, String),
}

impl Upload {
    /// An upload of what `request` asked for. `cap`: bytes a second at most.
    pub(crate) fn new(request: RequestId, edge: &str, access: Access, cap: Option<u64>) -> Self {
        Self {
            request,
            place: Place::at(edge),
            created: false,
            jobs: vec![Job::Create { access }],
            in_flight: SmallMap::new(),
            configs_known: Vec::new(),
            objects_stored: 0,
            bytes_stored: 0,
            failures: 0,
            retry_at: None,
            why: String::new(),
            pace: Pace { cap, free_at: 0 },
            told: UploadState::Creating,
        }
    }

    /// Goes on with one that the edge has made already, and has so many objects and bytes of.
    pub(crate) fn resumed(request: RequestId, place: Place, stored: (u32, u64)) -> Self {
        Self {
            request,
            place,
            created: true,
            jobs: Vec::new(),
            in_flight: SmallMap::new(),
            configs_known: Vec::new(),
            objects_stored: stored.0,
            bytes_stored: stored.1,
            failures: 0,
            retry_at: None,
            why: String::new(),
            pace: Pace {
                cap: None,
                free_at: 0,
            },
            told: UploadState::Creating,
        }
    }

    /// The edge has made the recording.
    pub(crate) const fn is_created(&self) -> bool {
        self.created
    }

    /// Where it is at the edge.
    pub(crate) const fn place(&self) -> &Place {
        &self.place
    }

    /// The objects that the edge has not acknowledged, in their order.
    pub(crate) fn waiting(&self) -> Vec<&Object> {
        let mut waiting: Vec<&Object> = Vec::new();
        for object in self.objects() {
            let at = waiting.partition_point(|other| other.sequence < object.sequence);
            waiting.insert(at, object);
        }
        waiting
    }

    fn objects(&self) -> impl Iterator<Item = &Object> {
        let waiting = self.in_flight.values().chain(&self.jobs);
        waiting.filter_map(|job| match job {
            Job::Object(object) => Some(&**object),
            _ => None,
        })
    }

    /// Objects and bytes that the edge has acknowledged.
    pub(crate) const fn stored(&self) -> (u32, u64) {
        (self.objects_stored, self.bytes_stored)
    }

    /// When it has to be woken, on the steady clock.
    pub(crate) fn wake_at(&self, now: Now) -> Option<u64> {
        let paced = matches!(self.jobs.first(), Some(Job::Object(_))) && self.created;
        let paced = Some(self.pace.free_at).filter(|at| paced && *at > now.steady);
        self.retry_at.or(paced)
    }

    /// Puts an object behind all others, and its init segment before it where that is new.
    pub(crate) fn queue(&mut self, object: Object, init: Vec<u8>) {
        let hash = &object.config;
        let queued = |job: &Job| matches!(job, Job::Config { hash: own, .. } if own == hash);
        let known = self.configs_known.contains(hash)
            || self.jobs.iter().any(queued)
            || self.in_flight.values().any(queued);
        if !known {
            let hash = hash.clone();
            self.jobs.push(Job::Config { hash, bytes: init });
        }
        self.jobs.push(Job::Object(Box::new(object)));
    }

    /// Nothing comes after what is queued: `objects` in all.
    pub(crate) fn finish(&mut self, objects: u32) {
        self.jobs.push(Job::Finish { objects });
    }

    /// There is a network again: no reason to wait for the next try.
    pub(crate) const fn retry_now(&mut self) {
        self.retry_at = None;
    }

    /// Sends jobs in order, as many as may be under way. `plan` gives an object's fragment; one
    /// that is no longer on the tape is left out, which is told.
    pub(crate) fn send(
        &mut self,
        plan: impl Fn(&Object) -> Option<FragmentPlan>,
        now: Now,
        exchanges: &mut u32,
        out: &mut VecDeque<Output>,
    ) {
        let waits = self.retry_at.is_some_and(|at| now.steady < at);
        if !waits {
            self.retry_at = None;
        }
        while !waits && self.in_flight.len() < IN_FLIGHT && self.may_send(now) {
            if self.jobs.is_empty() {
                break;
            }
            let job = self.jobs.remove(0);
            let mut fragment = None;
            if let Job::Object(object) = &job {
                fragment = plan(object);
                let Some(fragment) = &fragment else {
                    out.push_back(Output::Event(lost(object)));
                    continue;
                };
                self.pace.sent(fragment.plan.len(), now);
            }
            let request = self.place.request(&job, fragment.as_ref());
            *exchanges += 1;
            let exchange = ExchangeId(*exchanges);
            out.push_back(Output::Exchange(exchange, request));
            self.in_flight.insert(exchange, job);
        }
        self.tell_state(out);
    }

    /// Whether the first job's turn has come.
    fn may_send(&self, now: Now) -> bool {
        match self.jobs.first() {
            Some(Job::Create { .. }) => true,
            Some(Job::Config { .. }) => self.created,
            Some(Job::Object(object)) => {
                self.created
                    && self.configs_known.contains(&object.config)
                    && self.pace.free_at <= now.steady
            }
            Some(Job::Finish { .. }) => self.created && self.in_flight.is_empty(),
            None => false,
        }
    }

    /// Whether an exchange is this upload's.
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
    ) -> Answered {
        let Some(job) = self.in_flight.remove(&exchange) else {
            return Answered::Going;
        };
        if matches!(answer.status, 408 | 425 | 429 | 500..=599) {
            let why = Wording::of("it answers with status ")
                .decimal(answer.status.into(), 1)
                .done();
            return self.again(job, &why, now);
        }
        if !(200..300).contains(&answer.status) {
            return Answered::Failed(FailureCode::EdgeRefused, refusal(answer));
        }
        self.failures = 0;
        match job {
            Job::Create { access } => return self.created(&access, answer, out),
            Job::Config { hash, .. } => {
                self.configs_known.push(hash);
            }
            Job::Object(object) => {
                self.objects_stored += 1;
                self.bytes_stored += object.bytes;
                return Answered::Stored;
            }
            Job::Finish { .. } => return Answered::Finished(text(answer.body)),
        }
        Answered::Going
    }

    /// An exchange got no answer: it is tried again.
    pub(crate) fn unanswered(&mut self, exchange: ExchangeId, why: &str, now: Now) -> Answered {
        match self.in_flight.remove(&exchange) {
            Some(job) => self.again(job, why, now),
            None => Answered::Going,
        }
    }

    /// Puts a job back where it was and waits before the next try.
    fn again(&mut self, job: Job, why: &str, now: Now) -> Answered {
        if matches!(job, Job::Create { .. }) && self.failures + 1 >= CREATE_TRIES {
            let message = Wording::of("the edge ")
                .words(self.place.edge())
                .words(" cannot be reached: ")
                .words(why)
                .done();
            return Answered::Failed(FailureCode::EdgeUnreachable, message);
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
        let wait = BACK_OFF.get(self.failures).or(BACK_OFF.last());
        self.failures += 1;
        self.retry_at = wait.map(|wait| now.steady + wait);
        why.clone_into(&mut self.why);
        Answered::Going
    }

    fn created(
        &mut self,
        access: &Access,
        answer: &Answer<'_>,
        out: &mut VecDeque<Output>,
    ) -> Answered {
        let body = text(answer.body);
        match access {
            Access::Template(_) => {
                let named = text_at(&body, &["id"]).zip(text_at(&body, &["ingest_token"]));
                let Some((id, token)) = named else {
                    return Answered::Failed(FailureCode::EdgeRefused, NO_RECORDING.to_owned());
                };
                self.place.id = id;
                self.place.token = token;
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
        Answered::Going
    }

    /// Tells the state where it is another than was told last.
    fn tell_state(&mut self, out: &mut VecDeque<Output>) {
        let last = self.jobs.last().or(self.in_flight.values().next());
        let state = if self.failures > 0 {
            UploadState::Waiting
        } else if !self.created {
            UploadState::Creating
        } else if matches!(last, Some(Job::Finish { .. })) {
            UploadState::Finishing
        } else {
            UploadState::Sending
        };
        if state == self.told {
            return;
        }
        self.told = state;
        let why = (state == UploadState::Waiting).then(|| self.why.clone());
        out.push_back(Output::Event(Event::Upload {
            request: self.request,
            state,
            why,
        }));
    }

    /// The reels that its objects still need.
    pub(crate) fn reels(&self) -> impl Iterator<Item = StoreId> {
        self.objects().map(|object| object.reel)
    }
}

/// No more bytes a second than allowed, an object at a time.
#[derive(Debug)]
struct Pace {
    cap: Option<u64>,
    /// When the next object may go, on the steady clock.
    free_at: u64,
}

impl Pace {
    fn sent(&mut self, bytes: u64, now: Now) {
        if let Some(cap) = self.cap {
            let millis = bytes.saturating_mul(1_000).div_ceil(cap.max(1));
            self.free_at = self.free_at.max(now.steady).saturating_add(millis);
        }
    }
}

const NO_RECORDING: &str =
    "the edge answered something else than a recording; is its address right?";

fn lost(object: &Object) -> Event {
    Event::Defect {
        code: "object_lost",
        message: "a stretch of the recording was gone from the tape before it could be sent"
            .to_owned(),
        at: Some(object.at.seconds()),
    }
}
