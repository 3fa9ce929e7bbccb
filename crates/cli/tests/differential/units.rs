//! The form in which a source's packet and a sample of the file can be compared.
//!
//! A transport stream has H.264 and H.265 as byte streams (Annex B) and AAC in ADTS; an MP4 has
//! lengths before NAL units, and raw data blocks. What they must have in common:
//! - every NAL unit, byte for byte and in order, but for access unit delimiters and filler data,
//!   which carry nothing (ITU-T H.264 §7.4.2.4, §7.4.2.7), and parameter sets, which belong in the
//!   sample entry (ISO/IEC 14496-15 §5.4.2.1, §8.3.2): those are compared as a set of their own;
//! - every AAC raw data block, without its ADTS header (ISO/IEC 14496-3 §1.A.2.2).
//!
//! From MP4 to MP4 a packet is compared as it is, unless the configuration changes.

use std::collections::BTreeSet;

use crate::track::{Packet, Track};

/// How the packets of a track are framed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Framing {
    AnnexB,
    /// Bytes of the length before each NAL unit.
    Lengths(usize),
    Adts,
    AsIs,
}

/// A track in comparable form.
#[derive(Debug, Default)]
pub(crate) struct Units {
    /// One for each packet.
    pub(crate) payloads: Vec<Vec<u8>>,
    /// All parameter sets, wherever they are.
    pub(crate) parameter_sets: BTreeSet<Vec<u8>>,
}

/// Both sides of a comparison; packets as they are unless they are `reframed`.
pub(crate) fn comparable(source: &Track, sample: &Track, reframed: bool) -> (Units, Units) {
    if !reframed {
        return (as_they_are(source), as_they_are(sample));
    }
    (units(source), units(sample))
}

fn as_they_are(track: &Track) -> Units {
    Units {
        payloads: track.packets.iter().map(|p| p.data.clone()).collect(),
        parameter_sets: BTreeSet::new(),
    }
}

fn units(track: &Track) -> Units {
    let framing = framing(track);
    let mut units = Units::default();
    for record in &track.configurations {
        units.parameter_sets.extend(configured(record, track));
    }
    for packet in &track.packets {
        let payload = match framing {
            Framing::AnnexB => kept(&annex_b(&packet.data), &track.codec, &mut units),
            Framing::Lengths(size) => kept(&lengths(packet, size), &track.codec, &mut units),
            Framing::Adts => raw_data_block(&packet.data).to_vec(),
            Framing::AsIs => packet.data.clone(),
        };
        units.payloads.push(payload);
    }
    units
}

fn framing(track: &Track) -> Framing {
    let record = track.configurations.first().map_or(&[][..], Vec::as_slice);
    let length = |at: usize| record.get(at).map_or(4, |b| usize::from(b & 3) + 1);
    let is_record = record.first() == Some(&1);
    match track.codec.as_str() {
        "h264" if is_record => Framing::Lengths(length(4)),
        "hevc" if is_record => Framing::Lengths(length(21)),
        "h264" | "hevc" => Framing::AnnexB,
        "aac" if record.is_empty() => Framing::Adts,
        _ => Framing::AsIs,
    }
}

/// The NAL units that are compared, each after its length; parameter sets are put aside.
fn kept(nals: &[&[u8]], codec: &str, units: &mut Units) -> Vec<u8> {
    let mut payload = Vec::new();
    for nal in nals.iter().filter(|nal| !nal.is_empty()) {
        match kind(nal, codec) {
            Kind::ParameterSet => {
                units.parameter_sets.insert(nal.to_vec());
            }
            Kind::Framing => {}
            Kind::Content => {
                payload.extend((nal.len() as u64).to_be_bytes());
                payload.extend(*nal);
            }
        }
    }
    payload
}

enum Kind {
    Content,
    ParameterSet,
    /// Delimiters and filler data.
    Framing,
}

