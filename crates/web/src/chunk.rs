//! Bytes that stay in JavaScript's memory; only what is asked for is copied in.

use js_sys::Uint8Array;
use livetape_container::Chunk;

/// An appended or fetched buffer.
pub(crate) struct JsChunk(pub(crate) Uint8Array);

impl Chunk for JsChunk {
    fn len(&self) -> usize {
        self.0.length() as usize
    }

    fn copy_to(&self, at: usize, out: &mut [u8]) {
        let from = at.min(self.len());
        let to = (from + out.len()).min(self.len());
        if let Some(space) = out.get_mut(..to - from) {
            self.0.subarray(from as u32, to as u32).copy_to(space);
        }
    }
}
