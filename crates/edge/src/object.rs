//! Objects as they are put and stored: size cap, headers, keys.

use std::collections::BTreeMap;

use livetape_container::isobmff::{FragmentHead, fragment_head};
use serde::{Deserialize, Serialize};

use crate::digest::Sha256Digest;
use crate::error::{ApiError, Code, sentence};
use crate::ids::{ConfigHash, RecordingId};

/// The lane of the main pictures and sound; the only one so far.
pub const MAIN_LANE: &str = "main";
/// Most bytes of an object.
pub const MAX_OBJECT: u64 = 32 << 20;
/// Most bytes of an init segment.
pub const MAX_CONFIG: u64 = 256 << 10;
/// Most bytes of an object's head, which the index keeps.
pub const MAX_HEAD: u64 = 1 << 20;

/// Where an init segment is stored.
pub fn config_key(id: &RecordingId, hash: &ConfigHash) -> String {
    format!("rec/{id}/config/{hash}.mp4")
}

/// Where an object is stored.
pub fn object_key(id: &RecordingId, lane: &str, seq: u32) -> String {
    format!("rec/{id}/obj/{lane}/{seq}.m4s")
}

/// Where a clip is stored.
pub fn clip_key(id: &RecordingId, number: u32) -> String {
    format!("rec/{id}/clip/{number}.json")
}

/// What the keys of all that is stored of recordings begin with.
pub const RECORDINGS: &str = "rec/";

/// Whose keys begin with that, as in `rec/rec_.../`.
pub fn recording_of(prefix: &str) -> Option<RecordingId> {
    RecordingId::parse(prefix.strip_prefix(RECORDINGS)?.strip_suffix('/')?)
}

/// A key behind all that is stored of a recording, and before the next one's.
pub fn behind(id: &RecordingId) -> String {
    // The character that follows the slash.
    format!("{RECORDINGS}{id}0")
}

/// Where a recording's facts are stored, from its creation until all else of it is deleted.
pub fn record_key(id: &RecordingId) -> String {
    format!("rec/{id}/recording.json")
}

/// What a pack is stored as.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum PackFile {
    /// Payload, in the order of `video.mp4`.
    Payload,
    /// What else its objects have.
    Rest,
    /// The bytes of `video.mp4` that are no payload; one for all packs, whose number is 0.
    Made,
    /// What lies where: a [`Pack`](crate::pack::Pack).
    Manifest,
}

/// Where a pack is stored.
pub fn pack_key(id: &RecordingId, number: u32, file: PackFile) -> String {
    let extension = match file {
        PackFile::Payload => "payload",
        PackFile::Rest => "rest",
        PackFile::Made => "made",
        PackFile::Manifest => "json",
    };
    format!("rec/{id}/pack/{number}.{extension}")
}

/// What the keys of all that is stored of a recording begin with.
pub fn key_prefix(id: &RecordingId) -> String {
    format!("rec/{id}/")
}

/// How far a stored object's head was read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Head {
    /// It has this many bytes, and they are there.
    Complete(usize),
    /// This many bytes from the start are needed.
    Needs(u64),
}

/// Finds the end of the head of an object of `total` bytes in its first bytes.
///
/// # Errors
/// [`Code::BadFragment`].
pub fn head(bytes: &[u8], total: u64) -> Result<Head, ApiError> {
    let bad = |why: &str| ApiError::new(Code::BadFragment, sentence(why));
    match fragment_head(bytes, total) {
        FragmentHead::Complete { len } => Ok(Head::Complete(len)),
        FragmentHead::Needs(bytes) if bytes <= MAX_HEAD => Ok(Head::Needs(bytes)),
        FragmentHead::Needs(_) => Err(bad("its head is over 1 MiB")),
        FragmentHead::Invalid(why) => Err(bad(why)),
    }
}

/// Checks a lane's name.
///
/// # Errors
/// [`Code::UnknownLane`].
pub fn check_lane(lane: &str) -> Result<(), ApiError> {
    if lane == MAIN_LANE {
        Ok(())
    } else {
        Err(Code::UnknownLane.into())
    }
}

/// Reads an object's number: digits, no leading zero, 32 bits.
pub fn parse_seq(text: &str) -> Option<u32> {
    let canonical = text == "0" || !text.starts_with('0');
    (canonical && text.bytes().all(|byte| byte.is_ascii_digit()))
        .then(|| text.parse().ok())
        .flatten()
}

/// What the headers of a `PUT` announce. Only size, digest and configuration are relied on, and all
/// three are checked; times are read from the stored fragment itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Announced {
    /// Bytes of the body.
    pub len: u64,
    /// Digest of the body.
    pub digest: Sha256Digest,
    /// Kept with the stored object: `config`, `base-time`, `duration`, `wall-clock`, `independent`.
    pub metadata: BTreeMap<&'static str, String>,
}

/// Names of the kept headers and of the metadata that they become.
const KEPT: [(&str, &str); 5] = [
    ("Livetape-Config", "config"),
    ("Livetape-Base-Time", "base-time"),
    ("Livetape-Duration", "duration"),
    ("Livetape-Wall-Clock", "wall-clock"),
    ("Livetape-Independent", "independent"),
];

