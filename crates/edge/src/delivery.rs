//! What the keeper of an index tells the one who answers the request: status, headers, and a body
//! as pieces, of which the stored ones are fetched by whoever sends them on.

mod encoded;

use std::ops::Range;

use serde::{Deserialize, Serialize};

use crate::encryption::Cipher;
use crate::ids::RecordingId;
use crate::view::live::TsSegment;
use crate::view::mp4::FileKind;

/// A piece of a body.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Piece {
    /// Bytes made for this answer.
    Bytes(Vec<u8>),
    /// Bytes of a stored object.
    Stored {
        /// Its key.
        key: String,
        /// First byte.
        offset: u64,
        /// Number of bytes.
        len: u64,
    },
    /// Bytes of the header of a recording's file, which the keeper of its index makes when they are sent.
    Header {
        /// The file.
        of: HeaderOf,
        /// First byte.
        offset: u64,
        /// Number of bytes.
        len: u64,
    },
}

/// The file of all of a recording.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct HeaderOf {
    /// The recording.
    pub recording: RecordingId,
    /// What of it the file has.
    pub kind: FileKind,
    /// Names the file's bytes: those of another are not to be sent.
    pub etag: String,
    /// Number of the last object that the recording had then. It may have more when the header is made.
    pub last: u32,
}

impl Piece {
    /// Number of bytes.
    pub fn len(&self) -> u64 {
        match self {
            Self::Bytes(bytes) => bytes.len() as u64,
            Self::Stored { len, .. } | Self::Header { len, .. } => *len,
        }
    }

    /// True where it has no bytes.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Pieces one after another, of which stored neighbours are one.
    pub(crate) fn merged(pieces: impl IntoIterator<Item = Self>) -> Vec<Self> {
        let mut merged: Vec<Self> = Vec::new();
        for piece in pieces {
            if let (
                Some(Self::Stored { key, offset, len }),
                Self::Stored {
                    key: next,
                    offset: from,
                    len: more,
                },
            ) = (merged.last_mut(), &piece)
                && *offset + *len == *from
                && key == next
            {
                *len += more;
                continue;
            }
            merged.push(piece);
        }
        merged
    }

    /// A range of the bytes that pieces are one after another; what lies beyond the end is left out.
    pub fn slice(pieces: &[Self], range: Range<u64>) -> Vec<Self> {
        let mut start = 0;
        let mut sliced = Vec::new();
        for piece in pieces {
            let end = start + piece.len();
            let (from, to) = (range.start.max(start), range.end.min(end));
            if from < to {
                sliced.push(piece.part(from - start, to - from));
            }
            start = end;
        }
        sliced
    }

    fn part(&self, from: u64, count: u64) -> Self {
        match self {
            Self::Bytes(bytes) => {
                let from = usize::try_from(from).unwrap_or(usize::MAX);
                let count = usize::try_from(count).unwrap_or(usize::MAX);
                let rest = bytes.get(from..).unwrap_or_default();
                Self::Bytes(rest.get(..count).unwrap_or(rest).to_vec())
            }
            Self::Stored { key, offset, .. } => Self::Stored {
                key: key.clone(),
                offset: offset + from,
                len: count,
            },
            Self::Header { of, offset, .. } => Self::Header {
                of: of.clone(),
                offset: offset + from,
                len: count,
            },
        }
    }
}

/// An answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Delivery {
    /// HTTP status.
    pub status: u16,
    /// Fields of the header; `Content-Length` is left to whoever sends it.
    pub headers: Vec<(String, String)>,
    /// The body; or, with `rewrite`, what it is made from.
    pub pieces: Vec<Piece>,
    /// Makes the body from the pieces, where media bytes have to be rewritten.
    pub rewrite: Option<TsSegment>,
    /// How the body is encrypted, where it is.
    pub cipher: Option<Cipher>,
}

impl Delivery {
    /// An answer with a status and a body, without header fields.
    pub fn new(status: u16, pieces: Vec<Piece>) -> Self {
        Self {
            status,
            headers: Vec::new(),
            pieces,
            rewrite: None,
            cipher: None,
        }
    }

    /// The answer with a header field more.
    #[must_use]
    pub fn with(mut self, name: &str, value: impl Into<String>) -> Self {
        self.headers.push((name.to_owned(), value.into()));
        self
    }

    /// The answer with its body as segment `number` of an encrypted recording.
    #[must_use]
    pub fn encrypted(mut self, recording: &RecordingId, number: u64) -> Self {
        self.cipher = Some(Cipher::new(recording, number));
        self
    }

    /// Bytes of the pieces.
    pub fn len(&self) -> u64 {
        self.pieces.iter().map(Piece::len).sum()
    }

    /// True where the pieces have no bytes.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}
