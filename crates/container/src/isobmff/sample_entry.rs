//! Sample entries: ISO/IEC 14496-12 §8.5.2, -14 (`mp4a`), -15 (`avc1`, `hvc1`).

use livetape_media::codec::aac::AudioSpecificConfig;
use livetape_media::codec::h264::Sps;
use livetape_media::codec::h265;
use livetape_media::{Format, FourCc, Rotation, Timescale, TrackConfig, Wording};

use super::boxes::{BoxRef, Boxes};
use super::fields::Fields;
use super::write::Writer;

/// Language of a track that does not say.
pub const UNDETERMINED: [u8; 3] = *b"und";

/// An `avc1` configuration from parameter sets (NAL units without start codes). Samples carry
/// 4-byte NAL lengths; times are in 90 kHz. `None` where no SPS can be read, or a count or size
/// does not fit the `avcC`.
pub fn avc1(sps: &[&[u8]], pps: &[&[u8]]) -> Option<TrackConfig> {
    let first = sps.first()?;
    let parsed = Sps::parse(first)?;
    if sps.len() > 31 || pps.len() > 255 {
        return None;
    }
    if sps
        .iter()
        .chain(pps)
        .any(|nal| nal.len() > usize::from(u16::MAX))
    {
        return None;
    }
    let mut w = Writer::default();
    w.boxed(b"avc1", |w| {
        visual_sample_entry(w, parsed.width, parsed.height);
        w.boxed(b"avcC", |w| avcc(w, &parsed, sps, pps));
        pasp(w, parsed.aspect_ratio);
    });
    Some(TrackConfig {
        format: Format::Video {
            width: parsed.width,
            height: parsed.height,
        },
        timescale: Timescale::MPEG,
        sample_entry: w.into_bytes(),
        codec: avc_codec("avc1", [parsed.profile, parsed.constraints, parsed.level]),
        language: UNDETERMINED,
        rotation: Rotation::None,
    })
}

/// Pixel aspect ratio, ISO/IEC 14496-12 §12.1.4, where pixels are not square.
fn pasp(w: &mut Writer, (across, down): (u16, u16)) {
    if across != down {
        w.boxed(b"pasp", |w| {
            w.u32(u32::from(across));
            w.u32(u32::from(down));
        });
    }
}

/// An `hvc1` configuration from parameter sets of the base layer (NAL units without start
/// codes). Samples carry 4-byte NAL lengths and no parameter sets; times are in 90 kHz. Size and
/// aspect ratio are those of the first SPS. `None` where an SPS cannot be read, or a count or size
/// does not fit the `hvcC`.
pub fn hvc1(vps: &[&[u8]], sps: &[&[u8]], pps: &[&[u8]]) -> Option<TrackConfig> {
    let mut parsed = Vec::new();
    for nal in sps {
        parsed.push(h265::Sps::parse(nal)?);
    }
    let first = parsed.first()?;
    let fits = |len: usize| u16::try_from(len).is_ok();
    for sets in [vps, sps, pps] {
        if !fits(sets.len()) || !sets.iter().all(|nal| fits(nal.len())) {
            return None;
        }
    }
    let mut record = Writer::default();
    hvcc(&mut record, &parsed);
    let arrays = [
        (h265::NAL_VPS, vps),
        (h265::NAL_SPS, sps),
        (h265::NAL_PPS, pps),
    ];
    record.u8(arrays.len() as u8);
    for (kind, sets) in arrays {
        record.u8(0x80 | kind); // array_completeness
        record.u16(sets.len() as u16);
        for nal in sets {
            record.u16(nal.len() as u16);
            record.bytes(nal);
        }
    }
    let record = record.into_bytes();
    let codec = hevc_codec("hvc1", Fields::new(&record))?;
    let mut w = Writer::default();
    w.boxed(b"hvc1", |w| {
        visual_sample_entry(w, first.width, first.height);
        w.boxed(b"hvcC", |w| w.bytes(&record));
        pasp(w, first.aspect_ratio);
    });
    Some(TrackConfig {
        format: Format::Video {
            width: first.width,
            height: first.height,
        },
        timescale: Timescale::MPEG,
        sample_entry: w.into_bytes(),
        codec,
        language: UNDETERMINED,
        rotation: Rotation::None,
    })
}

