//! What the keeper of an index tells the one who answers the request: status, headers, and a body
//! as pieces, of which the stored ones are fetched by whoever sends them on.

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
                && key == next
                && *offset + *len == *from
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

    /// As bytes: the length of a JSON head in 4 bytes, the head, then all made bytes in order.
    pub fn encode(&self) -> Vec<u8> {
        let head = Head {
            status: self.status,
            headers: self.headers.clone(),
            pieces: self.pieces.iter().map(HeadPiece::of).collect(),
            rewrite: self.rewrite.clone(),
            cipher: self.cipher.clone(),
        };
        let head = serde_json::to_vec(&head).unwrap_or_default();
        let mut bytes = u32::try_from(head.len())
            .unwrap_or(0)
            .to_be_bytes()
            .to_vec();
        bytes.extend_from_slice(&head);
        for piece in &self.pieces {
            if let Piece::Bytes(made) = piece {
                bytes.extend_from_slice(made);
            }
        }
        bytes
    }

    /// Reads what [`Delivery::encode`] wrote; `None` for anything else.
    pub fn decode(bytes: &[u8]) -> Option<Self> {
        let (len, rest) = bytes.split_first_chunk::<4>()?;
        let len = usize::try_from(u32::from_be_bytes(*len)).ok()?;
        let (head, mut made) = rest.split_at_checked(len)?;
        let head: Head = serde_json::from_slice(head).ok()?;
        let pieces = head.pieces.into_iter().map(|piece| match piece {
            HeadPiece::Bytes(len) => {
                let (own, rest) = made.split_at_checked(len)?;
                made = rest;
                Some(Piece::Bytes(own.to_vec()))
            }
            HeadPiece::Stored(key, offset, len) => Some(Piece::Stored { key, offset, len }),
            HeadPiece::Header(of, offset, len) => Some(Piece::Header { of, offset, len }),
        });
        let pieces = pieces.collect::<Option<Vec<_>>>()?;
        made.is_empty().then_some(Self {
            status: head.status,
            headers: head.headers,
            pieces,
            rewrite: head.rewrite,
            cipher: head.cipher,
        })
    }
}

#[derive(Serialize, Deserialize)]
struct Head {
    status: u16,
    headers: Vec<(String, String)>,
    pieces: Vec<HeadPiece>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    rewrite: Option<TsSegment>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    cipher: Option<Cipher>,
}

#[derive(Serialize, Deserialize)]
enum HeadPiece {
    #[serde(rename = "b")]
    Bytes(usize),
    #[serde(rename = "s")]
    Stored(String, u64, u64),
    #[serde(rename = "h")]
    Header(HeaderOf, u64, u64),
}

impl HeadPiece {
    fn of(piece: &Piece) -> Self {
        match piece {
            Piece::Bytes(bytes) => Self::Bytes(bytes.len()),
            Piece::Stored { key, offset, len } => Self::Stored(key.clone(), *offset, *len),
            Piece::Header { of, offset, len } => Self::Header(of.clone(), *offset, *len),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn delivery() -> Delivery {
        let stored = Piece::Stored {
            key: "rec/x/obj/main/0.m4s".to_owned(),
            offset: 8,
            len: 1 << 40,
        };
        let header = Piece::Header {
            of: HeaderOf {
                recording: RecordingId::from_random([7; 16]),
                kind: FileKind::Audio,
                etag: "\"x\"".to_owned(),
            },
            offset: 5,
            len: 0,
        };
        let pieces = vec![
            Piece::Bytes(vec![1, 2, 3]),
            stored,
            Piece::Bytes(vec![4]),
            header,
        ];
        Delivery::new(206, pieces).with("ETag", "\"x\"")
    }

    #[test]
    fn it_is_read_back() {
        let delivery = delivery();
        assert_eq!(delivery.len(), (1 << 40) + 4);
        assert_eq!(Delivery::decode(&delivery.encode()), Some(delivery));
    }

    #[test]
    fn cut_or_longer_bytes_are_refused() {
        let bytes = delivery().encode();
        for end in 0..bytes.len() {
            let cut = bytes.get(..end).unwrap_or_default();
            assert_eq!(Delivery::decode(cut), None);
        }
        assert_eq!(Delivery::decode(&[bytes, vec![0]].concat()), None);
    }
}
