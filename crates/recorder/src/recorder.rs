//! Everything under one roof.

mod taking_out;

use std::collections::VecDeque;

use livetape_media::{SmallMap, Timescale, Timestamp};
use livetape_tape::{Command, Placement, Tape, Window};

use crate::can_pull::CAN_PULL;
use crate::clip::Clips;
use crate::feed::{Ending, Feed, GAP, Taken, VIDEO, drain_commands};
use crate::input::{Answer, Input, Now, SourceId};
use crate::output::{Event, ExchangeId, FailureCode, Output, RequestId, TrackInfo};
use crate::pull::Pull;
use crate::recording::Recording;
use crate::wall_clock::Arrival;
use livetape_timeline::plan::PATIENCE;

/// The client: taps a player or pulls a playlist, keeps the tape, records and clips.
///
/// [`Recorder::handle`] an input, then drain [`Recorder::poll`] until it is `None`.
#[derive(Debug)]
pub struct Recorder {
    tape: Tape,
    sources: SmallMap<SourceId, Source>,
    pull: Option<Pull>,
    recording: Option<Recording>,
    /// Clips on their way to an edge.
    uploads: Vec<Recording>,
    clips: Clips,
    playhead: Option<f64>,
    told_tracks: Vec<TrackInfo>,
    /// Something was encrypted.
    protected: bool,
    arrival: Arrival,
    exchanges: u32,
    wake_at: Option<u64>,
    out: VecDeque<Output>,
    /// What follows from the input is still to be decided.
    due: Option<Now>,
    room: Room,
}

/// What became of what the latest input wanted written.
#[derive(Debug, Default)]
struct Room {
    /// Samples were appended.
    appended: bool,
    /// The storage did not take all of it.
    refused: bool,
    /// It was told that the storage is full, and nothing has been written since.
    full: bool,
    /// It was told that the window is shorter than it should be.
    short: bool,
    /// Bytes that the storage still takes.
    left: Option<u64>,
}

#[derive(Debug)]
struct Source {
    mime: String,
    feed: Feed,
}

impl Default for Source {
    fn default() -> Self {
        Self {
            mime: String::new(),
            feed: Feed::of_source_buffer(),
        }
    }
}

impl Recorder {
    /// A recorder with an empty tape that will keep `window`.
    pub fn new(window: Window) -> Self {
        Self::with(Tape::new(window))
    }

    /// A recorder of a tape that has been recovered: what is on it can be taken out.
    pub fn with(tape: Tape) -> Self {
        Self {
            tape,
            sources: SmallMap::new(),
            pull: None,
            recording: None,
            uploads: Vec::new(),
            clips: Clips::default(),
            playhead: None,
            told_tracks: Vec::new(),
            protected: false,
            arrival: Arrival::default(),
            exchanges: 0,
            wake_at: None,
            out: VecDeque::new(),
            due: None,
            room: Room::default(),
        }
    }

    /// What is on the tape.
    pub const fn tape(&self) -> &Tape {
        &self.tape
    }

