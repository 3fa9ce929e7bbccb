//! H.265 parameter sets and NAL unit types, ITU-T H.265 §7.3, §7.4, annex E.

use super::BitReader;
use super::h264::{aspect_ratio, unescape};

/// `nal_unit_type`, six bits of a NAL unit's first byte (§7.3.1.2).
pub const fn nal_unit_type(first_byte: u8) -> u8 {
    first_byte >> 1 & 0x3f
}

/// `nuh_layer_id`, which spans the two bytes of the header; 0 is the base layer.
pub const fn layer_id(first: u8, second: u8) -> u8 {
    (first & 1) << 5 | second >> 3
}

/// Video parameter set.
pub const NAL_VPS: u8 = 32;
/// Sequence parameter set.
pub const NAL_SPS: u8 = 33;
/// Picture parameter set.
pub const NAL_PPS: u8 = 34;
/// Access unit delimiter.
pub const NAL_AUD: u8 = 35;
/// Filler data.
pub const NAL_FILLER: u8 = 38;
/// Supplemental enhancement information that precedes its picture.
pub const NAL_PREFIX_SEI: u8 = 39;

/// True for a NAL unit type that carries (part of) a coded picture.
pub const fn is_coded_slice(nal_unit_type: u8) -> bool {
    nal_unit_type < 32
}

/// True for slices of an intra random access point picture: BLA, IDR, CRA, and the types
/// reserved for more of them (table 7-1).
pub const fn is_irap(nal_unit_type: u8) -> bool {
    matches!(nal_unit_type, 16..=23)
}

/// True for slices of a random access skipped leading picture: one shown before the random
/// access point it follows, that may refer to pictures from before that.
pub const fn is_rasl(nal_unit_type: u8) -> bool {
    matches!(nal_unit_type, 8 | 9)
}

/// True where a NAL unit that begins with these three bytes, met after the coded slices of a
/// picture, begins the next access unit (§7.4.2.4.4). Of slices it is the one with
/// `first_slice_segment_in_pic_flag`. Only the base layer begins any.
pub const fn begins_access_unit(head: [u8; 3]) -> bool {
    if layer_id(head[0], head[1]) > 0 {
        return false;
    }
    match nal_unit_type(head[0]) {
        0..=31 => head[2] & 0x80 != 0,
        NAL_VPS | NAL_SPS | NAL_PPS | NAL_AUD | NAL_PREFIX_SEI | 41..=44 | 48..=55 => true,
        _ => false,
    }
}

/// `vps_video_parameter_set_id` of a video parameter set NAL unit.
pub fn vps_id(nal: &[u8]) -> Option<u32> {
    BitReader::new(nal.get(2..)?).bits(4)
}

/// `sps_seq_parameter_set_id` of a sequence parameter set NAL unit.
pub fn sps_id(nal: &[u8]) -> Option<u32> {
    let rbsp = unescape(nal.get(2..nal.len().min(256))?);
    let mut r = BitReader::new(&rbsp);
    SpsHead::read(&mut r).map(|head| head.id)
}

/// `pps_pic_parameter_set_id` and the `pps_seq_parameter_set_id` it refers to, of a picture
/// parameter set NAL unit.
pub fn pps_ids(nal: &[u8]) -> Option<(u32, u32)> {
    let rbsp = unescape(nal.get(2..nal.len().min(16))?);
    let mut r = BitReader::new(&rbsp);
    let pps = r.ue().filter(|id| *id < 64)?;
    let sps = r.ue().filter(|id| *id < 16)?;
    Some((pps, sps))
}

/// The general part of `profile_tier_level()`, §7.3.3.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ProfileTierLevel {
    /// `general_profile_space`, `general_tier_flag` and `general_profile_idc`: 2, 1 and 5 bits.
    pub profile: u8,
    /// `general_profile_compatibility_flag`s, that of profile 0 in the highest bit.
    pub compatibility: u32,
    /// The 48 bits of constraint flags.
    pub constraints: [u8; 6],
    /// `general_level_idc`: 30 times the level.
    pub level: u8,
}

