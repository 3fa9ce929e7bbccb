//! The byte stream format of NAL units: ITU-T H.264 Annex B, H.265 Annex B.

/// What a NAL unit follows.
const CODE: [u8; 3] = [0, 0, 1];

/// Finds start codes.
///
/// The one place that looks at every byte of video; a faster search belongs in here.
#[derive(Debug, Default)]
pub struct StartCodes(search::Finder);

impl StartCodes {
    /// Offset of the first `00 00 01` at or after `from`. The NAL unit begins three bytes on.
    pub fn next(&self, bytes: &[u8], from: usize) -> Option<usize> {
        let found = self.0.find(bytes.get(from..)?)?;
        Some(from + found)
    }
}

#[cfg(not(all(target_arch = "wasm32", target_feature = "simd128")))]
mod search {
    /// What a search needs that is made once.
    #[derive(Debug)]
    pub(super) struct Finder(memchr::memmem::Finder<'static>);

    impl Default for Finder {
        fn default() -> Self {
            Self(memchr::memmem::Finder::new(&super::CODE))
        }
    }

    impl Finder {
        pub(super) fn find(&self, bytes: &[u8]) -> Option<usize> {
            self.0.find(bytes)
        }
    }
}

/// In the browser half of what `memmem` takes there: of 64 bytes it is asked at once whether two zeros are in a row.
#[cfg(all(target_arch = "wasm32", target_feature = "simd128"))]
mod search {
    use core::arch::wasm32::{i8x16_eq, i8x16_splat, v128, v128_any_true, v128_load, v128_or};

    /// Bytes that are passed over at once.
    const STEP: usize = 64;

    #[derive(Debug, Default)]
    pub(super) struct Finder;

    impl Finder {
        pub(super) fn find(&self, bytes: &[u8]) -> Option<usize> {
            let mut at = 0;
            // With the two bytes after it, where a start code that begins in it may end.
            while let Some(step) = bytes.get(at..).and_then(<[u8]>::first_chunk) {
                if has_two_zeros(step)
                    && let Some(found) = find_by_byte(step)
                {
                    return Some(at + found);
                }
                at += STEP;
            }
            find_by_byte(bytes.get(at..)?).map(|found| at + found)
        }
    }

    fn find_by_byte(bytes: &[u8]) -> Option<usize> {
        let code = super::CODE;
        bytes.windows(code.len()).position(|window| window == code)
    }

    /// Are there two zeros in a row that begin in the step?
    #[inline(always)] // for each step
    fn has_two_zeros(step: &[u8; STEP + 2]) -> bool {
        let zero = i8x16_splat(0);
        let at =
            |offset: usize| i8x16_eq(v128_or(load(step, offset), load(step, offset + 1)), zero);
        v128_any_true(v128_or(v128_or(at(0), at(16)), v128_or(at(32), at(48))))
    }

    /// 16 bytes; `offset` is at most 50.
    #[inline(always)]
    #[expect(unsafe_code, reason = "SIMD")]
    fn load(step: &[u8; STEP + 2], offset: usize) -> v128 {
        debug_assert!(offset + 16 <= step.len());
        // SAFETY: all callers are above; what they ask for lies within the step, and need not be aligned.
        unsafe { v128_load(step.as_ptr().add(offset).cast()) }
    }
}

/// A NAL unit without the zero bytes between it and the next start code (`trailing_zero_8bits`;
/// a NAL unit never ends in a zero byte).
pub fn trim(nal: &[u8]) -> &[u8] {
    let end = nal.iter().rposition(|byte| *byte != 0);
    nal.get(..end.map_or(0, |end| end + 1)).unwrap_or_default()
}

/// The NAL units of a byte stream; what precedes the first start code is passed over.
pub fn nal_units(bytes: &[u8]) -> impl Iterator<Item = &[u8]> {
    let codes = StartCodes::default();
    let mut at = codes.next(bytes, 0).map(|code| code + 3);
    std::iter::from_fn(move || {
        let from = at?;
        let next = codes.next(bytes, from);
        at = next.map(|code| code + 3);
        bytes.get(from..next.unwrap_or(bytes.len())).map(trim)
    })
}

/// The NAL units of a sample in which each is preceded by its length in `length_size` bytes
/// (ISO/IEC 14496-15 §5.3.4.2); `None` ends a sample whose lengths do not add up.
pub fn length_prefixed(
    mut bytes: &[u8],
    length_size: usize,
) -> impl Iterator<Item = Option<&[u8]>> {
    std::iter::from_fn(move || {
        if bytes.is_empty() {
            return None;
        }
        let split = bytes.split_at_checked(length_size).and_then(|(len, rest)| {
            let len = len
                .iter()
                .fold(0, |len, byte| len << 8 | usize::from(*byte));
            rest.split_at_checked(len)
        });
        let (nal, rest) = split.map_or((None, &[] as &[u8]), |(nal, rest)| (Some(nal), rest));
        bytes = rest;
        Some(nal)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_start_codes_and_trailing_zeros() {
        let stream = [
            0, 0, 0, 1, 9, 0xf0, 0, 0, 1, 0x67, 0, 0, 3, 1, 0, 0, 0, 0, 0, 1, 0x65, 0,
        ];
        let found: Vec<_> = nal_units(&stream).collect();
        assert_eq!(found, [&[9, 0xf0][..], &[0x67, 0, 0, 3, 1], &[0x65]]);
        assert_eq!(nal_units(&[0, 0, 2, 1]).count(), 0);
        assert_eq!(trim(&[0, 0]), [0_u8; 0]);
    }

    #[test]
    fn a_start_code_is_found_wherever_it_is() {
        let codes = StartCodes::default();
        // Among much that is like it, and among nothing that is.
        for filler in [[0, 0, 2, 1, 0, 7], [9, 0, 1, 7, 0, 3], [7; 6]] {
            for len in 3..200 {
                for at in 0..len - 2 {
                    let mut bytes: Vec<u8> = filler.iter().copied().cycle().take(len).collect();
                    assert_eq!(codes.next(&bytes, 0), None);
                    bytes.splice(at..at + 3, CODE);
                    assert_eq!(codes.next(&bytes, 0), Some(at), "{at} of {len}");
                    assert_eq!(codes.next(&bytes, at + 1), None);
                }
            }
        }
    }

    #[test]
    fn lengths_are_followed_and_a_wrong_one_ends_it() {
        let sample = [0, 2, 7, 8, 0, 0, 0, 1, 9];
        let found: Vec<_> = length_prefixed(&sample, 2).collect();
        assert_eq!(found, [Some(&[7, 8][..]), Some(&[]), Some(&[9])]);
        let found: Vec<_> = length_prefixed(&sample[..8], 2).collect();
        assert_eq!(found.last(), Some(&None));
    }
}
