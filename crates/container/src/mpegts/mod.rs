//! MPEG-2 transport stream, ISO/IEC 13818-1.
//!
//! - [`Demuxer`]: packets to PES packets to samples; H.264, H.265 and AAC; ID3 and SCTE-35 as
//!   timed events
//! - [`is_transport_stream`]: tells one by its sync bytes
//! - [`Segment`]: samples to packets; [`Outline`] tells beforehand how many

mod access_units;
mod adts;
mod clock;
mod demux;
mod event_stream;
mod framer;
mod frames;
mod id3;
mod marks;
mod mux;
mod outline;
mod packet;
mod packetizer;
mod parameter_sets;
mod payload;
mod pes;
mod pictures;
mod probe;
mod programs;
mod psi;
mod run;
mod stream;
mod stream_kind;
mod video_codec;

pub use demux::Demuxer;
pub use mux::{AudioTrack, MuxSample, Segment, VideoTrack};
pub use outline::{AudioOutline, Continuity, Outline, Packets, SampleFacts, VideoOutline};
pub use probe::is_transport_stream;
