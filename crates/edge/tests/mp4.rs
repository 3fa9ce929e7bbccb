//! The MP4 view: whole, in ranges, and as another reader sees it.

mod synthetic;

use std::collections::BTreeSet;
use std::sync::OnceLock;

use livetape_container::isobmff::Demuxer;
use livetape_container::{Event, Payload};
use livetape_edge::view::mp4::Mp4Request;
use livetape_edge::{ApiError, Code, Delivery, Piece, TimeRange};
use proptest::prelude::*;
use synthetic::{
    Content, Stage, field, fragment, init, init_with, other_audio_config, payload, video_config,
};

fn stage() -> &'static (Stage, Vec<u8>) {
    static STAGE: OnceLock<(Stage, Vec<u8>)> = OnceLock::new();
    STAGE.get_or_init(|| {
        let stage = Stage::finished(4);
        let whole = stage.recording.file(&Mp4Request::default(), None);
        let whole = stage.body(&whole.expect("a file"));
        (stage, whole)
    })
}

/// The file of a range of time.
fn timed(stage: &Stage, start: &str, end: Option<&str>) -> Result<Delivery, ApiError> {
    let query = |name: &str| match name {
        "start" => Some(start.to_owned()),
        _ => end.map(str::to_owned),
    };
    let span = stage.recording.span(&TimeRange::read(query)?, None)?;
    stage.recording.file(&Mp4Request::default(), Some(&span))
}

fn ranged(range: &str) -> Mp4Request {
    Mp4Request {
        range: Some(range.to_owned()),
        ..Mp4Request::default()
    }
}

#[test]
fn every_sample_is_in_it_and_moov_is_first() {
    let (_, whole) = stage();
    assert_eq!(whole.get(4..8), Some(b"ftyp".as_slice()));
    let ftyp = u32::from_be_bytes(*whole.first_chunk().expect("long")) as usize;
    assert_eq!(whole.get(ftyp + 4..ftyp + 8), Some(b"moov".as_slice()));
    let mut at = 0;
    // All payloads are there, each track's in order.
    for kind in [1_u8, 0] {
        let count = if kind == 1 { 200 } else { 375 };
        let mut from = 0;
        for number in 0..count {
            let bytes = payload(kind, number);
            let rest = whole.get(from..).expect("within");
            let found = rest.windows(bytes.len()).position(|window| window == bytes);
            from += found.unwrap_or_else(|| panic!("{kind} {number} is missing")) + bytes.len();
            at += bytes.len();
        }
    }
    assert!(whole.len() - at < 8_000, "little besides the samples");
}

#[test]
fn the_tag_names_the_bytes() {
    let request = Mp4Request::default();
    let tag = |stage: &Stage| {
        let delivery = stage.recording.file(&request, None).expect("a file");
        field(&delivery, "ETag").map(str::to_owned).expect("a tag")
    };
    let (one, longer) = (tag(&Stage::finished(3)), tag(&Stage::finished(4)));
    assert_ne!(one, longer);
    let mut again = Stage::finished(3);
    assert_eq!(tag(&again), one);
    again.reload();
    assert_eq!(tag(&again), one);
    assert!(one.starts_with('"') && one.len() == 34, "{one}");
}