impl ProfileTierLevel {
    /// Reads it, and passes over that of the sub-layers.
    fn read(r: &mut BitReader<'_>, sub_layers: u32) -> Option<Self> {
        let profile = r.bits(8)? as u8;
        let compatibility = r.bits(32)?;
        let mut constraints = [0; 6];
        for byte in &mut constraints {
            *byte = r.bits(8)? as u8;
        }
        let level = r.bits(8)? as u8;
        let below = sub_layers.saturating_sub(1);
        if below > 0 {
            let present = r.bits(16)?; // two flags for each of 8 sub-layers, some reserved
            for layer in 0..below {
                let flags = present >> (14 - 2 * layer);
                let profile_bits = if flags & 2 != 0 { 88 } else { 0 };
                let level_bits = if flags & 1 != 0 { 8 } else { 0 };
                r.skip(profile_bits + level_bits)?;
            }
        }
        Some(Self {
            profile,
            compatibility,
            constraints,
            level,
        })
    }
}

/// The beginning of a sequence parameter set.
struct SpsHead {
    sub_layers: u8,
    temporal_id_nested: bool,
    profile_tier_level: ProfileTierLevel,
    id: u32,
}

impl SpsHead {
    fn read(r: &mut BitReader<'_>) -> Option<Self> {
        r.bits(4)?; // sps_video_parameter_set_id
        let sub_layers = r.bits(3)?.checked_add(1).filter(|layers| *layers <= 7)?;
        let temporal_id_nested = r.bit()?;
        let profile_tier_level = ProfileTierLevel::read(r, sub_layers)?;
        let id = r.ue().filter(|id| *id < 16)?;
        Some(Self {
            sub_layers: sub_layers as u8,
            temporal_id_nested,
            profile_tier_level,
            id,
        })
    }
}

/// What a container must know of a sequence parameter set.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Sps {
    /// Profile, tier and level.
    pub profile_tier_level: ProfileTierLevel,
    /// Number of temporal sub-layers, 1 to 7.
    pub sub_layers: u8,
    /// `sps_temporal_id_nesting_flag`.
    pub temporal_id_nested: bool,
    /// `chroma_format_idc`.
    pub chroma_format: u8,
    /// Bits per luma sample, 8 to 16.
    pub bit_depth_luma: u8,
    /// Bits per chroma sample, 8 to 16.
    pub bit_depth_chroma: u8,
    /// Width within the conformance window, in luma samples.
    pub width: u16,
    /// Height within the conformance window, in luma samples.
    pub height: u16,
    /// Sample aspect ratio, width to height; (1, 1) where not said.
    pub aspect_ratio: (u16, u16),
}

impl Sps {
    /// Reads a NAL unit of the base layer (header included, emulation prevention still in).
    pub fn parse(nal: &[u8]) -> Option<Self> {
        let rbsp = unescape(nal);
        let (&[first, second], body) = rbsp.split_first_chunk::<2>()?;
        if nal_unit_type(first) != NAL_SPS || layer_id(first, second) > 0 {
            return None;
        }
        let mut r = BitReader::new(body);
        let head = SpsHead::read(&mut r)?;
        let chroma_format = r.ue().filter(|format| *format <= 3)? as u8;
        if chroma_format == 3 {
            r.bit()?; // separate_colour_plane_flag
        }
        let (width, height) = size(&mut r, chroma_format)?;
        let bit_depth_luma = r.ue().filter(|depth| *depth <= 8)? as u8 + 8;
        let bit_depth_chroma = r.ue().filter(|depth| *depth <= 8)? as u8 + 8;
        let ratio = pass_to_vui(&mut r, head.sub_layers).and_then(|()| aspect_ratio(&mut r));
        Some(Self {
            profile_tier_level: head.profile_tier_level,
            sub_layers: head.sub_layers,
            temporal_id_nested: head.temporal_id_nested,
            chroma_format,
            bit_depth_luma,
            bit_depth_chroma,
            width,
            height,
            aspect_ratio: ratio.unwrap_or((1, 1)),
        })
    }
}

/// Width and height less what the conformance window leaves out, §7.4.3.2.1.
fn size(r: &mut BitReader<'_>, chroma_format: u8) -> Option<(u16, u16)> {
    let (mut width, mut height) = (r.ue()?, r.ue()?);
    if r.bit()? {
        let (left, right, top, bottom) = (r.ue()?, r.ue()?, r.ue()?, r.ue()?);
        let (unit_x, unit_y) = match chroma_format {
            1 => (2, 2),
            2 => (2, 1),
            _ => (1, 1), // monochrome or 4:4:4
        };
        width = width.checked_sub(left.checked_add(right)?.checked_mul(unit_x)?)?;
        height = height.checked_sub(top.checked_add(bottom)?.checked_mul(unit_y)?)?;
    }
    let width = u16::try_from(width).ok().filter(|width| *width > 0)?;
    let height = u16::try_from(height).ok().filter(|height| *height > 0)?;
    Some((width, height))
}

