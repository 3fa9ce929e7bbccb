//! Sample metadata to header bytes. Media bytes never pass through here.
//!
//! - [`init_segment`]: `ftyp` + `moov` of a fragmented file
//! - [`fragment_header`]: `moof` + the header of its `mdat`
//! - [`event_message`]: the `emsg` box of an event, which goes before a fragment
//! - [`producer_reference_time`]: when a fragment was, before its `moof`
//! - [`progressive_header`]: `ftyp` + `moov` with full sample tables ([`SampleTables`]) +
//!   the header of its `mdat`;
//!   [`progressive_header_in`]: the same in front of a payload that is there already;
//!   [`header_around_tables`]: the same without the tables, which are made when they are asked for ([`Table`])

mod fragment;
mod header;
mod init;
mod movie;
mod progressive;
mod reference_time;
mod tables;

pub use super::event_message::event_message;
pub use fragment::{FragmentTrack, fragment_header};
pub use header::TrackHead;
pub use init::{InitTrack, init_segment};
pub use progressive::{
    ChunkLayout, Edit, Movie, ProgressiveTrack, header_around_tables, progressive_header,
    progressive_header_in,
};
pub use reference_time::producer_reference_time;
pub use tables::{SampleTables, Table};
