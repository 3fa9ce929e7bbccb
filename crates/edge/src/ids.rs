//! Names of recordings, broadcasts and clips, by syntax alone.

use std::fmt;

use serde::{Deserialize, Serialize};

/// The digits of an id, lowest first.
const BASE62: &[u8; 62] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
/// Digits that 128 bits need.
const DIGITS: usize = 22;

/// `rec_` and 22 characters of `0-9A-Za-z`: 128 bits, unguessable where they were random.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct RecordingId(String);

impl TryFrom<String> for RecordingId {
    type Error = &'static str;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        Self::parse(&text).ok_or("a recording's id is rec_ and 22 of 0-9, A-Z, a-z")
    }
}

impl From<RecordingId> for String {
    fn from(id: RecordingId) -> Self {
        id.to_string()
    }
}

impl RecordingId {
    /// An id from 16 random bytes.
    pub fn from_random(bytes: [u8; 16]) -> Self {
        let mut rest = u128::from_be_bytes(bytes);
        let mut name = String::with_capacity(DIGITS);
        for _ in 0..DIGITS {
            let digit = BASE62.get((rest % 62) as usize).copied().unwrap_or(b'0');
            name.push(char::from(digit));
            rest /= 62;
        }
        Self(name)
    }

    /// Reads `rec_...`; `None` for any other text.
    pub fn parse(text: &str) -> Option<Self> {
        let name = text.strip_prefix("rec_")?;
        is_name(name).then(|| Self(name.to_owned()))
    }

    /// The 22 characters.
    pub fn name(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for RecordingId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "rec_{}", self.0)
    }
}

/// `live_`, the 22 characters of its recording, `_` and a number: a recording played as live.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct BroadcastId {
    /// What is played.
    pub recording: RecordingId,
    /// Which of its broadcasts, from 1.
    pub number: u32,
}

impl BroadcastId {
    /// Reads `live_..._n`; `None` for any other text.
    pub fn parse(text: &str) -> Option<Self> {
        let (recording, number) = numbered("live_", text)?;
        Some(Self { recording, number })
    }
}

impl fmt::Display for BroadcastId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "live_{}_{}", self.recording.0, self.number)
    }
}

/// `clip_`, the 22 characters of its recording, `_` and a number: a range of a recording's time.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct ClipId {
    /// What it is a part of.
    pub recording: RecordingId,
    /// Which of its clips, from 1.
    pub number: u32,
}

impl ClipId {
    /// Reads `clip_..._n`; `None` for any other text.
    pub fn parse(text: &str) -> Option<Self> {
        let (recording, number) = numbered("clip_", text)?;
        Some(Self { recording, number })
    }
}

impl fmt::Display for ClipId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "clip_{}_{}", self.recording.0, self.number)
    }
}

/// Reads a recording's name and a number from 1, in its one way of writing.
fn numbered(prefix: &str, text: &str) -> Option<(RecordingId, u32)> {
    let (name, number) = text.strip_prefix(prefix)?.split_once('_')?;
    let canonical = number.bytes().all(|byte| byte.is_ascii_digit()) && !number.starts_with('0');
    (is_name(name) && canonical).then_some(())?;
    Some((RecordingId(name.to_owned()), number.parse().ok()?))
}

fn is_name(text: &str) -> bool {
    text.len() == DIGITS && text.bytes().all(|byte| byte.is_ascii_alphanumeric())
}

/// The hash that names a configuration: the first 16 hexadecimal digits, in lower case, of its
/// SHA-256.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct ConfigHash(String);

impl ConfigHash {
    /// The hash of an init segment's bytes.
    pub fn of(init: &[u8]) -> Self {
        use sha2::{Digest as _, Sha256};
        Self(crate::digest::hex(
            Sha256::digest(init).get(..8).unwrap_or_default(),
        ))
    }

    /// Reads 16 hexadecimal digits; `None` for any other text.
    pub fn parse(text: &str) -> Option<Self> {
        let digit = |byte: u8| matches!(byte, b'0'..=b'9' | b'a'..=b'f');
        (text.len() == 16 && text.bytes().all(digit)).then(|| Self(text.to_owned()))
    }

    /// The 16 digits.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for ConfigHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_are_read_back() {
        for bytes in [[0; 16], [0xff; 16], [7; 16]] {
            let id = RecordingId::from_random(bytes);
            assert_eq!(id.name().len(), DIGITS);
            assert_eq!(RecordingId::parse(&id.to_string()), Some(id.clone()));
            let broadcast = BroadcastId {
                recording: id.clone(),
                number: 12,
            };
            let text = broadcast.to_string();
            assert_eq!(ClipId::parse(&text), None);
            assert_eq!(BroadcastId::parse(&text), Some(broadcast));
            let clip = ClipId {
                recording: id,
                number: 7,
            };
            assert_eq!(ClipId::parse(&clip.to_string()), Some(clip));
        }
        assert_ne!(
            RecordingId::from_random([0xff; 16]),
            RecordingId::from_random([0xfe; 16])
        );
    }

    #[test]
    fn other_text_is_no_id() {
        for text in [
            "",
            "rec_",
            "rec_tooshort",
            "rec_0000000000000000000000!",
            "rec_000000000000000000000000",
            "live_0000000000000000000000",
        ] {
            assert_eq!(RecordingId::parse(text), None, "{text}");
        }
        for number in ["", "0", "01", "-1", "4294967296", "1x"] {
            let text = format!("live_0000000000000000000000_{number}");
            assert_eq!(BroadcastId::parse(&text), None, "{text}");
        }
        assert!(BroadcastId::parse("live_0000000000000000000000_4294967295").is_some());
    }

    #[test]
    fn a_configuration_is_named_by_its_digest() {
        // printf abc | sha256sum
        assert_eq!(ConfigHash::of(b"abc").as_str(), "ba7816bf8f01cfea");
        assert_eq!(ConfigHash::parse("BA7816BF8F01CFEA"), None);
        assert_eq!(ConfigHash::parse("ba7816bf8f01cfe"), None);
    }
}
