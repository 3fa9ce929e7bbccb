//! Writing boxes, ISO/IEC 14496-12 §4.2.

/// Bytes of boxes in the making.
#[derive(Debug, Default)]
pub(crate) struct Writer {
    bytes: Vec<u8>,
    /// Where bytes are left out that are written elsewhere, and how many of them there are in all.
    holes: Vec<usize>,
    left_out: usize,
}

impl Writer {
    pub(crate) fn into_bytes(self) -> Vec<u8> {
        self.bytes
    }

    /// With the places where bytes were left out.
    pub(crate) fn into_parts(self) -> (Vec<u8>, Vec<usize>) {
        (self.bytes, self.holes)
    }

    /// Bytes written here.
    pub(crate) const fn len(&self) -> usize {
        self.bytes.len()
    }

    /// Bytes written, here or elsewhere.
    pub(crate) const fn whole_len(&self) -> usize {
        self.bytes.len() + self.left_out
    }

    /// Leaves out `count` bytes, which are part of all open boxes.
    pub(crate) fn leave_out(&mut self, count: usize) {
        self.holes.push(self.bytes.len());
        self.left_out += count;
    }

    pub(crate) fn bytes(&mut self, bytes: &[u8]) {
        self.bytes.extend_from_slice(bytes);
    }

    pub(crate) fn zeros(&mut self, count: usize) {
        self.bytes.resize(self.bytes.len() + count, 0);
    }

    pub(crate) fn u8(&mut self, value: u8) {
        self.bytes.push(value);
    }

    pub(crate) fn u16(&mut self, value: u16) {
        self.bytes(&value.to_be_bytes());
    }

    pub(crate) fn u32(&mut self, value: u32) {
        self.bytes(&value.to_be_bytes());
    }

    pub(crate) fn i32(&mut self, value: i32) {
        self.bytes(&value.to_be_bytes());
    }

    pub(crate) fn u64(&mut self, value: u64) {
        self.bytes(&value.to_be_bytes());
    }

    /// A box with what `body` writes in it. Headers are far below 4 GiB: 32-bit sizes.
    pub(crate) fn boxed(&mut self, kind: &[u8; 4], body: impl FnOnce(&mut Self)) {
        let (start, before) = self.open(kind);
        body(self);
        self.close(start, before);
    }

    /// Begins a box; where it does, and how much was left out before. Apart from [`Self::boxed`], of which there is one for each body.
    #[inline(never)]
    fn open(&mut self, kind: &[u8; 4]) -> (usize, usize) {
        let start = self.bytes.len();
        self.u32(0);
        self.bytes(kind);
        (start, self.left_out)
    }

    /// Ends the box that began at `start`.
    #[inline(never)]
    fn close(&mut self, start: usize, before: usize) {
        let size = (self.bytes.len() - start + self.left_out - before) as u32;
        self.patch_u32(start, size);
    }

    /// A full box with what `body` writes in it.
    pub(crate) fn full_box(
        &mut self,
        kind: &[u8; 4],
        version: u8,
        flags: u32,
        body: impl FnOnce(&mut Self),
    ) {
        self.boxed(kind, |w| {
            w.u32(u32::from(version) << 24 | flags);
            body(w);
        });
    }

    /// Overwrites four bytes written before.
    pub(crate) fn patch_u32(&mut self, at: usize, value: u32) {
        if let Some(place) = self.bytes.get_mut(at..at + 4) {
            place.copy_from_slice(&value.to_be_bytes());
        }
    }

    /// The header of an `mdat` whose payload is `payload_len` bytes: 8 bytes, or 16 with
    /// `largesize` where 32 bits do not hold it.
    pub(crate) fn mdat_header(&mut self, payload_len: u64) {
        match u32::try_from(payload_len + 8) {
            Ok(size) => {
                self.u32(size);
                self.bytes(b"mdat");
            }
            Err(_) => {
                self.u32(1);
                self.bytes(b"mdat");
                self.u64(payload_len + 16);
            }
        }
    }
}
