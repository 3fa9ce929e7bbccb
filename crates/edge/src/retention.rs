//! How long what is recorded is kept: so many days, or at the live edge so many seconds.

use std::ops::RangeInclusive;

use serde::{Deserialize, Serialize};

use crate::api::State;
use crate::clip::Clip;
use crate::error::{ApiError, Code};
use crate::index::{Segment, micros};
use crate::recording::Recording;

/// Fewest seconds of a window: playlists shorter than this are no use to players.
const SHORTEST_WINDOW: f64 = 60.0;
/// Most days and seconds: more is for ever.
const LONGEST_DAYS: f64 = 36_500.0;
const LONGEST_WINDOW: f64 = 1e8;
const DAY_MILLIS: f64 = 24.0 * 3_600_000.0;

/// What is kept; everything, for ever, where nothing is said.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Retention {
    /// Days after the last object was stored: then it is deleted.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub days: Option<f64>,
    /// Seconds before the newest picture that are kept while it is recorded; at least 60.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub window: Option<f64>,
}

impl Retention {
    /// Checks the numbers.
    ///
    /// # Errors
    /// [`Code::BadRequest`].
    pub fn check(&self) -> Result<(), ApiError> {
        let days = self
            .days
            .is_none_or(|days| days > 0.0 && days <= LONGEST_DAYS);
        let window = self
            .window
            .is_none_or(|window| (SHORTEST_WINDOW..=LONGEST_WINDOW).contains(&window));
        if days && window {
            return Ok(());
        }
        let detail = "retention has days, over 0 and at most 36500, and window, at least 60 s.";
        Err(ApiError::new(Code::BadRequest, detail))
    }
}

/// What of a recording is not kept any more.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Evicted {
    /// Objects of lower numbers play in persistent clips alone.
    pub before: u32,
    /// How many segments of the playlist they were.
    pub segments: u64,
    /// How many discontinuities stood before them, and before the first that is left.
    pub discontinuities: u64,
    /// Where seconds are counted from, in microseconds: where the first picture was.
    pub zero: i64,
}

impl Recording {
    /// What is to be evicted beyond what is, as its window asks; `None` where that is nothing.
    pub fn to_evict(&self) -> Option<Evicted> {
        let window = self.meta().retention.window?;
        let segments = self.segments();
        let end = self
            .index()
            .entries()
            .last()
            .map(|entry| micros(entry.end()))?;
        let oldest = end.saturating_sub((window * 1e6) as i64);
        let is_old = |segment: &&Segment<'_>| match segment {
            Segment::Stored { entry, .. } => micros(entry.end()) <= oldest,
            // It goes with what follows it, of which there is something.
            Segment::Missing { .. } => true,
        };
        let mut dropped = segments.iter().take_while(is_old).count();
        let stored = |segment: &Segment<'_>| matches!(segment, Segment::Stored { .. });
        while dropped > 0 && !segments.get(dropped - 1).is_some_and(stored) {
            dropped -= 1;
        }
        let first = segments.get(dropped)?.seq();
        (self.meta().state == State::Recording && dropped > 0).then_some(())?;
        self.evicted_before(first, dropped)
    }

    /// Everything is evicted: its days are over.
    pub fn all_evicted(&self) -> Option<Evicted> {
        let last = self.index().entries().last()?.seq;
        self.evicted_before(last.saturating_add(1), self.segments().len())
    }

    /// Seconds from the first picture that there was to the first that is kept.
    pub(crate) fn kept_from(&self) -> f64 {
        let evicted = self.meta().evicted;
        match self.listed().next() {
            Some(first) if evicted.before > 0 => {
                (micros(first.start) - evicted.zero).max(0) as f64 / 1e6
            }
            _ => 0.0,
        }
    }

    fn evicted_before(&self, before: u32, dropped: usize) -> Option<Evicted> {
        let marked = |segment: &&Segment<'_>| {
            matches!(
                segment,
                Segment::Stored {
                    discontinuity: true,
                    ..
                }
            )
        };
        let so_far = self.meta().evicted;
        let discontinuities = self
            .segments()
            .iter()
            .take(dropped + 1)
            .filter(marked)
            .count();
        Some(Evicted {
            before,
            segments: so_far.segments + dropped as u64,
            discontinuities: so_far.discontinuities + discontinuities as u64,
            zero: self.zero().ok()?,
        })
    }

    /// When its days are over, Unix milliseconds; `None` where they never are.
    pub fn expires(&self) -> Option<i64> {
        let days = self.meta().retention.days?;
        let stored = self
            .index()
            .entries()
            .iter()
            .map(|entry| entry.stored)
            .max();
        let last = stored.unwrap_or(0).max(self.meta().created);
        Some(last.saturating_add((days * DAY_MILLIS) as i64))
    }

    /// Numbers of stored objects that are evicted and that no persistent clip of `clips` shows
    /// anything of.
    pub fn removable(&self, clips: &[Clip]) -> Vec<u32> {
        let before = self.meta().evicted.before;
        let pinned: Vec<RangeInclusive<u32>> = clips
            .iter()
            .filter(|clip| clip.persistent)
            .filter_map(|clip| self.objects_of(&clip.span))
            .collect();
        let is_pinned = |seq: &u32| pinned.iter().any(|range| range.contains(seq));
        let evicted = self.stored_numbers().take_while(|seq| *seq < before);
        evicted.filter(|seq| !is_pinned(seq)).collect()
    }
}
