//! What is put to the edge, and every view of it.

use std::collections::BTreeMap;

use livetape_edge::access::Limits;
use livetape_edge::api::State;
use livetape_edge::object::{Head, MAIN_LANE, head, object_key};
use livetape_edge::route::{LiveFile, LiveTrack};
use livetape_edge::view::live::Broadcast;
use livetape_edge::view::media::MediaKind;
use livetape_edge::view::mp4::{FileKind, Mp4Request};
use livetape_edge::view::{ViewFile, ViewRequest};
use livetape_edge::{
    ConfigHash, Delivery, Evicted, Gate, Meta, Moment, ObjectRow, Piece, Recording, RecordingId,
    Retention, Sha256Digest, TimeRange,
};
use sha2::{Digest as _, Sha256};

/// When objects are stored, Unix milliseconds.
const STORED: i64 = 1_800_000_000_000;

/// A recording with its storage.
struct Stage {
    recording: Recording,
    stored: BTreeMap<String, Vec<u8>>,
    rows: Vec<ObjectRow>,
    configs: Vec<(ConfigHash, Vec<u8>)>,
}

/// Every file that is made from the index, but for those that playlists name.
fn view_files() -> Vec<ViewFile> {
    let media = [
        (MediaKind::Objects, false),
        (MediaKind::Objects, true),
        (MediaKind::IFrames, false),
    ];
    let media = media.map(|(kind, skip)| ViewFile::Media { kind, skip });
    let ranges = [None, Some("bytes=0-99"), Some("bytes=-100")];
    let files = ranges.iter().flat_map(|range| {
        [FileKind::Video, FileKind::Audio].map(|kind| {
            ViewFile::Mp4(Mp4Request {
                range: range.map(str::to_owned),
                kind,
                ..Mp4Request::default()
            })
        })
    });
    [ViewFile::Multivariant]
        .into_iter()
        .chain(media)
        .chain(files)
        .collect()
}

/// The input is pieces, each after its length in two bytes: an init segment, then fragments. A piece
/// whose length has its highest bit set is another init segment.
pub(super) fn run(input: &[u8]) {
    let meta = Meta {
        id: RecordingId::from_random([7; 16]),
        state: State::Recording,
        title: None,
        metadata: BTreeMap::new(),
        created: STORED,
        limits: Limits::default(),
        gate: Gate::default(),
        retention: Retention::default(),
        evicted: Evicted::default(),
        provenance: livetape_edge::Provenance::default(),
    };
    let mut stage = Stage {
        recording: Recording::new(meta, [], []),
        stored: BTreeMap::new(),
        rows: Vec::new(),
        configs: Vec::new(),
    };
    let mut config = None;
    let (mut rest, mut seq) = (input, 0);
    while let Some((len, after)) = rest.split_first_chunk::<2>() {
        let len = u16::from_be_bytes(*len);
        let (piece, after) = after.split_at(usize::from(len & 0x7fff).min(after.len()));
        rest = after;
        match &config {
            Some(config) if len & 0x8000 == 0 => {
                stage.put(seq, config, piece);
                seq += 1;
            }
            _ => config = stage.put_config(piece),
        }
    }
    stage.views();
    stage.recording.finish();
    stage.views();
    stage.check_page();
}

impl Stage {
    fn put_config(&mut self, init: &[u8]) -> Option<ConfigHash> {
        let hash = ConfigHash::of(init);
        self.recording.check_config(&hash, init).ok()?;
        self.recording.insert_config(hash.clone(), init.to_vec());
        self.configs.push((hash.clone(), init.to_vec()));
        Some(hash)
    }

