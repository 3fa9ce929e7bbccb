//! Multivariant Playlists (section 4.4.6).

use crate::model::OtherLine;
use crate::tags::{
    ContentSteering, Define, IFrameStreamInf, Media, SessionData, SessionKey, Start, StreamInf,
};

/// A Multivariant Playlist. Writing it gives the text that it was read from, but for spaces, the
/// order of playlist-wide tags and the order of attributes within a tag.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct MultivariantPlaylist {
    /// `EXT-X-VERSION`: protocol version.
    pub version: Option<u64>,
    /// `EXT-X-INDEPENDENT-SEGMENTS`: every segment can be decoded by itself.
    pub independent_segments: bool,
    /// `EXT-X-DEFINE`: variables. References to them have been replaced.
    pub defines: Vec<Define>,
    /// `EXT-X-START`: where to start playing.
    pub start: Option<Start>,
    /// `EXT-X-CONTENT-STEERING`: where the steering manifest is.
    pub content_steering: Option<ContentSteering>,
    /// Everything else, in its order.
    pub items: Vec<MultivariantItem>,
}

impl MultivariantPlaylist {
    /// The variants, in their order.
    pub fn variants(&self) -> impl Iterator<Item = &Variant> {
        self.items.iter().filter_map(|item| match item {
            MultivariantItem::Variant(variant) => Some(variant.as_ref()),
            _ => None,
        })
    }

    /// The keyframe-only variants, in their order.
    pub fn i_frame_variants(&self) -> impl Iterator<Item = &IFrameStreamInf> {
        self.items.iter().filter_map(|item| match item {
            MultivariantItem::IFrameVariant(variant) => Some(variant.as_ref()),
            _ => None,
        })
    }

    /// The renditions, in their order.
    pub fn renditions(&self) -> impl Iterator<Item = &Media> {
        self.items.iter().filter_map(|item| match item {
            MultivariantItem::Media(media) => Some(media.as_ref()),
            _ => None,
        })
    }
}

/// A variant stream.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Variant {
    /// Its facts.
    pub info: StreamInf,
    /// Its Media Playlist, as written.
    pub uri: String,
}

/// An entry of a Multivariant Playlist.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum MultivariantItem {
    /// `EXT-X-MEDIA`: a rendition.
    Media(Box<Media>),
    /// `EXT-X-STREAM-INF` and its URI.
    Variant(Box<Variant>),
    /// `EXT-X-I-FRAME-STREAM-INF`: a variant made of keyframes.
    IFrameVariant(Box<IFrameStreamInf>),
    /// `EXT-X-SESSION-DATA`: data about the whole session.
    SessionData(Box<SessionData>),
    /// `EXT-X-SESSION-KEY`: a key told early.
    SessionKey(Box<SessionKey>),
    /// A comment, an unknown tag, or a tag that could not be read.
    Other(OtherLine),
}
