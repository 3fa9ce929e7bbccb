//! Texts of words and numbers.
//!
//! `format!` would do, but for a browser: it brings some 6 kB of code, compressed, that nothing else there needs. What is
//! built for browsers words its texts with this, and `cargo xtask build` leaves the standard library's formatting out.

/// A text that is being put together.
#[derive(Debug, Default)]
pub struct Wording(String);

impl Wording {
    /// A text that begins with these words.
    pub fn of(words: &str) -> Self {
        Self::default().words(words)
    }

    /// Adds words.
    #[inline(never)]
    #[must_use]
    pub fn words(mut self, words: &str) -> Self {
        self.0.push_str(words);
        self
    }

    /// Adds a number.
    #[must_use]
    pub fn number(self, number: i64) -> Self {
        let sign = if number < 0 { "-" } else { "" };
        self.words(sign).digits(number.unsigned_abs(), 10, 1)
    }

    /// Adds a number of at least so many digits, zeros first.
    #[must_use]
    pub fn decimal(self, number: u64, least: usize) -> Self {
        self.digits(number, 10, least)
    }

    /// Adds a number of at least so many hexadecimal digits, in small letters, zeros first.
    #[must_use]
    pub fn hexadecimal(self, number: u64, least: usize) -> Self {
        self.digits(number, 16, least)
    }

    #[inline(never)]
    fn digits(mut self, number: u64, base: u64, least: usize) -> Self {
        let mut place = 1;
        for _ in 1..least {
            place *= base;
        }
        while number / place >= base {
            place *= base;
        }
        while place > 0 {
            let digit = char::from_digit((number / place % base) as u32, base as u32);
            digit.into_iter().for_each(|digit| self.0.push(digit));
            place /= base;
        }
        self
    }

    /// The text.
    pub fn done(self) -> String {
        self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_as_the_standard_library_formats_them() {
        for number in [0, 1, -1, 9, 10, -45, 90_000, i64::MIN, i64::MAX] {
            let text = Wording::of("is ").number(number).words(" ticks").done();
            assert_eq!(text, format!("is {number} ticks"));
        }
        for number in [0, 7, 15, 16, 255, 4096, u64::MAX] {
            let text = |wording: Wording| wording.done();
            let empty = Wording::default;
            assert_eq!(text(empty().decimal(number, 6)), format!("{number:06}"));
            assert_eq!(
                text(empty().hexadecimal(number, 2)),
                format!("{number:02x}")
            );
            assert_eq!(text(empty().hexadecimal(number, 1)), format!("{number:x}"));
        }
    }
}
