//! What a dead page left: journals of any bytes, and commits of any entries.

use std::collections::BTreeMap;

use livetape_recorder::{Recorder, Unfinished};
use livetape_tape::{Command, Recovery, Window};
use livetape_timeline::StoreId;

use crate::Cuts;

const WINDOW: Window = Window {
    millis: u64::MAX,
    bytes: u64::MAX,
};

/// The input is the journals of a few reels, cut; the cuts decide whether a piece is a journal as
/// it is, or the bodies of commits whose checks are made right.
pub(super) fn run(input: &[u8]) {
    let Some((cuts, mut rest)) = Cuts::take(input) else {
        return;
    };
    let mut cuts = cuts.coarse();
    let mut recovery = Recovery::new();
    let mut lengths = BTreeMap::new();
    for number in 1..9 {
        let Some((piece, after)) = cuts.piece(rest) else {
            break;
        };
        rest = after;
        let id = StoreId(number);
        let len = cuts.below(1 << 20);
        let journal = match cuts.below(4) {
            0 => piece.to_vec(),
            _ => checked(piece, &mut cuts),
        };
        recovery.reel(id, len, &journal, Vec::new());
        lengths.insert(id, len);
    }
    let (mut tape, _) = recovery.finish(WINDOW);
    for track in tape.timeline().tracks() {
        for slice in track.slices(track.numbers()) {
            for extent in track.extents(slice.bytes) {
                let end = extent.offset.checked_add(extent.len);
                let len = lengths.get(&extent.store).copied();
                assert!(end.is_some() && end <= len, "{extent:?} of {len:?}");
            }
        }
    }
    let _ = Unfinished::of(&tape);
    tape.set_note(Vec::new());
    tape.commit();
    let only_commits =
        std::iter::from_fn(|| tape.poll()).all(|command| matches!(command, Command::Commit { .. }));
    assert!(only_commits, "a recovered tape is not written to");
    drop(Recorder::with(tape));
}

/// A journal of commits whose bodies are the piece, cut.
fn checked(mut piece: &[u8], cuts: &mut Cuts) -> Vec<u8> {
    let mut journal = b"livetap\x02".to_vec();
    while !piece.is_empty() {
        let at = cuts.below(piece.len() as u64 + 1) as usize;
        let (body, rest) = piece.split_at(at.max(1));
        piece = rest;
        let len = (body.len() as u32).to_le_bytes();
        journal.extend(len);
        journal.extend(crc32(len.iter().chain(body)).to_le_bytes());
        journal.extend(body);
    }
    journal
}

/// CRC-32, ISO/HDLC, bit by bit.
fn crc32<'a>(bytes: impl Iterator<Item = &'a u8>) -> u32 {
    !bytes.fold(u32::MAX, |check, byte| {
        (0..8).fold(check ^ u32::from(*byte), |check, _| {
            (check >> 1) ^ (0xEDB8_8320 & (check & 1).wrapping_neg())
        })
    })
}