/// HEVCDecoderConfigurationRecord, ISO/IEC 14496-15 §8.3.3.1.2, up to its arrays. What it says
/// of profile, tier and level holds for all sequence parameter sets.
fn hvcc(w: &mut Writer, sps: &[h265::Sps]) {
    let Some((first, others)) = sps.split_first() else {
        return;
    };
    let mut general = first.profile_tier_level;
    let (mut sub_layers, mut nested) = (first.sub_layers, first.temporal_id_nested);
    for other in others {
        let ptl = other.profile_tier_level;
        general.profile |= ptl.profile & 0x20; // the higher tier
        general.compatibility &= ptl.compatibility;
        for (byte, theirs) in general.constraints.iter_mut().zip(ptl.constraints) {
            *byte &= theirs;
        }
        general.level = general.level.max(ptl.level);
        sub_layers = sub_layers.max(other.sub_layers);
        nested &= other.temporal_id_nested;
    }
    w.u8(1);
    w.u8(general.profile);
    w.u32(general.compatibility);
    w.bytes(&general.constraints);
    w.u8(general.level);
    w.u16(0xf000); // min_spatial_segmentation_idc: not said
    w.u8(0xfc); // parallelismType: not said
    w.u8(0xfc | first.chroma_format);
    w.u8(0xf8 | (first.bit_depth_luma - 8));
    w.u8(0xf8 | (first.bit_depth_chroma - 8));
    w.u16(0); // avgFrameRate: not said
    w.u8(sub_layers << 3 | u8::from(nested) << 2 | 3); // lengthSizeMinusOne
}

/// RFC 6381 §3.3, with the object type of ISO/IEC 14496-3.
fn aac_codec(config: &AudioSpecificConfig) -> String {
    let codec = Wording::of("mp4a.40.");
    codec.decimal(config.object_type.into(), 1).done()
}

fn avc_codec(four_cc: &str, [profile, constraints, level]: [u8; 3]) -> String {
    Wording::of(four_cc)
        .words(".")
        .hexadecimal(profile.into(), 2)
        .hexadecimal(constraints.into(), 2)
        .hexadecimal(level.into(), 2)
        .done()
}

/// ISO/IEC 14496-12 §12.1.3.
fn visual_sample_entry(w: &mut Writer, width: u16, height: u16) {
    w.zeros(6);
    w.u16(1); // data_reference_index
    w.zeros(16);
    w.u16(width);
    w.u16(height);
    w.u32(0x0048_0000); // 72 dpi
    w.u32(0x0048_0000);
    w.u32(0);
    w.u16(1); // frame_count
    w.zeros(32); // compressorname
    w.u16(0x0018); // depth
    w.u16(0xffff); // pre_defined
}

/// AVCDecoderConfigurationRecord, ISO/IEC 14496-15 §5.3.3.1.2. Counts and sizes were checked.
fn avcc(w: &mut Writer, parsed: &Sps, sps: &[&[u8]], pps: &[&[u8]]) {
    w.u8(1);
    w.u8(parsed.profile);
    w.u8(parsed.constraints);
    w.u8(parsed.level);
    w.u8(0xfc | 3); // lengthSizeMinusOne
    w.u8(0xe0 | sps.len() as u8);
    for nal in sps {
        w.u16(nal.len() as u16);
        w.bytes(nal);
    }
    w.u8(pps.len() as u8);
    for nal in pps {
        w.u16(nal.len() as u16);
        w.bytes(nal);
    }
    if parsed.has_extended_avcc() {
        w.u8(0xfc | parsed.chroma_format);
        w.u8(0xf8 | (parsed.bit_depth_luma - 8));
        w.u8(0xf8 | (parsed.bit_depth_chroma - 8));
        w.u8(0); // numOfSequenceParameterSetExt
    }
}

