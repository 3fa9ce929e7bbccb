//! MPEG-2 transport streams.

use livetape_container::Event;
use livetape_container::mpegts::Demuxer;

use super::samples::{Checker, Expected, assert_same};
use super::tables;
use crate::Cuts;

/// Pushes a stream whole, then cut: the same must come out. Then once more with segments ending, and
/// times declared to begin anew, where it is cut.
pub(super) fn run(input: &[u8]) {
    let Some((cuts, stream)) = Cuts::take(input) else {
        return;
    };
    let mut stream = stream.to_vec();
    // Half of all inputs have right checksums, whatever is in their tables.
    if input.first().is_some_and(|first| first & 0x80 != 0) {
        tables::repair(&mut stream);
    }
    let stream = stream.as_slice();
    let mut whole = Demuxer::new();
    whole.push(stream);
    whole.flush();
    let whole = drained(&mut whole);
    check(&whole);

    let mut cut = Demuxer::new();
    let mut events = Vec::new();
    let (mut sizes, mut rest) = (cuts.clone(), stream);
    while let Some((piece, after)) = sizes.piece(rest) {
        cut.push(piece);
        rest = after;
        events.extend(drained(&mut cut));
    }
    cut.flush();
    events.extend(drained(&mut cut));
    assert_same(&whole, &events);

    segments(cuts.coarse(), stream);
}

fn segments(mut cuts: Cuts, mut stream: &[u8]) {
    let mut demuxer = Demuxer::new();
    let mut checker = Checker::default();
    while let Some((piece, after)) = cuts.piece(stream) {
        demuxer.push(piece);
        stream = after;
        match cuts.below(16) {
            0..8 => demuxer.end_segment(),
            8..10 => demuxer.discontinuity(),
            10..12 => demuxer.flush(),
            12..14 => demuxer.drain(),
            _ => {}
        }
        drained(&mut demuxer)
            .iter()
            .for_each(|event| checker.event(event, Expected::Rewritten));
    }
    demuxer.flush();
    drained(&mut demuxer)
        .iter()
        .for_each(|event| checker.event(event, Expected::Rewritten));
}

fn drained(demuxer: &mut Demuxer) -> Vec<Event> {
    std::iter::from_fn(|| demuxer.poll()).collect()
}

fn check(events: &[Event]) {
    let mut checker = Checker::default();
    for event in events {
        checker.event(event, Expected::Rewritten);
    }
}
