//! CRC-32 as in ISO/HDLC, gzip and PNG: polynomial 0x04C11DB7, reflected.

/// The check of four bits: a small table, for a journal is small and a module should be.
const TABLE: [u32; 16] = table();

const fn table() -> [u32; 16] {
    let mut table = [0; 16];
    let mut index = 0;
    while index < table.len() {
        let mut value = index as u32;
        let mut bit = 0;
        while bit < 4 {
            value = (value >> 1) ^ (0xEDB8_8320 & (value & 1).wrapping_neg());
            bit += 1;
        }
        table[index] = value;
        index += 1;
    }
    table
}

/// The CRC-32 of all parts, one after another.
pub(super) fn crc32(parts: &[&[u8]]) -> u32 {
    let step = |check: u32, four: u32| {
        let index = ((check ^ four) & 0xF) as usize;
        TABLE.get(index).copied().unwrap_or_default() ^ (check >> 4)
    };
    let bytes = parts.iter().copied().flatten();
    !bytes.fold(u32::MAX, |check, byte| {
        let byte = u32::from(*byte);
        step(step(check, byte), byte >> 4)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_check_value_of_the_catalogue() {
        assert_eq!(crc32(&[b"1234", b"56789"]), 0xCBF4_3926);
        assert_eq!(crc32(&[]), 0);
    }
}