/// An `mp4a` configuration from an AudioSpecificConfig, read and verbatim (at most 100 bytes are
/// kept). Times are in the sample rate of the core coder.
pub fn mp4a(config: &AudioSpecificConfig, asc: &[u8]) -> TrackConfig {
    let asc = asc.get(..100).unwrap_or(asc);
    let channels = config.channels();
    let mut w = Writer::default();
    w.boxed(b"mp4a", |w| {
        w.zeros(6);
        w.u16(1); // data_reference_index
        w.zeros(8);
        w.u16(channels);
        w.u16(16); // samplesize
        w.zeros(4);
        // 16.16; rates over 65,535 Hz do not fit and are left to the AudioSpecificConfig
        w.u32(u16::try_from(config.sample_rate).map_or(0, |rate| u32::from(rate) << 16));
        w.full_box(b"esds", 0, 0, |w| es_descriptor(w, asc));
    });
    let timescale = Timescale::new(config.sample_rate).unwrap_or(Timescale::MPEG);
    TrackConfig {
        format: Format::Audio {
            sample_rate: config.extension_sample_rate.unwrap_or(config.sample_rate),
            channels,
        },
        timescale,
        sample_entry: w.into_bytes(),
        codec: aac_codec(config),
        language: UNDETERMINED,
        rotation: Rotation::None,
    }
}

/// ES_Descriptor, ISO/IEC 14496-1 §7.2.6.5. `asc` is at most 100 bytes: one-byte sizes.
fn es_descriptor(w: &mut Writer, asc: &[u8]) {
    let len = asc.len() as u8;
    w.bytes(&[0x03, 23 + len, 0, 0, 0]); // ES_ID, flags
    w.bytes(&[0x04, 15 + len, 0x40, 0x15]); // DecoderConfig: audio ISO/IEC 14496-3, audio stream
    w.zeros(11); // bufferSizeDB, maxBitrate, avgBitrate
    w.bytes(&[0x05, len]);
    w.bytes(asc);
    w.bytes(&[0x06, 1, 2]); // SLConfig: reserved for MP4 files
}

/// SPS and PPS of an `avc1`/`avc3` sample entry, and the bytes of its NAL lengths.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AvcParameters {
    /// Sequence parameter sets, NAL units without start codes.
    pub sps: Vec<Vec<u8>>,
    /// Picture parameter sets.
    pub pps: Vec<Vec<u8>>,
    /// Bytes of the length before each NAL unit of a sample: 1, 2 or 4.
    pub nal_length_size: u8,
}

/// Reads the `avcC` of a sample entry; `None` where it has none or it is cut.
pub fn avc_parameters(sample_entry: &[u8]) -> Option<AvcParameters> {
    let entry = Boxes(sample_entry).next()?;
    let record = Boxes(entry.body.get(78..)?).find(b"avcC")?;
    let mut fields = record.fields();
    fields.skip(4)?;
    let nal_length_size = (fields.u8()? & 3) + 1;
    let sps_count = fields.u8()? & 0x1f;
    let sps = parameter_sets(&mut fields, sps_count)?;
    let pps_count = fields.u8()?;
    let pps = parameter_sets(&mut fields, pps_count)?;
    Some(AvcParameters {
        sps,
        pps,
        nal_length_size,
    })
}

fn parameter_sets(fields: &mut Fields<'_>, count: u8) -> Option<Vec<Vec<u8>>> {
    let mut sets = Vec::new();
    for _ in 0..count {
        let len = fields.u16()?;
        sets.push(fields.take(usize::from(len))?.to_vec());
    }
    Some(sets)
}

/// The AudioSpecificConfig bytes of an `mp4a` sample entry; `None` where there is none.
pub fn audio_specific_config(sample_entry: &[u8]) -> Option<&[u8]> {
    let entry = Boxes(sample_entry).next()?;
    let esds = Boxes(entry.body.get(28..)?).find(b"esds")?;
    decoder_specific_info(esds.body.get(4..)?)
}

/// True for an `mp4a` entry of AAC (ISO/IEC 14496-1 table 5) that does not say how to decode it.
/// Other codecs of its `objectTypeIndication`, such as MP3, need nothing said.
pub(crate) fn lacks_audio_specific_config(sample_entry: &[u8]) -> bool {
    let decoder_config = || {
        let entry = Boxes(sample_entry).next()?;
        let esds = Boxes(entry.body.get(28..)?).find(b"esds")?;
        decoder_config(esds.body.get(4..)?)
    };
    let object_type = decoder_config().and_then(|config| config.first().copied());
    let is_aac = matches!(object_type, None | Some(0x40 | 0x66..=0x68));
    is_aac && audio_specific_config(sample_entry).is_none_or(|config| config.len() < 2)
}