    /// Takes one thing that happened.
    pub fn handle(&mut self, input: Input<'_>, now: Now) {
        match input {
            Input::Source { source, mime } => {
                let made = Source {
                    mime: mime.to_owned(),
                    ..Source::default()
                };
                self.sources.insert(source, made);
            }
            Input::Append {
                source,
                chunk,
                timestamp_offset,
            } => {
                let source = self.sources.get_or_default(source);
                let recording = self.recording.as_ref();
                let taken = recording.map_or(0, |recording| recording.taken(VIDEO));
                source.feed.may_replace_from(taken);
                let taken = source.feed.push(
                    chunk,
                    timestamp_offset,
                    &mut self.tape,
                    now.steady,
                    &mut self.out,
                );
                if taken.appended {
                    self.arrival.arrived(&mut self.tape, now.unix);
                }
                self.taken(&taken);
            }
            Input::Set { source, setting } => {
                if let Some(source) = self.sources.get_mut(&source) {
                    source.feed.set(setting);
                }
            }
            Input::ChangeType { source, mime } => {
                if let Some(source) = self.sources.get_mut(&source) {
                    mime.clone_into(&mut source.mime);
                    let (tape, out) = (&mut self.tape, &mut self.out);
                    let taken = source.feed.change_type(tape, now.steady, out);
                    self.taken(&taken);
                }
            }
            Input::Abort { source } => {
                if let Some(source) = self.sources.get_mut(&source) {
                    let (tape, out) = (&mut self.tape, &mut self.out);
                    let taken = source.feed.abort(tape, now.steady, out);
                    self.taken(&taken);
                }
            }
            Input::Joined { source } => {
                if let Some(source) = self.sources.get_mut(&source) {
                    source.feed.join();
                }
            }
            Input::Playhead { seconds } => self.playhead = Some(seconds),
            Input::Pull { url } => self.pull = Pull::begin(url, now),
            Input::Record { request, .. } if self.is_all_protected() => {
                self.fail(request, FailureCode::Protected, PROTECTED);
            }
            Input::Record { .. }
            | Input::Pause { .. }
            | Input::Unpause { .. }
            | Input::Mark { .. }
            | Input::Stop { .. }
            | Input::Cancel { .. } => self.record(input, now),
            Input::Resume { request } => {
                // Only the larger module recovers tapes.
                self.recording =
                    CAN_PULL.and_then(|_| Recording::resumed(request, &mut self.tape, now));
                if self.recording.is_none() {
                    self.fail(request, FailureCode::NotRecording, NOTHING_TO_RESUME);
                }
            }
            Input::Room { bytes } => {
                self.room.left = Some(bytes);
                self.tape.set_room(bytes);
            }
            Input::Clip { .. }
            | Input::Still { .. }
            | Input::Past { .. }
            | Input::Upload { .. } => self.take_out(input, now),
            Input::CloseClip { request } => {
                let kept = self.clips.close(request);
                let delete = |(reel, bytes)| Output::Storage(Command::Delete(reel, bytes));
                kept.map(delete)
                    .for_each(|deleted| self.out.push_back(deleted));
            }
            Input::Answered { exchange, answer } => self.answered(exchange, &answer, now),
            Input::Unanswered { exchange, why } => self.unanswered(exchange, why, now),
            Input::Online => {
                let all = self.recording.iter_mut().chain(&mut self.uploads);
                all.for_each(Recording::retry_now);
            }
            Input::Tick => self.wake_at = None,
        }
        self.due = Some(now);
    }

    /// What is asked of the running recording.
    fn record(&mut self, input: Input<'_>, now: Now) {
        if matches!(
            input,
            Input::Pause { .. } | Input::Unpause { .. } | Input::Stop { .. }
        ) {
            self.complete(now);
        }
        let running = self.recording.as_mut().filter(|r| !r.is_stopping());
        match (input, running) {
            (
                Input::Record {
                    request,
                    edge,
                    access,
                    cap,
                },
                _,
            ) => {
                if self.recording.is_some() {
                    self.fail(request, FailureCode::AlreadyRecording, ALREADY_RECORDING);
                } else {
                    self.recording = Some(Recording::new(request, edge, access, cap, now));
                }
            }
            (Input::Pause { request }, Some(recording)) => {
                recording.pause(self.tape.timeline());
                self.tell_moment(request, None);
            }
            (Input::Unpause { request }, Some(recording)) => {
                recording.resume(self.tape.timeline());
                self.tell_moment(request, None);
            }
            (Input::Mark { request }, Some(_)) => {
                let seen = self.playhead.filter(|_| self.pull.is_none());
                let seen = seen.map(|seconds| Timestamp::from_seconds(seconds, Timescale::NANOS));
                self.tell_moment(request, seen);
            }
            (Input::Stop { request }, Some(recording)) => recording.stop(request),
            (Input::Cancel { request }, _) => self.cancel(request),
            (
                Input::Pause { request }
                | Input::Unpause { request }
                | Input::Mark { request }
                | Input::Stop { request },
                None,
            ) => self.fail(request, FailureCode::NotRecording, NOT_RECORDING),
            _ => {}
        }
    }

    /// Tells where in the recording a moment of the tape is, the newest unless told.
    fn tell_moment(&mut self, request: RequestId, moment: Option<Timestamp>) {
        let position = self.recording.as_ref();
        let position =
            position.and_then(|recording| recording.position(self.tape.timeline(), moment));
        let zero = Timestamp::zero(Timescale::NANOS);
        let (at, time) = position.unwrap_or((zero, moment.unwrap_or(zero)));
        let at = at.seconds();
        let event = Event::Moment { request, at, time };
        self.out.push_back(Output::Event(event));
    }

    fn cancel(&mut self, request: RequestId) {
        let all = self.recording.iter_mut().chain(&mut self.uploads);
        for recording in all.filter(|recording| recording.request() == request) {
            recording.cancel(&mut self.out);
        }
        self.let_go();
    }

