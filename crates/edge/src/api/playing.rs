//! Clips, and tokens to play by.

use serde::{Deserialize, Serialize};

use crate::error::{ApiError, Code};
use crate::ids::{ClipId, RecordingId};
use crate::moment::Moment;
use crate::play_claims::PlayClaims;

/// Body of `POST .../clips`; all of it may be left out.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct CreateClip {
    /// Where it begins; with the recording, where absent.
    pub start: Option<Moment>,
    /// Where it ends; with the recording, where absent.
    pub end: Option<Moment>,
    /// Name for people, at most 200 characters.
    pub title: Option<String>,
    /// Keep what it shows when the rest of the recording is not kept any more.
    pub persistent: bool,
}

/// Answer to `POST .../clips` and `GET .../clips/{clip}`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ClipInfo {
    /// Its id.
    pub id: String,
    /// What it is a part of.
    pub recording: String,
    /// Name for people.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub title: Option<String>,
    /// Where it begins, in seconds from the recording's first picture.
    pub start: f64,
    /// Where it ends; with the recording, where absent.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub end: Option<f64>,
    /// What it shows is kept.
    pub persistent: bool,
    /// When it was created, Unix milliseconds.
    pub created: i64,
    /// Stored objects that it shows something of.
    pub objects: usize,
    /// Their bytes.
    pub bytes: u64,
    /// Where it plays.
    pub playback: ClipPlayback,
}

/// Answer to `GET .../clips`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ClipList {
    /// Newest first.
    pub clips: Vec<ClipInfo>,
    /// What to ask for the next page with; none where this is the last.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub cursor: Option<String>,
}

/// Where a clip plays, or what a token is for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ClipPlayback {
    /// HLS.
    pub hls: String,
    /// One MP4 file.
    pub mp4: String,
    /// Its sound as one file.
    pub m4a: String,
}

impl ClipPlayback {
    /// The addresses of `id` under `origin`.
    pub fn new(origin: &str, id: &str) -> Self {
        let at = |file: &str| format!("{origin}/v1/play/{id}/{file}");
        Self {
            hls: at("index.m3u8"),
            mp4: at("video.mp4"),
            m4a: at("audio.m4a"),
        }
    }
}

/// Body of `POST .../tokens`; all of it may be left out.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct CreatePlayToken {
    /// A clip of the recording that it is for, instead of the whole.
    pub clip: Option<String>,
    /// Seconds that it is good for: 3,600, where absent; at most 30 days.
    pub seconds: Option<u64>,
    /// Plays from there on only.
    pub start: Option<Moment>,
    /// Plays up to there only.
    pub end: Option<Moment>,
    /// Origins of pages that may play it; any, where there are none.
    pub origins: Vec<String>,
    /// Plays what is not reviewed yet, too.
    pub reviewer: bool,
    /// Opens files of what is encrypted, too.
    pub download: bool,
}

impl CreatePlayToken {
    /// What the token says that is made for it at `now`, in Unix seconds.
    ///
    /// # Errors
    /// [`Code::BadRequest`], [`Code::UnknownClip`].
    pub fn claims(self, recording: &RecordingId, now: u64) -> Result<PlayClaims, ApiError> {
        let lasts = self.seconds.unwrap_or(3_600);
        if !(1..=30 * 24 * 3_600).contains(&lasts) || self.origins.len() > 16 {
            let detail = "A token is good for 1 s to 30 days, and for at most 16 origins.";
            return Err(ApiError::new(Code::BadRequest, detail));
        }
        let sub = match self.clip.as_deref().map(ClipId::parse) {
            None => recording.to_string(),
            Some(Some(clip)) if clip.recording == *recording => clip.to_string(),
            Some(_) => return Err(Code::UnknownClip.into()),
        };
        Ok(PlayClaims {
            iat: Some(now),
            start: self.start,
            end: self.end,
            origins: self.origins,
            reviewer: self.reviewer,
            download: self.download,
            ..PlayClaims::new(&sub, now.saturating_add(lasts))
        })
    }
}

/// Answer to `POST .../tokens`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CreatedPlayToken {
    /// Takes the place of the id in addresses to play.
    pub token: String,
    /// Good until then, Unix seconds.
    pub expires: u64,
    /// Where it plays.
    pub playback: ClipPlayback,
}
