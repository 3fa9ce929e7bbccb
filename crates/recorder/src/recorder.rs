//! Everything under one roof.

use std::collections::{BTreeMap, VecDeque};

use livetape_tape::{Hold, Tape, Window};

use crate::clip::clip;
use crate::cut::PATIENCE;
use crate::feed::{Ending, Feed, Taken, drain_commands};
use crate::input::{Answer, Input, Now, SourceId};
use crate::output::{Event, ExchangeId, FailureCode, Output, RequestId, TrackInfo};
use crate::pull::Pull;
use crate::recording::{Progressed, Recording};
use crate::wall_clock::Arrival;

/// The client: taps a player or pulls a playlist, keeps the tape, records and clips.
///
/// [`Recorder::handle`] an input, then drain [`Recorder::poll`] until it is `None`.
#[derive(Debug)]
pub struct Recorder {
    tape: Tape,
    sources: BTreeMap<SourceId, Source>,
    pull: Option<Pull>,
    recording: Option<Recording>,
    clips: BTreeMap<RequestId, Hold>,
    playhead: Option<f64>,
    arrival: Arrival,
    exchanges: u32,
    wake_at: Option<u64>,
    out: VecDeque<Output>,
}

#[derive(Debug, Default)]
struct Source {
    mime: String,
    feed: Feed,
    /// `timestampOffset` of the last append.
    offset: f64,
}

