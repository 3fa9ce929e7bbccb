//! What the command refuses: a code and a sentence, a status, and no file.

mod support;

use std::fs;
use std::path::Path;

use support::{complaints, ffmpeg, livetape, media, packets, sample, succeeds, text};

/// The command fails with this code, in one sentence, and leaves nothing behind in `folder`;
/// gives what it said.
fn refused(arguments: &[&str], code: &str, folder: &Path) -> String {
    let output = livetape(arguments);
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    let error = said.lines().find(|line| line.starts_with("error["));
    let expected = format!("error[{code}]: ");
    assert!(error.is_some_and(|e| e.starts_with(&expected)), "{said}");
    assert_eq!(output.status.code(), Some(1), "{said}");
    assert!(output.stdout.is_empty());
    let left = fs::read_dir(folder).expect("there").count();
    assert_eq!(left, 0, "{code}: something was left in the folder");
    said
}

#[test]
fn inputs_that_cannot_be_read_are_refused() {
    let folder = tempfile::tempdir().expect("a folder");
    let out = text(&folder.path().join("out.mp4"));
    let manifest = concat!(env!("CARGO_MANIFEST_DIR"), "/Cargo.toml");
    let remux = |input: &str, code: &str| {
        refused(&["remux", input, "-o", &out], code, folder.path());
    };
    remux(manifest, "unknown_input");
    remux("no such file.ts", "missing_input");
    remux(env!("CARGO_MANIFEST_DIR"), "unreadable_input");
    remux("http://127.0.0.1:1/a.ts", "unreachable");
    refused(&["inspect", manifest], "unknown_input", folder.path());
}

#[test]
fn inputs_that_hold_nothing_say_what_is_missing() {
    let (folder, inputs) = (tempfile::tempdir(), tempfile::tempdir());
    let (folder, inputs) = (folder.expect("a folder"), inputs.expect("a folder"));
    let out = text(&folder.path().join("out.mp4"));
    let no_segment = "#EXTM3U\n#EXT-X-TARGETDURATION:2\n#EXT-X-ENDLIST\n";
    for (name, content, code, why) in [
        ("empty.ts", &b""[..], "unknown_input", "is empty"),
        ("raw.aac", b"\xff\xf1\x50\x80", "unknown_input", "raw AAC"),
        ("a.webm", b"\x1a\x45\xdf\xa3", "unknown_input", "WebM"),
        (
            "none.m3u8",
            no_segment.as_bytes(),
            "playlist_invalid",
            "no segment",
        ),
        ("text.m3u8", b"hello", "playlist_invalid", "line 1"),
        (
            "a.m4s",
            b"\0\0\0\x08styp\0\0\0\x08mdat",
            "nothing_decodable",
            "init segment",
        ),
    ] {
        let input = inputs.path().join(name);
        fs::write(&input, content).expect("written");
        let said = refused(&["remux", &text(&input), "-o", &out], code, folder.path());
        assert!(said.contains(why), "{said}");
    }
    // An empty file behind a good one is not passed over.
    let empty = text(&inputs.path().join("empty.ts"));
    let arguments = ["remux", &sample(), &empty, "-o", &out];
    refused(&arguments, "unknown_input", folder.path());
}

#[test]
fn outputs_that_cannot_be_written_are_refused() {
    let folder = tempfile::tempdir().expect("a folder");
    let nowhere = text(&folder.path().join("no folder/out.mp4"));
    let arguments = ["remux", &sample(), "-o", &nowhere];
    refused(&arguments, "unwritable_output", folder.path());
    let copy = tempfile::tempdir().expect("a folder");
    let input = text(&copy.path().join("in.mp4"));
    fs::copy(sample(), &input).expect("copied");
    let arguments = ["remux", &input, "-o", &input];
    refused(&arguments, "output_is_input", folder.path());
    assert_eq!(fs::read(&input).ok(), fs::read(sample()).ok());
    // An output would first be written over an input of this name.
    let partial = text(&copy.path().join("whole.mp4.livetape-part"));
    fs::copy(sample(), &partial).expect("copied");
    let whole = text(&copy.path().join("whole.mp4"));
    let arguments = ["remux", &partial, "-o", &whole];
    refused(&arguments, "output_is_input", folder.path());
    assert_eq!(fs::read(&partial).ok(), fs::read(sample()).ok());
    // So would a playlist, which is read as well.
    let playlist = text(&copy.path().join("list.m3u8"));
    let listed = "#EXTM3U\n#EXT-X-TARGETDURATION:16\n#EXTINF:16,\nin.mp4\n#EXT-X-ENDLIST\n";
    fs::write(&playlist, listed).expect("written");
    let arguments = ["remux", &playlist, "-o", &playlist];
    refused(&arguments, "output_is_input", folder.path());
    assert_eq!(fs::read(&playlist).ok(), Some(listed.into()));
}

