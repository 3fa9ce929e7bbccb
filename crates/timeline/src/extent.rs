//! Where a track's bytes are stored.

use std::collections::VecDeque;
use std::ops::Range;

/// A piece of storage: a reel of a tape, an object at the edge, a file. Its meaning is its
/// owner's.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct StoreId(pub u32);

/// A stretch of bytes in a store.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Extent {
    /// Which store.
    pub store: StoreId,
    /// First byte.
    pub offset: u64,
    /// Number of bytes.
    pub len: u64,
}

/// The payloads of a track's samples, in decode order, seen as one logical stream of bytes;
/// this maps its ranges to extents.
#[derive(Debug, Default)]
pub(crate) struct ExtentMap {
    entries: VecDeque<Entry>,
    end: u64,
}

/// An extent, which ends where the next one begins: there is one for each fragment that arrived.
#[derive(Debug)]
struct Entry {
    /// Its first logical byte.
    start: u64,
    /// Where that is stored.
    offset: u64,
    store: StoreId,
}

impl ExtentMap {
    /// First logical byte that is still stored.
    pub(crate) fn start(&self) -> u64 {
        self.entries.front().map_or(self.end, |entry| entry.start)
    }

    /// Logical byte after the last.
    pub(crate) const fn end(&self) -> u64 {
        self.end
    }

    pub(crate) fn push(&mut self, extent: Extent) {
        if extent.len == 0 {
            return;
        }
        let start = self.end;
        self.end += extent.len;
        let continues = self.entries.back().is_some_and(|last| {
            last.store == extent.store && last.offset + (start - last.start) == extent.offset
        });
        if !continues {
            self.entries.push_back(Entry {
                start,
                offset: extent.offset,
                store: extent.store,
            });
        }
    }

    /// The extents of a logical range, in order; what is not stored any more is left out.
    pub(crate) fn resolve(&self, range: Range<u64>) -> impl Iterator<Item = Extent> + '_ {
        let mut index = self.index_of(range.start);
        std::iter::from_fn(move || {
            let entry = self.entries.get(index)?;
            let from = range.start.max(entry.start);
            index += 1;
            let to = range.end.min(self.start_of(index));
            (from < to).then(|| Extent {
                store: entry.store,
                offset: entry.offset + (from - entry.start),
                len: to - from,
            })
        })
    }

    /// The logical end of the extent that holds `position`.
    pub(crate) fn extent_end(&self, position: u64) -> u64 {
        self.start_of(self.index_of(position) + 1)
    }

    /// The first logical byte that lies in `store` or a later one.
    pub(crate) fn start_in(&self, store: StoreId) -> Option<u64> {
        let at = self.entries.partition_point(|entry| entry.store < store);
        self.entries.get(at).map(|entry| entry.start)
    }

    /// The first logical byte that lies at or after `offset` of `store`, or in a later store.
    pub(crate) fn first_at(&self, store: StoreId, offset: u64) -> Option<u64> {
        let mut numbered = self.entries.iter().zip(1..);
        numbered.find_map(|(entry, next)| {
            if entry.store > store {
                return Some(entry.start);
            }
            let into = offset.saturating_sub(entry.offset);
            let position = entry.start.saturating_add(into);
            (entry.store == store && position < self.start_of(next)).then_some(position)
        })
    }

    /// Ends before the logical byte `end`.
    pub(crate) fn truncate(&mut self, end: u64) {
        let kept = self.entries.partition_point(|entry| entry.start < end);
        self.entries.truncate(kept);
        self.end = self.end.min(end);
    }

    /// Forgets the extents that lie in stores up to and including `store`, and all before them: a
    /// stream may say that its samples lie in bytes that came long before.
    pub(crate) fn forget_through(&mut self, store: StoreId) {
        let last = self.entries.iter().rposition(|entry| entry.store <= store);
        for _ in 0..last.map_or(0, |last| last + 1) {
            self.entries.pop_front();
        }
    }

    /// Index of the entry that holds a logical byte; that of the first for what is stored no more.
    fn index_of(&self, position: u64) -> usize {
        let behind = self.entries.partition_point(|own| own.start <= position);
        behind.saturating_sub(1)
    }

    /// Where an entry begins, or all ends.
    fn start_of(&self, index: usize) -> u64 {
        self.entries.get(index).map_or(self.end, |own| own.start)
    }
}

/// The extents without their first `skip` bytes.
pub(crate) fn after(extents: &[Extent], mut skip: u64) -> impl Iterator<Item = Extent> + '_ {
    extents.iter().filter_map(move |extent| {
        let cut = skip.min(extent.len);
        skip -= cut;
        (cut < extent.len).then_some(Extent {
            store: extent.store,
            offset: extent.offset + cut,
            len: extent.len - cut,
        })
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn extent(store: u32, offset: u64, len: u64) -> Extent {
        Extent {
            store: StoreId(store),
            offset,
            len,
        }
    }

    #[test]
    fn neighbours_merge_and_ranges_split() {
        let mut map = ExtentMap::default();
        map.push(extent(1, 100, 10));
        map.push(extent(1, 110, 5));
        map.push(extent(2, 0, 20));
        assert_eq!(map.entries.len(), 2);
        let found: Vec<_> = map.resolve(12..20).collect();
        assert_eq!(found, [extent(1, 112, 3), extent(2, 0, 5)]);
        assert_eq!(map.extent_end(3), 15);
        assert_eq!(map.extent_end(15), 35);
    }

    #[test]
    fn a_forgotten_store_is_gone() {
        let mut map = ExtentMap::default();
        map.push(extent(1, 0, 10));
        map.push(extent(2, 0, 10));
        map.forget_through(StoreId(1));
        assert_eq!(map.start(), 10);
        assert_eq!(map.resolve(0..20).collect::<Vec<_>>(), [extent(2, 0, 10)]);
    }

    #[test]
    fn nothing_stays_of_a_forgotten_store_that_was_gone_back_to() {
        let mut map = ExtentMap::default();
        for store in [1, 2, 1, 2] {
            map.push(extent(store, 100, 10));
        }
        map.forget_through(StoreId(1));
        assert_eq!(map.start(), 30);
        let left: Vec<_> = map.resolve(0..40).collect();
        assert_eq!(left, [extent(2, 100, 10)]);
    }
}
