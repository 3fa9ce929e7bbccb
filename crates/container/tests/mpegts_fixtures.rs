//! Real streams, read as ffprobe and ffmpeg read them.

mod mpegts_support;

use std::path::{Path, PathBuf};

use livetape_container::mpegts::Demuxer;
use livetape_container::{Defect, DefectCode};
use livetape_media::codec::aac::AdtsHeader;
use livetape_media::codec::annexb::{length_prefixed, nal_units};
use livetape_media::codec::{h264, h265};
use mpegts_support::{Stream, Track, apart, demux, elementary, media, probe, with_loss};

/// Files that are not read as ffprobe reads them, each with a test of its own below.
const SPECIAL: [&str; 6] = [
    "hls-ts/overflow-nalus/",
    "hls-ts/sample-aes/",
    "hls-ts/teletext-live/",
    "ts/real-defects/duplicate-audio-dts.ts",
    "ts/real-defects/no-initial-keyframe.ts",
    "ts/structure/encrypted.ts",
];

fn transport_streams(root: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    let mut folders = vec![root.join("hls-ts"), root.join("ts")];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(&folder).expect("a folder") {
            let path = entry.expect("an entry").path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|extension| extension == "ts") {
                found.push(path);
            }
        }
    }
    found.sort();
    found
}

fn read(path: &Path) -> (Vec<u8>, Stream) {
    let bytes = std::fs::read(path).expect("a fixture");
    let stream = demux(&bytes, 64 << 10);
    (bytes, stream)
}

/// A track's times in 90 kHz: decode and presentation.
fn mpeg_times(track: &Track) -> Vec<(i64, i64)> {
    let scale = i64::from(track.configs[0].timescale.get());
    let time = |ticks: i64| (ticks * 90_000 + scale / 2).div_euclid(scale);
    let times = track
        .units
        .iter()
        .map(|unit| (time(unit.dts), time(unit.pts)));
    times.collect()
}

fn codes(stream: &Stream) -> Vec<DefectCode> {
    stream.defects.iter().map(|defect| defect.code).collect()
}

/// Counts, sizes and times of every H.264, H.265 and AAC stream are ffprobe's.
#[test]
fn counts_sizes_and_times_are_ffprobes() {
    let Some(root) = media("counts_sizes_and_times_are_ffprobes") else {
        return;
    };
    let mut compared = 0;
    for file in transport_streams(&root) {
        let name = file
            .strip_prefix(&root)
            .expect("below")
            .display()
            .to_string();
        if SPECIAL.iter().any(|special| name.starts_with(special)) {
            continue;
        }
        let (_, stream) = read(&file);
        for (pid, packets) in probe(&file) {
            let empty = Track::default();
            let track = stream.tracks.get(&pid).unwrap_or(&empty);
            assert_eq!(track.units.len(), packets.len(), "{name} PID {pid:#x}");
            let Some(config) = track.configs.first() else {
                continue;
            };
            compared += 1;
            assert_eq!(track.configs.len(), 1, "{name} PID {pid:#x}");
            let video = config.format.is_video();
            for ((packet, times), unit) in packets.iter().zip(mpeg_times(track)).zip(&track.units) {
                // ffprobe counts AAC frames within a PES packet in rounded ticks.
                let tolerance = if video { 0 } else { 5 };
                let (dts, pts) = (packet.dts.unwrap_or(times.0), packet.pts.unwrap_or(times.1));
                assert!(
                    apart(dts, times.0) <= tolerance,
                    "{name}: {packet:?} {times:?}"
                );
                assert!(
                    apart(pts, times.1) <= tolerance,
                    "{name}: {packet:?} {times:?}"
                );
                assert_eq!(unit.keyframe, packet.key, "{name}: {packet:?}");
                let header = if video { 0 } else { AdtsHeader::MIN_LEN };
                if !video {
                    assert_eq!((unit.data.len() + header) as u64, packet.size, "{name}");
                }
            }
        }
    }
    assert!(compared >= 60, "{compared} tracks");
}

