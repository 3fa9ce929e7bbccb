//! Media Playlists (sections 4.4.3 to 4.4.5).

use crate::attribute_list::enumerated;
use crate::byte_range::ByteRange;
use crate::date_time::DateTime;
use crate::decimal::Decimal;
use crate::model::OtherLine;
use crate::tags::{
    DateRange, Define, Key, Map, Part, PartInf, PreloadHint, RenditionReport, ServerControl, Skip,
    Start,
};

enumerated! {
    /// How a playlist may change (section 4.4.3.5).
    pub enum PlaylistType {
        /// Segments are only added at the end.
        Event = "EVENT",
        /// Nothing changes.
        Vod = "VOD",
    }
}

/// A Media Playlist. Writing it gives the text that it was read from, but for spaces, the order of
/// playlist-wide tags, the order of attributes within a tag and the place of `EXTINF` and
/// `EXT-X-BYTERANGE` among the tags of their segment.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct MediaPlaylist {
    /// `EXT-X-VERSION`: protocol version.
    pub version: Option<u64>,
    /// `EXT-X-INDEPENDENT-SEGMENTS`: every segment can be decoded by itself.
    pub independent_segments: bool,
    /// `EXT-X-DEFINE`: variables. References to them have been replaced.
    pub defines: Vec<Define>,
    /// `EXT-X-START`: where to start playing.
    pub start: Option<Start>,
    /// `EXT-X-TARGETDURATION`: greatest segment duration in whole seconds.
    pub target_duration: u64,
    /// `EXT-X-PLAYLIST-TYPE`: how the playlist may change. Never `Other`.
    pub playlist_type: Option<PlaylistType>,
    /// `EXT-X-I-FRAMES-ONLY`: each segment is one keyframe.
    pub i_frames_only: bool,
    /// `EXT-X-PART-INF`: facts about Partial Segments.
    pub part_inf: Option<PartInf>,
    /// `EXT-X-SERVER-CONTROL`: what the server can do.
    pub server_control: Option<ServerControl>,
    /// `EXT-X-MEDIA-SEQUENCE`: number of the first segment, skipped ones included.
    pub media_sequence: u64,
    /// `EXT-X-DISCONTINUITY-SEQUENCE`: discontinuities before the first segment; 0 when absent.
    pub discontinuity_sequence: Option<u64>,
    /// Comments and unknown tags before the first segment tag.
    pub header: Vec<OtherLine>,
    /// `EXT-X-SKIP`: this is a delta update without its first segments.
    pub skip: Option<Skip>,
    /// The segments, oldest first.
    pub segments: Vec<Segment>,
    /// Tags after the last segment.
    pub trailing: Vec<SegmentTag>,
    /// `EXT-X-ENDLIST`: no segment will be added.
    pub end_list: bool,
}

impl MediaPlaylist {
    /// Media sequence number behind the last segment. `None` when it does not fit 64 bits, which a
    /// playlist that was read never is.
    #[must_use]
    pub fn end_sequence(&self) -> Option<u64> {
        let count = u64::try_from(self.segments.len()).ok()?;
        self.first_sequence()?.checked_add(count)
    }

    /// Media sequence number of the first segment that is not skipped. `None` when it does not fit
    /// 64 bits.
    #[must_use]
    pub fn first_sequence(&self) -> Option<u64> {
        let skipped = self.skip.as_ref().map_or(0, |skip| skip.skipped_segments);
        self.media_sequence.checked_add(skipped)
    }

    /// Whether segments may still be added (section 6.3.4).
    #[must_use]
    pub fn is_live(&self) -> bool {
        !self.end_list && self.playlist_type != Some(PlaylistType::Vod)
    }
}

/// A Media Segment with the tags that apply to it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Segment {
    /// `EXTINF`: duration in seconds.
    pub duration: Decimal,
    /// `EXTINF`: title for people, often empty.
    pub title: String,
    /// `EXT-X-BYTERANGE`: which bytes of the resource; all of it when absent.
    pub byte_range: Option<ByteRange>,
    /// The other tags before the URI, in their order.
    pub tags: Vec<SegmentTag>,
    /// Where it is, as written.
    pub uri: String,
}

impl Segment {
    /// A segment with no tag but `EXTINF`.
    #[must_use]
    pub fn new(uri: impl Into<String>, duration: Decimal) -> Self {
        Self {
            duration,
            title: String::new(),
            byte_range: None,
            tags: Vec::new(),
            uri: uri.into(),
        }
    }

    /// Whether it carries `EXT-X-DISCONTINUITY`.
    #[must_use]
    pub fn is_discontinuity(&self) -> bool {
        self.tags
            .iter()
            .any(|tag| matches!(tag, SegmentTag::Discontinuity))
    }

    /// Whether it carries `EXT-X-GAP`.
    #[must_use]
    pub fn is_gap(&self) -> bool {
        self.tags.iter().any(|tag| matches!(tag, SegmentTag::Gap))
    }

    /// The date of its first frame, when it carries `EXT-X-PROGRAM-DATE-TIME`.
    #[must_use]
    pub fn program_date_time(&self) -> Option<DateTime> {
        self.tags.iter().find_map(|tag| match tag {
            SegmentTag::ProgramDateTime(date) => Some(*date),
            _ => None,
        })
    }
}

/// A tag whose place among the segments matters.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum SegmentTag {
    /// `EXT-X-DISCONTINUITY`: encoding or timestamps change here (section 4.4.4.3).
    Discontinuity,
    /// `EXT-X-KEY`: how to decrypt what follows.
    Key(Box<Key>),
    /// `EXT-X-MAP`: initialization section of what follows.
    Map(Map),
    /// `EXT-X-PROGRAM-DATE-TIME`: date of the segment's first frame (section 4.4.4.6).
    ProgramDateTime(DateTime),
    /// `EXT-X-GAP`: the segment is not available (section 4.4.4.7).
    Gap,
    /// `EXT-X-BITRATE`: approximate kilobits a second of what follows (section 4.4.4.8).
    Bitrate(u64),
    /// `EXT-X-PART`: a Partial Segment.
    Part(Box<Part>),
    /// `EXT-X-DATERANGE`: a range of time with facts attached.
    DateRange(Box<DateRange>),
    /// `EXT-X-PRELOAD-HINT`: a resource needed soon.
    PreloadHint(Box<PreloadHint>),
    /// `EXT-X-RENDITION-REPORT`: how far another playlist has come.
    RenditionReport(RenditionReport),
    /// A comment, an unknown tag, or a tag that could not be read.
    Other(OtherLine),
}
