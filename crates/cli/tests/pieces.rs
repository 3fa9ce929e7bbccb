//! Several inputs as one stream, and where one file cannot hold it.

mod support;

use std::fs;

use support::{complaints, ffmpeg, media, pictures, succeeds, text};

#[test]
fn another_configuration_gets_another_file() {
    if media("another_configuration_gets_another_file").is_none() {
        return;
    }
    let folder = tempfile::tempdir().expect("a folder");
    let made = |name: &str, rate: u32| {
        let path = folder.path().join(name);
        let arguments = format!(
            "-f lavfi -i testsrc2=s=320x180:r=25:d=2 -f lavfi -i sine=r={rate}:d=2 -c:v libx264 \
             -preset ultrafast -c:a aac"
        );
        ffmpeg(&arguments, &path);
        text(&path)
    };
    let inputs = [made("a.ts", 48_000), made("b.ts", 44_100)];
    let [one, other] = &inputs;
    let out = folder.path().join("out.mp4");
    let arguments = ["remux", one, other, "-o", &text(&out), "--single"];
    let refused = support::livetape(&[&arguments[..], &["--fragmented"]].concat());
    assert_eq!(refused.status.code(), Some(1));
    let said = String::from_utf8_lossy(&refused.stderr).into_owned();
    assert!(said.contains("error[configuration_change]: "), "{said}");
    assert!(!out.exists());
    let (_, warnings) = succeeds(&arguments);
    assert!(warnings.contains("warning[configuration_change]: "));
    assert_eq!(pictures(&text(&out)).len(), 100);
    assert!(!folder.path().join("out.2.mp4").exists());
    let (report, warnings) = succeeds(&["remux", one, other, "-o", &text(&out), "--json"]);
    let report: serde_json::Value = serde_json::from_str(&report).expect("JSON");
    for (number, start) in [(0, 0.0), (1, 2.0)] {
        let told = report["files"][number]["start"].as_f64().expect("a time");
        assert!(
            (told - start).abs() < 0.1,
            "file {number} starts at {told} s"
        );
    }
    assert!(warnings.contains("warning[configuration_change]: "));
    for name in ["out.mp4", "out.2.mp4"] {
        let file = text(&folder.path().join(name));
        assert_eq!(pictures(&file).len(), 50, "{name}");
        assert_eq!(complaints(&file), "");
    } // A second file does not take the place of an input.
    let second = folder.path().join("out.2.mp4");
    let before = fs::read(&second).ok();
    let arguments = ["remux", &text(&second), other, one, "-o", &text(&out)];
    let refused = support::livetape(&arguments);
    let said = String::from_utf8_lossy(&refused.stderr).into_owned();
    assert!(said.contains("error[output_is_input]: "), "{said}");
    assert_eq!(fs::read(&second).ok(), before);
}

#[test]
fn pieces_of_any_format_follow_one_another() {
    if media("pieces_of_any_format_follow_one_another").is_none() {
        return;
    }
    let folder = tempfile::tempdir().expect("a folder");
    let made = |name: &str, seconds: &str| {
        let path = folder.path().join(name);
        let arguments = format!(
            "-f lavfi -i testsrc2=s=320x180:r=25:d={seconds} -f lavfi -i sine=r=48000:d={seconds} \
             -c:v libx264 -preset ultrafast -c:a aac"
        );
        ffmpeg(&arguments, &path);
        text(&path)
    };
    let short = made("short.mp4", "0.4");
    let stream = made("stream.ts", "1");
    let out = text(&folder.path().join("out.mp4"));
    for (inputs, count) in [
        // Each begins at 0, and lasts less than a range that was sent twice may.
        (vec![&short, &short, &short], 30),
        (vec![&stream, &short], 35),
        (vec![&short, &stream, &short], 45),
    ] {
        let mut arguments = vec!["remux"];
        arguments.extend(inputs.iter().map(|input| input.as_str()));
        arguments.extend(["-o", &out, "--json"]);
        let (report, warnings) = succeeds(&arguments);
        assert!(!warnings.contains("overlap"), "{inputs:?}: {warnings}");
        // MP4 and MPEG-TS may describe the same sound in two ways, which makes two files.
        let report: serde_json::Value = serde_json::from_str(&report).expect("JSON");
        let files = report["files"].as_array().expect("files").iter();
        let tracks = files.flat_map(|file| file["tracks"].as_array().expect("tracks"));
        let samples = |kind: &str| -> u64 {
            let own = tracks.clone().filter(|track| track["kind"] == kind);
            own.map(|track| track["samples"].as_u64().expect("a number"))
                .sum()
        };
        assert_eq!(samples("video"), count, "{inputs:?}");
        assert!(samples("audio") * 1024 >= count * 48_000 / 25, "{inputs:?}");
    }
}