    /// The next thing to do or to tell; `None` until more is handled. Each is to be carried out
    /// before the next is asked for: what follows from bytes is decided when they are written.
    pub fn poll(&mut self) -> Option<Output> {
        loop {
            if self.out.is_empty()
                && let Some(now) = self.due.take()
            {
                self.advance(now);
            }
            match self.out.pop_front()? {
                Output::Storage(Command::Delete(reel, bytes)) if self.clips.keep(reel, bytes) => {}
                output => return Some(output),
            }
        }
    }

    /// Makes room: gives up the oldest reel that nothing holds. To be carried out at once; `None`
    /// where there is none.
    pub fn make_room(&mut self) -> Option<Command> {
        // Whatever was said before.
        self.tape.set_room(0);
        // What clips need is only forgotten where something behind it makes room.
        if self.tape.evictable().all(|reel| self.clips.need(reel)) {
            return None;
        }
        let mut given_up = self.tape.evict();
        while let Some(Command::Delete(reel, bytes)) = given_up
            && self.clips.keep(reel, bytes)
        {
            given_up = self.tape.evict();
        }
        if given_up.is_some() && !std::mem::replace(&mut self.room.short, true) {
            self.notice("storage_short", STORAGE_SHORT);
        }
        given_up
    }

    /// The storage has taken so many bytes there; their sum goes to the journal.
    pub fn written(&mut self, at: Placement, len: u64, sum: u32) {
        self.tape.written(at, len, sum);
    }

    /// The storage has not taken what was to be written there: neither that nor what was to be
    /// written after it is on the tape.
    pub fn not_written(&mut self, at: Placement) {
        let feeds = self.sources.values_mut().map(|source| &mut source.feed);
        let pulled = self.pull.iter_mut().flat_map(Pull::feeds);
        feeds.chain(pulled).for_each(|feed| feed.not_written(at));
        let stands = |output: &Output| match output {
            Output::WriteChunk(_) | Output::WriteBytes(..) => false,
            // Before what is not there.
            Output::Event(Event::Defect { code, .. }) => *code != GAP,
            _ => true,
        };
        for _ in 0..self.out.len() {
            let output = self.out.pop_front().filter(stands);
            output
                .into_iter()
                .for_each(|output| self.out.push_back(output));
        }
        self.tape.not_written(at);
        if !std::mem::replace(&mut self.room.refused, true) && !self.room.full {
            self.room.full = true;
            self.notice("storage_full", STORAGE_FULL);
        }
    }

    fn notice(&mut self, code: &'static str, message: &str) {
        let event = Event::Defect {
            code,
            message: message.to_owned(),
            at: None,
        };
        self.out.push_back(Output::Event(event));
    }

    /// What every input may have made possible.
    fn advance(&mut self, now: Now) {
        if let Some(pull) = &mut self.pull {
            pull.advance(now, &mut self.exchanges, &mut self.out);
        }
        let expected = self.expected();
        for recording in self.recording.iter_mut().chain(&mut self.uploads) {
            recording.advance(
                &mut self.tape,
                self.playhead.filter(|_| self.pull.is_none()),
                expected,
                now,
                &mut self.exchanges,
                &mut self.out,
            );
        }
        self.tape.slide();
        self.tape.commit();
        drain_commands(&mut self.tape, &mut self.out);
        self.tell_window();
        let all = self.recording.iter().chain(&self.uploads);
        let mut due = all.filter_map(|own| own.wake_at(now)).min();
        if let Some(pull) = &self.pull {
            due = due.into_iter().chain(pull.wake_at()).min();
        }
        if let Some(at) = due.filter(|at| self.wake_at.is_none_or(|set| *at < set)) {
            self.wake_at = Some(at);
            self.out.push_back(Output::WakeAt(at));
        }
    }

    /// What waits for the next bytes of a pulled stream to be complete waits no longer: what is
    /// taken out now must have no hole at its end.
    fn complete(&mut self, now: Now) {
        if let Some(pull) = &mut self.pull {
            let taken = pull.end(Ending::Pending, &mut self.tape, now, &mut self.out);
            self.taken(&taken);
        }
    }

    /// How many tracks the player's source buffers, or the pulled playlists, promise.
    fn expected(&self) -> usize {
        if let Some(pull) = &self.pull {
            return pull.expected();
        }
        let kind = |prefix: &str| self.sources.values().any(|s| s.mime.starts_with(prefix));
        usize::from(kind("video/")) + usize::from(kind("audio/"))
    }

