//! Program specific information, ISO/IEC 13818-1 §2.4.4: sections, PAT and PMT.

use livetape_media::ToList;

use super::stream_kind::Kind;

/// The longest section of any table (§2.4.4.11: 4,093 after the length field).
const MAX_SECTION: usize = 4096;
const TABLE_PAT: u8 = 0x00;
const TABLE_PMT: u8 = 0x02;

/// Joins the sections of one PID from packet payloads.
#[derive(Debug, Default)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub(super) struct Sections {
    buffer: Vec<u8>,
    collecting: bool,
}

impl Sections {
    /// Takes a payload; gives out each section that is whole and whose CRC is right. Returns the
    /// number of sections that were broken.
    pub(super) fn push(
        &mut self,
        payload: &[u8],
        start: bool,
        sink: &mut dyn FnMut(&[u8]),
    ) -> usize {
        let mut broken = 0;
        if !start {
            self.extend(payload, &mut broken, sink);
            return broken;
        }
        let Some((&pointer, rest)) = payload.split_first() else {
            return 1;
        };
        let Some((tail, rest)) = rest.split_at_checked(usize::from(pointer)) else {
            self.lost();
            return 1;
        };
        self.extend(tail, &mut broken, sink);
        self.buffer.clear();
        self.collecting = true;
        self.extend(rest, &mut broken, sink);
        broken
    }

    /// Forgets the section under way: packets are missing. True where there was one.
    pub(super) fn lost(&mut self) -> bool {
        let was_within = self.collecting && !self.buffer.is_empty();
        self.buffer.clear();
        self.collecting = false;
        was_within
    }

    fn extend(&mut self, bytes: &[u8], broken: &mut usize, sink: &mut dyn FnMut(&[u8])) {
        if !self.collecting {
            return;
        }
        self.buffer.extend_from_slice(bytes);
        let mut at = 0;
        while let Some(rest) = self.buffer.get(at..) {
            // Stuffing bytes after the last section have the forbidden table_id 0xff.
            let Some(&table) = rest.first() else {
                break;
            };
            if table == 0xff {
                self.collecting = false;
                break;
            }
            let &[_, high, low, ..] = rest else {
                break;
            };
            let len = 3 + (usize::from(high & 0x0f) << 8 | usize::from(low));
            if len > MAX_SECTION {
                *broken += 1;
                self.collecting = false;
                break;
            }
            let Some(section) = rest.get(..len) else {
                break;
            };
            if crc32(section) == 0 {
                sink(section);
            } else {
                *broken += 1;
            }
            at += len;
        }
        if self.collecting {
            self.buffer.drain(..at);
        } else {
            self.buffer.clear();
        }
    }
}

/// CRC-32 of Annex A, most significant bit first; 0 over a section that ends in its own CRC.
pub(super) fn crc32(bytes: &[u8]) -> u32 {
    // Bit by bit: sections are a few bytes a second, and a table would be a kilobyte of what a page loads.
    let step = |crc: u32| (crc << 1) ^ (0x04c1_1db7 * (crc >> 31));
    bytes.iter().fold(u32::MAX, |crc, byte| {
        (0..8).fold(crc ^ (u32::from(*byte) << 24), |crc, _| step(crc))
    })
}

/// One section of a program association table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Pat {
    /// `version_number`.
    pub(super) version: u8,
    /// There are other sections with other programs.
    pub(super) partial: bool,
    /// (`program_number`, PID of its PMT), in order; the network table left out.
    pub(super) programs: Vec<(u16, u16)>,
}

/// One program map table.
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub(super) struct Pmt {
    /// `program_number`.
    pub(super) program: u16,
    /// `PCR_PID`.
    pub(super) pcr_pid: u16,
    /// The elementary streams, in order.
    pub(super) streams: Vec<EsInfo>,
}

/// One elementary stream of a program.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub(super) struct EsInfo {
    /// `stream_type`, table 2-34.
    pub(super) stream_type: u8,
    /// `elementary_PID`.
    pub(super) pid: u16,
    /// What it carries.
    pub(super) kind: Kind,
}

/// The fields all long sections share: `table_id_extension`, version, and the body without CRC.
/// `None` for another table, a section of the future or a cut one.
fn long_section(section: &[u8], table: u8) -> Option<(u16, u8, &[u8])> {
    let (header, rest) = section.split_first_chunk::<8>()?;
    let [id, syntax, _, ext_high, ext_low, version, _, _] = *header;
    if id != table || syntax & 0x80 == 0 || version & 1 == 0 {
        return None;
    }
    let (body, _crc) = rest.split_last_chunk::<4>()?;
    Some((
        u16::from_be_bytes([ext_high, ext_low]),
        version >> 1 & 0x1f,
        body,
    ))
}

fn pid(high: u8, low: u8) -> u16 {
    u16::from_be_bytes([high & 0x1f, low])
}

