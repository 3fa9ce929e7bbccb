//! Seeds that need no media: small streams made by our own muxers, and text.

use std::sync::Arc;

use livetape_container::isobmff::mux::{FragmentTrack, InitTrack, fragment_header, init_segment};
use livetape_container::isobmff::sample_entry::{avc1, mp4a};
use livetape_container::mpegts::{AudioTrack, Continuity, MuxSample, Segment, VideoTrack};
use livetape_edge::{Delivery, Piece, RecordingId, token::Signer};
use livetape_media::codec::aac::AudioSpecificConfig;
use livetape_media::{Format, Rotation, Sample, Timescale, Timestamp, TrackConfig, TrackId};
use livetape_tape::{Command, Tape, Window};

const SPS: [u8; 25] = [
    0x67, 0x64, 0x00, 0x1e, 0xac, 0xd9, 0x40, 0xa0, 0x2f, 0xf9, 0x70, 0x11, 0x00, 0x00, 0x03, 0x00,
    0x01, 0x00, 0x00, 0x03, 0x00, 0x32, 0x0f, 0x16, 0x2d,
];
const PPS: [u8; 4] = [0x68, 0xeb, 0xe3, 0xcb];
/// x265: video, sequence and picture parameter set.
const HEVC: [&[u8]; 3] = [
    &[
        0x40, 0x01, 0x0c, 0x01, 0xff, 0xff, 0x01, 0x60, 0x00, 0x00, 0x03, 0x00, 0x90, 0x00, 0x00,
        0x03, 0x00, 0x00, 0x03, 0x00, 0x3f, 0x95, 0x98, 0x09,
    ],
    &[
        0x42, 0x01, 0x01, 0x01, 0x60, 0x00, 0x00, 0x03, 0x00, 0x90, 0x00, 0x00, 0x03, 0x00, 0x00,
        0x03, 0x00, 0x3f, 0xa0, 0x05, 0x02, 0x01, 0x69, 0x65, 0x99, 0x9a, 0x49, 0x32, 0xbc, 0x04,
        0x04, 0x00, 0x00, 0x0f, 0xa4, 0x00, 0x01, 0xd4, 0xc0, 0x20,
    ],
    &[0x44, 0x01, 0xc1, 0x72, 0xb4, 0x62, 0x40],
];
const ASC: [u8; 2] = [0x11, 0x90];

const PICTURES: u32 = 10;
const FRAMES: u32 = 19;

fn picture(number: u32) -> Vec<u8> {
    let header = if number == 0 {
        [0x65, 0x88]
    } else {
        [0x41, 0x9a]
    };
    [&6_u32.to_be_bytes()[..], &header, &[number as u8; 4]].concat()
}

fn frame(number: u32) -> Vec<u8> {
    vec![number as u8 | 1; 8]
}

fn audio_config() -> AudioSpecificConfig {
    AudioSpecificConfig::parse(&ASC).expect("valid")
}

/// H.264 and AAC: a GOP and the sound that goes with it.
pub(super) fn transport_streams() -> Vec<Vec<u8>> {
    let pictures: Vec<_> = (0..PICTURES).map(picture).collect();
    let frames: Vec<_> = (0..FRAMES).map(frame).collect();
    let samples = |data: &'_ [Vec<u8>], step: i64| -> Vec<(i64, Vec<u8>)> {
        let times = (0..).map(|number: i64| number * step);
        times.zip(data.iter().cloned()).collect()
    };
    let (pictures, frames) = (samples(&pictures, 3600), samples(&frames, 1920));
    let video: Vec<_> = mux_samples(&pictures, 3600, |number| number == 0);
    let audio: Vec<_> = mux_samples(&frames, 0, |_| true);
    let segment = Segment {
        video: Some(VideoTrack {
            sps: &[&SPS],
            pps: &[&PPS],
            samples: &video,
        }),
        audio: Some(AudioTrack {
            config: audio_config(),
            samples: &audio,
        }),
    };
    vec![segment.write(Continuity::default()).expect("valid")]
}

fn mux_samples(
    timed: &[(i64, Vec<u8>)],
    delay: i64,
    keyframe: impl Fn(usize) -> bool,
) -> Vec<MuxSample<'_>> {
    let numbered = timed.iter().enumerate();
    numbered
        .map(|(number, (dts, data))| MuxSample {
            dts: *dts,
            pts: *dts + delay,
            keyframe: keyframe(number),
            data,
        })
        .collect()
}

fn init() -> Vec<u8> {
    let video = avc1(&[&SPS], &[&PPS]).expect("valid");
    let audio = mp4a(&audio_config(), &ASC);
    init_segment(
        &[
            InitTrack {
                track_id: 1,
                config: &video,
            },
            InitTrack {
                track_id: 2,
                config: &audio,
            },
        ],
        None,
    )
}

