//! Which format a stream has, by its first bytes.

use livetape_container::mpegts;

/// Whether bytes begin an MPEG transport stream (or else an ISO base media file); what they are
/// where they are neither.
pub(crate) fn kind_of(first: &[u8]) -> Result<bool, &'static str> {
    const BOXES: [&[u8]; 14] = [
        b"ftyp", b"styp", b"moov", b"moof", b"mdat", b"sidx", b"emsg", b"free", b"skip", b"wide",
        b"prft", b"uuid", b"pdin", b"ssix",
    ];
    if first.get(4..8).is_some_and(|kind| BOXES.contains(&kind)) {
        return Ok(false);
    }
    match first {
        _ if mpegts::is_transport_stream(first) => Ok(true),
        [0x1a, 0x45, 0xdf, 0xa3, ..] => Err("WebM or Matroska, which is not read yet"),
        [b'I', b'D', b'3', ..] => Err("packed audio, which is not read yet"),
        // The sync word of ADTS or of an MPEG audio frame.
        [0xff, 0xe0..=0xff, ..] => Err("packed audio (raw AAC or MP3), which is not read yet"),
        [b'#', b'E', b'X', b'T', ..] => Err("a playlist where media was expected"),
        _ => Err("of a format that is not known"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn formats_are_told_apart_by_their_first_bytes() {
        assert_eq!(kind_of(b"\0\0\0\x18ftypiso6"), Ok(false));
        let mut stream = vec![0; 188 * 5 + 100];
        for packet in 0..5 {
            if let Some(byte) = stream.get_mut(100 + packet * 188) {
                *byte = 0x47;
            }
        }
        assert_eq!(kind_of(&stream), Ok(true));
        for unknown in [&b"\x1a\x45\xdf\xa3"[..], b"ID3\x04", b"hello, world", b""] {
            assert!(kind_of(unknown).is_err());
        }
    }
}