/// Pixel aspect ratio by the `pasp` of a visual sample entry, width to height; (1, 1) where it
/// has none.
pub fn pixel_aspect_ratio(sample_entry: &[u8]) -> (u32, u32) {
    let read = || {
        let entry = Boxes(sample_entry).next()?;
        let mut fields = Boxes(entry.body.get(78..)?).find(b"pasp")?.fields();
        Some((fields.u32()?, fields.u32()?)).filter(|(across, down)| *across > 0 && *down > 0)
    };
    read().unwrap_or((1, 1))
}

/// Finds the DecoderSpecificInfo in an ES_Descriptor, ISO/IEC 14496-1 §7.2.6.
fn decoder_specific_info(bytes: &[u8]) -> Option<&[u8]> {
    let mut fields = Fields::new(decoder_config(bytes)?.get(13..)?);
    descriptor(&mut fields, 0x05)
}

/// The DecoderConfigDescriptor in an ES_Descriptor.
fn decoder_config(bytes: &[u8]) -> Option<&[u8]> {
    let mut fields = Fields::new(bytes);
    let es = descriptor(&mut fields, 0x03)?;
    let mut fields = Fields::new(es);
    fields.skip(2)?;
    let flags = fields.u8()?;
    if flags & 0x80 != 0 {
        fields.skip(2)?;
    }
    if flags & 0x40 != 0 {
        let len = fields.u8()?;
        fields.skip(usize::from(len))?;
    }
    if flags & 0x20 != 0 {
        fields.skip(2)?;
    }
    descriptor(&mut fields, 0x04)
}

fn descriptor<'a>(fields: &mut Fields<'a>, tag: u8) -> Option<&'a [u8]> {
    if fields.u8()? != tag {
        return None;
    }
    let mut len = 0_usize;
    for _ in 0..4 {
        let byte = fields.u8()?;
        len = len << 7 | usize::from(byte & 0x7f);
        if byte & 0x80 == 0 {
            break;
        }
    }
    fields.take(len)
}

/// What a sample entry says, with kind, size and codec read as far as this project knows them.
pub(crate) struct Described {
    pub(crate) format: Format,
    pub(crate) codec: String,
    pub(crate) protected: bool,
}

/// Describes a sample entry under a `handler_type`; `None` where its fixed part is cut.
pub(crate) fn describe(entry: BoxRef<'_>, handler: [u8; 4]) -> Option<Described> {
    let mut fields = entry.fields();
    fields.skip(8)?;
    let protected = matches!(&entry.kind, b"encv" | b"enca" | b"enct" | b"encs");
    let plain = FourCc(entry.kind).text();
    match &handler {
        b"vide" => {
            fields.skip(16)?;
            let (width, height) = (fields.u16()?, fields.u16()?);
            let codec = video_codec(entry).unwrap_or(plain);
            Some(Described {
                format: Format::Video { width, height },
                codec,
                protected,
            })
        }
        b"soun" => {
            fields.skip(8)?;
            let channels = fields.u16()?;
            fields.skip(6)?;
            let sample_rate = fields.u32()? >> 16;
            let config = audio_specific_config(entry.whole).and_then(AudioSpecificConfig::parse);
            let (sample_rate, channels, codec) = match config {
                Some(config) => (
                    config.extension_sample_rate.unwrap_or(config.sample_rate),
                    config.channels(),
                    aac_codec(&config),
                ),
                None => (sample_rate, channels, audio_codec(entry.kind, plain)),
            };
            Some(Described {
                format: Format::Audio {
                    sample_rate,
                    channels,
                },
                codec,
                protected,
            })
        }
        _ => {
            let format = Format::Other {
                handler: FourCc(handler),
            };
            Some(Described {
                format,
                codec: plain,
                protected,
            })
        }
    }
}

/// RFC 6381 spells two audio codecs otherwise than their boxes.
fn audio_codec(kind: [u8; 4], plain: String) -> String {
    match &kind {
        b"Opus" => "opus".to_owned(),
        b"fLaC" => "flac".to_owned(),
        _ => plain,
    }
}

