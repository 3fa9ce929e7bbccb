//! `EXT-X-STREAM-INF` (section 4.4.6.2) and `EXT-X-I-FRAME-STREAM-INF` (section 4.4.6.3).

use std::fmt;

use crate::attribute_list::{AttributeValue, attribute_tag, enumerated, write_clean};
use crate::byte_range::decimal_integer;
use crate::decimal::Decimal;

enumerated! {
    /// Copy protection an output needs.
    pub enum HdcpLevel {
        /// None.
        None = "NONE",
        /// Type 0.
        Type0 = "TYPE-0",
        /// Type 1.
        Type1 = "TYPE-1",
    }
}

enumerated! {
    /// Dynamic range of the video.
    pub enum VideoRange {
        /// Standard.
        Sdr = "SDR",
        /// Hybrid log-gamma.
        Hlg = "HLG",
        /// Perceptual quantizer.
        Pq = "PQ",
    }
}

/// Size of the picture in pixels: decimal-resolution (section 4.2).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Resolution {
    /// Columns.
    pub width: u64,
    /// Rows.
    pub height: u64,
}

impl AttributeValue for Resolution {
    fn read(value: &str, _quoted: bool) -> Option<Self> {
        let (width, height) = value.split_once(['x', 'X'])?;
        Some(Self {
            width: decimal_integer(width.trim())?,
            height: decimal_integer(height.trim())?,
        })
    }
    fn quoted(&self) -> bool {
        false
    }
    fn write(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}x{}", self.width, self.height)
    }
}

/// The closed captions of a variant.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum ClosedCaptions {
    /// There are none in any variant.
    None,
    /// Those of a group of renditions.
    Group(String),
}

impl AttributeValue for ClosedCaptions {
    fn read(value: &str, quoted: bool) -> Option<Self> {
        if value == "NONE" && !quoted {
            return Some(Self::None);
        }
        String::read(value, quoted).map(Self::Group)
    }
    fn quoted(&self) -> bool {
        matches!(self, Self::Group(_))
    }
    fn write(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::None => f.write_str("NONE"),
            Self::Group(group) => write_clean(f, group, &['"']),
        }
    }
}

attribute_tag! {
    /// A variant stream; its URI is the line that follows.
    "EXT-X-STREAM-INF" pub struct StreamInf {
        required {}
        optional {
            /// Peak bit rate in bits a second. Required, yet missing from some playlists.
            bandwidth: u64 = "BANDWIDTH",
            /// Average bit rate in bits a second.
            average_bandwidth: u64 = "AVERAGE-BANDWIDTH",
            /// Preference among variants; higher is better.
            score: Decimal = "SCORE",
            /// Formats, RFC 6381 names separated by commas.
            codecs: String = "CODECS",
            /// Formats that enhance those, with their brands.
            supplemental_codecs: String = "SUPPLEMENTAL-CODECS",
            /// Size of the picture.
            resolution: Resolution = "RESOLUTION",
            /// Greatest number of frames a second.
            frame_rate: Decimal = "FRAME-RATE",
            /// Copy protection needed.
            hdcp_level: HdcpLevel = "HDCP-LEVEL",
            /// Content protection configurations allowed, by key format.
            allowed_cpc: String = "ALLOWED-CPC",
            /// Dynamic range.
            video_range: VideoRange = "VIDEO-RANGE",
            /// Video layout needed, such as stereo.
            req_video_layout: String = "REQ-VIDEO-LAYOUT",
            /// Identifier that stays the same from one Multivariant Playlist to the next.
            stable_variant_id: String = "STABLE-VARIANT-ID",
            /// Group of audio renditions.
            audio: String = "AUDIO",
            /// Group of video renditions.
            video: String = "VIDEO",
            /// Group of subtitle renditions.
            subtitles: String = "SUBTITLES",
            /// Closed captions.
            closed_captions: ClosedCaptions = "CLOSED-CAPTIONS",
            /// Content steering pathway.
            pathway_id: String = "PATHWAY-ID",
        }
    }
}

attribute_tag! {
    /// A variant made of keyframes only.
    "EXT-X-I-FRAME-STREAM-INF" pub struct IFrameStreamInf {
        required {
            /// Media Playlist, as written.
            uri: String = "URI",
        }
        optional {
            /// Peak bit rate in bits a second. Required, yet missing from some playlists.
            bandwidth: u64 = "BANDWIDTH",
            /// Average bit rate in bits a second.
            average_bandwidth: u64 = "AVERAGE-BANDWIDTH",
            /// Preference among variants; higher is better.
            score: Decimal = "SCORE",
            /// Formats, RFC 6381 names separated by commas.
            codecs: String = "CODECS",
            /// Formats that enhance those, with their brands.
            supplemental_codecs: String = "SUPPLEMENTAL-CODECS",
            /// Size of the picture.
            resolution: Resolution = "RESOLUTION",
            /// Copy protection needed.
            hdcp_level: HdcpLevel = "HDCP-LEVEL",
            /// Content protection configurations allowed, by key format.
            allowed_cpc: String = "ALLOWED-CPC",
            /// Dynamic range.
            video_range: VideoRange = "VIDEO-RANGE",
            /// Video layout needed, such as stereo.
            req_video_layout: String = "REQ-VIDEO-LAYOUT",
            /// Identifier that stays the same from one Multivariant Playlist to the next.
            stable_variant_id: String = "STABLE-VARIANT-ID",
            /// Group of video renditions.
            video: String = "VIDEO",
            /// Content steering pathway.
            pathway_id: String = "PATHWAY-ID",
        }
    }
}
