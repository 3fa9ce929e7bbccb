//! H.264 parameter sets and NAL unit types, ITU-T H.264 §7.3, §7.4.

use super::BitReader;

/// `nal_unit_type`, the low five bits of a NAL unit's first byte (table 7-1).
pub const fn nal_unit_type(first_byte: u8) -> u8 {
    first_byte & 0x1f
}

/// Coded slice of a picture that is no IDR picture.
pub const NAL_SLICE: u8 = 1;
/// Data partition A of a coded slice.
pub const NAL_PARTITION_A: u8 = 2;
/// Coded slice of an IDR picture.
pub const NAL_IDR: u8 = 5;
/// Supplemental enhancement information.
pub const NAL_SEI: u8 = 6;
/// Sequence parameter set.
pub const NAL_SPS: u8 = 7;
/// Picture parameter set.
pub const NAL_PPS: u8 = 8;
/// Access unit delimiter.
pub const NAL_AUD: u8 = 9;
/// Filler data.
pub const NAL_FILLER: u8 = 12;

/// True where a NAL unit that begins with these bytes, met after the coded slices of a picture,
/// begins the next access unit (§7.4.1.2.3). Of slices it is the one that holds the first
/// macroblock: `first_mb_in_slice` is 0, a single 1 bit. Arbitrary slice order (Baseline, unused
/// in practice) would need more.
pub const fn begins_access_unit(first: u8, second: u8) -> bool {
    match nal_unit_type(first) {
        NAL_SLICE | NAL_PARTITION_A | NAL_IDR => second & 0x80 != 0,
        NAL_SEI | NAL_SPS | NAL_PPS | NAL_AUD | 14..=18 => true,
        _ => false,
    }
}

/// True for a NAL unit type that carries (part of) a coded picture.
pub const fn is_coded_slice(nal_unit_type: u8) -> bool {
    matches!(nal_unit_type, NAL_SLICE..=NAL_IDR)
}

/// `seq_parameter_set_id` of a sequence parameter set NAL unit.
pub fn sps_id(nal: &[u8]) -> Option<u32> {
    let rbsp = unescape(nal.get(..nal.len().min(12))?);
    let mut r = BitReader::new(rbsp.get(4..)?);
    r.ue().filter(|id| *id < 32)
}

/// `pic_parameter_set_id` and the `seq_parameter_set_id` it refers to, of a picture parameter
/// set NAL unit.
pub fn pps_ids(nal: &[u8]) -> Option<(u32, u32)> {
    let rbsp = unescape(nal.get(1..nal.len().min(12))?);
    let mut r = BitReader::new(&rbsp);
    let pps = r.ue().filter(|id| *id < 256)?;
    let sps = r.ue().filter(|id| *id < 32)?;
    Some((pps, sps))
}

/// True where a coded slice NAL unit is an I or SI slice (§7.3.3, table 7-6).
pub fn is_intra_slice(nal: &[u8]) -> bool {
    let rbsp = unescape(nal.get(1..nal.len().min(16)).unwrap_or_default());
    let mut r = BitReader::new(&rbsp);
    let slice_type = r.ue().and_then(|_first_mb| r.ue());
    matches!(slice_type, Some(2 | 4 | 7 | 9))
}

/// `recovery_frame_cnt` of the recovery point message in an SEI NAL unit (§D.1.8); `None` where
/// it holds no such message.
pub fn recovery_point(nal: &[u8]) -> Option<u32> {
    const RECOVERY_POINT: usize = 6;
    let rbsp = unescape(nal.get(1..)?);
    let mut rest = rbsp.as_slice();
    loop {
        let (kind, after) = sei_number(rest)?;
        let (size, after) = sei_number(after)?;
        let (message, after) = after.split_at_checked(size)?;
        if kind == RECOVERY_POINT {
            return BitReader::new(message).ue();
        }
        rest = after;
    }
}

/// A payload type or size of an SEI message: a row of 0xff, each worth 255, and a last byte.
fn sei_number(bytes: &[u8]) -> Option<(usize, &[u8])> {
    let last = bytes.iter().position(|byte| *byte != 0xff)?;
    let (&value, rest) = bytes.get(last..)?.split_first()?;
    Some((last * 255 + usize::from(value), rest))
}

/// What a container must know of a sequence parameter set.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Sps {
    /// `profile_idc`.
    pub profile: u8,
    /// The constraint flags byte.
    pub constraints: u8,
    /// `level_idc`.
    pub level: u8,
    /// `chroma_format_idc`.
    pub chroma_format: u8,
    /// Bits per luma sample.
    pub bit_depth_luma: u8,
    /// Bits per chroma sample.
    pub bit_depth_chroma: u8,
    /// Cropped width in luma samples.
    pub width: u16,
    /// Cropped height in luma samples.
    pub height: u16,
    /// Sample aspect ratio, width to height; (1, 1) where not said.
    pub aspect_ratio: (u16, u16),
}

