//! What a playlist text turns into.

use crate::media_playlist::MediaPlaylist;
use crate::multivariant_playlist::MultivariantPlaylist;
use crate::warning::Warning;

/// A playlist of either kind (section 4.1).
#[derive(Debug, Clone, PartialEq, Eq)]
#[allow(
    clippy::large_enum_variant,
    reason = "one value a text, so a box would only be in the way; not large on wasm32"
)]
pub enum Playlist {
    /// A list of segments.
    Media(MediaPlaylist),
    /// A list of variants.
    Multivariant(MultivariantPlaylist),
}

impl Playlist {
    /// The Media Playlist, if it is one.
    #[must_use]
    pub fn into_media(self) -> Option<MediaPlaylist> {
        match self {
            Self::Media(playlist) => Some(playlist),
            Self::Multivariant(_) => None,
        }
    }

    /// The Multivariant Playlist, if it is one.
    #[must_use]
    pub fn into_multivariant(self) -> Option<MultivariantPlaylist> {
        match self {
            Self::Media(_) => None,
            Self::Multivariant(playlist) => Some(playlist),
        }
    }
}

/// A playlist and what was odd about its text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Parsed {
    /// The playlist.
    pub playlist: Playlist,
    /// Oddities, in the order in which they were met.
    pub warnings: Vec<Warning>,
}

/// A line that is kept as it stands: a comment, a tag this crate does not know, or a known tag that
/// cannot be read and was not needed.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct OtherLine {
    /// The line without its leading `#`.
    pub text: String,
}

impl OtherLine {
    /// A line `#text`.
    #[must_use]
    pub fn new(text: impl Into<String>) -> Self {
        Self { text: text.into() }
    }

    /// Name and value of a tag, e.g. `EXT-X-CUE-OUT` and `30`; the value is empty when there is no
    /// colon. `None` for a comment (section 4.1: lines that do not start with `#EXT`).
    #[must_use]
    pub fn tag(&self) -> Option<(&str, &str)> {
        self.text
            .starts_with("EXT")
            .then(|| self.text.split_once(':').unwrap_or((&self.text, "")))
    }

    /// Whether a reader takes the line for the start of the segments: it has the name of a tag that
    /// belongs to a segment.
    pub(crate) fn is_segment_tag(&self) -> bool {
        self.tag()
            .is_some_and(|(name, _)| SEGMENT_TAGS.contains(&name.trim_end()))
    }
}

/// Tags whose place among the segments matters (sections 4.4.4 and 4.4.5).
pub(crate) const SEGMENT_TAGS: [&str; 12] = [
    "EXTINF",
    "EXT-X-BYTERANGE",
    "EXT-X-DISCONTINUITY",
    "EXT-X-KEY",
    "EXT-X-MAP",
    "EXT-X-PROGRAM-DATE-TIME",
    "EXT-X-GAP",
    "EXT-X-BITRATE",
    "EXT-X-PART",
    "EXT-X-DATERANGE",
    "EXT-X-PRELOAD-HINT",
    "EXT-X-RENDITION-REPORT",
];
