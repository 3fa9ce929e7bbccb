//! HLS playlists.
mod attribute_list;
mod byte_range;
mod date_time;
mod decimal;
mod error;
mod hex;
mod media_playlist;
mod model;
mod multivariant_playlist;
mod parse;
mod resolve;
mod tags;
mod variables;
mod warning;
mod write;

pub use attribute_list::Attribute;
pub use byte_range::{ByteRange, ParseByteRangeError, ResolvedByteRange};
pub use date_time::{DateTime, ParseDateTimeError, Zone};
pub use decimal::{Decimal, ParseDecimalError};
pub use error::{Error, Reason};
pub use hex::{HexSequence, ParseHexError};
pub use media_playlist::{MediaPlaylist, PlaylistType, Segment, SegmentTag};
pub use model::{OtherLine, Parsed, Playlist};
pub use multivariant_playlist::{MultivariantItem, MultivariantPlaylist, Variant};
pub use parse::{parse, parse_with};
pub use resolve::resolve;
pub use tags::{
    ClosedCaptions, ContentSteering, DateRange, Define, HdcpLevel, HintType, IFrameStreamInf, Key,
    KeyMethod, Map, Media, MediaType, Part, PartInf, PreloadHint, RenditionReport, Resolution,
    ServerControl, SessionData, SessionDataFormat, SessionKey, Skip, Start, StreamInf, VideoRange,
};
pub use variables::Variables;
pub use warning::{Warning, WarningReason};
