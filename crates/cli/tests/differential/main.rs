//! Every stream of the fixtures that is in scope, remuxed by the command, against an independent
//! reading of it.
//!
//! For each source and each output, progressive and fragmented, ffprobe says what access units
//! and frames of sound there are. Each one of the source must be in the file, byte for byte
//! ([`units`] has the common form of a transport stream and an MP4), in order, and at the same
//! time ([`differences`]), a keyframe where it was one. Times are the same where
//! - all presentation times of all tracks are moved by one span: a file begins with its first
//!   picture (up to 0.25 s of sound before it, for the decoder, are there and hidden by the edit
//!   list of a progressive file) or with sound well before that;
//! - the decode times of a track are moved by one span of its own: decoding may begin earlier;
//! - only ticks of the two timescales and the movie's lie between, and for AAC in a transport
//!   stream 1 ms, to which muxers round the times of PES packets.
//!
//! A source with several bases of time is moved part by part, and each part begins where the one
//! before it ends. ffprobe itself is corrected in two things, in [`edits`], and replaced by ffmpeg's
//! copying where it reads nothing, in [`framehash`].
//!
//! The tables beside this file: `files.txt` lists every media file of the fixtures and what becomes
//! of it, `streams.txt` those that belong together, `exceptions.txt` what differs and why. A
//! difference that is not in that table fails, so does a row of it that no longer differs, and so
//! do exceptions for more than 5 % of the files. Each names a reader that is not ours and reads the
//! source as the command does, and each of those is run: ffmpeg's decoder in [`decoder`], the others
//! by `tests/outputs/exceptions.test.ts`.

mod cases;
mod decoder;
mod differences;
mod edits;
mod ffprobe;
mod framehash;
#[path = "../support/mod.rs"]
mod support;
mod tables;
mod track;
mod units;

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::sync::Mutex;

use cases::Case;
use support::{livetape, media, text};
use tables::{Class, exceptions, files, refused_streams};

/// Runs of the command and its oracle at the same time.
const AT_ONCE: usize = 2;

/// Of a hundred files, how many may differ.
const EXCEPTIONS: usize = 5;

/// Does `job` to all, some at once.
fn each<T: Sync>(all: &[T], job: impl Fn(&T) + Sync) {
    let next = Mutex::new(all.iter());
    let work = || {
        while let Some(one) = { next.lock().expect("no thread panics here").next() } {
            job(one);
        }
    };
    std::thread::scope(|scope| {
        for _ in 0..AT_ONCE {
            scope.spawn(work);
        }
    });
}

/// What differs, by the name of the case.
fn differences(cases: &[Case], media: &Path) -> BTreeMap<String, Vec<String>> {
    let out = tempfile::tempdir().expect("a directory for files");
    let found = Mutex::new(BTreeMap::new());
    each(cases, |case| {
        let differences = case.differences(media, out.path());
        if !differences.is_empty() {
            let mut found = found.lock().expect("no thread panics here");
            found.insert(case.name.clone(), differences);
        }
    });
    found.into_inner().expect("no thread panics here")
}

/// One line for each difference.
fn lines(differences: &BTreeMap<String, Vec<String>>) -> BTreeSet<String> {
    let all = differences.iter();
    let lines =
        all.flat_map(|(name, found)| found.iter().map(move |one| format!("{name} | {one}")));
    lines.collect()
}

#[test]
fn every_stream_in_scope_is_remuxed_exactly() {
    let Some(media) = media("every_stream_in_scope_is_remuxed_exactly") else {
        return;
    };
    let found = lines(&differences(&cases::all(), &media));
    let explained = exceptions().into_iter();
    let explained = explained.map(|one| format!("{} | {}", one.name, one.difference));
    let explained: BTreeSet<String> = explained.collect();
    let joined = |lines: Vec<&String>| {
        lines
            .iter()
            .map(|line| format!("\n{line}"))
            .collect::<String>()
    };
    let unexplained = joined(found.difference(&explained).collect());
    let settled = joined(explained.difference(&found).collect());
    assert!(
        unexplained.is_empty(),
        "differences that nothing explains:{unexplained}"
    );
    assert!(
        settled.is_empty(),
        "exceptions that are none any more:{settled}"
    );
}

#[test]
fn exceptions_are_few() {
    let files = files();
    let remuxed = |name: &&String| matches!(files.get(*name), Some(Class::Remuxed { .. }));
    let compared = files.keys().filter(remuxed).count();
    let exceptions: BTreeSet<&str> = exceptions().iter().map(|one| one.name).collect();
    let exceptions = exceptions.len();
    assert!(
        exceptions * 100 <= compared * EXCEPTIONS,
        "{exceptions} of {compared} files and streams differ"
    );
}

