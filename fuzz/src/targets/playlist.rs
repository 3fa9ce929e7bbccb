//! HLS playlists.

use livetape_hls::{
    MediaPlaylist, Playlist, Variables, parse, parse_with, resolve, resolve_segments,
};

/// Where playlists are supposed to come from.
pub(super) const PLAYLIST_URI: &str = "https://media.example/live/a/index.m3u8?session=1";

/// Reads a playlist; what is written of it must read back as it was, and be written the same again.
pub(super) fn run(input: &[u8]) {
    let text = String::from_utf8_lossy(input);
    let uri = resolve(&text, "../a.ts");
    assert!(uri.len() <= text.len() + 16);
    let parsed = match parse_with(&text, &Variables::default()) {
        Ok(parsed) => parsed,
        Err(error) => {
            assert!(error.line >= 1 && error.line <= text.lines().count().max(1));
            return;
        }
    };
    if can_be_written(&parsed.playlist) {
        let written = parsed.playlist.to_string();
        match parse(&written) {
            Ok(again) => assert_eq!(again, parsed.playlist, "written:\n{written}"),
            Err(error) => panic!("{error}, but it was written:\n{written}"),
        }
    }
    match parsed.playlist {
        Playlist::Media(playlist) => segments(&playlist),
        Playlist::Multivariant(playlist) => {
            for variant in playlist.variants() {
                let resolved = resolve(PLAYLIST_URI, &variant.uri);
                assert!(resolved.len() <= PLAYLIST_URI.len() + variant.uri.len() + 1);
            }
        }
    }
}

/// Values of variables are not replaced in turn when they are read, but what they left behind would be
/// when it is read again: the format has no way to say a reference that is none.
fn can_be_written(playlist: &Playlist) -> bool {
    let defines = match playlist {
        Playlist::Media(playlist) => &playlist.defines,
        Playlist::Multivariant(playlist) => &playlist.defines,
    };
    let values = || defines.iter().filter_map(|define| define.value.as_deref());
    values().all(|value| !value.contains(['{', '$', '}']))
}

fn segments(playlist: &MediaPlaylist) {
    let resolved = resolve_segments(playlist, PLAYLIST_URI, None);
    assert_eq!(resolved.len(), playlist.segments.len());
    for segment in &resolved {
        if let Some(key) = segment.identity_key() {
            let _ = segment.initialization_vector(key);
        }
    }
}
