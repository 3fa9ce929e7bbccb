//! Byte ranges: `n[@o]` (section 4.4.4.2).

use std::fmt;
use std::str::FromStr;

/// A byte range as a playlist writes it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct ByteRange {
    /// Length in bytes.
    pub length: u64,
    /// First byte. `None`: right behind the previous range of the same resource.
    pub offset: Option<u64>,
}

/// A byte range with its place known: bytes `offset .. offset + length`, which never overflows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct ResolvedByteRange {
    offset: u64,
    length: u64,
}

impl ResolvedByteRange {
    /// `None` when the end would not fit 64 bits.
    #[must_use]
    pub const fn new(offset: u64, length: u64) -> Option<Self> {
        match offset.checked_add(length) {
            Some(_) => Some(Self { offset, length }),
            None => None,
        }
    }

    /// First byte.
    #[must_use]
    pub const fn offset(self) -> u64 {
        self.offset
    }

    /// Length in bytes.
    #[must_use]
    pub const fn length(self) -> u64 {
        self.length
    }

    /// One past the last byte.
    #[must_use]
    pub const fn end(self) -> u64 {
        self.offset + self.length
    }
}

/// The text is not `n[@o]` with numbers whose sum fits 64 bits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not a byte range")]
pub struct ParseByteRangeError;

impl FromStr for ByteRange {
    type Err = ParseByteRangeError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let (length, offset) = match text.split_once('@') {
            Some((length, offset)) => (length, Some(offset)),
            None => (text, None),
        };
        let length = decimal_integer(length.trim()).ok_or(ParseByteRangeError)?;
        let offset = match offset {
            Some(text) => Some(decimal_integer(text.trim()).ok_or(ParseByteRangeError)?),
            None => None,
        };
        ResolvedByteRange::new(offset.unwrap_or(0), length).ok_or(ParseByteRangeError)?;
        Ok(Self { length, offset })
    }
}

impl fmt::Display for ByteRange {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.length)?;
        match self.offset {
            Some(offset) => write!(f, "@{offset}"),
            None => Ok(()),
        }
    }
}

/// decimal-integer (section 4.2): digits only, 0 to 2^64-1.
pub(crate) fn decimal_integer(text: &str) -> Option<u64> {
    // `u64::from_str` alone would also take a leading plus sign.
    if !text.bytes().all(|b| b.is_ascii_digit()) {
        return None;
    }
    text.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_forms_are_read() {
        assert_eq!(
            "720@10".parse(),
            Ok(ByteRange {
                length: 720,
                offset: Some(10)
            })
        );
        assert_eq!(
            "720".parse(),
            Ok(ByteRange {
                length: 720,
                offset: None
            })
        );
    }

    #[test]
    fn other_text_is_refused() {
        for text in [
            "",
            "@",
            "1@",
            "@1",
            "-1",
            "+1",
            "1@2@3",
            "1@18446744073709551615",
        ] {
            assert_eq!(
                text.parse::<ByteRange>(),
                Err(ParseByteRangeError),
                "{text}"
            );
        }
    }
}
