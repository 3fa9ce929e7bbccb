//! HLS playlists (draft-pantos-hls-rfc8216bis): text to model and back, URI resolution, and the
//! following of live playlists.
//!
//! Pure: no clock, no network, no panic on any input, and memory in proportion to the input. It
//! stands between whoever fetches playlists (the page, the edge, the command line) and whoever wants
//! segments; the edge also writes playlists with it.
//!
//! - [`parse`] and [`parse_with`] read a [`Playlist`]: a [`MediaPlaylist`] or a
//!   [`MultivariantPlaylist`]. Small faults become [`Warning`]s; an [`Error`] has a line and a
//!   [`Reason`].
//! - `Display` of those types writes them.
//! - [`resolve_segments`] turns a Media Playlist into [`SegmentRef`]s, with everything that applies to
//!   each segment.
//! - [`Reload`] follows a live playlist and says which segments are new and when to load again.
//! - [`resolve`] resolves a URI reference.
//!
//! ```
//! use livetape_hls::{NextLoad, Reload, StartPosition, parse};
//!
//! # fn main() -> Result<(), livetape_hls::Error> {
//! let text = "#EXTM3U
//! ##EXT-X-TARGETDURATION:4
//! ##EXT-X-MEDIA-SEQUENCE:7
//! ##EXTINF:3.84,
//! seg7.ts
//! ##EXTINF:4.00,
//! seg8.ts
//! ";
//! let playlist = parse(text)?.into_media().expect("a Media Playlist");
//! assert_eq!(playlist.to_string(), text);
//!
//! let start = StartPosition::LiveEdge { segments: 1 };
//! let mut reload = Reload::new("https://example.com/live/index.m3u8", start);
//! // Requested at 1,000 ms on the caller's clock, arrived at 1,080 ms.
//! let update = reload.loaded(&playlist, 1_000, 1_080);
//! assert_eq!(update.segments[0].uri, "https://example.com/live/seg8.ts");
//! assert_eq!(update.next, NextLoad::At { millis: 5_000, delta: false });
//! # Ok(())
//! # }
//! ```
//!
//! Writing a playlist is filling in the model:
//!
//! ```
//! use livetape_hls::{Decimal, Map, MediaPlaylist, PlaylistType, Segment, SegmentTag};
//!
//! let mut first = Segment::new("main/0.m4s", Decimal::from_micros(2_000_000));
//! first.tags.push(SegmentTag::Map(Map::new("init.mp4")));
//! let playlist = MediaPlaylist {
//!     version: Some(7),
//!     target_duration: 2,
//!     playlist_type: Some(PlaylistType::Event),
//!     segments: vec![first],
//!     ..MediaPlaylist::default()
//! };
//! assert!(playlist.to_string().ends_with(
//!     "#EXT-X-MAP:URI=\"init.mp4\"\n#EXTINF:2.000000,\nmain/0.m4s\n"
//! ));
//! ```

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
mod reload;
mod resolve;
mod segment_ref;
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
pub use reload::{NextLoad, Reload, ReloadEvent, StartPosition, Update};
pub use resolve::resolve;
pub use segment_ref::{MapRef, SegmentKey, SegmentRef, resolve_segments};
pub use tags::{
    ClosedCaptions, ContentSteering, DateRange, Define, HdcpLevel, HintType, IFrameStreamInf, Key,
    KeyMethod, Map, Media, MediaType, Part, PartInf, PreloadHint, RenditionReport, Resolution,
    ServerControl, SessionData, SessionDataFormat, SessionKey, Skip, Start, StreamInf, VideoRange,
};
pub use variables::Variables;
pub use warning::{Warning, WarningReason};
