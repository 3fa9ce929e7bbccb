use livetape_media::{Timescale, Timestamp};
use proptest::prelude::*;

use super::super::schedule::Slot;
use super::*;

/// Slots of so many milliseconds, of which every third does not follow on.
fn schedule(lengths: &[i64]) -> Schedule {
    let mut start = 0;
    let mut slots = Vec::new();
    for (number, millis) in lengths.iter().enumerate() {
        let duration = millis * 1_000;
        slots.push(Slot {
            start,
            duration,
            complete: start + duration,
            discontinuity: number % 3 == 2,
        });
        start += duration;
    }
    let micros = Timescale::new(1_000_000).expect("not zero");
    Schedule::new(slots, Timestamp::new(start, micros), true).expect("has slots")
}

fn patch(start: Option<i64>, end: Option<Option<i64>>) -> PatchBroadcast {
    PatchBroadcast { start, end }
}

#[test]
fn before_anything_was_on_air_a_start_is_simply_another() {
    let schedule = schedule(&[2_000; 8]);
    let live = Broadcast::new(10_000, false);
    let moved = live.changed(&schedule, &patch(Some(50_000), None), 11_999);
    assert_eq!(moved, Ok(Broadcast::new(50_000, false)));
}

#[test]
fn a_start_that_is_changed_while_it_runs_keeps_what_was_on_air() {
    let schedule = schedule(&[2_000; 8]);
    let live = Broadcast::new(0, false);
    assert_eq!(live.available(&schedule, 6_100), 3);
    let later = live.changed(&schedule, &patch(Some(100_000), None), 6_100);
    let later = later.expect("changed");
    assert_eq!(later.on_air(&schedule, 6_100), OnAir::Scheduled);
    for now in [6_100, 16_000, 101_999] {
        assert_eq!(
            later.available(&schedule, now),
            3,
            "nothing comes until then"
        );
    }
    assert_eq!(later.available(&schedule, 102_000), 4);
    assert_eq!(later.place(&schedule, 3).0, schedule.place(0));
    assert_eq!(later.place(&schedule, 2).0, schedule.place(2));
    assert!(later.discontinuity(&schedule, 3));
    // To a moment before: it jumps forward.
    let ahead = later.changed(&schedule, &patch(Some(90_000), None), 102_000);
    let ahead = ahead.expect("changed");
    assert_eq!(ahead.available(&schedule, 102_000), 4);
    assert_eq!(ahead.place(&schedule, 4).0, schedule.place(6));
    assert!(ahead.is_over(&schedule, 106_000));
    assert_eq!(ahead.available(&schedule, 200_000), 6);
}

#[test]
fn what_is_stopped_is_over_until_it_is_said_otherwise() {
    let schedule = schedule(&[2_000; 8]);
    let live = Broadcast::new(0, true);
    let stopped = live.changed(&schedule, &patch(None, Some(Some(1_000))), 5_000);
    let stopped = stopped.expect("changed");
    assert_eq!(stopped.end, Some(5_000), "an end in the past is now");
    assert!(stopped.is_over(&schedule, 5_000));
    assert_eq!(stopped.available(&schedule, 60_000), 2);
    let resumed = stopped
        .clone()
        .changed(&schedule, &patch(None, Some(None)), 60_000);
    let resumed = resumed.expect("changed");
    assert_eq!(
        resumed.available(&schedule, 60_000),
        2,
        "nothing comes at once"
    );
    assert_eq!(resumed.place(&schedule, 2).0, schedule.place(30));
    assert_eq!(resumed.on_air(&schedule, 60_000), OnAir::OnAir);
    let again = stopped.changed(&schedule, &patch(Some(70_000), None), 60_000);
    let again = again.expect("changed");
    assert_eq!((again.end, again.available(&schedule, 72_000)), (None, 3));
}

proptest! {
    #[test]
    fn playlists_never_go_back_whatever_is_changed(
        lengths in proptest::collection::vec(500_i64..6_000, 1..10),
        repeat: bool,
        steps in proptest::collection::vec(
            (0_i64..9_000, proptest::option::of(-60_000_i64..60_000), proptest::option::of(
                proptest::option::of(-9_000_i64..60_000))), 1..20),
    ) {
        let schedule = schedule(&lengths);
        let mut live = Broadcast::new(1_000_000, repeat);
        let mut now = 1_000_000;
        let mut before = 0..0;
        let mut places = Vec::new();
        for (step, start, end) in steps {
            now += step;
            let available = live.available(&schedule, now);
            let window = live.window(&schedule, available);
            prop_assert!(window.start >= before.start && window.end >= before.end);
            // What was on air stays what it was.
            places.extend((before.end..window.end).map(|number| live.place(&schedule, number)));
            for (number, place) in places.iter().enumerate() {
                prop_assert_eq!(live.place(&schedule, number as u64), *place);
            }
            let marked = (0..window.start).filter(|at| live.discontinuity(&schedule, *at));
            prop_assert_eq!(live.discontinuities_before(&schedule, window.start), marked.count() as u64);
            prop_assert!(live.check(&schedule, available, now).is_err());
            before = window;
            let change = patch(start.map(|by| now + by), end.map(|end| end.map(|by| now + by)));
            live = live.changed(&schedule, &change, now).expect("few changes");
            if available > 0 {
                prop_assert_eq!(live.available(&schedule, now), available, "a change shows nothing at once");
            }
        }
    }
}
