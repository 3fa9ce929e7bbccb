//! Sound descriptions of QuickTime files (QuickTime File Format, "Sound Sample Descriptions"
//! version 1 and 2), which ISO/IEC 14496-12 does not know: as an `mp4a` entry of ISO/IEC 14496-14.

use super::boxes::{BoxRef, Boxes};
use super::write::Writer;

/// Bytes of a sound description before its boxes, by version; 28 in version 0 and in an ISO
/// base media file.
const fn boxes_at(version: u16) -> Option<usize> {
    match version {
        1 => Some(28 + 16),
        2 => Some(28 + 36),
        _ => None,
    }
}

/// The `mp4a` entry as an ISO base media file has it; `None` where it is that already, or no
/// AAC is described in it.
pub(super) fn plain_mp4a(entry: BoxRef<'_>) -> Option<Vec<u8>> {
    let mut fields = entry.fields();
    fields.skip(8)?;
    let version = fields.u16()?;
    fields.skip(6)?;
    let channels = fields.u16()?;
    fields.skip(6)?;
    let sample_rate = fields.u32()?;
    let within = Boxes(entry.body.get(boxes_at(version)?..)?);
    let esds = match within.find(b"wave") {
        Some(wave) => wave.children().find(b"esds")?,
        None => within.find(b"esds")?,
    };
    let mut w = Writer::default();
    w.boxed(b"mp4a", |w| {
        w.bytes(entry.body.get(..8).unwrap_or_default());
        w.zeros(8);
        // Version 2 says 3 and puts the real number elsewhere; esds has it in any case.
        w.u16(if version == 1 { channels } else { 2 });
        w.u16(16); // samplesize
        w.zeros(4);
        w.u32(if version == 1 { sample_rate } else { 0 });
        w.bytes(esds.whole);
    });
    Some(w.into_bytes())
}
