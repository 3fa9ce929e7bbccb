//! The whole edge as pure logic: what is stored, what is answered, who may do what.
//!
//! Sits between HTTP requests with stored bytes (the Worker's side) and the index of a recording. Nothing
//! here does input or output; time and random bytes are arguments.
//!
//! - [`RecordingId`], [`BroadcastId`], [`ClipId`], [`ConfigHash`]: names
//! - [`Config`], [`token`], [`access`]: how an edge is set up, and who may do what
//! - [`Gate`], [`PlayKeys`]: who may play; [`Entrance`]: what stored files are sent by
//! - [`Encryption`], [`ContentKeys`]: segments encrypted as they are sent
//! - [`Retention`]: how long what is recorded is kept
//! - [`Code`], [`ApiError`]: the one table of errors
//! - [`api`]: the JSON that goes in and out
//! - [`object`]: what is stored where, and what the headers of a write say
//! - [`Recording`]: one recording; built from stored rows, decides what may be added
//! - [`SealedPage`]: many of its rows as one
//! - [`Kept`]: what storage keeps of a recording so that storage alone can rebuild it
//! - [`pack`]: the objects of a finished recording as few large ones
//! - [`tus`], [`ingest`]: resumable uploads, and files made recordings
//! - [`ListQuery`]: which recordings a list has
//! - [`Moment`], [`TimeRange`], [`Span`]: what of a recording's time is asked for
//! - [`Clip`]: a range of time with a name of its own
//! - [`view`]: playlists, MP4, live streams, all computed from the index
//! - [`Delivery`]: an answer as a list of stored ranges and made bytes
//! - [`reads`]: its stored ranges as few reads
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
mod encryption;
mod entrance;
mod error;
mod gate;
mod ids;
mod index;
pub mod ingest;
mod kept;
mod listing;
mod meta;
mod moment;
pub mod object;
pub mod pack;
mod page;
mod play_claims;
mod play_token;
mod provenance;
pub mod range;
pub mod reads;
pub mod recent;
mod recording;
mod retention;
pub mod route;
mod sealed_page;
pub mod token;
pub mod tus;
mod unread;
pub mod view;

pub use clip::{Clip, ClipQuery, MOST_CLIPS};
pub use config::Config;
pub use costs::{Costs, NoCosts, Operation};
pub use delivery::{Delivery, HeaderOf, Piece};
pub use digest::Sha256Digest;
pub use encryption::{Cipher, ContentKeys, Encryption};
pub use entrance::Entrance;
pub use error::{ApiError, Code};
pub use gate::{Access, Form, Gate, Review, Visitor};
pub use ids::{BroadcastId, ClipId, ConfigHash, RecordingId};
pub use kept::{Facts, Kept, StoredKey, Totals};
pub use listing::{Cursor, ListQuery};
pub use meta::{Meta, ObjectRow};
pub use moment::{Moment, Span, TimeRange};
pub use page::Page;
pub use play_claims::PlayClaims;
pub use play_token::PlayKeys;
pub use provenance::Provenance;
pub use recording::Recording;
pub use retention::{Evicted, Retention};
pub use sealed_page::{OBJECTS_IN_PAGE, SealedPage};