#[test]
fn conditions_and_refusals() {
    let (stage, whole) = stage();
    let answer = |request: &Mp4Request| stage.recording.file(request, None).expect("an answer");
    let tag = field(&answer(&Mp4Request::default()), "ETag").map(str::to_owned);
    let not_modified = answer(&Mp4Request {
        if_none_match: tag.clone(),
        ..ranged("bytes=0-9")
    });
    assert_eq!((not_modified.status, not_modified.len()), (304, 0));
    let same = answer(&Mp4Request {
        if_range: tag,
        ..ranged("bytes=0-9")
    });
    assert_eq!((same.status, same.len()), (206, 10));
    let other = answer(&Mp4Request {
        if_range: Some("\"other\"".to_owned()),
        ..ranged("bytes=0-9")
    });
    assert_eq!((other.status, other.len()), (200, whole.len() as u64));
    let beyond = answer(&ranged(&format!("bytes={}-", whole.len())));
    assert_eq!(beyond.status, 416);
    let expected = format!("bytes */{}", whole.len());
    assert_eq!(field(&beyond, "Content-Range"), Some(expected.as_str()));
    let head = answer(&Mp4Request {
        head: true,
        ..ranged("bytes=0-9")
    });
    assert_eq!((head.status, head.len()), (200, whole.len() as u64));
    let finished = answer(&Mp4Request::default());
    assert_eq!(
        field(&finished, "Cache-Control"),
        Some("public, max-age=3600")
    );
    let empty = Stage::new().recording.file(&Mp4Request::default(), None);
    assert_eq!(empty.expect_err("nothing there").code, Code::NotStarted);
}

proptest! {
    #[test]
    fn any_range_is_that_part_of_the_whole(first in 0_usize..200_000, count in 1_usize..90_000) {
        let (stage, whole) = stage();
        let request = ranged(&format!("bytes={first}-{}", first + count - 1));
        let delivery = stage.recording.file(&request, None).expect("an answer");
        let end = (first + count).min(whole.len());
        match whole.get(first..end).filter(|part| !part.is_empty()) {
            Some(part) => {
                prop_assert_eq!(delivery.status, 206);
                prop_assert!(stage.body(&delivery) == part);
                let expected = format!("bytes {first}-{}/{}", end - 1, whole.len());
                prop_assert_eq!(field(&delivery, "Content-Range"), Some(expected.as_str()));
            }
            None => prop_assert_eq!(delivery.status, 416),
        }
    }
}

/// Pictures and sound of each object lie side by side in the file too, however long it is.
#[test]
fn each_object_is_one_read() {
    let mut stage = Stage::new();
    let config = stage.put_config(&init(&video_config()));
    let mut begun = 0;
    for (seq, seconds) in [2, 4, 6, 4].into_iter().enumerate() {
        let end = begun + seconds / 2;
        let (first, last) = (Content::two_seconds(begun), Content::two_seconds(end - 1));
        let frames = last.frames.0 + last.frames.1 - first.frames.0;
        let content = Content {
            pictures: (first.pictures.0, 25 * seconds),
            frames: (first.frames.0, frames),
        };
        stage
            .put(seq as u32, &config, fragment(content))
            .expect("a fragment");
        begun = end;
    }
    stage.recording.finish();
    let file = stage.recording.file(&Mp4Request::default(), None);
    let pieces = file.expect("a file").pieces;
    let stored = |piece: &&Piece| matches!(piece, Piece::Stored { .. });
    assert_eq!(pieces.iter().filter(stored).count(), 4);
}

/// Sound of another rate for two seconds: no one file, but each part is one.
#[test]
fn where_the_sound_changes_the_ranges_that_are_files_are_named() {
    let mut stage = Stage::new();
    let first = stage.put_config(&init(&video_config()));
    let other = stage.put_config(&init_with(&video_config(), &other_audio_config()));
    for (seq, config) in [&first, &other, &first].into_iter().enumerate() {
        let bytes = fragment(Content::two_seconds(seq as u32));
        stage.put(seq as u32, config, bytes).expect("a fragment");
    }
    stage.recording.finish();
    let refused = stage.recording.file(&Mp4Request::default(), None);
    let refused = refused.expect_err("two kinds of sound");
    assert_eq!(refused.code, Code::ConfigurationChange);
    let message = refused.body();
    let named = message.split("?start=").skip(1).map(|range| {
        let (start, rest) = range.split_once("&end=").expect("both");
        let is_number = |c: char| c.is_ascii_digit() || c == '.';
        let end: String = rest.chars().take_while(|c| is_number(*c)).collect();
        let end = end.trim_end_matches('.').to_owned();
        timed(&stage, start, Some(&end)).expect("a file")
    });
    let named: Vec<_> = named.collect();
    assert_eq!(named.len(), 3, "{message}");
    let mut pictures = BTreeSet::new();
    for (part, file) in (0..).zip(&named) {
        let [shown, heard] = samples(&stage.body(file));
        pictures.extend(shown);
        let (first, count) = Content::two_seconds(part).frames;
        // A file begins with a picture: the sound from the change to there is in none.
        let skipped = u32::from(part > 0);
        let own: Vec<_> = (first + skipped..first + count)
            .map(|n| payload(0, n))
            .collect();
        assert!(heard == own, "{part}: {} frames of sound", heard.len());
    }
    assert_eq!(
        pictures,
        (0..150).map(|number| payload(1, number)).collect()
    );
}

