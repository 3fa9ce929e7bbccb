//! A recording that is read from pages is the recording that is read from its objects' heads.

mod synthetic;

use livetape_edge::view::media::MediaKind;
use livetape_edge::view::mp4::{FileKind, Mp4Request};
use livetape_edge::view::{ViewFile, ViewRequest};
use livetape_edge::{Code, ObjectRow, Recording, SealedPage, TimeRange};
use synthetic::{
    Content, STORED, Stage, field, fragment, init, init_with, other_audio_config,
    other_video_config, video_config,
};

/// The recording read from pages of so many objects, with how many of them did.
fn paged(stage: &Stage, count: usize) -> (Recording, usize) {
    let mut recording = stage.recording_of(&[]);
    let mut used = 0;
    for rows in stage.rows.chunks(count) {
        let page = page(&recording, rows);
        if recording.take_page(&page) {
            used += 1;
            continue;
        }
        assert!(rows.iter().all(|row| recording.take_object(row)));
    }
    (recording, used)
}

/// A page of rows, however few: they are so many that more do not follow.
fn page(recording: &Recording, rows: &[ObjectRow]) -> SealedPage {
    let page = recording.seal(rows, false).expect("a page");
    assert!(page.is_current());
    page
}

/// The tag and the bytes of an answer, or why there is none.
type View = Result<(Option<String>, Vec<u8>), Code>;

/// What a recording is played as, all of it.
fn views(recording: &Recording, stage: &Stage) -> Vec<View> {
    let kinds = [FileKind::Video, FileKind::Audio];
    let whole = |kind| Mp4Request {
        kind,
        ..Mp4Request::default()
    };
    let mut files: Vec<_> = kinds.map(|kind| recording.file(&whole(kind), None)).into();
    for (start, end) in [("0", "7.3"), ("33.3", "41"), ("60", "999")] {
        let query = |name: &str| match name {
            "start" => Some(start.to_owned()),
            _ => Some(end.to_owned()),
        };
        let range = TimeRange::read(query).expect("a range");
        let span = recording.span(&range, None);
        files.push(span.and_then(|span| recording.file(&whole(FileKind::Video), Some(&span))));
    }
    let playlists = [
        ViewFile::Multivariant,
        ViewFile::Media {
            kind: MediaKind::Objects,
            skip: false,
        },
    ];
    files.extend(playlists.map(|file| {
        let request = ViewRequest {
            time: TimeRange::default(),
            file,
            encrypted: false,
        };
        recording.view(&request, None, STORED)
    }));
    let body = |delivery| {
        (
            field(&delivery, "ETag").map(str::to_owned),
            stage.body(&delivery),
        )
    };
    let files = files.into_iter();
    files
        .map(|file| file.map(body).map_err(|error| error.code))
        .collect()
}

/// Checks that all is the same, read from pages; gives how many pages were used.
fn check(stage: &mut Stage, count: usize) -> usize {
    stage.reload();
    let (recording, used) = paged(stage, count);
    let info = |recording: &Recording| serde_json::to_value(recording.info("")).expect("JSON");
    assert_eq!(info(&recording), info(&stage.recording));
    assert_eq!(recording.objects(), stage.recording.objects());
    let (own, known) = (views(&recording, stage), views(&stage.recording, stage));
    for (own, known) in own.iter().zip(&known) {
        match (own, known) {
            (Ok((tag, own)), Ok((known_tag, known))) => {
                assert_eq!(tag, known_tag);
                assert!(own == known, "{} and {} bytes", own.len(), known.len());
            }
            _ => assert_eq!(own, known),
        }
    }
    assert!(own.iter().any(Result::is_ok));
    used
}

#[test]
fn a_plain_recording_is_the_same() {
    let mut stage = Stage::finished(72);
    assert_eq!(check(&mut stage, 24), 3);
}

#[test]
fn so_is_one_with_holes_and_dates() {
    let mut stage = Stage::new();
    let config = stage.put_config(&init(&video_config()));
    for seq in (0..64).filter(|seq| ![3, 16, 17, 40].contains(seq)) {
        let date = (seq % 8 == 0).then_some(STORED + i64::from(seq) * 2_001);
        let bytes = fragment(Content::two_seconds(seq));
        let put = stage.put_at(seq, &config, bytes, date, STORED + i64::from(seq));
        put.expect("a good fragment");
    }
    assert_eq!(check(&mut stage, 20), 3);
}

