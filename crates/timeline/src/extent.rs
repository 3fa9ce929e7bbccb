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

#[derive(Debug)]
struct Entry {
    start: u64,
    extent: Extent,
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
        if let Some(last) = self.entries.back_mut() {
            let last = &mut last.extent;
            if last.store == extent.store && last.offset + last.len == extent.offset {
                last.len += extent.len;
                return;
            }
        }
        self.entries.push_back(Entry { start, extent });
    }

    /// The extents of a logical range, in order; what is not stored any more is left out.
    pub(crate) fn resolve(&self, range: Range<u64>) -> impl Iterator<Item = Extent> + '_ {
        let first = self
            .entries
            .partition_point(|e| e.start + e.extent.len <= range.start);
        self.entries
            .range(first..)
            .take_while(move |e| e.start < range.end)
            .map(move |e| {
                let from = range.start.max(e.start);
                let to = range.end.min(e.start + e.extent.len);
                Extent {
                    store: e.extent.store,
                    offset: e.extent.offset + (from - e.start),
                    len: to - from,
                }
            })
    }

    /// The logical end of the extent that holds `position`.
    pub(crate) fn extent_end(&self, position: u64) -> u64 {
        let at = self
            .entries
            .partition_point(|e| e.start + e.extent.len <= position);
        self.entries
            .get(at)
            .map_or(self.end, |e| e.start + e.extent.len)
    }

    /// The first logical byte that lies in `store` or a later one.
    pub(crate) fn start_in(&self, store: StoreId) -> Option<u64> {
        let at = self
            .entries
            .partition_point(|entry| entry.extent.store < store);
        self.entries.get(at).map(|entry| entry.start)
    }

    /// The first logical byte that lies at or after `offset` of `store`, or in a later store.
    pub(crate) fn first_at(&self, store: StoreId, offset: u64) -> Option<u64> {
        self.entries.iter().find_map(|Entry { start, extent }| {
            if extent.store > store {
                return Some(*start);
            }
            let is_in = extent.store == store && extent.offset + extent.len > offset;
            is_in.then(|| start + offset.saturating_sub(extent.offset))
        })
    }

    /// Ends before the logical byte `end`.
    pub(crate) fn truncate(&mut self, end: u64) {
        let kept = self.entries.partition_point(|entry| entry.start < end);
        self.entries.truncate(kept);
        if let Some(Entry { start, extent }) = self.entries.back_mut() {
            extent.len = extent.len.min(end - *start);
        }
        self.end = self.end.min(end);
    }

    /// Forgets the extents that lie in stores up to and including `store`, and all before them: a
    /// stream may say that its samples lie in bytes that came long before.
    pub(crate) fn forget_through(&mut self, store: StoreId) {
        let last = self
            .entries
            .iter()
            .rposition(|entry| entry.extent.store <= store);
        for _ in 0..last.map_or(0, |last| last + 1) {
            self.entries.pop_front();
        }
    }
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
