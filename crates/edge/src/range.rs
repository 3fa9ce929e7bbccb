//! Range requests, RFC 9110 §14, and `If-Range`, §13.1.5.

use std::ops::Range;

use crate::error::{ApiError, Code};

/// What of a file a request gets.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Wanted {
    /// All of it: 200.
    Whole,
    /// These bytes: 206. Never empty, never beyond the end.
    Part(Range<u64>),
    /// None: 416.
    Unsatisfiable,
}

/// Reads a `Range` field for a file of `len` bytes. What is not a single valid byte range (another
/// unit, several ranges, bad syntax) is left out of account, as the RFC has it: the answer is the
/// whole.
pub fn wanted(range: Option<&str>, len: u64) -> Wanted {
    let Some(range) = range.and_then(single_range) else {
        return Wanted::Whole;
    };
    match range {
        Asked::From(first, _) if first >= len => Wanted::Unsatisfiable,
        Asked::From(first, last) => {
            let end = last.map_or(len, |last| last.saturating_add(1).min(len));
            Wanted::Part(first..end)
        }
        Asked::Suffix(0) => Wanted::Unsatisfiable,
        Asked::Suffix(_) if len == 0 => Wanted::Unsatisfiable,
        Asked::Suffix(count) => Wanted::Part(len.saturating_sub(count)..len),
    }
}

/// As [`wanted`], with an `If-Range` field: unless it is the file's own strong `etag`, the answer is
/// the whole.
pub fn wanted_if(range: Option<&str>, if_range: Option<&str>, etag: &str, len: u64) -> Wanted {
    match if_range {
        Some(condition) if condition.trim() != etag => Wanted::Whole,
        _ => wanted(range, len),
    }
}

/// True where an `If-None-Match` field names `etag` (weak comparison, §13.1.2).
pub fn none_match(field: Option<&str>, etag: &str) -> bool {
    field.is_some_and(|field| {
        field
            .split(',')
            .map(str::trim)
            .any(|tag| tag == "*" || tag.strip_prefix("W/").unwrap_or(tag) == etag)
    })
}

/// The `Content-Range` of a part.
pub fn content_range(part: &Range<u64>, len: u64) -> String {
    format!("bytes {}-{}/{len}", part.start, part.end.saturating_sub(1))
}

/// The error of an unsatisfiable range.
pub fn unsatisfiable(len: u64) -> ApiError {
    ApiError::new(Code::RangeNotSatisfiable, format!("It has {len} bytes."))
}

enum Asked {
    From(u64, Option<u64>),
    Suffix(u64),
}

fn single_range(field: &str) -> Option<Asked> {
    let (unit, ranges) = field.split_once('=')?;
    if !unit.trim().eq_ignore_ascii_case("bytes") {
        return None;
    }
    let (first, last) = ranges.trim().split_once('-')?;
    match (first.is_empty(), last.is_empty()) {
        (true, true) => None,
        (true, false) => number(last).map(Asked::Suffix),
        (false, true) => Some(Asked::From(number(first)?, None)),
        (false, false) => {
            let (first, last) = (number(first)?, number(last)?);
            (first <= last).then_some(Asked::From(first, Some(last)))
        }
    }
}

/// Digits only; more than 64 bits hold count as the largest number.
fn number(digits: &str) -> Option<u64> {
    let all_digits = !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit());
    all_digits.then(|| digits.parse().unwrap_or(u64::MAX))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn the_table_of_the_rfc() {
        let cases = [
            ("bytes=0-499", Wanted::Part(0..500)),
            ("bytes=500-999", Wanted::Part(500..1000)),
            ("bytes=-500", Wanted::Part(9500..10_000)),
            ("bytes=9500-", Wanted::Part(9500..10_000)),
            ("bytes=0-0", Wanted::Part(0..1)),
            ("bytes=9999-", Wanted::Part(9999..10_000)),
            ("bytes=9999-20000", Wanted::Part(9999..10_000)),
            ("bytes=-20000", Wanted::Part(0..10_000)),
            (
                "bytes=0-99999999999999999999999999",
                Wanted::Part(0..10_000),
            ),
            ("BYTES=0-1", Wanted::Part(0..2)),
            ("bytes=10000-", Wanted::Unsatisfiable),
            ("bytes=10000-10001", Wanted::Unsatisfiable),
            ("bytes=-0", Wanted::Unsatisfiable),
            ("bytes=0-1,3-4", Wanted::Whole),
            ("bytes=5-4", Wanted::Whole),
            ("bytes=-", Wanted::Whole),
            ("bytes=a-b", Wanted::Whole),
            ("bytes=+1-2", Wanted::Whole),
            ("bytes 0-1", Wanted::Whole),
            ("items=0-1", Wanted::Whole),
            ("", Wanted::Whole),
        ];
        for (field, expected) in cases {
            assert_eq!(wanted(Some(field), 10_000), expected, "{field}");
        }
        assert_eq!(wanted(None, 10), Wanted::Whole);
        assert_eq!(wanted(Some("bytes=-1"), 0), Wanted::Unsatisfiable);
    }

    #[test]
    fn a_condition_needs_the_same_strong_tag() {
        let range = Some("bytes=0-1");
        assert_eq!(
            wanted_if(range, Some("\"a\""), "\"a\"", 9),
            Wanted::Part(0..2)
        );
        assert_eq!(wanted_if(range, Some("\"b\""), "\"a\"", 9), Wanted::Whole);
        assert_eq!(wanted_if(range, Some("W/\"a\""), "\"a\"", 9), Wanted::Whole);
        let date = Some("Sun, 22 Nov 2026 22:00:00 GMT");
        assert_eq!(wanted_if(range, date, "\"a\"", 9), Wanted::Whole);
        assert!(none_match(Some("\"x\", W/\"a\""), "\"a\""));
        assert!(!none_match(Some("\"x\""), "\"a\""));
        assert!(!none_match(None, "\"a\""));
    }

    proptest! {
        #[test]
        fn any_text_gives_a_part_that_lies_inside(field in "(bytes=)?[-0-9, a]{0,12}", len in 0_u64..50) {
            if let Wanted::Part(part) = wanted(Some(&field), len) {
                prop_assert!(part.start < part.end && part.end <= len);
            }
        }

        #[test]
        fn a_plain_range_is_what_it_says(first in 0_u64..100, count in 1_u64..100, len in 1_u64..100) {
            let field = format!("bytes={first}-{}", first + count - 1);
            let expected = if first < len {
                Wanted::Part(first..(first + count).min(len))
            } else {
                Wanted::Unsatisfiable
            };
            prop_assert_eq!(wanted(Some(&field), len), expected);
        }
    }
}
