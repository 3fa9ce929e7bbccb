//! What a recorder wants done, and what it has to tell.

use std::sync::Arc;

use livetape_media::{Timestamp, TrackConfig, TrackId};
use livetape_tape::{Command, Placement};
use livetape_timeline::{Plan, Timeline};

/// The caller's number for an operation it asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct RequestId(pub u32);

/// The recorder's number for an HTTP exchange it wants.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ExchangeId(pub u32);

/// One thing to do or to tell, in order.
#[derive(Debug)]
pub enum Output {
    /// Do this to the reels.
    Storage(Command),
    /// Write the whole chunk of the input being handled.
    WriteChunk(Placement),
    /// Write these bytes.
    WriteBytes(Placement, Vec<u8>),
    /// Send this request; answer with `Answered` or `Unanswered`.
    Exchange(ExchangeId, Request),
    /// A clip is ready; all its reels are closed.
    Clip(ClipReady),
    /// A picture is ready to be decoded.
    Still(StillReady),
    /// A fragment is ready to be played; its reel may be open.
    Past(PastReady),
    /// Tell whoever listens.
    Event(Event),
    /// Give `Input::Tick` when the steady clock reads this many milliseconds. Replaces what was
    /// asked for before.
    WakeAt(u64),
}

impl Output {
    /// What is to be read from the reels, for this to be carried out.
    pub const fn plan(&self) -> Option<&Plan> {
        match self {
            Self::Exchange(
                _,
                Request {
                    body: Body::Plan(plan),
                    ..
                },
            ) => Some(plan),
            Self::Still(ready) => Some(&ready.plan),
            Self::Past(ready) => Some(&ready.plan),
            _ => None,
        }
    }
}

/// An HTTP request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Request {
    /// `GET`, `POST`, `PUT`.
    pub method: &'static str,
    /// Absolute URL.
    pub url: String,
    /// Names and values.
    pub headers: Vec<(&'static str, String)>,
    /// What is sent.
    pub body: Body,
    /// After how many milliseconds an answer comes no more.
    pub patience: u32,
}

/// The body of a [`Request`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Body {
    /// None.
    Empty,
    /// These bytes.
    Bytes(Vec<u8>),
    /// The bytes of this plan over the reels. The shell adds `Content-Digest` (RFC 9530,
    /// `sha-256`) over them.
    Plan(Plan),
}

/// A clip as a plan.
#[derive(Debug)]
pub struct ClipReady {
    /// The number it was asked under.
    pub request: RequestId,
    /// The file.
    pub plan: Plan,
    /// Where on the player's timeline it begins.
    pub start: Timestamp,
    /// How long it plays.
    pub duration: Timestamp,
    /// What is in it.
    pub tracks: Vec<TrackInfo>,
}

/// A picture with what its decoder needs.
#[derive(Debug)]
pub struct StillReady {
    /// The number it was asked under.
    pub request: RequestId,
    /// Its configuration; the sample entry has what the decoder is set up by.
    pub config: Arc<TrackConfig>,
    /// From a keyframe to the picture itself, in decode order.
    pub samples: Vec<StillSample>,
    /// Their bytes, one after another.
    pub plan: Plan,
    /// When the picture is shown, on the player's timeline.
    pub time: Timestamp,
}

/// A sample to be decoded.
#[derive(Debug, Clone, Copy)]
pub struct StillSample {
    /// Bytes.
    pub size: u32,
    /// Whether decoding can begin with it.
    pub keyframe: bool,
    /// When it is shown.
    pub shown: Timestamp,
}

/// A fragment to be played again.
#[derive(Debug)]
pub struct PastReady {
    /// The number it was asked under.
    pub request: RequestId,
    /// A name of `init`: the same for the same bytes.
    pub config: String,
    /// Type of what is played.
    pub mime: String,
    /// The init segment.
    pub init: Vec<u8>,
    /// `moof` and `mdat`.
    pub plan: Plan,
    /// When its first picture is shown, on the player's timeline.
    pub start: Timestamp,
    /// When its last has been.
    pub end: Timestamp,
    /// By how much all times in it are later than on the player's timeline.
    pub later: Timestamp,
    /// What to ask for next: each track's number and that of its sample.
    pub next: Vec<(TrackId, u64)>,
}

/// What a track is, for showing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TrackInfo {
    /// Kind and presentation.
    pub format: livetape_media::Format,
    /// RFC 6381 codecs parameter.
    pub codec: String,
}

impl TrackInfo {
    /// Of all tracks that are on a timeline.
    pub fn of(timeline: &Timeline) -> Vec<Self> {
        let configs = timeline.tracks().iter().filter_map(|track| track.config());
        let info = |config: &Arc<TrackConfig>| Self {
            format: config.format,
            codec: config.codec.clone(),
        };
        configs.map(info).collect()
    }
}

