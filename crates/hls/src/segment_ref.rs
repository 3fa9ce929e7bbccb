//! Segments with everything that applies to them: absolute URIs, byte ranges, keys, initialization
//! section, dates (sections 4.4.4, 5.2 and 6.2.1).

use std::sync::Arc;

use crate::byte_range::ResolvedByteRange;
use crate::decimal::Decimal;
use crate::hex::HexSequence;
use crate::media_playlist::{MediaPlaylist, Segment, SegmentTag};
use crate::resolve::resolve;
use crate::tags::{Key, KeyMethod, Map};

/// Key formats that are kept at a time. Each segment has its own list, so that its length must not
/// grow with the playlist's.
const MAX_KEY_FORMATS: usize = 16;

/// A segment that can be fetched, decrypted and placed without looking at the playlist again.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SegmentRef {
    /// Number in its playlist.
    pub media_sequence: u64,
    /// Segments with the same number have continuous timestamps and encoding.
    pub discontinuity_sequence: u64,
    /// Whether `EXT-X-DISCONTINUITY` stands right before it.
    pub discontinuity: bool,
    /// Absolute, if the playlist's own URI was.
    pub uri: String,
    /// Which bytes of the resource; all of it when `None`.
    pub byte_range: Option<ResolvedByteRange>,
    /// Duration in seconds, as told by the playlist.
    pub duration: Decimal,
    /// Its initialization section.
    pub map: Option<Arc<MapRef>>,
    /// How to decrypt it: one entry for each key format on offer; empty when it is not encrypted.
    pub keys: Arc<[SegmentKey]>,
    /// Date of its first frame, in microseconds since 1970-01-01T00:00:00Z: as told, or reckoned from
    /// the nearest date told without a discontinuity in between.
    pub program_date_time_micros: Option<i64>,
    /// Whether it is known not to be available.
    pub gap: bool,
}

impl SegmentRef {
    /// The key in the `identity` format, whose URI leads to the key's 16 bytes.
    #[must_use]
    pub fn identity_key(&self) -> Option<&SegmentKey> {
        self.keys.iter().find(|key| key.is_identity())
    }

    /// The initialization vector for `key`: the one told, or else the media sequence number
    /// (section 5.2).
    #[must_use]
    pub fn initialization_vector(&self, key: &SegmentKey) -> [u8; 16] {
        key.iv
            .unwrap_or_else(|| u128::from(self.media_sequence).to_be_bytes())
    }

    /// Date of the first frame behind it.
    fn end_micros(&self) -> Option<i64> {
        let start = self.program_date_time_micros?;
        Some(start.saturating_add(self.duration.micros()))
    }
}

/// An initialization section that can be fetched and decrypted.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct MapRef {
    /// Absolute, if the playlist's own URI was.
    pub uri: String,
    /// Which bytes of the resource; all of it when `None`.
    pub byte_range: Option<ResolvedByteRange>,
    /// How to decrypt it; empty when it is not encrypted. The `iv` is there in sound playlists: there
    /// is no number to stand in for it.
    pub keys: Arc<[SegmentKey]>,
}

/// A key that applies to a segment. The method is never [`KeyMethod::None`].
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct SegmentKey {
    /// How the segment is encrypted.
    pub method: KeyMethod,
    /// Where the key is; absolute, if the playlist's own URI was.
    pub uri: String,
    /// Initialization vector, where one is told.
    pub iv: Option<[u8; 16]>,
    /// How the key is represented; `None` is `identity`.
    pub key_format: Option<String>,
    /// Versions of that format, separated by slashes; `None` is `1`.
    pub key_format_versions: Option<String>,
}

impl SegmentKey {
    /// Whether the URI leads to the key's bytes themselves.
    #[must_use]
    pub fn is_identity(&self) -> bool {
        self.key_format
            .as_deref()
            .is_none_or(|format| format == "identity")
    }
}

/// The segments of `playlist`, which was loaded from `playlist_uri`.
///
/// `previous` is the segment right before the first one listed, for a delta update; without it a
/// delta update's first segments lack their keys, initialization section and date.
#[must_use]
pub fn resolve_segments(
    playlist: &MediaPlaylist,
    playlist_uri: &str,
    previous: Option<&SegmentRef>,
) -> Vec<SegmentRef> {
    let mut walk = Walk::new(playlist, playlist_uri, previous);
    let mut segments: Vec<SegmentRef> = Vec::new();
    for segment in &playlist.segments {
        let previous = segments.last().or(previous);
        let next = walk.segment(segment, previous);
        segments.push(next);
    }
    reckon_dates_backwards(&mut segments);
    segments
}

