//! Bytes that arrive in pieces, without having to be in this program's memory.

/// A piece of a stream. In the browser this is a `Uint8Array` outside Wasm's memory, of which
/// only headers are ever copied in.
pub trait Chunk {
    /// Bytes in this piece.
    fn len(&self) -> usize;

    /// Copies `out.len()` bytes from `at` into `out`. The caller keeps within [`Chunk::len`];
    /// what lies outside reads as zero.
    fn copy_to(&self, at: usize, out: &mut [u8]);

    /// True where there is nothing in it.
    fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

impl Chunk for [u8] {
    fn len(&self) -> usize {
        <[u8]>::len(self)
    }

    fn copy_to(&self, at: usize, out: &mut [u8]) {
        let from = self.get(at..).unwrap_or_default();
        for (to, byte) in out.iter_mut().zip(from) {
            *to = *byte;
        }
    }
}

impl Chunk for Vec<u8> {
    fn len(&self) -> usize {
        self.as_slice().len()
    }

    fn copy_to(&self, at: usize, out: &mut [u8]) {
        self.as_slice().copy_to(at, out);
    }
}
