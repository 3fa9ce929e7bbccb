//! Where the bytes of a stream lie.

use livetape_timeline::Extent;

/// Where the bytes of a stream are, in stream order.
#[derive(Debug, Default)]
pub(crate) struct Placed(Vec<(u64, Extent)>);

impl Placed {
    /// Bytes at a position of the stream are there.
    pub(crate) fn push(&mut self, position: u64, extent: Extent) {
        if let Some((start, last)) = self.0.last_mut()
            && last.store == extent.store
            && last.offset + last.len == extent.offset
            && *start + last.len == position
        {
            last.len += extent.len;
            return;
        }
        self.0.push((position, extent));
    }

    /// Where a range of the stream is.
    pub(crate) fn resolve(&self, offset: u64, len: u64) -> Vec<Extent> {
        let end = offset.saturating_add(len);
        let first = self
            .0
            .partition_point(|(start, extent)| start + extent.len <= offset);
        let rest = self.0.get(first..).unwrap_or_default().iter();
        rest.take_while(|(start, _)| *start < end)
            .map(|(start, extent)| {
                let from = offset.max(*start);
                Extent {
                    store: extent.store,
                    offset: extent.offset + (from - start),
                    len: end.min(start + extent.len) - from,
                }
            })
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn payload_is_found_where_its_bytes_lie() {
        let mut placed = Placed::default();
        let extent = |store, offset, len| Extent {
            store: livetape_timeline::StoreId(store),
            offset,
            len,
        };
        placed.push(0, extent(1, 0, 100));
        placed.push(100, extent(1, 100, 50));
        placed.push(150, extent(2, 7, 50));
        assert_eq!(placed.0.len(), 2);
        let found = placed.resolve(140, 30);
        assert_eq!(found, [extent(1, 140, 10), extent(2, 7, 20)]);
    }
}
