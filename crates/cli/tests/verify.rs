//! `livetape inspect --verify`: what the crate `mp4` reads is what we read, and neither its panics
//! nor its hangs hurt.

mod support;

use std::fs;
use std::path::Path;

use support::{livetape, media, sample, succeeds, text};

/// A progressive file of the repository's sample.
fn progressive(folder: &Path) -> Vec<u8> {
    let out = folder.join("out.mp4");
    succeeds(&["remux", &sample(), "-o", &text(&out)]);
    fs::read(out).expect("written")
}

/// Where the first box of a kind begins, and its size.
fn find(file: &[u8], kind: &[u8; 4]) -> (usize, usize) {
    let at = file.windows(4).position(|four| four == kind);
    let start = at.expect("there") - 4;
    (start, number(file, start) as usize)
}

fn number(file: &[u8], at: usize) -> u32 {
    let four = file.get(at..at + 4).expect("there");
    u32::from_be_bytes(four.try_into().expect("four bytes"))
}

fn put(file: &mut [u8], at: usize, value: u32) {
    let four = file.get_mut(at..at + 4).expect("there");
    four.copy_from_slice(&value.to_be_bytes());
}

/// Fails with this code; gives what was said on the error stream.
fn fails(arguments: &[&str], code: &str) -> String {
    let output = livetape(arguments);
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(output.status.code(), Some(1), "{said}");
    assert!(said.contains(&format!("error[{code}]: ")), "{said}");
    said
}

#[test]
fn what_we_write_is_read_alike() {
    let folder = tempfile::tempdir().expect("a folder");
    progressive(folder.path());
    let out = text(&folder.path().join("out.mp4"));
    let (answer, warnings) = succeeds(&["inspect", &out, "--verify", "--json"]);
    assert_eq!(warnings, "");
    let answer: serde_json::Value = serde_json::from_str(&answer).expect("JSON");
    let verification = &answer["verification"];
    assert!(verification["difference"].is_null(), "{verification}");
    for (number, samples) in [(0, 400), (1, 750)] {
        assert_eq!(verification["tracks"][number]["samples"], samples);
    }
}

#[test]
fn a_file_that_two_readers_read_differently_fails() {
    let folder = tempfile::tempdir().expect("a folder");
    let mut file = progressive(folder.path());
    // The duration that the header of the pictures' media tells, which no sample table repeats.
    let (mdhd, _) = find(&file, b"mdhd");
    let duration = number(&file, mdhd + 24);
    put(&mut file, mdhd + 24, duration + 1);
    let path = folder.path().join("other.mp4");
    fs::write(&path, file).expect("written");
    let said = fails(
        &["inspect", &text(&path), "--verify"],
        "verification_failed",
    );
    assert!(said.contains("track 1: duration "), "{said}");
}

#[test]
fn a_hang_or_a_panic_of_the_second_reader_is_told() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = progressive(folder.path());
    let (start, size) = find(&file, b"moov");
    // A box of size 0 at the end of a `moov`, which is moved to the end to have room for it.
    let mut hanging = file.clone();
    let mut moov = file.get(start..start + size).expect("there").to_vec();
    put(&mut moov, 0, size as u32 + 8);
    moov.extend(*b"\0\0\0\0skip");
    hanging
        .get_mut(start + 4..start + 8)
        .expect("there")
        .copy_from_slice(b"free");
    hanging.extend(moov);
    // A table of times that ends before the samples do.
    let mut panicking = file;
    let (stts, _) = find(&panicking, b"stts");
    put(&mut panicking, stts + 16, 1);
    for (name, file, why) in [
        ("hanging.mp4", hanging, "no answer for 2 s"),
        ("panicking.mp4", panicking, "it crashed"),
    ] {
        let path = text(&folder.path().join(name));
        fs::write(&path, file).expect("written");
        let arguments = ["inspect", &path, "--verify", "--patience", "2"];
        let said = fails(&arguments, "verifier_failed");
        assert!(said.contains(why), "{said}");
    }
}

#[test]
fn other_kinds_of_files_are_named() {
    let Some(media) = media("other_kinds_of_files_are_named") else {
        return;
    };
    let folder = tempfile::tempdir().expect("a folder");
    let fragmented = text(&folder.path().join("fragmented.mp4"));
    succeeds(&["remux", &sample(), "-o", &fragmented, "--fragmented"]);
    let segment = media.join("hls-ts/rollover/360p30_h264_48k_160_aac_ts-0000000024.ts");
    for (input, why) in [
        (fragmented, "it is fragmented"),
        (text(&segment), "it is no MP4"),
        (
            "https://example.com/a.mp4".to_owned(),
            "not on this machine",
        ),
    ] {
        let said = fails(&["inspect", &input, "--verify"], "not_verifiable");
        assert!(said.contains(why), "{said}");
    }
    let (one, other) = (sample(), sample());
    let said = fails(&["inspect", &one, &other, "--verify"], "not_verifiable");
    assert!(said.contains("2 inputs"), "{said}");
}
