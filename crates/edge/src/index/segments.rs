//! The objects as the list of segments that every playlist is made from.

use livetape_media::{Timescale, Timestamp};

use super::{Entry, Index};

/// A step between two objects that is larger, in microseconds, is a discontinuity.
const LARGEST_STEP: i64 = 200_000;
/// A missing object lasts no longer, in microseconds: it must fit the target duration.
const LONGEST_MISSING: i64 = 7_400_000;
/// Most entries for one hole.
const MOST_MISSING: u32 = 1_000;

/// One entry of a playlist.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Segment<'a> {
    /// An object that is there.
    Stored {
        entry: &'a Entry,
        /// Times or configuration do not follow on from the entry before.
        discontinuity: bool,
    },
    /// A number in the lane that has no object.
    Missing {
        seq: u32,
        /// Microseconds.
        duration: i64,
    },
}

impl Segment<'_> {
    /// Its object's number.
    pub(crate) const fn seq(&self) -> u32 {
        match self {
            Self::Stored { entry, .. } => entry.seq,
            Self::Missing { seq, .. } => *seq,
        }
    }

    /// Microseconds; exact sums, since both ends are rounded, not the length.
    pub(crate) fn duration(&self) -> i64 {
        match self {
            Self::Stored { entry, .. } => micros(entry.end()) - micros(entry.start),
            Self::Missing { duration, .. } => *duration,
        }
    }
}

const MICROS: Timescale = match Timescale::new(1_000_000) {
    Some(scale) => scale,
    None => Timescale::MILLIS,
};

/// Microseconds, rounded to the nearest.
pub(crate) fn micros(time: Timestamp) -> i64 {
    time.rescale(MICROS).ticks
}

/// Microseconds, rounded down: a picture shown at `time` is shown at or after them.
pub(crate) fn floor_micros(time: Timestamp) -> i64 {
    let ticks = i128::from(time.ticks) * 1_000_000;
    let micros = ticks.div_euclid(i128::from(time.timescale.get()));
    i64::try_from(micros).unwrap_or(i64::MAX)
}

/// A moment in microseconds.
pub(crate) const fn at_micros(micros: i64) -> Timestamp {
    Timestamp::new(micros, MICROS)
}

impl Entry {
    pub(crate) fn end(&self) -> Timestamp {
        self.start.plus(self.duration)
    }
}

impl Index {
    /// The segments from object `before` on, with one for each missing object that lies before a
    /// stored one.
    pub(crate) fn segments(&self, before: u32) -> Vec<Segment<'_>> {
        let mut list = Vec::new();
        let mut previous: Option<&Entry> = None;
        let from = self.entries().partition_point(|entry| entry.seq < before);
        for entry in self.entries().get(from..).unwrap_or_default() {
            let first_missing = previous.map_or(before, |previous| previous.seq.saturating_add(1));
            let step = previous.map(|previous| micros(entry.start) - micros(previous.end()));
            // A number that was skipped without any time being lost is nobody's concern.
            let lost = step.is_none_or(|step| step.abs() > LARGEST_STEP);
            let missing = match entry.seq.saturating_sub(first_missing) {
                missing if lost => missing,
                _ => 0,
            };
            let each = step.map_or(0, |step| step / i64::from(missing.max(1)));
            let fits = missing <= MOST_MISSING && 0 < each && each <= LONGEST_MISSING;
            let nominal = previous.unwrap_or(entry).duration;
            let duration = if fits { each } else { micros(nominal) };
            for seq in (entry.seq - missing..entry.seq).take(MOST_MISSING as usize) {
                list.push(Segment::Missing { seq, duration });
            }
            let new_config = previous.is_some_and(|previous| previous.config != entry.config);
            let jumps = if missing > 0 {
                !fits
            } else {
                step.is_some_and(|step| step.abs() > LARGEST_STEP)
            };
            list.push(Segment::Stored {
                entry,
                discontinuity: previous.is_some() && (jumps || new_config),
            });
            previous = Some(entry);
        }
        list
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn microseconds_are_never_after_the_moment() {
        let scale = Timescale::new(30_000).expect("not zero");
        assert_eq!(floor_micros(Timestamp::new(1_001, scale)), 33_366);
        assert_eq!(floor_micros(Timestamp::new(-1, scale)), -34);
    }
}
