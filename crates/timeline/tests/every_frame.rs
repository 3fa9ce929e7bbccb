//! Clips that begin at every picture of three GOPs, and half way between two, decoded by ffmpeg.

mod support;

use std::path::{Path, PathBuf};
use std::process::Command;

use livetape_media::{Timescale, Timestamp};
use livetape_timeline::plan::{Selection, progressive};
use support::{Tape, has_ffmpeg, run, text};

/// Pictures in a GOP, and so many GOPs begin a clip at each of theirs.
const GOP: usize = 12;
const GOPS: usize = 3;
/// A clip's pictures: it ends in another GOP than it begins in, or in its own.
const LENGTH: usize = 7;
/// Ticks of 90 kHz by which a time may be off: each track has been rounded once.
const ROUNDED: i64 = 2;

/// A picture or a frame of sound: when, in ticks of 90 kHz, and the hash of what ffmpeg makes of it
/// (a picture decoded, a frame of sound as it is).
type Hashed = (i64, String);

/// Pictures and sound in the order of their times. ffmpeg must not say a word.
fn hashed(file: &Path, more: &str) -> [Vec<Hashed>; 2] {
    let arguments = "-map 0:v -map 0:a -c:a copy -enc_time_base:v 1/90000 -fps_mode passthrough \
                     -f framehash -hash md5 -";
    let mut all = vec!["-copyts", "-i", text(file)];
    all.extend(more.split_whitespace().chain(arguments.split_whitespace()));
    let lines = run("ffmpeg", "warning", &all);
    let timescale = |stream: &str| -> i64 {
        let head = format!("#tb {stream}: ");
        let line = lines.lines().find_map(|line| line.strip_prefix(&head));
        let (ticks, timescale) = line.and_then(|tb| tb.split_once('/')).expect("a time base");
        timescale.parse::<i64>().expect("a number") / ticks.parse::<i64>().expect("a number")
    };
    ["0", "1"].map(|stream| {
        let timescale = timescale(stream);
        let own = lines.lines().filter_map(|line| {
            let mut fields = line.split(',').map(str::trim);
            let time: i64 = (fields.next()? == stream)
                .then(|| fields.nth(1))??
                .parse()
                .ok()?;
            Some((time * 90_000 / timescale, fields.nth(2)?.to_owned()))
        });
        let mut own: Vec<_> = own.collect();
        own.sort();
        own
    })
}

/// Makes a stream of tiny pictures with B-frames, and sound.
fn source(name: &str, codec: &str) -> PathBuf {
    let path = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
    let seconds = (GOPS * GOP + 2 * LENGTH + 1) as f64 / 25.0;
    let arguments = format!(
        "-y -f lavfi -i testsrc2=s=64x48:r=25:d={seconds} -f lavfi -i sine=r=48000:d={seconds} \
         -pix_fmt yuv420p {codec} -c:a aac"
    );
    let mut command = Command::new("ffmpeg");
    command
        .args(["-v", "error"])
        .args(arguments.split_whitespace());
    assert!(command.arg(&path).status().expect("it runs").success());
    path
}

/// Cuts at every picture of three GOPs, each time so many ticks before it.
fn assert_exact(name: &str, codec: &str, early: &[i64]) {
    if !has_ffmpeg(name) {
        return;
    }
    let path = source(&format!("{name}.ts"), codec);
    // In a file, sound is without the headers that it has in a stream.
    let [pictures, sound] = hashed(&path, "-bsf:a aac_adtstoasc");
    let mut tape = Tape::default();
    tape.append(&path);
    let (shown, _) = tape.timeline.span().expect("pictures");
    // The tape's times are the source's but for this.
    let origin = pictures[0].0 - shown.ticks;
    let at = |ticks: i64| Timestamp::new(ticks - origin, Timescale::MPEG);
    for first in 0..GOPS * GOP {
        for early in early {
            let (zero, end) = (pictures[first].0, pictures[first + LENGTH].0);
            let start = zero - early;
            let selection = Selection::new(&tape.timeline, at(start), at(end)).expect("pictures");
            assert_eq!(selection.start, at(zero));
            let mp4 = progressive(&tape.timeline, &selection).expect("one file");
            let file = tape.write(&format!("{name}.mp4"), &mp4.plan);
            let [shown, heard] = hashed(&file, "");
            same(
                &shown,
                &pictures[first..first + LENGTH],
                zero,
                (name, first),
            );
            // The frames that are on at the start and at the end are whole.
            let is_heard = |time: i64| time + 1_920 > zero + ROUNDED && time + ROUNDED < end;
            let expected: Vec<_> = sound
                .iter()
                .filter(|own| is_heard(own.0))
                .cloned()
                .collect();
            same(&heard, &expected, zero, (name, first));
        }
    }
}

/// The same things, each as long after 0 as the source's after `zero`.
fn same(found: &[Hashed], expected: &[Hashed], zero: i64, clip: (&str, usize)) {
    let hashes = |list: &[Hashed]| -> Vec<_> { list.iter().map(|own| own.1.clone()).collect() };
    assert_eq!(hashes(found), hashes(expected), "{clip:?}");
    for (found, expected) in found.iter().zip(expected) {
        let off = found.0 - (expected.0 - zero);
        assert!(off.abs() <= ROUNDED, "{clip:?}: {found:?} is off by {off}");
    }
}

#[test]
fn h264_with_b_frames() {
    let codec = format!("-c:v libx264 -preset veryfast -bf 3 -g {GOP} -sc_threshold 0");
    // At its time, and half way from the one before.
    assert_exact("h264_with_b_frames", &codec, &[0, 1_800]);
}

/// Each GOP but the first begins with an I picture that pictures shown before it follow, which
/// refer to the GOP before.
#[test]
fn h264_with_open_gops() {
    let codec = format!(
        "-c:v libx264 -preset veryfast -bf 3 -g {GOP} -sc_threshold 0 -x264-params open-gop=1"
    );
    assert_exact("h264_with_open_gops", &codec, &[0]);
}

#[test]
fn h265_with_open_gops() {
    let codec = format!(
        "-c:v libx265 -preset ultrafast -x265-params \
         open-gop=1:keyint={GOP}:min-keyint={GOP}:bframes=3:b-adapt=0:scenecut=0:log-level=error"
    );
    assert_exact("h265_with_open_gops", &codec, &[0]);
}
