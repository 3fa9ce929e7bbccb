//! What is taken out of a timeline, as a list of stored ranges and generated header bytes.

mod fragment;
mod interleave;
mod joined;
mod layout;
mod object;
mod order;
mod pre_roll;
mod progressive;
mod retime;
mod selection;
mod shown;
mod split;

use std::ops::Range;

use crate::extent::Extent;

pub use fragment::{FragmentPlan, Lane, init_segment};
pub use joined::Form;
pub use layout::{Chunk, Division, LaidOut, divided, laid_out};
pub use object::{Cut, PATIENCE, configs, next_object, next_stored_object, without_hole};
pub use pre_roll::shown_in_fragment;
pub use progressive::{Mp4, PlanError, in_place, in_stretches, progressive, single};
pub use retime::shown_from;
pub use selection::Selection;
pub use shown::{Shown, progressive_of_shown};
pub use split::{ranges, split};

/// A piece of a plan.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Part {
    /// Bytes made for this plan.
    Bytes(Vec<u8>),
    /// Bytes as they are stored.
    Stored(Extent),
}

impl Part {
    /// Number of bytes.
    pub fn len(&self) -> u64 {
        match self {
            Self::Bytes(bytes) => bytes.len() as u64,
            Self::Stored(extent) => extent.len,
        }
    }

    /// True where it has no bytes.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The part's bytes of `range`, counted from its own start.
    fn slice(&self, range: Range<u64>) -> Self {
        match self {
            Self::Bytes(bytes) => {
                let range = range.start as usize..range.end as usize;
                Self::Bytes(bytes.get(range).unwrap_or_default().to_vec())
            }
            Self::Stored(extent) => Self::Stored(Extent {
                store: extent.store,
                offset: extent.offset + range.start,
                len: range.end - range.start,
            }),
        }
    }
}

/// A file as parts: the whole is the parts one after another.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Plan {
    parts: Vec<Part>,
    len: u64,
}

impl Plan {
    /// An empty plan.
    pub fn new() -> Self {
        Self::default()
    }

    /// The parts in order; stored neighbours are merged.
    pub fn parts(&self) -> &[Part] {
        &self.parts
    }

    /// Bytes of the whole.
    pub const fn len(&self) -> u64 {
        self.len
    }

    /// True where there is nothing in it.
    pub const fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// Adds a part at the end.
    pub fn push(&mut self, part: Part) {
        if part.is_empty() {
            return;
        }
        self.len += part.len();
        if let (Some(Part::Stored(last)), Part::Stored(next)) = (self.parts.last_mut(), &part)
            && last.store == next.store
            && last.offset + last.len == next.offset
        {
            last.len += next.len;
            return;
        }
        self.parts.push(part);
    }

    /// Adds stored parts at the end.
    pub(crate) fn store(&mut self, extents: impl Iterator<Item = Extent>) {
        extents.for_each(|extent| self.push(Part::Stored(extent)));
    }

    /// The plan with bytes before its own.
    pub(crate) fn behind(mut self, header: Vec<Vec<u8>>) -> Self {
        self.len += header.iter().map(|bytes| bytes.len() as u64).sum::<u64>();
        for (at, bytes) in header.into_iter().enumerate() {
            self.parts.insert(at, Part::Bytes(bytes));
        }
        self
    }

    /// The plan of a range of this file's bytes; what lies beyond the end is left out.
    pub fn slice(&self, range: Range<u64>) -> Self {
        let mut out = Self::new();
        let mut start = 0;
        for part in &self.parts {
            let end = start + part.len();
            let from = range.start.max(start);
            let to = range.end.min(end);
            if from < to {
                out.push(part.slice(from - start..to - start));
            }
            start = end;
        }
        out
    }

    /// Bytes that are generated, not stored.
    pub fn generated_len(&self) -> u64 {
        let generated = self
            .parts
            .iter()
            .filter(|part| matches!(part, Part::Bytes(_)));
        generated.map(Part::len).sum()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::StoreId;

    fn stored(offset: u64, len: u64) -> Part {
        Part::Stored(Extent {
            store: StoreId(1),
            offset,
            len,
        })
    }

    #[test]
    fn slices_cover_exactly_the_range() {
        let mut plan = Plan::new();
        plan.push(Part::Bytes(vec![0, 1, 2, 3]));
        plan.push(stored(100, 10));
        plan.push(stored(110, 10));
        plan.push(stored(200, 10));
        assert_eq!(plan.parts().len(), 3);
        assert_eq!(plan.len(), 34);
        let slice = plan.slice(2..26);
        let expected = [Part::Bytes(vec![2, 3]), stored(100, 20), stored(200, 2)];
        assert_eq!(slice.parts(), expected);
        assert_eq!(plan.slice(30..99).len(), 4);
        assert!(plan.slice(34..35).is_empty());
    }
}