fn fragment(number: u32) -> Vec<u8> {
    let sample = |data: Vec<u8>, duration, keyframe| Sample {
        size: data.len() as u32,
        duration,
        composition_offset: 0,
        keyframe,
    };
    let video: Vec<_> = (0..PICTURES)
        .map(|n| sample(picture(n), 3600, n == 0))
        .collect();
    let audio: Vec<_> = (0..FRAMES).map(|n| sample(frame(n), 1024, true)).collect();
    let tracks = [
        FragmentTrack {
            track_id: 1,
            decode_time: u64::from(number * PICTURES * 3600),
            samples: &video,
            all_sync: false,
        },
        FragmentTrack {
            track_id: 2,
            decode_time: u64::from(number * FRAMES * 1024),
            samples: &audio,
            all_sync: true,
        },
    ];
    let payload = (0..PICTURES)
        .flat_map(picture)
        .chain((0..FRAMES).flat_map(frame));
    fragment_header(number + 1, &tracks)
        .into_iter()
        .chain(payload)
        .collect()
}

pub(super) fn fragments() -> Vec<Vec<u8>> {
    vec![fragment(0), fragment(7)]
}

/// Two fragments after their init segment.
pub(super) fn movies() -> Vec<Vec<u8>> {
    vec![[init(), fragment(0), fragment(1)].concat()]
}

/// The same as it is put to the edge.
pub(super) fn upload() -> Vec<u8> {
    let mut upload = Vec::new();
    for piece in [init(), fragment(0), fragment(1), fragment(2)] {
        upload.extend((piece.len() as u16).to_be_bytes());
        upload.extend(piece);
    }
    upload
}

/// A journal of two commits, the second of which takes back a sample of the first, and the body of each.
pub(super) fn journals() -> Vec<Vec<u8>> {
    let config = Arc::new(TrackConfig {
        format: Format::Video {
            width: 640,
            height: 360,
        },
        timescale: Timescale::MPEG,
        sample_entry: vec![7; 30],
        codec: "avc1.64001e".to_owned(),
        language: *b"und",
        rotation: Rotation::None,
    });
    let mut tape = Tape::new(Window {
        millis: 60_000,
        bytes: 1 << 20,
    });
    tape.set_zero(1_700_000_000_000);
    let (mut journal, mut seeds) = (Vec::new(), Vec::new());
    for number in 0..2 {
        let at = tape.place(30, 0);
        let samples = [Sample {
            size: 10,
            duration: 3_600,
            composition_offset: -3_600,
            keyframe: true,
        }; 3];
        let time = number * 3 * 3_600;
        if number > 0 {
            tape.cut_back(TrackId(1), 2);
        }
        tape.append(TrackId(1), &config, time, &samples, &[at.extent(0, 30)]);
        tape.set_wall_clock(Timestamp::new(time, Timescale::MPEG), 1_700_000_000_000);
        tape.set_note(vec![1, 2, 3]);
        tape.commit();
        while let Some(command) = tape.poll() {
            if let Command::Commit { bytes, .. } = command {
                // Before a body come its length and its check; before the first, what a journal begins with.
                let before = if journal.is_empty() { 16 } else { 8 };
                seeds.extend(bytes.get(before..).map(<[u8]>::to_vec));
                journal.extend(bytes);
            }
        }
    }
    seeds.push(journal);
    seeds
}

/// Parameter sets of each codec in a row, with start codes.
pub(super) fn parameter_sets() -> Vec<Vec<u8>> {
    let joined = |sets: &[&[u8]]| {
        let units = sets.iter().map(|set| [&[0, 0, 0, 1], *set].concat());
        units.flatten().collect::<Vec<u8>>()
    };
    vec![
        joined(&[&SPS, &PPS]),
        joined(&HEVC),
        SPS.to_vec(),
        HEVC[1].to_vec(),
    ]
}

pub(super) fn audio_headers() -> Vec<Vec<u8>> {
    let sbr = [0x2b, 0x92, 0x08, 0x00];
    let explicit = [0x17, 0x80, 0x5d, 0xc0, 0x08];
    vec![ASC.to_vec(), sbr.to_vec(), explicit.to_vec()]
}

