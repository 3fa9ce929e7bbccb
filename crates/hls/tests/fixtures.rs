//! Every playlist among the fixtures, written by others, parses or is refused where and for what it
//! should be; and comes back line by line when written. The media folder is `LIVETAPE_MEDIA`, or
//! `../shared/media` beside the repository.

use std::collections::BTreeMap;
use std::error::Error;
use std::fs;
use std::path::{Path, PathBuf};

use livetape_hls::{Parsed, Variables, parse, parse_with};

/// Files that are refused, each looked at: line and message.
const REFUSED: [(&str, usize, &str); 18] = [
    // No target duration at all: nothing says how often to reload.
    (
        "m3u8-rs/media-playlist-with-cues.m3u8",
        21,
        "EXT-X-TARGETDURATION is missing",
    ),
    // A file with no bytes.
    (
        "videojs-m3u8-parser/empty.m3u8",
        1,
        "the text does not start with #EXTM3U",
    ),
    // `#EXT-X-MEDIA-SEQUENCE:` with no number.
    (
        "videojs-m3u8-parser/emptyMediaSequence.m3u8",
        3,
        "the value of EXT-X-MEDIA-SEQUENCE cannot be read",
    ),
    // A Multivariant Playlist with (an empty) EXT-X-TARGETDURATION.
    (
        "videojs-m3u8-parser/emptyTargetDuration.m3u8",
        3,
        "EXT-X-STREAM-INF does not belong in this kind of playlist",
    ),
    // `#EXTINF:;asljasdfii11)))00,`.
    (
        "videojs-m3u8-parser/extinf.m3u8",
        9,
        "the value of EXTINF cannot be read",
    ),
    // `#EXTM3U` and nothing else.
    (
        "videojs-m3u8-parser/headerOnly.m3u8",
        1,
        "the playlist has no content",
    ),
    // `gobblegobble`.
    (
        "videojs-m3u8-parser/invalidMediaSequence.m3u8",
        3,
        "the value of EXT-X-MEDIA-SEQUENCE cannot be read",
    ),
    // `NaN`.
    (
        "videojs-m3u8-parser/invalidTargetDuration.m3u8",
        2,
        "the value of EXT-X-TARGETDURATION cannot be read",
    ),
    // Three URIs behind one EXTINF.
    (
        "videojs-m3u8-parser/liveMissingSegmentDuration.m3u8",
        8,
        "a segment URI without EXTINF",
    ),
    // `#EXT-X-BYTERANGE:587500@`: an offset is announced and not given.
    (
        "videojs-m3u8-parser/llhls-byte-range.m3u8",
        7,
        "the value of EXT-X-BYTERANGE cannot be read",
    ),
    // `-10`.
    (
        "videojs-m3u8-parser/manifestExtTTargetdurationNegative.m3u8",
        2,
        "the value of EXT-X-TARGETDURATION cannot be read",
    ),
    // Starts with EXT-X-TARGETDURATION.
    (
        "videojs-m3u8-parser/manifestNoExtM3u.m3u8",
        1,
        "the text does not start with #EXTM3U",
    ),
    // Two URIs behind one EXTINF.
    (
        "videojs-m3u8-parser/missingExtinf.m3u8",
        8,
        "a segment URI without EXTINF",
    ),
    (
        "videojs-m3u8-parser/missingSegmentDuration.m3u8",
        8,
        "a segment URI without EXTINF",
    ),
    // URIs with no EXTINF, and two target durations.
    (
        "videojs-m3u8-parser/multipleTargetDurations.m3u8",
        2,
        "a segment URI without EXTINF",
    ),
    // `-11`.
    (
        "videojs-m3u8-parser/negativeMediaSequence.m3u8",
        3,
        "the value of EXT-X-MEDIA-SEQUENCE cannot be read",
    ),
    // Starts with EXT-X-VERSION.
    (
        "videojs-m3u8-parser/start.m3u8",
        1,
        "the text does not start with #EXTM3U",
    ),
    // 0, then 11.
    (
        "videojs-m3u8-parser/twoMediaSequences.m3u8",
        4,
        "EXT-X-MEDIA-SEQUENCE appears again with another value",
    ),
];

/// Files whose lines do not all come back: what is dropped on purpose, each with a warning.
const DROPS_LINES: [&str; 2] = [
    // EXT-X-MEDIA and EXT-X-I-FRAME-STREAM-INF with their URI again on the next line.
    "m3u8-rs/master-not-ending-in-newline.m3u8",
    "m3u8-rs/masterplaylist.m3u8",
];

