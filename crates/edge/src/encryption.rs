//! HLS AES-128: whole segments, encrypted while they are sent (RFC 8216bis §4.4.4.4 and §5.2; AES-128
//! in CBC mode with PKCS #7 padding). What is stored stays as it is, and no key is stored: each
//! recording's follows from the edge's secret.
//!
//! The initialization vector of a segment is its number: an object's, or a broadcast's segment's. A
//! playlist says it where it is not the media sequence number anyway. Init segments are not encrypted.
//!
//! Encrypted forms have addresses of their own, below [`FOLDER`]: what caches hold of one form is
//! never taken for the other.

use std::fmt;

use hmac::{Hmac, KeyInit, Mac};
use livetape_hls::{HexSequence, Key, KeyMethod, SegmentTag};
use serde::{Deserialize, Serialize};
use sha2::Sha256;

use crate::ids::RecordingId;

/// Where encrypted segments and their key are, beside the playlists.
pub(crate) const FOLDER: &str = "aes";
/// The key's name there.
pub(crate) const KEY: &str = "key";
/// Bytes of a block, and of a key.
const BLOCK: u64 = 16;

/// How segments are sent.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum Encryption {
    /// As they are.
    #[default]
    #[serde(rename = "none")]
    None,
    /// Encrypted with the recording's key.
    #[serde(rename = "aes-128")]
    Aes128,
}

/// How one body is to be encrypted.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Cipher {
    /// Whose key.
    recording: String,
    number: u64,
}

impl Cipher {
    /// The form of segment `number` of a recording.
    pub(crate) fn new(recording: &RecordingId, number: u64) -> Self {
        Self {
            recording: recording.to_string(),
            number,
        }
    }

    /// Whose key; `None` where that is no recording.
    pub fn recording(&self) -> Option<RecordingId> {
        RecordingId::parse(&self.recording)
    }

    /// The initialization vector.
    pub fn iv(&self) -> [u8; 16] {
        u128::from(self.number).to_be_bytes()
    }

    /// How many bytes become of `len`: whole blocks, of which the last says how much was added.
    pub const fn encrypted_len(len: u64) -> u64 {
        (len / BLOCK + 1) * BLOCK
    }
}

/// Makes the recordings' keys.
#[derive(Clone)]
pub struct ContentKeys(Hmac<Sha256>);

impl fmt::Debug for ContentKeys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Not the key.
        f.debug_struct("ContentKeys").finish_non_exhaustive()
    }
}

impl ContentKeys {
    /// Those that follow from the edge's secret.
    pub fn new(secret: &str) -> Self {
        let mac = Hmac::<Sha256>::new_from_slice(secret.as_bytes());
        let mut mac = mac.expect("HMAC takes a key of any length");
        mac.update(b"livetape aes-128 1\n");
        Self(mac)
    }

    /// A recording's key: the first half of an HMAC-SHA256 (RFC 2104) of its id.
    pub fn key(&self, recording: &RecordingId) -> [u8; 16] {
        let mut mac = self.0.clone();
        mac.update(recording.name().as_bytes());
        let whole: [u8; 32] = mac.finalize().into_bytes().into();
        let (half, _) = whole.split_first_chunk().expect("32 bytes have a half");
        *half
    }
}

/// What the tags before a segment say of its encryption, as a playlist is written.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) enum Keyed {
    /// Nothing.
    #[default]
    Clear,
    /// What was said in the segments that are skipped: a player knows it.
    Before,
    /// The key, with media sequence numbers as initialization vectors.
    BySequence,
    /// The key, with the last segment's vector.
    Once,
}

impl Keyed {
    /// The tag that must stand before EXT-X-MAP, so that init segments are not taken for encrypted.
    pub(crate) fn before_map(&mut self) -> Option<SegmentTag> {
        let said = std::mem::take(self);
        (said != Self::Clear).then(|| SegmentTag::Key(Box::new(Key::new(KeyMethod::None))))
    }

    /// The tag that must stand before segment `number`, whose media sequence number is `sequence`; `key`
    /// is where the key is.
    pub(crate) fn before_segment(
        &mut self,
        number: u64,
        sequence: u64,
        key: &str,
    ) -> Option<SegmentTag> {
        let wanted = match number == sequence {
            true => Self::BySequence,
            false => Self::Once,
        };
        if *self == Self::BySequence && wanted == Self::BySequence {
            return None;
        }
        *self = wanted;
        let vector = u128::from(number).to_be_bytes();
        Some(SegmentTag::Key(Box::new(Key {
            uri: Some(key.to_owned()),
            iv: (wanted == Self::Once).then(|| HexSequence::from_bytes(&vector)),
            ..Key::new(KeyMethod::Aes128)
        })))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn id(last: char) -> RecordingId {
        RecordingId::parse(&format!("rec_0123456789ABCDEFGHIJK{last}")).expect("valid")
    }

    #[test]
    fn keys_follow_from_the_secret_and_the_recording() {
        let keys = ContentKeys::new("0123456789abcdef");
        assert_eq!(keys.key(&id('L')), keys.key(&id('L')));
        assert_ne!(keys.key(&id('L')), keys.key(&id('M')));
        let other = ContentKeys::new("0123456789abcdeg");
        assert_ne!(keys.key(&id('L')), other.key(&id('L')));
    }

    #[test]
    fn there_is_always_padding() {
        let lens = [0, 1, 15, 16, 17, 32].map(Cipher::encrypted_len);
        assert_eq!(lens, [16, 16, 16, 32, 32, 48]);
    }

    #[test]
    fn tags_stand_where_something_changes() {
        let mut keyed = Keyed::default();
        let mut said = |number, sequence| {
            let tag = keyed.before_segment(number, sequence, "aes/key");
            tag.map(|tag| match tag {
                SegmentTag::Key(key) => key.iv.and_then(|iv| iv.to_u128()),
                other => panic!("{other:?}"),
            })
        };
        assert_eq!(said(4, 4), Some(None));
        assert_eq!(said(5, 5), None);
        assert_eq!(said(8, 6), Some(Some(8)));
        assert_eq!(said(9, 7), Some(Some(9)));
        assert_eq!(said(8, 8), Some(None));
        assert!(keyed.before_map().is_some());
        assert!(keyed.before_map().is_none());
    }
}
