//! What the report says of a file is what is in the file.

mod support;

use serde_json::Value;
use support::{ffmpeg, media, of_kind, packets, succeeds, text};

/// Clips from open groups of pictures leave the leading pictures of their first keyframe out.
#[test]
fn leading_pictures_that_are_left_out_are_not_counted() {
    if media("leading_pictures_that_are_left_out_are_not_counted").is_none() {
        return;
    }
    let folder = tempfile::tempdir().expect("a folder");
    let path = |name: &str| text(&folder.path().join(name));
    let (input, out) = (path("in.ts"), path("out.mp4"));
    let sources = "-f lavfi -i testsrc=s=160x90:r=25 -f lavfi -i sine=r=48000:b=2 -t 8";
    let coding = "-pix_fmt yuv420p -c:v libx264 -preset medium -c:a aac";
    let open = "open-gop=1:keyint=50:bframes=5:b-pyramid=normal:scenecut=0:b-adapt=0";
    let arguments = format!("{sources} {coding} -x264-params {open}");
    ffmpeg(&arguments, input.as_ref());
    let mut left_out = 0;
    for (start, end) in [("3.3", "5.7"), ("1.9", "4.3"), ("5", "6")] {
        let range = ["--start", start, "--end", end, "--json"];
        let counts = |form: Option<&str>| {
            let plain = ["remux", &input, "-o", &out].into_iter().chain(range);
            let (said, _) = succeeds(&plain.chain(form).collect::<Vec<_>>());
            let answer: Value = serde_json::from_str(&said).expect("JSON");
            let tracks = answer["files"][0]["tracks"].as_array().expect("tracks");
            let told: Vec<_> = tracks.iter().map(|t| t["samples"].as_u64()).collect();
            let packets = packets(&out);
            let read = |video| Some(of_kind(&packets, video).len() as u64);
            assert_eq!(told, [read(true), read(false)], "{start} {end} {form:?}");
            told[0].unwrap_or(0)
        };
        left_out += counts(Some("--fragmented")) - counts(None);
    }
    assert!(left_out > 0, "there was nothing to leave out");
}
