//! decimal-floating-point and signed-decimal-floating-point (section 4.2), kept exactly.

use std::fmt;
use std::str::FromStr;

/// Most digits after the point: more would not fit the 64-bit number of units.
const MAX_SCALE: u8 = 18;

/// A decimal number exactly as a playlist writes it: `units` divided by ten to the power `scale`.
///
/// `9.00000` and `9` are different values of this type, so that text is written back as it was
/// read; compare [`Decimal::micros`] to compare quantities. No binary floating point is involved.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub struct Decimal {
    units: i64,
    scale: u8,
}

impl Decimal {
    /// `units` / 10^`scale`. `None` when `scale` is over 18.
    #[must_use]
    pub const fn new(units: i64, scale: u8) -> Option<Self> {
        if scale > MAX_SCALE {
            return None;
        }
        Some(Self { units, scale })
    }

    /// A whole number.
    #[must_use]
    pub const fn whole(value: i64) -> Self {
        Self {
            units: value,
            scale: 0,
        }
    }

    /// A number of microseconds, as seconds with six digits after the point.
    #[must_use]
    pub const fn from_micros(micros: i64) -> Self {
        Self {
            units: micros,
            scale: 6,
        }
    }

    /// A number of milliseconds, as seconds with three digits after the point.
    #[must_use]
    pub const fn from_millis(millis: i64) -> Self {
        Self {
            units: millis,
            scale: 3,
        }
    }

    /// The number of seconds as microseconds, rounded to nearest, saturating.
    #[must_use]
    pub fn micros(self) -> i64 {
        if self.scale <= 6 {
            return self.units.saturating_mul(power_of_ten(6 - self.scale));
        }
        let divisor = power_of_ten(self.scale - 6);
        let (micros, rest) = (self.units / divisor, self.units % divisor);
        if rest.abs() >= divisor / 2 {
            micros + self.units.signum()
        } else {
            micros
        }
    }

    /// The smallest whole number that is not smaller.
    #[must_use]
    pub fn ceil(self) -> i64 {
        let divisor = power_of_ten(self.scale);
        let whole = self.units.div_euclid(divisor);
        whole + i64::from(self.units.rem_euclid(divisor) != 0)
    }

    /// The nearest binary floating-point number, for display.
    #[must_use]
    #[expect(
        clippy::cast_precision_loss,
        reason = "nearest value is what is promised"
    )]
    pub fn to_f64(self) -> f64 {
        self.units as f64 / power_of_ten(self.scale) as f64
    }

    /// Whether the number is below zero.
    #[must_use]
    pub const fn is_negative(self) -> bool {
        self.units < 0
    }
}

/// 10^`exponent` for exponents up to [`MAX_SCALE`].
fn power_of_ten(exponent: u8) -> i64 {
    10_i64.pow(u32::from(exponent.min(MAX_SCALE)))
}

/// The text is not a decimal number, or has more digits than 64 bits hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not a decimal number")]
pub struct ParseDecimalError;

impl FromStr for Decimal {
    type Err = ParseDecimalError;

    /// Reads `[-+]digits[.digits]`. Digits after the 18th behind the point are dropped, as are
    /// those behind the point that no longer fit 64 bits.
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let (negative, digits) = match text.strip_prefix('-') {
            Some(rest) => (true, rest),
            None => (false, text.strip_prefix('+').unwrap_or(text)),
        };
        let (whole, fraction) = digits.split_once('.').unwrap_or((digits, ""));
        if (whole.is_empty() && fraction.is_empty())
            || !whole
                .bytes()
                .chain(fraction.bytes())
                .all(|b| b.is_ascii_digit())
        {
            return Err(ParseDecimalError);
        }
        let mut units: i64 = 0;
        for digit in whole.bytes() {
            units = push_digit(units, digit).ok_or(ParseDecimalError)?;
        }
        let mut scale = 0;
        for digit in fraction.bytes().take(usize::from(MAX_SCALE)) {
            let Some(next) = push_digit(units, digit) else {
                break;
            };
            units = next;
            scale += 1;
        }
        let units = if negative { -units } else { units };
        Ok(Self { units, scale })
    }
}

fn push_digit(units: i64, digit: u8) -> Option<i64> {
    units
        .checked_mul(10)?
        .checked_add(i64::from(digit.wrapping_sub(b'0')))
}

impl fmt::Display for Decimal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let sign = if self.units < 0 { "-" } else { "" };
        let magnitude = self.units.unsigned_abs();
        if self.scale == 0 {
            return write!(f, "{sign}{magnitude}");
        }
        let divisor = power_of_ten(self.scale).unsigned_abs();
        let width = usize::from(self.scale);
        write!(
            f,
            "{sign}{}.{:0width$}",
            magnitude / divisor,
            magnitude % divisor
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_comes_back_as_read() {
        for text in [
            "9.00000",
            "0.33334",
            "10",
            "-0.5",
            "0.000001",
            "9223372036854775807",
        ] {
            assert_eq!(
                text.parse::<Decimal>().map(|d| d.to_string()),
                Ok(text.to_owned())
            );
        }
    }

    #[test]
    fn what_is_reckoned_in_64_bits_is_as_in_128() {
        let numbers = [
            i64::MIN,
            -1_500_000,
            -4_999,
            -1,
            0,
            1,
            5,
            500,
            1_234_567,
            i64::MAX,
        ];
        for scale in 0..=MAX_SCALE {
            let one = 10_i128.pow(scale.into());
            for units in numbers {
                let decimal = Decimal { units, scale };
                let twice = 2 * i128::from(units) * 1_000_000;
                let micros = (twice + twice.signum() * one) / (2 * one);
                let micros = micros.clamp(i64::MIN.into(), i64::MAX.into());
                assert_eq!(i128::from(decimal.micros()), micros, "{decimal:?}");
                let ceil = -(-i128::from(units)).div_euclid(one);
                assert_eq!(i128::from(decimal.ceil()), ceil, "{decimal:?}");
            }
        }
    }

    #[test]
    fn sloppy_text_is_read() {
        assert_eq!("10.".parse(), Ok(Decimal::whole(10)));
        assert_eq!(".5".parse(), Ok(Decimal { units: 5, scale: 1 }));
        assert_eq!(
            "+1.5".parse(),
            Ok(Decimal {
                units: 15,
                scale: 1
            })
        );
        let long: Decimal = "9.96666666666666666666666666667"
            .parse()
            .expect("a decimal");
        assert_eq!(long.micros(), 9_966_667);
    }

    #[test]
    fn other_text_is_refused() {
        for text in [
            "",
            "-",
            ".",
            "NaN",
            "1e3",
            "1,5",
            "10 s",
            "9223372036854775808",
            "--1",
        ] {
            assert_eq!(text.parse::<Decimal>(), Err(ParseDecimalError), "{text}");
        }
    }

    #[test]
    fn micros_round_and_saturate() {
        assert_eq!(Decimal::new(15, 7).map(Decimal::micros), Some(2));
        assert_eq!(Decimal::new(-15, 7).map(Decimal::micros), Some(-2));
        assert_eq!(Decimal::whole(i64::MAX).micros(), i64::MAX);
        assert_eq!(Decimal::whole(i64::MIN).micros(), i64::MIN);
        assert_eq!(Decimal::new(1, 19), None);
    }

    #[test]
    fn ceil_rounds_up() {
        assert_eq!(Decimal::from_millis(9_001).ceil(), 10);
        assert_eq!(Decimal::from_millis(9_000).ceil(), 9);
        assert_eq!(Decimal::from_millis(-9_001).ceil(), -9);
    }
}
