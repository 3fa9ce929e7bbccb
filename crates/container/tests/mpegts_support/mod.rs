//! What the transport stream tests share: samples gathered from events, fixtures, and ffmpeg.
#![allow(dead_code, reason = "each test binary uses its part")]
#![allow(clippy::print_stdout, reason = "a test that did not run says so")]

pub(crate) mod wire;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;

use livetape_container::mpegts::Demuxer;
use livetape_container::{Defect, Event, Payload};
use livetape_media::{TimedEvent, TrackConfig};

/// A sample with absolute times, in ticks of its track.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Unit {
    pub(crate) dts: i64,
    pub(crate) pts: i64,
    pub(crate) duration: u32,
    pub(crate) keyframe: bool,
    pub(crate) data: Vec<u8>,
}

/// All that was told of one track.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub(crate) struct Track {
    pub(crate) configs: Vec<Arc<TrackConfig>>,
    pub(crate) units: Vec<Unit>,
    /// Runs that do not begin where the one before them ended.
    pub(crate) breaks: usize,
    end: Option<i64>,
}

/// All that was told of a stream.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub(crate) struct Stream {
    pub(crate) tracks: BTreeMap<u32, Track>,
    pub(crate) events: Vec<TimedEvent>,
    pub(crate) defects: Vec<Defect>,
}

impl Stream {
    /// Takes all that is to be polled.
    pub(crate) fn gather(&mut self, demuxer: &mut Demuxer) {
        while let Some(event) = demuxer.poll() {
            match event {
                Event::Config { track, config } => {
                    self.tracks.entry(track.0).or_default().configs.push(config);
                }
                Event::Timed(event) => self.events.push(event),
                Event::Defect(defect) => self.defects.push(defect),
                Event::Run(run) => {
                    let Payload::Bytes(bytes) = &run.payload else {
                        panic!("a run of a transport stream owns its bytes");
                    };
                    assert_eq!(bytes.len() as u64, run.payload_len());
                    assert!(!run.samples.is_empty());
                    let track = self.tracks.entry(run.track.0).or_default();
                    track.breaks +=
                        usize::from(track.end.is_some_and(|end| end != run.decode_time));
                    let mut rest = bytes.as_slice();
                    let mut dts = run.decode_time;
                    for sample in &run.samples {
                        let (data, after) = rest.split_at(sample.size as usize);
                        rest = after;
                        track.units.push(Unit {
                            dts,
                            pts: dts + i64::from(sample.composition_offset),
                            duration: sample.duration,
                            keyframe: sample.keyframe,
                            data: data.to_vec(),
                        });
                        dts += i64::from(sample.duration);
                    }
                    track.end = Some(dts);
                }
            }
        }
    }

    /// The first track of pictures, or of sound.
    pub(crate) fn track(&self, video: bool) -> Option<&Track> {
        self.tracks.values().find(|track| {
            track
                .configs
                .first()
                .is_some_and(|c| c.format.is_video() == video)
        })
    }
}

/// Demuxes bytes, pushed in pieces.
pub(crate) fn demux(bytes: &[u8], split: usize) -> Stream {
    let mut demuxer = Demuxer::new();
    let mut stream = Stream::default();
    for piece in bytes.chunks(split) {
        demuxer.push(piece);
        stream.gather(&mut demuxer);
    }
    demuxer.flush();
    stream.gather(&mut demuxer);
    stream
}

/// The fixtures and ffmpeg's tools, or a line that says what did not run and why.
pub(crate) fn media(test: &str) -> Option<PathBuf> {
    let root = std::env::var_os("LIVETAPE_MEDIA").map_or_else(
        || Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/media"),
        PathBuf::from,
    );
    let missing = if !root.is_dir() {
        Some("no fixtures (LIVETAPE_MEDIA)")
    } else if !["ffmpeg", "ffprobe"].iter().all(|tool| runs(tool)) {
        Some("no ffmpeg")
    } else {
        None
    };
    let Some(missing) = missing else {
        return Some(root);
    };
    let required = std::env::var("LIVETAPE_REQUIRE_MEDIA").is_ok_and(|value| value == "1");
    assert!(!required, "{test}: {missing}");
    println!("NOT RUN: {test}: {missing}");
    None
}