fn video_codec(entry: BoxRef<'_>) -> Option<String> {
    let four_cc = FourCc(entry.kind).text();
    let boxes = Boxes(entry.body.get(78..)?);
    match &entry.kind {
        b"avc1" | b"avc3" => {
            let mut fields = boxes.find(b"avcC")?.fields();
            fields.skip(1)?;
            Some(avc_codec(
                &four_cc,
                [fields.u8()?, fields.u8()?, fields.u8()?],
            ))
        }
        b"hvc1" | b"hev1" => {
            let record = boxes.find(b"hvcC")?;
            hevc_codec(&four_cc, record.fields())
        }
        b"av01" => av1_codec(boxes.find(b"av1C")?.fields()),
        b"vp08" | b"vp09" => vpx_codec(&four_cc, boxes.find(b"vpcC")?.fields()),
        _ => None,
    }
}

/// ISO/IEC 14496-15 annex E.3.
fn hevc_codec(four_cc: &str, mut fields: Fields<'_>) -> Option<String> {
    fields.skip(1)?;
    let general = fields.u8()?;
    let space = ["", "A", "B", "C"].get(usize::from(general >> 6))?;
    let tier = if general & 0x20 == 0 { ".L" } else { ".H" };
    let profile = general & 0x1f;
    let compatibility = fields.u32()?.reverse_bits();
    let constraints = fields.take(6)?;
    let level = fields.u8()?;
    let capitals = |number: u32| {
        let digits = Wording::default().hexadecimal(number.into(), 1).done();
        digits.to_ascii_uppercase()
    };
    let mut codec = Wording::of(four_cc)
        .words(".")
        .words(space)
        .decimal(profile.into(), 1)
        .words(".")
        .words(&capitals(compatibility))
        .words(tier)
        .decimal(level.into(), 1);
    let used = constraints
        .iter()
        .rposition(|byte| *byte != 0)
        .map_or(0, |last| last + 1);
    for byte in constraints.iter().take(used) {
        codec = codec.words(".").words(&capitals((*byte).into()));
    }
    Some(codec.done())
}

/// AV1 Codec ISO Media File Format Binding §5.
fn av1_codec(mut fields: Fields<'_>) -> Option<String> {
    fields.skip(1)?;
    let (levels, flags) = (fields.u8()?, fields.u8()?);
    let tier = if flags & 0x80 == 0 { "M." } else { "H." };
    let depth = match (flags & 0x40 != 0, flags & 0x20 != 0) {
        (true, true) => 12,
        (true, false) => 10,
        _ => 8,
    };
    let codec = Wording::of("av01.")
        .decimal((levels >> 5).into(), 1)
        .words(".")
        .decimal((levels & 0x1f).into(), 2);
    Some(codec.words(tier).decimal(depth, 2).done())
}

/// VP Codec ISO Media File Format Binding.
fn vpx_codec(four_cc: &str, mut fields: Fields<'_>) -> Option<String> {
    fields.version_and_flags()?;
    let (profile, level, depth) = (fields.u8()?, fields.u8()?, fields.u8()? >> 4);
    let numbers = [profile, level, depth].into_iter();
    let codec = numbers.fold(Wording::of(four_cc), |codec, number| {
        codec.words(".").decimal(number.into(), 2)
    });
    Some(codec.done())
}

#[cfg(test)]
mod tests {
    use super::*;

    const SPS: [u8; 25] = [
        0x67, 0x64, 0x00, 0x1e, 0xac, 0xd9, 0x40, 0xa0, 0x2f, 0xf9, 0x70, 0x11, 0x00, 0x00, 0x03,
        0x00, 0x01, 0x00, 0x00, 0x03, 0x00, 0x32, 0x0f, 0x16, 0x2d,
    ];
    const PPS: [u8; 4] = [0x68, 0xeb, 0xe3, 0xcb];

    #[test]
    fn an_avc1_entry_is_read_back() {
        let config = avc1(&[&SPS], &[&PPS]).expect("valid");
        assert_eq!(config.codec, "avc1.64001e");
        let entry = Boxes(&config.sample_entry).next().expect("one box");
        let described = describe(entry, *b"vide").expect("whole");
        assert_eq!(
            described.format,
            Format::Video {
                width: 640,
                height: 360
            }
        );
        assert_eq!(described.codec, "avc1.64001e");
        let parameters = avc_parameters(&config.sample_entry).expect("has avcC");
        assert_eq!(parameters.sps, [SPS.to_vec()]);
        assert_eq!(parameters.pps, [PPS.to_vec()]);
        assert_eq!(parameters.nal_length_size, 4);
    }

