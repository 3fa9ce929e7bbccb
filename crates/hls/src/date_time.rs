//! Dates of `EXT-X-PROGRAM-DATE-TIME` and `EXT-X-DATERANGE` (section 4.4.4.6): ISO 8601 text to and
//! from Unix time, in the proleptic Gregorian calendar.

use std::fmt;
use std::str::FromStr;

const MILLIS_PER_SECOND: i64 = 1_000;
const MILLIS_PER_MINUTE: i64 = 60 * MILLIS_PER_SECOND;
const MILLIS_PER_DAY: i64 = 24 * 60 * MILLIS_PER_MINUTE;
/// 0000-01-01T00:00:00Z.
const MIN_MILLIS: i64 = -719_528 * MILLIS_PER_DAY;
/// 9999-12-31T23:59:59.999Z.
const MAX_MILLIS: i64 = 2_932_897 * MILLIS_PER_DAY - 1;

/// How a date names its zone.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Zone {
    /// `Z`.
    Utc,
    /// Minutes east of UTC, written `+hh:mm`. Within a day either way.
    Offset(i16),
    /// None given; taken as UTC.
    Missing,
}

/// A moment, with the digits and the zone it is written in.
///
/// Years 0000 to 9999. Two values are equal when they are written alike; compare
/// [`DateTime::unix_millis`] to compare moments.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct DateTime {
    unix_millis: i64,
    /// Nanoseconds behind the millisecond, below 1,000,000.
    sub_millis: u32,
    /// Digits written behind the second, at most 9.
    digits: u8,
    zone: Zone,
}

impl DateTime {
    /// A moment in milliseconds since 1970-01-01T00:00:00Z, written in UTC with three digits behind
    /// the second. Moments outside the years 0000 to 9999 are moved to the nearest one inside.
    #[must_use]
    pub fn from_unix_millis(unix_millis: i64) -> Self {
        Self {
            unix_millis: unix_millis.clamp(MIN_MILLIS, MAX_MILLIS),
            sub_millis: 0,
            digits: 3,
            zone: Zone::Utc,
        }
    }

    /// Milliseconds since 1970-01-01T00:00:00Z, rounded down.
    #[must_use]
    pub const fn unix_millis(self) -> i64 {
        self.unix_millis
    }

    /// Microseconds since 1970-01-01T00:00:00Z, rounded down.
    #[must_use]
    pub fn unix_micros(self) -> i64 {
        // Year 9999 is 2.6e17 microseconds away: no overflow.
        self.unix_millis * 1_000 + i64::from(self.sub_millis / 1_000)
    }

    /// The zone it is written in.
    #[must_use]
    pub const fn zone(self) -> Zone {
        self.zone
    }
}

/// The text is not a date and time of ISO 8601 in the form that playlists use.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not a date and time")]
pub struct ParseDateTimeError;

impl FromStr for DateTime {
    type Err = ParseDateTimeError;

    /// Reads `YYYY-MM-DDThh:mm[:ss[.f]][Z|+hh[[:]mm]]`.
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Cursor(text.as_bytes())
            .date_time()
            .ok_or(ParseDateTimeError)
    }
}

/// What is left to read.
struct Cursor<'a>(&'a [u8]);

