//! Whether bytes are a transport stream at all: sync bytes (ISO/IEC 13818-1 §2.4.3.2) a packet apart.

use super::framer::SYNC;

/// Sizes of packets: as the standard has them, with a time before each (M2TS), with error correction
/// behind each.
const SIZES: [usize; 3] = [188, 192, 204];

/// Whether these bytes, the first of something, are or hold the beginning of a transport stream: four
/// packets in a row that begin with the sync byte, as far as there are so many.
pub fn is_transport_stream(first: &[u8]) -> bool {
    let is_sync = |at: usize| first.get(at).map(|byte| *byte == SYNC);
    let in_step = |at: usize, size: usize| (0..4).all(|n| is_sync(at + n * size).unwrap_or(true));
    let begins =
        |at: usize| is_sync(at) == Some(true) && SIZES.iter().any(|size| in_step(at, *size));
    first.len() >= 188 && (0..first.len().min(4 * 204)).any(begins)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sync_bytes_in_step_make_a_stream() {
        let mut bytes = vec![0; 100 + 192 * 5];
        assert!(!is_transport_stream(&bytes));
        for packet in 0..5 {
            bytes[100 + packet * 192] = SYNC;
        }
        assert!(is_transport_stream(&bytes));
        assert!(
            is_transport_stream(&bytes[100..300]),
            "less than two packets"
        );
        assert!(!is_transport_stream(&bytes[100..200]), "less than one");
        bytes[100 + 192] = 0;
        bytes[100 + 192 * 4] = 0;
        assert!(!is_transport_stream(&bytes[100..]));
        assert!(!is_transport_stream(&[]));
    }
}