/// Every NAL unit and every AAC frame is that which ffmpeg copies out.
#[test]
fn bytes_are_ffmpegs() {
    let Some(root) = media("bytes_are_ffmpegs") else {
        return;
    };
    let files = [
        "hls-ts/h264-aac/n_0_0_0.ts",
        "hls-ts/bipbop/bipbop0.ts",
        "hls-ts/overflow-nalus/fileSequence0.ts",
        "hls-ts/discontinuity/video-069.ts",
        "hls-ts/rollover/360p30_h264_48k_160_aac_ts-0000000028.ts",
        "hls-ts/ac3-h264/bear-640x360-ac3.ts",
        "ts/real-defects/duplicate-audio-dts.ts",
        "ts/real-defects/missing-sei-and-pes.ts",
        "ts/structure/sample_h264_no_access_unit_delimiters.ts",
        "ts/structure/test-segment.ts",
        "ts/structure/test-middle-pat-pmt.ts",
        "hls-ts/hevc/bear-640x360-hevc.ts",
        "hls-ts/h265-aac/0.ts",
        "hls-ts/h265-aac/1.ts",
        "ts/codecs/sample_h265.ts",
        "ts/codecs/sample_h265_rps_pred.ts",
    ];
    for name in files {
        let file = root.join(name);
        let (_, stream) = read(&file);
        for (pid, track) in &stream.tracks {
            if track.units.is_empty() {
                continue;
            }
            if track.configs[0].format.is_video() {
                let hevc = track.configs[0].codec.starts_with("hvc1");
                let theirs = elementary(&file, *pid, if hevc { "hevc" } else { "h264" });
                let theirs: Vec<_> = nal_units(&theirs)
                    .filter(|nal| is_payload(nal, hevc))
                    .collect();
                let units = track.units.iter();
                let ours: Vec<_> = units
                    .flat_map(|unit| length_prefixed(&unit.data, 4))
                    .map(|nal| nal.expect("lengths add up"))
                    .collect();
                assert!(
                    ours == theirs,
                    "{name}: {} and {} NAL units",
                    ours.len(),
                    theirs.len()
                );
            } else {
                let theirs = elementary(&file, *pid, "data");
                let theirs = adts_payloads(&theirs);
                let ours: Vec<_> = track
                    .units
                    .iter()
                    .map(|unit| unit.data.as_slice())
                    .collect();
                assert!(
                    ours == theirs,
                    "{name}: {} and {} frames",
                    ours.len(),
                    theirs.len()
                );
            }
        }
    }
}

/// Not delimiter, parameter set or filler data.
fn is_payload(nal: &[u8], hevc: bool) -> bool {
    nal.first().is_some_and(|first| {
        if hevc {
            !matches!(h265::nal_unit_type(*first), 32..=35 | 38)
        } else {
            !matches!(h264::nal_unit_type(*first), 7..=9 | 12)
        }
    })
}

fn adts_payloads(mut bytes: &[u8]) -> Vec<&[u8]> {
    let mut found = Vec::new();
    while let Some(header) = AdtsHeader::parse(bytes) {
        let (frame, rest) = bytes.split_at(header.frame_len);
        found.push(&frame[header.header_len..]);
        bytes = rest;
    }
    assert_eq!(bytes, [0_u8; 0]);
    found
}

/// ffprobe makes up decode times where the stream has none: it must agree on the others.
#[test]
fn access_units_that_spill_over_pes_packets() {
    let Some(root) = media("access_units_that_spill_over_pes_packets") else {
        return;
    };
    let file = root.join("hls-ts/overflow-nalus/fileSequence0.ts");
    let (_, stream) = read(&file);
    assert_eq!(stream.defects, []);
    let track = stream.track(true).expect("video");
    let packets = &probe(&file)[&257];
    assert_eq!(track.units.len(), packets.len());
    let mut made_up = 0;
    for (packet, unit) in packets.iter().zip(&track.units) {
        assert_eq!(packet.pts, Some(unit.pts));
        if packet.dts != Some(unit.dts) {
            // No DTS in the PES header: it is the PTS.
            assert_eq!(unit.dts, unit.pts);
            made_up += 1;
        }
    }
    assert_eq!(made_up, 7);
    assert_eq!(track.breaks, 0);
}

#[test]
fn encrypted_streams_are_refused() {
    let Some(root) = media("encrypted_streams_are_refused") else {
        return;
    };
    for name in ["audio-2", "audio-3", "video-2", "video-3"] {
        let (_, stream) = read(&root.join(format!("hls-ts/sample-aes/bear-640x360-{name}.ts")));
        assert_eq!(codes(&stream), [DefectCode::Protected]);
        assert!(stream.tracks.is_empty());
    }
}

/// A live capture with lost packets at its end: an access unit without its beginning is dropped,
/// the one before it, whose last packet is there, is not.
#[test]
fn damaged_access_units_are_dropped() {
    let Some(root) = media("damaged_access_units_are_dropped") else {
        return;
    };
    let file = root.join("hls-ts/teletext-live/test_teletext_live.ts");
    let (_, stream) = read(&file);
    let lost = |defect: &&Defect| defect.code == DefectCode::ContinuityError;
    assert_eq!(stream.defects.iter().filter(lost).count(), 3);
    let probed = probe(&file);
    let video = mpeg_times(stream.track(true).expect("video"));
    let audio = mpeg_times(stream.track(false).expect("audio"));
    assert_eq!((video.len(), audio.len()), (748, 1408));
    let theirs = probed[&256].iter().map(|packet| (packet.dts, packet.pts));
    let theirs: Vec<_> = theirs.collect();
    assert!(
        video
            .iter()
            .all(|(dts, pts)| theirs.contains(&(Some(*dts), Some(*pts))))
    );
}

