//! Writing boxes, ISO/IEC 14496-12 §4.2.

/// Bytes of boxes in the making.
#[derive(Debug, Default)]
pub(crate) struct Writer(Vec<u8>);

impl Writer {
    pub(crate) fn into_bytes(self) -> Vec<u8> {
        self.0
    }

    pub(crate) const fn len(&self) -> usize {
        self.0.len()
    }

    pub(crate) fn bytes(&mut self, bytes: &[u8]) {
        self.0.extend_from_slice(bytes);
    }

    pub(crate) fn zeros(&mut self, count: usize) {
        self.0.resize(self.0.len() + count, 0);
    }

    pub(crate) fn u8(&mut self, value: u8) {
        self.0.push(value);
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
        self.around(kind, 0, body);
    }

    /// A box of which so many bytes are not written here: they are put where they belong afterwards.
    pub(crate) fn around(&mut self, kind: &[u8; 4], left_out: usize, body: impl FnOnce(&mut Self)) {
        let start = self.open(kind);
        body(self);
        self.close(start, left_out);
    }

    /// Begins a box; where it does. Apart from [`Self::around`], of which there is one for each body.
    #[inline(never)]
    fn open(&mut self, kind: &[u8; 4]) -> usize {
        let start = self.0.len();
        self.u32(0);
        self.bytes(kind);
        start
    }

    /// Ends the box that began at `start`.
    #[inline(never)]
    fn close(&mut self, start: usize, left_out: usize) {
        let size = (self.0.len() - start + left_out) as u32;
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
        if let Some(place) = self.0.get_mut(at..at + 4) {
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
