//! Timed events through the command: told by `--json`, and written into fragmented files.

mod support;

use std::fs;
use std::path::Path;

use serde_json::{Value, json};
use support::{complaints, ffmpeg, livetape, media, succeeds, text};

/// `time`, `scheme` and `payload` of each event the command tells of.
fn told(arguments: &[&str]) -> Vec<(f64, String, String)> {
    let (answer, _) = succeeds(arguments);
    let answer: Value = serde_json::from_str(&answer).expect("JSON");
    let events = answer["timedEvents"].as_array().expect("events").iter();
    let string = |value: &Value| value.as_str().expect("text").to_owned();
    events
        .map(|event| {
            let time = event["time"].as_f64().expect("a time");
            (time, string(&event["scheme"]), string(&event["payload"]))
        })
        .collect()
}

/// The boxes of a file, in order.
fn boxes(file: &Path) -> Vec<String> {
    let bytes = fs::read(file).expect("written");
    let mut rest = bytes.as_slice();
    let mut kinds = Vec::new();
    while let Some((size, after)) = rest.split_first_chunk::<4>() {
        kinds.push(String::from_utf8_lossy(&after[..4]).into_owned());
        rest = &rest[u32::from_be_bytes(*size) as usize..];
    }
    kinds
}

#[test]
fn events_go_into_the_fragments_of_their_times() {
    let Some(root) = media("events_go_into_the_fragments_of_their_times") else {
        return;
    };
    let folder = tempfile::tempdir().expect("a folder");
    // Four seconds, keyframes every second, an event a second from 0.25 s on.
    let plain = folder.path().join("plain.mp4");
    let source = "-f lavfi -i testsrc2=s=128x96:r=25:d=8 -g 25 -bf 2 -c:v libx264 \
                  -preset ultrafast -movflags empty_moov+default_base_moof+frag_keyframe";
    ffmpeg(source, &plain);
    let mut bytes = fs::read(&plain).expect("made");
    let first = bytes.windows(4).position(|kind| kind == b"moof");
    let at = first.expect("fragments") - 4;
    let emsg = |seconds: u64| {
        let mut emsg = b"\0\0\0\0emsg\x01\0\0\0\0\0\x03\xe8".to_vec();
        emsg.extend((seconds * 1000 + 250).to_be_bytes());
        emsg.extend(b"\xff\xff\xff\xff\0\0\0\x01urn:x\0\0event");
        emsg[3] = emsg.len() as u8;
        emsg
    };
    let events: Vec<u8> = [5, 0, 1].into_iter().flat_map(emsg).collect();
    bytes.splice(at..at, events);
    fs::write(&plain, &bytes).expect("written");
    let (input, out) = (text(&plain), folder.path().join("out.mp4"));
    let output = text(&out);
    let times = |events: &[(f64, String, String)]| -> Vec<i64> {
        let events = events.iter();
        events
            .map(|(time, ..)| (time * 1000.0).round() as i64)
            .collect()
    };
    let remux = ["remux", &input, "-o", &output, "--fragmented", "--json"];
    // Told times count from the first picture, those in the file from its beginning.
    let first_shown = |file: &str| {
        let (facts, _) = succeeds(&["inspect", file, "--json"]);
        let facts: Value = serde_json::from_str(&facts).expect("JSON");
        let shown = facts["tracks"][0]["first_presentation_time"].as_f64();
        (shown.expect("a time") * 1000.0).round() as i64
    };
    let from = |shown: i64| [250, 1_250, 5_250].map(|time| time + shown).to_vec();
    assert_eq!(times(&told(&remux)), from(-first_shown(&input)));
    let written = told(&["inspect", &output, "--json"]);
    let moved = first_shown(&output) - first_shown(&input);
    assert_eq!(times(&written), from(moved));
    assert!(written.iter().all(|(_, scheme, payload)| {
        (scheme.as_str(), payload.as_str()) == ("urn:x", "ZXZlbnQ=")
    }));
    let kinds = boxes(&out);
    let fragment = ["moof", "mdat"];
    let expected = [
        &["ftyp", "moov", "emsg", "emsg"][..],
        &fragment,
        &fragment,
        &["emsg"],
        &fragment,
        &fragment,
    ];
    assert_eq!(kinds, expected.concat());
    assert_eq!(complaints(&output), "");
    // A clip has the events of its own range.
    let clip = [&remux[..], &["--start", "1", "--end", "5"]].concat();
    succeeds(&clip);
    let written = told(&["inspect", &output, "--json"]);
    assert_eq!(times(&written), [250 + moved]);

    let id3 = text(&root.join("ts/structure/id3.ts"));
    let found = told(&["remux", &id3, "-o", &output, "--json"]);
    let (time, scheme, payload) = &found[0];
    assert_eq!(found.len(), 1);
    assert!((time - 1.0 / 90_000.0).abs() < 1e-9);
    assert_eq!(scheme, "https://aomedia.org/emsg/ID3");
    assert!(payload.starts_with("SUQzBAAA"));
}

/// The clock begins anew at a discontinuity; an event stays beside its pictures.
#[test]
fn events_move_with_their_epoch() {
    let Some(root) = media("events_move_with_their_epoch") else {
        return;
    };
    let folder = tempfile::tempdir().expect("a folder");
    let id3 = root.join("ts/structure/id3.ts");
    let other = root.join("hls-ts/h264-aac/n_0_0_0.ts");
    let playlist = folder.path().join("list.m3u8");
    let lines = format!(
        "#EXTM3U\n#EXT-X-TARGETDURATION:10\n#EXTINF:6,\n{}\n#EXT-X-DISCONTINUITY\n#EXTINF:1,\n{}\n\
         #EXT-X-ENDLIST\n",
        text(&other),
        text(&id3),
    );
    fs::write(&playlist, lines).expect("written");
    let (list, out) = (text(&playlist), text(&folder.path().join("out.mp4")));
    let output = livetape(&["remux", &list, "-o", &out, "--json"]);
    let answer: Value = serde_json::from_slice(&output.stdout).expect("JSON");
    let time = answer["timedEvents"][0]["time"].as_f64().expect("an event");
    let (alone, _) = succeeds(&["inspect", &text(&other), "--json"]);
    let alone: Value = serde_json::from_str(&alone).expect("JSON");
    let end = alone["duration"].as_f64().expect("a duration");
    assert!((time - end).abs() < 0.1, "{time} after {end}");
    assert_ne!(answer["timedEvents"], json!([]));
}