#[test]
fn wavering_audio_times_are_evened_out() {
    let Some(root) = media("wavering_audio_times_are_evened_out") else {
        return;
    };
    let file = root.join("ts/real-defects/duplicate-audio-dts.ts");
    let (_, stream) = read(&file);
    assert_eq!(codes(&stream), [DefectCode::TimestampJump]);
    let audio = stream.track(false).expect("audio");
    assert_eq!((audio.units.len(), audio.breaks), (85, 0));
    let theirs = &probe(&file)[&256];
    for ((dts, _), packet) in mpeg_times(audio).iter().zip(theirs) {
        assert!(apart(*dts, packet.dts.expect("a DTS")) <= 2 * 2091);
    }
}

#[test]
fn recording_starts_at_the_first_keyframe() {
    let Some(root) = media("recording_starts_at_the_first_keyframe") else {
        return;
    };
    let file = root.join("ts/real-defects/no-initial-keyframe.ts");
    let (_, stream) = read(&file);
    assert_eq!(codes(&stream), [DefectCode::NotDecodable]);
    let video = stream.track(true).expect("video");
    assert!(video.units[0].keyframe);
    let theirs = &probe(&file)[&257];
    let first = theirs
        .iter()
        .position(|packet| packet.key)
        .expect("a keyframe");
    let theirs = theirs[first..]
        .iter()
        .map(|packet| packet.pts.expect("a PTS"));
    let ours = video.units.iter().map(|unit| unit.pts);
    assert!(ours.eq(theirs));
}

/// Segments pushed in a row are one stream: also where the clock wraps in the middle of them.
#[test]
fn segments_in_a_row_have_no_break() {
    let Some(root) = media("segments_in_a_row_have_no_break") else {
        return;
    };
    let rollover = (24..=33).map(|n| format!("rollover/360p30_h264_48k_160_aac_ts-00000000{n}.ts"));
    let transcoded = (0..6).map(|n| format!("h264-aac/n_{n}_0_0.ts"));
    for (names, video, audio) in [
        (rollover.collect::<Vec<_>>(), 480, 937),
        (transcoded.collect(), 864, 1687),
    ] {
        let mut demuxer = Demuxer::new();
        let mut stream = Stream::default();
        for name in &names {
            demuxer.push(&std::fs::read(root.join("hls-ts").join(name)).expect("a fixture"));
            demuxer.end_segment();
            stream.gather(&mut demuxer);
        }
        demuxer.flush();
        stream.gather(&mut demuxer);
        assert_eq!(stream.defects, []);
        for (is_video, count) in [(true, video), (false, audio)] {
            let track = stream.track(is_video).expect("a track");
            assert_eq!((track.units.len(), track.breaks), (count, 0), "{names:?}");
            assert_eq!(track.configs.len(), 1);
        }
    }
}

#[test]
fn a_jump_is_told_unless_it_was_declared() {
    let Some(root) = media("a_jump_is_told_unless_it_was_declared") else {
        return;
    };
    for declared in [true, false] {
        let mut demuxer = Demuxer::new();
        let mut stream = Stream::default();
        for number in 69..=73 {
            if declared && number == 72 {
                demuxer.discontinuity();
            }
            let file = root.join(format!("hls-ts/discontinuity/video-0{number}.ts"));
            demuxer.push(&std::fs::read(file).expect("a fixture"));
        }
        demuxer.flush();
        stream.gather(&mut demuxer);
        let jumps = codes(&stream);
        let jumps = jumps
            .iter()
            .filter(|code| **code == DefectCode::TimestampJump);
        assert_eq!(jumps.count(), if declared { 0 } else { 2 });
        let video = stream.track(true).expect("video");
        let audio = stream.track(false).expect("audio");
        assert_eq!((video.units.len(), audio.units.len()), (205, 394));
        assert_eq!(video.breaks, 1);
    }
}

