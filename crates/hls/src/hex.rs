//! hexadecimal-sequence (section 4.2): `0x` and digits, kept exactly.

use std::fmt;
use std::str::FromStr;

/// Hexadecimal digits behind `0x` or `0X`, kept as written.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct HexSequence {
    upper_prefix: bool,
    digits: String,
}

impl HexSequence {
    /// The digits of `bytes`.
    #[must_use]
    pub fn from_bytes(bytes: &[u8]) -> Self {
        let digit = |nibble: u8| char::from_digit(u32::from(nibble), 16).unwrap_or('0');
        let digits = bytes
            .iter()
            .flat_map(|byte| [byte >> 4, byte & 0xF])
            .map(|nibble| digit(nibble).to_ascii_uppercase())
            .collect();
        Self {
            upper_prefix: false,
            digits,
        }
    }

    /// The digits, without the prefix.
    #[must_use]
    pub fn digits(&self) -> &str {
        &self.digits
    }

    /// The bytes. `None` when the number of digits is odd.
    #[must_use]
    pub fn to_bytes(&self) -> Option<Vec<u8>> {
        let (pairs, []) = self.digits.as_bytes().as_chunks::<2>() else {
            return None;
        };
        pairs
            .iter()
            .map(|[high, low]| Some(nibble(*high)? << 4 | nibble(*low)?))
            .collect()
    }

    /// The digits as one number. `None` when it does not fit 128 bits.
    #[must_use]
    pub fn to_u128(&self) -> Option<u128> {
        u128::from_str_radix(&self.digits, 16).ok()
    }
}

fn nibble(digit: u8) -> Option<u8> {
    char::from(digit)
        .to_digit(16)
        .and_then(|value| u8::try_from(value).ok())
}

/// The text is not `0x` and hexadecimal digits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not a hexadecimal sequence")]
pub struct ParseHexError;

impl FromStr for HexSequence {
    type Err = ParseHexError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let (upper_prefix, digits) = match text.strip_prefix("0x") {
            Some(digits) => (false, digits),
            None => (true, text.strip_prefix("0X").ok_or(ParseHexError)?),
        };
        if digits.is_empty() || !digits.bytes().all(|b| b.is_ascii_hexdigit()) {
            return Err(ParseHexError);
        }
        Ok(Self {
            upper_prefix,
            digits: digits.to_owned(),
        })
    }
}

impl fmt::Display for HexSequence {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(if self.upper_prefix { "0X" } else { "0x" })?;
        f.write_str(&self.digits)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn digits_are_kept_and_converted() {
        let hex: HexSequence = "0X00ffA1".parse().expect("hexadecimal");
        assert_eq!(hex.to_string(), "0X00ffA1");
        assert_eq!(hex.to_bytes(), Some(vec![0x00, 0xFF, 0xA1]));
        assert_eq!(hex.to_u128(), Some(0xFFA1));
        assert_eq!(HexSequence::from_bytes(&[0x0F, 0xA1]).to_string(), "0x0FA1");
        assert_eq!(
            "0x123".parse::<HexSequence>().map(|h| h.to_bytes()),
            Ok(None)
        );
    }

    #[test]
    fn other_text_is_refused() {
        for text in ["", "0x", "12", "0xG0", "0x+1"] {
            assert_eq!(text.parse::<HexSequence>(), Err(ParseHexError), "{text}");
        }
    }
}