#[test]
fn so_is_one_whose_configuration_changes() {
    for other in [other_video_config(), video_config()] {
        let mut stage = Stage::new();
        let first = stage.put_config(&init(&video_config()));
        let second = match other == video_config() {
            true => stage.put_config(&init_with(&other, &other_audio_config())),
            false => stage.put_config(&init(&other)),
        };
        for seq in 0..60 {
            // Within a page.
            let config = if seq < 25 { &first } else { &second };
            let bytes = fragment(Content::two_seconds(seq));
            stage.put(seq, config, bytes).expect("a good fragment");
        }
        assert_eq!(check(&mut stage, 20), 3);
    }
}

#[test]
fn what_a_page_has_twice_is_taken_object_by_object() {
    let mut stage = Stage::new();
    let config = stage.put_config(&init(&video_config()));
    for seq in 0..60 {
        // The twentieth again, and one from the midst of a page.
        let number = seq - u32::from(seq >= 20) - u32::from(seq >= 47);
        let bytes = fragment(Content::two_seconds(number));
        stage.put(seq, &config, bytes).expect("a good fragment");
    }
    assert_eq!(check(&mut stage, 20), 2);
}

#[test]
fn of_a_page_the_first_sound_is_left_out_where_there_is_some_already() {
    let mut stage = Stage::new();
    let config = stage.put_config(&init(&video_config()));
    for seq in 0..60 {
        let Content { pictures, frames } = Content::two_seconds(seq);
        let again = if seq % 20 == 0 { frames.0.min(3) } else { 0 };
        let frames = (frames.0 - again, frames.1 + again);
        let bytes = fragment(Content { pictures, frames });
        stage.put(seq, &config, bytes).expect("a good fragment");
    }
    assert_eq!(check(&mut stage, 20), 3);
}

#[test]
fn sound_alone_is_the_same() {
    let mut stage = Stage::new();
    let config = stage.put_config(&init(&video_config()));
    for seq in 0..40 {
        let content = Content {
            pictures: (0, 0),
            ..Content::two_seconds(seq)
        };
        stage
            .put(seq, &config, fragment(content))
            .expect("a good fragment");
    }
    assert_eq!(check(&mut stage, 20), 2);
}

#[test]
fn few_objects_are_no_page_and_a_page_is_made_of_its_objects_alone() {
    let stage = Stage::finished(48);
    let (late, _) = paged(&stage, 24);
    let empty = stage.recording_of(&[]);
    let rows = stage.rows.get(24..).expect("so many");
    assert_eq!(late.seal(rows, false), empty.seal(rows, false));
    assert_eq!(empty.seal(rows, true), None);
    assert_eq!(empty.seal(rows.get(..15).expect("so many"), false), None);
    let page = page(&empty, rows);
    assert_eq!((page.first, page.last), (24, 47));
    let mut twice = stage.recording_of(&[]);
    assert!(twice.take_page(&page) && !twice.take_page(&page));
}

#[test]
fn bytes_that_are_no_page_are_not_taken() {
    let stage = Stage::finished(16);
    let empty = stage.recording_of(&[]);
    let page = page(&empty, &stage.rows);
    let taken = |bytes: Vec<u8>| {
        let mut recording = stage.recording_of(&[]);
        let is_taken = recording.take_page(&SealedPage {
            bytes,
            ..page.clone()
        });
        assert_eq!(recording.objects().is_empty(), !is_taken);
        is_taken
    };
    assert!(taken(page.bytes.clone()));
    for end in (0..page.bytes.len()).step_by(7) {
        assert!(!taken(page.bytes.get(..end).unwrap_or_default().to_vec()));
    }
    // Whatever else they are, they do no harm.
    for at in (0..page.bytes.len()).step_by(13) {
        let mut bytes = page.bytes.clone();
        if let Some(byte) = bytes.get_mut(at) {
            *byte ^= 0x55;
        }
        let mut recording = stage.recording_of(&[]);
        if recording.take_page(&SealedPage {
            bytes,
            ..page.clone()
        }) {
            let _ = recording.file(&Mp4Request::default(), None);
        }
    }
}
