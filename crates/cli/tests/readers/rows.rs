//! What a reader tells of a file, and ffprobe's word on it.

use std::process::Command;

/// A sample: times in the track's timescale as the file has them, edit lists left out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Row {
    pub(crate) decode: i64,
    /// Until the next sample is decoded; `None` where ffprobe does not say, at the end.
    pub(crate) duration: Option<i64>,
    /// Presentation less decode time.
    pub(crate) offset: i64,
    pub(crate) keyframe: bool,
    /// Where in the file its payload is; `None` for a reader that does not say.
    pub(crate) position: Option<u64>,
    pub(crate) size: u64,
}

/// The samples of each track, in the order of the file's tracks.
pub(crate) type Tracks = Vec<Vec<Row>>;

/// A file as ffprobe reads it.
pub(crate) fn ffprobe(file: &str) -> Tracks {
    let entries = "packet=stream_index,pts,dts,size,pos,flags";
    let output = Command::new("ffprobe")
        .args(["-v", "error", "-ignore_editlist", "1"])
        .args(["-show_entries", entries, "-of", "json", file])
        .output()
        .expect("ffprobe runs");
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(said, "", "{file}");
    let json: serde_json::Value = serde_json::from_slice(&output.stdout).expect("JSON");
    let mut tracks = Tracks::new();
    for packet in json["packets"].as_array().expect("packets") {
        let stream = packet["stream_index"].as_u64().expect("a number") as usize;
        let ticks = |name: &str| packet[name].as_i64().expect("ticks");
        let bytes = |name: &str| {
            let text = packet[name].as_str().expect("a number");
            text.parse().expect("a number")
        };
        tracks.resize(tracks.len().max(stream + 1), Vec::new());
        tracks.get_mut(stream).expect("made").push(Row {
            decode: ticks("dts"),
            duration: None,
            offset: ticks("pts") - ticks("dts"),
            keyframe: packet["flags"].as_str().expect("flags").starts_with('K'),
            position: Some(bytes("pos")),
            size: bytes("size"),
        });
    }
    for rows in &mut tracks {
        let next: Vec<_> = rows.iter().skip(1).map(|row| row.decode).collect();
        for (row, next) in rows.iter_mut().zip(next) {
            row.duration = Some(next - row.decode);
        }
    }
    tracks
}

/// Fails at the first sample that a reader reads in another way than ffprobe.
pub(crate) fn same(reader: &str, file: &str, expected: &Tracks, found: &Tracks) {
    let counts = |tracks: &Tracks| tracks.iter().map(Vec::len).collect::<Vec<_>>();
    assert_eq!(counts(expected), counts(found), "{reader}, {file}: samples");
    for (track, (expected, found)) in expected.iter().zip(found).enumerate() {
        for (number, (expected, found)) in expected.iter().zip(found).enumerate() {
            let position = found.position.and(expected.position);
            let expected = Row {
                position,
                duration: expected.duration.or(found.duration),
                ..expected.clone()
            };
            assert_eq!(
                *found, expected,
                "{reader}, {file}: track {track}, sample {number}"
            );
        }
    }
}
