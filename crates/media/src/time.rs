//! Time as ticks of a timescale.

use std::cmp::Ordering;
use std::fmt;
use std::num::NonZeroU32;

use crate::Wording;

/// Ticks per second. Never zero.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Timescale(NonZeroU32);

impl Timescale {
    /// 90 kHz, the clock of PTS and DTS in ISO/IEC 13818-1.
    pub const MPEG: Self = Self(NonZeroU32::new(90_000).expect("90,000 is not zero"));

    /// 1 kHz, for wall-clock milliseconds.
    pub const MILLIS: Self = Self(NonZeroU32::new(1_000).expect("1,000 is not zero"));

    /// 1 GHz, for seconds that come as a decimal number: finer than any timescale in use, so that
    /// a moment told in seconds is found again.
    pub const NANOS: Self =
        Self(NonZeroU32::new(1_000_000_000).expect("1,000,000,000 is not zero"));

    /// A scale of `ticks_per_second`; `None` for zero.
    pub const fn new(ticks_per_second: u32) -> Option<Self> {
        match NonZeroU32::new(ticks_per_second) {
            Some(n) => Some(Self(n)),
            None => None,
        }
    }

    /// Ticks per second.
    pub const fn get(self) -> u32 {
        self.0.get()
    }
}

/// A point (or span) in time: `ticks` of `timescale`. May be negative.
///
/// Comparison is exact across timescales; two values that are the same instant are equal
/// whatever their scales.
#[derive(Debug, Clone, Copy)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Timestamp {
    /// Number of ticks.
    pub ticks: i64,
    /// Ticks per second.
    pub timescale: Timescale,
}

impl Timestamp {
    /// `ticks` of `timescale`.
    pub const fn new(ticks: i64, timescale: Timescale) -> Self {
        Self { ticks, timescale }
    }

    /// Zero, in `timescale`.
    pub const fn zero(timescale: Timescale) -> Self {
        Self::new(0, timescale)
    }

    /// The tick of `timescale` nearest to `seconds`. Not-a-number and infinities become the
    /// nearest value an `i64` can hold, as `as` casts do.
    pub fn from_seconds(seconds: f64, timescale: Timescale) -> Self {
        Self::new(
            (seconds * f64::from(timescale.get())).round() as i64,
            timescale,
        )
    }

    /// Seconds, for a border that has no other type for time.
    pub fn seconds(self) -> f64 {
        self.ticks as f64 / f64::from(self.timescale.get())
    }

    /// A number that is lower for an earlier instant and the same for the same one, whatever their
    /// timescales: what to sort many by.
    ///
    /// In steps of 2^-64 s: different instants of two 32-bit timescales lie further apart.
    pub fn rank(self) -> i128 {
        // Long division by hand: that of 128-bit numbers is slow, and a lot of code.
        let scale = i64::from(self.timescale.get());
        let seconds = self.ticks.div_euclid(scale);
        let (rest, scale) = (self.ticks.rem_euclid(scale) as u64, scale as u64);
        let (high, rest) = ((rest << 32) / scale, (rest << 32) % scale);
        let low = (rest << 32) / scale;
        (i128::from(seconds) << 64) + i128::from((high << 32) + low)
    }

    /// The tick of `timescale` nearest to this instant (ties away from zero); saturates at the
    /// ends of `i64`.
    #[inline(never)]
    pub fn rescale(self, timescale: Timescale) -> Self {
        if timescale == self.timescale {
            return self;
        }
        // Whole seconds and the rest apart, so that 64 bits do for all but the largest.
        let (from, to) = (self.timescale.get(), timescale.get());
        let (from, to) = (u64::from(from), u64::from(to));
        let ticks = self.ticks.unsigned_abs();
        let part = (ticks % from * to + from / 2) / from;
        let scaled = (ticks / from).saturating_mul(to).saturating_add(part);
        let ticks = if self.ticks < 0 {
            0_i64.saturating_sub_unsigned(scaled)
        } else {
            0_i64.saturating_add_unsigned(scaled)
        };
        Self::new(ticks, timescale)
    }

    /// This instant moved by `other`, in this value's timescale; saturating.
    pub fn plus(self, other: Self) -> Self {
        let moved = other.rescale(self.timescale).ticks;
        Self::new(self.ticks.saturating_add(moved), self.timescale)
    }

    /// This instant moved back by `other`, in this value's timescale; saturating.
    pub fn minus(self, other: Self) -> Self {
        let moved = other.rescale(self.timescale).ticks;
        Self::new(self.ticks.saturating_sub(moved), self.timescale)
    }

    /// The first of several moments. As [`Iterator::min`], which asks an iterator for its next in two places, each with
    /// all that the iterator does.
    pub fn earliest(moments: impl Iterator<Item = Self>) -> Option<Self> {
        let mut earliest: Option<Self> = None;
        for moment in moments {
            earliest = Some(earliest.map_or(moment, |known| known.min(moment)));
        }
        earliest
    }

    /// The last of several moments, as [`Self::earliest`].
    pub fn latest(moments: impl Iterator<Item = Self>) -> Option<Self> {
        let mut latest: Option<Self> = None;
        for moment in moments {
            latest = Some(latest.map_or(moment, |known| known.max(moment)));
        }
        latest
    }
}

