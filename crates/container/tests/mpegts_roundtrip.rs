//! What is muxed is demuxed again: any sizes, any times, any split of the input.

mod mpegts_support;

use livetape_container::Error;
use livetape_container::mpegts::{
    AudioTrack, Continuity, Demuxer, MuxSample, Packets, Segment, VideoTrack,
};
use livetape_media::codec::aac::AudioSpecificConfig;
use mpegts_support::{Stream, demux};
use proptest::prelude::*;

const SPS: [u8; 25] = [
    0x67, 0x64, 0x00, 0x1e, 0xac, 0xd9, 0x40, 0xa0, 0x2f, 0xf9, 0x70, 0x11, 0x00, 0x00, 0x03, 0x00,
    0x01, 0x00, 0x00, 0x03, 0x00, 0x32, 0x0f, 0x16, 0x2d,
];
const PPS: [u8; 3] = [0x68, 0xeb, 0xe3];
/// AAC LC, 48 kHz, stereo: a frame lasts 1,920 ticks.
const ASC: [u8; 2] = [0x11, 0x90];

#[derive(Debug, Clone)]
struct Made {
    dts: i64,
    pts: i64,
    keyframe: bool,
    data: Vec<u8>,
}

impl Made {
    fn sample(&self) -> MuxSample<'_> {
        MuxSample {
            dts: self.dts,
            pts: self.pts,
            keyframe: self.keyframe,
            data: &self.data,
        }
    }
}

/// One slice NAL unit of `size` bytes (2 at least) after its length. Its bytes hold no start code
/// and do not end in zero.
fn picture(keyframe: bool, size: usize, seed: u8) -> Vec<u8> {
    let mut data = (size as u32).to_be_bytes().to_vec();
    data.extend(if keyframe { [0x65, 0x88] } else { [0x41, 0x9a] });
    data.extend((2..size).map(|at| (at as u8).wrapping_mul(seed) | 1));
    data
}

fn frame(size: usize, seed: u8) -> Vec<u8> {
    (0..size).map(|at| (at as u8).wrapping_add(seed)).collect()
}

/// Pictures of these sizes: a keyframe every 12, presented late by `offsets`.
fn pictures(base: i64, sizes: &[(usize, i64)]) -> Vec<Made> {
    let made = sizes.iter().enumerate().map(|(index, (size, late))| {
        let dts = base + index as i64 * 3600;
        let keyframe = index % 12 == 0;
        Made {
            dts,
            pts: dts + late * 3600,
            keyframe,
            data: picture(keyframe, *size, index as u8 | 1),
        }
    });
    made.collect()
}

fn frames(base: i64, sizes: &[usize]) -> Vec<Made> {
    let made = sizes.iter().enumerate().map(|(index, size)| Made {
        dts: base + index as i64 * 1920,
        pts: base + index as i64 * 1920,
        keyframe: true,
        data: frame(*size, index as u8),
    });
    made.collect()
}

/// Muxes, and checks that the prediction was right; the counters to go on with.
fn mux(video: &[Made], audio: &[Made], continuity: Continuity) -> (Vec<u8>, Continuity) {
    let video: Vec<_> = video.iter().map(Made::sample).collect();
    let audio: Vec<_> = audio.iter().map(Made::sample).collect();
    let segment = Segment {
        video: (!video.is_empty()).then_some(VideoTrack {
            sps: &[&SPS],
            pps: &[&PPS],
            samples: &video,
        }),
        audio: (!audio.is_empty()).then_some(AudioTrack {
            config: AudioSpecificConfig::parse(&ASC).expect("valid"),
            samples: &audio,
        }),
    };
    let bytes = segment.write(continuity).expect("valid samples");
    let packets = segment.packets();
    assert_eq!(count(&bytes), packets);
    (bytes, continuity.after(packets))
}

/// The packets with payload of each PID.
fn count(bytes: &[u8]) -> Packets {
    assert_eq!(bytes.len() % 188, 0);
    let mut packets = Packets::default();
    for packet in bytes.chunks(188) {
        assert_eq!(packet[0], 0x47);
        let counted = u64::from(packet[3] >> 4 & 1);
        match u16::from_be_bytes([packet[1] & 0x1f, packet[2]]) {
            0 => packets.pat += counted,
            0x1000 => packets.pmt += counted,
            0x100 => packets.video += counted,
            0x101 => packets.audio += counted,
            pid => panic!("unknown PID {pid}"),
        }
    }
    packets
}

