//! Parameter sets of a sample entry as NAL units before a picture, ISO/IEC 14496-15 §5.4, §8.4.

use super::boxes::Boxes;
use super::fields::Fields;
use super::sample_entry::avc_parameters;

/// Codings whose parameter sets can go in-band.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum VideoCoding {
    /// ITU-T H.264: `avc1`, `avc3`.
    Avc,
    /// ITU-T H.265: `hvc1`, `hev1`.
    Hevc,
}

/// What of a video sample entry can go in-band.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InBand {
    /// The coding.
    pub coding: VideoCoding,
    /// Bytes of the length before each NAL unit: 1, 2 or 4.
    pub nal_length_size: u8,
    /// All parameter sets, each with its length before it, in the order a decoder needs them.
    pub parameter_sets: Vec<u8>,
}

/// Reads the `avcC` or `hvcC` of a sample entry. `None` where it has neither, it is cut, or a
/// parameter set is too long for the NAL length size.
pub fn in_band(sample_entry: &[u8]) -> Option<InBand> {
    let entry = Boxes(sample_entry).next()?;
    let (coding, nal_length_size, sets) = match &entry.kind {
        b"avc1" | b"avc3" => {
            let mut found = avc_parameters(sample_entry)?;
            let mut sets = found.sps;
            sets.append(&mut found.pps);
            (VideoCoding::Avc, found.nal_length_size, sets)
        }
        b"hvc1" | b"hev1" => {
            let record = Boxes(entry.body.get(78..)?).find(b"hvcC")?;
            let (nal_length_size, sets) = hevc_parameters(record.fields())?;
            (VideoCoding::Hevc, nal_length_size, sets)
        }
        _ => return None,
    };
    let mut parameter_sets = Vec::new();
    for set in sets {
        let len = u32::try_from(set.len()).ok()?.to_be_bytes();
        let (high, low) = len.split_at_checked(4_usize.checked_sub(nal_length_size.into())?)?;
        if high.iter().any(|byte| *byte != 0) {
            return None;
        }
        parameter_sets.extend_from_slice(low);
        parameter_sets.extend_from_slice(&set);
    }
    Some(InBand {
        coding,
        nal_length_size,
        parameter_sets,
    })
}

/// NAL unit types of VPS, SPS, PPS, in the order of their use; ITU-T H.265 table 7-1.
const HEVC_SETS: [u8; 3] = [32, 33, 34];

/// HEVCDecoderConfigurationRecord, ISO/IEC 14496-15 §8.3.3.1.2.
fn hevc_parameters(mut fields: Fields<'_>) -> Option<(u8, Vec<Vec<u8>>)> {
    fields.skip(21)?;
    let nal_length_size = (fields.u8()? & 3) + 1;
    let mut sets = Vec::new();
    for _ in 0..fields.u8()? {
        let kind = fields.u8()? & 0x3f;
        for _ in 0..fields.u16()? {
            let len = fields.u16()?;
            let set = fields.take(usize::from(len))?;
            if HEVC_SETS.contains(&kind) {
                sets.push((kind, set));
            }
        }
    }
    let mut in_order = Vec::new();
    for kind in HEVC_SETS {
        for (_, set) in sets.iter().filter(|(own, _)| *own == kind) {
            in_order.push(set.to_vec());
        }
    }
    Some((nal_length_size, in_order))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::isobmff::write::Writer;

    fn hvc1(last: u8) -> Vec<u8> {
        let mut w = Writer::default();
        w.boxed(b"hvc1", |w| {
            w.zeros(78);
            w.boxed(b"hvcC", |w| {
                w.zeros(21);
                w.u8(0xfc | 1);
                w.u8(3);
                for (kind, byte) in [(0x80 | 34, last), (33, 7), (39, 9)] {
                    w.bytes(&[kind, 0, 1, 0, 2, byte, byte]);
                }
            });
        });
        w.into_bytes()
    }

    #[test]
    fn sets_come_in_the_order_of_their_use_and_nothing_else_does() {
        let found = in_band(&hvc1(8)).expect("valid");
        assert_eq!(
            (found.coding, found.nal_length_size),
            (VideoCoding::Hevc, 2)
        );
        assert_eq!(found.parameter_sets, [0, 2, 7, 7, 0, 2, 8, 8]);
    }

    #[test]
    fn a_cut_record_is_none() {
        let whole = hvc1(8);
        for len in 0..whole.len() {
            assert_eq!(in_band(whole.get(..len).expect("within")), None);
        }
    }

    #[test]
    fn a_set_must_fit_its_length() {
        let mut w = Writer::default();
        w.boxed(b"avc1", |w| {
            w.zeros(78);
            w.boxed(b"avcC", |w| {
                w.bytes(&[1, 100, 0, 30, 0xfc, 0xe1, 1, 0]);
                w.zeros(256);
                w.u8(0);
            });
        });
        assert_eq!(in_band(&w.into_bytes()), None);
    }
}
