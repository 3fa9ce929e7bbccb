//! Following a live playlist.

use livetape_hls::{NextLoad, Reload, ReloadEvent, StartPosition, parse};

use super::playlist::PLAYLIST_URI;

/// Between two playlists of an input.
pub(crate) const SEPARATOR: char = '\u{1}';

/// Loads one playlist after another; a text that is none is a load that failed.
pub(super) fn run(input: &[u8]) {
    let text = String::from_utf8_lossy(input);
    let start = match input.first() {
        Some(b'#') => StartPosition::WindowStart,
        first => StartPosition::LiveEdge {
            segments: usize::from(first.copied().unwrap_or(3)),
        },
    };
    let mut reload = Reload::new(PLAYLIST_URI, start);
    let mut next_sequence = None;
    let mut now = 0_i64;
    for text in text.split(SEPARATOR) {
        let requested = now;
        now += 80;
        let playlist = parse(text)
            .ok()
            .and_then(livetape_hls::Playlist::into_media);
        let update = match &playlist {
            Some(playlist) => reload.loaded(playlist, requested, now),
            None => reload.failed(requested, now),
        };
        let listed = playlist.map_or(0, |playlist| playlist.segments.len());
        assert!(
            update.segments.len() <= listed,
            "more segments than are listed"
        );
        if update
            .events
            .iter()
            .any(|event| matches!(event, ReloadEvent::SequenceReset { .. }))
        {
            next_sequence = None;
        }
        for segment in &update.segments {
            let sequence = segment.media_sequence;
            assert!(
                next_sequence.is_none_or(|next| sequence >= next),
                "{sequence} again"
            );
            next_sequence = sequence.checked_add(1);
        }
        match update.next {
            NextLoad::At { millis, .. } => {
                assert!((now..=now + 60_000).contains(&millis), "{millis} at {now}");
                now = millis;
            }
            NextLoad::Never => {
                let again = reload.failed(now, now + 80);
                assert_eq!(again.next, NextLoad::Never, "it goes on after its end");
                return;
            }
        }
    }
}
