//! `livetape record`: live playlists from a server on this machine, and when a recording ends.

mod support;

use std::fs;
use std::process::Command;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use support::server::serve;
use support::{media, of_kind, packets, pictures, segment, succeeds, text};

#[test]
fn a_live_playlist_is_recorded_until_it_ends() {
    let Some(media) = media("a_live_playlist_is_recorded_until_it_ends") else {
        return;
    };
    let loads = AtomicUsize::new(0);
    let root = serve(Arc::new(move |path| {
        if let Some(number) = path.strip_prefix("/segment/") {
            return fs::read(segment(&media, number.parse().ok()?)).ok();
        }
        // One segment more at each load, a window of three, and an end.
        let load = loads.fetch_add(1, Ordering::SeqCst);
        let end = (26 + load).min(29);
        let mut text = format!(
            "#EXTM3U\n#EXT-X-TARGETDURATION:1\n#EXT-X-MEDIA-SEQUENCE:{}\n",
            end - 2
        );
        for number in end - 2..=end {
            text += &format!("#EXTINF:2,\n/segment/{number}\n");
        }
        if end == 29 {
            text += "#EXT-X-ENDLIST\n";
        }
        Some(text.into_bytes())
    }));
    let folder = tempfile::tempdir().expect("a folder");
    let out = text(&folder.path().join("out.mp4"));
    let (_, warnings) = succeeds(&["record", &format!("{root}/live.m3u8"), "-o", &out]);
    assert_eq!(warnings, "");
    // The first load only tells what kind of playlist it is; then there are segments 25 to 29.
    assert_eq!(of_kind(&packets(&out), true).len(), 5 * 48);
}

#[test]
fn ctrl_c_and_duration_finish_the_file_of_a_live_stream() {
    let Some(media) = media("ctrl_c_and_duration_finish_the_file_of_a_live_stream") else {
        return;
    };
    let served = Arc::new(AtomicUsize::new(0));
    let count = Arc::clone(&served);
    let root = serve(Arc::new(move |path| {
        if let Some(number) = path.strip_prefix("/segment/") {
            count.fetch_add(1, Ordering::SeqCst);
            return fs::read(segment(&media, number.parse().ok()?)).ok();
        }
        // A playlist that does not grow and does not end.
        let mut text = "#EXTM3U\n#EXT-X-TARGETDURATION:2\n".to_owned();
        for number in 24..27 {
            text += &format!("#EXTINF:2,\n/segment/{number}\n");
        }
        Some(text.into_bytes())
    }));
    let folder = tempfile::tempdir().expect("a folder");
    let out = text(&folder.path().join("out.mp4"));
    let url = format!("{root}/live.m3u8");
    succeeds(&["record", &url, "-o", &out, "--duration", "0:03"]);
    assert_eq!(pictures(&out).len(), 3 * 24);

    served.store(0, Ordering::SeqCst);
    let mut child = Command::new(env!("CARGO_BIN_EXE_livetape"))
        .args(["record", &url, "-o", &out])
        .spawn()
        .expect("the command runs");
    while served.load(Ordering::SeqCst) < 3 {
        assert!(matches!(child.try_wait(), Ok(None)), "it ended by itself");
        std::thread::yield_now();
    }
    let kill = Command::new("kill")
        .args(["-INT", &child.id().to_string()])
        .status();
    assert!(kill.expect("kill runs").success());
    assert!(child.wait().expect("it ends").success());
    // The third segment was asked for, and may have been waited for.
    let found = pictures(&out).len();
    assert!(found == 2 * 48 || found == 3 * 48, "{found} pictures");
}

