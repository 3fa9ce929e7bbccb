//! A live server in small: whatever windows and delta updates a follower is shown, it gives out every
//! segment once, as the whole recording has it.

use livetape_hls::{
    DateTime, Decimal, Key, KeyMethod, Map, MediaPlaylist, NextLoad, Reload, ReloadEvent, Segment,
    SegmentRef, SegmentTag, ServerControl, Skip, StartPosition, parse, resolve_segments,
};
use proptest::collection::vec;
use proptest::prelude::*;

const URI: &str = "https://h/live/index.m3u8";

/// One segment of the broadcast: whether a discontinuity, another map, another key comes with it.
type Plan = (bool, bool, bool);

/// The whole broadcast, each segment with only the tags that change something, and a date at each
/// discontinuity.
fn broadcast(plans: &[Plan]) -> Vec<Segment> {
    let mut millis = 1_700_000_000_000;
    let mut segments = Vec::new();
    for (index, (discontinuity, map, key)) in plans.iter().enumerate() {
        let duration = 1_000 + i64::try_from(index % 7).unwrap_or(0) * 333;
        let mut segment = Segment::new(format!("{index}.m4s"), Decimal::from_millis(duration));
        let first = index == 0;
        if *discontinuity && !first {
            segment.tags.push(SegmentTag::Discontinuity);
            millis += 60_000;
        }
        if *key || first {
            let uri = Some(format!("key{index}"));
            let key = Key {
                uri,
                ..Key::new(KeyMethod::Aes128)
            };
            segment.tags.push(SegmentTag::Key(Box::new(key)));
        }
        if *map || first {
            let map = Map::new(format!("init{index}.mp4"));
            segment.tags.push(SegmentTag::Map(map));
        }
        if *discontinuity || first {
            let date = DateTime::from_unix_millis(millis);
            segment.tags.push(SegmentTag::ProgramDateTime(date));
        }
        millis += duration;
        segments.push(segment);
    }
    segments
}

/// The playlist while segments `first .. end` are there. Its first segment restates what applies.
fn window(all: &[Segment], truth: &[SegmentRef], first: usize, end: usize) -> MediaPlaylist {
    let mut segments: Vec<Segment> = all.get(first..end).unwrap_or_default().to_vec();
    if let (Some(segment), Some(known)) = (segments.first_mut(), truth.get(first)) {
        segment.tags.retain(|tag| *tag == SegmentTag::Discontinuity);
        // A map's key is the one that stood before it.
        if let Some(map) = &known.map {
            for key in map.keys.iter().chain(known.keys.iter()) {
                let uri = Some(key.uri.clone());
                let tag = Key {
                    uri,
                    ..Key::new(KeyMethod::Aes128)
                };
                segment.tags.push(SegmentTag::Key(Box::new(tag)));
                if key == map.keys.first().unwrap_or(key) && !has_map(segment) {
                    segment
                        .tags
                        .push(SegmentTag::Map(Map::new(map.uri.clone())));
                }
            }
        }
        let millis = known.program_date_time_micros.unwrap_or(0) / 1_000;
        let date = DateTime::from_unix_millis(millis);
        segment.tags.push(SegmentTag::ProgramDateTime(date));
    }
    let before = truth.get(first).map_or(0, |known| {
        known.discontinuity_sequence - u64::from(known.discontinuity)
    });
    let control = ServerControl {
        can_skip_until: Some(Decimal::whole(24)),
        ..ServerControl::new()
    };
    MediaPlaylist {
        version: Some(9),
        target_duration: 4,
        server_control: Some(control),
        media_sequence: u64::try_from(first).unwrap_or(0),
        discontinuity_sequence: Some(before),
        segments,
        ..MediaPlaylist::default()
    }
}

fn has_map(segment: &Segment) -> bool {
    segment
        .tags
        .iter()
        .any(|tag| matches!(tag, SegmentTag::Map(_)))
}

/// The same playlist without its first `skipped` segments.
fn delta(mut whole: MediaPlaylist, all: &[Segment], first: usize, skipped: usize) -> MediaPlaylist {
    let end = first + whole.segments.len();
    whole.segments = all.get(first + skipped..end).unwrap_or_default().to_vec();
    whole.skip = Some(Skip::new(u64::try_from(skipped).unwrap_or(0)));
    whole
}

proptest! {
    #[test]
    fn every_segment_is_given_out_once(
        plans in vec(any::<Plan>(), 20..40),
        length in 4..8_usize,
        steps in vec((0..4_usize, any::<bool>(), 1..4_usize), 1..20),
    ) {
        let all = broadcast(&plans);
        let whole = MediaPlaylist { segments: all.clone(), ..MediaPlaylist::default() };
        let truth = resolve_segments(&whole, URI, None);
        let mut reload = Reload::new(URI, StartPosition::WindowStart);
        let (mut end, mut now, mut delta_allowed) = (length, 0, false);
        let mut given = Vec::new();
        for (advance, want_delta, skipped) in steps {
            let first = end - length;
            let shown = window(&all, &truth, first, end);
            let shown = if want_delta && delta_allowed {
                delta(shown, &all, first, skipped.min(length - advance_room(end, &given)))
            } else {
                shown
            };
            let read = parse(&shown.to_string()).ok().and_then(livetape_hls::Playlist::into_media);
            let update = reload.loaded(&read.expect("a Media Playlist"), now, now);
            let pause = |event: &_| {
                matches!(event, ReloadEvent::Stalled { .. } | ReloadEvent::Resumed { .. })
            };
            prop_assert!(update.events.iter().all(pause), "{:?}", update.events);
            given.extend(update.segments);
            prop_assert_eq!(given.len(), end);
            if let NextLoad::At { millis, delta } = update.next {
                (now, delta_allowed) = (millis, delta);
            }
            end = (end + advance).min(all.len());
        }
        let expected = truth.get(..given.len()).unwrap_or_default();
        prop_assert_eq!(given.as_slice(), expected);
    }
}

/// Segments at the end of a window that have not been given out yet, which a server cannot skip.
fn advance_room(end: usize, given: &[SegmentRef]) -> usize {
    end - given.len()
}