/// Passes from after the bit depths to `vui_parameters_present_flag`.
fn pass_to_vui(r: &mut BitReader<'_>, sub_layers: u8) -> Option<()> {
    // log2_max_pic_order_cnt_lsb_minus4
    let order_bits = r.ue().filter(|bits| *bits <= 12)? as usize + 4;
    let said = if r.bit()? { sub_layers } else { 1 };
    for _ in 0..said {
        // sps_max_dec_pic_buffering_minus1, sps_max_num_reorder_pics, sps_max_latency_increase
        for _ in 0..3 {
            r.ue()?;
        }
    }
    for _ in 0..6 {
        r.ue()?; // sizes of coding and transform blocks, and how deep they are split
    }
    if r.bit()? && r.bit()? {
        scaling_lists(r)?;
    }
    r.skip(2)?; // amp_enabled_flag, sample_adaptive_offset_enabled_flag
    if r.bit()? {
        r.skip(8)?; // PCM bit depths
        r.ue()?; // log2_min_pcm_luma_coding_block_size_minus3
        r.ue()?; // log2_diff_max_min_pcm_luma_coding_block_size
        r.bit()?; // pcm_loop_filter_disabled_flag
    }
    short_term_sets(r)?;
    if r.bit()? {
        let count = r.ue().filter(|count| *count <= 32)? as usize;
        r.skip(count * (order_bits + 1))?;
    }
    r.skip(2) // sps_temporal_mvp_enabled_flag, strong_intra_smoothing_enabled_flag
}

/// `scaling_list_data()`, §7.3.4.
fn scaling_lists(r: &mut BitReader<'_>) -> Option<()> {
    for size in 0..4_u32 {
        let lists = if size == 3 { 2 } else { 6 };
        for _ in 0..lists {
            if !r.bit()? {
                r.ue()?; // scaling_list_pred_matrix_id_delta
                continue;
            }
            if size > 1 {
                r.se()?; // scaling_list_dc_coef_minus8
            }
            for _ in 0..64.min(16_u32 << (2 * size)) {
                r.se()?;
            }
        }
    }
    Some(())
}

