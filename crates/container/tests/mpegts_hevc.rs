//! H.265 in transport streams: made by hand, and real ones through MP4 and ffmpeg's decoder.

mod mpegts_support;

use std::path::{Path, PathBuf};
use std::process::Command;

use livetape_container::DefectCode::{self, NotDecodable};
use livetape_container::isobmff::mux::{
    ChunkLayout, FragmentTrack, InitTrack, Movie, ProgressiveTrack, SampleTables, fragment_header,
    init_segment, progressive_header,
};
use livetape_media::{Format, Sample, Timescale};
use mpegts_support::wire::{
    HEVC_PPS as PPS, HEVC_SPS as SPS, HEVC_VPS as VPS, VIDEO, Wire, length_prefixed,
};
use mpegts_support::{Stream, Track, demux, media, probe, with_loss};

/// Another with the same id.
const OTHER_PPS: [u8; 7] = [0x44, 0x01, 0xc1, 0x73, 0x12, 0x25, 0x18];
const AUD: [u8; 3] = [0x46, 0x01, 0x50];
const FILLER: [u8; 4] = [0x4c, 0x01, 0xff, 0x80];
const SUFFIX_SEI: [u8; 5] = [0x50, 0x01, 0x84, 0x01, 0x80];
const END_OF_SEQUENCE: [u8; 2] = [0x48, 0x01];
const IDR: [u8; 5] = [0x28, 0x01, 0xaf, 1, 2];
const CRA: [u8; 5] = [0x2a, 0x01, 0xaf, 3, 4];
const TRAIL: [u8; 5] = [0x02, 0x01, 0xd0, 5, 6];
/// A slice of the same picture.
const MORE: [u8; 5] = [0x02, 0x01, 0x50, 7, 8];
const RADL: [u8; 5] = [0x0e, 0x01, 0xd0, 9, 10];
const RASL: [u8; 5] = [0x12, 0x01, 0xd0, 11, 12];
/// A slice of the second layer.
const ENHANCEMENT: [u8; 5] = [0x02, 0x09, 0xd0, 13, 14];

fn wire() -> Wire {
    Wire::with_video(0x24)
}

fn codes(stream: &Stream) -> Vec<DefectCode> {
    stream.defects.iter().map(|defect| defect.code).collect()
}

fn video(stream: &Stream) -> &Track {
    &stream.tracks[&u32::from(VIDEO)]
}

/// Decode time, duration, whether it is a keyframe, and bytes, of each sample.
fn samples(stream: &Stream) -> Vec<(i64, u32, bool, Vec<u8>)> {
    let units = video(stream).units.iter();
    units
        .map(|unit| (unit.dts, unit.duration, unit.keyframe, unit.data.clone()))
        .collect()
}

#[test]
fn delimiters_filler_and_known_parameter_sets_are_left_out() {
    let mut wire = wire();
    wire.video(0, &[&AUD, &VPS, &SPS, &PPS, &IDR, &FILLER]);
    wire.video(3600, &[&AUD, &TRAIL, &MORE, &ENHANCEMENT, &SUFFIX_SEI]);
    wire.video(7200, &[&AUD, &VPS, &SPS, &PPS, &CRA, &END_OF_SEQUENCE]);
    let stream = wire.demux();
    assert_eq!(codes(&stream), []);
    let second = length_prefixed(&[&TRAIL, &MORE, &ENHANCEMENT, &SUFFIX_SEI]);
    let third = length_prefixed(&[&CRA, &END_OF_SEQUENCE]);
    assert_eq!(
        samples(&stream),
        [
            (0, 3600, true, length_prefixed(&[&IDR])),
            (3600, 3600, false, second),
            (7200, 3600, true, third),
        ]
    );
    let [config] = video(&stream).configs.as_slice() else {
        panic!("one configuration");
    };
    assert_eq!(config.codec, "hvc1.1.6.L63.90");
    assert_eq!(config.timescale, Timescale::MPEG);
    let (width, height) = (640, 360);
    assert_eq!(config.format, Format::Video { width, height });
}