/// The payloads of a file's pictures, and of its sound, which must be of one configuration each.
fn samples(file: &[u8]) -> [Vec<Vec<u8>>; 2] {
    let mut demuxer = Demuxer::new();
    demuxer.push(file);
    demuxer.reset();
    let mut found = [Vec::new(), Vec::new()];
    let mut configs = 0;
    while let Some(event) = demuxer.poll() {
        match event {
            Event::Config { .. } => configs += 1,
            Event::Run(run) => {
                let Payload::Stream { offset } = run.payload else {
                    panic!("payload stays where it is");
                };
                let mut at = offset as usize;
                for sample in &run.samples {
                    let own = file.get(at..at + sample.size as usize).expect("within");
                    at += own.len();
                    let track = usize::from(run.track.0 == 2);
                    found[track].push(own.to_vec());
                }
            }
            other @ (Event::Timed(_) | Event::Defect(_)) => panic!("{other:?}"),
        }
    }
    assert_eq!(configs, 2);
    found
}

#[test]
fn a_range_of_time_begins_with_the_first_picture_in_it() {
    let (stage, _) = stage();
    let answer = |start: &str, end: Option<&str>| timed(stage, start, end);
    // From the second keyframe on, and from a little after the picture before it.
    let whole = stage.body(&answer("2", None).expect("a file"));
    let same = stage.body(&answer("1.97", None).expect("a file"));
    assert!(whole == same);
    for (number, there) in [(49, false), (50, true), (199, true)] {
        let bytes = payload(1, number);
        let found = whole.windows(bytes.len()).any(|window| window == bytes);
        assert_eq!(found, there, "picture {number}");
    }
    let code = |start, end| answer(start, end).expect_err("refused").code;
    assert_eq!(code("8", None), Code::NothingRecorded);
    assert_eq!(code("3", Some("2")), Code::NothingRecorded);
    for wrong in ["-1", "x", "NaN", "inf"] {
        assert_eq!(code(wrong, None), Code::BadRequest, "{wrong}");
    }
}

#[test]
fn stored_segments_follow_their_init_segment() {
    // What the playlist names, read from beginning to end as one stream.
    let (stage, _) = stage();
    let mut demuxer = Demuxer::new();
    demuxer.push(init(&video_config()).as_slice());
    let mut bytes = Vec::new();
    for row in &stage.rows {
        let id = &stage.recording.meta().id;
        let key = livetape_edge::object::object_key(id, "main", row.seq);
        bytes.extend_from_slice(stage.stored.get(&key).expect("stored"));
    }
    demuxer.push(bytes.as_slice());
    let mut samples = [0, 0];
    while let Some(event) = demuxer.poll() {
        match event {
            Event::Run(run) => {
                assert!(matches!(run.payload, Payload::Stream { .. }));
                samples[run.track.0 as usize - 1] += run.samples.len();
            }
            Event::Config { .. } => {}
            other @ (Event::Timed(_) | Event::Defect(_)) => panic!("{other:?}"),
        }
    }
    assert_eq!(samples, [200, 375]);
}
