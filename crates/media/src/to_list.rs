//! Lists of few things.

/// What an iterator gives, as a list.
pub trait ToList: Iterator + Sized {
    /// A vector of all there is, as [`Iterator::collect`] makes it, for what is not many: `collect` asks each iterator
    /// how much to expect, to allocate once. In the browser's module that is several times the code, for each place.
    fn to_list(self) -> Vec<Self::Item> {
        let mut list = Vec::new();
        for item in self {
            list.push(item);
        }
        list
    }
}

impl<I: Iterator> ToList for I {}
