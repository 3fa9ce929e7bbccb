//! The journal of a reel: what its bytes are, so that a tape outlives the page that wrote it.
//!
//! Each reel has a journal of its own, which goes when the reel goes; any of them can be read
//! without those before it. Version 2 of the layout; all integers of fixed size are little-endian:
//!
//! ```text
//! journal = "livetap" 02 commit*
//! commit  = length: u32   of the body, in bytes
//!           check:  u32   CRC-32 (ISO/HDLC) of `length` and the body
//!           body:   entry*
//! entry   = kind: number, then by kind
//!   1 head     nothing; what follows up to the first other kind is the state before this reel.
//!              Configurations are counted from here on
//!   2 track    track, number of its next sample
//!   3 config   1 video: width, height | 2 sound: rate, channels | 3 other: 4 bytes,
//!              timescale, sample entry: bytes, codec: bytes, language: 3 bytes,
//!              degrees that pictures are turned
//!   4 append   track, which config since the head, decode time: signed,
//!              count, count * (reel, offset, length),
//!              count, count * (size, duration, composition offset: signed, 0 | 1 keyframe)
//!   5 event    time: signed, timescale, 0 | 1 duration: signed, timescale,
//!              scheme: bytes, value: bytes, id, payload: bytes
//!   6 date     moment: signed, timescale, its Unix milliseconds: signed
//!   7 zero     Unix milliseconds of the timeline's zero, where nothing better is known: signed
//!   8 note     bytes, whose meaning is the owner's; the last one holds
//!   9 length   bytes of the reel; each commit ends with it
//!  10 check    offset, length, `payload_sum` of that stretch of the reel
//!  11 cut      track, number of its next sample: those from there on were replaced
//! number  = LEB128, at most 64 bits; signed = number, zigzag; bytes = number, then so many
//! ```
//!
//! A commit is written after the payload that it names, in one write. What follows the last whole
//! commit is not there: that is where a killed page was.

mod crc32;
mod pack;
mod payload_sum;
mod read;
mod write;

pub use pack::{Packer, Unpacker};
pub use payload_sum::payload_sum;
pub use read::checks;
pub(crate) use read::{Append, Entry, Reader};
pub(crate) use write::{Head, Journal};

/// What a stretch of a reel was when it was written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Check {
    /// Where it begins.
    pub offset: u64,
    /// Bytes.
    pub len: u64,
    /// Their [`payload_sum`].
    pub sum: u32,
}

/// What a journal begins with, its version last.
const MAGIC: [u8; 8] = *b"livetap\x02";

/// Bytes before a commit's body.
const FRAME: usize = 8;

/// Kinds of entries.
mod kind {
    pub(super) const HEAD: u64 = 1;
    pub(super) const TRACK: u64 = 2;
    pub(super) const CONFIG: u64 = 3;
    pub(super) const APPEND: u64 = 4;
    pub(super) const EVENT: u64 = 5;
    pub(super) const DATE: u64 = 6;
    pub(super) const ZERO: u64 = 7;
    pub(super) const NOTE: u64 = 8;
    pub(super) const LENGTH: u64 = 9;
    pub(super) const CHECK: u64 = 10;
    pub(super) const CUT: u64 = 11;
}

/// Kinds of formats.
mod format {
    pub(super) const VIDEO: u64 = 1;
    pub(super) const AUDIO: u64 = 2;
    pub(super) const OTHER: u64 = 3;
}
