//! PES packets: their headers. ISO/IEC 13818-1 §2.4.3.6, §2.4.3.7.

/// Bytes up to and with `PES_header_data_length`.
const FIXED: usize = 9;

/// What the header of a PES packet says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct PesHeader {
    /// 33-bit presentation time.
    pub(super) pts: Option<u64>,
    /// 33-bit decode time, where it is told apart from the presentation time.
    pub(super) dts: Option<u64>,
    /// `PES_scrambling_control` is not 0.
    pub(super) scrambled: bool,
    /// Bytes of the header.
    pub(super) len: usize,
    /// Bytes after the header; `None` where the packet is unbounded.
    pub(super) payload: Option<usize>,
}

/// Why there is no header (yet).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum NoHeader {
    /// The bytes end within it.
    Cut,
    /// These bytes are no PES packet.
    NoPes,
    /// It is of a kind that carries no media.
    NoMedia,
}

impl PesHeader {
    /// Reads the header at the start of `bytes`.
    pub(super) fn parse(bytes: &[u8]) -> Result<Self, NoHeader> {
        let prefix = [0, 0, 1];
        if !bytes.iter().zip(prefix).all(|(byte, want)| *byte == want) {
            return Err(NoHeader::NoPes);
        }
        let &[
            _,
            _,
            _,
            stream_id,
            len_high,
            len_low,
            flags,
            more,
            data_len,
            ..,
        ] = bytes
        else {
            return Err(NoHeader::Cut);
        };
        if !carries_media(stream_id) {
            return Err(NoHeader::NoMedia);
        }
        if flags & 0xc0 != 0x80 {
            return Err(NoHeader::NoPes);
        }
        let len = FIXED + usize::from(data_len);
        let data = bytes.get(FIXED..len).ok_or(NoHeader::Cut)?;
        let declared = usize::from(u16::from_be_bytes([len_high, len_low]));
        let pts = if more & 0x80 != 0 {
            timestamp(data)
        } else {
            None
        };
        let dts = match pts {
            Some(_) if more & 0x40 != 0 => data.get(5..).and_then(timestamp),
            _ => None,
        };
        Ok(Self {
            pts,
            dts,
            scrambled: flags & 0x30 != 0,
            len,
            payload: (declared > 0).then(|| (declared + 6).saturating_sub(len)),
        })
    }
}

/// The stream ids whose packets have a header with flags and times (§2.4.3.6): all but these.
/// Real muxers give streams of metadata ids that table 2-22 does not know.
const fn carries_media(stream_id: u8) -> bool {
    !matches!(stream_id, 0xbc | 0xbe | 0xbf | 0xf0..=0xf2 | 0xf8 | 0xff)
}

/// Five bytes: 33 bits with marker bits between them. The markers are not checked: real muxers
/// get them wrong.
fn timestamp(bytes: &[u8]) -> Option<u64> {
    let &[a, b, c, d, e] = bytes.first_chunk::<5>()?;
    Some(
        u64::from(a >> 1 & 0x07) << 30
            | u64::from(b) << 22
            | u64::from(c >> 1) << 15
            | u64::from(d) << 7
            | u64::from(e >> 1),
    )
}

/// Writes a timestamp after the four bits of `prefix`.
pub(super) fn write_timestamp(prefix: u8, time: u64) -> [u8; 5] {
    [
        prefix << 4 | ((time >> 30) as u8 & 0x07) << 1 | 1,
        (time >> 22) as u8,
        (time >> 15 << 1) as u8 | 1,
        (time >> 7) as u8,
        (time << 1) as u8 | 1,
    ]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_both_times_of_a_bounded_packet() {
        let mut bytes = vec![0, 0, 1, 0xe0, 0x00, 0x12, 0x80, 0xc0, 0x0a];
        bytes.extend(write_timestamp(3, 0x1_2345_6789));
        bytes.extend(write_timestamp(1, 900_000));
        let header = PesHeader::parse(&bytes).expect("whole");
        assert_eq!(header.pts, Some(0x1_2345_6789));
        assert_eq!(header.dts, Some(900_000));
        assert_eq!((header.len, header.payload), (19, Some(5)));
        for cut in 0..19 {
            assert_eq!(PesHeader::parse(&bytes[..cut]), Err(NoHeader::Cut));
        }
    }

    #[test]
    fn what_is_no_media_is_told() {
        assert_eq!(PesHeader::parse(&[0, 0, 2]), Err(NoHeader::NoPes));
        let padding = [0, 0, 1, 0xbe, 0, 4, 0xff, 0xff, 0xff, 0xff];
        assert_eq!(PesHeader::parse(&padding), Err(NoHeader::NoMedia));
    }

    #[test]
    fn a_packet_with_neither_time_nor_length() {
        let header = PesHeader::parse(&[0, 0, 1, 0xe3, 0, 0, 0x84, 0, 0]).expect("whole");
        assert_eq!((header.pts, header.dts, header.payload), (None, None, None));
    }
}
