//! Playlists of encrypted recordings, as a client resolves them: each segment with the key and its own
//! number as the vector, init segments in the clear.

mod synthetic;

use livetape_edge::view::media::MediaKind;
use livetape_edge::{Encryption, Gate, Meta, Span};
use livetape_hls::{MediaPlaylist, Playlist, SegmentRef, Variables, parse_with, resolve_segments};
use synthetic::{Content, STORED, Stage, fragment, init, other_video_config, video_config};

/// When all that is stored is certain.
const LATER: i64 = STORED + 60_000;

fn playlist(stage: &Stage, kind: MediaKind, span: Option<&Span>, skip: bool) -> MediaPlaylist {
    let delivery = stage.recording.media_playlist(kind, span, skip, LATER);
    let text = stage.text(&delivery.expect("there is something to play"));
    let parsed = parse_with(&text, &Variables::default()).expect("a playlist");
    assert!(parsed.warnings.is_empty(), "{:?}", parsed.warnings);
    match parsed.playlist {
        Playlist::Media(playlist) => playlist,
        Playlist::Multivariant(_) => panic!("not a media playlist"),
    }
}

/// Checks each segment's key, vector and init segment; gives the objects' numbers.
fn check(segments: &[SegmentRef]) -> Vec<u64> {
    let stored = segments.iter().filter(|segment| !segment.gap);
    let numbers = stored.map(|segment| {
        let file = segment.uri.strip_prefix("/r/aes/").expect(&segment.uri);
        let number = file
            .split_once('/')
            .and_then(|(_, file)| file.split_once('.'));
        let number: u64 = number.expect("a number").0.parse().expect("a number");
        let key = segment.identity_key().expect("a key");
        assert_eq!(key.uri, "/r/aes/key");
        assert_eq!(
            segment.initialization_vector(key),
            u128::from(number).to_be_bytes()
        );
        let map = segment.map.as_ref().expect("an init segment");
        assert!(map.keys.is_empty() && !map.uri.contains("aes"), "{map:?}");
        number
    });
    numbers.collect()
}

/// Twenty-four objects of two configurations, of which one object is missing and one number was never
/// used.
fn stage() -> Stage {
    let mut stage = Stage::new();
    let first = stage.put_config(&init(&video_config()));
    let second = stage.put_config(&init(&other_video_config()));
    for number in 0..24 {
        let config = if number < 20 { &first } else { &second };
        let seq = if number < 10 { number } else { number + 1 };
        let missing = number == 5;
        if !missing {
            let bytes = fragment(Content::two_seconds(number));
            stage.put(seq, config, bytes).expect("a good fragment");
        }
    }
    encrypt(&mut stage);
    stage
}

fn encrypt(stage: &mut Stage) {
    let meta = stage.recording.meta().clone();
    stage.recording.set_meta(Meta {
        gate: Gate {
            encryption: Encryption::Aes128,
            ..Gate::default()
        },
        ..meta
    });
}

#[test]
fn every_segment_has_the_key_and_its_number() {
    let stage = stage();
    let all: Vec<u64> = (0..25).filter(|seq| ![5, 10].contains(seq)).collect();
    for kind in [MediaKind::Objects, MediaKind::IFrames] {
        let whole = playlist(&stage, kind, None, false);
        let segments = resolve_segments(&whole, "/r/media.m3u8", None);
        assert_eq!(check(&segments), all);
    }
}

#[test]
fn an_update_says_the_key_again() {
    let stage = stage();
    let whole = playlist(&stage, MediaKind::Objects, None, false);
    let all = resolve_segments(&whole, "/r/media.m3u8", None);
    let update = playlist(&stage, MediaKind::Objects, None, true);
    let skipped = usize::try_from(update.skip.as_ref().expect("skips").skipped_segments);
    let (before, after) = all.split_at(skipped.expect("few"));
    let rest = resolve_segments(&update, "/r/media.m3u8", before.last());
    assert_eq!(check(&rest), check(after));
    // Also for a client that does not carry the key over.
    let alone = resolve_segments(&update, "/r/media.m3u8", None);
    assert!(alone.iter().all(|segment| segment.identity_key().is_some()));
}

#[test]
fn a_range_says_its_vectors() {
    let stage = stage();
    let span = Span {
        start: 13_000_000,
        end: Some(17_000_000),
    };
    let range = playlist(&stage, MediaKind::Objects, Some(&span), false);
    let segments = resolve_segments(&range, "/r/media.m3u8", None);
    assert_eq!(check(&segments), [6, 7, 8]);
}

#[test]
fn without_gaps_the_key_is_said_once() {
    let mut stage = Stage::finished(6);
    encrypt(&mut stage);
    let delivery = stage
        .recording
        .media_playlist(MediaKind::Objects, None, false, LATER);
    let text = stage.text(&delivery.expect("recorded"));
    assert_eq!(text.matches("EXT-X-KEY").count(), 1);
    assert!(!text.contains("IV="));
}
