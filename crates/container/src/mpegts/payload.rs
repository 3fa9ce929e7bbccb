//! Payloads of packets put together. For each, a call of a Wasm engine's `memory.copy` costs more than its bytes do.

/// Bytes of a payload that fills its packet (ISO/IEC 13818-1 §2.4.3.2: 188 less a header of 4).
pub(super) const FULL: usize = 184;

/// Appends the payload of a packet that is full.
#[cfg(not(all(target_arch = "wasm32", target_feature = "simd128")))]
pub(super) fn append(to: &mut Vec<u8>, full: &[u8; FULL]) {
    to.extend_from_slice(full);
}

/// The same, tested equal.
#[cfg(all(target_arch = "wasm32", target_feature = "simd128"))]
#[inline(always)] // for each packet: see `Core::framed`
#[expect(unsafe_code, reason = "SIMD")]
pub(super) fn append(to: &mut Vec<u8>, full: &[u8; FULL]) {
    use core::arch::wasm32::{v128_load, v128_store};
    to.reserve(FULL);
    let (from, end) = (full.as_ptr(), to.spare_capacity_mut().as_mut_ptr());
    // SAFETY: 16 bytes from `at` on lie within the payload and the room reserved; neither need be aligned.
    let copy = |at| unsafe { v128_store(end.add(at).cast(), v128_load(from.add(at).cast())) };
    // Written out: the browser's module is built for size, where a loop stays one.
    copy(0);
    copy(16);
    copy(32);
    copy(48);
    copy(64);
    copy(80);
    copy(96);
    copy(112);
    copy(128);
    copy(144);
    copy(160);
    copy(FULL - 16); // overlaps the one before it
    // SAFETY: all of them were written.
    unsafe { to.set_len(to.len() + FULL) };
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn payloads_are_appended_whole() {
        let bytes: Vec<u8> = (0..=255).collect();
        let (mut appended, mut want) = (Vec::new(), Vec::new());
        for (n, full) in bytes.array_windows::<FULL>().enumerate() {
            append(&mut appended, full);
            want.extend_from_slice(full);
            // Not always at a multiple of anything.
            appended.push(n as u8);
            want.push(n as u8);
            assert_eq!(appended, want, "payload {n}");
        }
    }
}
