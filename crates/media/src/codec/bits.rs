//! Reading bits, most significant first.

/// Reads bits from a slice. Every read past the end is `None`; nothing panics.
#[derive(Debug, Clone)]
pub struct BitReader<'a> {
    bytes: &'a [u8],
    position: usize,
}

impl<'a> BitReader<'a> {
    /// A reader at the first bit of `bytes`.
    pub const fn new(bytes: &'a [u8]) -> Self {
        Self { bytes, position: 0 }
    }

    /// The next bit.
    pub fn bit(&mut self) -> Option<bool> {
        let byte = self.bytes.get(self.position / 8)?;
        let bit = byte >> (7 - self.position % 8) & 1;
        self.position += 1;
        Some(bit == 1)
    }

    /// The next `count` bits (at most 32) as an unsigned number.
    #[inline(always)] // the `Option` of `Self::number`
    pub fn bits(&mut self, count: u32) -> Option<u32> {
        found(self.number(count))
    }

    /// As [`Self::bits`]; below 0 where they are not all there. A function gives back one number at no cost in the
    /// browser's module, and an `Option` of one by way of memory: a third more code wherever one is read.
    fn number(&mut self, count: u32) -> i64 {
        let mut value = 0;
        for _ in 0..count.min(32) {
            match self.bit() {
                Some(bit) => value = value << 1 | i64::from(bit),
                None => return -1,
            }
        }
        value
    }

    /// Passes over `count` bits; `None` where they are not all there.
    pub fn skip(&mut self, count: usize) -> Option<()> {
        let end = self.position.checked_add(count)?;
        if end > self.bytes.len().saturating_mul(8) {
            return None;
        }
        self.position = end;
        Some(())
    }

    /// An unsigned Exp-Golomb code, ITU-T H.264 §9.1 `ue(v)`. `None` also for codes over 32 bits.
    #[inline(always)] // the `Option` of `Self::code`
    pub fn ue(&mut self) -> Option<u32> {
        found(self.code())
    }

    /// As [`Self::ue`]; below 0 where there is none.
    fn code(&mut self) -> i64 {
        let mut zeros = 0;
        loop {
            match self.bit() {
                Some(true) => break,
                Some(false) if zeros < 31 => zeros += 1,
                _ => return -1,
            }
        }
        match self.number(zeros) {
            ..0 => -1,
            rest => (1 << zeros) - 1 + rest,
        }
    }

    /// A signed Exp-Golomb code, ITU-T H.264 §9.1.1 `se(v)`.
    pub fn se(&mut self) -> Option<i32> {
        let code = i64::from(self.ue()?);
        let magnitude = (code + 1) / 2;
        let value = if code % 2 == 0 { -magnitude } else { magnitude };
        i32::try_from(value).ok()
    }
}

#[inline(always)] // nothing is left of it where the `Option` is taken apart
fn found(number: i64) -> Option<u32> {
    match number {
        ..0 => None,
        number => Some(number as u32),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn exp_golomb_codes_of_table_9_2() {
        // 1 | 010 | 011 | 00100 | 00101
        let bytes = [0b1010_0110, 0b0100_0010, 0b1000_0000];
        let mut reader = BitReader::new(&bytes);
        let codes: Vec<_> = (0..5).map(|_| reader.ue()).collect();
        assert_eq!(codes, [Some(0), Some(1), Some(2), Some(3), Some(4)]);
        let mut reader = BitReader::new(&bytes);
        let codes: Vec<_> = (0..5).map(|_| reader.se()).collect();
        assert_eq!(codes, [Some(0), Some(1), Some(-1), Some(2), Some(-2)]);
    }

    #[test]
    fn the_end_is_none() {
        let mut reader = BitReader::new(&[0, 0]);
        assert_eq!(reader.ue(), None);
        assert_eq!(reader.bits(1), None);
        assert_eq!(reader.ue(), None);
        assert_eq!(BitReader::new(&[0]).skip(9), None);
    }
}