#[test]
fn every_media_file_is_listed() {
    let Some(media) = media("every_media_file_is_listed") else {
        return;
    };
    let probed = std::fs::read(media.join("PROBE.json")).expect("the list of what is there");
    let probed: serde_json::Value = serde_json::from_slice(&probed).expect("JSON");
    let probed = probed.as_object().expect("files by name").keys().cloned();
    let mut there = BTreeSet::new();
    gather(&media, &media, &mut there);
    there.extend(probed);
    let listed: BTreeSet<String> = files().into_keys().collect();
    assert_eq!(
        there.difference(&listed).collect::<Vec<_>>(),
        [""; 0],
        "not in files.txt"
    );
    assert_eq!(
        listed.difference(&there).collect::<Vec<_>>(),
        [""; 0],
        "not in the fixtures"
    );
}

/// All files below a directory that are no texts.
fn gather(root: &Path, directory: &Path, found: &mut BTreeSet<String>) {
    const TEXTS: [&str; 4] = ["m3u8", "md", "txt", "json"];
    for entry in std::fs::read_dir(directory).expect("a readable directory") {
        let path = entry.expect("a readable entry").path();
        if path.is_dir() {
            gather(root, &path, found);
            continue;
        }
        let name = path.strip_prefix(root).expect("it lies in the root");
        let extension = path.extension().and_then(|extension| extension.to_str());
        if extension.is_some_and(|extension| !TEXTS.contains(&extension)) {
            found.insert(text(name));
        }
    }
}

#[test]
fn what_cannot_be_remuxed_is_refused_with_a_reason() {
    let Some(media) = media("what_cannot_be_remuxed_is_refused_with_a_reason") else {
        return;
    };
    let of_files = files().into_iter().filter_map(|(path, class)| match class {
        Class::Remuxed { .. } => None,
        Class::Init => Some((vec![path], "nothing_decodable".to_owned())),
        Class::Refused { code, init } => Some((init.into_iter().chain([path]).collect(), code)),
        Class::Out { code } => Some((vec![path], code)),
    });
    let refused: Vec<(Vec<String>, String)> = of_files.chain(refused_streams()).collect();
    let out = tempfile::tempdir().expect("a directory for files");
    let wrong = Mutex::new(Vec::new());
    each(&refused, |(inputs, code)| {
        let path = out.path().join(inputs.join("+").replace('/', "_"));
        let mut arguments = vec!["remux".to_owned(), "-o".to_owned(), text(&path)];
        arguments.extend(inputs.iter().map(|input| text(&media.join(input))));
        let output = livetape(&arguments);
        let said = String::from_utf8_lossy(&output.stderr);
        let last = said.lines().last().unwrap_or_default();
        if output.status.success()
            || !last.starts_with(&format!("error[{code}]: "))
            || path.exists()
        {
            let mut wrong = wrong.lock().expect("no thread panics here");
            wrong.push(format!("{inputs:?}: {last}"));
        }
    });
    assert_eq!(wrong.into_inner().expect("no thread panics here"), [""; 0]);
}

#[test]
fn segments_under_aes_128_are_the_plain_stream() {
    let Some(media) = media("segments_under_aes_128_are_the_plain_stream") else {
        return;
    };
    let playlists = tempfile::tempdir().expect("a directory for playlists");
    let case = cases::under_aes_128(&media, playlists.path());
    assert_eq!(lines(&differences(&[case], &media)), BTreeSet::new());
}

#[test]
fn a_difference_is_seen() {
    let Some(media) = media("a_difference_is_seen") else {
        return;
    };
    let of = |name: &str| cases::all().into_iter().find(|case| case.name == name);
    for name in ["rollover", "cmaf-av"] {
        let case = of(name).expect("a stream of the table");
        let source = case.source(&media);
        let seen = |change: fn(&mut Vec<track::Track>)| {
            let mut changed = source.clone();
            change(&mut changed);
            let comparison = differences::Comparison {
                source: &source,
                file: &changed,
                is_ts: case.is_ts(),
                is_reframed: case.is_reframed(),
            };
            comparison.differences().join("; ")
        };
        assert_eq!(seen(|_| ()), "");
        assert_eq!(
            seen(|tracks| drop(tracks[0].packets.remove(10))),
            "video: packets 10..11 are not in the file"
        );
        assert_eq!(
            seen(|tracks| tracks[1].packets[7].data[20] ^= 1),
            "audio: packets 7..8 are not in the file; audio: samples 7..8 are not in the source"
        );
        assert_eq!(
            seen(|tracks| tracks[1].shift(0.002)),
            format!(
                "audio: {0} of packets 0..{0} are presented +2.0 ms off",
                source[1].packets.len()
            )
        );
        assert_eq!(
            seen(|tracks| tracks[0].packets.swap(3, 4)),
            "video: packets 4..5 are not in the file; video: samples 3..4 are not in the source"
        );
        assert_eq!(
            seen(|tracks| tracks[0].packets[9].keyframe ^= true),
            "video: 1 of packets 9..10 are a keyframe on one side only"
        );
        assert_eq!(
            seen(|tracks| drop(tracks.pop())),
            "audio: 1 tracks in the source, 0 in the file"
        );
    }
}