/// Something to tell. Times are on the player's timeline.
#[derive(Debug, Clone, PartialEq)]
pub enum Event {
    /// What is on the tape now.
    Window {
        /// Earliest moment that can be shown.
        start: Timestamp,
        /// The newest.
        end: Timestamp,
        /// Bytes on disk.
        bytes: u64,
        /// Those of them that the window has left: open clips keep them.
        held: u64,
        /// Seconds of such a stream that the storage still takes, where that is known.
        forecast: Option<f64>,
    },
    /// There is no fragment to be played yet.
    NothingYet {
        /// The `Past` it answers.
        request: RequestId,
    },
    /// The tracks, first seen or changed.
    Tracks(Vec<TrackInfo>),
    /// The edge has made the recording; its answer, JSON, verbatim.
    Recording {
        /// The `Record` or `Upload` it answers.
        request: RequestId,
        /// Its id at the edge.
        id: String,
        /// The edge's answer.
        answer: String,
    },
    /// How far a recording, or an upload, has come.
    Progress {
        /// The `Record` or `Upload` it is of.
        request: RequestId,
        /// Length recorded, in seconds.
        elapsed: f64,
        /// Bytes of media recorded.
        bytes: u64,
        /// Bytes the edge has acknowledged.
        uploaded: u64,
        /// Objects the edge has acknowledged.
        objects: u32,
    },
    /// The way to the edge is in another state.
    Upload {
        /// The `Record` or `Upload` it is of.
        request: RequestId,
        /// Which.
        state: UploadState,
        /// Why it waits, for a human.
        why: Option<String>,
    },
    /// A moment of the running recording: where it was paused, resumed or marked.
    Moment {
        /// The `Pause`, `Resume` or `Mark` it answers.
        request: RequestId,
        /// Seconds from the recording's first picture.
        at: f64,
        /// Where on the player's timeline.
        time: Timestamp,
    },
    /// The recording is finished at the edge.
    Stopped {
        /// The `Stop` or `Upload` it answers.
        request: RequestId,
        /// Length, in seconds.
        duration: f64,
        /// How long pictures last that are only there for others to be decoded, in seconds: they come
        /// first. Next to nothing, but an exact file leaves them out.
        pre_roll: f64,
        /// Bytes of media.
        bytes: u64,
        /// The edge's answer to `finish`, JSON, verbatim.
        answer: String,
    },
    /// A defect of the stream. The recording goes on.
    Defect {
        /// Stable code.
        code: &'static str,
        /// For a human.
        message: String,
        /// When on the timeline, in seconds, where known.
        at: Option<f64>,
    },
    /// An operation failed, or (without a number) the recorder can't go on.
    Failed {
        /// Which operation.
        request: Option<RequestId>,
        /// Why.
        code: FailureCode,
        /// A sentence a user can act on.
        message: String,
    },
}

/// What a recording's way to its edge is doing. [`UploadState::as_str`] is stable.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum UploadState {
    /// The edge is being asked for the recording.
    Creating,
    /// What is recorded is being sent.
    Sending,
    /// The edge could not be reached: it is tried again soon, what is recorded waits.
    Waiting,
    /// It was stopped: the last of it is being sent.
    Finishing,
}

impl UploadState {
    /// The stable name.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Creating => "creating",
            Self::Sending => "sending",
            Self::Waiting => "waiting",
            Self::Finishing => "finishing",
        }
    }
}

/// Why something failed. [`FailureCode::as_str`] is stable.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum FailureCode {
    /// Nothing is recorded in the asked range.
    NothingRecorded,
    /// The configuration changes inside the asked range.
    ConfigurationChange,
    /// A recording is already running.
    AlreadyRecording,
    /// There is no recording to stop.
    NotRecording,
    /// The edge refused: token, template, state.
    EdgeRefused,
    /// The edge cannot be reached.
    EdgeUnreachable,
    /// The playlist cannot be fetched.
    PlaylistUnreachable,
    /// What was fetched is not a playlist, or one that cannot be recorded.
    PlaylistInvalid,
    /// The stream is encrypted and no key was given.
    Protected,
    /// It was cancelled.
    Cancelled,
    /// The clip is closed.
    ClipClosed,
}

impl FailureCode {
    /// The stable code.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::NothingRecorded => "nothing_recorded",
            Self::ConfigurationChange => "configuration_change",
            Self::AlreadyRecording => "already_recording",
            Self::NotRecording => "not_recording",
            Self::EdgeRefused => "edge_refused",
            Self::EdgeUnreachable => "edge_unreachable",
            Self::PlaylistUnreachable => "playlist_unreachable",
            Self::PlaylistInvalid => "playlist_invalid",
            Self::Protected => "protected",
            Self::Cancelled => "cancelled",
            Self::ClipClosed => "clip_closed",
        }
    }
}