/// The `st_ref_pic_set()`s, §7.3.7. How long one that is predicted is depends on how many
/// pictures the one before it has.
fn short_term_sets(r: &mut BitReader<'_>) -> Option<()> {
    let sets = r.ue().filter(|sets| *sets <= 64)?;
    let mut pictures = 0_u32;
    for index in 0..sets {
        if index > 0 && r.bit()? {
            r.bit()?; // delta_rps_sign
            r.ue()?; // abs_delta_rps_minus1
            let mut kept = 0;
            for _ in 0..=pictures {
                // used_by_curr_pic_flag, else use_delta_flag
                kept += u32::from(r.bit()? || r.bit()?);
            }
            pictures = kept;
        } else {
            let negative = r.ue().filter(|count| *count <= 16)?;
            let positive = r.ue().filter(|count| *count <= 16)?;
            pictures = negative + positive;
            for _ in 0..pictures {
                r.ue()?; // delta_poc_minus1
                r.bit()?; // used_by_curr_pic_flag
            }
        }
        if pictures > 32 {
            return None;
        }
    }
    Some(())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// x265, Main, 640x360 within 640x360, level 2.1.
    const SPS_640: &str =
        "42010101600000030090000003000003003fa00502016965999a4932bc040400000fa40001d4c020";
    /// x265, Main, 720x1280, level 3.1.
    const SPS_720: &str = "42010101600000030090000003000003005da005a20050165998a924cab016a020202080000003008000000f04";
    /// Main, 854x480 within 856x480, no aspect ratio.
    const SPS_854: &str =
        "42010101600000030090000003000003005aa006b201e1d796566924cae68080000003008000000f04";
    /// Main, 914x686, four sub-layers, predicted reference picture sets, 2740:2739.
    const SPS_914: &str = "42010701600000030090000003000003003f0000a0073200ac7256266533989317248a41\
        d2474f3e3fc4fcb3f9fb3cbfd7cc8792ff9fb3cbfd7c123a79f1fe27e53fcfdfcb3f5f321e4bfe7ecf2ff5f1ff\
        e1568156602000007d0000075301";

    fn bytes(hex: &str) -> Vec<u8> {
        let digits = hex.as_bytes().as_chunks::<2>().0.iter();
        let pairs = digits.map(|pair| std::str::from_utf8(pair).expect("ASCII"));
        pairs
            .map(|pair| u8::from_str_radix(pair, 16).expect("hex"))
            .collect()
    }

    /// Sizes, levels and aspect ratios as ffprobe reads them.
    #[test]
    fn reads_size_level_and_aspect_ratio() {
        for (hex, size, level, ratio) in [
            (SPS_640, (640, 360), 63, (1, 1)),
            (SPS_720, (720, 1280), 93, (1, 1)),
            (SPS_854, (854, 480), 90, (1, 1)),
            (SPS_914, (914, 686), 63, (2740, 2739)),
        ] {
            let sps = Sps::parse(&bytes(hex)).expect("valid");
            assert_eq!((sps.width, sps.height), size, "{hex}");
            assert_eq!(sps.profile_tier_level.level, level, "{hex}");
            assert_eq!(sps.aspect_ratio, ratio, "{hex}");
            assert_eq!(sps.profile_tier_level.profile, 1);
            assert_eq!(sps.profile_tier_level.compatibility, 0x6000_0000);
            assert_eq!(sps.profile_tier_level.constraints, [0x90, 0, 0, 0, 0, 0]);
            assert_eq!((sps.chroma_format, sps.bit_depth_luma), (1, 8));
            assert_eq!(sps_id(&bytes(hex)), Some(0));
        }
        let sps = Sps::parse(&bytes(SPS_914)).expect("valid");
        assert_eq!((sps.sub_layers, sps.temporal_id_nested), (4, true));
    }

    #[test]
    fn a_cut_parameter_set_is_none_until_the_bit_depths_are_there() {
        let whole = bytes(SPS_640);
        for len in 0..24 {
            assert_eq!(Sps::parse(&whole[..len]), None, "cut at {len}");
        }
        // The aspect ratio lies beyond: without it the pixels are taken for square.
        let cut = Sps::parse(&bytes(SPS_914)[..70]).expect("size and depths");
        assert_eq!(
            (cut.width, cut.height, cut.aspect_ratio),
            (914, 686, (1, 1))
        );
    }

    #[test]
    fn a_mutated_parameter_set_does_no_harm() {
        let whole = bytes(SPS_914);
        for at in 0..whole.len() {
            for value in 0..=255 {
                let mut changed = whole.clone();
                changed[at] = value;
                if let Some(sps) = Sps::parse(&changed) {
                    assert!(sps.width > 0 && sps.height > 0 && sps.aspect_ratio.1 > 0);
                    assert!((1..=7).contains(&sps.sub_layers));
                }
            }
        }
    }

    #[test]
    fn parameter_set_ids() {
        assert_eq!(vps_id(&bytes("40010c01ffff0160")), Some(0));
        assert_eq!(vps_id(&bytes("40013c01ffff0160")), Some(3));
        assert_eq!(pps_ids(&bytes("4401c172b46240")), Some((0, 0)));
        assert_eq!(pps_ids(&[0x44, 0x01, 0b0100_1100]), Some((1, 2)));
        assert_eq!(pps_ids(&[0x44]), None);
    }

    #[test]
    fn what_begins_an_access_unit() {
        assert!(begins_access_unit([0x28, 0x01, 0xaf])); // first slice of an IDR picture
        assert!(!begins_access_unit([0x28, 0x01, 0x2f])); // a further one
        assert!(!begins_access_unit([0x28, 0x09, 0xaf])); // that of another layer
        assert!(begins_access_unit([0x46, 0x01, 0x50])); // delimiter
        assert!(begins_access_unit([0x4e, 0x01, 0x05])); // prefix SEI
        assert!(!begins_access_unit([0x50, 0x01, 0x84])); // suffix SEI
        assert!(!begins_access_unit([0x48, 0x01, 0x00])); // end of sequence
    }

    #[test]
    fn kinds_of_pictures() {
        let irap: Vec<u8> = (0..64).filter(|kind| is_irap(*kind)).collect();
        assert_eq!(irap, [16, 17, 18, 19, 20, 21, 22, 23]);
        assert!(is_rasl(8) && is_rasl(9) && !is_rasl(7) && !is_rasl(10));
        assert!(is_coded_slice(0) && is_coded_slice(21) && !is_coded_slice(NAL_VPS));
    }
}
