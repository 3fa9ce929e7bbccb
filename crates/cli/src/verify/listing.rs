//! What two readers of a file tell of it: rows of numbers, and these rows as lines of text.

use std::fmt;
use std::hash::{DefaultHasher, Hasher};

/// What is told of a track, in order.
pub(super) const TRACK_FIELDS: [&str; 4] = ["id", "timescale", "duration", "number of samples"];

/// What is told of a sample, in order. Times are in the track's timescale, decode times count
/// from the track's first.
pub(super) const FIELDS: [&str; 6] = [
    "decode time",
    "duration",
    "composition offset",
    "keyframe flag",
    "size",
    Sample::HASH,
];

/// A track: the values of [`TRACK_FIELDS`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Track(pub(super) [i64; 4]);

/// A sample: the values of [`FIELDS`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Sample(pub(super) [i64; 6]);

impl Track {
    pub(super) const fn id(&self) -> i64 {
        self.0[0]
    }

    pub(super) const fn samples(&self) -> i64 {
        self.0[3]
    }
}

impl Sample {
    /// The field that stands for the payload.
    pub(super) const HASH: &'static str = "bytes";
}

/// A number that stands for a payload, the same in every process of this program.
pub(super) fn hash(payload: &[u8]) -> i64 {
    let mut hasher = DefaultHasher::new();
    hasher.write(payload);
    hasher.finish() as i64
}

/// A line of a listing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Line {
    Track(Track),
    Sample(Sample),
    /// Nothing follows.
    End,
    /// The reader gives up.
    Error(String),
}

impl fmt::Display for Line {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (word, numbers) = match self {
            Self::Track(track) => ("track", track.0.as_slice()),
            Self::Sample(sample) => ("sample", sample.0.as_slice()),
            Self::End => ("end", [].as_slice()),
            Self::Error(why) => return write!(f, "error {why}"),
        };
        f.write_str(word)?;
        numbers.iter().try_for_each(|number| write!(f, " {number}"))
    }
}

impl Line {
    /// Reads a line back; `None` where it is none of a listing.
    pub(super) fn parse(line: &str) -> Option<Self> {
        let (word, rest) = line.split_once(' ').unwrap_or((line, ""));
        if word == "error" {
            return Some(Self::Error(rest.to_owned()));
        }
        let numbers: Result<Vec<i64>, _> = rest.split_whitespace().map(str::parse).collect();
        let numbers = numbers.ok()?;
        match word {
            "track" => Some(Self::Track(Track(numbers.try_into().ok()?))),
            "sample" => Some(Self::Sample(Sample(numbers.try_into().ok()?))),
            "end" => numbers.is_empty().then_some(Self::End),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_come_back() {
        let lines = [
            Line::Track(Track([1, 90_000, 3_600, 1])),
            Line::Sample(Sample([0, 3_600, -1, 1, 5, hash(b"hello")])),
            Line::End,
            Line::Error("a box is broken".to_owned()),
        ];
        for line in lines {
            assert_eq!(Line::parse(&line.to_string()), Some(line));
        }
        for broken in ["", "track", "track 1 2 3", "sample a b c d e f", "end 1"] {
            assert_eq!(Line::parse(broken), None, "{broken}");
        }
    }
}
