//! Sending a growing range of the tape to the edge.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::Arc;

use livetape_container::Chunk;
use livetape_media::{Timestamp, TrackConfig, TrackId};
use livetape_tape::{Hold, Tape};
use livetape_timeline::plan::{FragmentPlan, Lane, init_segment};
use livetape_timeline::{Slice, StoreId};
use serde::Deserialize;

use crate::cut::{PATIENCE, next_object};
use crate::input::{Access, Answer, Now};
use crate::job::{Job, Object, Place, short_hash};
use crate::output::{Event, ExchangeId, FailureCode, Output, RequestId};

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
    start: Option<Start>,
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

/// What an answer came to, beyond the recording itself.
pub(crate) enum Progressed {
    Going,
    Finished,
    Failed,
}

impl Recording {
    pub(crate) fn new(request: RequestId, edge: &str, access: Access, now: Now) -> Self {
        let mut recording = Self {
            request,
            place: Place::at(edge),
            created: false,
            asked: now.steady,
            start: None,
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
            elapsed: 0.0,
            finished: false,
        };
        recording.jobs.push_back(Job::Create { access });
        recording
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
        if self.start.is_none() && (all_there || waited || self.stop.is_some()) {
            self.begin(tape, playhead, now);
        }
        let before = self.bytes_cut;
        while self.cut(tape) {}
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
    fn cut(&mut self, tape: &Tape) -> bool {
        let Some(start) = self.start.clone() else {
            return false;
        };
        if self.finish_queued {
            return false;
        }
        let timeline = tape.timeline();
        let stop = self.stop.and_then(|_| {
            let common = timeline.common_end(PATIENCE);
            let has_some = |end: &Timestamp| *end > start.presentation;
            let newest = || timeline.span().map(|(_, newest)| newest);
            common.filter(has_some).or_else(newest)
        });
        let Some(cut) = next_object(timeline, &self.next, stop) else {
            return false;
        };
        let mut lanes = Vec::new();
        let mut configs: Vec<(u32, Arc<TrackConfig>)> = Vec::new();
        for (id, _) in &self.next {
            let Some(track) = timeline.track(*id) else {
                continue;
            };
            let numbers = cut
                .tracks
                .iter()
                .find(|(own, _)| own == id)
                .map(|cut| cut.1.clone());
            let slice: Option<Slice> = numbers.and_then(|numbers| track.slice(numbers));
            let config = slice
                .as_ref()
                .map(|slice| &slice.config)
                .or_else(|| track.config());
            let Some(config) = config else { continue };
            let timescale = config.timescale;
            configs.push((id.0, Arc::clone(config)));
            let Some(slice) = slice else { continue };
            let origin = start.origin.rescale(timescale).ticks;
            let leads = self.next.first().is_some_and(|(lead, _)| lead == id);
            let decode_lead = if leads { start.decode_lead } else { 0 };
            lanes.push(Lane {
                track,
                track_id: id.0,
                decode_origin: origin + decode_lead,
                presentation_origin: origin,
                slice,
            });
        }
        let reel = lanes
            .iter()
            .filter_map(|lane| lane.track.store_of(lane.slice.numbers.start));
        let (Some(reel), Some(fragment)) =
            (reel.min(), FragmentPlan::new(self.objects_cut + 1, &lanes))
        else {
            return false;
        };
        for (id, numbers) in &cut.tracks {
            if let Some(next) = self.next.iter_mut().find(|(own, _)| own == id) {
                next.1 = numbers.end;
            }
        }
        self.queue(&configs, fragment, reel, &start);
        true
    }

    fn queue(
        &mut self,
        configs: &[(u32, Arc<TrackConfig>)],
        fragment: FragmentPlan,
        reel: StoreId,
        start: &Start,
    ) {
        let bytes = init_segment(configs, None);
        let hash = short_hash(&bytes);
        let queued = |job: &Job| matches!(job, Job::Config { hash: own, .. } if *own == hash);
        let known = self.configs_known.contains(&hash)
            || self.jobs.iter().any(queued)
            || self.in_flight.values().any(queued);
        if !known {
            self.jobs.push_back(Job::Config {
                hash: hash.clone(),
                bytes,
            });
        }
        let since = fragment.start.minus(start.presentation.minus(start.origin));
        let millis = since.rescale(livetape_media::Timescale::MILLIS).ticks;
        self.bytes_cut += fragment.plan.len();
        self.elapsed = since.seconds() + fragment.duration.seconds();
        let sequence = self.objects_cut;
        self.objects_cut += 1;
        let unix = start.unix + millis;
        let object = Object {
            sequence,
            config: hash,
            fragment,
            unix,
            reel,
        };
        self.jobs.push_back(Job::Object(Box::new(object)));
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
    ) -> Progressed {
        let Some(job) = self.in_flight.remove(&exchange) else {
            return Progressed::Going;
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
                if let Some(request) = self.stop {
                    out.push_back(Output::Event(Event::Stopped {
                        request,
                        duration: self.elapsed,
                        bytes: self.bytes_cut,
                        answer: text(answer.body),
                    }));
                }
                return Progressed::Finished;
            }
        }
        Progressed::Going
    }

    /// An exchange got no answer: it is tried again.
    pub(crate) fn unanswered(
        &mut self,
        exchange: ExchangeId,
        why: &str,
        now: Now,
        out: &mut VecDeque<Output>,
    ) -> Progressed {
        match self.in_flight.remove(&exchange) {
            Some(job) => self.again(job, why, now, out),
            None => Progressed::Going,
        }
    }

    /// Puts a job back where it was and waits before the next try.
    fn again(&mut self, job: Job, why: &str, now: Now, out: &mut VecDeque<Output>) -> Progressed {
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
        Progressed::Going
    }

    fn created(
        &mut self,
        access: &Access,
        answer: &Answer<'_>,
        out: &mut VecDeque<Output>,
    ) -> Progressed {
        let body = text(answer.body);
        match access {
            Access::Template(_) => {
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
        Progressed::Going
    }

    fn refused(&mut self, answer: &Answer<'_>, out: &mut VecDeque<Output>) -> Progressed {
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

    fn fail(
        &mut self,
        code: FailureCode,
        message: String,
        out: &mut VecDeque<Output>,
    ) -> Progressed {
        self.finished = true;
        let request = Some(self.stop.unwrap_or(self.request));
        out.push_back(Output::Event(Event::Failed {
            request,
            code,
            message,
        }));
        Progressed::Failed
    }

    fn tell_progress(&self, out: &mut VecDeque<Output>) {
        out.push_back(Output::Event(Event::Progress {
            elapsed: self.elapsed,
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
