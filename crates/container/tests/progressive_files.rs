//! Progressive MP4 files, read as ffprobe reads them.
#![allow(clippy::print_stdout, reason = "a test that did not run says so")]

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::Command;

use livetape_container::isobmff::Demuxer;
use livetape_container::{DefectCode, Event, Payload};

/// A sample with absolute times and where it lies.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Unit {
    dts: i64,
    pts: i64,
    offset: u64,
    size: u64,
    keyframe: bool,
}

type Tracks = BTreeMap<u32, Vec<Unit>>;

fn demux(bytes: &[u8], split: usize) -> (Tracks, Vec<DefectCode>) {
    let mut demuxer = Demuxer::new();
    let (mut tracks, mut defects) = (Tracks::new(), Vec::new());
    let mut gather = |demuxer: &mut Demuxer| {
        while let Some(event) = demuxer.poll() {
            match event {
                Event::Config { .. } | Event::Timed(_) => {}
                Event::Defect(defect) => defects.push(defect.code),
                Event::Run(run) => {
                    let Payload::Stream { mut offset } = run.payload else {
                        panic!("a file's payload is not rewritten");
                    };
                    assert!(offset + run.payload_len() <= demuxer.position());
                    let mut dts = run.decode_time;
                    for sample in &run.samples {
                        tracks.entry(run.track.0).or_default().push(Unit {
                            dts,
                            pts: dts + i64::from(sample.composition_offset),
                            offset,
                            size: sample.size.into(),
                            keyframe: sample.keyframe,
                        });
                        dts += i64::from(sample.duration);
                        offset += u64::from(sample.size);
                    }
                }
            }
        }
    };
    for piece in bytes.chunks(split) {
        demuxer.push(piece);
        gather(&mut demuxer);
    }
    demuxer.reset();
    gather(&mut demuxer);
    (tracks, defects)
}

/// ffprobe's packets by track, in file order of each.
fn probe(file: &Path, options: &[&str]) -> Tracks {
    let entries = "packet=stream_index,pts,dts,size,pos,flags:stream=index,id";
    let output = Command::new("ffprobe")
        .args(["-v", "quiet"])
        .args(options)
        .args(["-show_entries", entries, "-of", "json"])
        .arg(file)
        .output()
        .expect("ffprobe runs");
    let json: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap_or_default();
    let list = |key: &str| json[key].as_array().cloned().unwrap_or_default();
    let number = |value: &serde_json::Value| value.as_str().and_then(|text| text.parse().ok());
    let mut tracks = Tracks::new();
    for stream in list("streams") {
        let id = stream["id"].as_str().expect("an id");
        let id = u32::from_str_radix(id.trim_start_matches("0x"), 16).expect("hex");
        let packets = list("packets").into_iter();
        let own = packets.filter(|packet| packet["stream_index"] == stream["index"]);
        let units = own.map(|packet| Unit {
            dts: packet["dts"].as_i64().expect("a time"),
            pts: packet["pts"].as_i64().expect("a time"),
            offset: number(&packet["pos"]).expect("a position"),
            size: number(&packet["size"]).expect("a size"),
            keyframe: packet["flags"].as_str().is_some_and(|f| f.contains('K')),
        });
        tracks.insert(id, units.collect());
    }
    tracks
}

fn media(test: &str) -> Option<PathBuf> {
    let root = std::env::var_os("LIVETAPE_MEDIA").map_or_else(
        || Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/media"),
        PathBuf::from,
    );
    let probes = Command::new("ffprobe").arg("-version").output().is_ok();
    let missing = match (root.is_dir(), probes) {
        (false, _) => "no fixtures (LIVETAPE_MEDIA)",
        (_, false) => "no ffprobe",
        _ => return Some(root),
    };
    let required = std::env::var("LIVETAPE_REQUIRE_MEDIA").is_ok_and(|value| value == "1");
    assert!(!required, "{test}: {missing}");
    println!("NOT RUN: {test}: {missing}");
    None
}

fn files(root: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(root.join("mp4")).expect("a folder");
    let mut files: Vec<_> = entries
        .map(|entry| entry.expect("an entry").path())
        .collect();
    files.extend(ELSEWHERE.iter().map(|name| root.join(name)));
    files.sort();
    files
}

fn name(file: &Path) -> &str {
    file.file_name()
        .and_then(|name| name.to_str())
        .expect("a name")
}