/// What carries over from one segment to the next.
struct Walk<'a> {
    playlist_uri: &'a str,
    media_sequence: u64,
    discontinuity_sequence: u64,
    keys: Arc<[SegmentKey]>,
    map: Option<Arc<MapRef>>,
}

impl<'a> Walk<'a> {
    fn new(playlist: &MediaPlaylist, playlist_uri: &'a str, previous: Option<&SegmentRef>) -> Self {
        Self {
            playlist_uri,
            media_sequence: playlist.first_sequence().unwrap_or(u64::MAX),
            discontinuity_sequence: previous.map_or_else(
                || playlist.discontinuity_sequence.unwrap_or(0),
                |segment| segment.discontinuity_sequence,
            ),
            keys: previous.map_or_else(|| Arc::from([]), |segment| Arc::clone(&segment.keys)),
            map: previous.and_then(|segment| segment.map.clone()),
        }
    }

    fn segment(&mut self, segment: &Segment, previous: Option<&SegmentRef>) -> SegmentRef {
        let mut date = None;
        let mut discontinuity = false;
        for tag in &segment.tags {
            match tag {
                SegmentTag::Discontinuity => {
                    discontinuity = true;
                    self.discontinuity_sequence = self.discontinuity_sequence.saturating_add(1);
                }
                SegmentTag::Key(key) => self.key(key),
                SegmentTag::Map(map) => self.map(map),
                SegmentTag::ProgramDateTime(told) => date = Some(told.unix_micros()),
                _ => {}
            }
        }
        if date.is_none() && !discontinuity {
            date = previous.and_then(SegmentRef::end_micros);
        }
        let uri = resolve(self.playlist_uri, &segment.uri);
        let byte_range = segment.byte_range.and_then(|range| {
            let start = range
                .offset
                .or_else(|| follow_on(previous, &uri))
                .unwrap_or(0);
            ResolvedByteRange::new(start, range.length)
                .or_else(|| ResolvedByteRange::new(0, range.length))
        });
        let media_sequence = self.media_sequence;
        self.media_sequence = media_sequence.saturating_add(1);
        SegmentRef {
            media_sequence,
            discontinuity_sequence: self.discontinuity_sequence,
            discontinuity,
            uri,
            byte_range,
            duration: segment.duration,
            map: self.map.clone(),
            keys: Arc::clone(&self.keys),
            program_date_time_micros: date,
            gap: segment.is_gap(),
        }
    }

    /// A key replaces the one of the same format; `NONE` ends them all (section 4.4.4.4).
    fn key(&mut self, key: &Key) {
        let Some(uri) = key.uri.as_ref().filter(|_| key.method != KeyMethod::None) else {
            self.keys = Arc::from([]);
            return;
        };
        let new = SegmentKey {
            method: key.method.clone(),
            uri: resolve(self.playlist_uri, uri),
            iv: key
                .iv
                .as_ref()
                .and_then(HexSequence::to_u128)
                .map(u128::to_be_bytes),
            key_format: key.key_format.clone(),
            key_format_versions: key.key_format_versions.clone(),
        };
        let format = |key: &SegmentKey| key.key_format.clone().filter(|_| !key.is_identity());
        let mut keys: Vec<SegmentKey> = self
            .keys
            .iter()
            .filter(|old| format(old) != format(&new))
            .cloned()
            .collect();
        if keys.len() >= MAX_KEY_FORMATS {
            keys.remove(0);
        }
        keys.push(new);
        self.keys = Arc::from(keys);
    }

    fn map(&mut self, map: &Map) {
        self.map = Some(Arc::new(MapRef {
            uri: resolve(self.playlist_uri, &map.uri),
            byte_range: map
                .byte_range
                .and_then(|range| ResolvedByteRange::new(range.offset.unwrap_or(0), range.length)),
            keys: Arc::clone(&self.keys),
        }));
    }
}

/// Where a byte range without an offset starts (section 4.4.4.2).
fn follow_on(previous: Option<&SegmentRef>, uri: &str) -> Option<u64> {
    let previous = previous.filter(|previous| previous.uri == uri)?;
    previous.byte_range.map(ResolvedByteRange::end)
}

