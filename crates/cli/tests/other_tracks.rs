//! Tracks that are neither pictures nor sound: carried where an MP4 can hold them, else named.

mod support;

use std::fs;
use std::path::Path;
use std::process::Command;

use support::{ffmpeg, media, pictures, succeeds, text};

const SUBTITLES: &str = "1\n00:00:01,000 --> 00:00:02,500\nhello\n\n\
                         2\n00:00:13,500 --> 00:00:14,000\nworld\n";

/// A file of 16 s with pictures, sound and two subtitles, the later after a long silence.
fn subtitled(folder: &Path) -> String {
    let (subtitles, file) = (folder.join("text.srt"), folder.join("in.mp4"));
    fs::write(&subtitles, SUBTITLES).expect("written");
    let arguments = format!(
        "-f lavfi -i testsrc2=s=320x180:r=25:d=16 -f lavfi -i sine=r=48000:d=16 -i {} -c:v libx264 \
         -preset ultrafast -bf 2 -g 50 -c:a aac -c:s mov_text",
        text(&subtitles)
    );
    ffmpeg(&arguments, &file);
    text(&file)
}

/// Words and times in seconds, from the first picture on, as ffmpeg reads them.
fn words(file: &str) -> Vec<(f64, String)> {
    let probe = |selected: &str, entries: &str| {
        let output = Command::new("ffprobe")
            .args(["-v", "error", "-select_streams", selected, "-show_data"])
            .args(["-show_entries", entries, "-of", "json", file])
            .output()
            .expect("ffprobe runs");
        let json: serde_json::Value = serde_json::from_slice(&output.stdout).expect("JSON");
        json
    };
    let seconds = |value: &serde_json::Value| -> f64 {
        let text = value.as_str().expect("a time");
        text.parse().expect("a number")
    };
    let video = probe("v", "stream=start_time");
    let zero = seconds(&video["streams"][0]["start_time"]);
    let packets = probe("s", "packet=pts_time,data");
    let packets = packets["packets"].as_array().expect("packets").iter();
    packets
        .filter_map(|packet| {
            let dump = packet["data"].as_str().expect("a dump");
            let word = ["hello", "world"]
                .iter()
                .find(|word| dump.contains(**word))?;
            let time = seconds(&packet["pts_time"]) - zero;
            Some(((time * 1_000.0).round() / 1_000.0, (*word).to_owned()))
        })
        .collect()
}

#[test]
fn subtitles_are_carried_with_their_times() {
    if media("subtitles_are_carried_with_their_times").is_none() {
        return;
    }
    let folder = tempfile::tempdir().expect("a folder");
    let input = subtitled(folder.path());
    let out = text(&folder.path().join("out.mp4"));
    // Picture 50 is a keyframe, shown at 2 s; the first subtitle is on then.
    for (range, times) in [(&[][..], [1.0, 13.5]), (&["--start", "2"][..], [0.0, 11.5])] {
        for form in [&[][..], &["--fragmented"]] {
            let arguments = [&["remux", &input, "-o", &out], range, form].concat();
            let (_, warnings) = succeeds(&arguments);
            assert_eq!(warnings, "");
            let expected = times
                .into_iter()
                .zip(["hello".to_owned(), "world".to_owned()]);
            let expected: Vec<_> = expected.collect();
            assert_eq!(words(&out), expected, "{arguments:?}");
            assert!(!pictures(&out).is_empty(), "{arguments:?}");
        }
    }
}

#[test]
fn a_time_code_track_is_named_and_left_out() {
    if media("a_time_code_track_is_named_and_left_out").is_none() {
        return;
    }
    let folder = tempfile::tempdir().expect("a folder");
    let input = folder.path().join("in.mov");
    let arguments = "-f lavfi -i testsrc2=s=320x180:r=25:d=1 -c:v libx264 -timecode 10:00:00:00";
    ffmpeg(arguments, &input);
    let out = text(&folder.path().join("out.mp4"));
    let (_, warnings) = succeeds(&["remux", &text(&input), "-o", &out]);
    assert!(
        warnings.starts_with("warning[track_left_out]: "),
        "{warnings}"
    );
    assert!(warnings.contains("'tmcd'"), "{warnings}");
}
