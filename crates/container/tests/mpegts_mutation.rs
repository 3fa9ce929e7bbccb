//! Broken input: nothing panics, nothing hangs, and what comes out is well formed.

mod mpegts_support;

use std::time::{Duration, Instant};

use livetape_container::mpegts::{AudioTrack, Continuity, MuxSample, Segment, VideoTrack};
use livetape_media::codec::aac::AudioSpecificConfig;
use livetape_media::codec::annexb::length_prefixed;
use mpegts_support::wire::{HEVC_PPS, HEVC_SPS, HEVC_VPS, Wire};
use mpegts_support::{Stream, demux, media};

/// A linear congruential generator: the same mutations every time.
struct Random(u64);

impl Random {
    fn below(&mut self, limit: usize) -> usize {
        self.0 = self
            .0
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1);
        (self.0 >> 33) as usize % limit.max(1)
    }
}

/// Changes, drops, repeats or moves bytes or packets.
fn mutate(bytes: &mut Vec<u8>, random: &mut Random) {
    for _ in 0..=random.below(8) {
        let at = random.below(bytes.len());
        let packet = at / 188 * 188;
        match random.below(8) {
            0..=2 => bytes[at] = random.below(256) as u8,
            3 => {
                // Headers, where it hurts most.
                let byte = packet + random.below(40);
                if let Some(byte) = bytes.get_mut(byte) {
                    *byte ^= 1 << random.below(8);
                }
            }
            4 => drop(bytes.drain(packet..(packet + 188).min(bytes.len()))),
            5 => drop(bytes.drain(at..(at + random.below(500)).min(bytes.len()))),
            6 => {
                let copy = bytes[packet..(packet + 188).min(bytes.len())].to_vec();
                let to = random.below(bytes.len()) / 188 * 188;
                bytes.splice(to..to, copy);
            }
            _ => {
                let fill = vec![random.below(256) as u8; random.below(400)];
                bytes.splice(at..at, fill);
            }
        }
        if bytes.is_empty() {
            return;
        }
    }
}

/// `Stream` checks that runs are whole; here, that video samples are.
fn assert_well_formed(stream: &Stream) {
    for track in stream.tracks.values() {
        let video = track.configs.iter().all(|config| config.format.is_video());
        assert!(track.units.is_empty() || !track.configs.is_empty());
        for unit in track.units.iter().filter(|_| video) {
            assert!(length_prefixed(&unit.data, 4).all(|nal| nal.is_some()));
        }
    }
}

/// Twenty pictures and thirty frames, three PMTs.
fn made() -> Vec<u8> {
    let sps = [
        0x67, 0x64, 0x00, 0x1e, 0xac, 0xd9, 0x40, 0xa0, 0x2f, 0xf9, 0x70, 0x11, 0x00, 0x00, 0x03,
        0x00, 0x01, 0x00, 0x00, 0x03, 0x00, 0x32, 0x0f, 0x16, 0x2d,
    ];
    let mut bytes = Vec::new();
    let mut continuity = Continuity::default();
    for part in 0..3_i64 {
        let pictures: Vec<_> = (0..7_u8)
            .map(|n| {
                let size = 20 + usize::from(n) * 70;
                let mut data = (size as u32).to_be_bytes().to_vec();
                data.extend(if n == 0 { [0x65, 0x88] } else { [0x41, 0x9a] });
                data.resize(size + 4, n + 7);
                (data, part * 25_200 + i64::from(n) * 3600)
            })
            .collect();
        let frames: Vec<_> = (0..10_u8)
            .map(|n| (vec![n; 150], part * 19_200 + i64::from(n) * 1920))
            .collect();
        let video: Vec<_> = pictures
            .iter()
            .enumerate()
            .map(|(n, (data, dts))| MuxSample {
                dts: *dts,
                pts: *dts + 3600,
                keyframe: n == 0,
                data,
            })
            .collect();
        let audio: Vec<_> = frames
            .iter()
            .map(|(data, dts)| MuxSample {
                dts: *dts,
                pts: *dts,
                keyframe: true,
                data,
            })
            .collect();
        let segment = Segment {
            video: Some(VideoTrack {
                sps: &[&sps],
                pps: &[&[0x68, 0xeb, 0xe3]],
                samples: &video,
            }),
            audio: Some(AudioTrack {
                config: AudioSpecificConfig::parse(&[0x11, 0x90]).expect("valid"),
                samples: &audio,
            }),
        };
        bytes.extend(segment.write(continuity).expect("valid"));
        continuity = continuity.after(segment.packets());
    }
    bytes
}

/// Twenty-one pictures of H.265, some of them leading pictures, and frames of AAC.
fn made_hevc() -> Vec<u8> {
    let mut wire = Wire::with_video(0x24);
    for part in 0..3_i64 {
        let start = part * 25_200;
        let kinds: [u8; 7] = [21, 9, 7, 1, 0, 1, 0];
        for (n, kind) in (0_i64..).zip(kinds) {
            let mut slice = vec![kind << 1, 1, 0xd0];
            slice.resize(20 + n as usize * 70, kind + 7);
            let mut nals: Vec<&[u8]> = vec![&[0x46, 1, 0x50]];
            if n == 0 {
                nals.extend([&HEVC_VPS[..], &HEVC_SPS, &HEVC_PPS]);
            }
            nals.push(&slice);
            wire.video(start + n * 3600, &nals);
        }
        wire.audio(start, 0..13);
    }
    wire.bytes
}

