//! What a recorder is told.

use livetape_container::Chunk;
use livetape_media::TrackId;

use crate::output::{ExchangeId, RequestId};

/// A source buffer of the page's player; the caller numbers them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct SourceId(pub u32);

/// The time of an input.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Now {
    /// Milliseconds of a clock that never steps.
    pub steady: u64,
    /// Milliseconds since 1970-01-01T00:00:00Z.
    pub unix: i64,
}

/// What a page sets on a source buffer; times in seconds.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Setting {
    /// `timestampOffset`.
    TimestampOffset(f64),
    /// `mode`: true for `sequence`.
    Sequence(bool),
    /// `appendWindowStart`.
    AppendWindowStart(f64),
    /// `appendWindowEnd`.
    AppendWindowEnd(f64),
}

/// By what right a recording is made at the edge.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Access {
    /// A public template: the edge creates a recording. What it is asked for: JSON that names the
    /// template, with a title and what else is to be known of the recording.
    Template(String),
    /// A recording that exists, and its ingest token.
    Token {
        /// Its id.
        recording: String,
        /// The token.
        token: String,
    },
}

/// Which stretch of time a clip takes, in seconds of the player's timeline where not said otherwise.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum ClipRange {
    /// This many seconds up to what the viewer sees.
    Last(f64),
    /// From, to.
    Between(f64, f64),
    /// From, to, in Unix milliseconds.
    Dates(i64, i64),
}

/// Which fragment of the tape comes next.
#[derive(Debug, Clone, PartialEq)]
pub enum PastFrom {
    /// The one with what is shown at this second of the player's timeline.
    Moment(f64),
    /// The one after another, as [`PastReady::next`](crate::PastReady::next) had it.
    Next(Vec<(TrackId, u64)>),
}

/// What became of an [`Exchange`](crate::Output::Exchange) that was answered.
#[derive(Clone, Copy)]
pub struct Answer<'a> {
    /// HTTP status.
    pub status: u16,
    /// URL after redirections.
    pub url: &'a str,
    /// The body.
    pub body: &'a dyn Chunk,
}

/// One thing that happened.
pub enum Input<'a> {
    /// The player made a source buffer.
    Source {
        /// Its number.
        source: SourceId,
        /// The type it was made with.
        mime: &'a str,
    },
    /// The player appended bytes, cut anywhere.
    Append {
        /// To which source buffer.
        source: SourceId,
        /// The bytes.
        chunk: &'a dyn Chunk,
        /// `SourceBuffer.timestampOffset` at that moment, in seconds.
        timestamp_offset: f64,
    },
    /// The player set something that says where later appends go.
    Set {
        /// On which source buffer.
        source: SourceId,
        /// What.
        setting: Setting,
    },
    /// The player called `changeType()`: what follows is of another type.
    ChangeType {
        /// On which source buffer.
        source: SourceId,
        /// That type.
        mime: &'a str,
    },
    /// The player called `abort()`: a segment in progress is dropped, and the append window is
    /// everything again.
    Abort {
        /// On which source buffer.
        source: SourceId,
    },
    /// The tap has missed what was appended before: what follows is in the midst of it.
    Joined {
        /// To which source buffer.
        source: SourceId,
    },
    /// Where the player is.
    Playhead {
        /// Seconds of its timeline.
        seconds: f64,
    },
    /// Pull a live HLS playlist instead of listening to a player.
    Pull {
        /// The playlist.
        url: &'a str,
    },
    /// Begin a recording at what the viewer sees.
    Record {
        /// The caller's number for it.
        request: RequestId,
        /// Base URL of the edge.
        edge: &'a str,
        /// By what right.
        access: Access,
        /// Bytes a second that are sent at most.
        cap: Option<u64>,
    },
    /// Leave out of the running recording what is received from now on.
    Pause {
        /// The caller's number for it.
        request: RequestId,
    },
    /// Go on with what is received from now on.
    Unpause {
        /// The caller's number for it.
        request: RequestId,
    },
    /// Go on with the recording that a recovered tape notes, up to the tape's end.
    Resume {
        /// The caller's number for it.
        request: RequestId,
    },
    /// Tell where in the running recording the viewer is.
    Mark {
        /// The caller's number for it.
        request: RequestId,
    },
    /// How many bytes the storage still takes, as far as is known.
    Room {
        /// Bytes.
        bytes: u64,
    },
    /// End the running recording with the last sample received.
    Stop {
        /// The caller's number for it.
        request: RequestId,
    },
    /// Plan a clip.
    Clip {
        /// The caller's number for it; also names the clip in [`Input::CloseClip`].
        request: RequestId,
        /// Which stretch.
        range: ClipRange,
    },
    /// Find a picture and what its decoder needs.
    Still {
        /// The caller's number for it.
        request: RequestId,
        /// When it is shown, in seconds of the player's timeline; what the viewer sees, unless told.
        seconds: Option<f64>,
    },
    /// Plan a fragment to be played again.
    Past {
        /// The caller's number for it.
        request: RequestId,
        /// Which.
        from: PastFrom,
    },
    /// Send a clip to the edge, as a recording that is finished at once.
    Upload {
        /// The caller's number for it.
        request: RequestId,
        /// The number the clip's [`Input::Clip`] had.
        clip: RequestId,
        /// Base URL of the edge.
        edge: &'a str,
        /// By what right.
        access: Access,
    },
    /// End a recording or an upload where it is: what the edge has stays there, unfinished.
    Cancel {
        /// The number of its [`Input::Record`] or [`Input::Upload`].
        request: RequestId,
    },
    /// A clip's bytes are needed no more.
    CloseClip {
        /// The number its [`Input::Clip`] had.
        request: RequestId,
    },
    /// An exchange was answered, with whatever status.
    Answered {
        /// Which.
        exchange: ExchangeId,
        /// The answer.
        answer: Answer<'a>,
    },
    /// An exchange got no answer: no connection, cut off, refused by CORS.
    Unanswered {
        /// Which.
        exchange: ExchangeId,
        /// Why, for a human.
        why: &'a str,
    },
    /// There is a network again.
    Online,
    /// Time has passed, as asked for by [`Output::WakeAt`](crate::Output::WakeAt).
    Tick,
}
