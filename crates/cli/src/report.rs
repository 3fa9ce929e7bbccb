//! What was wrong with a stream: warnings for a person, events for a program.
#![expect(
    clippy::print_stderr,
    reason = "warnings are this command's output on the error stream"
)]

use std::collections::BTreeMap;

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
    /// When on the timeline, in seconds, where known.
    pub(crate) at: Option<f64>,
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

    fn push(&mut self, code: &'static str, message: String, at: Option<f64>) {
        self.events.push(Event { code, message, at });
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
                eprintln!("warning[{}]: {}", event.code, event.message);
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
            .map(|event| json!({ "code": event.code, "message": event.message, "at": event.at }))
            .collect()
    }
}