fn runs(tool: &str) -> bool {
    Command::new(tool)
        .arg("-version")
        .output()
        .is_ok_and(|output| output.status.success())
}

/// A packet as ffprobe reads it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Probed {
    pub(crate) dts: Option<i64>,
    pub(crate) pts: Option<i64>,
    pub(crate) size: u64,
    pub(crate) key: bool,
}

/// ffprobe's packets, by PID.
pub(crate) fn probe(file: &Path) -> BTreeMap<u32, Vec<Probed>> {
    let entries = "packet=stream_index,pts,dts,size,flags:stream=index,id,codec_name";
    let output = Command::new("ffprobe")
        .args(["-v", "quiet", "-show_entries", entries, "-of", "json"])
        .arg(file)
        .output()
        .expect("ffprobe runs");
    let json: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap_or_default();
    let list = |key: &str| json[key].as_array().cloned().unwrap_or_default();
    let mut found = BTreeMap::new();
    for stream in list("streams") {
        if !matches!(stream["codec_name"].as_str(), Some("h264" | "hevc" | "aac")) {
            continue;
        }
        let id = stream["id"]
            .as_str()
            .expect("a PID")
            .trim_start_matches("0x");
        let packets = list("packets");
        let of_stream = packets
            .iter()
            .filter(|packet| packet["stream_index"] == stream["index"]);
        let packets = of_stream.map(|packet| Probed {
            dts: packet["dts"].as_i64(),
            pts: packet["pts"].as_i64(),
            size: packet["size"]
                .as_str()
                .expect("a size")
                .parse()
                .expect("a number"),
            key: packet["flags"]
                .as_str()
                .is_some_and(|flags| flags.contains('K')),
        });
        found.insert(u32::from_str_radix(id, 16).expect("hex"), packets.collect());
    }
    found
}

/// What ffmpeg prints when it decodes a file.
pub(crate) fn decode(file: &Path, level: &str) -> String {
    let output = Command::new("ffmpeg")
        .args(["-v", level, "-xerror", "-i"])
        .arg(file)
        .args(["-map", "0", "-f", "null", "-"])
        .output()
        .expect("ffmpeg runs");
    String::from_utf8_lossy(&output.stderr).into_owned()
}

/// The bytes of an elementary stream as ffmpeg takes them out of a file.
pub(crate) fn elementary(file: &Path, pid: u32, format: &str) -> Vec<u8> {
    Command::new("ffmpeg")
        .args(["-v", "quiet", "-copyts", "-i"])
        .arg(file)
        .args([
            "-map",
            &format!("0:i:{pid}"),
            "-c",
            "copy",
            "-f",
            format,
            "-",
        ])
        .output()
        .expect("ffmpeg runs")
        .stdout
}

/// The distance between two times of a 33-bit clock.
pub(crate) fn apart(left: i64, right: i64) -> i64 {
    let distance = (left - right).rem_euclid(1 << 33);
    distance.min((1 << 33) - distance)
}

/// A stream without about 1 % of its packets, its tables kept, and how many are missing.
pub(crate) fn with_loss(bytes: &[u8], seed: u32) -> (Vec<u8>, usize) {
    let mut random = seed;
    let mut lost = 0;
    let kept = bytes.chunks(188).enumerate().filter(|(index, _)| {
        random = random.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        let keep = *index < 3 || random >> 16 > 655; // about 1 %
        lost += usize::from(!keep);
        keep
    });
    let kept: Vec<u8> = kept.flat_map(|(_, packet)| packet.to_vec()).collect();
    (kept, lost)
}