impl Sps {
    /// Reads a NAL unit (header byte included, emulation prevention still in).
    pub fn parse(nal: &[u8]) -> Option<Self> {
        let rbsp = unescape(nal);
        let (&header, body) = rbsp.split_first()?;
        if nal_unit_type(header) != NAL_SPS {
            return None;
        }
        let mut r = BitReader::new(body);
        let profile = r.bits(8)? as u8;
        let constraints = r.bits(8)? as u8;
        let level = r.bits(8)? as u8;
        r.ue()?; // seq_parameter_set_id
        let (chroma_format, separate_planes, luma, chroma) = chroma(&mut r, profile)?;
        picture_order(&mut r)?;
        r.ue()?; // max_num_ref_frames
        r.bit()?; // gaps_in_frame_num_value_allowed_flag
        let width_mbs = r.ue()?.checked_add(1)?;
        let height_units = r.ue()?.checked_add(1)?;
        let frame_mbs_only = r.bit()?;
        if !frame_mbs_only {
            r.bit()?; // mb_adaptive_frame_field_flag
        }
        r.bit()?; // direct_8x8_inference_flag
        let fields = if frame_mbs_only { 1 } else { 2 };
        let (crop_x, crop_y) = if r.bit()? {
            let (left, right, top, bottom) = (r.ue()?, r.ue()?, r.ue()?, r.ue()?);
            let (unit_x, unit_y) = match (chroma_format, separate_planes) {
                (1, _) => (2, 2),
                (2, _) => (2, 1),
                _ => (1, 1),
            };
            let x = left.checked_add(right)?.checked_mul(unit_x)?;
            let y = top.checked_add(bottom)?.checked_mul(unit_y * fields)?;
            (x, y)
        } else {
            (0, 0)
        };
        let width = width_mbs.checked_mul(16)?.checked_sub(crop_x)?;
        let height = height_units.checked_mul(16 * fields)?.checked_sub(crop_y)?;
        Some(Self {
            profile,
            constraints,
            level,
            chroma_format,
            bit_depth_luma: luma,
            bit_depth_chroma: chroma,
            width: u16::try_from(width).ok().filter(|width| *width > 0)?,
            height: u16::try_from(height).ok().filter(|height| *height > 0)?,
            aspect_ratio: aspect_ratio(&mut r).unwrap_or((1, 1)),
        })
    }

    /// True for the profiles whose `avcC` carries chroma format and bit depths
    /// (ISO/IEC 14496-15 §5.3.3.1.2).
    pub const fn has_extended_avcc(&self) -> bool {
        is_high_profile(self.profile)
    }
}

const fn is_high_profile(profile: u8) -> bool {
    matches!(
        profile,
        100 | 110 | 122 | 244 | 44 | 83 | 86 | 118 | 128 | 138 | 139 | 134 | 135
    )
}

/// Chroma format, separate planes, luma and chroma bit depth; passes over the scaling lists.
fn chroma(r: &mut BitReader<'_>, profile: u8) -> Option<(u8, bool, u8, u8)> {
    if !is_high_profile(profile) {
        return Some((1, false, 8, 8));
    }
    let format = u8::try_from(r.ue()?).ok().filter(|format| *format <= 3)?;
    let separate_planes = format == 3 && r.bit()?;
    let luma = u8::try_from(r.ue()?).ok()?.checked_add(8)?;
    let chroma = u8::try_from(r.ue()?).ok()?.checked_add(8)?;
    r.bit()?; // qpprime_y_zero_transform_bypass_flag
    if r.bit()? {
        let lists = if format == 3 { 12 } else { 8 };
        for list in 0..lists {
            if r.bit()? {
                scaling_list(r, if list < 6 { 16 } else { 64 })?;
            }
        }
    }
    Some((format, separate_planes, luma, chroma))
}

fn scaling_list(r: &mut BitReader<'_>, size: u32) -> Option<()> {
    let (mut last, mut next) = (8_i32, 8_i32);
    for _ in 0..size {
        if next != 0 {
            next = last.checked_add(r.se()?)?.rem_euclid(256);
        }
        if next != 0 {
            last = next;
        }
    }
    Some(())
}

fn picture_order(r: &mut BitReader<'_>) -> Option<()> {
    r.ue()?; // log2_max_frame_num_minus4
    match r.ue()? {
        0 => {
            r.ue()?; // log2_max_pic_order_cnt_lsb_minus4
        }
        1 => {
            r.bit()?;
            r.se()?;
            r.se()?;
            let cycle = r.ue()?;
            if cycle > 255 {
                return None;
            }
            for _ in 0..cycle {
                r.se()?;
            }
        }
        _ => {}
    }
    Some(())
}

