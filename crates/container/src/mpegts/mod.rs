//! MPEG-2 transport stream, ISO/IEC 13818-1.
//!
//! - [`Demuxer`]: packets to PES packets to samples; H.264 and AAC

mod adts;
mod avc;
mod clock;
mod demux;
mod packet;
mod parameter_sets;
mod pes;
mod programs;
mod psi;
mod run;
mod stream;

pub use demux::Demuxer;
