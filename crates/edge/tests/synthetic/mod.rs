//! Made-up streams, stored and delivered without a network.
#![allow(dead_code, reason = "each test file uses a part of it")]

use std::collections::BTreeMap;

use livetape_container::isobmff::mux::{FragmentTrack, InitTrack, fragment_header, init_segment};
use livetape_container::isobmff::sample_entry::{avc1, mp4a};
use livetape_edge::access::Limits;
use livetape_edge::api::State;
use livetape_edge::object::{Head, MAIN_LANE, head, object_key};
use livetape_edge::{
    ApiError, ConfigHash, Delivery, Evicted, Gate, Meta, ObjectRow, Piece, Recording, RecordingId,
    Retention, Sha256Digest,
};
use livetape_media::codec::aac::AudioSpecificConfig;
use livetape_media::{Sample, TrackConfig};
use sha2::{Digest as _, Sha256};

/// A sequence parameter set.
pub(crate) const SPS: [u8; 25] = [
    0x67, 0x64, 0x00, 0x1e, 0xac, 0xd9, 0x40, 0xa0, 0x2f, 0xf9, 0x70, 0x11, 0x00, 0x00, 0x03, 0x00,
    0x01, 0x00, 0x00, 0x03, 0x00, 0x32, 0x0f, 0x16, 0x2d,
];
/// Its picture parameter set.
pub(crate) const PPS: [u8; 4] = [0x68, 0xeb, 0xe3, 0xcb];

/// Ticks of one picture, 25 a second in 90 kHz.
pub(crate) const PICTURE: u32 = 3600;
/// Ticks of one AAC frame in 48 kHz.
pub(crate) const FRAME: u32 = 1024;

/// When objects are stored, Unix milliseconds.
pub(crate) const STORED: i64 = 1_800_000_000_000;

/// A recording with its storage.
pub(crate) struct Stage {
    pub(crate) recording: Recording,
    pub(crate) stored: BTreeMap<String, Vec<u8>>,
    pub(crate) rows: Vec<ObjectRow>,
    configs: Vec<(ConfigHash, Vec<u8>)>,
}

/// What goes into one object.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Content {
    /// Number of its first picture and how many.
    pub(crate) pictures: (u32, u32),
    /// Number of its first AAC frame and how many.
    pub(crate) frames: (u32, u32),
}

impl Content {
    /// Two seconds from second `2 * number`: 50 pictures, and the sound that begins in that time.
    pub(crate) fn two_seconds(number: u32) -> Self {
        let first_frame = |second: u32| (second * 48_000).div_ceil(FRAME);
        let frames = first_frame(2 * number)..first_frame(2 * number + 2);
        Self {
            pictures: (50 * number, 50),
            frames: (frames.start, frames.len() as u32),
        }
    }
}

pub(crate) fn video_config() -> TrackConfig {
    avc1(&[&SPS], &[&PPS]).expect("valid parameter sets")
}

pub(crate) fn audio_config() -> TrackConfig {
    let asc = [0x11, 0x90];
    mp4a(&AudioSpecificConfig::parse(&asc).expect("valid"), &asc)
}

/// Another configuration of the same kinds of track: its language differs.
pub(crate) fn other_video_config() -> TrackConfig {
    TrackConfig {
        language: *b"fra",
        ..video_config()
    }
}

/// Sound that one file cannot hold together with [`audio_config`]'s: its rate is halved. Frames
/// then last twice as long as they are said to here, which no reader of headers knows.
pub(crate) fn other_audio_config() -> TrackConfig {
    let asc = [0x13, 0x10];
    let config = mp4a(&AudioSpecificConfig::parse(&asc).expect("valid"), &asc);
    let timescale = audio_config().timescale;
    TrackConfig {
        timescale,
        ..config
    }
}

pub(crate) fn init(video: &TrackConfig) -> Vec<u8> {
    init_with(video, &audio_config())
}

pub(crate) fn init_with(video: &TrackConfig, audio: &TrackConfig) -> Vec<u8> {
    init_segment(
        &[
            InitTrack {
                track_id: 1,
                config: video,
            },
            InitTrack {
                track_id: 2,
                config: audio,
            },
        ],
        None,
    )
}

/// Bytes of a sample, different for each; as a picture, one NAL unit after its length.
pub(crate) fn payload(kind: u8, number: u32) -> Vec<u8> {
    let len = 20 + (number.wrapping_mul(2_654_435_761) >> 24) + u32::from(kind) * 300;
    let noise = |at: u32| (at.wrapping_mul(97) ^ number.wrapping_mul(31)) as u8 | 1;
    let mut bytes: Vec<u8> = (0..len).map(noise).collect();
    if kind == 1 {
        let nal = len - 4;
        let header = if number.is_multiple_of(50) {
            0x65
        } else {
            0x41
        };
        bytes.splice(0..4, nal.to_be_bytes());
        bytes[4] = header;
        bytes[5] = 0x88; // first_mb_in_slice = 0
    }
    bytes
}

/// Pictures in decode order I P B P B: presented two pictures later than decoded at most, with the
/// first presented at 0.
fn composition(number: u32) -> i32 {
    match number % 50 {
        0 => 0,
        at if at % 2 == 1 && at < 49 => PICTURE as i32,
        49 => 0,
        _ => -(PICTURE as i32),
    }
}

