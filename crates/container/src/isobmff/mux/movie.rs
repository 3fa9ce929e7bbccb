//! The boxes that a progressive and a fragmented movie share, ISO/IEC 14496-12 §8.2 to §8.5.

use livetape_media::{Format, FourCc, Rotation, TrackConfig};

use crate::isobmff::write::Writer;

/// Identity matrix, §6.2.2.
const MATRIX: [u32; 9] = [0x0001_0000, 0, 0, 0, 0x0001_0000, 0, 0, 0, 0x4000_0000];

/// The matrix of pictures turned so, of this size, 16.16: turned and moved back to where they were.
fn matrix(rotation: Rotation, (width, height): (u32, u32)) -> [u32; 9] {
    let [one, .., last] = MATRIX;
    let minus = one.wrapping_neg();
    match rotation {
        Rotation::None => MATRIX,
        Rotation::Quarter => [0, one, 0, minus, 0, 0, height, 0, last],
        Rotation::Half => [minus, 0, 0, 0, minus, 0, width, height, last],
        Rotation::ThreeQuarters => [0, minus, 0, one, 0, 0, 0, width, last],
    }
}

/// A duration or time field that says "unknown" is all ones; 32 bits where that holds it.
pub(super) fn version_for(duration: u64) -> u8 {
    u8::from(duration > u64::from(u32::MAX))
}

/// Unix milliseconds as seconds since 1904-01-01T00:00:00Z, §8.2.2.3; 0 where that is earlier.
pub(super) fn creation_time(unix_millis: i64) -> u64 {
    /// From 1904 to 1970: 66 years, 17 of them leap years.
    const SECONDS: i64 = (66 * 365 + 17) * 86_400;
    u64::try_from(unix_millis.div_euclid(1000).saturating_add(SECONDS)).unwrap_or(0)
}

fn times(
    w: &mut Writer,
    version: u8,
    created: u64,
    duration: u64,
    between: impl FnOnce(&mut Writer),
) {
    if version == 1 {
        w.u64(created);
        w.u64(created); // modification_time
        between(w);
        w.u64(duration);
    } else {
        w.u32(created as u32);
        w.u32(created as u32);
        between(w);
        w.u32(duration as u32);
    }
}

/// §8.2.2 `mvhd` of a movie that has these tracks.
pub(super) fn mvhd(
    w: &mut Writer,
    created: u64,
    timescale: u32,
    duration: u64,
    track_ids: impl Iterator<Item = u32>,
) {
    let next_track = track_ids.max().unwrap_or(0).saturating_add(1);
    let version = version_for(duration.max(created));
    w.full_box(b"mvhd", version, 0, |w| {
        times(w, version, created, duration, |w| w.u32(timescale));
        w.u32(0x0001_0000); // rate
        w.u16(0x0100); // volume
        w.zeros(10);
        MATRIX.iter().for_each(|value| w.u32(*value));
        w.zeros(24);
        w.u32(next_track);
    });
}

/// §8.3.2 `tkhd`, enabled and in the movie. `duration` in the movie's timescale.
pub(super) fn tkhd(
    w: &mut Writer,
    created: u64,
    track_id: u32,
    duration: u64,
    config: &TrackConfig,
) {
    let version = version_for(duration.max(created));
    w.full_box(b"tkhd", version, 0x3, |w| {
        times(w, version, created, duration, |w| {
            w.u32(track_id);
            w.u32(0);
        });
        w.zeros(8);
        w.u16(0); // layer
        w.u16(u16::from(config.format.is_audio())); // alternate_group
        w.u16(if config.format.is_audio() { 0x0100 } else { 0 }); // volume
        w.u16(0);
        let (width, height) = display_size(config);
        let matrix = matrix(config.rotation, (width, height));
        matrix.iter().for_each(|value| w.u32(*value));
        w.u32(width);
        w.u32(height);
    });
}

/// Presentation size, 16.16: the coded size stretched by `pasp` (§12.1.4.3).
fn display_size(config: &TrackConfig) -> (u32, u32) {
    let Format::Video { width, height } = config.format else {
        return (0, 0);
    };
    let (across, down) = crate::isobmff::sample_entry::pixel_aspect_ratio(&config.sample_entry);
    let stretched = (u64::from(width) << 16) * u64::from(across) / u64::from(down.max(1));
    let fallback = u32::from(width) << 16;
    (
        u32::try_from(stretched).unwrap_or(fallback),
        u32::from(height) << 16,
    )
}

/// §8.4.2 `mdhd`.
pub(super) fn mdhd(w: &mut Writer, created: u64, config: &TrackConfig, duration: u64) {
    let version = version_for(duration.max(created));
    w.full_box(b"mdhd", version, 0, |w| {
        times(w, version, created, duration, |w| {
            w.u32(config.timescale.get());
        });
        let language = config.language.iter().fold(0_u16, |packed, letter| {
            packed << 5 | u16::from(letter.wrapping_sub(0x60) & 0x1f)
        });
        w.u16(language);
        w.u16(0);
    });
}

/// §8.4.3 `hdlr`.
pub(super) fn hdlr(w: &mut Writer, format: &Format) {
    let (handler, name): ([u8; 4], &[u8]) = match format {
        Format::Video { .. } => (*b"vide", b"Video\0"),
        Format::Audio { .. } => (*b"soun", b"Audio\0"),
        Format::Other { handler } => (handler.0, b"Data\0"),
    };
    w.full_box(b"hdlr", 0, 0, |w| {
        w.u32(0);
        w.bytes(&handler);
        w.zeros(12);
        w.bytes(name);
    });
}

/// The media header of the kind and the data information box, §8.4.5, §8.7.1.
pub(super) fn media_headers(w: &mut Writer, format: &Format) {
    match format {
        Format::Video { .. } => w.full_box(b"vmhd", 0, 1, |w| w.zeros(8)),
        Format::Audio { .. } => w.full_box(b"smhd", 0, 0, |w| w.zeros(4)),
        // §12.6.2: subtitles have a header of their own.
        Format::Other {
            handler: FourCc([b's', b'u', b'b', b't']),
        } => w.full_box(b"sthd", 0, 0, |_| {}),
        Format::Other { .. } => w.full_box(b"nmhd", 0, 0, |_| {}),
    }
    w.boxed(b"dinf", |w| {
        w.full_box(b"dref", 0, 0, |w| {
            w.u32(1);
            w.full_box(b"url ", 0, 1, |_| {}); // in this very file
        });
    });
}

/// §8.5.2 `stsd` of verbatim entries.
pub(super) fn stsd<'a>(w: &mut Writer, entries: impl ExactSizeIterator<Item = &'a [u8]>) {
    w.full_box(b"stsd", 0, 0, |w| {
        w.u32(entries.len() as u32);
        entries.for_each(|entry| w.bytes(entry));
    });
}