/// Gives segments before the first date their dates (section 4.4.4.6).
fn reckon_dates_backwards(segments: &mut [SegmentRef]) {
    let mut next = None;
    for segment in segments.iter_mut().rev() {
        if segment.program_date_time_micros.is_none() {
            segment.program_date_time_micros =
                next.map(|next: i64| next.saturating_sub(segment.duration.micros()));
        }
        next = segment
            .program_date_time_micros
            .filter(|_| !segment.discontinuity);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::parse::parse;

    fn segments(body: &str) -> Vec<SegmentRef> {
        let text = format!("#EXTM3U\n#EXT-X-TARGETDURATION:4\n{body}");
        let playlist = parse(&text).expect("a playlist").into_media();
        resolve_segments(&playlist.expect("media"), "https://h/live/a.m3u8", None)
    }

    #[test]
    fn keys_and_maps_carry_over() {
        let list = segments(
            "#EXT-X-MEDIA-SEQUENCE:7\n#EXT-X-KEY:METHOD=AES-128,URI=\"k1\"\n\
             #EXT-X-MAP:URI=\"init.mp4\",BYTERANGE=\"10@2\"\n#EXTINF:4,\n1.m4s\n\
             #EXT-X-KEY:METHOD=AES-128,URI=\"k2\",IV=0x0102\n\
             #EXT-X-KEY:METHOD=SAMPLE-AES,URI=\"skd://x\",KEYFORMAT=\"com.apple\"\n#EXTINF:4,\n2.m4s\n\
             #EXT-X-KEY:METHOD=NONE\n#EXTINF:4,\n3.m4s\n",
        );
        let [first, second, third] = list.as_slice() else {
            panic!("three segments");
        };
        let key = first.identity_key().expect("a key");
        assert_eq!(key.uri, "https://h/live/k1");
        assert_eq!(first.initialization_vector(key), 7_u128.to_be_bytes());
        let map = first.map.as_ref().expect("a map");
        assert_eq!(map.uri, "https://h/live/init.mp4");
        assert_eq!(map.byte_range, ResolvedByteRange::new(2, 10));
        assert_eq!(map.keys, first.keys);
        assert_eq!(second.keys.len(), 2);
        let key = second.identity_key().expect("a key");
        assert_eq!(second.initialization_vector(key), 0x0102_u128.to_be_bytes());
        assert!(third.keys.is_empty());
        assert_eq!(third.map, first.map);
        assert_eq!(third.media_sequence, 9);
    }

    #[test]
    fn byte_ranges_follow_on() {
        let list = segments(
            "#EXTINF:4,\n#EXT-X-BYTERANGE:100@50\na.ts\n#EXTINF:4,\n#EXT-X-BYTERANGE:30\na.ts\n\
             #EXTINF:4,\n#EXT-X-BYTERANGE:20\nb.ts\n#EXTINF:4,\nb.ts\n",
        );
        let ranges: Vec<_> = list.iter().map(|segment| segment.byte_range).collect();
        assert_eq!(
            ranges,
            [
                ResolvedByteRange::new(50, 100),
                ResolvedByteRange::new(150, 30),
                ResolvedByteRange::new(0, 20),
                None
            ]
        );
    }

    #[test]
    fn dates_are_reckoned_up_to_a_discontinuity() {
        let list = segments(
            "#EXTINF:4,\n1.ts\n#EXT-X-PROGRAM-DATE-TIME:1970-01-01T00:00:10Z\n#EXTINF:3.5,\n2.ts\n\
             #EXTINF:4,\n3.ts\n#EXT-X-DISCONTINUITY\n#EXTINF:4,\n4.ts\n",
        );
        let dates: Vec<_> = list
            .iter()
            .map(|segment| segment.program_date_time_micros)
            .collect();
        assert_eq!(
            dates,
            [Some(6_000_000), Some(10_000_000), Some(13_500_000), None]
        );
    }

    #[test]
    fn discontinuities_are_counted() {
        let list = segments(
            "#EXT-X-DISCONTINUITY-SEQUENCE:3\n#EXTINF:4,\n1.ts\n#EXT-X-DISCONTINUITY\n#EXT-X-GAP\n\
             #EXTINF:4,\n2.ts\n",
        );
        let facts: Vec<_> = list
            .iter()
            .map(|s| (s.discontinuity_sequence, s.discontinuity, s.gap))
            .collect();
        assert_eq!(facts, [(3, false, false), (4, true, true)]);
    }
}