#[test]
fn without_delimiters_a_first_slice_segment_begins_an_access_unit() {
    let mut wire = wire();
    wire.video(0, &[&VPS, &SPS, &PPS, &IDR, &[0x28, 0x01, 0x2f, 1]]);
    wire.video(3000, &[&TRAIL, &MORE]);
    wire.video(6000, &[&TRAIL]);
    let stream = wire.demux();
    assert_eq!(codes(&stream), []);
    let sizes: Vec<_> = samples(&stream)
        .iter()
        .map(|(.., data)| data.len())
        .collect();
    assert_eq!(sizes, [9 + 8, 9 + 9, 9]);
}

#[test]
fn parameter_sets_that_change() {
    let mut wire = wire();
    wire.video(0, &[&VPS, &SPS, &PPS, &IDR]);
    wire.video(3000, &[&TRAIL]);
    wire.video(6000, &[&OTHER_PPS, &TRAIL]);
    wire.video(9000, &[&VPS, &SPS, &OTHER_PPS, &IDR]);
    let stream = wire.demux();
    assert_eq!(codes(&stream), []);
    let found = samples(&stream);
    assert_eq!(found[2].3, length_prefixed(&[&OTHER_PPS, &TRAIL]));
    assert_eq!(found[3].3, length_prefixed(&[&IDR]));
    let configs = &video(&stream).configs;
    assert_eq!(configs.len(), 2);
    assert!(configs[0].sample_entry.ends_with(&PPS));
    assert!(configs[1].sample_entry.ends_with(&OTHER_PPS));
}

#[test]
fn leading_pictures_of_the_first_keyframe_that_cannot_be_decoded_are_dropped() {
    let mut wire = wire();
    wire.video(0, &[&AUD, &TRAIL]);
    wire.video(3000, &[&AUD, &VPS, &SPS, &PPS, &CRA]);
    wire.video(6000, &[&AUD, &RASL]);
    wire.video(9000, &[&AUD, &RADL]);
    wire.video(12_000, &[&AUD, &RASL]);
    wire.video(15_000, &[&AUD, &TRAIL]);
    wire.video(18_000, &[&AUD, &CRA]);
    wire.video(21_000, &[&AUD, &RASL]);
    wire.video(24_000, &[&AUD, &TRAIL]);
    let stream = wire.demux();
    assert_eq!(codes(&stream), [NotDecodable, NotDecodable]);
    assert_eq!(
        samples(&stream),
        [
            (3000, 6000, true, length_prefixed(&[&CRA])),
            (9000, 6000, false, length_prefixed(&[&RADL])),
            (15_000, 3000, false, length_prefixed(&[&TRAIL])),
            (18_000, 3000, true, length_prefixed(&[&CRA])),
            (21_000, 3000, false, length_prefixed(&[&RASL])),
            (24_000, 3000, false, length_prefixed(&[&TRAIL])),
        ]
    );
    assert_eq!(video(&stream).breaks, 0);
}

/// Parameter sets that come with a dropped picture are there for the pictures after it.
#[test]
fn parameter_sets_of_dropped_pictures_are_kept() {
    let mut wire = wire();
    wire.video(0, &[&VPS, &SPS, &PPS, &CRA]);
    wire.video(3000, &[&OTHER_PPS, &RASL]);
    wire.video(6000, &[&TRAIL]);
    wire.video(9000, &[&TRAIL]);
    let stream = wire.demux();
    assert_eq!(codes(&stream), [NotDecodable]);
    assert_eq!(
        samples(&stream),
        [
            (0, 6000, true, length_prefixed(&[&CRA])),
            (6000, 3000, false, length_prefixed(&[&OTHER_PPS, &TRAIL])),
            (9000, 3000, false, length_prefixed(&[&TRAIL])),
        ]
    );
}

#[test]
fn nothing_is_given_out_before_all_three_kinds_of_parameter_sets() {
    for missing in 0..3 {
        let mut wire = wire();
        let mut sets: Vec<&[u8]> = vec![&VPS, &SPS, &PPS];
        sets.remove(missing);
        sets.push(&IDR);
        wire.video(0, &sets);
        wire.video(3000, &[&VPS, &SPS, &PPS, &IDR]);
        let stream = wire.demux();
        assert_eq!(codes(&stream), [NotDecodable]);
        assert_eq!(samples(&stream).len(), 1);
    }
}

