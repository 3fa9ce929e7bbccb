//! Streams whose pictures are refreshed a stripe at a time: there is a place to start decoding, and
//! no keyframe.

mod support;

use std::fs;
use std::path::Path;
use std::process::Command;

use support::{ffmpeg, media, succeeds, text};

/// One hash for each picture that ffmpeg's decoder gives, whatever it complains of.
fn decoded(file: &Path) -> Vec<String> {
    let output = Command::new("ffmpeg")
        .args(["-v", "quiet", "-i", &text(file), "-map", "0:v"])
        .args(["-fps_mode", "passthrough", "-f", "framemd5", "-"])
        .output()
        .expect("ffmpeg runs");
    let lines = String::from_utf8(output.stdout).expect("text");
    let lines = lines.lines().filter(|line| !line.starts_with('#'));
    let hash = |line: &str| line.rsplit(',').next().map(|hash| hash.trim().to_owned());
    lines.filter_map(hash).collect()
}

/// The flags of the pictures' packets, as ffprobe reads the file.
fn flags(file: &Path) -> Vec<String> {
    let output = Command::new("ffprobe")
        .args(["-v", "error", "-select_streams", "v"])
        .args(["-show_entries", "packet=flags", "-of", "csv=p=0"])
        .arg(file)
        .output()
        .expect("ffprobe runs");
    let lines = String::from_utf8(output.stdout).expect("text");
    lines.lines().map(str::to_owned).collect()
}

/// Ten seconds, without the IDR picture they began with.
fn refreshed(to: &Path, sound: bool) {
    let sound = if sound {
        "-f lavfi -i sine=r=48000:b=2"
    } else {
        "-an"
    };
    let pictures = "-f lavfi -i testsrc=s=160x90:r=25";
    let coding = "-t 10 -pix_fmt yuv420p -c:v libx264 -preset veryfast -tune zerolatency";
    let refresh = "-x264-params intra-refresh=1:keyint=50 -c:a aac -f mpegts";
    ffmpeg(&format!("{pictures} {sound} {coding} {refresh}"), to);
    let bytes = fs::read(to).expect("there");
    let third = bytes.len() / 3 / 188 * 188;
    fs::write(to, &bytes[third..]).expect("written");
}

#[test]
fn a_stream_joined_between_its_keyframes_has_its_pictures() {
    if media("a_stream_joined_between_its_keyframes_has_its_pictures").is_none() {
        return;
    }
    let folder = tempfile::tempdir().expect("a folder");
    let path = |name: &str| folder.path().join(name);
    let (input, out, clip) = (path("in.ts"), path("out.mp4"), path("clip.mp4"));
    for sound in [true, false] {
        refreshed(&input, sound);
        let known = decoded(&input);
        assert!(known.len() > 100, "{}", known.len());
        for form in [None, Some("--fragmented")] {
            let (input, out) = (text(&input), text(&out));
            let plain = ["remux", &input, "-o", &out];
            let arguments: Vec<&str> = plain.into_iter().chain(form).collect();
            let (_, said) = succeeds(&arguments);
            assert!(!said.contains("track_left_out"), "{said}");
            assert_eq!(decoded(Path::new(&out)), known, "{form:?}");
        }
        let flags = flags(&out);
        assert!(flags[0].starts_with('K'), "{flags:?}");
        // From the middle of a refresh on: right from the first picture on.
        let ends = ["--start", "3.03", "--end", "4"];
        let (input, clip_path) = (text(&input), text(&clip));
        let arguments = ["remux", &input, "-o", &clip_path];
        succeeds(&[&arguments[..], &ends].concat());
        let cut = decoded(&clip);
        assert_eq!(cut.len(), 24);
        assert!(known.windows(cut.len()).any(|own| own == cut), "{cut:?}");
    }
}

#[test]
fn a_table_of_keyframes_that_is_empty_drops_no_picture() {
    if media("a_table_of_keyframes_that_is_empty_drops_no_picture").is_none() {
        return;
    }
    let folder = tempfile::tempdir().expect("a folder");
    let path = |name: &str| folder.path().join(name);
    let (input, out) = (path("in.mp4"), path("out.mp4"));
    let pictures = "-f lavfi -i testsrc=s=160x90:r=25 -f lavfi -i sine=r=48000:b=2";
    let coding = "-t 4 -pix_fmt yuv420p -c:v libx264 -preset veryfast -bf 0 -g 25 -c:a aac";
    ffmpeg(&format!("{pictures} {coding}"), &input);
    let known = decoded(&input);
    let mut bytes = fs::read(&input).expect("there");
    let stss = bytes.windows(4).position(|own| own == b"stss");
    let count = stss.expect("a table") + 8;
    bytes[count..count + 4].fill(0);
    fs::write(&input, bytes).expect("written");
    let (_, said) = succeeds(&["remux", &text(&input), "-o", &text(&out)]);
    assert!(said.contains("warning[no_keyframe]: "), "{said}");
    assert_eq!(decoded(&out), known);
}

#[test]
fn a_track_that_is_not_in_the_file_is_told() {
    if media("a_track_that_is_not_in_the_file_is_told").is_none() {
        return;
    }
    let folder = tempfile::tempdir().expect("a folder");
    let path = |name: &str| folder.path().join(name);
    let (input, out) = (path("in.ts"), path("out.mp4"));
    let pictures = "-f lavfi -i testsrc=s=160x90:r=25 -itsoffset 3 -f lavfi -i sine=r=48000:b=2";
    let coding = "-t 6 -pix_fmt yuv420p -c:v libx264 -preset veryfast -c:a aac";
    ffmpeg(&format!("{pictures} {coding}"), &input);
    let plain = ["remux", &text(&input), "-o", &text(&out)];
    let (_, said) = succeeds(&plain);
    assert!(!said.contains("track_left_out"), "{said}");
    let (_, said) = succeeds(&[&plain[..], &["--end", "2"]].concat());
    assert!(
        said.contains("warning[track_left_out]: a track of sound"),
        "{said}"
    );
}
