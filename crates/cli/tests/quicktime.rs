//! QuickTime files: sound descriptions that MP4 does not know, `wide`, and a movie header at the
//! end; and sound of HE-AAC.

mod support;

use std::path::Path;
use std::process::Command;

use support::{complaints, ffmpeg, media, of_kind, packets, succeeds, text};

#[test]
fn a_quicktime_file_becomes_an_mp4_file() {
    if media("a_quicktime_file_becomes_an_mp4_file").is_none() {
        return;
    }
    let folder = tempfile::tempdir().expect("a folder");
    let path = |name: &str| folder.path().join(name);
    let (movie, out) = (path("in.mov"), path("out.mp4"));
    let source = "-f lavfi -i testsrc2=s=128x96:r=25:d=2 -f lavfi -i sine=440:d=2 -c:v libx264 \
                  -preset ultrafast -c:a aac";
    ffmpeg(source, &movie);
    let bytes = std::fs::read(&movie).expect("made");
    assert_eq!(bytes.get(8..12), Some(b"qt  ".as_slice()));
    for kind in [b"wide", b"wave"] {
        assert!(bytes.windows(4).any(|found| found == kind));
    }
    let (input, output) = (text(&movie), text(&out));
    let (said, _) = succeeds(&["remux", &input, "-o", &output]);
    assert!(said.contains("(mp4a.40.2)"), "{said}");
    let (from, to) = (packets(&input), packets(&output));
    for video in [true, false] {
        let (from, to) = (of_kind(&from, video), of_kind(&to, video));
        assert!(to.len() > 40);
        assert_eq!(from.len(), to.len());
        for (from, to) in from.iter().zip(&to) {
            assert_eq!(from.hash, to.hash);
            let origin = (from.pts - to.pts).abs();
            assert!(origin < 1e-3, "{from:?} {to:?}");
        }
    }
    let bytes = std::fs::read(&out).expect("written");
    assert!(!bytes.windows(4).any(|kind| kind == b"wave"));
    assert_eq!(complaints(&output), "");
}

/// A file's sound as ffmpeg decodes it, edit lists left aside.
fn sound(file: &Path, options: &[&str]) -> Vec<u8> {
    let output = Command::new("ffmpeg")
        .args(["-v", "quiet"])
        .args(options)
        .arg("-i")
        .arg(file)
        .args(["-map", "0:a", "-f", "s16le", "-"])
        .output()
        .expect("ffmpeg runs");
    output.stdout
}

/// In ADTS, SBR is not signalled: frames are 1024 samples of the core's rate, half that of what
/// is heard.
#[test]
fn he_aac_keeps_its_times_and_its_sound() {
    let Some(root) = media("he_aac_keeps_its_times_and_its_sound") else {
        return;
    };
    let folder = tempfile::tempdir().expect("a folder");
    let out = folder.path().join("out.mp4");
    let source = root.join("ts/real-defects/no-initial-keyframe.ts");
    let (input, output) = (text(&source), text(&out));
    succeeds(&["remux", &input, "-o", &output]);
    let probe = |file: &str| {
        let entries = "stream=codec_name,profile,sample_rate,channels";
        let probed = Command::new("ffprobe")
            .args([
                "-v",
                "quiet",
                "-select_streams",
                "a",
                "-show_entries",
                entries,
            ])
            .args(["-of", "csv=p=0", file])
            .output()
            .expect("ffprobe runs");
        String::from_utf8_lossy(&probed.stdout)
            .lines()
            .next()
            .map(str::to_owned)
    };
    assert_eq!(probe(&input).as_deref(), Some("aac,HE-AAC,44100,2"));
    assert_eq!(probe(&output).as_deref(), Some("aac,HE-AAC,44100,2"));
    let (from, to) = (packets(&input), packets(&output));
    let (from, to) = (of_kind(&from, false), of_kind(&to, false));
    let steps = to.windows(2).map(|pair| pair[1].pts - pair[0].pts);
    // 1024 samples at 22,050 Hz.
    assert!({ steps }.all(|step| (step - 1024.0 / 22_050.0).abs() < 1e-5));
    let span = |packets: &[support::Packet]| packets[packets.len() - 1].pts - packets[0].pts;
    let missing = (from.len() - to.len()) as f64 * 1024.0 / 22_050.0;
    assert!((span(&from) - missing - span(&to)).abs() < 1e-3);
    // 57 frames of 2048 samples, of two channels with two bytes each: what the source's are.
    let heard = sound(&out, &["-ignore_editlist", "1"]);
    assert_eq!(heard.len(), 57 * 2048 * 4);
    assert_eq!(heard, sound(&source, &[]));
}