#[test]
fn a_real_stream_split_anywhere_is_the_same() {
    let Some(root) = media("a_real_stream_split_anywhere_is_the_same") else {
        return;
    };
    let bytes = std::fs::read(root.join("ts/codecs/sample_h265_rps_pred.ts")).expect("a fixture");
    let whole = demux(&bytes, usize::MAX);
    assert_eq!(whole.defects, []);
    for split in [1, 2, 3, 5, 187, 188, 189, 4096] {
        assert_eq!(demux(&bytes, split), whole, "{split}");
    }
    for at in 0..bytes.len().min(4 * 188) {
        let (left, right) = bytes.split_at(at);
        let mut demuxer = livetape_container::mpegts::Demuxer::new();
        let mut stream = Stream::default();
        demuxer.push(left);
        demuxer.push(right);
        demuxer.flush();
        stream.gather(&mut demuxer);
        assert_eq!(stream, whole, "split at {at}");
    }
}

/// Every picture of a damaged stream is one of the whole stream's, byte for byte and at its time,
/// with access unit delimiters and without, with PES packets of known length and without.
#[test]
fn damage_costs_the_pictures_it_hits() {
    let Some(root) = media("damage_costs_the_pictures_it_hits") else {
        return;
    };
    for name in [
        "hls-ts/hevc/bear-640x360-hevc.ts",
        "hls-ts/h265-aac/0.ts",
        "ts/codecs/sample_h265.ts",
    ] {
        let bytes = std::fs::read(root.join(name)).expect("a fixture");
        let whole = demux(&bytes, 1 << 16);
        let whole = &whole.track(true).expect("video").units;
        let mut compared = 0;
        for seed in 1..20_u32 {
            let (kept, lost) = with_loss(&bytes, seed);
            let damaged = demux(&kept, 100_000);
            let Some(left) = damaged.track(true).filter(|left| !left.units.is_empty()) else {
                continue; // its only keyframe was hit
            };
            let first = &left.units[0];
            let before = whole.iter().filter(|unit| unit.dts < first.dts).count();
            let missing = whole.len() - before - left.units.len();
            assert!(missing <= 2 * lost, "{name} {seed}: {missing} for {lost}");
            // That the end of a stream is missing cannot be told.
            let end = whole.last().map(|unit| unit.dts);
            for unit in left.units.iter().filter(|unit| Some(unit.dts) != end) {
                let same = whole.iter().any(|known| {
                    (known.dts, known.pts, &known.data) == (unit.dts, unit.pts, &unit.data)
                });
                assert!(same, "{name} {seed}: none such at {}", unit.dts);
                compared += 1;
            }
        }
        assert!(compared > whole.len(), "{name}: {compared}");
    }
}

/// Sizes of pictures are ffprobe's, and pixel shapes.
#[test]
fn configurations_are_ffprobes() {
    let Some(root) = media("configurations_are_ffprobes") else {
        return;
    };
    for (name, codec) in [
        ("hls-ts/hevc/bear-640x360-hevc.ts", "hvc1.1.6.L63.90"),
        ("hls-ts/h265-aac/0.ts", "hvc1.1.6.L93.90"),
        ("ts/codecs/sample_h265.ts", "hvc1.1.6.L90.90"),
        ("ts/codecs/sample_h265_rps_pred.ts", "hvc1.1.6.L63.90"),
    ] {
        let file = root.join(name);
        let stream = demux(&std::fs::read(&file).expect("a fixture"), 1 << 16);
        let config = &stream.track(true).expect("video").configs[0];
        assert_eq!(config.codec, codec, "{name}");
        let entries = "stream=width,height,sample_aspect_ratio";
        let output = Command::new("ffprobe")
            .args(["-v", "quiet", "-select_streams", "v:0"])
            .args(["-show_entries", entries, "-of", "json"])
            .arg(&file)
            .output()
            .expect("ffprobe runs");
        let json: serde_json::Value = serde_json::from_slice(&output.stdout).expect("JSON");
        let theirs = &json["streams"][0];
        let Format::Video { width, height } = config.format else {
            panic!("{name} is no video");
        };
        assert_eq!(theirs["width"].as_u64(), Some(width.into()), "{name}");
        assert_eq!(theirs["height"].as_u64(), Some(height.into()), "{name}");
        let (across, down) =
            livetape_container::isobmff::sample_entry::pixel_aspect_ratio(&config.sample_entry);
        let ratio = theirs["sample_aspect_ratio"].as_str().unwrap_or("1:1");
        assert_eq!(ratio, format!("{across}:{down}"), "{name}");
    }
}