pub(super) fn playlists() -> Vec<Vec<u8>> {
    let media = "#EXTM3U\n#EXT-X-VERSION:9\n#EXT-X-TARGETDURATION:4\n\
        #EXT-X-SERVER-CONTROL:CAN-SKIP-UNTIL=24,HOLD-BACK=12\n#EXT-X-MEDIA-SEQUENCE:7\n\
        #EXT-X-DEFINE:NAME=\"a\",VALUE=\"b\"\n#EXT-X-MAP:URI=\"init.mp4\",BYTERANGE=\"700@0\"\n\
        #EXT-X-KEY:METHOD=AES-128,URI=\"key\",IV=0x00000000000000000000000000000001\n\
        #EXT-X-PROGRAM-DATE-TIME:2026-01-01T00:00:00.000Z\n#EXTINF:3.84,\n{$a}7.m4s\n\
        #EXT-X-DISCONTINUITY\n#EXT-X-BYTERANGE:100@200\n#EXTINF:4,title\n8.m4s\n\
        #EXT-X-BYTERANGE:100\n#EXTINF:4,\n8.m4s\n#EXT-X-GAP\n#EXTINF:4,\n9.m4s\n";
    let delta = "#EXTM3U\n#EXT-X-VERSION:9\n#EXT-X-TARGETDURATION:4\n\
        #EXT-X-SERVER-CONTROL:CAN-SKIP-UNTIL=24\n#EXT-X-MEDIA-SEQUENCE:8\n\
        #EXT-X-SKIP:SKIPPED-SEGMENTS=2\n#EXTINF:4,\n10.m4s\n";
    let multivariant = "#EXTM3U\n#EXT-X-INDEPENDENT-SEGMENTS\n\
        #EXT-X-MEDIA:TYPE=AUDIO,GROUP-ID=\"a\",NAME=\"en\",DEFAULT=YES,URI=\"a.m3u8\"\n\
        #EXT-X-STREAM-INF:BANDWIDTH=1000000,CODECS=\"avc1.64001e,mp4a.40.2\",\
        RESOLUTION=640x360,AUDIO=\"a\"\nv.m3u8\n#EXT-X-SESSION-DATA:DATA-ID=\"t\",VALUE=\"x\"\n";
    [media, delta, multivariant]
        .map(|text| text.as_bytes().to_vec())
        .to_vec()
}

/// A playlist as it is loaded again and again: half of it, all of it, without its first lines, and at
/// its end.
pub(super) fn growing(playlist: &[u8]) -> Vec<u8> {
    let text = String::from_utf8_lossy(playlist);
    let lines: Vec<_> = text.lines().take(60).collect();
    let upto = |count: usize| lines.get(..count).unwrap_or(&lines).join("\n");
    let whole = upto(lines.len());
    let ended = format!("{whole}\n#EXT-X-ENDLIST\n");
    let separator = crate::targets::PLAYLIST_SEPARATOR.to_string();
    [upto(lines.len() / 2), whole.clone(), whole, ended]
        .join(&separator)
        .into_bytes()
}

/// Requests of every kind.
pub(super) fn requests() -> Vec<Vec<u8>> {
    let id = RecordingId::from_random([7; 16]);
    let token = Signer::new("another secret").issue(&id, 2_000_000_000);
    let name = id.name();
    let digest = "sha-256=:47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=:";
    let texts = [
        "GET /healthz\n\n".to_owned(),
        "POST /v1/recordings\nAuthorization: Bearer key\n\n{\"template\":\"pub_demo\"}".to_owned(),
        format!("POST /v1/recordings\n\n{{\"id\":\"{id}\",\"title\":\"a\"}}"),
        format!("GET /v1/recordings/{id}\n\n"),
        format!(
            "PUT /v1/recordings/{id}/configs/0123456789abcdef\nAuthorization: Bearer {token}\n\
             Content-Length: 700\nContent-Digest: {digest}\n\n"
        ),
        format!(
            "PUT /v1/recordings/{id}/objects/main/7\nAuthorization: Bearer {token}\n\
             Content-Length: 700\nContent-Digest: {digest}\nLivetape-Config: 0123456789abcdef\n\
             Livetape-Base-Time: 1.5\nLivetape-Duration: 2\nLivetape-Independent: ?1\n\n"
        ),
        format!("POST /v1/recordings/{id}/finish\n\n{{\"objects\":{{\"main\":7}}}}"),
        format!("POST /v1/recordings/{id}/broadcasts\n\n{{\"start\":17,\"loop\":true}}"),
        format!(
            "GET /v1/play/{id}/video.mp4\nRange: bytes=0-99\nIf-Range: \"0123456789abcdef\"\n\n"
        ),
        format!("GET /v1/play/{id}/main/7.m4s\nRange: bytes=-99\nIf-None-Match: W/\"a\", *\n\n"),
        format!("GET /v1/play/{id}/init-0123456789abcdef.mp4\nRange: bytes=7-\n\n"),
        format!("GET /v1/play/live_{name}_1/video/7.m4s\n\n"),
        format!("GET /v1/play/live_{name}_1/ts/index.m3u8\n\n"),
    ];
    let delivery = Delivery::new(200, vec![Piece::Bytes(vec![1, 2, 3])]).with("ETag", "\"a\"");
    let mut requests = vec![delivery.encode()];
    requests.extend(texts.map(String::into_bytes));
    requests
}
