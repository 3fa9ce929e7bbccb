//! Streams whose configuration changes, as files that ffmpeg decodes without a word.

mod support;

use std::path::Path;

use livetape_media::{Timescale, Timestamp};
use livetape_timeline::Track;
use livetape_timeline::plan::{self, Form, PlanError, Selection};
use support::{Tape, media, read, run, text};

const SMALL: &str = "hls-ts/h264-aac/n_0_0_0.ts"; // 320x180, 48 kHz
const LARGE: &str = "hls-ts/rollover/360p30_h264_48k_160_aac_ts-0000000028.ts"; // 640x360, 48 kHz
const OTHER_RATE: &str = "ts/structure/test-segment.ts"; // 388x300, 44.1 kHz

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
    assert_eq!(
        plan::split(&tape.timeline, &whole, Form::Progressive).len(),
        1
    );
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

/// In one file all the same, when asked for.
#[test]
fn sound_of_two_rates_can_be_forced_into_one_file() {
    let Some(root) = media("sound_of_two_rates_can_be_forced_into_one_file") else {
        return;
    };
    let tape = Tape::new(&root, &[SMALL, OTHER_RATE, LARGE]);
    let whole = Selection::whole(&tape.timeline).expect("something");
    let mp4 = plan::single(&tape.timeline, &whole).expect("one file");
    let file = tape.write("single.mp4", &mp4.plan);
    // The third part has the first's entry.
    let bytes = std::fs::read(&file).expect("written");
    let entries = bytes.windows(4).filter(|kind| kind == b"mp4a");
    assert_eq!(entries.count(), 2);
    assert_eq!(sound(&file).1, tape.samples(false));
    assert_eq!(frames(&file).len(), tape.picture_times().len());
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
    let selections = plan::split(&tape.timeline, whole, Form::Progressive);
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