/// A folder for what a test writes, gone at its end.
struct Scratch(PathBuf);

impl Scratch {
    fn new(test: &str) -> Self {
        let name = format!("livetape-{test}-{}", std::process::id());
        let folder = std::env::temp_dir().join(name);
        std::fs::create_dir_all(&folder).expect("a folder");
        Self(folder)
    }

    fn write(&self, name: &str, bytes: &[u8]) -> PathBuf {
        let path = self.0.join(name);
        std::fs::write(&path, bytes).expect("written");
        path
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

/// The MD5 of each picture that ffmpeg decodes, and what it has to say.
fn pictures(file: &Path) -> (Vec<String>, String) {
    let output = Command::new("ffmpeg")
        .args(["-v", "warning", "-i"])
        .arg(file)
        .args([
            "-map",
            "0:v:0",
            "-fps_mode",
            "passthrough",
            "-f",
            "framemd5",
            "-",
        ])
        .output()
        .expect("ffmpeg runs");
    let lines = String::from_utf8(output.stdout).expect("text");
    let lines = lines.lines().filter(|line| !line.starts_with('#'));
    let sums = lines.filter_map(|line| line.rsplit(", ").next());
    let told = String::from_utf8_lossy(&output.stderr).into_owned();
    (sums.map(str::to_owned).collect(), told)
}

fn to_samples(track: &Track) -> (Vec<Sample>, Vec<u8>) {
    let units = track.units.iter();
    let samples = units.clone().map(|unit| Sample {
        size: unit.data.len() as u32,
        duration: unit.duration,
        composition_offset: (unit.pts - unit.dts) as i32,
        keyframe: unit.keyframe,
    });
    let payload = units.flat_map(|unit| unit.data.iter().copied());
    (samples.collect(), payload.collect())
}

fn fragmented(track: &Track) -> Vec<u8> {
    let (samples, payload) = to_samples(track);
    let mut file = init_segment(
        &[InitTrack {
            track_id: 1,
            config: &track.configs[0],
        }],
        None,
    );
    let fragment = FragmentTrack {
        track_id: 1,
        decode_time: u64::try_from(track.units[0].dts).expect("not negative"),
        samples: &samples,
        all_sync: false,
    };
    file.extend(fragment_header(1, &[fragment]));
    file.extend(payload);
    file
}

fn progressive(track: &Track) -> Vec<u8> {
    let (samples, payload) = to_samples(track);
    let chunk = ChunkLayout {
        track: 0,
        entry: 0,
        samples: samples.len() as u32,
        len: payload.len() as u64,
        skipped: 0,
    };
    let mut tables = SampleTables::new(0, 0);
    samples.iter().for_each(|sample| tables.push(sample));
    let track = ProgressiveTrack {
        track_id: 1,
        config: &track.configs[0],
        further: &[],
        tables,
        edits: Vec::new(),
    };
    let movie = Movie {
        timescale: Timescale::MPEG,
        wall_clock: None,
    };
    let mut file = progressive_header(movie, vec![track], &[chunk]).concat();
    file.extend(payload);
    file
}

/// Both MP4s of a transport stream's video are decoded to the pictures of the transport stream,
/// and ffmpeg has nothing to say of them.
fn compare_pictures(scratch: &Scratch, file: &Path, expected: usize) -> Stream {
    let stream = demux(&std::fs::read(file).expect("a file"), 1 << 16);
    let track = stream.track(true).expect("video");
    let (theirs, _) = pictures(file);
    assert_eq!(theirs.len(), expected, "{}", file.display());
    for (name, bytes) in [
        ("fragmented.mp4", fragmented(track)),
        ("progressive.mp4", progressive(track)),
    ] {
        let made = scratch.write(name, &bytes);
        let (ours, told) = pictures(&made);
        assert_eq!(told, "", "{} {name}", file.display());
        assert!(ours == theirs, "{} {name}", file.display());
        let packets = &probe(&made)[&1];
        let keys = packets.iter().map(|packet| packet.key);
        let units = track.units.iter();
        assert!(keys.eq(units.map(|unit| unit.keyframe)), "{name}");
    }
    stream
}

#[test]
fn fixtures_as_mp4_are_decoded_to_the_same_pictures() {
    let Some(root) = media("fixtures_as_mp4_are_decoded_to_the_same_pictures") else {
        return;
    };
    let scratch = Scratch::new("hevc-fixtures");
    for (name, expected) in [
        ("hls-ts/hevc/bear-640x360-hevc.ts", 82),
        ("hls-ts/h265-aac/0.ts", 150),
        ("hls-ts/h265-aac/1.ts", 150),
        ("ts/codecs/sample_h265.ts", 30),
        ("ts/codecs/sample_h265_rps_pred.ts", 16),
    ] {
        let stream = compare_pictures(&scratch, &root.join(name), expected);
        assert_eq!(codes(&stream), [], "{name}");
    }
}

/// A stream with CRA pictures and leading pictures, from its start and from its second keyframe.
#[test]
fn an_open_gop_may_be_joined_at_any_keyframe() {
    let Some(root) = media("an_open_gop_may_be_joined_at_any_keyframe") else {
        return;
    };
    let scratch = Scratch::new("hevc-open-gop");
    let folder = root.join("fmp4/hevc-open-gop");
    let names = (1..=5).map(|n| format!("video{n}.m4s"));
    let parts = std::iter::once("video_init.mp4".to_owned()).chain(names);
    let joined: Vec<u8> = parts
        .flat_map(|name| std::fs::read(folder.join(name)).expect("a fixture"))
        .collect();
    let source = scratch.write("source.mp4", &joined);
    let file = scratch.0.join("whole.ts");
    let status = Command::new("ffmpeg")
        .args(["-v", "quiet", "-y", "-i"])
        .arg(&source)
        .args(["-c", "copy"])
        .arg(&file)
        .status();
    assert!(status.expect("ffmpeg runs").success());
    let whole = compare_pictures(&scratch, &file, 125);
    assert_eq!(codes(&whole), []);
    let units = &whole.track(true).expect("video").units;
    let second = units.iter().skip(1).position(|unit| unit.keyframe);
    let second = second.expect("a second keyframe") + 1;
    let leading = |unit: &&mpegts_support::Unit| unit.pts < units[second].pts;
    let skipped = units[second + 1..].iter().filter(leading).count();
    assert_eq!(skipped, 4);

    // PAT and PMT, then from the packet that begins the second keyframe's PES packet on.
    let bytes = std::fs::read(&file).expect("a file");
    let starts: Vec<usize> = bytes
        .chunks(188)
        .enumerate()
        .filter(|(_, packet)| packet[1] == 0x41 && packet[2] == 0)
        .map(|(index, _)| index * 188)
        .collect();
    assert_eq!(starts.len(), units.len());
    let cut = [&bytes[..3 * 188], &bytes[starts[second]..]].concat();
    let cut = scratch.write("cut.ts", &cut);
    let rest = compare_pictures(&scratch, &cut, units.len() - second - skipped);
    assert_eq!(codes(&rest), [NotDecodable]);
    let rest = &rest.track(true).expect("video").units;
    let mut kept = units[second..].to_vec();
    kept.drain(1..=skipped);
    kept[0].duration *= skipped as u32 + 1;
    assert_eq!(*rest, kept);
}
