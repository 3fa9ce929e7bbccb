//! When what is on the timeline happened.

use livetape_media::{Timescale, Timestamp};

/// Dates that say the same to within so many milliseconds are one: they are rounded.
const SAME_MILLIS: u64 = 2;
/// So many dates are kept.
const MOST: usize = 100_000;

/// Dates of moments of a timeline; in between, time goes on.
#[derive(Debug, Default)]
pub(crate) struct WallClock {
    /// In the order of the moments, each with Unix milliseconds.
    dates: Vec<(Timestamp, i64)>,
}

impl WallClock {
    /// The moment `at` was at this Unix time.
    pub(crate) fn set(&mut self, at: Timestamp, unix_millis: i64) {
        let known = self.at(at);
        let is_known = known.is_some_and(|known| known.abs_diff(unix_millis) <= SAME_MILLIS);
        if is_known || self.dates.len() >= MOST {
            return;
        }
        self.dates.insert(self.behind(at), (at, unix_millis));
    }

    /// Index of the first date behind `time`.
    fn behind(&self, time: Timestamp) -> usize {
        self.dates.partition_point(|(other, _)| *other <= time)
    }

    /// All, in the order of the moments.
    pub(crate) fn dates(&self) -> &[(Timestamp, i64)] {
        &self.dates
    }

    /// Forgets those that say nothing of `start` and what follows it.
    pub(crate) fn forget_before(&mut self, start: Timestamp) {
        let behind = self.behind(start);
        self.dates.drain(..behind.saturating_sub(1));
    }

    /// Unix milliseconds of a moment, counted from the last date before it, or else the first.
    pub(crate) fn at(&self, time: Timestamp) -> Option<i64> {
        let (at, unix_millis) = self.dates.get(self.behind(time).saturating_sub(1))?;
        let since = time.rescale(Timescale::NANOS).minus(*at);
        Some(unix_millis.saturating_add(since.rescale(Timescale::MILLIS).ticks))
    }

    /// The moment of a Unix time, in milliseconds, counted from the last date that is no later, or
    /// else the first; where another date comes before that much time has gone by, its moment.
    pub(crate) fn moment(&self, unix_millis: i64) -> Option<Timestamp> {
        let behind = self.dates.iter().rposition(|(_, own)| *own <= unix_millis);
        let number = behind.unwrap_or(0);
        let (at, own) = self.dates.get(number)?;
        let since = Timestamp::new(unix_millis.saturating_sub(*own), Timescale::MILLIS);
        let moment = at.rescale(Timescale::NANOS).plus(since);
        let next = self.dates.get(number + 1).map(|(next, _)| *next);
        Some(next.map_or(moment, |next| moment.min(next)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn time_goes_on_from_the_date_before() {
        let at = |seconds: i64| Timestamp::new(seconds * 90_000, Timescale::MPEG);
        let mut clock = WallClock::default();
        assert_eq!((clock.at(at(1)), clock.moment(1)), (None, None));
        clock.set(at(10), 1_000_000);
        assert_eq!(clock.at(at(4)), Some(994_000));
        // The same date again, but for rounding; and after a break another.
        clock.set(at(12), 1_002_001);
        clock.set(at(20), 5_000_000);
        assert_eq!(clock.dates.len(), 2);
        assert_eq!(clock.at(at(19)), Some(1_009_000));
        assert_eq!(clock.at(at(21)), Some(5_001_000));
        assert_eq!(clock.moment(994_000), Some(at(4)));
        assert_eq!(clock.moment(1_004_000), Some(at(14)));
        assert_eq!(clock.moment(4_000_000), Some(at(20)));
        assert_eq!(clock.moment(5_001_000), Some(at(21)));
        clock.forget_before(at(15));
        assert_eq!(clock.dates().len(), 2);
        clock.forget_before(at(20));
        assert_eq!(clock.dates(), [(at(20), 5_000_000)]);
    }
}