impl Cursor<'_> {
    fn date_time(mut self) -> Option<DateTime> {
        let days = self.date()?;
        if !self.take(b'T') && !self.take(b't') && !self.take(b' ') {
            return None;
        }
        let hour = self.number(2).filter(|h| *h < 24)?;
        self.take(b':').then_some(())?;
        let minute = self.number(2).filter(|m| *m < 60)?;
        let second = if self.take(b':') {
            // A leap second has no Unix time of its own: it shares that of the next second.
            self.number(2).filter(|s| *s <= 60)?
        } else {
            0
        };
        let (nanos, digits) = self.fraction()?;
        let zone = self.zone()?;
        let offset = match zone {
            Zone::Offset(minutes) => i64::from(minutes) * MILLIS_PER_MINUTE,
            Zone::Utc | Zone::Missing => 0,
        };
        let unix_millis = days * MILLIS_PER_DAY
            + (hour * 60 + minute) * MILLIS_PER_MINUTE
            + second * MILLIS_PER_SECOND
            + i64::from(nanos / 1_000_000)
            - offset;
        Some(DateTime {
            unix_millis: unix_millis.clamp(MIN_MILLIS, MAX_MILLIS),
            sub_millis: nanos % 1_000_000,
            digits,
            zone,
        })
    }

    fn date(&mut self) -> Option<i64> {
        let year = self.number(4)?;
        self.take(b'-').then_some(())?;
        let month = self.number(2).filter(|m| (1..=12).contains(m))?;
        self.take(b'-').then_some(())?;
        let day = self
            .number(2)
            .filter(|d| (1..=days_in_month(year, month)).contains(d))?;
        Some(days_from_civil(year, month, day))
    }

    /// Nanoseconds and the number of digits they were written with.
    fn fraction(&mut self) -> Option<(u32, u8)> {
        if !self.take(b'.') && !self.take(b',') {
            return Some((0, 0));
        }
        let (mut nanos, mut digits) = (0, 0);
        let mut seen = false;
        while let Some(digit) = self.digit() {
            seen = true;
            if digits < 9 {
                nanos = nanos * 10 + u32::from(digit);
                digits += 1;
            }
        }
        seen.then_some((nanos * 10_u32.pow(9 - u32::from(digits)), digits))
    }

    fn zone(&mut self) -> Option<Zone> {
        if self.0.is_empty() {
            return Some(Zone::Missing);
        }
        if self.take(b'Z') || self.take(b'z') {
            return self.0.is_empty().then_some(Zone::Utc);
        }
        let sign = match (self.take(b'+'), self.take(b'-')) {
            (true, false) => 1,
            (false, true) => -1,
            _ => return None,
        };
        let hours = self.number(2).filter(|h| *h < 24)?;
        let minutes = if self.0.is_empty() {
            0
        } else {
            self.take(b':');
            self.number(2).filter(|m| *m < 60)?
        };
        let offset = i16::try_from(sign * (hours * 60 + minutes)).ok()?;
        self.0.is_empty().then_some(Zone::Offset(offset))
    }

    fn take(&mut self, byte: u8) -> bool {
        match self.0.split_first() {
            Some((first, rest)) if *first == byte => {
                self.0 = rest;
                true
            }
            _ => false,
        }
    }

    fn digit(&mut self) -> Option<u8> {
        let (first, rest) = self.0.split_first()?;
        let digit = first.is_ascii_digit().then(|| first - b'0')?;
        self.0 = rest;
        Some(digit)
    }

    fn number(&mut self, digits: u32) -> Option<i64> {
        (0..digits).try_fold(0, |value, _| Some(value * 10 + i64::from(self.digit()?)))
    }
}

impl fmt::Display for DateTime {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let offset = match self.zone {
            Zone::Offset(minutes) => i64::from(minutes),
            Zone::Utc | Zone::Missing => 0,
        };
        // A local time just outside the four-digit years cannot be written; stay inside.
        let local = (self.unix_millis + offset * MILLIS_PER_MINUTE).clamp(MIN_MILLIS, MAX_MILLIS);
        let (year, month, day) = civil_from_days(local.div_euclid(MILLIS_PER_DAY));
        let time = local.rem_euclid(MILLIS_PER_DAY);
        let minutes = time / MILLIS_PER_MINUTE;
        write!(
            f,
            "{year:04}-{month:02}-{day:02}T{:02}:{:02}:{:02}",
            minutes / 60,
            minutes % 60,
            time % MILLIS_PER_MINUTE / MILLIS_PER_SECOND
        )?;
        if self.digits > 0 {
            let nanos = time % MILLIS_PER_SECOND * 1_000_000 + i64::from(self.sub_millis);
            let width = usize::from(self.digits);
            let value = nanos / 10_i64.pow(9 - u32::from(self.digits.min(9)));
            write!(f, ".{value:0width$}")?;
        }
        match self.zone {
            Zone::Utc => f.write_str("Z"),
            Zone::Missing => Ok(()),
            Zone::Offset(_) => {
                let sign = if offset < 0 { '-' } else { '+' };
                write!(f, "{sign}{:02}:{:02}", offset.abs() / 60, offset.abs() % 60)
            }
        }
    }
}

const fn is_leap_year(year: i64) -> bool {
    year % 4 == 0 && (year % 100 != 0 || year % 400 == 0)
}

