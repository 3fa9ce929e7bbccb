//! The sum that a stretch of stored media is checked with when it is recovered: XXH32 of the xxHash
//! specification, seed 0. Every stored byte goes through it, so it must cost next to nothing: it is many
//! times as fast as a CRC.

const PRIMES: [u32; 5] = [
    0x9E37_79B1,
    0x85EB_CA77,
    0xC2B2_AE3D,
    0x27D4_EB2F,
    0x1656_67B1,
];

/// The sum of a stretch. `payloadSum` in www/sdk is the same, for bytes outside of the module.
pub fn payload_sum(bytes: &[u8]) -> u32 {
    let [p1, p2, p3, p4, p5] = PRIMES;
    let (blocks, rest) = bytes.as_chunks::<16>();
    let mut sum = p5;
    if !blocks.is_empty() {
        let mut lanes = [p1.wrapping_add(p2), p2, 0, 0_u32.wrapping_sub(p1)];
        for block in blocks {
            let (words, _) = block.as_chunks::<4>();
            for (lane, word) in lanes.iter_mut().zip(words) {
                let word = u32::from_le_bytes(*word).wrapping_mul(p2);
                *lane = lane.wrapping_add(word).rotate_left(13).wrapping_mul(p1);
            }
        }
        let turned = lanes.iter().zip([1, 7, 12, 18]);
        sum = turned.fold(0, |sum: u32, (lane, by)| {
            sum.wrapping_add(lane.rotate_left(by))
        });
    }
    sum = sum.wrapping_add(bytes.len() as u32);
    let (words, rest) = rest.as_chunks::<4>();
    for word in words {
        let word = u32::from_le_bytes(*word).wrapping_mul(p3);
        sum = sum.wrapping_add(word).rotate_left(17).wrapping_mul(p4);
    }
    for byte in rest {
        let byte = u32::from(*byte).wrapping_mul(p5);
        sum = sum.wrapping_add(byte).rotate_left(11).wrapping_mul(p1);
    }
    sum = (sum ^ (sum >> 15)).wrapping_mul(p2);
    sum = (sum ^ (sum >> 13)).wrapping_mul(p3);
    sum ^ (sum >> 16)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// By the reference implementation (PyPI's `xxhash`); www/sdk's own is tested with them too.
    #[test]
    fn it_is_xxh32() {
        let counted: Vec<u8> = (0..100).collect();
        assert_eq!(payload_sum(b""), 0x02CC_5D05);
        assert_eq!(payload_sum(b"abc"), 0x32D1_53FF);
        let text = b"Nobody inspects the spammish repetition";
        assert_eq!(payload_sum(text), 0xE229_3B2F);
        assert_eq!(payload_sum(&counted), 0x7F89_BA44);
    }
}
