//! What a user named, taken apart into pieces that are read one after another.

use std::sync::Arc;

use livetape_hls::{
    KeyMethod, MapRef, MediaPlaylist, MediaType, MultivariantPlaylist, Playlist, ResolvedByteRange,
    SegmentKey, SegmentRef, Variant, parse, resolve, resolve_segments,
};

use crate::failure::{Failure, Result};
use crate::location::{Location, open_file};
use crate::outline::is_progressive;
use crate::report::Report;

/// Some bytes of a stream: a file, a segment.
#[derive(Debug, Clone)]
pub(crate) struct Piece {
    pub(crate) location: Location,
    pub(crate) range: Option<ResolvedByteRange>,
    pub(crate) map: Option<Arc<MapRef>>,
    /// How it is encrypted as a whole: where its key is, and the initialization vector.
    pub(crate) key: Option<(Location, [u8; 16])>,
    /// Times have a new base where this changes.
    pub(crate) discontinuity: u64,
    /// How long it is, as told by a playlist.
    pub(crate) seconds: Option<f64>,
    /// When its first frame was, in Unix milliseconds, as told by a playlist.
    pub(crate) wall_clock: Option<i64>,
    /// A playlist says that it does not exist.
    pub(crate) gap: bool,
}

/// Pieces that are read by one demuxer.
pub(crate) type Lane = Vec<Piece>;

/// All inputs as lanes: one, or one of pictures and one of sound where those are apart. Playlists
/// that have not ended are told.
pub(crate) fn lanes(inputs: &[String], report: &mut Report) -> Result<Vec<Lane>> {
    let mut lanes: Vec<Lane> = vec![Lane::new()];
    let mut discontinuity = 0;
    for input in inputs {
        let location = Location::new(input);
        // Times of a progressive file count from its own start.
        let is_further = lanes.iter().any(|lane| !lane.is_empty());
        let base = discontinuity + u64::from(is_further && is_progressive_file(&location));
        let of_input = match playlist_at(&location)? {
            None => vec![vec![whole(location, base)]],
            Some((location, playlist)) => playlist_lanes(&location, playlist, base, report)?,
        };
        for (number, lane) in of_input.into_iter().enumerate() {
            let last = lane.last().map_or(base, |piece| piece.discontinuity);
            discontinuity = discontinuity.max(last);
            match lanes.get_mut(number) {
                Some(known) => known.extend(lane),
                None => lanes.push(lane),
            }
        }
    }
    Ok(lanes)
}

fn is_progressive_file(location: &Location) -> bool {
    let Location::File(path) = location else {
        return false;
    };
    // One that cannot be read is told of when it is its turn.
    open_file(path).is_ok_and(|(file, _)| is_progressive(&file).unwrap_or(false))
}

/// A file as it stands.
fn whole(location: Location, discontinuity: u64) -> Piece {
    Piece {
        location,
        range: None,
        map: None,
        key: None,
        discontinuity,
        seconds: None,
        wall_clock: None,
        gap: false,
    }
}

/// The playlist at a location; `None` where something else is there.
fn playlist_at(location: &Location) -> Result<Option<(Location, Playlist)>> {
    let name = location.to_string();
    let path = name.split(['?', '#']).next().unwrap_or_default();
    if !path.to_ascii_lowercase().ends_with(".m3u8") && !begins_as_playlist(location)? {
        return Ok(None);
    }
    load_playlist(location).map(Some)
}

fn begins_as_playlist(location: &Location) -> Result<bool> {
    use std::io::Read;
    let mut first = Vec::new();
    let opened = location.open(ResolvedByteRange::new(0, 16))?;
    let read = opened.reader.take(16).read_to_end(&mut first);
    read.map_err(|error| location.unreadable(&error))?;
    let text = first.strip_prefix(&[0xef, 0xbb, 0xbf]).unwrap_or(&first);
    Ok(text.starts_with(b"#EXTM3U"))
}

/// Reads a playlist; also where it really is.
pub(crate) fn load_playlist(location: &Location) -> Result<(Location, Playlist)> {
    let (location, bytes) = location.read()?;
    match parse(&String::from_utf8_lossy(&bytes)) {
        Ok(playlist) => Ok((location, playlist)),
        Err(error) => Err(unusable(&location, error.to_string())),
    }
}

fn unusable(location: &Location, why: String) -> Failure {
    let name = location.to_string();
    Failure::Playlist { name, why }
}

fn playlist_lanes(
    location: &Location,
    playlist: Playlist,
    base: u64,
    report: &mut Report,
) -> Result<Vec<Lane>> {
    let playlists = match playlist {
        Playlist::Media(playlist) => vec![(location.clone(), playlist)],
        Playlist::Multivariant(playlist) => {
            let locations = choose(location, &playlist)?;
            let playlists = locations.iter().map(media_playlist);
            playlists.collect::<Result<_>>()?
        }
    };
    if playlists.iter().any(|(_, playlist)| playlist.is_live()) {
        let message = format!(
            "{location} has not ended (there is no EXT-X-ENDLIST): what is added to it from now on \
             is left out; `livetape record` follows a live playlist"
        );
        report.tell("playlist_not_ended", message);
    }
    let playlists = playlists.iter();
    playlists
        .map(|(location, playlist)| media_lane(location, playlist, base))
        .collect()
}