const FIXTURES: usize = 208;

type TestResult = Result<(), Box<dyn Error>>;

/// All playlists under the media folder; `None`, and a note, when the folder is absent.
fn playlists(test: &str) -> Option<Vec<(PathBuf, String)>> {
    let root = std::env::var_os("LIVETAPE_MEDIA").map_or_else(
        || Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/media"),
        PathBuf::from,
    );
    if !root.is_dir() {
        let why = format!("{} is not there", root.display());
        assert!(
            std::env::var("LIVETAPE_REQUIRE_MEDIA").as_deref() != Ok("1"),
            "{test}: {why}"
        );
        #[expect(clippy::print_stdout, reason = "a test that did not run has to say so")]
        {
            println!("NOT RUN: {test}: {why}");
        }
        return None;
    }
    let mut found = Vec::new();
    collect(&root, &mut found).expect("the media folder can be read");
    found.sort();
    Some(found)
}

fn collect(folder: &Path, found: &mut Vec<(PathBuf, String)>) -> std::io::Result<()> {
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        if path.is_dir() {
            collect(&path, found)?;
        } else if path.extension().is_some_and(|ext| ext == "m3u8") {
            let text = String::from_utf8_lossy(&fs::read(&path)?).into_owned();
            found.push((path, text));
        }
    }
    Ok(())
}

#[test]
fn every_playlist_parses_or_is_refused_as_expected() -> TestResult {
    let Some(files) = playlists("every_playlist_parses_or_is_refused_as_expected") else {
        return Ok(());
    };
    assert_eq!(files.len(), FIXTURES);
    let mut refused = BTreeMap::new();
    for (path, text) in &files {
        if let Err(error) = parse(text) {
            refused.insert(path.clone(), (error.line, error.reason.to_string()));
        }
    }
    for (name, line, message) in REFUSED {
        let path = files
            .iter()
            .map(|(path, _)| path)
            .find(|path| path.ends_with(name))
            .ok_or(name)?;
        assert_eq!(
            refused.remove(path),
            Some((line, message.to_owned())),
            "{name}"
        );
    }
    assert_eq!(refused, BTreeMap::new());
    Ok(())
}

#[test]
fn every_playlist_comes_back() -> TestResult {
    let Some(files) = playlists("every_playlist_comes_back") else {
        return Ok(());
    };
    let mut compared = 0;
    for (path, text) in &files {
        let Ok(Parsed { playlist, .. }) = parse_with(text, &Variables::default()) else {
            continue;
        };
        let written = playlist.to_string();
        assert_eq!(parse(&written)?, playlist, "{}", path.display());
        if DROPS_LINES.iter().any(|name| path.ends_with(name)) {
            continue;
        }
        assert_eq!(canonical(&written), canonical(text), "{}", path.display());
        compared += 1;
    }
    assert_eq!(compared, FIXTURES - REFUSED.len() - DROPS_LINES.len());
    Ok(())
}

/// A text's lines in a form that only differs between two texts when they say different things:
/// grouped by the URI they stand before, sorted within the group, attributes sorted, quotes gone.
/// Knows nothing of the crate.
fn canonical(text: &str) -> Vec<Vec<String>> {
    let mut groups = vec![Vec::new()];
    let mut playlist_wide = Vec::new();
    for line in text.trim_start_matches('\u{FEFF}').lines().map(str::trim) {
        let wide = [
            "#EXTM3U",
            "#EXT-X-VERSION:",
            "#EXT-X-TARGETDURATION:",
            "#EXT-X-MEDIA-SEQUENCE:",
            "#EXT-X-DISCONTINUITY-SEQUENCE:",
            "#EXT-X-PLAYLIST-TYPE:",
            "#EXT-X-ENDLIST",
            "#EXT-X-INDEPENDENT-SEGMENTS",
            "#EXT-X-I-FRAMES-ONLY",
            "#EXT-X-START:",
            "#EXT-X-SERVER-CONTROL:",
            "#EXT-X-PART-INF:",
            "#EXT-X-SKIP:",
        ];
        if line.is_empty() || line == "#EXT-X-MEDIA-SEQUENCE:0" {
            // Written in any case; 0 is what its absence means.
        } else if wide.iter().any(|tag| line.starts_with(tag)) {
            playlist_wide.push(canonical_line(line));
        } else if let Some(group) = groups.last_mut() {
            group.push(canonical_line(line));
            if !line.starts_with('#') {
                groups.push(Vec::new());
            }
        }
    }
    playlist_wide.sort();
    for group in &mut groups {
        group.sort();
    }
    groups.push(playlist_wide);
    groups
}