#[test]
fn a_live_playlist_with_holes_that_stops_growing_gives_a_file() {
    let test = "a_live_playlist_with_holes_that_stops_growing_gives_a_file";
    let Some(media) = media(test) else {
        return;
    };
    let root = serve(Arc::new(move |path| {
        if let Some(number) = path.strip_prefix("/segment/") {
            return fs::read(segment(&media, number.parse().ok()?)).ok();
        }
        let text = "#EXTM3U\n#EXT-X-TARGETDURATION:2\n#EXTINF:2,\n/segment/24\n#EXT-X-GAP\n\
             #EXTINF:2,\n/segment/25\n#EXT-X-DISCONTINUITY\n#EXTINF:2,\n/segment/28\n";
        Some(text.into())
    }));
    let folder = tempfile::tempdir().expect("a folder");
    let out = text(&folder.path().join("out.mp4"));
    let url = format!("{root}/live.m3u8");
    let arguments = ["record", &url, "-o", &out, "--patience", "1", "--json"];
    let (report, _) = succeeds(&arguments);
    let report: serde_json::Value = serde_json::from_str(&report).expect("JSON");
    let events = report["events"].as_array().expect("events").iter();
    let codes: Vec<_> = events.map(|event| event["code"].as_str()).collect();
    assert_eq!(
        codes,
        ["gap", "recording_ended", "missing_media", "missing_media"].map(Some)
    );
    assert_eq!(pictures(&out).len(), 2 * 48);
    // The segment that does not exist keeps its place, though the times behind it are new.
    let duration = report["files"][0]["duration"].as_f64().expect("seconds");
    assert!((duration - 6.0).abs() < 0.1, "{duration} s");
}

#[test]
fn a_segment_whose_key_is_refused_is_a_hole() {
    let Some(media) = media("a_segment_whose_key_is_refused_is_a_hole") else {
        return;
    };
    let root = serve(Arc::new(move |path| match path {
        "/live.m3u8" => {
            let text = "#EXTM3U\n#EXT-X-TARGETDURATION:2\n#EXTINF:2,\n24\n\
                 #EXT-X-KEY:METHOD=AES-128,URI=\"key\"\n#EXTINF:2,\n25\n\
                 #EXT-X-KEY:METHOD=NONE\n#EXTINF:2,\n26\n";
            Some(text.into())
        }
        _ => fs::read(segment(&media, path.strip_prefix('/')?.parse().ok()?)).ok(),
    }));
    let folder = tempfile::tempdir().expect("a folder");
    let out = text(&folder.path().join("out.mp4"));
    let url = format!("{root}/live.m3u8");
    let arguments = ["record", &url, "-o", &out, "--patience", "1", "--json"];
    let (report, _) = succeeds(&arguments);
    let report: serde_json::Value = serde_json::from_str(&report).expect("JSON");
    let events = report["events"].as_array().expect("events");
    let codes: Vec<_> = events.iter().map(|event| event["code"].as_str()).collect();
    assert_eq!(
        codes,
        [
            "segment_missing",
            "recording_ended",
            "missing_media",
            "missing_media"
        ]
        .map(Some)
    );
    let said = events[0]["message"].as_str().expect("a sentence");
    for named in [format!("{root}/25"), format!("{root}/key"), "404".into()] {
        assert!(said.contains(&named), "{said}");
    }
    assert_eq!(pictures(&out).len(), 2 * 48);
}

#[test]
fn what_was_recorded_until_the_stream_is_encrypted_in_another_way_is_kept() {
    let test = "what_was_recorded_until_the_stream_is_encrypted_in_another_way_is_kept";
    let Some(media) = media(test) else {
        return;
    };
    let root = serve(Arc::new(move |path| match path {
        "/live.m3u8" => {
            let text = "#EXTM3U\n#EXT-X-TARGETDURATION:2\n#EXTINF:2,\n24\n#EXTINF:2,\n25\n\
                 #EXT-X-KEY:METHOD=SAMPLE-AES,URI=\"key\"\n#EXTINF:2,\n26\n";
            Some(text.into())
        }
        _ => fs::read(segment(&media, path.strip_prefix('/')?.parse().ok()?)).ok(),
    }));
    let folder = tempfile::tempdir().expect("a folder");
    let out = text(&folder.path().join("out.mp4"));
    let (_, warnings) = succeeds(&["record", &format!("{root}/live.m3u8"), "-o", &out]);
    assert!(
        warnings.contains("warning[recording_ended]: "),
        "{warnings}"
    );
    assert_eq!(pictures(&out).len(), 2 * 48);
}