    fn put(&mut self, seq: u32, config: &ConfigHash, bytes: &[u8]) {
        let size = bytes.len() as u64;
        let Ok(Head::Complete(len)) = head(bytes, size) else {
            return;
        };
        let row = ObjectRow {
            seq,
            size,
            digest: Sha256Digest(Sha256::digest(bytes).into()),
            config: config.clone(),
            head: bytes.get(..len).expect("a head within it").to_vec(),
            wall_clock: None,
            stored: STORED,
        };
        if self.recording.check_object(&row).is_ok() {
            let key = object_key(&self.recording.meta().id, MAIN_LANE, seq);
            self.stored.insert(key, bytes.to_vec());
            assert!(
                self.recording.take_object(&row),
                "its number is the highest"
            );
            self.rows.push(row);
        }
    }

    /// Asks for everything that a recording can be played as.
    fn views(&self) {
        let recording = &self.recording;
        let now = STORED + 20_000;
        let info = recording.info("https://edge.example");
        assert!(
            info.duration.is_finite() && info.duration >= 0.0,
            "{info:?}"
        );
        let moments = [
            None,
            Some(Moment::Media(0.5)),
            Some(Moment::Media(3.25)),
            Some(Moment::WallClock(STORED)),
        ];
        for (start, end) in moments
            .iter()
            .flat_map(|start| moments.iter().map(move |end| (*start, *end)))
        {
            for file in view_files() {
                let time = TimeRange { start, end };
                let answer = recording.view(
                    &ViewRequest {
                        time,
                        file,
                        encrypted: now % 2 == 1,
                    },
                    None,
                    now,
                );
                answer.iter().for_each(|delivery| self.check(delivery));
            }
        }
        for repeat in [false, true] {
            let broadcast = Broadcast::new(STORED, repeat);
            for file in live_files() {
                let answer = recording.live(&broadcast, &file, now);
                answer.iter().for_each(|delivery| self.check(delivery));
            }
        }
    }

    /// Read from two pages, it is the same files, byte for byte.
    fn check_page(&self) {
        let meta = self.recording.meta().clone();
        let mut paged = Recording::new(meta, self.configs.clone(), []);
        for rows in self.rows.chunks(self.rows.len().div_ceil(2).max(1)) {
            let page = paged.page(rows);
            if !page.is_some_and(|page| paged.take_page(&page)) {
                assert!(rows.iter().all(|row| paged.take_object(row)));
            }
        }
        for kind in [FileKind::Video, FileKind::Audio] {
            let request = Mp4Request {
                kind,
                ..Mp4Request::default()
            };
            let [own, known] = [&paged, &self.recording].map(|own| own.file(&request, None));
            assert!(own == known, "a file of pages is another");
        }
    }

    /// What is delivered must be there.
    fn check(&self, delivery: &Delivery) {
        let mut body = Vec::new();
        for piece in &delivery.pieces {
            match piece {
                Piece::Bytes(bytes) => body.extend(bytes),
                Piece::Header { of, offset, len } => {
                    let header = self.recording.header(of, *offset..*offset + *len);
                    body.extend(header.expect("the same file"));
                }
                Piece::Stored { key, offset, len } => {
                    let end = offset.checked_add(*len).expect("an end");
                    let object = self.stored.get(key);
                    // Init segments have other keys, and are stored as they were put.
                    if let Some(object) = object {
                        let range = object.get(*offset as usize..end as usize);
                        body.extend(range.expect("within its object"));
                    }
                }
            }
        }
        if let Some(segment) = &delivery.rewrite
            && let Some(bytes) = segment.write(&body)
        {
            assert!(bytes.len().is_multiple_of(188));
        }
    }
}

fn live_files() -> impl Iterator<Item = LiveFile> {
    let fixed = [
        LiveFile::Multivariant,
        LiveFile::Media(LiveTrack::Video),
        LiveFile::Media(LiveTrack::Audio),
        LiveFile::TsMedia,
    ];
    let segments = [0, 1, 2, 1_000].into_iter().flat_map(|number| {
        [
            LiveFile::Segment(LiveTrack::Video, number),
            LiveFile::Segment(LiveTrack::Audio, number),
            LiveFile::TsSegment(number),
        ]
    });
    fixed.into_iter().chain(segments)
}
