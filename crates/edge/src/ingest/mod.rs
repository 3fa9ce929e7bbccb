//! An uploaded file made a recording: what it is, and the objects that it becomes, without re-encoding.
//!
//! - [`Walk`]: reads what must be read of an MP4, progressive or fragmented, and passes over the rest
//! - [`Movie`]: the file as objects, planned over its bytes where they lie
//! - [`Transport`]: reads an MPEG transport stream from end to end and puts its objects together, with checkpoints
//! - [`Slices`]: which part of a file is read next, and how often that was tried

mod checkpoint;
mod epochs;
mod gathering;
mod movie;
mod slices;
mod transport;
mod walk;

pub use movie::{Movie, Object, Source};
pub use slices::{Slices, Turn};
pub use transport::{Made, Transport};
pub use walk::{Step, Walk};

use serde::{Deserialize, Serialize};

/// Why a file is not played.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Reason {
    /// It is neither an MP4 nor an MPEG transport stream.
    UnknownFormat,
    /// It is encrypted, and no key was given.
    Protected,
    /// It has neither pictures nor sound that could be played.
    Unplayable,
    /// Its configuration changes within.
    ConfigurationChange,
    /// A header is larger than 48 MiB, or an object larger than what is taken.
    TooLarge,
    /// A part of it was tried again and again, and never done: this side's fault.
    GivenUp,
}

impl Reason {
    /// The stable code.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::UnknownFormat => "unknown_format",
            Self::Protected => "protected",
            Self::Unplayable => "unplayable",
            Self::ConfigurationChange => "configuration_change",
            Self::TooLarge => "too_large",
            Self::GivenUp => "given_up",
        }
    }
}
