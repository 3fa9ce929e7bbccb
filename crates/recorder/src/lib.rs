//! The whole client as a sans-IO state machine.
//!
//! Sits between a shell that has a player, files and a network, and the tape. One contract:
//! [`Recorder::handle`] an [`Input`], then drain [`Recorder::poll`] until it is `None`. The
//! outputs are to be carried out in order, the writes before the next input. Time is an argument.
//!
//! - [`Recorder`]: everything below, under one roof
//! - `feed`: one stream of bytes (a source buffer, a playlist's segments) onto the tape
//! - `coded_frames`: what a source buffer keeps of what is appended, and at what times
//! - `splice`: where one coding of the pictures gives way to another
//! - `pull`: reading a live HLS playlist
//! - `recording`: a growing range of the tape, cut into objects
//! - `part`: a stretch of the tape recorded in one go
//! - `upload`: the way of what it has cut to the edge
//! - `job`: what a recording asks of the edge, in HTTP
//! - `json`, `edge_answer`: what the edge is asked in and answers with
//! - `clip`: a range of the tape as an MP4
//! - `still`: one picture with what its decoder needs
//! - `past`: the tape as fragments to be played again

mod can_pull;
mod clip;
mod coded_frames;
mod edge_answer;
mod feed;
mod input;
mod job;
mod json;
mod output;
mod part;
mod past;
mod pull;
mod recorder;
mod recording;
mod splice;
mod still;
mod stretch;
mod upload;
mod wall_clock;

pub use input::{Access, Answer, ClipRange, Input, Now, PastFrom, Setting, SourceId};
pub use output::{
    Body, ClipReady, Event, ExchangeId, FailureCode, Output, PastReady, Request, RequestId,
    StillReady, StillSample, TrackInfo, UploadState,
};
pub use recorder::Recorder;
pub use recording::Unfinished;
