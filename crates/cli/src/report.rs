//! What was wrong with a stream: warnings for a person, events for a program.
#![expect(
    clippy::print_stderr,
    reason = "warnings are this command's output on the error stream"
)]

use std::collections::BTreeMap;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use livetape_media::{TimedEvent, Timestamp};
use serde_json::{Value, json};

/// Warnings of one kind that are printed one by one.
const PRINTED: usize = 10;

/// A defect, or something else to know about what was read.
#[derive(Debug, Clone)]
pub(crate) struct Event {
    /// Stable code.
    pub(crate) code: &'static str,
    /// One sentence.
    pub(crate) message: String,
    /// The stream's own number of the track concerned, where it is one.
    pub(crate) track: Option<u32>,
    /// When on the timeline, in seconds, where known.
    pub(crate) at: Option<f64>,
}

impl Event {
    /// Which track and when, as far as it is known, to end a line with.
    fn place(&self) -> String {
        match (self.track, self.at) {
            (Some(track), Some(at)) => format!(" (track {track} at {at:.3} s)"),
            (Some(track), None) => format!(" (track {track})"),
            (None, Some(at)) => format!(" (at {at:.3} s)"),
            (None, None) => String::new(),
        }
    }
}

/// All that was to be told, in order.
#[derive(Debug, Default)]
pub(crate) struct Report {
    events: Vec<Event>,
}

impl Report {
    pub(crate) fn tell(&mut self, code: &'static str, message: String) {
        self.push(code, message, None);
    }

    pub(crate) fn tell_at(&mut self, code: &'static str, message: String, at: f64) {
        self.push(code, message, Some(at));
    }

    /// Tells of a track something whose time is not placed yet; gives its number.
    pub(crate) fn tell_of(
        &mut self,
        code: &'static str,
        message: String,
        track: Option<u32>,
    ) -> usize {
        self.push(code, message, None);
        let number = self.events.len() - 1;
        if let Some(event) = self.events.get_mut(number) {
            event.track = track;
        }
        number
    }

    /// Says when the event of this number was, in seconds.
    pub(crate) fn place(&mut self, number: usize, at: f64) {
        if let Some(event) = self.events.get_mut(number) {
            event.at = Some(at);
        }
    }

    fn push(&mut self, code: &'static str, message: String, at: Option<f64>) {
        self.events.push(Event {
            code,
            message,
            track: None,
            at,
        });
    }

    /// Counts the times told so far from `zero` on, in seconds.
    pub(crate) fn count_from(&mut self, zero: f64) {
        for at in self.events.iter_mut().filter_map(|event| event.at.as_mut()) {
            *at -= zero;
        }
    }

    /// The first event of a kind.
    pub(crate) fn first(&self, code: &str) -> Option<&Event> {
        self.events.iter().find(|event| event.code == code)
    }

    /// Prints the warnings; of many of a kind the first ones and how many more there were.
    pub(crate) fn print(&self) {
        let mut told: BTreeMap<&str, usize> = BTreeMap::new();
        for event in &self.events {
            let count = told.entry(event.code).or_default();
            *count += 1;
            if *count <= PRINTED {
                eprintln!(
                    "warning[{}]: {}{}",
                    event.code,
                    event.message,
                    event.place()
                );
            }
        }
        for (code, count) in told {
            if let Some(more) = count.checked_sub(PRINTED).filter(|more| *more > 0) {
                eprintln!("warning[{code}]: {more} more of this kind");
            }
        }
    }

    pub(crate) fn json(&self) -> Value {
        let events = self.events.iter();
        events
            .map(|event| {
                json!({
                    "code": event.code, "message": event.message,
                    "track": event.track, "at": event.at,
                })
            })
            .collect()
    }
}

/// Timed events for a program; their times count from `zero`. Payload is in base64.
pub(crate) fn timed_events(events: &[TimedEvent], zero: Timestamp) -> Value {
    let events = events.iter();
    events
        .map(|event| {
            json!({
                "time": event.time.minus(zero).seconds(),
                "duration": event.duration.map(Timestamp::seconds),
                "scheme": event.scheme,
                "value": event.value,
                "id": event.id,
                "payload": STANDARD.encode(&event.payload),
            })
        })
        .collect()
}
