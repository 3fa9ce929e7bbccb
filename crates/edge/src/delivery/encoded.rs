//! A delivery as bytes. That of a long file has thousands of pieces, and its first byte waits for them: of a key
//! only what is not the folder of the one before is written.

use livetape_timeline::sealed::{Reader, Writer};
use serde::{Deserialize, Serialize};

use super::{Delivery, Piece};
use crate::encryption::Cipher;
use crate::view::live::TsSegment;

/// All but the body.
#[derive(Serialize, Deserialize)]
struct Head {
    status: u16,
    headers: Vec<(String, String)>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    rewrite: Option<TsSegment>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    cipher: Option<Cipher>,
}

/// What kind of piece follows.
const BYTES: u64 = 0;
const STORED: u64 = 1;
const HEADER: u64 = 2;

impl Delivery {
    /// As bytes: a JSON head, then the pieces one after another.
    pub fn encode(&self) -> Vec<u8> {
        let head = Head {
            status: self.status,
            headers: self.headers.clone(),
            rewrite: self.rewrite.clone(),
            cipher: self.cipher.clone(),
        };
        let mut to = Writer::default();
        to.bytes(&serde_json::to_vec(&head).unwrap_or_default());
        to.number(self.pieces.len() as u64);
        let mut before = "";
        for piece in &self.pieces {
            match piece {
                Piece::Bytes(bytes) => {
                    to.number(BYTES);
                    to.bytes(bytes);
                }
                Piece::Stored { key, offset, len } => {
                    to.number(STORED);
                    write_key(&mut to, before, key);
                    to.number(*offset);
                    to.number(*len);
                    before = key;
                }
                Piece::Header { of, offset, len } => {
                    to.number(HEADER);
                    to.bytes(&serde_json::to_vec(of).unwrap_or_default());
                    to.number(*offset);
                    to.number(*len);
                }
            }
        }
        to.finish()
    }

    /// Reads what [`Delivery::encode`] wrote; `None` for anything else.
    pub fn decode(bytes: &[u8]) -> Option<Self> {
        let mut from = Reader::new(bytes);
        let head: Head = serde_json::from_slice(from.bytes()?).ok()?;
        let mut before = String::new();
        let pieces = from.list(|from| {
            Some(match from.number::<u64>()? {
                BYTES => Piece::Bytes(from.bytes()?.to_vec()),
                STORED => {
                    let key = read_key(from, &before)?;
                    before.clone_from(&key);
                    let (offset, len) = (from.number()?, from.number()?);
                    Piece::Stored { key, offset, len }
                }
                HEADER => {
                    let of = serde_json::from_slice(from.bytes()?).ok()?;
                    let (offset, len) = (from.number()?, from.number()?);
                    Piece::Header { of, offset, len }
                }
                _ => return None,
            })
        })?;
        from.is_empty().then_some(Self {
            status: head.status,
            headers: head.headers,
            pieces,
            rewrite: head.rewrite,
            cipher: head.cipher,
        })
    }
}

/// Writes how many bytes of a key are the folder of the one before, and the others.
fn write_key(to: &mut Writer, before: &str, key: &str) {
    let folder = before.rsplit_once('/').map_or("", |(folder, _)| folder);
    let (common, others) = match key.strip_prefix(folder) {
        Some(others) => (folder.len(), others),
        None => (0, key),
    };
    to.number(common as u64);
    to.bytes(others.as_bytes());
}

fn read_key(from: &mut Reader<'_>, before: &str) -> Option<String> {
    let common = before.get(..from.number()?)?;
    let others = std::str::from_utf8(from.bytes()?).ok()?;
    Some([common, others].concat())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::HeaderOf;
    use crate::ids::RecordingId;
    use crate::view::mp4::FileKind;

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
                last: 8_999,
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
