//! Objects stored anew in packs: the same bytes of everything, with few reads.

mod synthetic;

use std::collections::BTreeSet;

use livetape_edge::object::{PackFile, pack_key};
use livetape_edge::pack::{LARGEST_PACK, Pack, PackedObject};
use livetape_edge::view::SealedFile;
use livetape_edge::view::cut::Cut;
use livetape_edge::view::mp4::{FileKind, Mp4Request};
use livetape_edge::{ApiError, Delivery, Piece, Recording};
use synthetic::{Content, Stage, fragment, init, init_with, other_audio_config, video_config};

/// Stores the packs as a shell does, of at most `largest` bytes each, and removes the objects.
fn pack(stage: &mut Stage, largest: u64) -> Vec<Pack> {
    let id = stage.recording.meta().id.clone();
    let mut packs = Vec::new();
    for (number, range) in (0..).zip(stage.recording.packs(largest)) {
        let rows = stage.rows.iter().filter(|row| range.contains(&row.seq));
        let objects = rows.map(|row| PackedObject {
            seq: row.seq,
            size: row.size,
            head: row.head.len() as u64,
            digest: row.digest.content_digest(),
            config: row.config.clone(),
            wall_clock: row.wall_clock,
            stored: row.stored,
        });
        packs.push(stage.recording.pack(number, objects.collect()));
    }
    for pack in &packs {
        for (file, pieces, len) in [
            (
                PackFile::Payload,
                pack.payload_pieces(&id),
                pack.payload_len(),
            ),
            (PackFile::Rest, pack.rest_pieces(&id), pack.rest_len()),
        ] {
            let bytes = stage.body(&Delivery::new(200, pieces));
            assert_eq!(bytes.len() as u64, len);
            stage.stored.insert(pack_key(&id, pack.number, file), bytes);
        }
    }
    stage.stored.retain(|key, _| key.contains("/pack/"));
    stage.reload();
    stage.recording =
        std::mem::replace(&mut stage.recording, Stage::new().recording).packed(&packs);
    packs
}

#[test]
fn the_file_is_planned_once() {
    let mut stage = Stage::finished(30);
    let request = |range: Option<&str>, tag: Option<&str>| Mp4Request {
        range: range.map(str::to_owned),
        if_none_match: tag.map(str::to_owned),
        download: Some("film".to_owned()),
        ..Mp4Request::default()
    };
    let requests = [
        request(None, None),
        request(None, Some("*")),
        request(Some("bytes=0-99"), None),
        request(Some("bytes=90000-400000"), None),
        request(Some("bytes=-1"), None),
        request(Some("bytes=99999999-"), None),
    ];
    let answers = |stage: &Stage, file: &dyn Fn(&Mp4Request) -> Result<Delivery, ApiError>| {
        let answers = requests.iter().map(|request| {
            let answer = file(request).expect("an answer");
            let body = stage.body(&answer);
            (answer.status, answer.headers, body)
        });
        answers.collect::<Vec<_>>()
    };
    let before = answers(&stage, &|request| stage.recording.file(request, None));
    let packs = pack(&mut stage, 150_000);
    let (sealed, made) = stage.recording.sealed(&packs).expect("a file");
    let id = &stage.recording.meta().id;
    stage.stored.insert(pack_key(id, 0, PackFile::Made), made);
    let json = serde_json::to_string(&sealed).expect("JSON");
    let sealed: SealedFile = serde_json::from_str(&json).expect("read");
    assert_eq!(answers(&stage, &|request| sealed.file(request)), before);
    let whole = sealed.file(&Mp4Request::default()).expect("an answer");
    assert_eq!(
        whole.pieces.len(),
        1 + 8,
        "the header, and a read for each pack"
    );
}

/// Everything that is made of stored bytes.
fn everything(recording: &Recording) -> Vec<Result<Delivery, ApiError>> {
    let request = |kind, range: Option<&str>| Mp4Request {
        kind,
        range: range.map(str::to_owned),
        ..Mp4Request::default()
    };
    let files = [
        (FileKind::Video, None),
        (FileKind::Audio, None),
        (FileKind::Video, Some("bytes=100000-300000")),
        (FileKind::Audio, Some("bytes=-5000")),
    ];
    let files = files.map(|(kind, range)| recording.file(&request(kind, range), None));
    let objects = (0..30).map(|seq| recording.cut_object(&Cut::whole(seq)));
    let cuts = (0..30).map(|seq| {
        let query = |name: &str| {
            (name == "from").then(|| (i64::from(seq) * 2_000_000 + 700_000).to_string())
        };
        recording.cut_object(&Cut::read(seq, query)?.expect("a cut"))
    });
    files.into_iter().chain(objects).chain(cuts).collect()
}

