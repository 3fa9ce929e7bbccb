//! Which segments of a broadcast are on air when. Numbers alone: no media here.

use std::ops::Range;

use livetape_media::{Timescale, Timestamp};

use crate::index::micros;

/// A playlist shows at least so many segments, once there are as many.
const WINDOW_SEGMENTS: u64 = 6;
/// And at least so many target durations; RFC 8216bis §6.2.2 asks for three.
const WINDOW_TARGETS: i64 = 4;
/// But never more than so many segments: an object may last a microsecond, and a playlist must not
/// grow with how often that goes into four seconds.
const WINDOW_LIMIT: u64 = 500;

/// One segment's place in a round of the programme. Microseconds since the round's start.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Slot {
    pub(crate) start: i64,
    /// How long it plays.
    pub(crate) duration: i64,
    /// When all of it has happened, of all tracks.
    pub(crate) complete: i64,
    /// It does not follow on from the slot before.
    pub(crate) discontinuity: bool,
}

/// The slots of one round, and whether and how rounds follow one another.
#[derive(Debug)]
pub(crate) struct Schedule {
    slots: Vec<Slot>,
    /// From one round's start to the next one's.
    period: Timestamp,
    /// Rounds do not follow on from each other.
    seam: bool,
    /// Seconds.
    target: i64,
}

/// Where a segment is: its round and its slot.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Place {
    pub(crate) round: u64,
    pub(crate) slot: usize,
}

impl Schedule {
    /// `None` where there are no slots, or the period is no time at all.
    pub(crate) fn new(slots: Vec<Slot>, period: Timestamp, seam: bool) -> Option<Self> {
        let longest = slots.iter().map(|slot| slot.duration).max()?;
        // Rounded to the nearest second, as EXT-X-TARGETDURATION is compared.
        let target = ((longest + 500_000) / 1_000_000).max(1);
        (period.ticks > 0).then_some(Self {
            slots,
            period,
            seam,
            target,
        })
    }

    /// EXT-X-TARGETDURATION.
    pub(crate) const fn target(&self) -> i64 {
        self.target
    }

    fn len(&self) -> u64 {
        self.slots.len() as u64
    }

    pub(crate) fn slot(&self, place: Place) -> Option<&Slot> {
        self.slots.get(place.slot)
    }

    pub(crate) fn place(&self, number: u64) -> Place {
        Place {
            round: number / self.len().max(1),
            slot: usize::try_from(number % self.len().max(1)).unwrap_or(usize::MAX),
        }
    }

    /// Start of a round, in microseconds since the start of the broadcast.
    pub(crate) fn round_start(&self, round: u64) -> i64 {
        micros(self.rounds(round))
    }

    /// The span of so many rounds, exactly.
    fn rounds(&self, count: u64) -> Timestamp {
        let count = i64::try_from(count).unwrap_or(i64::MAX);
        Timestamp::new(
            self.period.ticks.saturating_mul(count),
            self.period.timescale,
        )
    }

    /// How many segments have happened, `elapsed` microseconds after the start.
    pub(crate) fn available(&self, elapsed: i64, repeat: bool) -> u64 {
        if elapsed < 0 {
            return 0;
        }
        let micros = Timescale::new(1_000_000).unwrap_or(Timescale::MILLIS);
        let whole_rounds = {
            let elapsed = i128::from(elapsed) * i128::from(self.period.timescale.get());
            let period = i128::from(self.period.ticks) * i128::from(micros.get());
            u64::try_from(elapsed / period).unwrap_or(0)
        };
        if whole_rounds > 0 && !repeat {
            return self.len();
        }
        let into = elapsed.saturating_sub(self.round_start(whole_rounds));
        let done = self.slots.partition_point(|slot| slot.complete <= into) as u64;
        // The last segment of the round before may end after this round began.
        let before = whole_rounds.saturating_sub(1);
        let into_before = elapsed.saturating_sub(self.round_start(before));
        let done_before = self
            .slots
            .partition_point(|slot| slot.complete <= into_before) as u64;
        if whole_rounds > 0 && done_before < self.len() {
            return before
                .saturating_mul(self.len())
                .saturating_add(done_before);
        }
        whole_rounds.saturating_mul(self.len()).saturating_add(done)
    }

    /// The segments that a playlist shows when `available` have happened; `place` says where each is.
    pub(crate) fn window(&self, available: u64, place: impl Fn(u64) -> Place) -> Range<u64> {
        let wanted = self.target.saturating_mul(WINDOW_TARGETS * 1_000_000);
        let mut first = available;
        let mut shown = 0_i64;
        loop {
            let count = available - first;
            let enough = count >= WINDOW_SEGMENTS && (shown >= wanted || count >= WINDOW_LIMIT);
            if first == 0 || enough {
                return first..available;
            }
            first -= 1;
            let slot = self.slot(place(first));
            shown = shown.saturating_add(slot.map_or(wanted, |slot| slot.duration));
        }
    }