/// `LIVETAPE_MUTATIONS` multiplies the rounds, for long runs.
fn attack(bytes: &[u8], rounds: u64) {
    let times = std::env::var("LIVETAPE_MUTATIONS").ok();
    let times = times.map_or(1, |times| times.parse().expect("a number"));
    for seed in 0..rounds * times {
        let mut random = Random(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) + 1);
        let mut mutated = bytes.to_vec();
        mutate(&mut mutated, &mut random);
        let split = 1 + random.below(2000);
        assert_well_formed(&demux(&mutated, split));
    }
}

#[test]
fn mutated_streams() {
    attack(&made(), 5000);
    let hevc = made_hevc();
    let whole = demux(&hevc, 188);
    let pictures = whole.track(true).map(|track| track.units.len());
    assert_eq!(pictures, Some(20)); // all but the first leading picture
    attack(&hevc, 5000);
}

#[test]
fn mutated_fixtures() {
    let Some(root) = media("mutated_fixtures") else {
        return;
    };
    for name in [
        "ts/structure/muxed.ts",
        "ts/structure/test-middle-pat-pmt.ts",
        "ts/structure/zeroLength.ts",
        "ts/structure/sample_h264_no_access_unit_delimiters.ts",
        "ts/real-defects/missing-sei-and-pes.ts",
        "ts/codecs/sample_with_sdt.ts",
        "ts/codecs/sample_h265.ts",
        "ts/codecs/sample_h265_rps_pred.ts",
    ] {
        attack(&std::fs::read(root.join(name)).expect("a fixture"), 300);
    }
}

/// `transport_priority` says nothing to a demuxer; but a packet that has it is not taken on the short way of most packets.
#[test]
fn packets_come_to_the_same_on_the_short_way_and_on_the_long_one() {
    for bytes in [made(), made_hevc()] {
        for seed in 0..3000 {
            let mut random = Random(seed);
            let mut packets = bytes.as_chunks::<188>().0.to_vec();
            for _ in 0..random.below(6) {
                let (at, other) = (random.below(packets.len()), random.below(packets.len()));
                match random.below(4) {
                    0 => drop(packets.remove(at)),
                    1 => packets.insert(at, packets[at]),
                    2 => packets.swap(at, other),
                    _ => packets[at][1 + random.below(5)] ^= 1 << random.below(8),
                }
            }
            let short = demux(packets.as_flattened(), 5000);
            packets.iter_mut().for_each(|packet| packet[1] ^= 0x20);
            let long = demux(packets.as_flattened(), 5000);
            assert_eq!(short, long, "seed {seed}");
        }
    }
}

/// Time per byte does not grow with the input, whatever it is made of.
#[test]
fn hostile_streams_take_linear_time() {
    let avc: [&[u8]; 6] = [
        &[0, 0, 1, 0x65, 0x88],                      // pictures of nothing
        &[0, 0, 1, 0x41, 0x01],                      // slices of one picture
        &[0, 0, 1, 0x67, 0x64],                      // parameter sets
        &[0, 0, 0, 0, 0, 0],                         // no start code
        &[0, 0, 1],                                  // start codes alone
        &[0xff, 0xf1, 0x4c, 0x80, 0x01, 0x1f, 0xfc], // ADTS headers alone, or 0xff
    ];
    let hevc: [&[u8]; 5] = [
        &[0, 0, 1, 0x28, 0x01, 0xaf], // pictures of nothing
        &[0, 0, 1, 0x02, 0x01, 0x2f], // slices of one picture
        &[0, 0, 1, 0x42, 0x01, 0x01], // parameter sets
        &[0, 0, 0, 0, 0, 0],          // no start code
        &[0, 0, 1],                   // start codes alone
    ];
    for (stream_type, payloads) in [(0x1b, &avc[..]), (0x24, &hevc)] {
        let tables = Wire::with_video(stream_type).bytes;
        for payload in payloads {
            for (pid, id) in [(0x100_u16, 0xe0), (0x101, 0xc0)] {
                for starts in [false, true] {
                    let bytes = repeated(&tables, payload, (pid, id), starts);
                    let begun = Instant::now();
                    assert_well_formed(&demux(&bytes, 1 << 16));
                    let taken = begun.elapsed();
                    assert!(
                        taken < Duration::from_secs(20),
                        "{stream_type:#x} {payload:?} {pid} {starts}: {taken:?}"
                    );
                }
            }
        }
    }
}

/// 20,000 packets filled with a payload over and over, in one PES packet or in one each.
fn repeated(tables: &[u8], payload: &[u8], (pid, id): (u16, u8), starts: bool) -> Vec<u8> {
    let mut bytes = tables.to_vec();
    let mut fill = payload.iter().cycle();
    for counter in 0..20_000_u32 {
        let start = starts || counter == 0;
        let [high, low] = pid.to_be_bytes();
        let flags = if start { 0x40 } else { 0 };
        bytes.extend([0x47, high | flags, low, 0x10 | (counter % 16) as u8]);
        let mut room = 184;
        if start {
            bytes.extend([0, 0, 1, id, 0, 0, 0x80, 0x80, 5, 0x21, 0, 1, 0, 1]);
            room -= 14;
        }
        bytes.extend((&mut fill).take(room));
    }
    bytes
}