fn bodies(stage: &Stage) -> Vec<Result<Vec<u8>, ApiError>> {
    let all = everything(&stage.recording).into_iter();
    all.map(|answer| answer.map(|delivery| stage.body(&delivery)))
        .collect()
}

fn tags(stage: &Stage) -> Vec<Vec<(String, String)>> {
    let all = everything(&stage.recording).into_iter();
    all.map(|answer| answer.map_or_else(|_| Vec::new(), |delivery| delivery.headers))
        .collect()
}

fn reads(stage: &Stage, kind: FileKind) -> usize {
    let request = Mp4Request {
        kind,
        ..Mp4Request::default()
    };
    let delivery = stage.recording.file(&request, None).expect("a file");
    let stored = |piece: &&Piece| matches!(piece, Piece::Stored { .. });
    delivery.pieces.iter().filter(stored).count()
}

#[test]
fn everything_is_the_same_and_the_file_is_a_read_for_each_pack() {
    for (largest, count) in [(LARGEST_PACK, 1), (150_000, 8)] {
        let mut stage = Stage::finished(30);
        let (before, headers) = (bodies(&stage), tags(&stage));
        let sizes: u64 = stage.rows.iter().map(|row| row.size).sum();
        let rows = stage.rows.clone();
        assert!(reads(&stage, FileKind::Video) >= 30);
        let packs = pack(&mut stage, largest);
        assert_eq!(packs.len(), count);
        assert!(packs.iter().all(|pack| pack.payload_len() <= largest));
        assert_eq!(bodies(&stage), before);
        assert_eq!(tags(&stage), headers);
        assert_eq!(reads(&stage, FileKind::Video), count);
        let stored: usize = stage.stored.values().map(Vec::len).sum();
        assert_eq!(stored as u64, sizes, "each byte is stored once");
        let id = stage.recording.meta().id.clone();
        let read_back = packs.iter().flat_map(|pack| {
            let manifest = serde_json::to_string(pack).expect("JSON");
            let pack: Pack = serde_json::from_str(&manifest).expect("read");
            let rest = &stage.stored[&pack_key(&id, pack.number, PackFile::Rest)];
            pack.rows(rest)
        });
        assert_eq!(read_back.collect::<Vec<_>>(), rows);
    }
}

#[test]
fn what_one_file_cannot_hold_is_packed_as_it_is_stored() {
    let mut stage = Stage::new();
    let first = stage.put_config(&init(&video_config()));
    let second = stage.put_config(&init_with(&video_config(), &other_audio_config()));
    for seq in 0..30 {
        let config = if seq < 15 { &first } else { &second };
        stage
            .put(seq, config, fragment(Content::two_seconds(seq)))
            .expect("a good fragment");
    }
    stage.recording.finish();
    let before = bodies(&stage);
    assert!(before.first().is_some_and(Result::is_err));
    pack(&mut stage, LARGEST_PACK);
    assert_eq!(bodies(&stage), before);
}

#[test]
fn few_objects_stay_as_they_are() {
    assert!(Stage::finished(20).recording.packs(LARGEST_PACK).is_empty());
    assert_eq!(Stage::finished(21).recording.packs(LARGEST_PACK), [0..=20]);
}

#[test]
fn a_pack_without_objects_is_known() {
    let mut stage = Stage::finished(30);
    let packs = pack(&mut stage, 150_000);
    assert!(stage.recording.emptied_packs().is_empty());
    let gone: BTreeSet<u32> = packs[1].objects.iter().map(|object| object.seq).collect();
    stage.rows.retain(|row| !gone.contains(&row.seq));
    stage.reload();
    stage.recording =
        std::mem::replace(&mut stage.recording, Stage::new().recording).packed(&packs);
    assert_eq!(stage.recording.emptied_packs(), [1]);
}
