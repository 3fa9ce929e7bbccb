//! An uploaded file made a recording.

use livetape_edge::ingest::{Movie, Source, Step, Transport, Walk};
use livetape_edge::object::{Head, head};

use crate::Cuts;

/// The file is read as the edge reads it: what its walk asks for, or pieces of a transport stream.
pub(super) fn run(input: &[u8]) {
    let Some((cuts, file)) = Cuts::take(input) else {
        return;
    };
    match walked(file) {
        Some(movie) => check(&movie, file),
        None => transport(cuts.coarse(), file),
    }
}

/// The movie it is; `None` for a transport stream and for what is refused.
fn walked(file: &[u8]) -> Option<Box<Movie>> {
    let mut walk = Walk::new(file.len() as u64);
    let mut step = walk.first();
    let mut asked = 0;
    loop {
        match step {
            Step::Read(range) => {
                let bytes = file.get(range.start as usize..range.end as usize);
                let bytes = bytes.expect("asked for what is there");
                asked += 1;
                assert!(asked <= 2 + file.len(), "it does not come to an end");
                let (next, then) = walk.give(bytes);
                step = then;
                match next {
                    Some(next) => walk = next,
                    None => return ended(step),
                }
            }
            _ => return ended(step),
        }
    }
}

fn ended(step: Step) -> Option<Box<Movie>> {
    match step {
        Step::Done(movie) => Some(movie),
        Step::Read(_) => panic!("a walk that is over wants more"),
        Step::Transport | Step::Refused(_) => None,
    }
}

/// Objects are as long as they say, of bytes that are in the file.
fn check(movie: &Movie, file: &[u8]) {
    assert!(!movie.init().is_empty());
    for seq in 0..movie.objects().min(1_000) {
        let Ok(object) = movie.object(seq) else {
            continue;
        };
        let lens = object.sources.iter().map(|source| match source {
            Source::Bytes(bytes) => bytes.len() as u64,
            Source::File(range) => {
                assert!(range.start <= range.end, "{range:?}");
                range.end - range.start
            }
        });
        assert_eq!(lens.sum::<u64>(), object.len);
    }
    assert!(movie.objects() as usize <= file.len());
}

/// Objects are whole fragments: their heads are read as those that recorders put.
fn transport(mut cuts: Cuts, mut rest: &[u8]) {
    let mut transport = Transport::new();
    let mut objects = 0;
    while let Some((piece, after)) = cuts.piece(rest) {
        rest = after;
        transport.push(piece);
        if !take(&mut transport, &mut objects) {
            return;
        }
    }
    transport.end();
    take(&mut transport, &mut objects);
}

/// Takes the objects that are there; false where it is refused.
fn take(transport: &mut Transport, objects: &mut usize) -> bool {
    loop {
        match transport.next_object() {
            Ok(Some(made)) => {
                *objects += 1;
                assert!(*objects < 10_000, "objects of nothing");
                let size = made.bytes.len() as u64;
                let head = head(&made.bytes, size).expect("a fragment");
                assert!(matches!(head, Head::Complete(_)), "{head:?}");
            }
            Ok(None) => return true,
            Err(_) => return false,
        }
    }
}
