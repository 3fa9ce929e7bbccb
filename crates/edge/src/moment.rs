//! Moments of a recording as requests name them: seconds of media, or date and time.

use std::fmt;

use livetape_hls::DateTime;
use livetape_timeline::plan::Selection;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::api::State;
use crate::error::{ApiError, Code};
use crate::index::{floor_micros, micros};
use crate::recording::Recording;

/// Seconds that no recording has; what is less is exact in microseconds.
const FARTHEST_SECONDS: f64 = 1e10;

/// A moment of a recording. In JSON a number of seconds, or a text as in addresses.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(try_from = "Value", into = "Value")]
pub enum Moment {
    /// Seconds from the first picture; 0 or more.
    Media(f64),
    /// Unix milliseconds.
    WallClock(i64),
}

impl Moment {
    /// Reads `12.5` or `2026-01-02T03:04:05.678Z` (RFC 3339); `None` for other text.
    pub fn parse(text: &str) -> Option<Self> {
        if let Ok(seconds) = text.parse() {
            return Self::media(seconds);
        }
        // A plus sign in a query is read as a space.
        let date: DateTime = text.replace(' ', "+").parse().ok()?;
        Some(Self::WallClock(date.unix_micros().div_euclid(1_000)))
    }

    fn media(seconds: f64) -> Option<Self> {
        (0.0..FARTHEST_SECONDS)
            .contains(&seconds)
            .then_some(Self::Media(seconds))
    }
}

impl TryFrom<Value> for Moment {
    type Error = &'static str;

    fn try_from(value: Value) -> Result<Self, Self::Error> {
        let moment = match &value {
            Value::Number(seconds) => seconds.as_f64().and_then(Self::media),
            Value::String(text) => Self::parse(text),
            _ => None,
        };
        moment.ok_or("a moment is in seconds from the first picture, or date and time of RFC 3339")
    }
}

impl From<Moment> for Value {
    fn from(moment: Moment) -> Self {
        match moment {
            Moment::Media(seconds) => seconds.into(),
            Moment::WallClock(_) => moment.to_string().into(),
        }
    }
}

impl fmt::Display for Moment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Media(seconds) => seconds.fmt(f),
            Self::WallClock(millis) => DateTime::from_unix_millis(*millis).fmt(f),
        }
    }
}

/// A range of a recording's time as it is asked for.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize)]
pub struct TimeRange {
    /// From here on; from the beginning where absent.
    pub start: Option<Moment>,
    /// Up to here; to the end where absent.
    pub end: Option<Moment>,
}

impl TimeRange {
    /// Reads `start` and `end`; `query` gives a parameter's value.
    ///
    /// # Errors
    /// [`Code::BadRequest`], which names the parameter.
    pub fn read(query: impl Fn(&str) -> Option<String>) -> Result<Self, ApiError> {
        let moment = |name: &str| match query(name) {
            None => Ok(None),
            Some(text) => Moment::parse(&text).map(Some).ok_or_else(|| {
                let detail = format!(
                    "{name} is in seconds from the first picture, or date and time of RFC 3339."
                );
                ApiError::new(Code::BadRequest, detail)
            }),
        };
        Ok(Self {
            start: moment("start")?,
            end: moment("end")?,
        })
    }

    /// As a query with its question mark, or nothing.
    pub(crate) fn query(&self) -> String {
        let moments = [("start", self.start), ("end", self.end)].into_iter();
        let named = moments.filter_map(|(name, moment)| Some((name, moment?)));
        let parameters = named.map(|(name, moment)| format!("{name}={moment}"));
        let parameters: Vec<_> = parameters.collect();
        match parameters.is_empty() {
            true => String::new(),
            false => format!("?{}", parameters.join("&")),
        }
    }

    /// Nothing is left out.
    pub const fn is_whole(&self) -> bool {
        self.start.is_none() && self.end.is_none()
    }
}

/// A range of time on a recording's own timeline, in microseconds. Does not move as it grows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Span {
    /// From here on.
    pub start: i64,
    /// Up to here; to the end where absent.
    pub end: Option<i64>,
}

impl Recording {
    /// Microseconds on the timeline of a moment, whose seconds are counted from `zero`.
    pub(crate) fn resolve(&self, moment: Moment, zero: i64) -> Result<i64, ApiError> {
        match moment {
            Moment::Media(seconds) => Ok(zero.saturating_add((seconds * 1e6).round() as i64)),
            Moment::WallClock(millis) => {
                let found = self.index().timeline().moment_of(millis).map(micros);
                let detail = "Its recorder told no dates.";
                found.ok_or_else(|| ApiError::new(Code::NoSuchView, detail))
            }
        }
    }

    /// The moment that media seconds are counted from, in microseconds, rounded down: the first
    /// picture is then not before it.
    pub(crate) fn zero(&self) -> Result<i64, ApiError> {
        if self.meta().evicted.before > 0 {
            return Ok(self.meta().evicted.zero);
        }
        let start = Selection::beginning(self.index().timeline());
        start.map(floor_micros).ok_or_else(|| self.nothing().into())
    }

    /// What is wrong where nothing is there to be played.
    pub(crate) fn nothing(&self) -> Code {
        match self.meta().state {
            State::Recording => Code::NotStarted,
            State::Finished => Code::NothingRecorded,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn seconds_and_dates_are_told_apart() {
        assert_eq!(Moment::parse("12.5"), Some(Moment::Media(12.5)));
        assert_eq!(Moment::parse("0"), Some(Moment::Media(0.0)));
        let date = Some(Moment::WallClock(1_709_210_096_005));
        assert_eq!(Moment::parse("2024-02-29T12:34:56.005Z"), date);
        assert_eq!(Moment::parse("2024-02-29T13:34:56.005+01:00"), date);
        // As a query's plus sign arrives where nobody encoded it.
        assert_eq!(Moment::parse("2024-02-29T13:34:56.005 01:00"), date);
        for text in [
            "",
            "-1",
            "nan",
            "inf",
            "1e11",
            "noon",
            "2024-02-30T12:00:00Z",
        ] {
            assert_eq!(Moment::parse(text), None, "{text}");
        }
    }

    #[test]
    fn a_moment_is_a_number_or_a_text_in_json() {
        for (json, moment) in [
            ("1.5", Moment::Media(1.5)),
            (
                "\"2024-02-29T12:34:56.005Z\"",
                Moment::WallClock(1_709_210_096_005),
            ),
        ] {
            assert_eq!(serde_json::from_str::<Moment>(json).expect("valid"), moment);
            assert_eq!(serde_json::to_string(&moment).expect("valid"), json);
        }
        assert!(serde_json::from_str::<Moment>("-1").is_err());
        assert!(serde_json::from_str::<Moment>("null").is_err());
    }
}
