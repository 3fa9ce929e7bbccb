//! Numbers and bytes, packed one after another.

/// Seven bits of a number, and a bit that says that more follow.
const MORE: u8 = 0x80;

/// Packs numbers and bytes.
#[derive(Debug, Default)]
pub struct Packer(Vec<u8>);

impl Packer {
    /// Nothing yet.
    pub const fn new() -> Self {
        Self(Vec::new())
    }

    /// Adds a number: LEB128.
    pub fn number(&mut self, mut value: u64) {
        while value >= u64::from(MORE) {
            self.0.push(value as u8 | MORE);
            value >>= 7;
        }
        self.0.push(value as u8);
    }

    /// Adds a number that may be negative: small ones of either sign are short.
    pub fn signed(&mut self, value: i64) {
        self.number(((value << 1) ^ (value >> 63)) as u64);
    }

    /// Adds bytes after their number.
    pub fn bytes(&mut self, bytes: &[u8]) {
        self.number(bytes.len() as u64);
        self.raw(bytes);
    }

    /// Adds bytes whose number is known to the reader.
    pub(super) fn raw(&mut self, bytes: &[u8]) {
        self.0.extend_from_slice(bytes);
    }

    /// What is packed.
    pub fn finish(self) -> Vec<u8> {
        self.0
    }

    pub(super) const fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

/// Reads what a [`Packer`] packed; `None` where it is not there.
#[derive(Debug)]
pub struct Unpacker<'a>(&'a [u8]);

impl<'a> Unpacker<'a> {
    /// From the beginning of `bytes`.
    pub const fn new(bytes: &'a [u8]) -> Self {
        Self(bytes)
    }

    /// True where nothing is left.
    pub const fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// A number.
    pub fn number(&mut self) -> Option<u64> {
        let mut value = 0;
        for shift in (0..u64::BITS).step_by(7) {
            let (byte, rest) = self.0.split_first()?;
            self.0 = rest;
            let seven = u64::from(byte & !MORE);
            // The tenth byte has room for one bit.
            if seven.checked_shl(shift)? >> shift != seven {
                return None;
            }
            value |= seven << shift;
            if byte & MORE == 0 {
                return Some(value);
            }
        }
        None
    }

    /// A number that may be negative.
    pub fn signed(&mut self) -> Option<i64> {
        let value = self.number()?;
        Some((value >> 1) as i64 ^ -((value & 1) as i64))
    }

    /// A number of at most 32 bits.
    pub fn small(&mut self) -> Option<u32> {
        u32::try_from(self.number()?).ok()
    }

    /// Bytes after their number.
    pub fn bytes(&mut self) -> Option<&'a [u8]> {
        let len = usize::try_from(self.number()?).ok()?;
        let (bytes, rest) = self.0.split_at_checked(len)?;
        self.0 = rest;
        Some(bytes)
    }

    /// Bytes after their number, as text.
    pub fn text(&mut self) -> Option<String> {
        String::from_utf8(self.bytes()?.to_vec()).ok()
    }

    /// So many bytes as the array has.
    pub(super) fn array<const N: usize>(&mut self) -> Option<[u8; N]> {
        let (array, rest) = self.0.split_first_chunk()?;
        self.0 = rest;
        Some(*array)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_packed_is_unpacked() {
        let numbers = [0, 1, 127, 128, 300, u64::from(u32::MAX), u64::MAX];
        let signed = [0, -1, 1, 63, -64, i64::MAX, i64::MIN];
        let mut packer = Packer::new();
        numbers.iter().for_each(|value| packer.number(*value));
        signed.iter().for_each(|value| packer.signed(*value));
        packer.bytes(b"codec");
        let packed = packer.finish();
        let mut unpacker = Unpacker::new(&packed);
        assert!(
            numbers
                .iter()
                .all(|value| unpacker.number() == Some(*value))
        );
        assert!(signed.iter().all(|value| unpacker.signed() == Some(*value)));
        assert_eq!(unpacker.text().as_deref(), Some("codec"));
        assert!(unpacker.is_empty());
    }

    #[test]
    fn what_is_too_long_or_cut_off_is_not_there() {
        assert_eq!(Unpacker::new(&[0xFF; 9]).number(), None);
        assert_eq!(Unpacker::new(&[0xFF; 11]).number(), None);
        let mut with_65_bits = [0xFF; 10];
        with_65_bits[9] = 3;
        assert_eq!(Unpacker::new(&with_65_bits).number(), None);
        assert_eq!(Unpacker::new(&[5, 1, 2]).bytes(), None);
        assert_eq!(Unpacker::new(&[0xFF, 0xFF, 0xFF, 0xFF, 0x1F]).small(), None);
    }
}