impl Pat {
    /// Reads a section whose CRC is right.
    pub(super) fn parse(section: &[u8]) -> Option<Self> {
        let (_, version, body) = long_section(section, TABLE_PAT)?;
        let entries = body.as_chunks::<4>().0.iter();
        // `last_section_number`, the last byte of the fixed part.
        let partial = section.get(7).is_some_and(|last| *last > 0);
        let programs = entries
            .map(|&[a, b, c, d]| (u16::from_be_bytes([a, b]), pid(c, d)))
            .filter(|(number, _)| *number != 0)
            .to_list();
        Some(Self {
            version,
            partial,
            programs,
        })
    }
}

impl Pmt {
    /// Reads a section whose CRC is right.
    pub(super) fn parse(section: &[u8]) -> Option<Self> {
        let (program, _, body) = long_section(section, TABLE_PMT)?;
        let (&[pcr_high, pcr_low, info_high, info_low], rest) = body.split_first_chunk::<4>()?;
        let info = usize::from(info_high & 0x0f) << 8 | usize::from(info_low);
        let (program_info, mut rest) = rest.split_at_checked(info)?;
        let mut streams = Vec::new();
        while let Some((&[stream_type, a, b, c, d], after)) = rest.split_first_chunk::<5>() {
            let info = usize::from(c & 0x0f) << 8 | usize::from(d);
            let (descriptors, after) = after.split_at_checked(info)?;
            streams.push(EsInfo {
                stream_type,
                pid: pid(a, b),
                kind: Kind::new(stream_type, descriptors, program_info),
            });
            rest = after;
        }
        Some(Self {
            program,
            pcr_pid: pid(pcr_high, pcr_low),
            streams,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// PAT of ffmpeg: program 1, PMT on PID 0x1000.
    const PAT: [u8; 16] = [
        0x00, 0xb0, 0x0d, 0x00, 0x01, 0xc1, 0x00, 0x00, 0x00, 0x01, 0xf0, 0x00, 0x2a, 0xb1, 0x04,
        0xb2,
    ];
    /// PMT of ffmpeg: H.264 on 0x100, AAC on 0x101.
    const PMT: [u8; 26] = [
        0x02, 0xb0, 0x17, 0x00, 0x01, 0xc1, 0x00, 0x00, 0xe1, 0x00, 0xf0, 0x00, 0x1b, 0xe1, 0x00,
        0xf0, 0x00, 0x0f, 0xe1, 0x01, 0xf0, 0x00, 0x2f, 0x44, 0xb9, 0x9b,
    ];

    fn collect(payloads: &[(&[u8], bool)]) -> (Vec<Vec<u8>>, usize) {
        let mut sections = Sections::default();
        let (mut found, mut broken) = (Vec::new(), 0);
        for (payload, start) in payloads {
            broken += sections.push(payload, *start, &mut |section| found.push(section.to_vec()));
        }
        (found, broken)
    }

    #[test]
    fn reads_both_tables() {
        let pat = Pat::parse(&PAT).expect("valid");
        assert_eq!((pat.version, pat.programs), (0, vec![(1, 0x1000)]));
        let pmt = Pmt::parse(&PMT).expect("valid");
        assert_eq!((pmt.program, pmt.pcr_pid), (1, 0x100));
        let streams: Vec<_> = pmt
            .streams
            .iter()
            .map(|es| (es.stream_type, es.pid))
            .collect();
        assert_eq!(streams, [(0x1b, 0x100), (0x0f, 0x101)]);
        assert_eq!(Pmt::parse(&PAT), None);
        for cut in 0..PMT.len() {
            Pmt::parse(&PMT[..cut]);
        }
    }

    #[test]
    fn sections_may_be_split_anywhere_and_follow_one_another() {
        let mut bytes = vec![0];
        bytes.extend(PAT);
        bytes.extend(PMT);
        for cut in 1..bytes.len() {
            let (first, second) = bytes.split_at(cut);
            let (found, broken) = collect(&[(first, true), (second, false)]);
            assert_eq!(found, [PAT.to_vec(), PMT.to_vec()], "cut at {cut}");
            assert_eq!(broken, 0);
        }
        // The second packet begins a section of its own after the rest of the first.
        let mut second = vec![6];
        second.extend(&PAT[10..]);
        second.extend(PMT);
        second.extend([0xff; 100]);
        let mut first = vec![0];
        first.extend(&PAT[..10]);
        let (found, _) = collect(&[(&first, true), (&second, true)]);
        assert_eq!(found, [PAT.to_vec(), PMT.to_vec()]);
    }

    #[test]
    fn a_wrong_crc_is_told_and_the_section_passed_over() {
        let mut bytes = vec![0];
        bytes.extend(PAT);
        bytes[9] ^= 1;
        bytes.extend(PMT);
        assert_eq!(collect(&[(&bytes, true)]), (vec![PMT.to_vec()], 1));
    }
}
