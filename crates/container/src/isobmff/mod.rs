//! MP4, fragmented MP4 and CMAF, ISO/IEC 14496-12 and -15, ISO/IEC 23000-19.
//!
//! - [`Demuxer`]: bytes in any pieces to runs of samples; payload is never looked at
//! - [`fragment_head`]: where the payload of one stored fragment begins
//! - [`in_band`]: a sample entry's parameter sets as they go before a picture
//! - [`mux`]: sample metadata to header bytes (init segment, fragment header, progressive `moov`)
//! - [`sample_entry`]: sample entries made from elementary streams' own headers, and read back

mod boxes;
mod demux;
mod edit_list;
mod event_message;
mod events;
mod fields;
mod fragment_head;
mod in_band;
mod moof;
mod moov;
pub mod mux;
mod quicktime;
pub mod sample_entry;
mod sample_rows;
mod sample_table;
mod stored;
mod write;

pub use demux::Demuxer;
pub use edit_list::{EditList, Shows};
pub use fragment_head::{FragmentHead, fragment_head};
pub use in_band::{InBand, VideoCoding, in_band};