impl Recorder {
    /// A recorder with an empty tape that will keep `window`.
    pub fn new(window: Window) -> Self {
        Self {
            tape: Tape::new(window),
            sources: BTreeMap::new(),
            pull: None,
            recording: None,
            clips: BTreeMap::new(),
            playhead: None,
            arrival: Arrival::default(),
            exchanges: 0,
            wake_at: None,
            out: VecDeque::new(),
        }
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
                let source = self.sources.entry(source).or_default();
                source.offset = timestamp_offset;
                let taken = source.feed.push(
                    chunk,
                    timestamp_offset,
                    &mut self.tape,
                    now.steady,
                    &mut self.out,
                );
                if taken.appended {
                    self.arrival.arrived(self.tape.timeline(), now.unix);
                }
                self.taken(&taken);
            }
            Input::Abort { source } => {
                if let Some(source) = self.sources.get_mut(&source) {
                    let offset = source.offset;
                    let taken = source.feed.end(
                        Ending::Cut,
                        offset,
                        &mut self.tape,
                        now.steady,
                        &mut self.out,
                    );
                    self.taken(&taken);
                }
            }
            Input::Playhead { seconds } => self.playhead = Some(seconds),
            Input::Pull { url } => self.pull = Some(Pull::new(url, now)),
            Input::Record {
                request,
                edge,
                access,
                cap,
            } => {
                if self.recording.is_some() {
                    self.fail(request, FailureCode::AlreadyRecording, ALREADY_RECORDING);
                } else {
                    self.recording = Some(Recording::new(request, edge, access, cap, now));
                }
            }
            Input::Stop { request } => {
                self.complete(now);
                match &mut self.recording {
                    Some(recording) if !recording.is_stopping() => recording.stop(request),
                    _ => self.fail(request, FailureCode::NotRecording, NOT_RECORDING),
                }
            }
            Input::Clip { request, range } => {
                self.complete(now);
                self.clip(request, range);
            }
            Input::CloseClip { request } => {
                if let Some(hold) = self.clips.remove(&request) {
                    self.tape.release(hold);
                }
            }
            Input::Answered { exchange, answer } => self.answered(exchange, &answer, now),
            Input::Unanswered { exchange, why } => {
                if let Some(recording) = self.recording.as_mut().filter(|r| r.owns(exchange)) {
                    let progressed = recording.unanswered(exchange, why, now, &mut self.out);
                    self.progressed(&progressed);
                } else if let Some(pull) = self.pull.as_mut().filter(|p| p.owns(exchange)) {
                    pull.unanswered(exchange, why, now, &mut self.out);
                }
            }
            Input::Online => {
                if let Some(recording) = &mut self.recording {
                    recording.retry_now();
                }
            }
            Input::Tick => self.wake_at = None,
        }
        self.advance(now);
    }

    /// The next thing to do or to tell; `None` until more is handled.
    pub fn poll(&mut self) -> Option<Output> {
        self.out.pop_front()
    }

    /// What every input may have made possible.
    fn advance(&mut self, now: Now) {
        if let Some(pull) = &mut self.pull {
            pull.advance(now, &mut self.exchanges, &mut self.out);
        }
        let expected = self.expected();
        if let Some(recording) = &mut self.recording {
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
        drain_commands(&mut self.tape, &mut self.out);
        let due = self.recording.as_ref().and_then(|own| own.wake_at(now));
        let due = due
            .into_iter()
            .chain(self.pull.as_ref().and_then(Pull::wake_at))
            .min();
        if let Some(at) = due.filter(|at| self.wake_at.is_none_or(|set| *at < set)) {
            self.wake_at = Some(at);
            self.out.push_back(Output::WakeAt(at));
        }
    }

    /// What waits for the next bytes of a pulled stream to be complete waits no longer: what is
    /// taken out now must have no hole at its end.
    fn complete(&mut self, now: Now) {
        if let Some(pull) = &mut self.pull {
            let taken = pull.complete(&mut self.tape, now, &mut self.out);
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
        if taken.tracks_changed {
            let tracks = self.tape.timeline().tracks().iter();
            let infos = tracks
                .filter_map(|track| track.config())
                .map(|config| TrackInfo {
                    format: config.format,
                    codec: config.codec.clone(),
                });
            let event = Event::Tracks(infos.collect());
            self.out.push_back(Output::Event(event));
        }
        if taken.protected {
            self.out.push_back(Output::Event(Event::Failed {
                request: None,
                code: FailureCode::Protected,
                message: PROTECTED.to_owned(),
            }));
        }
        let timeline = self.tape.timeline();
        let end = timeline.common_end(PATIENCE);
        if let (true, Some((start, _)), Some(end)) = (taken.appended, timeline.span(), end) {
            let bytes = self.tape.bytes();
            self.out
                .push_back(Output::Event(Event::Window { start, end, bytes }));
        }
    }

    fn clip(&mut self, request: RequestId, range: crate::ClipRange) {
        self.arrival.date(&mut self.tape);
        let made = clip(&mut self.tape, request, range, self.playhead);
        drain_commands(&mut self.tape, &mut self.out);
        match made {
            Ok((ready, hold)) => {
                self.clips.insert(request, hold);
                self.out.push_back(Output::Clip(ready));
            }
            Err((code, message)) => self.fail(request, code, &message),
        }
    }

    fn answered(&mut self, exchange: ExchangeId, answer: &Answer<'_>, now: Now) {
        if let Some(recording) = self.recording.as_mut().filter(|r| r.owns(exchange)) {
            let progressed = recording.answered(exchange, answer, now, &mut self.out);
            self.progressed(&progressed);
        } else if let Some(pull) = self.pull.as_mut().filter(|p| p.owns(exchange)) {
            let taken = pull.answered(exchange, answer, &mut self.tape, now, &mut self.out);
            self.taken(&taken);
        }
    }

    /// A recording that is over lets go of the tape.
    fn progressed(&mut self, progressed: &Progressed) {
        if matches!(progressed, Progressed::Finished | Progressed::Failed)
            && let Some(recording) = self.recording.take()
            && let Some(hold) = recording.hold()
        {
            self.tape.release(hold);
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
const NOT_RECORDING: &str = "there is no recording to stop";
const PROTECTED: &str = "the stream is encrypted (DRM or SAMPLE-AES) and cannot be recorded";
