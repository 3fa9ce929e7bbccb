//! The JSON that goes in and out.

mod broadcast;
mod listing;
mod playing;

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::encryption::Encryption;
use crate::error::{ApiError, Code};
use crate::gate::{Access, Review};
use crate::page::check_origins;
use crate::provenance::check_derived_from;
use crate::retention::Retention;

pub use broadcast::{
    BroadcastInfo, BroadcastList, BroadcastPlayback, CreateBroadcast, PatchBroadcast,
};
pub use listing::{RecordingList, RecordingSummary};
pub use playing::{
    ClipInfo, ClipList, ClipPlayback, CreateClip, CreatePlayToken, CreatedPlayToken,
};

/// The routes as OpenAPI 3.1 has them, JSON.
pub const OPENAPI: &str = include_str!("../../../docs/openapi.json");

/// Body of `POST /v1/recordings`; all of it may be left out.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct CreateRecording {
    /// A public template id, for those without an API key.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub template: Option<String>,
    /// Name for people, at most 200 characters.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub title: Option<String>,
    /// The id to have, for holders of the API key.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub id: Option<String>,
    /// Facts for programs: what [`check_metadata`] allows.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub metadata: BTreeMap<String, String>,
    /// Whether it plays before somebody has looked; it does, where absent.
    #[serde(skip_serializing_if = "is_default")]
    pub review: Review,
    /// Who may play it; whoever knows its id, where absent.
    #[serde(skip_serializing_if = "is_default")]
    pub access: Access,
    /// What of it is kept; all, where absent.
    #[serde(skip_serializing_if = "is_default")]
    pub retention: Retention,
    /// How its segments are sent; as they are, where absent.
    #[serde(skip_serializing_if = "is_default")]
    pub encryption: Encryption,
    /// Origins of pages that may play it; any, where there are none.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub origins: Vec<String>,
    /// The recording or clip that it is another form of.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub derived_from: Option<String>,
}

/// Body of `PATCH /v1/recordings/{id}`: what is left out stays.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct PatchRecording {
    /// Name for people, at most 200 characters; empty for none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub title: Option<String>,
    /// Facts that are set, or with `null` taken away; others stay.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub metadata: BTreeMap<String, Option<String>>,
    /// What was decided.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub review: Option<Review>,
    /// Who may play it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub access: Option<Access>,
    /// What of it is kept.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub retention: Option<Retention>,
    /// How its segments are sent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub encryption: Option<Encryption>,
    /// Origins of pages that may play it; any, where there are none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub origins: Option<Vec<String>>,
    /// From now on no play token that was made so far is good.
    #[serde(skip_serializing_if = "is_default")]
    pub revoke_tokens: bool,
}

impl CreateRecording {
    /// Checks what can be checked of it alone.
    ///
    /// # Errors
    /// [`Code::BadRequest`].
    pub fn check(&self) -> Result<(), ApiError> {
        check_metadata(&self.metadata)?;
        check_origins(&self.origins)?;
        check_derived_from(self.derived_from.as_deref())?;
        self.retention.check()
    }
}

fn is_default<T: Default + PartialEq>(value: &T) -> bool {
    *value == T::default()
}

/// Checks the facts of a recording: at most 32, names of 1 to 64 characters, values of at most 1,000.
///
/// # Errors
/// [`Code::BadRequest`].
pub fn check_metadata(metadata: &BTreeMap<String, String>) -> Result<(), ApiError> {
    let fits = |(name, value): (&String, &String)| {
        (1..=64).contains(&name.chars().count()) && value.chars().count() <= 1_000
    };
    if metadata.len() <= 32 && metadata.iter().all(fits) {
        return Ok(());
    }
    let detail = "metadata has at most 32 members, whose names have 1 to 64 characters and whose values at most 1,000.";
    Err(ApiError::new(Code::BadRequest, detail))
}

/// A title as it is kept: 200 characters, and none where it is empty.
pub fn kept_title(title: &str) -> Option<String> {
    let kept: String = title.chars().take(200).collect();
    (!kept.is_empty()).then_some(kept)
}

