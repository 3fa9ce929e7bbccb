//! A file of a long recording: its header is made as it is sent, of what was recorded when it was begun.

mod synthetic;

use livetape_edge::view::mp4::{FileKind, Mp4Request};
use livetape_edge::{ConfigHash, Delivery, HeaderOf, Piece};
use synthetic::{Content, Stage, fragment, init, video_config};

/// So many that their header is not made at once.
const OBJECTS: u32 = 300;
/// It comes when others after it are there.
const LATE: u32 = 200;

fn put(stage: &mut Stage, config: &ConfigHash, seq: u32) {
    let bytes = fragment(Content::two_seconds(seq));
    stage.put(seq, config, bytes).expect("a good fragment");
}

/// A recording that grows, all but the late one.
fn open() -> (Stage, ConfigHash) {
    let mut stage = Stage::new();
    let config = stage.put_config(&init(&video_config()));
    for seq in (0..OBJECTS).filter(|seq| *seq != LATE) {
        put(&mut stage, &config, seq);
    }
    (stage, config)
}

fn file(stage: &Stage, kind: FileKind, range: Option<String>) -> Delivery {
    let request = Mp4Request {
        kind,
        range,
        ..Mp4Request::default()
    };
    stage.recording.file(&request, None).expect("a file")
}

/// What of a file is made later: where it lies in the file, and in the header.
fn later(delivery: &Delivery) -> Option<(HeaderOf, u64, u64)> {
    let mut pieces = delivery.pieces.iter();
    pieces.find_map(|piece| match piece {
        Piece::Header { of, offset, len } => Some((of.clone(), *offset, *len)),
        Piece::Bytes(_) | Piece::Stored { .. } => None,
    })
}

#[test]
fn it_is_sent_to_its_end_while_the_recording_grows() {
    let (mut stage, config) = open();
    let begun = file(&stage, FileKind::Video, None);
    let whole = stage.body(&begun);
    let (of, offset, len) = later(&begun).expect("a long header");
    let wanted = whole.get(offset as usize..(offset + len) as usize);
    let range = offset..offset + len;
    assert_eq!(
        stage.recording.header(&of, range.clone()).as_deref(),
        wanted
    );

    put(&mut stage, &config, OBJECTS);
    assert_eq!(stage.recording.header(&of, range.clone()), None);
    let then = |stage: &Stage| {
        let rows = stage.rows.iter().filter(|row| row.seq <= of.last);
        stage.recording_of(&rows.cloned().collect::<Vec<_>>())
    };
    assert_eq!(
        then(&stage).header(&of, range.clone()).as_deref(),
        wanted,
        "as it was then"
    );
    stage.recording.finish();
    assert_eq!(then(&stage).header(&of, range.clone()).as_deref(), wanted);

    let (mut stage, config) = open();
    put(&mut stage, &config, LATE);
    assert_eq!(
        stage.recording.header(&of, range.clone()),
        None,
        "of as many, but others"
    );
    assert_eq!(then(&stage).header(&of, range), None);
}

#[test]
fn all_of_it_is_its_ranges() {
    let (mut stage, _) = open();
    for is_finished in [false, true] {
        if is_finished {
            stage.recording.finish();
        }
        for kind in [FileKind::Video, FileKind::Audio] {
            let answer = file(&stage, kind, None);
            let is_long = kind == FileKind::Video;
            assert_eq!(later(&answer).is_some(), is_long, "{kind:?}");
            let whole = stage.body(&answer);
            let mut ranges = Vec::new();
            while ranges.len() < whole.len() {
                let (from, to) = (ranges.len(), ranges.len() + 49_999);
                let part = file(&stage, kind, Some(format!("bytes={from}-{to}")));
                ranges.extend(stage.body(&part));
            }
            assert!(ranges == whole, "{kind:?}");
        }
    }
}