/// A fragment with its bytes.
pub(crate) fn fragment(content: Content) -> Vec<u8> {
    let (first_picture, pictures) = content.pictures;
    let (first_frame, frames) = content.frames;
    let video: Vec<_> = (first_picture..first_picture + pictures)
        .map(|number| Sample {
            size: payload(1, number).len() as u32,
            duration: PICTURE,
            composition_offset: composition(number),
            keyframe: number % 50 == 0,
        })
        .collect();
    let audio: Vec<_> = (first_frame..first_frame + frames)
        .map(|number| Sample {
            size: payload(0, number).len() as u32,
            duration: FRAME,
            composition_offset: 0,
            keyframe: true,
        })
        .collect();
    let tracks = [
        FragmentTrack {
            track_id: 1,
            decode_time: u64::from(first_picture) * u64::from(PICTURE),
            samples: &video,
            all_sync: false,
        },
        FragmentTrack {
            track_id: 2,
            decode_time: u64::from(first_frame) * u64::from(FRAME),
            samples: &audio,
            all_sync: true,
        },
    ];
    let mut bytes = fragment_header(first_picture + 1, &tracks);
    for number in first_picture..first_picture + pictures {
        bytes.extend(payload(1, number));
    }
    for number in first_frame..first_frame + frames {
        bytes.extend(payload(0, number));
    }
    bytes
}

impl Stage {
    /// A recording that nothing has been put into.
    pub(crate) fn new() -> Self {
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
        Self {
            recording: Recording::new(meta, [], []),
            stored: BTreeMap::new(),
            rows: Vec::new(),
            configs: Vec::new(),
        }
    }

    /// A finished recording of `objects` times two seconds.
    pub(crate) fn finished(objects: u32) -> Self {
        let mut stage = Self::new();
        let config = stage.put_config(&init(&video_config()));
        for seq in 0..objects {
            let bytes = fragment(Content::two_seconds(seq));
            stage.put(seq, &config, bytes).expect("a good fragment");
        }
        stage.recording.finish();
        stage
    }

    pub(crate) fn put_config(&mut self, init: &[u8]) -> ConfigHash {
        let hash = ConfigHash::of(init);
        let new = self.recording.check_config(&hash, init);
        assert_eq!(new, Ok(true));
        self.recording.insert_config(hash.clone(), init.to_vec());
        self.configs.push((hash.clone(), init.to_vec()));
        hash
    }

    /// Stores an object as a shell does.
    pub(crate) fn put(
        &mut self,
        seq: u32,
        config: &ConfigHash,
        bytes: Vec<u8>,
    ) -> Result<(), ApiError> {
        self.put_at(seq, config, bytes, None, STORED)
    }

    pub(crate) fn put_at(
        &mut self,
        seq: u32,
        config: &ConfigHash,
        bytes: Vec<u8>,
        wall_clock: Option<i64>,
        stored: i64,
    ) -> Result<(), ApiError> {
        let size = bytes.len() as u64;
        let Head::Complete(len) = head(&bytes, size)? else {
            panic!("the whole object is enough to find its head");
        };
        let row = ObjectRow {
            seq,
            size,
            digest: Sha256Digest(Sha256::digest(&bytes).into()),
            config: config.clone(),
            head: bytes.get(..len).unwrap_or_default().to_vec(),
            wall_clock,
            stored,
        };
        self.recording.check_object(&row)?;
        self.rows.push(row.clone());
        let key = object_key(&self.recording.meta().id, MAIN_LANE, seq);
        self.stored.insert(key, bytes);
        if !self.recording.take_object(&row) {
            self.reload();
        }
        Ok(())
    }

    /// Makes the recording anew from its rows, as after an eviction.
    pub(crate) fn reload(&mut self) {
        self.rows.sort_by_key(|row| row.seq);
        self.recording = self.recording_of(&self.rows);
    }

    /// The recording of some of its rows.
    pub(crate) fn recording_of(&self, rows: &[ObjectRow]) -> Recording {
        let meta = self.recording.meta().clone();
        Recording::new(meta, self.configs.clone(), rows.to_vec())
    }

    /// A delivery's body.
    pub(crate) fn body(&self, delivery: &Delivery) -> Vec<u8> {
        let mut body = Vec::new();
        for piece in &delivery.pieces {
            match piece {
                Piece::Bytes(bytes) => body.extend_from_slice(bytes),
                Piece::Header { of, offset, len } => {
                    let header = self.recording.header(of, *offset..*offset + *len);
                    body.extend(header.expect("the same file"));
                }
                Piece::Stored { key, offset, len } => {
                    let range = *offset as usize..(*offset + *len) as usize;
                    let object = self.stored.get(key).expect("stored");
                    body.extend_from_slice(object.get(range).expect("within the object"));
                }
            }
        }
        match &delivery.rewrite {
            Some(segment) => segment.write(&body).expect("as the index says"),
            None => body,
        }
    }

    pub(crate) fn text(&self, delivery: &Delivery) -> String {
        String::from_utf8(self.body(delivery)).expect("UTF-8")
    }
}

/// A header field of a delivery.
pub(crate) fn field<'a>(delivery: &'a Delivery, name: &str) -> Option<&'a str> {
    let found = delivery.headers.iter().find(|(field, _)| field == name);
    found.map(|(_, value)| value.as_str())
}