/// Files in other folders whose `moov` lists samples.
const ELSEWHERE: [&str; 5] = [
    "fmp4/codecs/bear-640x360-hevc-hdr10.mp4",
    "fmp4/codecs/sine-3s-xhe-aac-44khz-mono.mp4",
    "fmp4/malformed/sample_with_invalid_nalu.mp4",
    "fmp4/malformed/sample_mdat_too_long.mp4",
    "fmp4/structure/sample_partially_fragmented.mp4",
];

/// A file that ends before its samples do.
const CUT: &str = "annex-b.mp4";

/// A file with all its samples, whose `mdat` claims more.
const CLAIMS_MORE: &str = "sample_mdat_too_long.mp4";

/// Files whose shown times ffprobe moves, and by how many ticks.
///
/// - `iibbibb_editlist_videoonly.mp4`: no picture is presented where its edit begins (media time
///   40,960, ISO/IEC 14496-12 §8.6.6), the first after it 8,192 ticks later. ffmpeg moves such a
///   track to begin at 0 (`min_corrected_pts` in its `mov.c`); the file asks for the delay.
const MOVED: [(&str, i64); 1] = [("iibbibb_editlist_videoonly.mp4", -8_192)];

#[test]
fn counts_sizes_places_and_times_are_ffprobes() {
    let Some(root) = media("counts_sizes_places_and_times_are_ffprobes") else {
        return;
    };
    let mut compared = 0;
    for file in files(&root) {
        let name = name(&file);
        let bytes = std::fs::read(&file).expect("a fixture");
        let (ours, defects) = demux(&bytes, 64 << 10);
        let cut: &[DefectCode] = if [CUT, CLAIMS_MORE].contains(&name) {
            &[DefectCode::Truncated]
        } else {
            &[]
        };
        assert_eq!(defects, cut, "{name}");
        let theirs = probe(&file, &["-ignore_editlist", "1"]);
        let shown = probe(&file, &[]);
        for (id, theirs) in &theirs {
            let ours = ours.get(id).map(Vec::as_slice).unwrap_or_default();
            // ffprobe shortens the packet in which the file is cut.
            let there = |unit: &&Unit| name != CUT || unit.offset + unit.size < bytes.len() as u64;
            let theirs: Vec<_> = theirs.iter().filter(there).collect();
            assert_eq!(ours.len(), theirs.len(), "{name} track {id}");
            let (Some(first), Some(their_first)) = (ours.first(), theirs.first()) else {
                continue;
            };
            compared += 1;
            for (ours, theirs) in ours.iter().zip(&theirs) {
                let moved = Unit {
                    dts: ours.dts - first.dts + their_first.dts,
                    pts: ours.pts - first.pts + their_first.pts,
                    ..*ours
                };
                assert_eq!(&moved, *theirs, "{name} track {id}");
            }
            let moved = MOVED.iter().find(|(special, _)| *special == name);
            let moved = moved.map_or(0, |(_, ticks)| *ticks);
            // With its edit list: what is shown is shown when they show it.
            for theirs in shown.get(id).into_iter().flatten().filter(there) {
                let ours = ours.iter().find(|unit| unit.offset == theirs.offset);
                let pts = ours.map(|unit| unit.pts + moved);
                assert_eq!(pts, Some(theirs.pts), "{name} track {id}: {theirs:?}");
            }
        }
    }
    assert!(compared >= 25, "{compared} tracks");
}

#[test]
fn a_file_read_in_any_pieces_is_the_same() {
    let Some(root) = media("a_file_read_in_any_pieces_is_the_same") else {
        return;
    };
    for name in ["sample.mp4", "midroll-5s.mp4", "bear-640x360.mp4"] {
        let bytes = std::fs::read(root.join("mp4").join(name)).expect("a fixture");
        let whole = demux(&bytes, bytes.len());
        for split in [1, 7, 1_000, 4_096] {
            assert!(demux(&bytes, split) == whole, "{name} in pieces of {split}");
        }
    }
}

/// Where `moov` comes first, what has arrived is told, though the rest never comes.
#[test]
fn a_file_cut_short_tells_the_samples_that_are_whole() {
    let Some(root) = media("a_file_cut_short_tells_the_samples_that_are_whole") else {
        return;
    };
    let bytes = std::fs::read(root.join("mp4/bear-640x360.mp4")).expect("a fixture");
    let (whole, _) = demux(&bytes, bytes.len());
    for end in [100_000, 200_001, 345_000] {
        let (cut, defects) = demux(&bytes[..end], 10_000);
        for (id, units) in &whole {
            let there = units.iter().filter(|u| u.offset + u.size <= end as u64);
            let there: Vec<_> = there.copied().collect();
            assert_eq!(cut.get(id), Some(&there), "track {id} cut at {end}");
        }
        assert!(defects.iter().all(|code| *code == DefectCode::Truncated));
        assert!(!defects.is_empty(), "cut at {end}");
    }
}

