//! The sum that a stretch of stored media is checked with when it is recovered: XXH32 of the xxHash
//! specification, seed 0. Every stored byte goes through it, so it must cost next to nothing: it is many
//! times as fast as a CRC.

use xxhash_rust::xxh32::xxh32;

/// The sum of a stretch. `payloadSum` in www/sdk is the same, for bytes outside of the module.
pub fn payload_sum(bytes: &[u8]) -> u32 {
    xxh32(bytes, 0)
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