/// Reads a playlist that has to be one of segments.
pub(crate) fn media_playlist(location: &Location) -> Result<(Location, MediaPlaylist)> {
    let (location, playlist) = load_playlist(location)?;
    match playlist.into_media() {
        Some(playlist) => Ok((location, playlist)),
        None => Err(unusable(
            &location,
            "it lists variants, not segments".to_owned(),
        )),
    }
}

/// The best variant's playlist, and that of its sound where it is apart.
pub(crate) fn choose(
    location: &Location,
    playlist: &MultivariantPlaylist,
) -> Result<Vec<Location>> {
    let rate = |variant: &&Variant| variant.info.bandwidth.unwrap_or(0);
    let best = playlist.variants().reduce(|one, other| {
        // The first of several with the same rate.
        if rate(&other) > rate(&one) {
            other
        } else {
            one
        }
    });
    let Some(best) = best else {
        return Err(unusable(location, "it lists no variant".to_owned()));
    };
    let sound = playlist
        .renditions()
        .filter(|media| media.media_type == MediaType::Audio)
        .filter(|media| Some(&media.group_id) == best.info.audio.as_ref())
        .reduce(|one, other| match (one.default, other.default) {
            (Some(true), _) => one,
            (_, Some(true)) => other,
            _ => one,
        })
        .and_then(|media| media.uri.as_ref());
    let base = location.to_string();
    std::iter::once(&best.uri)
        .chain(sound)
        .map(|uri| location.named(&resolve(&base, uri)))
        .collect()
}

fn media_lane(location: &Location, playlist: &MediaPlaylist, base: u64) -> Result<Lane> {
    let segments = resolve_segments(playlist, &location.to_string(), None);
    if segments.is_empty() {
        return Err(unusable(location, "it lists no segment".to_owned()));
    }
    let first = segments.first().map_or(0, |s| s.discontinuity_sequence);
    segments
        .iter()
        .map(|found| segment(location, found, base.saturating_sub(first)))
        .collect()
}

/// A segment of the playlist at `location`; `shift` is added to its discontinuity sequence number.
pub(crate) fn segment(location: &Location, found: &SegmentRef, shift: u64) -> Result<Piece> {
    Ok(Piece {
        location: location.named(&found.uri)?,
        range: found.byte_range,
        map: found.map.clone(),
        key: key(location, found)?,
        discontinuity: found.discontinuity_sequence.saturating_add(shift),
        seconds: Some(found.duration.to_f64()),
        wall_clock: found
            .program_date_time_micros
            .map(|micros| micros.div_euclid(1000)),
        gap: found.gap,
    })
}

fn key(location: &Location, found: &SegmentRef) -> Result<Option<(Location, [u8; 16])>> {
    if found.keys.is_empty() {
        return Ok(None);
    }
    let usable = |key: &&SegmentKey| key.method == KeyMethod::Aes128;
    match found.identity_key().filter(usable) {
        Some(key) => Ok(Some((
            location.named(&key.uri)?,
            found.initialization_vector(key),
        ))),
        None => Err(Failure::Protected {
            detail: format!("{location} offers no AES-128 key for its segments"),
        }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_best_variant_is_taken_with_its_default_sound() {
        let text = "#EXTM3U\n\
            #EXT-X-MEDIA:TYPE=AUDIO,GROUP-ID=\"a\",NAME=\"one\",URI=\"one.m3u8\"\n\
            #EXT-X-MEDIA:TYPE=AUDIO,GROUP-ID=\"a\",NAME=\"two\",DEFAULT=YES,URI=\"two.m3u8\"\n\
            #EXT-X-MEDIA:TYPE=AUDIO,GROUP-ID=\"b\",NAME=\"one\",URI=\"b1.m3u8\"\n\
            #EXT-X-MEDIA:TYPE=AUDIO,GROUP-ID=\"b\",NAME=\"two\",URI=\"b2.m3u8\"\n\
            #EXT-X-STREAM-INF:BANDWIDTH=1000,AUDIO=\"b\"\nlow.m3u8\n";
        let best = "#EXT-X-STREAM-INF:BANDWIDTH=2000,AUDIO=\"a\"\nfirst.m3u8\n\
            #EXT-X-STREAM-INF:BANDWIDTH=2000,AUDIO=\"b\"\nsecond.m3u8\n";
        let base = Location::new("http://localhost/main.m3u8");
        let chosen = |text: &str| match parse(text).expect("a playlist") {
            Playlist::Multivariant(playlist) => choose(&base, &playlist).expect("a choice"),
            Playlist::Media(_) => Vec::new(),
        };
        let at = |names: [&str; 2]| names.map(|n| Location::new(&format!("http://localhost/{n}")));
        assert_eq!(chosen(text), at(["low.m3u8", "b1.m3u8"]));
        let text = format!("{text}{best}");
        assert_eq!(chosen(&text), at(["first.m3u8", "two.m3u8"]));
    }
}