/// A track without a sample description cannot be decoded; the others can.
#[test]
fn a_track_without_a_description_is_reported() {
    let Some(root) = media("a_track_without_a_description_is_reported") else {
        return;
    };
    let file = root.join("fmp4/malformed/sample_missing_stsd.mp4");
    let bytes = std::fs::read(&file).expect("a fixture");
    let (tracks, defects) = demux(&bytes, 1_000);
    let theirs = probe(&file, &["-ignore_editlist", "1"]);
    assert_eq!(tracks.keys().copied().collect::<Vec<_>>(), [1]);
    assert_eq!(tracks[&1].len(), theirs[&1].len());
    assert_eq!(defects, [DefectCode::Malformed]);
}

/// Changed bytes in real headers: what is told lies in the file, and there is not more of it
/// than a file of that length could have.
#[test]
fn changed_headers_do_no_harm() {
    let Some(root) = media("changed_headers_do_no_harm") else {
        return;
    };
    let names = [
        "mp4/midroll-5s.mp4",
        "mp4/ed_hevc.mp4",
        "mp4/bear-640x360.mp4",
    ];
    let mut random = 0x9e37_79b9_7f4a_7c15_u64;
    let mut next = move |below: usize| {
        random ^= random << 13;
        random ^= random >> 7;
        random ^= random << 17;
        (random % below as u64) as usize
    };
    let mut told = 0;
    for name in names {
        let whole = std::fs::read(root.join(name)).expect("a fixture");
        let moov = whole.windows(4).position(|kind| kind == b"moov");
        let start = moov.expect("there") - 4;
        let len = u32::from_be_bytes(whole[start..start + 4].try_into().expect("four"));
        for _ in 0..150 {
            let mut bytes = whole.clone();
            for _ in 0..=next(6) {
                bytes[start + next(len as usize)] = [0, 1, 0x7f, 0xff, next(256) as u8][next(5)];
            }
            let (tracks, _) = demux(&bytes, 50_000);
            for units in tracks.values() {
                let end = units.iter().map(|unit| unit.offset + unit.size).max();
                assert!(end <= Some(bytes.len() as u64), "{name}");
                let size: u64 = units.iter().map(|unit| unit.size).sum();
                assert!(size <= bytes.len() as u64, "{name}: {size} bytes told");
                assert!(units.len() <= 2 * bytes.len(), "{name}: {}", units.len());
                told += units.len();
            }
        }
    }
    assert!(told > 20_000, "{told} samples told in all");
}

/// The chunk table says that its first row holds from chunk 257 on, and there is but one chunk.
/// ffmpeg refuses the file; the row's samples are exactly what lies in the `mdat`.
#[test]
fn a_chunk_table_that_begins_too_late_is_read_from_its_first_row() {
    let Some(root) = media("a_chunk_table_that_begins_too_late_is_read_from_its_first_row") else {
        return;
    };
    let file = root.join("fmp4/malformed/chunk_out_of_range.mp4");
    let bytes = std::fs::read(&file).expect("a fixture");
    let (tracks, defects) = demux(&bytes, 1_000);
    assert_eq!(defects, []);
    let units = &tracks[&1];
    let mdat = bytes.windows(4).position(|kind| kind == b"mdat");
    assert_eq!(units[0].offset, mdat.expect("there") as u64 + 4);
    let moov = bytes.windows(4).position(|kind| kind == b"moov");
    let last = units.last().expect("17 samples");
    assert_eq!(last.offset + last.size, moov.expect("there") as u64 - 4);
    assert_eq!(units.len(), 17);
}

/// A size table longer than the chunks: the rest is reported, not lost in silence.
#[test]
fn samples_in_no_chunk_are_reported() {
    let Some(root) = media("samples_in_no_chunk_are_reported") else {
        return;
    };
    let mut bytes =
        std::fs::read(root.join("fmp4/malformed/chunk_out_of_range.mp4")).expect("a fixture");
    let stsc = bytes.windows(4).position(|kind| kind == b"stsc");
    let row = stsc.expect("there") + 12;
    bytes[row..row + 8].copy_from_slice(&[0, 0, 0, 1, 0, 0, 0, 15]);
    let (tracks, defects) = demux(&bytes, 1_000);
    assert_eq!(tracks[&1].len(), 15);
    assert_eq!(defects, [DefectCode::Malformed]);
}
