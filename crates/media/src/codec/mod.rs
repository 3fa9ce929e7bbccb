//! Codec headers, as far as a container needs them.

pub mod aac;
mod bits;
pub mod h264;

pub use bits::BitReader;
