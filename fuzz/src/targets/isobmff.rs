//! MP4, fragmented and progressive.

use livetape_container::Event;
use livetape_container::isobmff::Demuxer;

use super::samples::{Checker, Expected, assert_same};
use crate::Cuts;

/// Pushes a stream whole, then cut: the same must come out. Then once more, aborted where it is cut.
pub(super) fn run(input: &[u8]) {
    let Some((cuts, stream)) = Cuts::take(input) else {
        return;
    };
    let mut whole = Demuxer::new();
    whole.push(stream);
    let mut events = drained(&mut whole);
    whole.reset();
    events.extend(drained(&mut whole));
    assert!(!whole.is_waiting(), "still waiting after the end");
    check(&events, stream);

    let mut cut = Demuxer::new();
    let mut pieces = Vec::new();
    let (mut sizes, mut rest) = (cuts.clone(), stream);
    while let Some((piece, after)) = sizes.piece(rest) {
        cut.push(piece);
        rest = after;
        pieces.extend(drained(&mut cut));
    }
    cut.reset();
    pieces.extend(drained(&mut cut));
    assert_same(&events, &pieces);

    aborted(cuts.coarse(), stream);
}

fn aborted(mut cuts: Cuts, whole: &[u8]) {
    let mut demuxer = Demuxer::new();
    let mut checker = Checker::default();
    let mut rest = whole;
    while let Some((piece, after)) = cuts.piece(rest) {
        demuxer.push(piece);
        rest = after;
        if cuts.below(8) == 0 {
            demuxer.reset();
        }
        drained(&mut demuxer)
            .iter()
            .for_each(|event| checker.event(event, Expected::Within(whole.len() as u64)));
    }
    demuxer.reset();
    drained(&mut demuxer)
        .iter()
        .for_each(|event| checker.event(event, Expected::Within(whole.len() as u64)));
}

fn drained(demuxer: &mut Demuxer) -> Vec<Event> {
    std::iter::from_fn(|| demuxer.poll()).collect()
}

fn check(events: &[Event], stream: &[u8]) {
    let mut checker = Checker::default();
    for event in events {
        checker.event(event, Expected::Within(stream.len() as u64));
    }
}
