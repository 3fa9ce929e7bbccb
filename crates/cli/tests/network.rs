//! Inputs from a server on this machine: playlists, byte ranges, live recording, Ctrl-C.

mod support;

use std::fs;
use std::io::{BufRead, BufReader, Write};
use std::net::{TcpListener, TcpStream};
use std::path::PathBuf;
use std::process::Command;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use support::{media, of_kind, packets, pictures, succeeds, text};

/// What a server does with a path: gives a body, or `None` for 404.
type Answers = dyn Fn(&str) -> Option<Vec<u8>> + Send + Sync;

/// Serves in a thread until the test process ends; gives the server's root.
fn serve(answers: Arc<Answers>) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let address = listener.local_addr().expect("an address");
    std::thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            let answers = Arc::clone(&answers);
            std::thread::spawn(move || answer(stream, &*answers));
        }
    });
    format!("http://{address}")
}

/// Answers one request. The path `/never.ts` gets the beginning of a body and no more; of what lies
/// in `/cut/` the first half is sent where no range is asked for, then the connection is closed;
/// `/moved/` leads to the root.
fn answer(mut stream: TcpStream, answers: &Answers) {
    let mut lines = BufReader::new(stream.try_clone().expect("a stream")).lines();
    let head: Vec<String> = lines
        .by_ref()
        .map_while(Result::ok)
        .take_while(|line| !line.is_empty())
        .collect();
    let path = head.first().and_then(|line| line.split(' ').nth(1));
    let range = head.iter().find_map(|line| {
        let line = line.to_ascii_lowercase();
        let (from, to) = line.strip_prefix("range: bytes=")?.split_once('-')?;
        let to = to.parse().unwrap_or(usize::MAX - 1);
        Some((from.parse::<usize>().ok()?, to))
    });
    let path = path.unwrap_or_default();
    if let Some(rest) = path.strip_prefix("/moved") {
        let head = format!("HTTP/1.1 302 Found\r\nlocation: {rest}\r\ncontent-length: 0\r\n\r\n");
        let _ = stream.write_all(head.as_bytes());
        return;
    }
    let Some(body) = answers(path) else {
        let _ = stream.write_all(b"HTTP/1.1 404 Not Found\r\ncontent-length: 0\r\n\r\n");
        return;
    };
    let is_cut = path.starts_with("/cut/") && range.is_none();
    let (status, body) = match range {
        Some((from, to)) => {
            let end = (to + 1).min(body.len());
            let part = body.get(from..end).unwrap_or_default();
            ("206 Partial Content", part.to_vec())
        }
        None => ("200 OK", body),
    };
    let stalls = path == "/never.ts";
    let length = body.len() + usize::from(stalls);
    let head =
        format!("HTTP/1.1 {status}\r\ncontent-length: {length}\r\nconnection: close\r\n\r\n");
    let _ = stream.write_all(head.as_bytes());
    let sent = if is_cut { body.len() / 2 } else { body.len() };
    let _ = stream.write_all(body.get(..sent).unwrap_or_default());
    if stalls {
        // Until the other side goes away.
        let _ = lines.next();
    }
}

/// A segment of the rollover stream.
fn segment(media: &std::path::Path, number: usize) -> PathBuf {
    media.join(format!(
        "hls-ts/rollover/360p30_h264_48k_160_aac_ts-00000000{number}.ts"
    ))
}

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
fn ctrl_c_leaves_no_file_even_while_a_server_is_silent() {
    let folder = tempfile::tempdir().expect("a folder");
    let out = folder.path().join("out.mp4");
    let root = serve(Arc::new(|_| Some(vec![0x47; 188])));
    let url = format!("{root}/never.ts");
    let mut child = Command::new(env!("CARGO_BIN_EXE_livetape"))
        .args(["remux", &url, "-o", &text(&out)])
        .spawn()
        .expect("the command runs");
    let partial = folder.path().join("out.mp4.part");
    while !partial.exists() {
        assert!(matches!(child.try_wait(), Ok(None)), "it ended by itself");
        std::thread::yield_now();
    }
    let kill = Command::new("kill")
        .args(["-INT", &child.id().to_string()])
        .status();
    assert!(kill.expect("kill runs").success());
    assert_eq!(child.wait().expect("it ends").code(), Some(130));
    let left = fs::read_dir(folder.path()).expect("there").count();
    assert_eq!(left, 0, "something was left in the folder");
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
fn the_rest_is_fetched_where_a_server_breaks_off_and_redirections_are_followed() {
    let test = "the_rest_is_fetched_where_a_server_breaks_off_and_redirections_are_followed";
    let Some(media) = media(test) else {
        return;
    };
    let source = segment(&media, 24);
    let bytes = fs::read(&source).expect("there");
    let root = serve(Arc::new(move |path| match path {
        "/cut/a.ts" => Some(bytes.clone()),
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
    let expected = made(&text(&source), "file.mp4");
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
    assert_eq!(codes, ["gap", "recording_ended"].map(Some));
    assert_eq!(pictures(&out).len(), 2 * 48);
}
