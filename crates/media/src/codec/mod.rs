//! Codec headers, as far as a container needs them.

pub mod aac;
pub mod annexb;
mod bits;
pub mod h264;
pub mod h265;

pub use bits::BitReader;
