//! Containers: bytes to samples and back.
//!
//! Sits between the bytes that arrive (or are stored) and the timeline that indexes them. Every
//! format has the same shape: a push `Demuxer` that turns bytes into [`Event`]s, and a `mux` that
//! turns sample metadata into header bytes. A muxer never holds media bytes, except where a
//! format weaves headers into them (MPEG-TS).
//!
//! - [`isobmff`]: MP4, fragmented MP4, CMAF (ISO/IEC 14496-12)
//! - [`mpegts`]: MPEG-2 transport stream (ISO/IEC 13818-1)

mod chunk;
mod defect;
mod error;
mod event;
pub mod isobmff;
pub mod mpegts;

pub use chunk::Chunk;
pub use defect::{Defect, DefectCode};
pub use error::Error;
pub use event::{Event, Payload, Run};
