//! Sequences of loads, as servers, caches and restarts make them.

use super::*;
use crate::parse::parse;

const URI: &str = "https://h/live/index.m3u8";

fn playlist(text: &str) -> MediaPlaylist {
    parse(text)
        .expect("a playlist")
        .into_media()
        .expect("a Media Playlist")
}

/// Segments `name{first}` to `name{end - 1}` of 4 s.
fn live(name: &str, first: u64, end: u64) -> MediaPlaylist {
    let mut text = format!("#EXTM3U\n#EXT-X-TARGETDURATION:4\n#EXT-X-MEDIA-SEQUENCE:{first}\n");
    for number in first..end {
        text += &format!("#EXTINF:4,\n{name}{number}.ts\n");
    }
    playlist(&text)
}

fn numbers(update: &Update) -> Vec<u64> {
    update.segments.iter().map(|s| s.media_sequence).collect()
}

fn at(millis: i64) -> NextLoad {
    NextLoad::At {
        millis,
        delta: false,
    }
}

fn from_window_start() -> Reload {
    Reload::new(URI, StartPosition::WindowStart)
}

#[test]
fn new_segments_are_given_out_once() {
    let mut reload = from_window_start();
    assert_eq!(numbers(&reload.loaded(&live("s", 5, 8), 0, 10)), [5, 6, 7]);
    let update = reload.loaded(&live("s", 6, 9), 4_000, 4_010);
    assert_eq!((numbers(&update), update.events), (vec![8], vec![]));
    assert_eq!(reload.window().len(), 3);
}

#[test]
fn starts_behind_the_live_edge() {
    let start = StartPosition::LiveEdge { segments: 2 };
    let mut reload = Reload::new(URI, start);
    assert_eq!(numbers(&reload.loaded(&live("s", 5, 9), 0, 0)), [7, 8]);
    let mut reload = Reload::new(URI, StartPosition::LiveEdge { segments: 9 });
    assert_eq!(numbers(&reload.loaded(&live("s", 5, 7), 0, 0)), [5, 6]);
    let mut reload = Reload::new(URI, StartPosition::LiveEdge { segments: 0 });
    assert_eq!(numbers(&reload.loaded(&live("s", 5, 7), 0, 0)), []);
    assert_eq!(numbers(&reload.loaded(&live("s", 5, 8), 0, 0)), [7]);
}

#[test]
fn waits_a_target_duration_or_half() {
    let mut reload = from_window_start();
    assert_eq!(
        reload.loaded(&live("s", 0, 2), 1_000, 1_500).next,
        at(5_000)
    );
    assert_eq!(
        reload.loaded(&live("s", 0, 2), 5_000, 5_500).next,
        at(7_000)
    );
    assert_eq!(
        reload.loaded(&live("s", 0, 3), 7_000, 7_500).next,
        at(11_000)
    );
    // The answer took longer than the wait.
    assert_eq!(
        reload.loaded(&live("s", 0, 4), 11_000, 16_000).next,
        at(16_000)
    );
    assert_eq!(reload.failed(16_000, 16_100).next, at(18_000));
}

#[test]
fn absurd_target_durations_are_bounded() {
    let mut list = live("s", 0, 1);
    list.target_duration = u64::MAX;
    assert_eq!(from_window_start().loaded(&list, 0, 0).next, at(60_000));
    list.target_duration = 0;
    assert_eq!(from_window_start().loaded(&list, 0, 0).next, at(500));
}

#[test]
fn ends_with_its_last_segments() {
    let mut reload = Reload::new(URI, StartPosition::LiveEdge { segments: 1 });
    reload.loaded(&live("s", 0, 2), 0, 0);
    let mut last = live("s", 1, 4);
    last.end_list = true;
    let update = reload.loaded(&last, 4_000, 4_000);
    assert_eq!(numbers(&update), [2, 3]);
    assert_eq!(update.events, [ReloadEvent::Ended]);
    assert_eq!(update.next, NextLoad::Never);
    let again = reload.loaded(&last, 8_000, 8_000);
    assert_eq!((again.segments.len(), again.events.len()), (0, 0));
    assert_eq!(reload.failed(9_000, 9_000).next, NextLoad::Never);
}

#[test]
fn a_finished_playlist_is_taken_whole() {
    let mut list = live("s", 0, 5);
    list.end_list = true;
    let mut reload = Reload::new(URI, StartPosition::LiveEdge { segments: 1 });
    assert_eq!(numbers(&reload.loaded(&list, 0, 0)), [0, 1, 2, 3, 4]);
}

