//! Inputs from a server on this machine: playlists, byte ranges, redirections, bodies cut short.

mod support;

use std::fs;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use support::server::serve;
use support::{media, of_kind, packets, segment, succeeds, text};

#[test]
fn playlists_and_byte_ranges_are_read_from_the_network() {
    let Some(media) = media("playlists_and_byte_ranges_are_read_from_the_network") else {
        return;
    };
    let parts: Vec<_> = (24..=26)
        .map(|n| fs::read(segment(&media, n)).expect("there"))
        .collect();
    let mut playlist = "#EXTM3U\n#EXT-X-TARGETDURATION:2\n".to_owned();
    for part in &parts {
        playlist += &format!("#EXTINF:2,\n#EXT-X-BYTERANGE:{}\nall.ts\n", part.len());
    }
    playlist += "#EXTINF:2,\nmissing.ts\n#EXTINF:2,\npage.ts\n#EXT-X-GAP\n#EXTINF:2,\ngap.ts\n#EXT-X-ENDLIST\n";
    let all = parts.concat();
    let root = serve(Arc::new(move |path| match path {
        "/vod/index.m3u8" => Some(playlist.clone().into_bytes()),
        "/vod/all.ts" => Some(all.clone()),
        "/vod/page.ts" => Some(b"<html>Not here</html>".to_vec()),
        _ => None,
    }));
    let folder = tempfile::tempdir().expect("a folder");
    let out = text(&folder.path().join("out.mp4"));
    let url = format!("{root}/vod/index.m3u8");
    let (report, warnings) = succeeds(&["remux", &url, "-o", &out, "--json"]);
    assert!(
        warnings.contains("warning[segment_missing]: "),
        "{warnings}"
    );
    let report: serde_json::Value = serde_json::from_str(&report).expect("JSON");
    let events = report["events"].as_array().expect("events").iter();
    let codes: Vec<_> = events.map(|event| event["code"].as_str()).collect();
    assert_eq!(
        codes,
        ["segment_missing", "segment_unreadable", "gap"].map(Some)
    );
    assert_eq!(of_kind(&packets(&out), true).len(), 3 * 48);
}

#[test]
fn the_rest_is_fetched_where_a_server_breaks_off_and_redirections_are_followed() {
    let test = "the_rest_is_fetched_where_a_server_breaks_off_and_redirections_are_followed";
    let Some(media) = media(test) else {
        return;
    };
    let source = segment(&media, 24);
    let bytes = fs::read(&source).expect("there");
    let root = serve(Arc::new(move |path| match path {
        "/a.ts" | "/cut/a.ts" => Some(bytes.clone()),
        "/vod/a.m3u8" => Some(
            b"#EXTM3U\n#EXT-X-TARGETDURATION:2\n#EXTINF:2,\n../cut/a.ts\n#EXT-X-ENDLIST\n".to_vec(),
        ),
        _ => None,
    }));
    let folder = tempfile::tempdir().expect("a folder");
    let made = |input: &str, name: &str| {
        let out = folder.path().join(name);
        let (_, warnings) = succeeds(&["remux", input, "-o", &text(&out)]);
        assert_eq!(warnings, "");
        fs::read(out).expect("written")
    };
    // A file's size is known, so that its payload may be put in place; then it is laid out another way.
    let expected = made(&format!("{root}/a.ts"), "whole.mp4");
    for path in ["/cut/a.ts", "/moved/cut/a.ts", "/moved/vod/a.m3u8"] {
        let found = made(&format!("{root}{path}"), "network.mp4");
        assert!(found == expected, "{path}");
    }
    let out = text(&folder.path().join("none.mp4"));
    let output = support::livetape(&["remux", &format!("{root}/no.ts"), "-o", &out]);
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(said.starts_with("error[unreachable]: "), "{said}");
    assert!(said.contains("404"), "{said}");
}

/// Half a file is no file; half a segment is one that ends early, which is told with the pictures
/// that are missing.
#[test]
fn a_transfer_that_stays_broken_is_not_taken_for_the_end() {
    let Some(media) = media("a_transfer_that_stays_broken_is_not_taken_for_the_end") else {
        return;
    };
    let parts: Vec<_> = (24..=26)
        .map(|n| fs::read(segment(&media, n)).expect("there"))
        .collect();
    let root = serve(Arc::new(move |path| {
        let list = "#EXTM3U\n#EXT-X-TARGETDURATION:2\n#EXTINF:2,\n/0.ts\n#EXTINF:2,\n";
        let list = |middle: &str| format!("{list}{middle}\n#EXTINF:2,\n/2.ts\n#EXT-X-ENDLIST\n");
        match path {
            "/announced.m3u8" => Some(list("/broken/1.ts").into_bytes()),
            "/chunked.m3u8" => Some(list("/broken/chunked/1.ts").into_bytes()),
            _ => {
                let name = path.rsplit('/').next()?.strip_suffix(".ts")?;
                parts.get(name.parse::<usize>().ok()?).cloned()
            }
        }
    }));
    let folder = tempfile::tempdir().expect("a folder");
    let out = text(&folder.path().join("out.mp4"));
    for path in ["/broken/1.ts", "/broken/chunked/1.ts"] {
        let output = support::livetape(&["remux", &format!("{root}{path}"), "-o", &out]);
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(said.contains("error[unreadable_input]: "), "{said}");
        assert!(said.contains("broke off"), "{said}");
        assert_eq!(fs::read_dir(folder.path()).expect("there").count(), 0);
    }
    for path in ["/announced.m3u8", "/chunked.m3u8"] {
        let (_, said) = succeeds(&["remux", &format!("{root}{path}"), "-o", &out]);
        for code in ["segment_truncated", "missing_media"] {
            assert!(said.contains(&format!("warning[{code}]: ")), "{said}");
        }
        let pictures = of_kind(&packets(&out), true).len();
        assert!((2 * 48 + 1..3 * 48).contains(&pictures), "{pictures}");
        fs::remove_file(&out).expect("it was written");
    }
}

/// Three refusals that may pass, each of another kind; one that stays ends it at once.
#[test]
fn a_server_that_fails_for_a_moment_makes_no_hole() {
    let Some(media) = media("a_server_that_fails_for_a_moment_makes_no_hole") else {
        return;
    };
    let asked = Arc::new(AtomicUsize::new(0));
    let gone = Arc::clone(&asked);
    let root = serve(Arc::new(move |path| {
        if path == "/list.m3u8" {
            let list = "#EXTM3U\n#EXT-X-TARGETDURATION:2\n#EXTINF:2,\n/busy/503/24\n#EXTINF:2,\n\
                 /busy/429/25\n#EXTINF:2,\n/busy/500/26\n#EXTINF:2,\n/gone\n#EXT-X-ENDLIST\n";
            return Some(list.into());
        }
        if path == "/gone" {
            gone.fetch_add(1, Ordering::SeqCst);
        }
        fs::read(segment(&media, path.rsplit('/').next()?.parse().ok()?)).ok()
    }));
    let folder = tempfile::tempdir().expect("a folder");
    let out = text(&folder.path().join("out.mp4"));
    let (_, warnings) = succeeds(&["remux", &format!("{root}/list.m3u8"), "-o", &out]);
    let told: Vec<_> = warnings.lines().collect();
    assert_eq!(told.len(), 1, "{warnings}");
    assert!(warnings.starts_with("warning[segment_missing]: "));
    assert!(warnings.contains("/gone cannot be fetched: http status: 404"));
    assert_eq!(asked.load(Ordering::SeqCst), 1);
    assert_eq!(of_kind(&packets(&out), true).len(), 3 * 48);
}
