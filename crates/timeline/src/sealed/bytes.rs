//! Numbers as bytes, small ones in few.

/// Writes numbers one after another.
#[derive(Debug, Clone, Default)]
pub struct Writer {
    bytes: Vec<u8>,
}

impl Writer {
    /// A number, seven bits in a byte, the lowest first; the highest bit says that more follow.
    pub fn number(&mut self, mut number: u64) {
        while number >= 0x80 {
            self.bytes.push(number as u8 | 0x80);
            number >>= 7;
        }
        self.bytes.push(number as u8);
    }

    /// A number that may be negative.
    pub fn signed(&mut self, number: i64) {
        self.number((number << 1 ^ number >> 63) as u64);
    }

    /// A number that may not be there.
    pub fn option(&mut self, number: Option<i64>) {
        self.number(u64::from(number.is_some()));
        if let Some(number) = number {
            self.signed(number);
        }
    }

    /// Bytes, with how many they are.
    pub fn bytes(&mut self, bytes: &[u8]) {
        self.number(bytes.len() as u64);
        self.bytes.extend_from_slice(bytes);
    }

    /// Words, with how many they are.
    pub(crate) fn words(&mut self, words: &[u32]) {
        self.number(words.len() as u64);
        for word in words {
            self.bytes.extend_from_slice(&word.to_le_bytes());
        }
    }

    /// What was written.
    pub fn finish(self) -> Vec<u8> {
        self.bytes
    }
}

/// Reads what a [`Writer`] wrote; `None` wherever there is something else.
#[derive(Debug, Clone, Copy)]
pub struct Reader<'a> {
    rest: &'a [u8],
}

impl<'a> Reader<'a> {
    /// From the first byte on.
    pub const fn new(bytes: &'a [u8]) -> Self {
        Self { rest: bytes }
    }

    /// A number of any kind that has no more bits than it may have.
    pub fn number<T: TryFrom<u64>>(&mut self) -> Option<T> {
        let mut number = 0;
        for place in 0..10 {
            let (byte, rest) = self.rest.split_first()?;
            self.rest = rest;
            let bits = u64::from(byte & 0x7f);
            number |= bits << (7 * place);
            if *byte < 0x80 {
                let is_whole = place < 9 || bits < 2;
                return number.try_into().ok().filter(|_| is_whole);
            }
        }
        None
    }

    /// A number that may be negative.
    pub fn signed(&mut self) -> Option<i64> {
        let folded: u64 = self.number()?;
        Some((folded >> 1) as i64 ^ -((folded & 1) as i64))
    }

    /// A number that may not be there.
    pub fn option(&mut self) -> Option<Option<i64>> {
        match self.number::<u8>()? {
            0 => Some(None),
            1 => self.signed().map(Some),
            _ => None,
        }
    }

    /// Bytes.
    pub fn bytes(&mut self) -> Option<&'a [u8]> {
        let len = self.number()?;
        let (bytes, rest) = self.rest.split_at_checked(len)?;
        self.rest = rest;
        Some(bytes)
    }

    pub(crate) fn words(&mut self) -> Option<Box<[u32]>> {
        let len = self.number::<usize>()?.checked_mul(4)?;
        let (bytes, rest) = self.rest.split_at_checked(len)?;
        self.rest = rest;
        let (words, _) = bytes.as_chunks::<4>();
        Some(words.iter().copied().map(u32::from_le_bytes).collect())
    }

    /// So many of what `each` reads. Nothing is allocated for what is not there.
    pub fn list<T>(&mut self, mut each: impl FnMut(&mut Self) -> Option<T>) -> Option<Vec<T>> {
        let count: u64 = self.number()?;
        let mut list = Vec::new();
        for _ in 0..count {
            list.push(each(self)?);
        }
        Some(list)
    }

    /// Nothing is left.
    pub const fn is_empty(&self) -> bool {
        self.rest.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_read_back() {
        let mut writer = Writer::default();
        let numbers = [0, 1, 127, 128, 300, u64::from(u32::MAX), u64::MAX];
        let signed = [0, -1, 1, 63, -64, i64::MAX, i64::MIN];
        numbers.iter().for_each(|number| writer.number(*number));
        signed.iter().for_each(|number| writer.signed(*number));
        writer.option(None);
        writer.option(Some(-5));
        writer.bytes(b"abc");
        writer.words(&[7, u32::MAX]);
        let bytes = writer.finish();
        let mut reader = Reader::new(&bytes);
        for number in numbers {
            assert_eq!(reader.number(), Some(number));
        }
        for number in signed {
            assert_eq!(reader.signed(), Some(number));
        }
        assert_eq!(reader.option(), Some(None));
        assert_eq!(reader.option(), Some(Some(-5)));
        assert_eq!(reader.bytes(), Some(b"abc".as_slice()));
        assert_eq!(reader.words().as_deref(), Some([7, u32::MAX].as_slice()));
        assert!(reader.is_empty());
        assert_eq!(reader.number::<u64>(), None);
    }

    #[test]
    fn what_is_too_large_or_cut_is_refused() {
        assert_eq!(Reader::new(&[0xff; 12]).number::<u64>(), None);
        assert_eq!(Reader::new(&[0x80, 0x02]).number::<u8>(), None);
        // More is announced than there is.
        assert_eq!(Reader::new(&[0xff, 0xff, 0x03, 1]).bytes(), None);
        assert_eq!(Reader::new(&[0xff, 0xff, 0x03, 1]).words(), None);
        let list = Reader::new(&[0xff, 0xff, 0x03, 1]).list(Reader::number::<u8>);
        assert_eq!(list, None);
    }
}