/// The samples are those made, but for whole turns of the 33-bit clock.
fn assert_same(stream: &Stream, video: &[Made], audio: &[Made]) {
    assert_eq!(stream.defects, []);
    for (made, is_video) in [(video, true), (audio, false)] {
        let Some(track) = stream.track(is_video) else {
            assert!(made.is_empty());
            continue;
        };
        assert_eq!(track.units.len(), made.len());
        let ticks = |time: i64| if is_video { time } else { time * 8 / 15 };
        let turn = ticks(1 << 33);
        for (unit, made) in track.units.iter().zip(made) {
            assert_eq!(unit.data, made.data);
            assert_eq!((unit.dts - ticks(made.dts)) % turn, 0);
            assert_eq!(unit.pts - unit.dts, ticks(made.pts - made.dts));
            assert_eq!(unit.keyframe, made.keyframe);
        }
        assert_eq!(track.breaks, 0);
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn what_is_muxed_is_demuxed(
        base in prop_oneof![Just(0_i64), Just((1 << 33) - 20_000), 0..1_i64 << 33],
        video in prop::collection::vec((prop_oneof![2..400_usize, 2..3000_usize], 0..4_i64), 0..30),
        audio in prop::collection::vec(prop_oneof![0..200_usize, 0..900_usize], 0..40),
        lead in -5..5_i64,
        split in 1..1000_usize,
        counter in 0..16_u8,
    ) {
        prop_assume!(video.len() + audio.len() > 0);
        let base = base / 15 * 15; // audio ticks of 48 kHz are whole then
        let (video, audio) = (pictures(base, &video), frames(base + lead * 1920, &audio));
        let continuity = Continuity { pat: 3, pmt: 15, video: counter, audio: 7 };
        let (bytes, _) = mux(&video, &audio, continuity);
        assert_same(&demux(&bytes, split), &video, &audio);
    }
}

#[test]
fn every_remainder_of_the_last_packet() {
    for size in 2..400 {
        let video = pictures(90_000, &[(size, 0), (size, 0)]);
        let audio = frames(90_000, &[size, 0, 1]);
        let (bytes, _) = mux(&video, &audio, Continuity::default());
        assert_same(&demux(&bytes, 4096), &video, &audio);
        let (bytes, _) = mux(&[], &audio, Continuity::default());
        assert_same(&demux(&bytes, 4096), &[], &audio);
    }
}

#[test]
fn a_large_access_unit_is_unbounded() {
    let video = pictures(0, &[(200_000, 0), (70_000, 1), (65_536 - 40, 0)]);
    let (bytes, _) = mux(&video, &[], Continuity::default());
    assert_same(&demux(&bytes, 4096), &video, &[]);
}

#[test]
fn segments_go_on_where_the_one_before_ended() {
    let sizes: Vec<_> = (0..24).map(|index| (300 + index * 41, 1)).collect();
    let video = pictures(0, &sizes);
    let audio = frames(0, &[333; 45]);
    let (mut bytes, continuity) = mux(&video[..12], &audio[..22], Continuity::default());
    let (second, _) = mux(&video[12..], &audio[22..], continuity);
    bytes.extend(&second);
    assert_same(&demux(&bytes, 4096), &video, &audio);

    let (mut bytes, _) = mux(&video[..12], &audio[..22], Continuity::default());
    let (second, _) = mux(&video[12..], &audio[22..], Continuity::default());
    bytes.extend(&second);
    assert!(!demux(&bytes, 4096).defects.is_empty());
}

#[test]
fn the_same_events_however_the_input_is_split() {
    let video = pictures(0, &[(500, 1), (180, 1), (2, 1), (700, 0)]);
    let audio = frames(0, &[100, 200, 300, 170, 5]);
    let (bytes, _) = mux(&video, &audio, Continuity::default());
    let whole = {
        let mut demuxer = Demuxer::new();
        demuxer.push(&bytes);
        demuxer.flush();
        std::iter::from_fn(|| demuxer.poll()).collect::<Vec<_>>()
    };
    for at in 0..bytes.len() {
        let (first, second) = bytes.split_at(at);
        let mut demuxer = Demuxer::new();
        demuxer.push(first);
        demuxer.push(second);
        demuxer.flush();
        let events: Vec<_> = std::iter::from_fn(|| demuxer.poll()).collect();
        assert_eq!(events, whole, "split at {at}");
    }
    assert_eq!(demux(&bytes, 1), demux(&bytes, bytes.len()));
}

#[test]
fn a_delimiter_in_a_sample_does_not_change_sizes() {
    let mut video = pictures(0, &[(50, 0), (50, 0)]);
    let want = video.clone();
    for made in &mut video {
        made.data.splice(0..0, [0, 0, 0, 2, 0x09, 0x10]);
    }
    let (bytes, _) = mux(&video, &[], Continuity::default());
    assert_same(&demux(&bytes, 4096), &want, &[]);
}

#[test]
fn what_cannot_be_written_is_refused() {
    let refused = |video: &[MuxSample<'_>], audio: &[MuxSample<'_>]| {
        let segment = Segment {
            video: Some(VideoTrack {
                sps: &[&SPS],
                pps: &[&PPS],
                samples: video,
            }),
            audio: Some(AudioTrack {
                config: AudioSpecificConfig::parse(&ASC).expect("valid"),
                samples: audio,
            }),
        };
        segment.write(Continuity::default()).expect_err("refused")
    };
    let mut made = pictures(7, &[(9, 0)]);
    made[0].pts = 6;
    let error = Error::PresentedBeforeDecoded { pts: 6, dts: 7 };
    assert_eq!(refused(&[made[0].sample()], &[]), error);
    made[0].pts = 7;
    made[0].data.pop();
    let error = Error::NalLengths { dts: 7, size: 12 };
    assert_eq!(refused(&[made[0].sample()], &[]), error);
    let long = frames(0, &[8185]);
    let error = Error::Adts {
        size: 8185,
        sample_rate: 48_000,
    };
    assert_eq!(refused(&[], &[long[0].sample()]), error);
}
