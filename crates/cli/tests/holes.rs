//! Segments that cannot be had: each is a hole, told with what could not be had of it, and every
//! picture around it is there, at its time.

mod support;

use std::fs;
use std::path::Path;
use std::sync::Arc;

use serde_json::Value;
use support::server::serve;
use support::{Packet, ffmpeg, media, of_kind, packets, succeeds, text};

/// Pictures of each segment made here.
const PICTURES: usize = 25;

/// Three segments of a second in a folder: `0.ts` to `2.ts`, `0.m4s` to `2.m4s` with `init.mp4`.
fn segments(folder: &Path) {
    let source = folder.join("source.mp4");
    // Pictures alone: nothing else tells of a hole in them.
    let made = "-f lavfi -i testsrc2=s=128x96:r=25:d=3 -c:v libx264 -preset ultrafast -g 25 \
                -sc_threshold 0";
    ffmpeg(made, &source);
    for (kind, ending) in [("mpegts", "ts"), ("fmp4", "m4s")] {
        let name = |name: &str| text(&folder.join(name));
        let arguments = format!(
            "-i {} -c copy -f hls -hls_time 1 -hls_list_size 0 -hls_segment_type {kind} \
             -hls_segment_filename {}",
            text(&source),
            name(&format!("%d.{ending}")),
        );
        ffmpeg(&arguments, &folder.join(format!("{kind}.m3u8")));
    }
}

/// Remuxes a playlist of these lines; gives the report and the packets of the file.
fn remuxed(folder: &Path, lines: &str) -> (Value, Vec<Packet>) {
    let (list, out) = (folder.join("list.m3u8"), text(&folder.join("out.mp4")));
    let head = "#EXTM3U\n#EXT-X-VERSION:7\n#EXT-X-TARGETDURATION:1\n";
    fs::write(&list, format!("{head}{lines}#EXT-X-ENDLIST\n")).expect("written");
    let (report, _) = succeeds(&["remux", &text(&list), "-o", &out, "--json"]);
    let report = serde_json::from_str(&report).expect("JSON");
    (report, of_kind(&packets(&out), true))
}

/// Code and message of each event.
fn events(report: &Value) -> Vec<(&str, &str)> {
    let events = report["events"].as_array().expect("events").iter();
    events
        .map(|event| {
            let member = |name: &str| event[name].as_str().expect("text");
            (member("code"), member("message"))
        })
        .collect()
}

/// The middle segment is a hole of its length; the pictures of the others are as in the source.
fn has_a_hole(folder: &Path, lines: &str, code: &str, named: &[&str]) {
    let (report, found) = remuxed(folder, lines);
    let events = events(&report);
    let codes: Vec<_> = events.iter().map(|(code, _)| *code).collect();
    assert_eq!(codes, [code, "missing_media"], "{events:?}");
    for named in named {
        assert!(events[0].1.contains(named), "{named}: {events:?}");
    }
    let source = packets(&text(&folder.join("source.mp4")));
    assert_eq!(source.len(), 3 * PICTURES);
    let is_around = |number: &usize| !(PICTURES..2 * PICTURES).contains(number);
    let expected: Vec<_> = (0..source.len()).filter(is_around).collect();
    assert_eq!(found.len(), expected.len(), "{lines}");
    for (found, number) in found.iter().zip(expected) {
        let (at, was) = (found.pts, source[number].pts);
        assert!((at - was).abs() < 0.001, "{at} s, was {was} s: {lines}");
    }
}

#[test]
fn a_missing_key_or_init_segment_is_a_hole() {
    if media("a_missing_key_or_init_segment_is_a_hole").is_none() {
        return;
    }
    let folder = tempfile::tempdir().expect("a folder");
    segments(folder.path());
    fs::write(folder.path().join("short"), "abc").expect("written");
    let keyed = |key: &str| {
        format!(
            "#EXTINF:1,\n0.ts\n#EXT-X-KEY:METHOD=AES-128,URI=\"{key}\"\n#EXTINF:1,\n1.ts\n\
             #EXT-X-KEY:METHOD=NONE\n#EXTINF:1,\n2.ts\n"
        )
    };
    let lines = keyed("none");
    let named = ["1.ts", "its key", "none does not exist"];
    has_a_hole(folder.path(), &lines, "segment_missing", &named);
    let named = ["1.ts", "its key", "3 bytes"];
    has_a_hole(folder.path(), &keyed("short"), "segment_missing", &named);
    // A directory is no key, and no segment.
    let named = ["1.ts", "its key", "is a directory"];
    has_a_hole(folder.path(), &keyed("."), "segment_missing", &named);
    let lines = "#EXTINF:1,\n0.ts\n#EXTINF:1,\n.\n#EXTINF:1,\n2.ts\n";
    has_a_hole(folder.path(), lines, "segment_missing", &["is a directory"]);
    let mapped = |map: &str| {
        format!(
            "#EXT-X-MAP:URI=\"init.mp4\"\n#EXTINF:1,\n0.m4s\n#EXT-X-MAP:URI=\"{map}\"\n\
             #EXTINF:1,\n1.m4s\n#EXT-X-MAP:URI=\"init.mp4\"\n#EXTINF:1,\n2.m4s\n"
        )
    };
    fs::write(folder.path().join("page.mp4"), "<html>no</html>").expect("written");
    for (map, why) in [("none.mp4", "does not exist"), ("page.mp4", "not known")] {
        let named = ["1.m4s", "EXT-X-MAP", map, why];
        has_a_hole(folder.path(), &mapped(map), "segment_missing", &named);
    }
}

