//! When what of a programme is on air, where its time may be changed while it runs.
//!
//! A broadcast's segments have numbers that only ever grow. Each change of its start begins another
//! run: from the next number on the programme is where the new start says, behind a discontinuity.
//! What was on air keeps its numbers, so nobody's playlist goes back, and a number that was never on
//! air is not to be had, whatever it would have been.

use std::ops::Range;

use serde::{Deserialize, Serialize};

use super::schedule::{Place, Schedule};
use crate::api::PatchBroadcast;
use crate::error::{ApiError, Code};
use crate::moment::Span;

/// So often the start of a broadcast may be changed while it runs.
const MOST_RUNS: usize = 1_000;

/// A broadcast of a recording.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Broadcast {
    first: Run,
    /// Those after it: each began when the start was changed.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    later: Vec<Run>,
    /// It begins again at its end, for ever.
    pub repeat: bool,
    /// From then on nothing more comes on air, Unix milliseconds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub end: Option<i64>,
    /// The clip that it shows, by its number, and what that is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub clip: Option<(u32, Span)>,
}

/// A part of a broadcast in which time goes on evenly.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
struct Run {
    /// When the programme begins, or would have begun, Unix milliseconds.
    start: i64,
    /// Number of the broadcast's first segment in it.
    number: u64,
    /// Which of the programme's that is.
    programme: u64,
}

/// Where a broadcast is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum OnAir {
    /// It has not begun.
    Scheduled,
    /// It runs.
    OnAir,
    /// It was stopped, or the programme is over.
    Over,
}

impl Broadcast {
    /// A broadcast that begins at `start`, Unix milliseconds.
    pub const fn new(start: i64, repeat: bool) -> Self {
        Self {
            first: Run {
                start,
                number: 0,
                programme: 0,
            },
            later: Vec::new(),
            repeat,
            end: None,
            clip: None,
        }
    }

    /// When it begins, as last said, Unix milliseconds.
    pub fn start(&self) -> i64 {
        self.last().start
    }

    fn last(&self) -> Run {
        self.later.last().copied().unwrap_or(self.first)
    }

    fn runs(&self) -> impl DoubleEndedIterator<Item = Run> + '_ {
        std::iter::once(self.first).chain(self.later.iter().copied())
    }

    /// How many segments are on air or were, at `now` in Unix milliseconds.
    pub(super) fn available(&self, schedule: &Schedule, now: i64) -> u64 {
        let run = self.last();
        let now = self.end.map_or(now, |end| now.min(end));
        let programme = self.programme(schedule, run.start, now);
        run.number
            .saturating_add(programme.saturating_sub(run.programme))
    }

    fn programme(&self, schedule: &Schedule, start: i64, now: i64) -> u64 {
        let elapsed = now.saturating_sub(start).saturating_mul(1_000);
        schedule.available(elapsed, self.repeat)
    }

    /// Where a segment is in the programme, and when that begins, Unix milliseconds.
    pub(super) fn place(&self, schedule: &Schedule, number: u64) -> (Place, i64) {
        let run = self.run_of(number);
        let programme = (number - run.number).saturating_add(run.programme);
        (schedule.place(programme), run.start)
    }

    fn run_of(&self, number: u64) -> Run {
        let holds = |run: &Run| run.number <= number;
        self.runs().rev().find(holds).unwrap_or(self.first)
    }

    /// Checks that a segment has happened, and says where it is.
    ///
    /// # Errors
    /// [`Code::NotOnAir`].
    pub(super) fn check(
        &self,
        schedule: &Schedule,
        number: u64,
        now: i64,
    ) -> Result<Place, ApiError> {
        match number < self.available(schedule, now) {
            true => Ok(self.place(schedule, number).0),
            false => Err(Code::NotOnAir.into()),
        }
    }

    /// Nothing more will come on air than the `available` segments.
    pub(super) fn is_over(&self, schedule: &Schedule, now: i64) -> bool {
        let all =
            || self.programme(schedule, self.start(), now) >= schedule.available(i64::MAX, false);
        self.end.is_some_and(|end| end <= now) || (!self.repeat && all())
    }

    /// Where it is at `now`, Unix milliseconds.
    pub(super) fn on_air(&self, schedule: &Schedule, now: i64) -> OnAir {
        if self.is_over(schedule, now) {
            return OnAir::Over;
        }
        match now < self.start() {
            true => OnAir::Scheduled,
            false => OnAir::OnAir,
        }
    }

    /// The segments that a playlist shows when `available` have happened.
    pub(super) fn window(&self, schedule: &Schedule, available: u64) -> Range<u64> {
        schedule.window(available, |number| self.place(schedule, number).0)
    }

    /// EXT-X-DISCONTINUITY stands before this segment.
    pub(super) fn discontinuity(&self, schedule: &Schedule, number: u64) -> bool {
        let begins_a_run = self.later.iter().any(|run| run.number == number);
        begins_a_run || schedule.discontinuity(self.place(schedule, number).0)
    }

    /// How many discontinuities stand before segments before this one.
    pub(super) fn discontinuities_before(&self, schedule: &Schedule, number: u64) -> u64 {
        let ends = self.later.iter().map(|run| run.number);
        let ends = ends.chain(std::iter::once(u64::MAX));
        let before = |programme| schedule.discontinuities_before(schedule.place(programme));
        let in_run = |(at, (run, end)): (usize, (Run, u64))| {
            let until = end.min(number);
            if until <= run.number {
                return 0;
            }
            let last = (until - run.number).saturating_add(run.programme);
            // What stands before the run's own first segment is the change itself.
            let inside = before(last).saturating_sub(before(run.programme + 1));
            inside + u64::from(at > 0)
        };
        self.runs().zip(ends).enumerate().map(in_run).sum()
    }

    /// The broadcast after a change at `now`, Unix milliseconds. What was on air stays as it was.
    ///
    /// # Errors
    /// [`Code::BadRequest`] after many changes.
    pub(super) fn changed(
        mut self,
        schedule: &Schedule,
        patch: &PatchBroadcast,
        now: i64,
    ) -> Result<Self, ApiError> {
        let number = self.available(schedule, now);
        let was_stopped = self.end.is_some_and(|end| end <= now);
        let end = match patch.end {
            // It ended when it did.
            Some(Some(end)) if was_stopped && end <= now => self.end,
            // It has not ended before: what was on air until now was.
            Some(end) => end.map(|end| end.max(now)),
            None => self.end.filter(|_| !(was_stopped && patch.start.is_some())),
        };
        let resumes = was_stopped && end.is_none_or(|end| end > now);
        if patch.start.is_some() || resumes {
            let start = patch.start.unwrap_or_else(|| self.start());
            self.begin_run(schedule, start, number, now)?;
        }
        self.end = end;
        Ok(self)
    }

    fn begin_run(
        &mut self,
        schedule: &Schedule,
        start: i64,
        number: u64,
        now: i64,
    ) -> Result<(), ApiError> {
        if number == 0 {
            // Nobody has seen anything of it.
            self.first.start = start;
            return Ok(());
        }
        // A run of which nothing was on air never was.
        self.later.retain(|run| run.number < number);
        if self.later.len() >= MOST_RUNS {
            let detail = format!("Its start was changed {MOST_RUNS} times.");
            return Err(ApiError::new(Code::BadRequest, detail));
        }
        self.later.push(Run {
            start,
            number,
            programme: self.programme(schedule, start, now),
        });
        Ok(())
    }
}

#[cfg(test)]
mod tests;
