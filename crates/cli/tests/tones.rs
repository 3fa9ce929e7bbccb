//! A DISCONTINUITY with another configuration: in each file the tone and the pictures are right.

mod support;

use std::fs;
use std::path::Path;
use std::process::Command;

use support::{complaints, ffmpeg, media, of_kind, packets, succeeds, text};

/// Seconds of each part.
const SECONDS: u32 = 4;
/// What each part is: width, height, pictures a second, sound's rate and tone.
const PARTS: [(u32, u32, u32, u32, f64); 3] = [
    (160, 90, 30, 48_000, 440.0),
    (320, 180, 25, 44_100, 880.0),
    (160, 90, 30, 48_000, 440.0),
];

/// The parts in a playlist with a discontinuity between each two.
fn playlist(folder: &Path) -> String {
    let mut playlist = format!("#EXTM3U\n#EXT-X-TARGETDURATION:{SECONDS}\n");
    for (number, (width, height, fps, rate, tone)) in PARTS.into_iter().enumerate() {
        let arguments = format!(
            "-f lavfi -i testsrc2=s={width}x{height}:r={fps}:d={SECONDS} \
             -f lavfi -i sine=f={tone}:r={rate}:d={SECONDS} \
             -c:v libx264 -preset ultrafast -bf 2 -g {fps} -c:a aac -b:a 128k"
        );
        ffmpeg(&arguments, &folder.join(format!("{number}.ts")));
        let discontinuity = if number > 0 {
            "#EXT-X-DISCONTINUITY\n"
        } else {
            ""
        };
        playlist += &format!("{discontinuity}#EXTINF:{SECONDS},\n{number}.ts\n");
    }
    let path = folder.join("tones.m3u8");
    fs::write(&path, playlist + "#EXT-X-ENDLIST\n").expect("written");
    text(&path)
}

/// The tone ffmpeg hears in two seconds from `start` on, in Hz: by the zero crossings of the decoded
/// sound, those at both ends placed between samples.
fn tone(file: &str, start: f64, rate: u32) -> f64 {
    let mut command = Command::new("ffmpeg");
    command.args([
        "-v",
        "error",
        "-i",
        file,
        "-map",
        "0:a",
        "-ss",
        &start.to_string(),
    ]);
    command.args([
        "-t",
        "2",
        "-ac",
        "1",
        "-ar",
        &rate.to_string(),
        "-f",
        "f32le",
        "-",
    ]);
    let bytes = command.output().expect("ffmpeg runs").stdout;
    let samples = bytes
        .as_chunks::<4>()
        .0
        .iter()
        .map(|own| f32::from_le_bytes(*own));
    let samples: Vec<f64> = samples.map(f64::from).collect();
    assert!(
        samples.len() as f64 > 1.99 * f64::from(rate),
        "{file}: sound to the end"
    );
    let rising = samples
        .windows(2)
        .enumerate()
        .filter_map(|(at, pair)| match pair {
            [before, after] if *before < 0.0 && *after >= 0.0 => {
                Some(at as f64 + before / (before - after))
            }
            _ => None,
        });
    let rising: Vec<f64> = rising.collect();
    let (first, last) = (
        rising.first().expect("a tone"),
        rising.last().expect("a tone"),
    );
    (rising.len() - 1) as f64 * f64::from(rate) / (last - first)
}

/// Width and height of each picture shown.
fn sizes(file: &str) -> Vec<(u32, u32)> {
    let mut command = Command::new("ffprobe");
    command.args(["-v", "error", "-select_streams", "v", "-show_entries"]);
    command.args(["frame=width,height", "-of", "csv=p=0", file]);
    let output = String::from_utf8(command.output().expect("ffprobe runs").stdout);
    let output = output.expect("text");
    let size = |line: &str| {
        let (width, height) = line.trim_end_matches(',').split_once(',')?;
        Some((width.parse().ok()?, height.parse().ok()?))
    };
    output.lines().filter_map(size).collect()
}

#[test]
fn each_file_has_its_own_tone_and_pictures() {
    if media("each_file_has_its_own_tone_and_pictures").is_none() {
        return;
    }
    let folder = tempfile::tempdir().expect("a folder");
    let playlist = playlist(folder.path());
    let out = text(&folder.path().join("out.mp4"));
    let (report, warnings) = succeeds(&["remux", &playlist, "-o", &out, "--json"]);
    assert!(
        warnings.contains("warning[configuration_change]: "),
        "{warnings}"
    );
    let report: serde_json::Value = serde_json::from_str(&report).expect("JSON");
    let files = report["files"].as_array().expect("files");
    assert_eq!(files.len(), PARTS.len());
    let mut due = 0.0;
    for (number, (file, part)) in files.iter().zip(PARTS).enumerate() {
        let (width, height, fps, rate, expected) = part;
        let path = file["path"].as_str().expect("a path");
        assert_eq!(complaints(path), "");
        let shown = vec![(width, height); (fps * SECONDS) as usize];
        assert!(sizes(path) == shown, "{path}");
        let found = tone(path, 1.0, rate);
        assert!((found - expected).abs() < 1.0, "{path}: {found} Hz");
        // No frame of sound is lost, and none is another part's.
        let source = text(&folder.path().join(format!("{number}.ts")));
        let frames = of_kind(&packets(path), false).len();
        assert_eq!(frames, of_kind(&packets(&source), false).len(), "{path}");
        let (start, length) = (file["start"].as_f64(), file["duration"].as_f64());
        let start = start.expect("a start");
        assert!(
            (start - due).abs() < 0.001,
            "{path}: starts at {start}, not {due}"
        );
        due = start + length.expect("a duration");
        assert_eq!(file["tracks"][1]["sample_rate"], rate);
        assert_eq!(file["tracks"][0]["width"], width);
    }
}

#[test]
fn in_one_file_ffmpeg_hears_each_tone() {
    if media("in_one_file_ffmpeg_hears_each_tone").is_none() {
        return;
    }
    let folder = tempfile::tempdir().expect("a folder");
    let playlist = playlist(folder.path());
    let out = text(&folder.path().join("out.mp4"));
    let (_, warnings) = succeeds(&["remux", &playlist, "-o", &out, "--single"]);
    assert!(
        warnings.contains("warning[configuration_change]: "),
        "{warnings}"
    );
    for (number, (.., expected)) in (0_u32..).zip(PARTS) {
        let found = tone(&out, f64::from(number * SECONDS) + 1.0, 48_000);
        assert!((found - expected).abs() < 1.0, "part {number}: {found} Hz");
    }
    let shown: Vec<_> = PARTS
        .iter()
        .flat_map(|part| vec![(part.0, part.1); (part.2 * SECONDS) as usize])
        .collect();
    assert!(sizes(&out) == shown);
}
