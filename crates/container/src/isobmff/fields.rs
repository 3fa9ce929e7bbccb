//! Reading big-endian fields; every read past the end is `None`.

/// A cursor over a box's body.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Fields<'a>(&'a [u8]);

impl<'a> Fields<'a> {
    pub(crate) const fn new(bytes: &'a [u8]) -> Self {
        Self(bytes)
    }

    pub(crate) fn take(&mut self, count: usize) -> Option<&'a [u8]> {
        let (taken, rest) = self.0.split_at_checked(count)?;
        self.0 = rest;
        Some(taken)
    }

    /// Bytes not yet read.
    pub(crate) const fn left(&self) -> usize {
        self.0.len()
    }

    /// The field at a distance, in bytes, from here.
    pub(crate) fn u32_at(mut self, at: usize) -> Option<u32> {
        self.skip(at)?;
        self.u32()
    }

    fn array<const N: usize>(&mut self) -> Option<[u8; N]> {
        self.take(N)?.try_into().ok()
    }

    pub(crate) fn skip(&mut self, count: usize) -> Option<()> {
        self.take(count).map(drop)
    }

    /// A number of so many bytes, at most four; below 0 where they are not all there. A function gives back one number at
    /// no cost in the browser's module, and an `Option` of one by way of memory: a third more code wherever one is read.
    fn number(&mut self, count: usize) -> i64 {
        let Some(bytes) = self.take(count) else {
            return -1;
        };
        let joined = |number, byte: &u8| number << 8 | i64::from(*byte);
        bytes.iter().fold(0, joined)
    }

    #[inline(always)] // the `Option` of `Self::number`
    pub(crate) fn u32(&mut self) -> Option<u32> {
        match self.number(4) {
            ..0 => None,
            number => Some(number as u32),
        }
    }

    #[inline(always)] // as `Self::u32`
    pub(crate) fn u16(&mut self) -> Option<u16> {
        match self.number(2) {
            ..0 => None,
            number => Some(number as u16),
        }
    }

    #[inline(always)] // as `Self::u32`
    pub(crate) fn u8(&mut self) -> Option<u8> {
        match self.number(1) {
            ..0 => None,
            number => Some(number as u8),
        }
    }

    pub(crate) fn i32(&mut self) -> Option<i32> {
        self.u32().map(u32::cast_signed)
    }

    pub(crate) fn u64(&mut self) -> Option<u64> {
        self.array().map(u64::from_be_bytes)
    }

    pub(crate) fn four_cc(&mut self) -> Option<[u8; 4]> {
        self.array()
    }

    /// `version` and `flags` of a full box, ISO/IEC 14496-12 §4.2.
    #[inline(always)] // as `Self::u32`
    pub(crate) fn version_and_flags(&mut self) -> Option<(u8, u32)> {
        let word = self.u32()?;
        Some(((word >> 24) as u8, word & 0x00ff_ffff))
    }

    /// A 64-bit field in version 1, a 32-bit field in version 0.
    pub(crate) fn u32_or_u64(&mut self, version: u8) -> Option<u64> {
        if version == 1 {
            self.u64()
        } else {
            self.u32().map(u64::from)
        }
    }
}