/// Table E-1.
const ASPECT_RATIOS: [(u16, u16); 17] = [
    (1, 1),
    (1, 1),
    (12, 11),
    (10, 11),
    (16, 11),
    (40, 33),
    (24, 11),
    (20, 11),
    (32, 11),
    (80, 33),
    (18, 11),
    (15, 11),
    (64, 33),
    (160, 99),
    (4, 3),
    (3, 2),
    (2, 1),
];

/// Reads from `vui_parameters_present_flag` on (§E.1.1), where H.265 is the same.
pub(super) fn aspect_ratio(r: &mut BitReader<'_>) -> Option<(u16, u16)> {
    if !r.bit()? || !r.bit()? {
        return None; // no VUI, or no aspect ratio in it
    }
    let ratio = match r.bits(8)? {
        255 => (r.bits(16)? as u16, r.bits(16)? as u16),
        index => *ASPECT_RATIOS.get(index as usize)?,
    };
    (ratio.0 > 0 && ratio.1 > 0).then_some(ratio)
}

/// A NAL unit without its emulation prevention bytes (§7.4.1.1).
pub fn unescape(nal: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(nal.len());
    let mut zeros = 0;
    for &byte in nal {
        if zeros >= 2 && byte == 3 {
            zeros = 0;
            continue;
        }
        zeros = if byte == 0 { zeros + 1 } else { 0 };
        out.push(byte);
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    /// x264, High profile, 640x360, level 3.0.
    const SPS: [u8; 25] = [
        0x67, 0x64, 0x00, 0x1e, 0xac, 0xd9, 0x40, 0xa0, 0x2f, 0xf9, 0x70, 0x11, 0x00, 0x00, 0x03,
        0x00, 0x01, 0x00, 0x00, 0x03, 0x00, 0x32, 0x0f, 0x16, 0x2d,
    ];

    #[test]
    fn reads_size_profile_and_level() {
        let sps = Sps::parse(&SPS).expect("valid");
        assert_eq!((sps.width, sps.height), (640, 360));
        assert_eq!((sps.profile, sps.constraints, sps.level), (100, 0, 30));
        assert_eq!(sps.chroma_format, 1);
    }

    #[test]
    fn a_picture_that_is_cropped_away_is_none() {
        // Baseline, 16x16, 4:2:0: id 0, frame_num 4 bits, order type 2, 0 references, width and
        // height 1 unit, frames only, direct 8x8, cropped by (0, 0, 0, bottom); no VUI.
        let cropped = |bits: [u8; 2]| {
            let head = [0x67, 66, 0, 10, 0b1101_1101];
            Sps::parse(&[&head[..], &bits].concat())
        };
        let whole = cropped([0b1111_1111, 0]).expect("cropped by nothing");
        assert_eq!((whole.width, whole.height), (16, 16));
        // By 8, in units of two rows: ue is 0001001.
        assert_eq!(cropped([0b1111_1110, 0b0010_0100]), None);
    }

    #[test]
    fn a_cut_parameter_set_is_none_at_every_length() {
        for len in 0..11 {
            assert_eq!(Sps::parse(&SPS[..len]), None, "cut at {len}");
        }
    }

    #[test]
    fn parameter_set_ids_and_slice_types() {
        assert_eq!(sps_id(&SPS), Some(0));
        assert_eq!(pps_ids(&[0x68, 0xeb, 0xe3]), Some((0, 0)));
        assert_eq!(pps_ids(&[0x68, 0b0100_1100]), Some((1, 2)));
        // first_mb 0, slice_type 7 (I) and 5 (P)
        assert!(is_intra_slice(&[0x65, 0x88, 0x84]));
        assert!(!is_intra_slice(&[0x41, 0x9a, 0x24]));
        assert!(!is_intra_slice(&[]));
    }

    #[test]
    fn finds_a_recovery_point_behind_another_message() {
        // user data of 3 bytes, then recovery point with recovery_frame_cnt 0 and with 4
        assert_eq!(
            recovery_point(&[6, 5, 3, 1, 2, 3, 6, 1, 0xc4, 0x80]),
            Some(0)
        );
        assert_eq!(recovery_point(&[6, 6, 1, 0b0010_1100, 0x80]), Some(4));
        assert_eq!(recovery_point(&[6, 5, 3, 1, 2, 3, 0x80]), None);
        assert_eq!(recovery_point(&[6, 0xff, 0xff]), None);
    }

    #[test]
    fn what_begins_an_access_unit() {
        assert!(begins_access_unit(0x65, 0x88));
        assert!(!begins_access_unit(0x65, 0x48));
        assert!(begins_access_unit(0x09, 0x10));
        assert!(!begins_access_unit(0x0c, 0xff));
    }

    #[test]
    fn emulation_prevention_is_removed() {
        assert_eq!(unescape(&[1, 0, 0, 3, 1, 0, 0, 3]), [1, 0, 0, 1, 0, 0]);
    }
}