/// Answer to `POST /v1/recordings`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CreatedRecording {
    /// The recording's id.
    pub id: String,
    /// How far it is.
    pub state: State,
    /// Lets its holder write to this recording.
    pub ingest_token: String,
    /// Where configurations and objects are put under.
    pub ingest_url: String,
    /// Where it plays.
    pub playback: Playback,
}

/// How far a recording is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum State {
    /// It grows.
    Recording,
    /// It will not change any more.
    Finished,
}

/// Where a recording plays.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Playback {
    /// A page for people.
    pub page: String,
    /// HLS.
    pub hls: String,
    /// One MP4 file.
    pub mp4: String,
}

impl Playback {
    /// The addresses of `id` under `origin`, such as `https://edge.example`.
    pub fn new(origin: &str, id: &str) -> Self {
        Self {
            page: format!("{origin}/watch?id={id}"),
            hls: format!("{origin}/v1/play/{id}/index.m3u8"),
            mp4: format!("{origin}/v1/play/{id}/video.mp4"),
        }
    }
}

/// Answer to `GET /v1/recordings/{id}` and `POST .../finish`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct RecordingInfo {
    /// Its id.
    pub id: String,
    /// How far it is.
    pub state: State,
    /// Name for people.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub title: Option<String>,
    /// Facts for programs, as they were given.
    #[serde(skip_serializing_if = "BTreeMap::is_empty", default)]
    pub metadata: BTreeMap<String, String>,
    /// What was decided about it.
    pub review: Review,
    /// Who may play it.
    pub access: Access,
    /// How its segments are sent.
    #[serde(skip_serializing_if = "is_default", default)]
    pub encryption: Encryption,
    /// Origins of pages that may play it.
    #[serde(skip_serializing_if = "Vec::is_empty", default)]
    pub origins: Vec<String>,
    /// The recording or clip that it is another form of.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub derived_from: Option<String>,
    /// What of it is kept.
    #[serde(skip_serializing_if = "is_default", default)]
    pub retention: Retention,
    /// When it was created, Unix milliseconds.
    pub created: i64,
    /// Seconds from the first picture that there was to the first that is kept.
    #[serde(skip_serializing_if = "is_default", default)]
    pub from: f64,
    /// Seconds that it plays.
    pub duration: f64,
    /// Objects stored.
    pub objects: usize,
    /// Bytes stored.
    pub bytes: u64,
    /// Its tracks, pictures first.
    pub tracks: Vec<TrackInfo>,
    /// Where it plays.
    pub playback: Playback,
}

/// One track.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TrackInfo {
    /// `video`, `audio`, or a handler type.
    pub kind: String,
    /// RFC 6381 name of its codec.
    pub codec: String,
    /// Samples stored.
    pub samples: u64,
    /// Pixels across.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub width: Option<u16>,
    /// Pixels down.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub height: Option<u16>,
    /// Samples of sound a second.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sample_rate: Option<u32>,
    /// Channels of sound.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub channels: Option<u16>,
}

/// Answer to a `PUT` of an init segment.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ConfigInfo {
    /// Its hash.
    pub config: String,
}

/// Answer to a `PUT` of an object.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ObjectInfo {
    /// The lane.
    pub lane: String,
    /// Its number in the lane.
    pub seq: u32,
    /// Its bytes.
    pub size: u64,
    /// Its SHA-256 as in `Content-Digest`: `sha-256=:<base64>:`.
    pub digest: String,
}

/// Answer to `GET /v1/recordings/{id}/objects`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ObjectList {
    /// What is stored, by lane and number.
    pub objects: Vec<ObjectInfo>,
}

/// Body of `POST .../finish`; all of it may be left out.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Finish {
    /// How many objects each lane must have.
    pub objects: BTreeMap<String, u32>,
}

/// Answer to `GET /v1/demo`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Demo {
    /// The live stream as MPEG-2 transport stream.
    pub ts: String,
    /// The live stream as fragmented MP4.
    pub fmp4: String,
    /// The public template to record it by.
    pub template: String,
}
