//! Files made recordings: the demo's sample, and files by others where the media folder is there.
#![expect(clippy::print_stdout, reason = "a test that did not run says so")]

use std::path::{Path, PathBuf};

use livetape_edge::ingest::{Movie, Reason, Source, Step, Walk};

/// Walks over a file; what it came to, and how many bytes of it were read.
fn walk(file: &[u8]) -> (Result<Box<Movie>, Reason>, u64) {
    let mut read = 0;
    let mut walk = Some(Walk::new(file.len() as u64));
    let mut step = walk.as_ref().map(Walk::first);
    loop {
        match step.take().expect("a step") {
            Step::Done(movie) => return (Ok(movie), read),
            Step::Refused(reason) => return (Err(reason), read),
            Step::Transport => panic!("it is an MP4"),
            Step::Read(range) => {
                read += range.end - range.start;
                let bytes = &file[range.start as usize..range.end as usize];
                let (next, then) = walk.take().expect("a walk").give(bytes);
                (walk, step) = (next, Some(then));
            }
        }
    }
}

fn payload(movie: &Movie) -> u64 {
    let objects = (0..movie.objects()).map(|seq| movie.object(seq).expect("an object"));
    let sources = objects.flat_map(|object| {
        let len: u64 = object.sources.iter().map(len_of).sum();
        assert_eq!(len, object.len);
        object.sources
    });
    let lens = sources.map(|source| match source {
        Source::File(range) => range.end - range.start,
        Source::Bytes(_) => 0,
    });
    lens.sum()
}

fn len_of(source: &Source) -> u64 {
    match source {
        Source::File(range) => range.end - range.start,
        Source::Bytes(bytes) => bytes.len() as u64,
    }
}

/// Bytes in the `mdat` boxes of a file.
fn mdat(file: &[u8]) -> u64 {
    let mut rest = file;
    let mut bytes = 0;
    while let Some((head, _)) = rest.split_first_chunk::<8>() {
        let size = u32::from_be_bytes([head[0], head[1], head[2], head[3]]) as usize;
        if &head[4..] == b"mdat" {
            bytes += size as u64 - 8;
        }
        rest = rest.get(size..).unwrap_or_default();
    }
    bytes
}

#[test]
fn a_fragmented_file_becomes_objects_with_all_its_payload() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../www/demo/sample/sample.mp4");
    let file = std::fs::read(path).expect("the sample");
    let (movie, read) = walk(&file);
    let movie = movie.expect("a movie");
    assert_eq!(movie.objects(), 8);
    assert_eq!(payload(&movie), mdat(&file));
    assert!(read < file.len() as u64 / 3, "{read} of {}", file.len());
    assert!(movie.init().windows(4).any(|four| four == b"avc1"));
}

#[test]
fn what_cannot_be_played_is_refused_with_its_reason() {
    for (file, reason) in [
        (&b""[..], Reason::UnknownFormat),
        (b"GIF89a and then some more", Reason::UnknownFormat),
        (b"\0\0\0\x08ftyp", Reason::Unplayable),
        (b"\0\0\0\x10ftypisom\0\0\0\0\0\0", Reason::Unplayable),
        (b"\0\0\0\x02moov", Reason::Unplayable),
        (b"\xff\xff\xff\xffmoov", Reason::Unplayable),
    ] {
        let (movie, read) = walk(file);
        assert_eq!(movie.err(), Some(reason), "{file:?}");
        assert!(read <= 2 * file.len() as u64);
    }
}

/// Every MP4 by others is walked over to an end; whatever comes out of one is planned without a fault.
#[test]
fn files_by_others_come_to_an_end() {
    let media = std::env::var_os("LIVETAPE_MEDIA").map_or_else(
        || Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/media"),
        PathBuf::from,
    );
    if !media.is_dir() {
        let required = std::env::var_os("LIVETAPE_REQUIRE_MEDIA").is_some();
        assert!(!required, "there is no media folder");
        println!("NOT RUN: there is no media folder");
        return;
    }
    let (mut played, mut refused) = (0, 0);
    let mut folders = vec![media];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).expect("a folder") {
            let path = entry.expect("an entry").path();
            if path.is_dir() {
                folders.push(path);
            } else if path
                .extension()
                .is_some_and(|end| end == "mp4" || end == "mov")
            {
                let file = std::fs::read(&path).expect("a file");
                match walk(&file).0 {
                    Err(_) => refused += 1,
                    Ok(movie) => {
                        assert!(payload(&movie) <= file.len() as u64, "{}", path.display());
                        played += 1;
                    }
                }
            }
        }
    }
    assert!(played > 40, "{played} played, {refused} refused");
}
