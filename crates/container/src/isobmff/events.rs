//! The events of a stream of boxes: `emsg` (ISO/IEC 23009-1 §5.10.3.3) with times that can be
//! placed.
//!
//! Rules:
//! - A time of version 1 is one of the presentation timeline, and told where the box is.
//! - A time of version 0 counts from the earliest presentation time of the segment that the box
//!   leads: the box waits for the next `moof`, whose earliest track it counts from. Where the
//!   stream is cut before one comes, it counts from that of the `moof` before it, if any.
//! - An event whose time is then none that a clock shows is passed over, which is told.

use livetape_media::{TimedEvent, Timestamp, ToList};

use super::boxes::BoxRef;
use super::event_message::{EventMessage, FARTHEST};
use crate::DefectCode;
use crate::event::MAX_EVENT_PAYLOAD;

/// The largest `emsg` that is kept in memory: a payload, and as much again for its texts.
pub(super) const MAX_BOX: u64 = 2 * MAX_EVENT_PAYLOAD as u64;
/// Events that wait for their fragment.
const MAX_WAITING: usize = 64;

/// Events with times that are not placed yet.
#[derive(Debug, Default)]
pub(super) struct Messages {
    waiting: Vec<TimedEvent>,
    /// Earliest presentation time of the last fragment.
    start: Option<Timestamp>,
}

impl Messages {
    /// Takes an `emsg` box; gives its event where it has a time of its own, and why it is passed
    /// over where it is.
    pub(super) fn take(
        &mut self,
        emsg: BoxRef<'_>,
    ) -> Result<Option<TimedEvent>, (DefectCode, &'static str)> {
        let Some(message) = EventMessage::read(emsg) else {
            return Err((DefectCode::Malformed, "emsg"));
        };
        if message.event.payload.len() > MAX_EVENT_PAYLOAD {
            let what = "an event with over 256 KiB of payload was passed over";
            return Err((DefectCode::TooLarge, what));
        }
        if !message.is_relative {
            return Ok(Some(message.event));
        }
        if self.waiting.len() >= MAX_WAITING {
            let what = "an event was passed over: 64 wait for their fragment already";
            return Err((DefectCode::TooLarge, what));
        }
        self.waiting.push(message.event);
        Ok(None)
    }

    /// True where events wait that no fragment can give a time.
    pub(super) const fn wait_in_vain(&self) -> bool {
        !self.waiting.is_empty() && self.start.is_none()
    }

    /// Places the events that wait: their fragment begins at `start`, or none came. `None` for one
    /// whose time is then none.
    pub(super) fn place(&mut self, start: Option<Timestamp>) -> Vec<Option<TimedEvent>> {
        self.start = start.or(self.start);
        let waiting = std::mem::take(&mut self.waiting);
        let Some(base) = self.start else {
            return Vec::new();
        };
        let placed = |event: TimedEvent| {
            let time = event.time.plus(base);
            let known = time.ticks.unsigned_abs() < FARTHEST.unsigned_abs();
            known.then_some(TimedEvent { time, ..event })
        };
        waiting.into_iter().map(placed).to_list()
    }
}

#[cfg(test)]
mod tests {
    use livetape_media::Timescale;

    use super::*;

    #[test]
    fn an_event_at_a_time_that_no_clock_shows_is_passed_over() {
        let finest = Timescale::new(u32::MAX).expect("not zero");
        let waiting = |ticks| TimedEvent {
            time: Timestamp::new(ticks, finest),
            duration: None,
            scheme: String::new(),
            value: String::new(),
            id: 0,
            payload: Vec::new(),
        };
        let placed = |start: i64| {
            let mut messages = Messages {
                waiting: vec![waiting(5)],
                start: None,
            };
            let start = Timestamp::new(start, Timescale::MILLIS);
            messages.place(Some(start)).iter().flatten().count()
        };
        assert_eq!([placed(1_000), placed(1 << 60)], [1, 0]);
    }
}