#[test]
fn segments_that_slid_away_are_reported() {
    let mut reload = from_window_start();
    reload.loaded(&live("s", 0, 3), 0, 0);
    let update = reload.loaded(&live("s", 7, 10), 40_000, 40_000);
    assert_eq!(
        update.events,
        [ReloadEvent::SegmentsMissed { first: 3, count: 4 }]
    );
    assert_eq!(numbers(&update), [7, 8, 9]);
}

#[test]
fn an_outdated_answer_has_no_effect() {
    let mut reload = from_window_start();
    reload.loaded(&live("s", 4, 8), 0, 0);
    let update = reload.loaded(&live("s", 3, 7), 4_000, 4_000);
    let outdated = ReloadEvent::Outdated {
        known_end: 8,
        end: 7,
    };
    assert_eq!(update.events, [outdated]);
    assert_eq!((numbers(&update), update.next), (vec![], at(6_000)));
    assert_eq!(numbers(&reload.loaded(&live("s", 5, 9), 8_000, 8_000)), [8]);
}

#[test]
fn a_restart_is_followed() {
    let mut reload = from_window_start();
    reload.loaded(&live("s", 100, 103), 0, 0);
    let update = reload.loaded(&live("s", 0, 2), 4_000, 4_000);
    let reset = ReloadEvent::SequenceReset {
        expected: 103,
        found: 0,
    };
    assert_eq!(update.events, [reset]);
    assert_eq!(numbers(&update), [0, 1]);
    assert_eq!(numbers(&reload.loaded(&live("s", 0, 3), 8_000, 8_000)), [2]);
}

#[test]
fn a_restart_onto_the_same_numbers_is_seen_by_names_or_dates() {
    let mut reload = from_window_start();
    reload.loaded(&live("a", 0, 3), 0, 0);
    assert_eq!(
        numbers(&reload.loaded(&live("b", 0, 2), 4_000, 4_000)),
        [0, 1]
    );

    let dated = |date: &str| {
        playlist(&format!(
            "#EXTM3U\n#EXT-X-TARGETDURATION:4\n#EXT-X-PROGRAM-DATE-TIME:{date}\n\
             #EXTINF:4,\ns0.ts\n#EXTINF:4,\ns1.ts\n"
        ))
    };
    let mut reload = from_window_start();
    reload.loaded(&dated("2026-01-01T00:00:00Z"), 0, 0);
    let update = reload.loaded(&dated("2026-01-01T00:00:04.900Z"), 0, 0);
    assert_eq!(numbers(&update), []);
    let update = reload.loaded(&dated("2026-01-01T00:01:00Z"), 0, 0);
    assert_eq!(numbers(&update), [0, 1]);
}

#[test]
fn a_server_that_never_counts_is_followed_by_names() {
    let listing = |names: &[&str]| {
        let mut text = String::from("#EXTM3U\n#EXT-X-TARGETDURATION:4\n");
        for name in names {
            text += &format!("#EXTINF:4,\n{name}.ts\n");
        }
        playlist(&text)
    };
    let mut reload = from_window_start();
    reload.loaded(&listing(&["a", "b", "c"]), 0, 0);
    let update = reload.loaded(&listing(&["b", "c", "d"]), 4_000, 4_000);
    let uris: Vec<_> = update.segments.iter().map(|s| s.uri.as_str()).collect();
    assert_eq!(uris, ["https://h/live/d.ts"]);
}

#[test]
fn tokens_that_change_with_each_load_do_not_matter() {
    let listing = |token: &str, first: u64| {
        let mut list = live("s", first, first + 3);
        for segment in &mut list.segments {
            segment.uri = format!("https://cdn-{token}/{token}/{}?t={token}", segment.uri);
        }
        list
    };
    let mut reload = from_window_start();
    reload.loaded(&listing("x", 0), 0, 0);
    let update = reload.loaded(&listing("y", 1), 4_000, 4_000);
    assert_eq!((numbers(&update), update.events), (vec![3], vec![]));
}

#[test]
fn a_stall_and_its_end_are_told_once() {
    let mut reload = from_window_start();
    reload.loaded(&live("s", 0, 2), 0, 0);
    assert_eq!(reload.loaded(&live("s", 0, 2), 11_000, 11_999).events, []);
    let stalled = ReloadEvent::Stalled { since_millis: 0 };
    assert_eq!(reload.failed(12_000, 12_000).events, [stalled]);
    assert_eq!(reload.loaded(&live("s", 0, 2), 14_000, 14_000).events, []);
    let resumed = ReloadEvent::Resumed {
        stalled_since_millis: 0,
    };
    assert_eq!(
        reload.loaded(&live("s", 0, 3), 16_000, 16_000).events,
        [resumed]
    );
}

