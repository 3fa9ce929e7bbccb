//! Addresses of what is played, below an id or a token.

use serde::{Deserialize, Serialize};

use crate::encryption::{FOLDER, KEY};
use crate::error::Code;
use crate::gate::Form;
use crate::ids::ConfigHash;
use crate::object::{check_lane, parse_seq};
use crate::view::i_frames::{I_FRAMES, IFrameFile};
use crate::view::media::MediaKind;
use crate::view::mp4::FileKind;

/// A file of a recording.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PlayFile {
    /// `index.m3u8`
    Multivariant,
    /// `media.m3u8`, `iframes.m3u8`
    Media(MediaKind),
    /// `video.mp4`, `audio.m4a`
    Mp4(FileKind),
    /// `iframes/...`
    IFrame(IFrameFile),
    /// `init-{hash}.mp4`
    Init(ConfigHash),
    /// `main/{seq}.m4s`
    Object(u32),
    /// `aes/key`
    Key,
    /// `aes/...`
    Encrypted(EncryptedFile),
}

/// An encrypted file of a recording.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum EncryptedFile {
    /// `aes/main/{seq}.m4s`
    Object(u32),
    /// `aes/iframes/{seq}.m4s`
    IFrame(u32),
}

/// A file of a broadcast.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum LiveFile {
    /// `index.m3u8`
    Multivariant,
    /// `video/index.m3u8` or `audio/index.m3u8`
    Media(LiveTrack),
    /// `video/init-{hash}.mp4` or `audio/...`
    Init(LiveTrack, ConfigHash),
    /// `video/{number}.m4s` or `audio/...`
    Segment(LiveTrack, u64),
    /// `ts/index.m3u8`
    TsMedia,
    /// `ts/{number}.ts`
    TsSegment(u64),
    /// `aes/key`
    Key,
    /// `aes/video/{number}.m4s` or `aes/audio/...`
    EncryptedSegment(LiveTrack, u64),
    /// `aes/ts/{number}.ts`
    EncryptedTsSegment(u64),
}

impl LiveFile {
    /// In which form media is asked for; `None` where it is not media, or the same in all.
    pub const fn form(&self) -> Option<Form> {
        match self {
            Self::Segment(..) | Self::TsSegment(_) => Some(Form::Clear),
            Self::Key | Self::EncryptedSegment(..) | Self::EncryptedTsSegment(_) => {
                Some(Form::Encrypted)
            }
            _ => None,
        }
    }
}

/// A rendition of a broadcast.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum LiveTrack {
    /// The pictures.
    Video,
    /// The sound.
    Audio,
}

impl LiveTrack {
    /// Its name in addresses.
    pub(crate) const fn folder(self) -> &'static str {
        match self {
            Self::Video => "video",
            Self::Audio => "audio",
        }
    }
}

pub(super) fn play_file(rest: &[&str]) -> Result<PlayFile, Code> {
    match rest {
        ["index.m3u8"] => Ok(PlayFile::Multivariant),
        ["media.m3u8"] => Ok(PlayFile::Media(MediaKind::Objects)),
        ["iframes.m3u8"] => Ok(PlayFile::Media(MediaKind::IFrames)),
        ["video.mp4"] => Ok(PlayFile::Mp4(FileKind::Video)),
        ["audio.m4a"] => Ok(PlayFile::Mp4(FileKind::Audio)),
        [file] => match init(file) {
            Some(hash) => hash.map(PlayFile::Init).ok_or(Code::UnknownConfig),
            None => Err(Code::NotFound),
        },
        [I_FRAMES, file] => {
            let file = match init(file) {
                Some(hash) => IFrameFile::Init(hash.ok_or(Code::UnknownConfig)?),
                None => IFrameFile::Object(segment(file)?),
            };
            Ok(PlayFile::IFrame(file))
        }
        [FOLDER, KEY] => Ok(PlayFile::Key),
        [FOLDER, rest @ ..] => match play_file(rest)? {
            PlayFile::Object(seq) => Ok(PlayFile::Encrypted(EncryptedFile::Object(seq))),
            PlayFile::IFrame(IFrameFile::Object(seq)) => {
                Ok(PlayFile::Encrypted(EncryptedFile::IFrame(seq)))
            }
            _ => Err(Code::NotFound),
        },
        [lane, file] => {
            check_lane(lane).map_err(|_| Code::NotFound)?;
            segment(file).map(PlayFile::Object)
        }
        _ => Err(Code::NotFound),
    }
}

/// The number in `{seq}.m4s`.
fn segment(file: &str) -> Result<u32, Code> {
    let seq = file.strip_suffix(".m4s").ok_or(Code::NotFound)?;
    parse_seq(seq).ok_or(Code::UnknownObject)
}

/// The hash in `init-{hash}.mp4`; `None` where the name is another.
fn init(file: &str) -> Option<Option<ConfigHash>> {
    let hash = file.strip_prefix("init-")?.strip_suffix(".mp4")?;
    Some(ConfigHash::parse(hash))
}

pub(super) fn live_file(rest: &[&str]) -> Result<LiveFile, Code> {
    let number = |file: &str, suffix: &str| {
        let digits = file.strip_suffix(suffix).ok_or(Code::NotFound)?;
        let canonical = digits == "0" || !digits.starts_with('0');
        let all_digits = digits.bytes().all(|byte| byte.is_ascii_digit());
        let number = (canonical && all_digits).then(|| digits.parse::<u64>().ok());
        number.flatten().ok_or(Code::NotOnAir)
    };
    let (track, file) = match rest {
        ["index.m3u8"] => return Ok(LiveFile::Multivariant),
        ["ts", "index.m3u8"] => return Ok(LiveFile::TsMedia),
        ["ts", file] => return number(file, ".ts").map(LiveFile::TsSegment),
        [FOLDER, KEY] => return Ok(LiveFile::Key),
        [FOLDER, rest @ ..] => {
            return match live_file(rest)? {
                LiveFile::Segment(track, number) => Ok(LiveFile::EncryptedSegment(track, number)),
                LiveFile::TsSegment(number) => Ok(LiveFile::EncryptedTsSegment(number)),
                _ => Err(Code::NotFound),
            };
        }
        ["video", file] => (LiveTrack::Video, *file),
        ["audio", file] => (LiveTrack::Audio, *file),
        _ => return Err(Code::NotFound),
    };
    if file == "index.m3u8" {
        return Ok(LiveFile::Media(track));
    }
    match init(file) {
        Some(Some(hash)) => Ok(LiveFile::Init(track, hash)),
        Some(None) => Err(Code::UnknownConfig),
        None => number(file, ".m4s").map(|number| LiveFile::Segment(track, number)),
    }
}