/// Seconds as a decimal number, with as many decimals as the precision says, nine at most; nine
/// where it says nothing, which is exact to the tick for every timescale in use.
impl fmt::Display for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.decimals(f.precision().unwrap_or(9)))
    }
}

impl Timestamp {
    /// Seconds as a decimal number, with as many decimals, nine at most.
    pub fn decimals(&self, places: usize) -> String {
        let places = places.min(9);
        let unit = 10_u32.pow(places as u32);
        let timescale = Timescale::new(unit).unwrap_or(Timescale::NANOS);
        let units = self.rescale(timescale).ticks;
        let sign = if units < 0 { "-" } else { "" };
        let (units, unit) = (units.unsigned_abs(), u64::from(unit));
        let whole = Wording::of(sign).decimal(units / unit, 1);
        if places == 0 {
            return whole.done();
        }
        whole.words(".").decimal(units % unit, places).done()
    }
}

impl PartialEq for Timestamp {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other) == Ordering::Equal
    }
}

impl Eq for Timestamp {}

impl PartialOrd for Timestamp {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Timestamp {
    #[inline(never)]
    fn cmp(&self, other: &Self) -> Ordering {
        let left = i128::from(self.ticks) * i128::from(other.timescale.get());
        let right = i128::from(other.ticks) * i128::from(self.timescale.get());
        left.cmp(&right)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn scale(n: u32) -> Timescale {
        Timescale::new(n).expect("not zero")
    }

    #[test]
    fn rescaling_rounds_to_the_nearest_tick() {
        let t = Timestamp::new(1024, scale(48_000)).rescale(Timescale::MPEG);
        assert_eq!(t.ticks, 1920);
        let third = Timestamp::new(1, scale(3));
        assert_eq!(third.rescale(scale(10)).ticks, 3);
        assert_eq!(Timestamp::new(-1, scale(2)).rescale(scale(1)).ticks, -1);
    }

    #[test]
    fn what_is_reckoned_in_64_bits_is_as_in_128() {
        let scales = [1, 3, 1_000, 44_100, 90_000, u32::MAX - 1, u32::MAX];
        let ticks = [i64::MIN, i64::MIN + 1, -90_045, -1, 0, 1, 1_025, i64::MAX];
        let most = i128::from(i64::MIN)..=i128::from(i64::MAX);
        for (ticks, from) in ticks
            .iter()
            .flat_map(|ticks| scales.map(|from| (*ticks, from)))
        {
            let time = Timestamp::new(ticks, scale(from));
            let rank = (i128::from(ticks) << 64).div_euclid(from.into());
            assert_eq!(time.rank(), rank, "{time:?}");
            for to in scales {
                let twice = 2 * i128::from(ticks) * i128::from(to);
                let away = i128::from(from) * twice.signum();
                let nearest = (twice + away) / (2 * i128::from(from));
                let nearest = nearest.clamp(*most.start(), *most.end());
                let scaled = i128::from(time.rescale(scale(to)).ticks);
                assert_eq!(scaled, nearest, "{time:?} in {to}");
            }
        }
    }

    #[test]
    fn comparison_is_exact_across_timescales() {
        assert_eq!(
            Timestamp::new(1024, scale(48_000)),
            Timestamp::new(1920, Timescale::MPEG)
        );
        assert!(Timestamp::new(1025, scale(48_000)) > Timestamp::new(1920, Timescale::MPEG));
        assert!(Timestamp::new(-1, scale(1)) < Timestamp::zero(Timescale::MPEG));
    }

    #[test]
    fn ranks_compare_as_instants_do() {
        let (finest, next) = (scale(u32::MAX), scale(u32::MAX - 1));
        let times = [
            Timestamp::new(i64::MIN, scale(1)),
            Timestamp::new(-1, Timescale::MPEG),
            Timestamp::zero(finest),
            Timestamp::new(1, finest),
            Timestamp::new(1, next),
            Timestamp::new(1024, scale(48_000)),
            Timestamp::new(1920, Timescale::MPEG),
            Timestamp::new(i64::from(u32::MAX) - 2, next),
            Timestamp::new(i64::from(u32::MAX) - 1, finest),
            Timestamp::new(i64::MAX, finest),
            Timestamp::new(i64::MAX, scale(1)),
        ];
        for left in times {
            for right in times {
                assert_eq!(left.cmp(&right), left.rank().cmp(&right.rank()));
            }
        }
    }

    #[test]
    fn extremes_saturate_instead_of_wrapping() {
        let far = Timestamp::new(i64::MAX, scale(1));
        assert_eq!(far.rescale(scale(90_000)).ticks, i64::MAX);
        assert_eq!(far.plus(far).ticks, i64::MAX);
        assert_eq!(Timestamp::from_seconds(f64::NAN, Timescale::MPEG).ticks, 0);
    }

    #[test]
    fn is_written_as_decimal_seconds() {
        let time = |ticks, hertz| Timestamp::new(ticks, scale(hertz));
        assert_eq!(time(1, 3).to_string(), "0.333333333");
        assert_eq!(format!("{:.3}", time(-90_045, 90_000)), "-1.001");
        assert_eq!(format!("{:.3}", time(-1, 90_000)), "0.000");
        assert_eq!(format!("{:.0}", time(3, 2)), "2");
        assert_eq!(format!("{:.20}", time(5, 1)), "5.000000000");
    }
}