/// A pipe made here: never a device of the machine the test runs on.
#[cfg(unix)]
#[test]
fn what_is_no_file_is_not_replaced() {
    use std::os::unix::fs::{FileTypeExt, symlink};
    let folder = tempfile::tempdir().expect("a folder");
    let pipe = folder.path().join("pipe.mp4");
    let made = std::process::Command::new("mkfifo").arg(&pipe).status();
    assert!(made.expect("mkfifo runs").success());
    let link = folder.path().join("link.mp4");
    symlink(&pipe, &link).expect("linked");
    for out in [&pipe, &link] {
        let output = livetape(&["remux", &sample(), "-o", &text(out)]);
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(said.starts_with("error[unwritable_output]: "), "{said}");
        assert_eq!(output.status.code(), Some(1));
        let kind = fs::metadata(&pipe).expect("still there").file_type();
        assert!(kind.is_fifo());
    }
    assert_eq!(fs::read_dir(folder.path()).expect("there").count(), 2);
}

#[cfg(unix)]
#[test]
fn a_link_stays_and_its_file_is_replaced() {
    let folder = tempfile::tempdir().expect("a folder");
    let (file, link) = (folder.path().join("a.mp4"), folder.path().join("b.mp4"));
    fs::write(&file, "old").expect("written");
    std::os::unix::fs::symlink(&file, &link).expect("linked");
    let output = livetape(&["remux", &sample(), "-o", &text(&link)]);
    assert!(output.status.success());
    assert!(link.is_symlink());
    assert!(fs::metadata(&file).expect("there").len() > 1_000_000);
}

#[test]
fn an_empty_range_is_refused() {
    let folder = tempfile::tempdir().expect("a folder");
    let out = text(&folder.path().join("out.mp4"));
    for (start, end) in [("20", "30"), ("5", "5"), ("6", "5")] {
        let sample = sample();
        let arguments = ["remux", &sample, "-o", &out, "--start", start, "--end", end];
        refused(&arguments, "empty_range", folder.path());
    }
}

#[test]
fn protected_media_is_refused() {
    let Some(media) = media("protected_media_is_refused") else {
        return;
    };
    let folder = tempfile::tempdir().expect("a folder");
    let out = text(&folder.path().join("out.mp4"));
    for name in [
        "hls-ts/sample-aes/bear-640x360-video.m3u8",
        "fmp4/encrypted/cbcs.mp4",
        "fmp4/encrypted/sample_fragmented_clearkey.mp4",
        "fmp4/encrypted/sample_av1c_fragmented_clearkey.mp4",
        "fmp4/encrypted/init_cenc.cmfv",
        "fmp4/encrypted/enc-a-init.mp4",
        "fmp4/encrypted/enc-v-init.mp4",
    ] {
        let input = text(&media.join(name));
        refused(&["remux", &input, "-o", &out], "protected", folder.path());
        refused(&["inspect", &input], "protected", folder.path());
    }
}

/// ffmpeg's own: fragments whose header is written before the sound's configuration is known.
#[test]
fn an_empty_esds_is_told_and_never_written() {
    if media("an_empty_esds_is_told_and_never_written").is_none() {
        return;
    }
    let folder = tempfile::tempdir().expect("a folder");
    let path = |name: &str| text(&folder.path().join(name));
    let (ts, both, sound) = (path("in.ts"), path("both.mp4"), path("sound.mp4"));
    let source = "-f lavfi -i testsrc2=s=128x96:r=25:d=1 -f lavfi -i sine=440:d=1 -c:v libx264 \
                  -preset ultrafast -c:a aac";
    ffmpeg(source, Path::new(&ts));
    let flags = "-c copy -bsf:a aac_adtstoasc -movflags empty_moov+frag_keyframe+default_base_moof";
    ffmpeg(&format!("-i {ts} {flags}"), Path::new(&both));
    ffmpeg(&format!("-i {ts} -vn {flags}"), Path::new(&sound));
    let out = tempfile::tempdir().expect("a folder");
    let output = text(&out.path().join("out.mp4"));
    let remux = ["remux", &sound, "-o", &output];
    refused(&remux, "nothing_decodable", out.path());
    let (_, said) = succeeds(&["remux", &both, "-o", &output]);
    assert!(
        said.contains("warning[not_decodable]: AAC cannot be decoded"),
        "{said}"
    );
    let written = packets(&output);
    assert_eq!(written.len(), 25);
    assert!(written.iter().all(|packet| packet.video));
    assert_eq!(complaints(&output), "");
}
