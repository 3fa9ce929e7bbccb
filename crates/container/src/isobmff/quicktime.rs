//! QuickTime sound descriptions of versions 1 and 2 as ISO ones, QuickTime File Format
//! Specification "Sound Sample Description (Version 1)" and "(Version 2)"; ISO/IEC 14496-12 §12.2.3
//! and ISO/IEC 14496-14 §5.6 for what comes out.

use super::boxes::{BoxRef, Boxes};
use super::write::Writer;

/// What all versions have in common: reserved bytes, `data_reference_index` and 20 more.
const COMMON: usize = 28;

/// The ISO form of an `mp4a` entry that is of QuickTime's own form; `None` for any other, which is
/// carried as it is. A file of ISO brands must not have it: readers look for boxes where these
/// versions have further fields, and their `esds` lies in a `wave` box.
pub(crate) fn iso_sound(entry: BoxRef<'_>) -> Option<Vec<u8>> {
    let mut fields = entry.fields();
    fields.skip(6)?;
    let reference = fields.u16()?;
    let version = fields.u16()?;
    fields.skip(6)?;
    let mut channels = fields.u16()?;
    fields.skip(6)?;
    let mut rate = fields.u32()?;
    let further = match version {
        1 => 16,
        2 => {
            fields.skip(4)?; // size of what follows
            // Hertz as a floating point number; too much for 16.16 is told by the codec alone.
            let hertz = f64::from_bits(fields.u64()?);
            rate = if (0.0..65_536.0).contains(&hertz) {
                (hertz as u32) << 16
            } else {
                0
            };
            channels = u16::try_from(fields.u32()?).ok()?;
            36
        }
        _ => return None,
    };
    if entry.kind != *b"mp4a" || Boxes(entry.body.get(COMMON..)?).find(b"esds").is_some() {
        return None;
    }
    let extensions = Boxes(entry.body.get(COMMON + further..)?);
    let esds = extensions
        .find(b"esds")
        .or_else(|| extensions.path(&[b"wave", b"esds"]))?;
    let mut w = Writer::default();
    w.boxed(b"mp4a", |w| {
        w.zeros(6);
        w.u16(reference);
        w.zeros(8);
        w.u16(channels);
        w.u16(16); // samplesize
        w.zeros(4);
        w.u32(rate);
        w.bytes(esds.whole);
    });
    Some(w.into_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;

    const ESDS: [u8; 14] = *b"\0\0\0\x0eesds\0\0\0\0\x03\0";

    /// An entry of a version, with these further fields.
    fn entry(version: u16, further: &[u8], in_wave: bool) -> Vec<u8> {
        let mut w = Writer::default();
        w.boxed(b"mp4a", |w| {
            w.zeros(6);
            w.u16(1);
            w.u16(version);
            w.zeros(6);
            w.u16(2);
            w.u16(16);
            w.zeros(4);
            w.u32(48_000 << 16);
            w.bytes(further);
            if in_wave {
                w.boxed(b"wave", |w| {
                    w.boxed(b"frma", |w| w.bytes(b"mp4a"));
                    w.bytes(&ESDS);
                });
            } else {
                w.bytes(&ESDS);
            }
        });
        w.into_bytes()
    }

    fn iso(bytes: &[u8]) -> Option<Vec<u8>> {
        iso_sound(Boxes(bytes).next().expect("a box"))
    }

    #[test]
    fn quicktime_entries_become_iso_entries() {
        let plain = entry(0, &[], false);
        assert_eq!(iso(&entry(1, &[0; 16], true)), Some(plain.clone()));
        assert_eq!(iso(&entry(1, &[0; 16], false)), Some(plain.clone()));
        let mut second = vec![0, 0, 0, 72];
        second.extend(48_000_f64.to_bits().to_be_bytes());
        second.extend(2_u32.to_be_bytes());
        second.resize(36, 0);
        assert_eq!(iso(&entry(2, &second, true)), Some(plain));
    }

    #[test]
    fn iso_entries_and_what_is_not_sound_are_left() {
        assert_eq!(iso(&entry(0, &[], false)), None);
        // `AudioSampleEntryV1` of ISO has no further fields.
        assert_eq!(iso(&entry(1, &[], false)), None);
        for cut in 0..60 {
            let bytes = entry(1, &[0; 16], true);
            let mut short = bytes.get(..cut).unwrap_or_default().to_vec();
            if let Some(size) = short.first_chunk_mut() {
                *size = (cut as u32).to_be_bytes();
            }
            let found = Boxes(&short).next().map(iso_sound);
            assert!(found.is_none_or(|found| found.is_none()), "{cut} bytes");
        }
    }
}
