//! A small store, cut off or changed at every byte: what is recovered is what was recorded, and
//! what is missing is told.

mod store;

use livetape_media::{Timescale, Timestamp};
use livetape_tape::{DamageKind, Tape};

use store::{Files, recorded};

#[test]
fn a_whole_store_is_the_tape_that_was_recorded() {
    let (tape, files) = recorded();
    let (recovered, damage) = files.recover();
    assert_eq!(damage, []);
    assert_eq!(
        files.samples(recovered.timeline()),
        files.samples(tape.timeline())
    );
    assert_eq!(recovered.timeline().events(), tape.timeline().events());
    assert_eq!(recovered.note(), b"a recording");
    assert_eq!(recovered.bytes(), tape.bytes());
    let slices = |tape: &Tape| {
        let tracks = tape.timeline().tracks().iter();
        let slices = tracks.flat_map(|track| track.slices(track.numbers()));
        slices.map(|slice| slice.numbers).collect::<Vec<_>>()
    };
    assert_eq!(slices(&recovered), slices(&tape));
    let at = Timestamp::new(2_000, Timescale::MILLIS);
    let date = recovered.timeline().wall_clock_at(at);
    assert_eq!(date, Some(1_700_000_002_000));
}

/// What is recovered must have been recorded, byte for byte; what has gone must be told.
fn check(files: &Files, tape: &Tape, whole: &Files, what: &str) {
    let (recovered, damage) = files.recover();
    let all = whole.samples(tape.timeline());
    let found = files.samples(recovered.timeline());
    for (key, sample) in &found {
        assert_eq!(all.get(key), Some(sample), "{what}: {key:?}");
    }
    assert!(
        found.len() == all.len() || !damage.is_empty(),
        "{what}: {} of {} samples, and nothing is told",
        found.len(),
        all.len()
    );
}

#[test]
fn cut_off_at_any_byte_it_is_repaired() {
    let (tape, whole) = recorded();
    for id in whole.reels.keys() {
        for len in 0..whole.journals[id].len() {
            let mut files = whole.clone();
            files.journals.get_mut(id).expect("there").truncate(len);
            check(
                &files,
                &tape,
                &whole,
                &format!("journal {id:?} cut at {len}"),
            );
        }
        for len in 0..whole.reels[id].len() {
            let mut files = whole.clone();
            files.reels.get_mut(id).expect("there").truncate(len);
            check(&files, &tape, &whole, &format!("reel {id:?} cut at {len}"));
        }
    }
}

#[test]
fn a_journal_changed_at_any_byte_is_repaired() {
    let (tape, whole) = recorded();
    for id in whole.journals.keys() {
        for at in 0..whole.journals[id].len() {
            for change in [0x01, 0xFF] {
                let mut files = whole.clone();
                files.journals.get_mut(id).expect("there")[at] ^= change;
                check(
                    &files,
                    &tape,
                    &whole,
                    &format!("journal {id:?} changed at {at}"),
                );
            }
        }
    }
}

#[test]
fn a_reel_changed_at_any_byte_is_told() {
    let (tape, whole) = recorded();
    for id in whole.reels.keys() {
        for at in 0..whole.reels[id].len() {
            let mut files = whole.clone();
            files.reels.get_mut(id).expect("there")[at] ^= 0x10;
            check(
                &files,
                &tape,
                &whole,
                &format!("reel {id:?} changed at {at}"),
            );
            let (_, damage) = files.recover();
            let kinds: Vec<_> = damage.iter().map(|damage| damage.kind).collect();
            assert_eq!(kinds, [DamageKind::ReelChanged]);
        }
    }
}

#[test]
fn a_missing_file_is_told() {
    let (tape, whole) = recorded();
    for id in whole.reels.keys() {
        let mut files = whole.clone();
        files.journals.remove(id);
        check(&files, &tape, &whole, &format!("journal {id:?} missing"));
        let mut files = whole.clone();
        files.reels.insert(*id, Vec::new());
        check(&files, &tape, &whole, &format!("reel {id:?} empty"));
    }
}

#[test]
fn a_recovered_tape_notes_where_its_last_whole_commit_ends() {
    let (_, mut files) = recorded();
    let last = *files.journals.keys().next_back().expect("there");
    files.journals.get_mut(&last).expect("there").push(0x55);
    let (mut recovered, damage) = files.recover();
    assert_eq!(damage.len(), 1);
    recovered.set_note(b"finished".to_vec());
    recovered.commit();
    files.carry_out(&mut recovered);
    let (again, damage) = files.recover();
    assert_eq!(damage, []);
    assert_eq!(again.note(), b"finished");
}
