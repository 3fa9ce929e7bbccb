//! Checksums of a transport stream's tables: a changed table would only ever be thrown away for its wrong
//! one, and what reads tables never be reached.

/// Bytes of a packet.
const PACKET: usize = 188;
/// Table ids whose sections end with a checksum: PAT, PMT, splice information.
const TABLES: [u8; 3] = [0x00, 0x02, 0xfc];

/// Gives each section that begins in a packet and ends in it the right checksum.
pub(super) fn repair(stream: &mut [u8]) {
    for packet in stream.chunks_exact_mut(PACKET) {
        if let Some(section) = section(packet)
            && let Some((body, checksum)) = section.split_last_chunk_mut::<4>()
        {
            *checksum = crc32(body).to_be_bytes();
        }
    }
}

/// The section that begins in a packet, ISO/IEC 13818-1 §2.4.4.
fn section(packet: &mut [u8]) -> Option<&mut [u8]> {
    let [0x47, flags, _, control, rest @ ..] = packet else {
        return None;
    };
    if *flags & 0x40 == 0 || *control & 0x10 == 0 {
        return None;
    }
    let skipped = match *control & 0x20 {
        0 => 0,
        _ => usize::from(*rest.first()?) + 1,
    };
    let (pointer, rest) = rest.get_mut(skipped..)?.split_first_mut()?;
    let section = rest.get_mut(usize::from(*pointer)..)?;
    let &[table, high, low] = section.first_chunk::<3>()?;
    let len = usize::from(u16::from_be_bytes([high & 0x0f, low])) + 3;
    TABLES.contains(&table).then(|| section.get_mut(..len))?
}

/// ISO/IEC 13818-1 annex A.
fn crc32(bytes: &[u8]) -> u32 {
    bytes.iter().fold(u32::MAX, |crc, byte| {
        (0..8).fold(crc ^ u32::from(*byte) << 24, |crc, _| {
            let carry = if crc >> 31 == 1 { 0x04c1_1db7 } else { 0 };
            crc << 1 ^ carry
        })
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::seeds::Seeds;

    #[test]
    fn right_checksums_stay_and_wrong_ones_are_mended() {
        let seeds = Seeds::TransportStreams.make(None, 16 << 10);
        let stream = seeds.first().and_then(|seed| seed.get(4..));
        let stream = stream.expect("a made stream");
        let mut repaired = stream.to_vec();
        repair(&mut repaired);
        assert_eq!(repaired, stream);
        // The last byte of the PAT's checksum: 4 of header, 1 of pointer, 16 of section.
        repaired[20] ^= 1;
        repair(&mut repaired);
        assert_eq!(repaired, stream);
    }
}
