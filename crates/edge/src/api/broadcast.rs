//! Broadcasts.

use serde::{Deserialize, Deserializer, Serialize};

use crate::view::live::OnAir;

/// Body of `POST .../broadcasts`; all of it may be left out.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct CreateBroadcast {
    /// When it begins, Unix milliseconds; now, where absent.
    pub start: Option<i64>,
    /// When it is stopped, Unix milliseconds; at the end of the programme, where absent.
    pub end: Option<i64>,
    /// Begin again at the end, for ever.
    #[serde(rename = "loop")]
    pub repeat: bool,
    /// A clip of the recording to play, instead of the whole.
    pub clip: Option<String>,
}

/// Body of `PATCH .../broadcasts/{id}`: what is left out stays.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct PatchBroadcast {
    /// When it begins, or would have begun, Unix milliseconds.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub start: Option<i64>,
    /// When it is stopped, now at the earliest; `null` for not at all.
    #[serde(skip_serializing_if = "Option::is_none", deserialize_with = "given")]
    pub end: Option<Option<i64>>,
}

/// Tells `null` from nothing.
fn given<'de, D: Deserializer<'de>>(value: D) -> Result<Option<Option<i64>>, D::Error> {
    Option::deserialize(value).map(Some)
}

/// Answer to a request about a broadcast.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct BroadcastInfo {
    /// The broadcast's id.
    pub id: String,
    /// Where it is.
    pub state: OnAir,
    /// When it begins, Unix milliseconds.
    pub start: i64,
    /// When it is stopped.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub end: Option<i64>,
    /// It begins again at its end.
    #[serde(rename = "loop")]
    pub repeat: bool,
    /// The clip that it plays, where it is one.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub clip: Option<String>,
    /// Where it plays.
    pub playback: BroadcastPlayback,
}

/// Answer to `GET .../broadcasts`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct BroadcastList {
    /// Newest first.
    pub broadcasts: Vec<BroadcastInfo>,
}

/// Where a broadcast plays.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct BroadcastPlayback {
    /// HLS, fragmented MP4, sound apart.
    pub hls: String,
    /// HLS, MPEG-2 transport stream.
    pub ts: String,
}

impl BroadcastPlayback {
    /// The addresses of `id` under `origin`.
    pub fn new(origin: &str, id: &str) -> Self {
        Self {
            hls: format!("{origin}/v1/play/{id}/index.m3u8"),
            ts: format!("{origin}/v1/play/{id}/ts/index.m3u8"),
        }
    }
}
