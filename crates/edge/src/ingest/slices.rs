//! A file is read in slices, each of which a message asks for. Messages may come twice, late, or not at all; a
//! slice may be cut off anywhere.

use serde::{Deserialize, Serialize};

/// How far a file has been read, and how often the next slice was begun. It is stored before a slice is begun
/// and when it is done.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Slices {
    /// The number of the next.
    next: u32,
    /// How often that was begun.
    tries: u32,
    /// Bytes that slices which are done have read.
    at: u64,
    /// Bytes that were read by all of them, also by those that were cut off.
    read: u64,
}

/// What to do about a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Turn {
    /// The slice that it asks for is next: it has been begun.
    Begun,
    /// That is done.
    Past,
    /// It was begun too often, and is not tried again.
    GivenUp,
}

impl Slices {
    /// A message asks for the slice of a number, which is tried at most `most` times.
    pub fn begin(&mut self, number: u32, most: u32) -> Turn {
        if number != self.next {
            return Turn::Past;
        }
        if self.tries >= most {
            return Turn::GivenUp;
        }
        self.tries += 1;
        Turn::Begun
    }

    /// So many bytes were read.
    pub fn read(&mut self, bytes: u64) {
        self.read = self.read.saturating_add(bytes);
    }

    /// The slice is done; it has read the file up to there.
    pub fn end(&mut self, at: u64) {
        self.next = self.next.saturating_add(1);
        self.tries = 0;
        self.at = at;
    }

    /// The number of the next.
    pub const fn next(&self) -> u32 {
        self.next
    }

    /// How often that was begun.
    pub const fn tries(&self) -> u32 {
        self.tries
    }

    /// From where that reads on.
    pub const fn at(&self) -> u64 {
        self.at
    }

    /// Bytes that were read in vain, or are of the slice under way.
    pub const fn again(&self) -> u64 {
        self.read.saturating_sub(self.at)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_that_comes_twice_or_late_does_nothing() {
        let mut slices = Slices::default();
        assert_eq!(slices.begin(0, 3), Turn::Begun);
        slices.read(10);
        slices.end(10);
        let done = slices;
        for number in [0, 2, 9] {
            assert_eq!(slices.begin(number, 3), Turn::Past);
        }
        assert_eq!(slices, done);
        assert_eq!(slices.begin(1, 3), Turn::Begun);
        assert_eq!((slices.at(), slices.again()), (10, 0));
    }

    #[test]
    fn a_slice_that_is_cut_off_is_begun_again_but_not_for_ever() {
        let mut slices = Slices::default();
        for again in [0, 10, 20] {
            assert_eq!((slices.begin(0, 3), slices.again()), (Turn::Begun, again));
            slices.read(10);
        }
        assert_eq!(slices.begin(0, 3), Turn::GivenUp);
        // One that was done after some tries has as many as any.
        let mut slices = Slices::default();
        for number in 0..4 {
            assert_eq!(slices.begin(number, 2), Turn::Begun);
            assert_eq!(slices.begin(number, 2), Turn::Begun);
            slices.end(5 * u64::from(number + 1));
        }
        assert_eq!((slices.next(), slices.at()), (4, 20));
    }
}
