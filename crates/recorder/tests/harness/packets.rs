//! Packets of a file as ffprobe reads them.
#![allow(clippy::print_stderr, reason = "a test that cannot run says so")]

use std::process::Command;

/// Size and presentation time of every packet of a stream, by ffprobe; `None` without ffprobe.
pub(crate) fn packets(file: &[u8], stream: &str) -> Option<Vec<(f64, u64, String)>> {
    let name = format!("livetape-{}-{:p}.mp4", std::process::id(), file);
    let path = std::env::temp_dir().join(name);
    std::fs::write(&path, file).expect("a temporary file can be written");
    let output = Command::new("ffprobe")
        .args([
            "-v",
            "warning",
            "-select_streams",
            stream,
            "-show_packets",
            "-of",
            "csv=p=0",
        ])
        .args([
            "-show_entries",
            "packet=pts_time,size,data_hash",
            "-show_data_hash",
            "md5",
        ])
        .arg(&path)
        .output();
    std::fs::remove_file(&path).expect("it was written");
    let output = output.ok()?;
    let complaints = String::from_utf8_lossy(&output.stderr);
    assert!(complaints.is_empty(), "ffprobe complains: {complaints}");
    let lines = String::from_utf8(output.stdout).expect("ffprobe prints text");
    let packet = |line: &str| {
        let mut fields = line.split(',');
        let time = fields.next()?.parse().ok()?;
        Some((
            time,
            fields.next()?.parse().ok()?,
            fields.next()?.to_owned(),
        ))
    };
    Some(lines.lines().filter_map(packet).collect())
}

/// Fails with the first difference only: the lists are long.
pub(crate) fn assert_same(ours: &[String], theirs: &[String], what: &str) {
    let differs = ours.iter().zip(theirs).position(|(a, b)| a != b);
    assert_eq!(differs, None, "{what}: first difference");
    assert_eq!(ours.len(), theirs.len(), "{what}: count");
}

pub(crate) fn hashes(packets: &[(f64, u64, String)]) -> Vec<String> {
    packets.iter().map(|packet| packet.2.clone()).collect()
}

pub(crate) fn without_ffprobe(test: &str) {
    assert!(
        std::env::var_os("LIVETAPE_REQUIRE_MEDIA").is_none(),
        "ffprobe is not installed"
    );
    eprintln!("NOT RUN: {test}: ffprobe is not installed");
}