#[test]
fn where_no_key_can_be_had_there_is_no_file() {
    if media("where_no_key_can_be_had_there_is_no_file").is_none() {
        return;
    }
    let folder = tempfile::tempdir().expect("a folder");
    segments(folder.path());
    let list = folder.path().join("list.m3u8");
    let lines = "#EXTM3U\n#EXT-X-TARGETDURATION:1\n#EXT-X-KEY:METHOD=AES-128,URI=\"none\"\n\
                 #EXTINF:1,\n0.ts\n#EXTINF:1,\n1.ts\n#EXT-X-ENDLIST\n";
    fs::write(&list, lines).expect("written");
    let out = folder.path().join("out.mp4");
    let output = support::livetape(&["remux", &text(&list), "-o", &text(&out)]);
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(output.status.code(), Some(1), "{said}");
    let error = said.lines().find(|line| line.starts_with("error["));
    let error = error.expect("an error");
    assert!(error.starts_with("error[missing_input]: "), "{said}");
    assert!(error.contains("none does not exist"), "{said}");
    assert!(!out.exists());
}

#[test]
fn a_segment_with_nothing_in_it_is_named() {
    if media("a_segment_with_nothing_in_it_is_named").is_none() {
        return;
    }
    let folder = tempfile::tempdir().expect("a folder");
    segments(folder.path());
    let put = |name: &str, bytes: &[u8]| {
        fs::write(folder.path().join(name), bytes).expect("written");
    };
    put("zero.ts", b"");
    put("page.ts", b"<html>Please log in</html>");
    let around =
        |middle: &str| format!("#EXTINF:1,\n0.ts\n#EXTINF:1,\n{middle}\n#EXTINF:1,\n2.ts\n");
    let named = ["zero.ts", "nothing in it", "1.000 s"];
    has_a_hole(folder.path(), &around("zero.ts"), "segment_empty", &named);
    let (lines, named) = (around("page.ts"), ["page.ts", "not known"]);
    has_a_hole(folder.path(), &lines, "segment_unreadable", &named);
    // Ranges that do not begin within their file, one of them where no file can reach.
    for offset in [1 << 40, u64::MAX >> 1] {
        let lines = around(&format!("#EXT-X-BYTERANGE:188@{offset}\n1.ts"));
        let named = ["1.ts", "188 bytes", &offset.to_string()];
        has_a_hole(folder.path(), &lines, "segment_missing", &named);
    }
}

#[test]
fn a_range_that_its_file_ends_within_is_told() {
    if media("a_range_that_its_file_ends_within_is_told").is_none() {
        return;
    }
    let folder = tempfile::tempdir().expect("a folder");
    segments(folder.path());
    let whole = fs::read(folder.path().join("1.ts")).expect("there");
    // Cut between two packets: nothing in the bytes themselves tells of it.
    let cut = whole.get(..whole.len() / 376 * 188).expect("shorter");
    fs::write(folder.path().join("cut.ts"), cut).expect("written");
    let lines = format!(
        "#EXTINF:1,\n0.ts\n#EXTINF:1,\n#EXT-X-BYTERANGE:{}@0\ncut.ts\n#EXTINF:1,\n2.ts\n",
        whole.len()
    );
    let (report, pictures) = remuxed(folder.path(), &lines);
    let events = events(&report);
    let told = |code: &str| events.iter().find(|(told, _)| *told == code);
    let (_, message) = told("segment_truncated").expect("told");
    assert!(message.contains("cut.ts ends early"), "{message}");
    assert!(message.contains(&cut.len().to_string()), "{message}");
    assert!(told("missing_media").is_some(), "{events:?}");
    let all = 2 * PICTURES + 1..3 * PICTURES;
    assert!(all.contains(&pictures.len()), "{}", pictures.len());
}

#[test]
fn a_number_in_a_playlist_takes_no_room_in_the_file() {
    let test = "a_number_in_a_playlist_takes_no_room_in_the_file";
    if media(test).is_none() {
        return;
    }
    let folder = tempfile::tempdir().expect("a folder");
    segments(folder.path());
    let stream = fs::read(folder.path().join("0.ts")).expect("there");
    let root = serve(Arc::new({
        let stream = stream.clone();
        move |path| (path == "/0.ts").then(|| stream.clone())
    }));
    for name in ["0.ts", &format!("{root}/0.ts")] {
        for range in [format!("{}@0", 1_u64 << 62), "99999999999@188".to_owned()] {
            let lines = format!("#EXTINF:1,\n#EXT-X-BYTERANGE:{range}\n{name}\n");
            let (report, pictures) = remuxed(folder.path(), &lines);
            assert!(!pictures.is_empty());
            let bytes = report["files"][0]["bytes"].as_u64().expect("a number");
            // Its media, and the room that a short file has.
            assert!(bytes <= stream.len() as u64 + 4096, "{bytes} for {lines}");
        }
    }
}
