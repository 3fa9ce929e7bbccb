//! What the command's tests share: fixtures, the command itself, ffmpeg's reading of files.
#![allow(dead_code, reason = "each test binary uses its part")]
#![allow(clippy::print_stdout, reason = "a test that did not run says so")]

pub(crate) mod server;

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

/// The fixtures and ffmpeg's tools, or a line that says what did not run and why.
pub(crate) fn media(test: &str) -> Option<PathBuf> {
    let root = std::env::var_os("LIVETAPE_MEDIA").map_or_else(
        || Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/media"),
        PathBuf::from,
    );
    let has_tools = ["ffmpeg", "ffprobe"].iter().all(|tool| {
        let run = Command::new(tool).arg("-version").output();
        run.is_ok_and(|output| output.status.success())
    });
    let missing = match (root.is_dir(), has_tools) {
        (true, true) => return root.canonicalize().ok(),
        (false, _) => "no fixtures (LIVETAPE_MEDIA)",
        (true, false) => "no ffmpeg",
    };
    let required = std::env::var("LIVETAPE_REQUIRE_MEDIA").is_ok_and(|value| value == "1");
    assert!(!required, "{test}: {missing}");
    println!("NOT RUN: {test}: {missing}");
    None
}

/// The repository's own sample.
pub(crate) fn sample() -> String {
    format!(
        "{}/../../www/demo/sample/sample.mp4",
        env!("CARGO_MANIFEST_DIR")
    )
}

/// A segment of the rollover stream.
pub(crate) fn segment(media: &Path, number: usize) -> PathBuf {
    media.join(format!(
        "hls-ts/rollover/360p30_h264_48k_160_aac_ts-00000000{number}.ts"
    ))
}

/// Runs the command.
pub(crate) fn livetape<S: AsRef<str>>(arguments: &[S]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_livetape"))
        .args(arguments.iter().map(AsRef::as_ref))
        .output()
        .expect("the command runs")
}

/// Runs the command, which has to succeed; gives what it printed and what it warned of.
pub(crate) fn succeeds<S: AsRef<str>>(arguments: &[S]) -> (String, String) {
    let output = livetape(arguments);
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    let (stdout, stderr) = (text(&output.stdout), text(&output.stderr));
    assert!(output.status.success(), "{stderr}");
    (stdout, stderr)
}

/// A path as an argument.
pub(crate) fn text(path: &Path) -> String {
    path.to_str().expect("a readable path").to_owned()
}

/// A packet as ffprobe reads it.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Packet {
    pub(crate) video: bool,
    pub(crate) pts: f64,
    pub(crate) dts: f64,
    pub(crate) hash: String,
}

/// All packets of a file, edit lists applied.
pub(crate) fn packets(file: &str) -> Vec<Packet> {
    let entries = "packet=codec_type,pts_time,dts_time,data_hash";
    let output = Command::new("ffprobe")
        .args(["-v", "error", "-show_data_hash", "md5"])
        .args(["-show_entries", entries, "-of", "json", file])
        .output()
        .expect("ffprobe runs");
    let json: serde_json::Value = serde_json::from_slice(&output.stdout).expect("JSON");
    let list = json["packets"].as_array().expect("packets");
    let seconds = |value: &serde_json::Value| {
        let text = value.as_str().expect("a time");
        text.parse().expect("a number")
    };
    list.iter()
        .map(|packet| Packet {
            video: packet["codec_type"] == "video",
            pts: seconds(&packet["pts_time"]),
            dts: seconds(&packet["dts_time"]),
            hash: packet["data_hash"].to_string(),
        })
        .collect()
}

/// The packets of one kind.
pub(crate) fn of_kind(packets: &[Packet], video: bool) -> Vec<Packet> {
    let own = packets.iter().filter(|packet| packet.video == video);
    own.cloned().collect()
}

/// Decodes the pictures of a file; gives one hash for each, and fails where ffmpeg complains.
pub(crate) fn pictures(file: &str) -> Vec<String> {
    let output = Command::new("ffmpeg")
        .args(["-v", "warning", "-i", file, "-map", "0:v"])
        .args(["-fps_mode", "passthrough", "-f", "framemd5", "-"])
        .output()
        .expect("ffmpeg runs");
    let text = String::from_utf8(output.stdout).expect("text");
    let hash = |line: &str| line.rsplit(',').next().map(|hash| hash.trim().to_owned());
    assert_eq!(String::from_utf8_lossy(&output.stderr), "", "{file}");
    let lines = text.lines().filter(|line| !line.starts_with('#'));
    lines.filter_map(hash).collect()
}

/// What ffmpeg says about a file while it decodes all of it.
pub(crate) fn complaints(file: &str) -> String {
    let output = Command::new("ffmpeg")
        .args(["-v", "warning", "-i", file, "-map", "0", "-f", "null", "-"])
        .output()
        .expect("ffmpeg runs");
    String::from_utf8_lossy(&output.stderr).into_owned()
}

/// Makes a file with ffmpeg.
pub(crate) fn ffmpeg(arguments: &str, output: &Path) {
    let status = Command::new("ffmpeg")
        .args(["-v", "error", "-y"])
        .args(arguments.split_whitespace())
        .arg(output)
        .status();
    assert!(status.expect("ffmpeg runs").success(), "{arguments}");
}
