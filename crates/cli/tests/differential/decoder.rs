//! ffmpeg's decoder as a judge of exceptions: which pictures of a damaged source are whole.

use std::process::Command;

use crate::support::{media, succeeds, text};
use crate::tables::exceptions;

/// What the table of exceptions calls it.
const NAME: &str = "ffmpeg's decoder";

/// Readers of JavaScript, which the suite of the files' readers runs.
const IN_NODE: [&str; 3] = ["mediabunny", "mp4box.js", "mux.js"];

/// The hashes of the pictures that it decodes without an error, in order.
fn pictures(file: &str) -> Vec<String> {
    // In one thread: with several, an error may come after its picture.
    let strictly = ["-threads", "1", "-flags", "-output_corrupt"];
    let output = Command::new("ffmpeg")
        .args(["-v", "quiet"])
        .args(strictly)
        .args(["-err_detect", "crccheck+bitstream+buffer+explode"])
        .args(["-i", file, "-map", "0:v", "-fps_mode", "passthrough"])
        .args(["-f", "framehash", "-hash", "md5", "-"])
        .output()
        .expect("ffmpeg runs");
    let lines = String::from_utf8(output.stdout).expect("a table");
    let rows = lines.lines().filter(|line| !line.starts_with('#'));
    let hashes = rows.filter_map(|row| row.rsplit(',').next());
    hashes.map(|hash| hash.trim().to_owned()).collect()
}

#[test]
fn a_file_has_the_pictures_that_the_decoder_takes_of_the_source() {
    let Some(media) = media("a_file_has_the_pictures_that_the_decoder_takes_of_the_source") else {
        return;
    };
    let folder = tempfile::tempdir().expect("a folder");
    let out = text(&folder.path().join("out.mp4"));
    let mut names: Vec<&str> = exceptions()
        .iter()
        .filter_map(|one| (one.reader == NAME).then_some(one.name))
        .collect();
    names.dedup();
    for name in names {
        let source = text(&media.join(name));
        succeeds(&["remux", &source, "-o", &out]);
        let expected = pictures(&source);
        assert!(!expected.is_empty(), "{name}");
        assert_eq!(pictures(&out), expected, "{name}");
    }
}

#[test]
fn every_exception_names_a_reader_that_is_run() {
    for one in exceptions() {
        let is_run = one.reader == NAME || IN_NODE.contains(&one.reader);
        assert!(is_run, "{}: {}", one.name, one.reader);
    }
}