    #[test]
    fn an_hvc1_entry_is_read_back() {
        let vps = [
            0x40, 0x01, 0x0c, 0x01, 0xff, 0xff, 0x01, 0x60, 0, 0, 3, 0, 0x90, 0, 0, 3, 0, 0, 3, 0,
            0x3f, 0x99, 0x98, 0x09,
        ];
        let sps = [
            0x42, 0x01, 0x01, 0x01, 0x60, 0, 0, 3, 0, 0x90, 0, 0, 3, 0, 0, 3, 0, 0x3f, 0xa0, 0x05,
            0x02, 0x01, 0x69, 0x65, 0x99, 0x9a, 0x49, 0x32, 0xbc, 0x04, 0x04, 0, 0, 0x0f, 0xa4, 0,
            0x01, 0xd4, 0xc0, 0x20,
        ];
        let pps = [0x44, 0x01, 0xc1, 0x72, 0xb4, 0x62, 0x40];
        let config = hvc1(&[&vps], &[&sps], &[&pps]).expect("valid");
        assert_eq!(config.codec, "hvc1.1.6.L63.90");
        let entry = Boxes(&config.sample_entry).next().expect("one box");
        let described = describe(entry, *b"vide").expect("whole");
        assert_eq!(
            described.format,
            Format::Video {
                width: 640,
                height: 360
            }
        );
        assert_eq!(described.codec, config.codec);
        let record = Boxes(&entry.body[78..]).find(b"hvcC").expect("an hvcC");
        let head = [
            1, 1, 0x60, 0, 0, 0, 0x90, 0, 0, 0, 0, 0, 63, 0xf0, 0, 0xfc, 0xfd, 0xf8, 0xf8, 0, 0,
            0x0f, 3,
        ];
        assert_eq!(record.body[..23], head);
        let arrays = [
            &[0xa0, 0, 1, 0, vps.len() as u8][..],
            &vps,
            &[0xa1, 0, 1, 0, sps.len() as u8],
            &sps,
            &[0xa2, 0, 1, 0, pps.len() as u8],
            &pps,
        ];
        assert_eq!(record.body[23..], arrays.concat());
        assert_eq!(hvc1(&[&vps], &[&pps], &[&pps]), None);
        assert_eq!(hvc1(&[&vps], &[], &[&pps]), None);
    }

    /// What holds for all sequence parameter sets is what the record says.
    #[test]
    fn the_record_covers_every_sequence_parameter_set() {
        let profile_tier_level = h265::ProfileTierLevel {
            profile: 1,
            compatibility: 0x6000_0000,
            constraints: [0x90, 0, 0, 0, 0, 0],
            level: 63,
        };
        let low = h265::Sps {
            profile_tier_level,
            sub_layers: 1,
            temporal_id_nested: true,
            chroma_format: 1,
            bit_depth_luma: 8,
            bit_depth_chroma: 8,
            width: 640,
            height: 360,
            aspect_ratio: (1, 1),
        };
        let mut high = low;
        high.profile_tier_level.profile = 0x21;
        high.profile_tier_level.compatibility = 0x2000_0000;
        high.profile_tier_level.level = 93;
        (high.sub_layers, high.temporal_id_nested) = (3, false);
        let mut w = Writer::default();
        hvcc(&mut w, &[low, high]);
        let record = w.into_bytes();
        assert_eq!(record[1..6], [0x21, 0x20, 0, 0, 0]);
        assert_eq!(record[12], 93);
        assert_eq!(record[21], 3 << 3 | 3);
    }

    #[test]
    fn an_mp4a_entry_is_read_back() {
        let asc = [0x11, 0x90];
        let config = mp4a(&AudioSpecificConfig::parse(&asc).expect("valid"), &asc);
        assert_eq!(config.timescale.get(), 48_000);
        assert_eq!(audio_specific_config(&config.sample_entry), Some(&asc[..]));
        let entry = Boxes(&config.sample_entry).next().expect("one box");
        let described = describe(entry, *b"soun").expect("whole");
        assert_eq!(
            described.format,
            Format::Audio {
                sample_rate: 48_000,
                channels: 2
            }
        );
        assert_eq!(described.codec, "mp4a.40.2");
    }
}