const fn days_in_month(year: i64, month: i64) -> i64 {
    match month {
        2 if is_leap_year(year) => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    }
}

/// Days from 1970-01-01 to a date. Years start in March here, so that the leap day is the last.
const fn days_from_civil(year: i64, month: i64, day: i64) -> i64 {
    let year = if month <= 2 { year - 1 } else { year };
    let era = year.div_euclid(400);
    let year_of_era = year.rem_euclid(400);
    let month_from_march = (month + 9) % 12;
    let day_of_year = (153 * month_from_march + 2) / 5 + day - 1;
    let day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
    era * 146_097 + day_of_era - 719_468
}

/// Inverse of [`days_from_civil`]: year, month, day.
const fn civil_from_days(days: i64) -> (i64, i64, i64) {
    let days = days + 719_468;
    let era = days.div_euclid(146_097);
    let day_of_era = days.rem_euclid(146_097);
    let year_of_era =
        (day_of_era - day_of_era / 1_460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let month_from_march = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * month_from_march + 2) / 5 + 1;
    let month = (month_from_march + 2) % 12 + 1;
    let year = era * 400 + year_of_era + if month <= 2 { 1 } else { 0 };
    (year, month, day)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn millis(text: &str) -> Option<i64> {
        text.parse().ok().map(DateTime::unix_millis)
    }

    #[test]
    fn known_moments() {
        assert_eq!(millis("1970-01-01T00:00:00Z"), Some(0));
        assert_eq!(millis("1969-12-31T23:59:59.999Z"), Some(-1));
        // `date -u -d 2024-02-29T12:34:56Z +%s`
        assert_eq!(millis("2024-02-29T12:34:56Z"), Some(1_709_210_096_000));
        assert_eq!(millis("2024-02-29T20:34:56+08:00"), Some(1_709_210_096_000));
        assert_eq!(
            millis("2016-06-22T09:20:16.166-04:00"),
            Some(1_466_601_616_166)
        );
        assert_eq!(
            millis("2024-02-29T12:34:56.5+0000"),
            Some(1_709_210_096_500)
        );
        assert_eq!(millis("2024-02-29 12:34:56"), Some(1_709_210_096_000));
        assert_eq!(millis("0000-01-01T00:00:00Z"), Some(MIN_MILLIS));
        assert_eq!(millis("9999-12-31T23:59:59.999Z"), Some(MAX_MILLIS));
    }

    #[test]
    fn text_comes_back_as_read() {
        for text in [
            "2024-11-11T04:35:19.353-08:00",
            "2018-12-31T09:47:22+08:00",
            "2020-06-03T14:56:00Z",
            "2000-01-01T00:00:00.00Z",
            "2000-01-01T00:00:00.123456789Z",
            "2000-01-01T00:00:00.1",
        ] {
            assert_eq!(
                text.parse::<DateTime>().map(|d| d.to_string()),
                Ok(text.to_owned())
            );
        }
    }

    #[test]
    fn other_text_is_refused() {
        for text in [
            "",
            "2024",
            "2023-02-29T00:00:00Z",
            "2024-13-01T00:00:00Z",
            "2024-01-01T24:00:00Z",
            "2024-01-01T00:00:00.Z",
            "2024-01-01T00:00:00ZZ",
            "2024-01-01T00:00:00+8",
            "2024-01-01T00:00:00 PST",
            "1709210096",
        ] {
            assert_eq!(text.parse::<DateTime>(), Err(ParseDateTimeError), "{text}");
        }
    }

    #[test]
    fn every_day_of_400_years_counts_one() {
        let mut expected = days_from_civil(1900, 1, 1);
        for year in 1900..2300 {
            for month in 1..=12 {
                for day in 1..=days_in_month(year, month) {
                    assert_eq!(days_from_civil(year, month, day), expected);
                    assert_eq!(civil_from_days(expected), (year, month, day));
                    expected += 1;
                }
            }
        }
    }

    #[test]
    fn millis_are_written_in_utc() {
        assert_eq!(
            DateTime::from_unix_millis(1_709_210_096_005).to_string(),
            "2024-02-29T12:34:56.005Z"
        );
        assert_eq!(
            DateTime::from_unix_millis(i64::MAX).to_string(),
            "9999-12-31T23:59:59.999Z"
        );
    }
}
