//! The whole edge as pure logic: what is stored, what is answered, who may do what.
//!
//! Sits between HTTP requests with stored bytes (the Worker's side) and the index of a recording. Nothing
//! here does input or output; time and random bytes are arguments.
//!
//! - [`RecordingId`], [`BroadcastId`], [`ClipId`], [`ConfigHash`]: names
//! - [`Config`], [`token`], [`access`]: how an edge is set up, and who may do what
//! - [`Gate`], [`PlayKeys`]: who may play
//! - [`Retention`]: how long what is recorded is kept
//! - [`Code`], [`ApiError`]: the one table of errors
//! - [`api`]: the JSON that goes in and out
//! - [`object`]: what is stored where, and what the headers of a write say
//! - [`Recording`]: one recording; built from stored rows, decides what may be added
//! - [`tus`], [`ingest`]: resumable uploads, and files made recordings
//! - [`ListQuery`]: which recordings a list has
//! - [`Moment`], [`TimeRange`], [`Span`]: what of a recording's time is asked for
//! - [`Clip`]: a range of time with a name of its own
//! - [`view`]: playlists, MP4, live streams, all computed from the index
//! - [`Delivery`]: an answer as a list of stored ranges and made bytes
//! - [`route`]: addresses and methods
//! - [`range`]: range requests
//! - [`recent`]: playlists that many ask for
//! - [`Costs`]: what an answer costs at the platform

pub mod access;
pub mod api;
mod clip;
mod config;
mod costs;
mod delivery;
mod digest;
mod error;
mod gate;
mod ids;
mod index;
pub mod ingest;
mod listing;
mod moment;
pub mod object;
mod play_token;
pub mod range;
pub mod recent;
mod recording;
mod retention;
pub mod route;
pub mod token;
pub mod tus;
mod unread;
pub mod view;

pub use clip::{Clip, ClipQuery, MOST_CLIPS};
pub use config::Config;
pub use costs::{Costs, NoCosts, Operation};
pub use delivery::{Delivery, Piece};
pub use digest::Sha256Digest;
pub use error::{ApiError, Code};
pub use gate::{Access, Gate, Review};
pub use ids::{BroadcastId, ClipId, ConfigHash, RecordingId};
pub use listing::{Cursor, ListQuery};
pub use moment::{Moment, Span, TimeRange};
pub use play_token::{PlayClaims, PlayKeys};
pub use recording::{Meta, ObjectRow, Recording};
pub use retention::{Evicted, Retention};
