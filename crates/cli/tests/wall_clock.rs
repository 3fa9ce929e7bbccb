//! Dates of a playlist are in the files made of it.

mod support;

use std::fs;
use std::path::Path;
use std::process::Command;

use support::{ffmpeg, media, succeeds, text};

/// Two pieces of four seconds, the second dated ten minutes after the first.
fn playlist(folder: &Path) -> String {
    for name in ["a.ts", "b.ts"] {
        let arguments = "-f lavfi -i testsrc2=s=64x48:r=25:d=4 -f lavfi -i sine=r=48000:d=4 \
                         -c:v libx264 -preset ultrafast -bf 2 -g 50 -c:a aac";
        ffmpeg(arguments, &folder.join(name));
    }
    let playlist = "#EXTM3U\n#EXT-X-TARGETDURATION:4\n\
                    #EXT-X-PROGRAM-DATE-TIME:2026-03-01T12:00:00.250+01:00\n#EXTINF:4,\na.ts\n\
                    #EXT-X-DISCONTINUITY\n\
                    #EXT-X-PROGRAM-DATE-TIME:2026-03-01T12:10:00.750+01:00\n#EXTINF:4,\nb.ts\n\
                    #EXT-X-ENDLIST\n";
    let path = folder.join("dated.m3u8");
    fs::write(&path, playlist).expect("written");
    text(&path)
}

/// What ffprobe reads as the time of creation, of the file and of its first track.
fn created(file: &str) -> [String; 2] {
    ["format_tags=creation_time", "stream_tags=creation_time"].map(|entries| {
        let mut command = Command::new("ffprobe");
        command.args([
            "-v",
            "error",
            "-select_streams",
            "v",
            "-show_entries",
            entries,
        ]);
        let output = command.args(["-of", "csv=p=0", file]).output();
        let text = String::from_utf8(output.expect("ffprobe runs").stdout).expect("text");
        text.trim().to_owned()
    })
}

#[test]
fn the_date_of_the_first_picture_is_the_files() {
    if media("the_date_of_the_first_picture_is_the_files").is_none() {
        return;
    }
    let folder = tempfile::tempdir().expect("a folder");
    let playlist = playlist(folder.path());
    let out = text(&folder.path().join("out.mp4"));
    let cases: [(&[&str], &str, &str); 4] = [
        (&[], "2026-03-01T11:00:00.250Z", "2026-03-01T11:00:00"),
        (
            &["--start", "1.5"],
            "2026-03-01T11:00:01.770Z",
            "2026-03-01T11:00:01",
        ),
        (
            &["--start", "6"],
            "2026-03-01T11:10:02.7",
            "2026-03-01T11:10:02",
        ),
        (
            &["--fragmented"],
            "2026-03-01T11:00:00.250Z",
            "2026-03-01T11:00:00",
        ),
    ];
    for (further, told, second) in cases {
        let mut arguments = vec!["remux", &playlist, "-o", &out, "--json"];
        arguments.extend(further);
        let (report, _) = succeeds(&arguments);
        let report: serde_json::Value = serde_json::from_str(&report).expect("JSON");
        let start = report["files"][0]["wallClockStart"].as_str();
        assert!(
            start.is_some_and(|start| start.starts_with(told)),
            "{further:?}: {start:?}"
        );
        for created in created(&out) {
            assert_eq!(created, format!("{second}.000000Z"), "{further:?}");
        }
    }
    let bytes = fs::read(&out).expect("the fragmented file");
    let clock = bytes.windows(4).position(|kind| kind == b"prft");
    let fragment = bytes.windows(4).position(|kind| kind == b"moof");
    assert!(clock.is_some() && clock < fragment);
}

#[test]
fn a_stream_without_dates_has_none() {
    if media("a_stream_without_dates_has_none").is_none() {
        return;
    }
    let folder = tempfile::tempdir().expect("a folder");
    playlist(folder.path());
    let out = text(&folder.path().join("out.mp4"));
    let source = text(&folder.path().join("a.ts"));
    let (report, _) = succeeds(&["remux", &source, "-o", &out, "--json"]);
    let report: serde_json::Value = serde_json::from_str(&report).expect("JSON");
    assert!(report["files"][0]["wallClockStart"].is_null());
    assert_eq!(created(&out), ["", ""]);
}
