//! Streams whose configuration changes, as files that ffmpeg decodes without a word.
#![allow(clippy::print_stdout, reason = "a test that did not run says so")]

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;

use livetape_container::{Event, Payload, isobmff, mpegts};
use livetape_media::{Sample, Timescale, Timestamp, TrackConfig, TrackId};
use livetape_timeline::plan::{self, PlanError, Selection};
use livetape_timeline::{Extent, Part, Plan, StoreId, Timeline, Track};

const SMALL: &str = "hls-ts/h264-aac/n_0_0_0.ts"; // 320x180, 48 kHz
const LARGE: &str = "hls-ts/rollover/360p30_h264_48k_160_aac_ts-0000000028.ts"; // 640x360, 48 kHz
const OTHER_RATE: &str = "ts/structure/test-segment.ts"; // 388x300, 44.1 kHz

fn media(test: &str) -> Option<PathBuf> {
    let root = std::env::var_os("LIVETAPE_MEDIA").map_or_else(
        || Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/media"),
        PathBuf::from,
    );
    let runs = |tool: &&str| Command::new(tool).arg("-version").output().is_ok();
    let missing = match (root.is_dir(), ["ffmpeg", "ffprobe"].iter().all(runs)) {
        (false, _) => "no fixtures (LIVETAPE_MEDIA)",
        (_, false) => "no ffmpeg",
        _ => return Some(root),
    };
    let required = std::env::var("LIVETAPE_REQUIRE_MEDIA").is_ok_and(|value| value == "1");
    assert!(!required, "{test}: {missing}");
    println!("NOT RUN: {test}: {missing}");
    None
}

/// A timeline with the bytes of its stores.
#[derive(Default)]
struct Tape {
    timeline: Timeline,
    stores: Vec<Vec<u8>>,
    /// Where each appended file begins.
    starts: Vec<Timestamp>,
}

/// A track's configuration and samples with times in 90 kHz.
type Read = (Arc<TrackConfig>, Vec<(i64, Sample)>, Vec<u8>);

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

