//! The sum that a stretch of stored media is checked with when it is recovered. Every stored byte goes through it, so it must
//! cost next to nothing: a sum and a sum of sums of 32-bit words (J. Fletcher, "An Arithmetic Checksum for Serial
//! Transmissions", 1982, modulo 2^32) in each of four lanes. It is several times as fast as XXH32 in Wasm, and
//! in JavaScript. It finds what storage does to bytes, not what somebody does who means to.

/// Bytes that are added at a time.
const BLOCK: usize = 16;

/// The sum of a stretch. `payloadSum` in www/sdk is the same, for bytes outside of the module.
pub fn payload_sum(bytes: &[u8]) -> u32 {
    let (blocks, rest) = bytes.as_chunks::<BLOCK>();
    let mut last = [0; BLOCK];
    for (to, from) in last.iter_mut().zip(rest) {
        *to = *from;
    }
    let (mut sums, mut sums_of_sums) = (lanes::of(&[0; BLOCK]), lanes::of(&[0; BLOCK]));
    let mut add = |block| {
        sums = lanes::add(sums, lanes::of(block));
        sums_of_sums = lanes::add(sums_of_sums, sums);
    };
    for block in blocks {
        add(block);
    }
    add(&last);
    let parts = [lanes::parts(sums), lanes::parts(sums_of_sums)];
    parts.into_iter().flatten().fold(bytes.len() as u32, mix)
}

/// Each step can be undone, so that no part is lost in it.
fn mix(sum: u32, part: u32) -> u32 {
    let mixed = (sum ^ part).wrapping_mul(0x9e37_79b1);
    mixed ^ mixed >> 15
}

/// Four 32-bit words, little-endian.
#[cfg(not(all(target_arch = "wasm32", target_feature = "simd128")))]
mod lanes {
    pub(super) type Lanes = [u32; 4];

    pub(super) fn of(block: &[u8; 16]) -> Lanes {
        let (words, _) = block.as_chunks();
        std::array::from_fn(|lane| words.get(lane).copied().map_or(0, u32::from_le_bytes))
    }

    pub(super) fn add(one: Lanes, other: Lanes) -> Lanes {
        std::array::from_fn(|lane| one[lane].wrapping_add(other[lane]))
    }

    pub(super) fn parts(lanes: Lanes) -> [u32; 4] {
        lanes
    }
}

/// Four 32-bit words, as one vector: the same, tested equal.
#[cfg(all(target_arch = "wasm32", target_feature = "simd128"))]
mod lanes {
    use core::arch::wasm32::{u32x4_add, u32x4_extract_lane, u64x2, v128};

    pub(super) type Lanes = v128;

    pub(super) fn of(block: &[u8; 16]) -> Lanes {
        let words = u128::from_le_bytes(*block);
        u64x2(words as u64, (words >> 64) as u64)
    }

    pub(super) fn add(one: Lanes, other: Lanes) -> Lanes {
        u32x4_add(one, other)
    }

    pub(super) fn parts(lanes: Lanes) -> [u32; 4] {
        [
            u32x4_extract_lane::<0>(lanes),
            u32x4_extract_lane::<1>(lanes),
            u32x4_extract_lane::<2>(lanes),
            u32x4_extract_lane::<3>(lanes),
        ]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// By a program of its own after the definition, in Python; www/sdk's own is tested with them too.
    #[test]
    fn it_is_what_is_defined() {
        let counted: Vec<u8> = (0..100).collect();
        let long: Vec<u8> = (0..=255).cycle().take(76_800).collect();
        assert_eq!(payload_sum(b""), 0);
        assert_eq!(payload_sum(b"abc"), 0x9ba9_5ef4);
        let text = b"Nobody inspects the spammish repetition";
        assert_eq!(payload_sum(text), 0x701f_62c5);
        assert_eq!(payload_sum(&counted), 0x08d4_908b);
        assert_eq!(payload_sum(&long), 0xc43c_8f6b);
    }

    #[test]
    fn what_storage_does_is_found() {
        let stored: Vec<u8> = (0..1000_u32).map(|at| (at * at / 8) as u8).collect();
        let sum = payload_sum(&stored);
        for at in 0..stored.len() {
            for bit in 0..8 {
                let mut changed = stored.clone();
                changed[at] ^= 1 << bit;
                assert_ne!(payload_sum(&changed), sum, "bit {bit} of byte {at}");
            }
            let mut zeroed = stored.clone();
            zeroed[at..].fill(0);
            assert_ne!(payload_sum(&zeroed), sum, "zeros from {at} on");
            assert_ne!(payload_sum(&stored[..at]), sum, "cut at {at}");
        }
        for at in (0..stored.len() - 32).step_by(16) {
            let mut swapped = stored.clone();
            swapped[at..at + 32].rotate_left(16);
            assert_ne!(payload_sum(&swapped), sum, "blocks swapped at {at}");
        }
    }
}
