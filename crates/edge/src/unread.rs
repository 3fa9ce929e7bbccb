//! Bytes that are stored elsewhere.

use livetape_container::Chunk;

/// So many bytes that are counted, not read.
pub(crate) struct Unread(pub(crate) usize);

impl Chunk for Unread {
    fn len(&self) -> usize {
        self.0
    }

    fn copy_to(&self, _at: usize, out: &mut [u8]) {
        out.fill(0);
    }
}
