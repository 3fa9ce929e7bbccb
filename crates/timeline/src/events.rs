//! The timed events of a recording: what its streams said about times of their own.

use livetape_media::{TimedEvent, Timestamp};

use crate::Timeline;

/// Events in the order of their times.
#[derive(Debug, Default)]
pub(crate) struct Events {
    kept: Vec<TimedEvent>,
    weight: usize,
}

impl Events {
    /// Adds one; one that is there already stays one. False where there are too many.
    pub(crate) fn add(&mut self, event: TimedEvent) -> bool {
        // Most come in order: few are later.
        let mut known = self.kept.iter();
        let before = known.rposition(|other| other.time <= event.time);
        let at = before.map_or(0, |last| last + 1);
        let mut same_time = self.kept.iter().take(at).rev();
        let is_known = same_time
            .by_ref()
            .take_while(|other| other.time == event.time)
            .any(|other| *other == event);
        if is_known {
            return true;
        }
        let weight = self.weight.saturating_add(event.weight());
        if self.kept.len() >= Timeline::MAX_EVENTS || weight > Timeline::MAX_EVENT_BYTES {
            return false;
        }
        self.weight = weight;
        self.kept.insert(at, event);
        true
    }

    /// All, in the order of their times.
    pub(crate) fn all(&self) -> &[TimedEvent] {
        &self.kept
    }

    /// Forgets those before `start`.
    pub(crate) fn forget_before(&mut self, start: Timestamp) {
        let from = self.kept.partition_point(|event| event.time < start);
        for event in self.kept.drain(..from) {
            self.weight = self.weight.saturating_sub(event.weight());
        }
    }
}

#[cfg(test)]
mod tests {
    use livetape_media::Timescale;

    use super::*;

    fn event(ticks: i64, payload: usize) -> TimedEvent {
        TimedEvent {
            time: Timestamp::new(ticks, Timescale::MPEG),
            duration: None,
            scheme: TimedEvent::ID3.to_owned(),
            value: String::new(),
            id: 0,
            payload: vec![0; payload],
        }
    }

    fn at(ticks: i64) -> Timestamp {
        Timestamp::new(ticks, Timescale::MPEG)
    }

    #[test]
    fn events_are_in_order_and_each_is_there_once() {
        let mut events = Events::default();
        for (ticks, payload) in [(20, 1), (10, 1), (20, 2), (20, 1), (30, 1), (10, 1)] {
            assert!(events.add(event(ticks, payload)));
        }
        let times = |events: &[TimedEvent]| -> Vec<_> {
            events
                .iter()
                .map(|e| (e.time.ticks, e.payload.len()))
                .collect()
        };
        assert_eq!(times(events.all()), [(10, 1), (20, 1), (20, 2), (30, 1)]);
        events.forget_before(at(20));
        assert_eq!(times(events.all()), [(20, 1), (20, 2), (30, 1)]);
    }

    #[test]
    fn neither_number_nor_size_grow_without_end() {
        let mut many = Events::default();
        let kept = (0..30_000)
            .filter(|ticks| many.add(event(*ticks, 0)))
            .count();
        assert_eq!(kept, Timeline::MAX_EVENTS);
        let mut large = Events::default();
        let kept = (0..100)
            .filter(|ticks| large.add(event(*ticks, 1 << 20)))
            .count();
        assert_eq!(kept, 15);
        // What goes makes room.
        large.forget_before(at(10));
        assert!(large.add(event(1_000, 1 << 20)));
    }
}
