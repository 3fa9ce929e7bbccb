//! Reels, the window and what is held.

use std::sync::Arc;

use livetape_media::{Format, Rotation, Sample, TrackConfig, TrackId};

use super::*;

const SECOND: u32 = 1000;

fn config() -> Arc<TrackConfig> {
    Arc::new(TrackConfig {
        format: Format::Audio {
            sample_rate: 48_000,
            channels: 2,
        },
        timescale: Timescale::MILLIS,
        sample_entry: Vec::new(),
        codec: "mp4a.40.2".to_owned(),
        language: *b"und",
        rotation: Rotation::None,
    })
}

/// Records `seconds` samples of one second and 1,000 bytes each.
fn record(tape: &mut Tape, config: &Arc<TrackConfig>, from: i64, seconds: i64) {
    for second in from..from + seconds {
        let placement = tape.place(1000, second as u64 * 1000);
        let sample = Sample {
            size: 1000,
            duration: SECOND,
            composition_offset: 0,
            keyframe: true,
        };
        tape.append(
            TrackId(1),
            config,
            second * 1000,
            &[sample],
            &[placement.extent(0, 1000)],
        );
        tape.slide();
    }
}

fn commands(tape: &mut Tape) -> Vec<Command> {
    std::iter::from_fn(|| tape.poll()).collect()
}

#[test]
fn reels_follow_one_another_and_are_never_reopened() {
    let mut tape = Tape::new(Window {
        millis: 3_600_000,
        bytes: 1 << 30,
    });
    let first = tape.place(60 << 20, 0);
    let second = tape.place(10 << 20, 10);
    assert_eq!((first.reel, first.offset), (StoreId(1), 0));
    assert_eq!((second.reel, second.offset), (StoreId(2), 0));
    tape.close();
    let third = tape.place(1, 20);
    assert_eq!(third.reel, StoreId(3));
    let expected = [
        Command::Open(StoreId(1)),
        Command::Close(StoreId(1)),
        Command::Open(StoreId(2)),
        Command::Close(StoreId(2)),
        Command::Open(StoreId(3)),
    ];
    let mut commands = commands(&mut tape);
    commands.retain(|command| !matches!(command, Command::Commit { .. }));
    assert_eq!(commands, expected);
}

#[test]
fn the_window_slides_by_whole_reels() {
    let config = config();
    let mut tape = Tape::new(Window {
        millis: 120_000,
        bytes: 1 << 30,
    });
    record(&mut tape, &config, 0, 600);
    let deleted = commands(&mut tape)
        .iter()
        .filter(|c| matches!(c, Command::Delete(..)))
        .count();
    assert!(deleted >= 6, "{deleted} reels deleted");
    let (start, end) = tape.timeline().span().expect("not empty");
    let kept = end.minus(start).seconds();
    assert!((120.0..=240.0).contains(&kept), "kept {kept} s");
}

#[test]
fn a_held_reel_stays_until_released() {
    let config = config();
    let mut tape = Tape::new(Window {
        millis: 60_000,
        bytes: 1 << 30,
    });
    record(&mut tape, &config, 0, 10);
    let hold = tape.hold(StoreId(1));
    record(&mut tape, &config, 10, 600);
    assert_eq!(tape.timeline().span().expect("not empty").0.ticks, 0);
    tape.release(hold);
    tape.slide();
    assert!(tape.timeline().span().expect("not empty").0.ticks > 400_000);
}

#[test]
fn the_byte_budget_counts_too() {
    let config = config();
    let mut tape = Tape::new(Window {
        millis: 3_600_000,
        bytes: 200_000,
    });
    record(&mut tape, &config, 0, 600);
    assert!(tape.bytes() <= 200_000, "{} bytes", tape.bytes());
}