impl Announced {
    /// Reads the headers of a body of at most `cap` bytes, by `header`, which gives a field's value.
    ///
    /// # Errors
    /// [`Code::LengthRequired`], [`Code::TooLarge`], [`Code::DigestRequired`], [`Code::BadHeader`].
    pub fn read(header: impl Fn(&str) -> Option<String>, cap: u64) -> Result<Self, ApiError> {
        let len = header("Content-Length").ok_or(Code::LengthRequired)?;
        let len: u64 = len.parse().map_err(|_| bad_header("Content-Length"))?;
        if len > cap {
            let detail = format!("At most {cap} bytes are taken.");
            return Err(ApiError::new(Code::TooLarge, detail));
        }
        let digest = header("Content-Digest").ok_or(Code::DigestRequired)?;
        let digest = Sha256Digest::from_content_digest(&digest).ok_or(Code::DigestRequired)?;
        let mut metadata = BTreeMap::new();
        for (name, key) in KEPT {
            if let Some(value) = header(name) {
                if value.len() > 64 || !value.bytes().all(|byte| byte.is_ascii_graphic()) {
                    return Err(bad_header(name));
                }
                metadata.insert(key, value);
            }
        }
        Ok(Self {
            len,
            digest,
            metadata,
        })
    }

    /// Checks that the headers which an object must have are there and make sense.
    ///
    /// # Errors
    /// [`Code::BadHeader`].
    pub fn check_object(&self) -> Result<(), ApiError> {
        let config = self.metadata.get("config").map(String::as_str);
        if config.and_then(ConfigHash::parse).is_none() {
            return Err(bad_header("Livetape-Config"));
        }
        for (name, key) in [
            ("Livetape-Base-Time", "base-time"),
            ("Livetape-Duration", "duration"),
        ] {
            let seconds = self.metadata.get(key).map(|text| text.parse::<f64>());
            if !matches!(seconds, None | Some(Ok(_))) {
                return Err(bad_header(name));
            }
        }
        let wall_clock = self
            .metadata
            .get("wall-clock")
            .map(|text| text.parse::<i64>());
        if matches!(wall_clock, Some(Err(_))) {
            return Err(bad_header("Livetape-Wall-Clock"));
        }
        Ok(())
    }
}

fn bad_header(name: &str) -> ApiError {
    ApiError::new(Code::BadHeader, format!("It is {name}."))
}

#[cfg(test)]
mod tests {
    use super::*;

    const DIGEST: &str = "sha-256=:47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=:";

    fn read(fields: &[(&str, &str)]) -> Result<Announced, ApiError> {
        let header = |name: &str| {
            let found = fields.iter().find(|(field, _)| *field == name);
            found.map(|(_, value)| (*value).to_owned())
        };
        let announced = Announced::read(header, 100)?;
        announced.check_object()?;
        Ok(announced)
    }

    fn refused(fields: &[(&str, &str)]) -> Option<Code> {
        read(fields).err().map(|error| error.code)
    }

    const LENGTH: (&str, &str) = ("Content-Length", "100");
    const SUM: (&str, &str) = ("Content-Digest", DIGEST);
    const CONFIG: (&str, &str) = ("Livetape-Config", "0123456789abcdef");

    #[test]
    fn headers_are_read() {
        let wall_clock = ("Livetape-Wall-Clock", "1795000000000");
        let announced = read(&[LENGTH, SUM, CONFIG, wall_clock]).expect("complete");
        assert_eq!(announced.len, 100);
        assert_eq!(announced.digest.content_digest(), DIGEST);
        assert_eq!(announced.metadata.len(), 2);
    }

    #[test]
    fn each_missing_or_broken_header_has_its_code() {
        assert_eq!(refused(&[SUM, CONFIG]), Some(Code::LengthRequired));
        assert_eq!(refused(&[LENGTH, CONFIG]), Some(Code::DigestRequired));
        assert_eq!(refused(&[LENGTH, SUM]), Some(Code::BadHeader));
        let too_long = ("Content-Length", "101");
        assert_eq!(refused(&[too_long, SUM, CONFIG]), Some(Code::TooLarge));
        for broken in [
            ("Livetape-Duration", "two"),
            ("Livetape-Wall-Clock", "1.5"),
            ("Livetape-Base-Time", "1 s"),
        ] {
            assert_eq!(
                refused(&[LENGTH, SUM, CONFIG, broken]),
                Some(Code::BadHeader)
            );
        }
    }

    #[test]
    fn recordings_lie_one_behind_another() {
        let (one, next) = (
            RecordingId::parse("rec_0123456789ABCDEFGHIJKL").expect("an id"),
            RecordingId::parse("rec_0123456789ABCDEFGHIJKM").expect("an id"),
        );
        assert_eq!(recording_of(&key_prefix(&one)), Some(one.clone()));
        assert_eq!(recording_of("rec/lost/"), None);
        assert!(behind(&one) > object_key(&one, "~", 9));
        assert!(behind(&one) < key_prefix(&next));
    }

    #[test]
    fn numbers_have_one_spelling() {
        assert_eq!(parse_seq("0"), Some(0));
        assert_eq!(parse_seq("4294967295"), Some(u32::MAX));
        for text in ["", "00", "01", "+1", "-1", "1.m4s", "4294967296"] {
            assert_eq!(parse_seq(text), None, "{text}");
        }
    }
}
