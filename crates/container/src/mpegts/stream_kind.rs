//! What an elementary stream is: by its `stream_type` (ISO/IEC 13818-1 table 2-34, ATSC A/53-3,
//! SCTE 35 §8.1, Blu-ray) and, where that is shared or private, by the descriptors that name its
//! format (§2.6.8 registration, §2.6.60 metadata, ETSI EN 300 468 §6). Never by its bytes.

/// What is done with a stream.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub(super) enum Use {
    /// Pictures or sound that are read.
    Media,
    /// ID3 tags in PES packets (Timed Metadata for HTTP Live Streaming, §2).
    Id3,
    /// `splice_info_section`s.
    Splices,
    /// Encrypted in a way of its own: refused.
    Protected,
    /// Nothing: reported by name.
    None,
}

/// A stream's format.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub(super) struct Kind {
    /// What it is called. It is for people, and known again with the next PMT.
    #[cfg_attr(feature = "serde", serde(skip))]
    pub(super) name: &'static str,
    /// What is done with it.
    pub(super) usage: Use,
}

const fn media(name: &'static str) -> Kind {
    let usage = Use::Media;
    Kind { name, usage }
}

const fn protected(name: &'static str) -> Kind {
    let usage = Use::Protected;
    Kind { name, usage }
}

const fn other(name: &'static str) -> Kind {
    let usage = Use::None;
    Kind { name, usage }
}

const ID3: Kind = Kind {
    name: "ID3",
    usage: Use::Id3,
};

const SPLICES: Kind = Kind {
    name: "SCTE-35",
    usage: Use::Splices,
};

/// What is called nothing in particular: the stream type's number is all that is known.
const PRIVATE: Kind = other("private data");

impl Kind {
    /// Tells a stream by its type, its descriptors and those of its program.
    pub(super) fn new(stream_type: u8, descriptors: &[u8], program: &[u8]) -> Self {
        match stream_type {
            0x06 => private(descriptors).unwrap_or(PRIVATE),
            0x15 => metadata(descriptors),
            0x80..=0x8a if registration(program) == Some(*b"HDMV") => {
                find(&BLU_RAY, stream_type).unwrap_or(other("DTS-HD"))
            }
            0x80..=0xff => find(&ASSIGNED, stream_type)
                .or_else(|| private(descriptors))
                .unwrap_or(PRIVATE),
            _ => find(&STANDARD, stream_type).unwrap_or(other("of a type without a name")),
        }
    }
}

fn find<K: Copy + PartialEq>(table: &[(K, Kind)], key: K) -> Option<Kind> {
    let found = table.iter().find(|(own, _)| *own == key);
    found.map(|(_, kind)| *kind)
}

/// Table 2-34.
const STANDARD: [(u8, Kind); 20] = [
    (0x01, other("MPEG-1 video")),
    (0x02, other("MPEG-2 video")),
    (0x03, other("MPEG-1 audio")),
    (0x04, other("MPEG-2 audio")),
    (0x05, other("private sections")),
    (0x0b, other("DSM-CC")),
    (0x0f, media("AAC in ADTS")),
    (0x10, other("MPEG-4 part 2 video")),
    (0x11, other("AAC in LATM")),
    (0x1b, media("H.264")),
    (0x1c, other("AAC without transport syntax")),
    (0x1f, other("SVC enhancement of H.264")),
    (0x20, other("MVC enhancement of H.264")),
    (0x21, other("JPEG 2000 video")),
    (0x24, media("H.265")),
    (0x25, other("temporal enhancement of H.265")),
    (0x2d, other("MPEG-H 3D audio")),
    (0x2e, other("MPEG-H 3D audio")),
    (0x32, other("JPEG XS video")),
    (0x33, other("H.266")),
];

/// Types of the user's range with a meaning in wide use.
const ASSIGNED: [(u8, Kind); 14] = [
    (0x80, other("DigiCipher II video or LPCM")),
    (0x81, other("AC-3")),
    (0x82, other("DTS")),
    (0x8a, other("DTS")),
    (0x83, other("TrueHD or LPCM")),
    (0x84, other("E-AC-3")),
    (0x87, other("E-AC-3")),
    (0x85, other("DTS-HD")),
    (0x86, SPLICES),
    (0xc1, protected("AC-3, encrypted by SAMPLE-AES")),
    (0xc2, protected("E-AC-3, encrypted by SAMPLE-AES")),
    (0xcf, protected("AAC, encrypted by SAMPLE-AES")),
    (0xdb, protected("H.264, encrypted by SAMPLE-AES")),
    (0xea, other("VC-1")),
];

/// Those of Blu-ray; the rest of its range are DTS-HD.
const BLU_RAY: [(u8, Kind); 5] = [
    (0x80, other("LPCM")),
    (0x81, other("AC-3")),
    (0x82, other("DTS")),
    (0x83, other("TrueHD")),
    (0x84, other("E-AC-3")),
];