#[test]
fn failures_from_the_start_become_a_stall() {
    let mut reload = from_window_start();
    assert_eq!(
        reload.failed(0, 0),
        Update {
            events: vec![],
            segments: vec![],
            next: at(1_000)
        }
    );
    let stalled = ReloadEvent::Stalled { since_millis: 0 };
    assert_eq!(reload.failed(6_000, 6_000).events, [stalled]);
}

const DELTA_HEADER: &str = "#EXTM3U\n#EXT-X-VERSION:9\n#EXT-X-TARGETDURATION:4\n\
    #EXT-X-SERVER-CONTROL:CAN-SKIP-UNTIL=24\n";

#[test]
fn delta_updates_are_merged() {
    let mut reload = from_window_start();
    let whole = playlist(&format!(
        "{DELTA_HEADER}#EXT-X-MEDIA-SEQUENCE:10\n#EXT-X-MAP:URI=\"i.mp4\"\n\
         #EXT-X-KEY:METHOD=AES-128,URI=\"k\"\n#EXT-X-PROGRAM-DATE-TIME:1970-01-01T00:00:00Z\n\
         #EXTINF:4,\n10.m4s\n#EXTINF:4,\n11.m4s\n#EXT-X-DISCONTINUITY\n\
         #EXT-X-PROGRAM-DATE-TIME:1970-01-01T00:01:00Z\n#EXTINF:4,\n12.m4s\n"
    ));
    let update = reload.loaded(&whole, 0, 0);
    assert_eq!(
        update.next,
        NextLoad::At {
            millis: 4_000,
            delta: true
        }
    );
    let delta = playlist(&format!(
        "{DELTA_HEADER}#EXT-X-MEDIA-SEQUENCE:11\n#EXT-X-SKIP:SKIPPED-SEGMENTS=2\n\
         #EXTINF:4,\n13.m4s\n#EXTINF:4,\n14.m4s\n"
    ));
    let update = reload.loaded(&delta, 4_000, 4_000);
    assert_eq!((numbers(&update), &update.events), (vec![13, 14], &vec![]));
    let window: Vec<_> = reload.window().iter().map(|s| s.media_sequence).collect();
    assert_eq!(window, [11, 12, 13, 14]);
    let last = update.segments.last().expect("a segment");
    assert_eq!(
        last.map.as_ref().map(|m| m.uri.as_str()),
        Some("https://h/live/i.mp4")
    );
    assert_eq!(last.keys.len(), 1);
    assert_eq!(last.discontinuity_sequence, 1);
    assert_eq!(last.program_date_time_micros, Some(68_000_000));
}

#[test]
fn a_delta_update_out_of_nowhere_asks_for_the_whole() {
    let delta = playlist(&format!(
        "{DELTA_HEADER}#EXT-X-MEDIA-SEQUENCE:11\n#EXT-X-SKIP:SKIPPED-SEGMENTS=9999999999\n\
         #EXTINF:4,\n1.m4s\n"
    ));
    let mut reload = from_window_start();
    let update = reload.loaded(&delta, 0, 50);
    assert_eq!(update.events, [ReloadEvent::DeltaUnusable]);
    assert_eq!(update.next, at(50));
    // Asking again at once would never end.
    assert_eq!(reload.loaded(&delta, 50, 100).next, at(2_050));
}

#[test]
fn discontinuities_keep_counting_when_the_server_does_not() {
    let mut reload = from_window_start();
    let with_break = playlist(
        "#EXTM3U\n#EXT-X-TARGETDURATION:4\n#EXT-X-MEDIA-SEQUENCE:0\n#EXTINF:4,\ns0.ts\n\
         #EXT-X-DISCONTINUITY\n#EXTINF:4,\ns1.ts\n#EXTINF:4,\ns2.ts\n",
    );
    reload.loaded(&with_break, 0, 0);
    let update = reload.loaded(&live("s", 2, 4), 4_000, 4_000);
    let found: Vec<_> = update
        .segments
        .iter()
        .map(|s| s.discontinuity_sequence)
        .collect();
    assert_eq!(found, [1]);
}

#[test]
fn an_empty_playlist_grows() {
    let mut reload = from_window_start();
    let update = reload.loaded(&live("s", 5, 5), 0, 0);
    assert_eq!((numbers(&update), update.next), (vec![], at(4_000)));
    assert_eq!(numbers(&reload.loaded(&live("s", 5, 6), 4_000, 4_000)), [5]);
}