    fn taken(&mut self, taken: &Taken) {
        if taken.tracks_changed || taken.appended {
            self.tell_tracks();
        }
        self.protected |= taken.protected;
        if taken.protected {
            self.out.push_back(Output::Event(Event::Failed {
                request: None,
                code: FailureCode::Protected,
                message: PROTECTED.to_owned(),
            }));
        }
        self.room.appended |= taken.appended;
    }

    /// Tells how far the tape has come, where it has.
    fn tell_window(&mut self) {
        let Room {
            appended, refused, ..
        } = self.room;
        (self.room.appended, self.room.refused) = (false, false);
        if !appended || refused {
            return;
        }
        self.room.full = false;
        let timeline = self.tape.timeline();
        if let (Some((start, _)), Some(end)) = (timeline.span(), timeline.common_end(PATIENCE)) {
            let (bytes, held) = (self.tape.bytes(), self.clips.kept_bytes());
            let rate = bytes as f64 / end.minus(start).seconds();
            let left = self.room.left.filter(|_| rate.is_normal() && rate > 0.0);
            self.out.push_back(Output::Event(Event::Window {
                start,
                end,
                bytes: bytes + held,
                held,
                forecast: left.map(|left| left as f64 / rate),
            }));
        }
    }

    /// Whether there is nothing to take out because the stream is encrypted.
    fn is_all_protected(&self) -> bool {
        self.protected && self.tape.timeline().tracks().is_empty()
    }

    /// Tells what is on the tape, where that has changed.
    fn tell_tracks(&mut self) {
        let infos = TrackInfo::of(self.tape.timeline());
        if infos != self.told_tracks {
            self.told_tracks.clone_from(&infos);
            self.out.push_back(Output::Event(Event::Tracks(infos)));
        }
    }

    /// The recording or upload that asked for an exchange.
    fn asker(&mut self, exchange: ExchangeId) -> Option<&mut Recording> {
        let mut all = self.recording.iter_mut().chain(&mut self.uploads);
        all.find(|recording| recording.owns(exchange))
    }

    fn answered(&mut self, exchange: ExchangeId, answer: &Answer<'_>, now: Now) {
        let mut out = std::mem::take(&mut self.out);
        if let Some(recording) = self.asker(exchange) {
            recording.answered(exchange, answer, now, &mut out);
        } else if let Some(pull) = &mut self.pull
            && pull.owns(exchange)
        {
            let taken = pull.answered(exchange, answer, &mut self.tape, now, &mut out);
            self.out = out;
            return self.taken(&taken);
        }
        self.out = out;
        self.let_go();
    }

    fn unanswered(&mut self, exchange: ExchangeId, why: &str, now: Now) {
        let mut out = std::mem::take(&mut self.out);
        if let Some(recording) = self.asker(exchange) {
            recording.unanswered(exchange, why, now, &mut out);
        } else if let Some(pull) = &mut self.pull
            && pull.owns(exchange)
        {
            pull.unanswered(exchange, why, now, &mut out);
        }
        self.out = out;
        self.let_go();
    }

    /// Recordings that are over let go of the tape.
    fn let_go(&mut self) {
        let over = self.recording.take_if(|recording| recording.is_over());
        let over = over.into_iter();
        let over = over.chain(self.uploads.extract_if(.., |upload| upload.is_over()));
        for recording in over {
            if let Some(hold) = recording.hold() {
                self.tape.release(hold);
            }
            if recording.is_noted() {
                self.tape.set_note(Vec::new());
            }
        }
    }

    fn fail(&mut self, request: RequestId, code: FailureCode, message: &str) {
        let message = message.to_owned();
        let event = Event::Failed {
            request: Some(request),
            code,
            message,
        };
        self.out.push_back(Output::Event(event));
    }
}

const ALREADY_RECORDING: &str = "this tape is already recording; stop that recording first";
const NOT_RECORDING: &str = "there is no recording running";
const NOTHING_TO_RESUME: &str =
    "no recording was running when this tape was left, or too much of it is missing to go on";
const STORAGE_SHORT: &str = "there is no room for the whole window: the oldest of it is given up";
const STORAGE_FULL: &str = "there is no room for more, and all that is stored is in use: what comes \
                            now is not recorded; close clips, or free space";
const PROTECTED: &str = "the stream is encrypted (DRM or SAMPLE-AES) and cannot be recorded";