/// By `format_identifier`.
const REGISTERED: [([u8; 4], Kind); 15] = [
    (*b"Opus", other("Opus")),
    (*b"AC-3", other("AC-3")),
    (*b"EAC3", other("E-AC-3")),
    (*b"AC-4", other("AC-4")),
    (*b"DTS1", other("DTS")),
    (*b"DTS2", other("DTS")),
    (*b"DTS3", other("DTS")),
    (*b"HEVC", other("H.265 in private PES packets")),
    (*b"AV01", other("AV1")),
    (*b"VC-1", other("VC-1")),
    (*b"drac", other("Dirac")),
    (*b"BSSD", other("SMPTE 302M audio")),
    (*b"KLVA", other("KLV metadata")),
    (*b"VANC", other("SMPTE 2038 ancillary data")),
    (*b"ID3 ", ID3),
];

/// Private data, by the descriptors that say what.
fn private(descriptors: &[u8]) -> Option<Kind> {
    let registered = registration(descriptors).and_then(|format| find(&REGISTERED, format));
    registered.or_else(|| each(descriptors).find_map(dvb))
}

/// ETSI EN 300 468 §6.1 and §6.4.
fn dvb((tag, body): (u8, &[u8])) -> Option<Kind> {
    Some(match (tag, body.first()) {
        (0x46 | 0x56, _) => other("teletext"),
        (0x45, _) => other("VBI data"),
        (0x59, _) => other("DVB subtitles"),
        (0x6a, _) => other("AC-3"),
        (0x7a, _) => other("E-AC-3"),
        (0x7b, _) => other("DTS"),
        (0x7c, _) => other("AAC, as DVB carries it"),
        (0x7f, Some(0x0e)) => other("DTS-HD"),
        (0x7f, Some(0x15)) => other("AC-4"),
        (0x7f, Some(0x20)) => other("TTML subtitles"),
        _ => return None,
    })
}

/// Metadata in PES packets: ID3 where its descriptor says so or there is none.
fn metadata(descriptors: &[u8]) -> Kind {
    let format = each(descriptors).find(|(tag, _)| *tag == 0x26);
    let format = format.and_then(|(_, body)| match body {
        // metadata_application_format 0xffff: an identifier of four more bytes follows, and
        // metadata_format 0xff: another.
        [0xff, 0xff, _, _, _, _, 0xff, rest @ ..] => rest.first_chunk::<4>(),
        [_, _, 0xff, rest @ ..] => rest.first_chunk::<4>(),
        _ => None,
    });
    match (format.copied(), registration(descriptors)) {
        (Some(format), _) | (None, Some(format)) => match &format {
            b"ID3 " => ID3,
            b"KLVA" => other("KLV metadata"),
            _ => other("metadata"),
        },
        (None, None) => ID3,
    }
}

/// `format_identifier` of the registration descriptor.
fn registration(descriptors: &[u8]) -> Option<[u8; 4]> {
    let (_, body) = each(descriptors).find(|(tag, _)| *tag == 0x05)?;
    body.first_chunk().copied()
}

/// Tag and body of each descriptor, up to one that is cut.
fn each(mut rest: &[u8]) -> impl Iterator<Item = (u8, &[u8])> {
    std::iter::from_fn(move || {
        let (&[tag, len], after) = rest.split_first_chunk::<2>()?;
        let (body, after) = after.split_at_checked(usize::from(len))?;
        rest = after;
        Some((tag, body))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn name(stream_type: u8, descriptors: &[u8]) -> &'static str {
        Kind::new(stream_type, descriptors, &[]).name
    }

    #[test]
    fn private_data_is_what_its_descriptors_say() {
        assert_eq!(name(0x06, b"\x05\x04Opus\x7f\x02\x80\x02"), "Opus");
        assert_eq!(
            name(0x06, &[0x0a, 4, b'e', b'n', b'g', 0, 0x6a, 1, 0]),
            "AC-3"
        );
        assert_eq!(name(0x06, &[0x56, 5, 0, 0, 0, 0, 0]), "teletext");
        assert_eq!(name(0x06, &[0x7f, 1, 0x15]), "AC-4");
        assert_eq!(name(0x06, &[]), "private data");
        assert_eq!(name(0x06, &[0x6a, 200, 0]), "private data");
        assert_eq!(name(0x92, b"\x05\x04AC-4"), "AC-4");
    }

    #[test]
    fn metadata_is_id3_unless_it_says_otherwise() {
        let described = b"\x26\x0d\xff\xffID3 \xffID3 \x00\x0f";
        let usage = |descriptors: &[u8]| Kind::new(0x15, descriptors, &[]).usage;
        assert_eq!(usage(described), Use::Id3);
        assert_eq!(usage(&[]), Use::Id3);
        assert_eq!(usage(b"\x26\x09\x01\x00\xffKLVA\x00\x0f"), Use::None);
        assert_eq!(usage(b"\x05\x04KLVA"), Use::None);
    }

    #[test]
    fn a_shared_type_is_told_by_its_program() {
        let kind = |program: &[u8]| Kind::new(0x86, &[], program);
        assert_eq!(kind(b"\x05\x04CUEI").usage, Use::Splices);
        assert_eq!(kind(&[]).usage, Use::Splices);
        assert_eq!(kind(b"\x05\x04HDMV"), other("DTS-HD"));
    }
}