fn canonical_line(line: &str) -> String {
    match line.split_once(':') {
        Some(("#EXTINF", value)) => {
            let (duration, title) = value.split_once(',').unwrap_or((value, ""));
            format!("#EXTINF:{},{}", duration.trim(), title.trim())
        }
        Some((tag, value)) if line.starts_with("#EXT-X-") && value.contains('=') => {
            let mut quoted = false;
            let mut attributes: Vec<_> = value
                .split(|c| {
                    quoted ^= c == '"';
                    c == ',' && !quoted
                })
                .map(|attribute| attribute.trim().replace('"', ""))
                .filter(|attribute| !attribute.is_empty())
                .collect();
            attributes.sort();
            format!("{tag}:{}", attributes.join(","))
        }
        _ => line.to_owned(),
    }
}

/// A xorshift generator: the same mutations on every run.
struct Random(u64);

impl Random {
    fn below(&mut self, bound: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        usize::try_from(self.0 % u64::try_from(bound.max(1)).unwrap_or(1)).unwrap_or(0)
    }
}

/// Pieces that mean something to a reader.
const PIECES: [&[u8]; 20] = [
    b"\n",
    b"\r",
    b",",
    b"\"",
    b"=",
    b":",
    b"@",
    b"-1",
    b"18446744073709551615",
    b"#EXT",
    b"#EXTINF:",
    b"#EXT-X-STREAM-INF:",
    b"{$a}",
    b"#EXT-X-DEFINE:NAME=\"a\",VALUE=\"{$a}\"\n",
    b"0x",
    b".",
    b"#EXT-X-SKIP:SKIPPED-SEGMENTS=9\n",
    b"\xEF\xBB\xBF",
    b"\xF0\x9F\x8E\xA5",
    b"\0",
];

fn mutate(text: &[u8], random: &mut Random) -> String {
    let mut bytes = text.to_vec();
    for _ in 0..=random.below(6) {
        let at = random.below(bytes.len());
        let end = (at + random.below(40)).min(bytes.len());
        match random.below(4) {
            0 => {
                if let Some(byte) = bytes.get_mut(at) {
                    *byte ^= 1 << random.below(8);
                }
            }
            1 => drop(bytes.drain(at..end)),
            2 => {
                let piece = PIECES
                    .get(random.below(PIECES.len()))
                    .copied()
                    .unwrap_or(b"");
                bytes.splice(at..at, piece.iter().copied());
            }
            _ => {
                let copy = bytes.get(at..end).unwrap_or(b"").to_vec();
                let to = random.below(bytes.len());
                bytes.splice(to..to, copy);
            }
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

#[test]
fn mutated_playlists_neither_panic_nor_take_long() -> TestResult {
    const MUTATIONS: usize = 6_000;
    let Some(files) = playlists("mutated_playlists_neither_panic_nor_take_long") else {
        return Ok(());
    };
    let mut random = Random(0x9E37_79B9_7F4A_7C15);
    let small: Vec<_> = files
        .iter()
        .filter(|(_, text)| text.len() < 20_000)
        .collect();
    let mut accepted = 0;
    let started = std::time::Instant::now();
    for _ in 0..MUTATIONS {
        let (path, text) = small.get(random.below(small.len())).ok_or("no file")?;
        let text = mutate(text.as_bytes(), &mut random);
        let Ok(parsed) = parse_with(&text, &Variables::default()) else {
            continue;
        };
        accepted += 1;
        assert!(parsed.warnings.len() <= 2 * text.len());
        let written = parsed.playlist.to_string();
        if !text.contains("{$") {
            assert_eq!(
                parse(&written).as_ref(),
                Ok(&parsed.playlist),
                "{}\n{text}",
                path.display()
            );
        }
        follow(parsed);
    }
    // Far more than it takes, also on a slow machine without optimisation.
    assert!(started.elapsed().as_secs() < 60, "{:?}", started.elapsed());
    assert!(
        accepted > MUTATIONS / 4,
        "only {accepted} mutations were still playlists"
    );
    Ok(())
}

fn follow(parsed: Parsed) {
    let Some(playlist) = parsed.playlist.into_media() else {
        return;
    };
    let start = livetape_hls::StartPosition::WindowStart;
    let mut reload = livetape_hls::Reload::new("https://h/a/b.m3u8", start);
    for now in [0, 1, i64::MAX] {
        let update = reload.loaded(&playlist, now, now);
        assert!(update.segments.len() <= playlist.segments.len());
    }
}