    /// EXT-X-DISCONTINUITY stands before this segment.
    pub(crate) fn discontinuity(&self, place: Place) -> bool {
        match place.slot {
            0 => self.seam && place.round > 0,
            _ => self.slot(place).is_some_and(|slot| slot.discontinuity),
        }
    }

    /// EXT-X-DISCONTINUITY-SEQUENCE of a playlist that begins with this segment: how many
    /// discontinuities stand before segments before it.
    pub(crate) fn discontinuities_before(&self, place: Place) -> u64 {
        let inside = |slots: &[Slot]| {
            let marked = slots.iter().skip(1).filter(|slot| slot.discontinuity);
            marked.count() as u64
        };
        let before = self.slots.get(..place.slot).unwrap_or_default();
        let seams = match (self.seam, place.slot) {
            (false, _) => 0,
            (true, 0) => place.round.saturating_sub(1),
            (true, _) => place.round,
        };
        let rounds = place.round.saturating_mul(inside(&self.slots));
        rounds.saturating_add(inside(before)).saturating_add(seams)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn schedule(lengths: &[i64], late: i64, seam: bool) -> Schedule {
        let mut start = 0;
        let mut slots = Vec::new();
        for (number, duration) in lengths.iter().enumerate() {
            slots.push(Slot {
                start,
                duration: *duration,
                complete: start + duration + late,
                discontinuity: number % 3 == 2,
            });
            start += duration;
        }
        let micros = Timescale::new(1_000_000).expect("not zero");
        Schedule::new(slots, Timestamp::new(start, micros), seam).expect("has slots")
    }

    fn window(schedule: &Schedule, available: u64) -> Range<u64> {
        schedule.window(available, |number| schedule.place(number))
    }

    const SECOND: i64 = 1_000_000;

    #[test]
    fn segments_come_on_air_when_they_are_over() {
        let schedule = schedule(&[2 * SECOND; 8], 0, false);
        assert_eq!(schedule.available(-1, true), 0);
        assert_eq!(schedule.available(2 * SECOND - 1, true), 0);
        assert_eq!(schedule.available(2 * SECOND, true), 1);
        assert_eq!(schedule.available(16 * SECOND, true), 8);
        assert_eq!(schedule.available(17 * SECOND, true), 8);
        assert_eq!(schedule.available(18 * SECOND, true), 9);
        assert_eq!(schedule.available(18 * SECOND, false), 8);
        assert_eq!(window(&schedule, 9), 3..9);
        assert_eq!(window(&schedule, 4), 0..4);
    }

    #[test]
    fn a_late_last_segment_holds_back_the_next_round() {
        let schedule = schedule(&[2 * SECOND; 2], 100, false);
        assert_eq!(schedule.available(4 * SECOND, true), 1);
        assert_eq!(schedule.available(4 * SECOND + 100, true), 2);
        assert_eq!(schedule.available(6 * SECOND, true), 2);
        assert_eq!(schedule.available(6 * SECOND + 100, true), 3);
    }

    #[test]
    fn segments_of_next_to_no_time_do_not_fill_a_playlist() {
        let schedule = schedule(&[1, 1], 0, false);
        let available = schedule.available(60 * SECOND, true);
        assert_eq!(
            window(&schedule, available),
            available - WINDOW_LIMIT..available
        );
    }

    proptest! {
        #[test]
        fn windows_slide_forward_only_and_without_holes(
            lengths in proptest::collection::vec(1_i64..6_400_000, 1..12),
            late in 0_i64..100,
            seam: bool,
            from in 0_i64..(1 << 40),
            steps in proptest::collection::vec(0_i64..20_000_000, 1..20),
        ) {
            let schedule = schedule(&lengths, late, seam);
            let mut now = from;
            let mut before = window(&schedule, schedule.available(now, true));
            for step in steps {
                now += step;
                let window = window(&schedule, schedule.available(now, true));
                prop_assert!(window.start >= before.start && window.end >= before.end);
                // Counting from one window to the next gives the same discontinuity sequence.
                let mut count = schedule.discontinuities_before(schedule.place(before.start));
                for number in before.start..window.start.min(before.start + 1000) {
                    count += u64::from(schedule.discontinuity(schedule.place(number)));
                }
                if window.start <= before.start + 1000 {
                    prop_assert_eq!(count, schedule.discontinuities_before(schedule.place(window.start)));
                }
                before = window;
            }
        }

        #[test]
        fn exactly_what_is_over_is_on_air(
            lengths in proptest::collection::vec(1_i64..6_400_000, 1..12),
            elapsed in 0_i64..1_000_000_000,
        ) {
            let schedule = schedule(&lengths, 0, false);
            let available = schedule.available(elapsed, true);
            let end = |number: u64| {
                let place = schedule.place(number);
                let slot = schedule.slot(place).expect("within");
                schedule.round_start(place.round) + slot.start + slot.duration
            };
            prop_assert!(available == 0 || end(available - 1) <= elapsed);
            prop_assert!(end(available) > elapsed);
        }
    }
}
