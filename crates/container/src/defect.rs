//! What was wrong with a stream, as a fact to report; never a reason to stop.

use livetape_media::{Timestamp, TrackId};

/// A defect of the stream.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Defect {
    /// What kind.
    pub code: DefectCode,
    /// The track concerned, where it is one.
    pub track: Option<TrackId>,
    /// When: the time of the stream last known, of the track where it is one.
    pub time: Option<Timestamp>,
    /// Position in the stream, in bytes since its start.
    pub position: u64,
    /// The particulars, for a human.
    pub detail: String,
}

/// The kinds of [`Defect`]. Their [`DefectCode::as_str`] is stable.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum DefectCode {
    /// Bytes that belong to no known structure were passed over.
    LostSync,
    /// Packets are missing (TS continuity counter).
    ContinuityError,
    /// A structure (section, box, PES, access unit, frame) is broken and was passed over.
    Malformed,
    /// The stream ended, or was aborted, inside a structure.
    Truncated,
    /// A stream of a type this project does not decode; it was not recorded.
    Unsupported,
    /// The media is encrypted and no key was given.
    Protected,
    /// Times went backward or jumped.
    TimestampJump,
    /// A structure lacks a time which had to be derived.
    MissingTimestamp,
    /// Something was passed over for its size or number: memory is bounded.
    TooLarge,
    /// Samples before the first keyframe or configuration were dropped, or those from where a stream is encrypted.
    NotDecodable,
}

impl DefectCode {
    /// The stable code, as shells and reports spell it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::LostSync => "lost_sync",
            Self::ContinuityError => "continuity_error",
            Self::Malformed => "malformed",
            Self::Truncated => "truncated",
            Self::Unsupported => "unsupported",
            Self::Protected => "protected",
            Self::TimestampJump => "timestamp_jump",
            Self::MissingTimestamp => "missing_timestamp",
            Self::TooLarge => "too_large",
            Self::NotDecodable => "not_decodable",
        }
    }
}
