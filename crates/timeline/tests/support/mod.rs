//! What the tests share: fixtures, a timeline with the bytes of its stores, ffmpeg's tools.
#![allow(dead_code, reason = "each test binary uses its part")]
#![allow(clippy::print_stdout, reason = "a test that did not run says so")]

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;

use livetape_container::{Event, Payload, isobmff, mpegts};
use livetape_media::{Sample, Timescale, Timestamp, TrackConfig, TrackId};
use livetape_timeline::{Extent, Part, Plan, StoreId, Timeline, Track};

/// The fixtures and ffmpeg's tools, or a line that says what did not run and why.
pub(crate) fn media(test: &str) -> Option<PathBuf> {
    let root = std::env::var_os("LIVETAPE_MEDIA").map_or_else(
        || Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/media"),
        PathBuf::from,
    );
    let there = root.is_dir();
    if !there {
        missing(test, "no fixtures (LIVETAPE_MEDIA)");
    }
    (there && has_ffmpeg(test)).then_some(root)
}

/// True with ffmpeg's tools; a line that says so without.
pub(crate) fn has_ffmpeg(test: &str) -> bool {
    let runs = |tool: &&str| Command::new(tool).arg("-version").output().is_ok();
    let there = ["ffmpeg", "ffprobe"].iter().all(runs);
    if !there {
        missing(test, "no ffmpeg");
    }
    there
}

fn missing(test: &str, what: &str) {
    let required = std::env::var("LIVETAPE_REQUIRE_MEDIA").is_ok_and(|value| value == "1");
    assert!(!required, "{test}: {what}");
    println!("NOT RUN: {test}: {what}");
}

/// A timeline with the bytes of its stores.
#[derive(Default)]
pub(crate) struct Tape {
    pub(crate) timeline: Timeline,
    stores: Vec<Vec<u8>>,
    /// Where each appended file begins.
    pub(crate) starts: Vec<Timestamp>,
}

/// A track's configuration and samples with times in 90 kHz.
pub(crate) type Read = (Arc<TrackConfig>, Vec<(i64, Sample)>, Vec<u8>);

fn events(file: &Path, input: &[u8]) -> Vec<Event> {
    if file.extension().is_some_and(|extension| extension == "mp4") {
        let mut demuxer = isobmff::Demuxer::new();
        demuxer.push(input);
        demuxer.reset();
        return std::iter::from_fn(|| demuxer.poll()).collect();
    }
    let mut demuxer = mpegts::Demuxer::new();
    demuxer.push(input);
    demuxer.flush();
    std::iter::from_fn(|| demuxer.poll()).collect()
}

pub(crate) fn read(file: &Path) -> BTreeMap<bool, Read> {
    let input = std::fs::read(file).expect("a fixture");
    let mut configs = BTreeMap::new();
    let mut tracks: BTreeMap<bool, Read> = BTreeMap::new();
    for event in events(file, &input) {
        match event {
            Event::Config { track, config } => {
                configs.insert(track, config);
            }
            Event::Run(run) => {
                let config = &configs[&run.track];
                let scale = config.timescale;
                let mpeg = |ticks| Timestamp::new(ticks, scale).rescale(Timescale::MPEG).ticks;
                let empty = || {
                    let timescale = Timescale::MPEG;
                    let config = TrackConfig {
                        timescale,
                        ..(**config).clone()
                    };
                    (Arc::new(config), Vec::new(), Vec::new())
                };
                let video = config.format.is_video();
                let (_, samples, bytes) = tracks.entry(video).or_insert_with(empty);
                let mut time = run.decode_time;
                for sample in &run.samples {
                    let end = time + i64::from(sample.duration);
                    let duration = (mpeg(end) - mpeg(time)) as u32;
                    samples.push((
                        mpeg(time),
                        Sample {
                            duration,
                            ..*sample
                        },
                    ));
                    time = end;
                }
                let len = run.payload_len() as usize;
                match run.payload {
                    Payload::Bytes(payload) => bytes.extend(payload),
                    Payload::Stream { offset } => {
                        bytes.extend_from_slice(&input[offset as usize..][..len]);
                    }
                }
            }
            Event::Timed(_) | Event::Defect(_) => {}
        }
    }
    tracks
}

impl Tape {
    /// Appends a whole file after all that is there.
    pub(crate) fn append(&mut self, file: &Path) {
        let tracks = read(file);
        let ends = self.timeline.tracks().iter();
        let at = ends.filter_map(Track::presentation_end).max();
        let at = at.unwrap_or(Timestamp::zero(Timescale::MPEG));
        let first = tracks
            .values()
            .filter_map(|(_, samples, _)| samples.first());
        let shift = at.ticks - first.map(|(time, _)| *time).min().expect("samples");
        for (is_video, (config, samples, bytes)) in tracks {
            self.append_samples(is_video, &config, &samples, &bytes, shift);
        }
        self.starts.push(at);
    }

    pub(crate) fn append_samples(
        &mut self,
        is_video: bool,
        config: &Arc<TrackConfig>,
        samples: &[(i64, Sample)],
        bytes: &[u8],
        shift: i64,
    ) {
        let id = TrackId(if is_video { 1 } else { 2 });
        let store = StoreId(self.stores.len() as u32);
        let mut offset = 0;
        for (time, sample) in samples {
            let len = u64::from(sample.size);
            let extent = Extent { store, offset, len };
            let timeline = &mut self.timeline;
            let appended = timeline.append(id, config, time + shift, &[*sample], &[extent]);
            assert_eq!(appended.covered, 0);
            offset += len;
        }
        self.stores.push(bytes.to_vec());
    }

    pub(crate) fn new(root: &Path, files: &[&str]) -> Self {
        let mut tape = Self::default();
        files.iter().for_each(|file| tape.append(&root.join(file)));
        tape
    }

    pub(crate) fn write(&self, name: &str, plan: &Plan) -> PathBuf {
        let mut bytes = Vec::new();
        for part in plan.parts() {
            match part {
                Part::Bytes(own) => bytes.extend_from_slice(own),
                Part::Stored(extent) => {
                    let range = extent.offset as usize..(extent.offset + extent.len) as usize;
                    bytes.extend_from_slice(&self.stores[extent.store.0 as usize][range]);
                }
            }
        }
        assert_eq!(bytes.len() as u64, plan.len());
        let path = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
        std::fs::write(&path, bytes).expect("written");
        path
    }

    pub(crate) fn samples(&self, video: bool) -> u64 {
        let track = if video {
            self.timeline.video()
        } else {
            self.timeline.audio()
        };
        let numbers = track.expect("a track").numbers();
        numbers.end - numbers.start
    }

    /// When each picture is shown, in seconds, in that order.
    pub(crate) fn picture_times(&self) -> Vec<f64> {
        let track = self.timeline.video().expect("pictures");
        let times = track.numbers().filter_map(|n| track.presentation_time(n));
        let mut times: Vec<_> = times.map(Timestamp::seconds).collect();
        times.sort_by(f64::total_cmp);
        times
    }
}

/// What a tool prints, which must not complain unless it is told to be quiet.
pub(crate) fn run(tool: &str, level: &str, arguments: &[&str]) -> String {
    let mut command = Command::new(tool);
    let output = command.args(["-v", level]).args(arguments).output();
    let output = output.expect("it runs");
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(said, "", "{tool} {arguments:?}");
    String::from_utf8(output.stdout).expect("text")
}

pub(crate) fn text(path: &Path) -> &str {
    path.to_str().expect("a plain path")
}