fn kind(nal: &[u8], codec: &str) -> Kind {
    let first = nal.first().copied().unwrap_or(0);
    let kind = if codec == "h264" {
        first & 31
    } else {
        first >> 1 & 63
    };
    match (codec, kind) {
        ("h264", 7 | 8) | ("hevc", 32..=34) => Kind::ParameterSet,
        ("h264", 9 | 12) | ("hevc", 35 | 38) => Kind::Framing,
        _ => Kind::Content,
    }
}

/// The NAL units of a byte stream, without the zeros that may trail them (ITU-T H.264 §B.1).
fn annex_b(bytes: &[u8]) -> Vec<&[u8]> {
    let codes = bytes.windows(3).enumerate();
    let codes = codes.filter(|(_, window)| *window == [0, 0, 1]);
    let starts: Vec<usize> = codes.map(|(at, _)| at + 3).collect();
    let next = starts.iter().skip(1).map(|start| start - 3);
    let ends = next.chain([bytes.len()]);
    let nals = starts.iter().zip(ends);
    let nals = nals.filter_map(|(start, end)| bytes.get(*start..end));
    nals.map(without_trailing_zeros).collect()
}

fn without_trailing_zeros(nal: &[u8]) -> &[u8] {
    let end = nal.iter().rposition(|byte| *byte != 0);
    nal.get(..end.map_or(0, |last| last + 1))
        .unwrap_or_default()
}

fn lengths(packet: &Packet, size: usize) -> Vec<&[u8]> {
    let mut nals = Vec::new();
    let mut rest = packet.data.as_slice();
    while let Some((length, behind)) = rest.split_at_checked(size) {
        let length = length
            .iter()
            .fold(0, |sum, byte| sum << 8 | usize::from(*byte));
        let (nal, behind) = behind.split_at_checked(length).unwrap_or((behind, &[]));
        nals.push(nal);
        rest = behind;
    }
    nals
}

/// What is behind an ADTS header of 7 bytes, or of 9 with a checksum.
fn raw_data_block(frame: &[u8]) -> &[u8] {
    let header = match frame.get(1) {
        Some(second) if second & 1 == 0 => 9,
        _ => 7,
    };
    frame.get(header..).unwrap_or_default()
}

/// The parameter sets in `avcC` (ISO/IEC 14496-15 §5.3.3.1), `hvcC` (§8.3.3.1) or, in a byte
/// stream, in what the reader gathered before its packets.
fn configured(record: &[u8], track: &Track) -> Vec<Vec<u8>> {
    match (framing(track), track.codec.as_str()) {
        (Framing::Lengths(_), "h264") => {
            let count = record.get(5).map_or(0, |byte| usize::from(byte & 31));
            let (mut sets, rest) = listed(record.get(6..).unwrap_or_default(), count);
            let (count, rest) = rest.split_first().unwrap_or((&0, &[]));
            sets.extend(listed(rest, usize::from(*count)).0);
            sets
        }
        (Framing::Lengths(_), _) => {
            let mut sets = Vec::new();
            let (count, mut rest) = record
                .get(22..)
                .and_then(<[u8]>::split_first)
                .unwrap_or((&0, &[]));
            for _ in 0..*count {
                let Some((head, behind)) = rest.split_at_checked(3) else {
                    break;
                };
                let inside = usize::from(head[1]) << 8 | usize::from(head[2]);
                let (found, behind) = listed(behind, inside);
                sets.extend(found);
                rest = behind;
            }
            sets
        }
        _ => Vec::new(),
    }
}

/// NAL units, each after its length in two bytes; and what follows them.
fn listed(mut rest: &[u8], count: usize) -> (Vec<Vec<u8>>, &[u8]) {
    let mut sets = Vec::new();
    for _ in 0..count {
        let Some((length, behind)) = rest.split_at_checked(2) else {
            break;
        };
        let length = usize::from(length[0]) << 8 | usize::from(length[1]);
        let Some((set, behind)) = behind.split_at_checked(length) else {
            break;
        };
        sets.push(set.to_vec());
        rest = behind;
    }
    (sets, rest)
}