fn read(file: &Path) -> BTreeMap<bool, Read> {
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
    fn append(&mut self, file: &Path) {
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

    fn append_samples(
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

    fn new(root: &Path, files: &[&str]) -> Self {
        let mut tape = Self::default();
        files.iter().for_each(|file| tape.append(&root.join(file)));
        tape
    }

    fn write(&self, name: &str, plan: &Plan) -> PathBuf {
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

    fn samples(&self, video: bool) -> u64 {
        let track = if video {
            self.timeline.video()
        } else {
            self.timeline.audio()
        };
        let numbers = track.expect("a track").numbers();
        numbers.end - numbers.start
    }

    /// When each picture is shown, in seconds, in that order.
    fn picture_times(&self) -> Vec<f64> {
        let track = self.timeline.video().expect("pictures");
        let times = track.numbers().filter_map(|n| track.presentation_time(n));
        let mut times: Vec<_> = times.map(Timestamp::seconds).collect();
        times.sort_by(f64::total_cmp);
        times
    }
}

/// What a tool prints, which must not complain unless it is told to be quiet.
fn run(tool: &str, level: &str, arguments: &[&str]) -> String {
    let mut command = Command::new(tool);
    let output = command.args(["-v", level]).args(arguments).output();
    let output = output.expect("it runs");
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(said, "", "{tool} {arguments:?}");
    String::from_utf8(output.stdout).expect("text")
}

fn text(path: &Path) -> &str {
    path.to_str().expect("a plain path")
}

/// A hash of each picture, made small first: sizes may change in one file.
fn pictures(file: &Path, level: &str, seek: &str) -> Vec<String> {
    let small = "scale=64:36:flags=neighbor+bitexact,format=gray";
    let mut arguments = vec!["-ss", seek, "-i", text(file), "-map", "0:v", "-vf", small];
    arguments.extend(["-fps_mode", "passthrough", "-f", "framemd5", "-"]);
    let lines = run("ffmpeg", level, &arguments);
    let lines = lines.lines().filter(|line| !line.starts_with('#'));
    let hash = |line: &str| line.rsplit(',').next().map(|hash| hash.trim().to_owned());
    lines.filter_map(hash).collect()
}

/// Width, height and time in seconds of each picture shown.
fn frames(file: &Path) -> Vec<(u32, u32, f64)> {
    let entries = "frame=width,height,pts_time";
    let mut arguments = vec!["-select_streams", "v", "-show_entries", entries];
    arguments.extend(["-of", "csv=p=0", text(file)]);
    let lines = run("ffprobe", "warning", &arguments);
    let line = |line: &str| {
        let mut fields = line.split(',');
        let time = fields.next()?.parse().ok()?;
        let (width, height) = (fields.next()?, fields.next()?);
        Some((width.parse().ok()?, height.parse().ok()?, time))
    };
    lines.lines().filter_map(line).collect()
}

/// Sample rate and number of frames.
fn sound(file: &Path) -> (String, u64) {
    let entries = "stream=sample_rate,nb_read_packets";
    let mut arguments = vec!["-ignore_editlist", "1", "-select_streams", "a"];
    arguments.extend(["-count_packets", "-show_entries", entries]);
    arguments.extend(["-of", "csv=p=0", text(file)]);
    let line = run("ffprobe", "warning", &arguments);
    let (rate, packets) = line.trim().split_once(',').expect("two fields");
    (rate.to_owned(), packets.parse().expect("a number"))
}

#[test]
fn pictures_of_two_sizes_are_one_file() {
    let Some(root) = media("pictures_of_two_sizes_are_one_file") else {
        return;
    };
    let parts = [SMALL, LARGE, SMALL];
    let tape = Tape::new(&root, &parts);
    let whole = Selection::whole(&tape.timeline).expect("something");
    assert_eq!(plan::split(&tape.timeline, &whole).len(), 1);
    let mp4 = plan::progressive(&tape.timeline, &whole).expect("one file");
    let file = tape.write("two-sizes.mp4", &mp4.plan);
    let source = |part: &&str| pictures(&root.join(part), "quiet", "0");
    let sources: Vec<_> = parts.iter().map(source).collect();
    assert!(pictures(&file, "warning", "0") == sources.concat());
    let shown = frames(&file);
    let sizes: Vec<_> = shown.iter().map(|frame| (frame.0, frame.1)).collect();
    let expected: Vec<_> = sources
        .iter()
        .zip([(320, 180), (640, 360), (320, 180)])
        .flat_map(|(pictures, size)| std::iter::repeat_n(size, pictures.len()))
        .collect();
    assert_eq!(sizes, expected);
    assert_eq!(sound(&file), ("48000".to_owned(), tape.samples(false)));
    for (frame, time) in shown.iter().zip(tape.picture_times()) {
        let time = time - mp4.start.seconds();
        assert!((frame.2 - time).abs() < 1e-4, "{frame:?} at {time}");
    }
    // What a seek to each change finds.
    for n in 1..parts.len() {
        let seek = format!("{:.3}", tape.starts[n].minus(mp4.start).seconds());
        let found = pictures(&file, "warning", &seek);
        let rest = sources[n..].concat();
        assert!(found == rest, "from {seek}: {} {}", found.len(), rest.len());
    }
}

/// HEVC out of progressive files, `hvc1` first and then `hev1`.
#[test]
fn hevc_pictures_of_two_sizes_are_one_file() {
    let Some(root) = media("hevc_pictures_of_two_sizes_are_one_file") else {
        return;
    };
    let parts = ["mp4/ed_hevc.mp4", "mp4/h265_bframes.mp4", "mp4/ed_hevc.mp4"];
    let tape = Tape::new(&root, &parts);
    let whole = Selection::whole(&tape.timeline).expect("something");
    let mp4 = plan::progressive(&tape.timeline, &whole).expect("one file");
    let file = tape.write("two-hevc-sizes.mp4", &mp4.plan);
    let source = |part: &&str| pictures(&root.join(part), "quiet", "0");
    let sources: Vec<_> = parts.iter().map(source).collect();
    let found = pictures(&file, "warning", "0");
    assert!(found == sources.concat(), "{} pictures", found.len());
    assert_eq!(found.len() as u64, tape.samples(true));
    let widths: Vec<_> = frames(&file).iter().map(|frame| frame.0).collect();
    let expected = [640, 854, 640].iter().zip(&sources);
    let expected = expected.flat_map(|(width, part)| std::iter::repeat_n(*width, part.len()));
    assert_eq!(widths, expected.collect::<Vec<_>>());
}

/// A clip over a change begins and ends inside GOPs of different configurations.
#[test]
fn a_clip_over_a_change_is_exact() {
    let Some(root) = media("a_clip_over_a_change_is_exact") else {
        return;
    };
    let tape = Tape::new(&root, &[SMALL, LARGE]);
    let change = tape.starts[1].seconds();
    let (start, end) = (change - 0.7, change + 0.9);
    let at = |seconds| Timestamp::from_seconds(seconds, Timescale::MPEG);
    let selection = Selection::new(&tape.timeline, at(start), at(end)).expect("something");
    let mp4 = plan::progressive(&tape.timeline, &selection).expect("one file");
    let file = tape.write("clip.mp4", &mp4.plan);
    let first = mp4.start.seconds();
    let expected: Vec<_> = tape.picture_times();
    let expected: Vec<_> = expected
        .iter()
        .filter(|time| (first..end).contains(*time))
        .collect();
    let shown = frames(&file);
    assert_eq!(shown.len(), expected.len());
    for (frame, time) in shown.iter().zip(expected) {
        assert!((frame.2 + first - time).abs() < 1e-3, "{frame:?} at {time}");
    }
    pictures(&file, "warning", "0");
}

#[test]
fn sound_of_another_rate_is_another_file() {
    let Some(root) = media("sound_of_another_rate_is_another_file") else {
        return;
    };
    let parts = [SMALL, OTHER_RATE, LARGE];
    let tape = Tape::new(&root, &parts);
    let whole = Selection::whole(&tape.timeline).expect("something");
    assert_files(&tape, &whole, &["48000", "44100", "48000"], "rates");
}

/// Sound changes while the pictures go on: the cut lies inside a GOP.
#[test]
fn sound_that_changes_inside_a_gop_is_cut_exactly() {
    let Some(root) = media("sound_that_changes_inside_a_gop_is_cut_exactly") else {
        return;
    };
    let (mut first, other) = (read(&root.join(SMALL)), read(&root.join(OTHER_RATE)));
    let pictures = first.remove(&true).expect("pictures");
    let (sound, other) = (&first[&false], &other[&false]);
    let mut tape = Tape::default();
    tape.append_samples(true, &pictures.0, &pictures.1, &pictures.2, 0);
    let half = sound.1.len() / 2 + 7;
    tape.append_samples(false, &sound.0, &sound.1[..half], &sound.2, 0);
    let end = tape.timeline.audio().and_then(Track::end_time);
    let end = end.expect("sound").ticks;
    let shift = end - other.1.first().expect("a frame").0;
    tape.append_samples(false, &other.0, &other.1[..100], &other.2, shift);
    let mut keyframes = pictures.1.iter().filter(|(_, sample)| sample.keyframe);
    assert!(!keyframes.any(|(time, _)| (time - end).abs() < 9_000));
    let whole = Selection::whole(&tape.timeline).expect("something");
    assert_files(&tape, &whole, &["48000", "44100"], "inside");
}

/// Split files: each of its rate, every frame in one of them, every picture shown once, at its
/// time on the timeline.
fn assert_files(tape: &Tape, whole: &Selection, rates: &[&str], name: &str) {
    let refused = plan::progressive(&tape.timeline, whole);
    assert!(matches!(
        refused,
        Err(PlanError::ConfigurationChange { .. })
    ));
    let selections = plan::split(&tape.timeline, whole);
    assert_eq!(selections.len(), rates.len());
    assert_eq!(selections.first().map(|s| s.start), Some(whole.start));
    assert_eq!(selections.last().map(|s| s.end), Some(whole.end));
    let (mut packets, mut shown) = (0, Vec::new());
    for (n, selection) in selections.iter().enumerate() {
        if let Some(next) = selections.get(n + 1) {
            assert_eq!(selection.end, next.start);
        }
        let mp4 = plan::progressive(&tape.timeline, selection).expect("one file");
        let file = tape.write(&format!("{name}-{n}.mp4"), &mp4.plan);
        let (rate, own) = sound(&file);
        assert_eq!(rate, rates[n]);
        packets += own;
        let start = selection.start.seconds();
        shown.extend(frames(&file).iter().map(|frame| start + frame.2));
        assert!(!pictures(&file, "warning", "0").is_empty());
    }
    assert_eq!(packets, tape.samples(false));
    let times = tape.picture_times();
    assert_eq!(shown.len(), times.len());
    for (shown, time) in shown.iter().zip(times) {
        assert!((shown - time).abs() < 1e-4, "{shown} at {time}");
    }
}