/// Every sample of a damaged stream is one of the whole stream's, byte for byte and at its time.
#[test]
fn damage_costs_what_it_hits_and_nothing_else() {
    let Some(root) = media("damage_costs_what_it_hits_and_nothing_else") else {
        return;
    };
    for name in [
        "hls-ts/h264-aac/n_0_0_0.ts",
        "hls-ts/rollover/360p30_h264_48k_160_aac_ts-0000000028.ts",
        "hls-ts/h265-aac/0.ts",
    ] {
        let (bytes, whole) = read(&root.join(name));
        for seed in 1..20_u32 {
            let (kept, lost) = with_loss(&bytes, seed);
            let damaged = demux(&kept, 100_000);
            for (pid, track) in &whole.tracks {
                let Some(left) = damaged.tracks.get(pid) else {
                    continue; // its only keyframe was hit
                };
                let missing = track.units.len() - left.units.len();
                assert!(
                    left.units.is_empty() || missing <= 2 * lost,
                    "{name} {seed}"
                );
                for unit in &left.units {
                    let same = track
                        .units
                        .iter()
                        .any(|w| w.dts == unit.dts && w.pts == unit.pts && w.data == unit.data);
                    assert!(
                        same,
                        "{name} {seed}: a sample at {} is not in the stream",
                        unit.dts
                    );
                }
            }
        }
    }
}

#[test]
fn a_stream_may_begin_in_the_middle_of_a_packet() {
    let Some(root) = media("a_stream_may_begin_in_the_middle_of_a_packet") else {
        return;
    };
    let (bytes, whole) = read(&root.join("hls-ts/bipbop/bipbop0.ts"));
    let rest = demux(&bytes[bytes.len() / 2 / 188 * 188 + 77..], 5000);
    assert_eq!(rest.defects[0].code, DefectCode::LostSync);
    for (pid, track) in &rest.tracks {
        assert!(!track.units.is_empty());
        assert!(whole.tracks[pid].units.ends_with(&track.units), "PID {pid}");
    }
}

/// 192- and 204-byte packets hold the same stream.
#[test]
fn other_packet_sizes() {
    let Some(root) = media("other_packet_sizes") else {
        return;
    };
    let (bytes, whole) = read(&root.join("hls-ts/bipbop/bipbop0.ts"));
    let lead: Vec<u8> = bytes
        .chunks(188)
        .flat_map(|packet| [&[0, 1, 2, 3], packet].concat())
        .collect();
    let trail: Vec<u8> = bytes
        .chunks(188)
        .flat_map(|packet| [packet, &[9; 16]].concat())
        .collect();
    for (bytes, lost) in [(lead, 1), (trail, 0)] {
        let stream = demux(&bytes, 3000);
        assert_eq!(stream.tracks, whole.tracks);
        assert!(stream.defects.len() <= lost, "{:?}", stream.defects);
    }
}

/// What is not read is named, as ffprobe names it; nothing is taken for what it is not.
#[test]
fn streams_that_are_not_read_are_named() {
    let Some(root) = media("streams_that_are_not_read_are_named") else {
        return;
    };
    for (name, named) in [
        ("ts/codecs/ac3.ts", &["AC-3"][..]),
        ("ts/codecs/eac3.ts", &["E-AC-3"]),
        ("ts/codecs/mp3.ts", &["MPEG-1 audio"]),
        ("ts/codecs/sample_ac3.ts", &["AC-3"]),
        ("ts/codecs/sample_ac4.ts", &["AC-4"]),
        ("ts/codecs/sample_dts.ts", &["DTS"]),
        (
            "ts/codecs/sample_h262_mpeg_audio.ts",
            &["MPEG-2 video", "MPEG-1 audio"],
        ),
        ("ts/codecs/sample_h264_mpeg_audio.ts", &["MPEG-1 audio"]),
        ("ts/codecs/sample_latm.ts", &["AAC in LATM"]),
        (
            "ts/codecs/sample_mpegh_bl_cicp1_cont.ts",
            &["MPEG-H 3D audio"],
        ),
        (
            "ts/codecs/sample_scte35.ts",
            &["MPEG-2 video", "MPEG-1 audio", "SCTE-35"],
        ),
        ("ts/codecs/sample_with_sdt.ts", &["MPEG-2 video", "AC-3"]),
        ("hls-ts/opus/segment.ts", &["Opus"]),
        (
            "hls-ts/sample-aes/bear-640x360-video-3.ts",
            &["H.264, encrypted by SAMPLE-AES"],
        ),
        (
            "hls-ts/sample-aes/bear-640x360-audio-3.ts",
            &["AAC, encrypted by SAMPLE-AES"],
        ),
    ] {
        let (_, stream) = read(&root.join(name));
        let told = stream.defects.iter().filter_map(|defect| {
            let (_, rest) = defect.detail.split_once(" is ")?;
            rest.split_once(" (stream type").map(|(name, _)| name)
        });
        assert_eq!(told.collect::<Vec<_>>(), named, "{name}");
    }
}
