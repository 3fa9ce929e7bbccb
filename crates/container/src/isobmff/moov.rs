//! The movie box as an init segment, ISO/IEC 14496-12 §8.2 to §8.8.

use std::sync::Arc;

use livetape_media::{Rotation, Timescale, ToList, TrackConfig, TrackId};

use super::boxes::{BoxRef, Boxes};
use super::quicktime;
use super::sample_entry::{UNDETERMINED, describe, lacks_audio_specific_config};
use crate::DefectCode;

/// Defaults of a track's fragments, §8.8.3 `trex`.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Defaults {
    pub(crate) description_index: u32,
    pub(crate) duration: u32,
    pub(crate) size: u32,
    pub(crate) flags: u32,
}

/// Why samples of a sample entry cannot be decoded.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Unusable {
    /// They are encrypted.
    Protected,
    /// The entry is cut short.
    Cut,
    /// It is one of AAC, and has no AudioSpecificConfig.
    NoAudioConfig,
}

impl Unusable {
    /// As it is reported.
    pub(crate) const fn told(self) -> (DefectCode, &'static str) {
        match self {
            Self::Protected => (DefectCode::Protected, "the track is encrypted"),
            Self::Cut => (DefectCode::Malformed, "a sample entry is cut short"),
            Self::NoAudioConfig => {
                let what = "AAC cannot be decoded: its esds box has no AudioSpecificConfig";
                (DefectCode::NotDecodable, what)
            }
        }
    }
}

/// A track as the init segment declares it.
#[derive(Debug, Clone)]
pub(crate) struct InitTrack {
    pub(crate) id: TrackId,
    /// One per sample entry.
    pub(crate) configs: Vec<Result<Arc<TrackConfig>, Unusable>>,
    pub(crate) defaults: Defaults,
    /// The unit of its times.
    pub(crate) timescale: Timescale,
    /// What the edit list adds to every time, in the track's timescale.
    pub(crate) shift: i64,
}

/// Reads all tracks; those whose boxes are broken are left out.
pub(crate) fn tracks(moov: BoxRef<'_>) -> Vec<InitTrack> {
    let movie_timescale = moov.children().find(b"mvhd").and_then(movie_timescale);
    moov.children()
        .filter(|child| child.kind == *b"trak")
        .filter_map(|trak| track(moov, trak, movie_timescale))
        .to_list()
}

/// §8.2.2.
pub(crate) fn movie_timescale(mvhd: BoxRef<'_>) -> Option<Timescale> {
    let mut fields = mvhd.fields();
    let (version, _) = fields.version_and_flags()?;
    fields.skip(if version == 1 { 16 } else { 8 })?;
    Timescale::new(fields.u32()?)
}

fn track(
    moov: BoxRef<'_>,
    trak: BoxRef<'_>,
    movie_timescale: Option<Timescale>,
) -> Option<InitTrack> {
    let id = track_id(trak)?;
    let mdia = trak.children().find(b"mdia")?;
    let (timescale, language) = media_header(mdia)?;
    let handler = mdia
        .children()
        .find(b"hdlr")?
        .body
        .get(8..12)?
        .try_into()
        .ok()?;
    let stsd = mdia.children().path(&[b"minf", b"stbl", b"stsd"])?;
    let rotation = rotation(trak).unwrap_or_default();
    let configs = Boxes(stsd.body.get(8..)?)
        .map(|entry| config(entry, handler, timescale, language, rotation))
        .to_list();
    Some(InitTrack {
        id,
        configs,
        defaults: defaults(moov, id).unwrap_or_default(),
        timescale,
        shift: edit_shift(trak, timescale, movie_timescale).unwrap_or(0),
    })
}

/// §8.3.2 `tkhd`.
pub(crate) fn track_id(trak: BoxRef<'_>) -> Option<TrackId> {
    let mut tkhd = trak.children().find(b"tkhd")?.fields();
    let (version, _) = tkhd.version_and_flags()?;
    tkhd.skip(if version == 1 { 16 } else { 8 })?;
    tkhd.u32().map(TrackId)
}

/// By the matrix of `tkhd`, §6.2.2: turns alone, whatever else it says.
fn rotation(trak: BoxRef<'_>) -> Option<Rotation> {
    const ONE: u32 = 0x0001_0000;
    const MINUS: u32 = ONE.wrapping_neg();
    let mut tkhd = trak.children().find(b"tkhd")?.fields();
    let (version, _) = tkhd.version_and_flags()?;
    tkhd.skip(if version == 1 { 32 } else { 20 })?;
    tkhd.skip(16)?;
    let (a, b) = (tkhd.u32()?, tkhd.u32()?);
    tkhd.skip(4)?;
    let (c, d) = (tkhd.u32()?, tkhd.u32()?);
    Some(match (a, b, c, d) {
        (0, ONE, MINUS, 0) => Rotation::Quarter,
        (MINUS, 0, 0, MINUS) => Rotation::Half,
        (0, MINUS, ONE, 0) => Rotation::ThreeQuarters,
        _ => Rotation::None,
    })
}

fn media_header(mdia: BoxRef<'_>) -> Option<(Timescale, [u8; 3])> {
    let mut fields = mdia.children().find(b"mdhd")?.fields();
    let (version, _) = fields.version_and_flags()?;
    fields.skip(if version == 1 { 16 } else { 8 })?;
    let timescale = Timescale::new(fields.u32()?)?;
    fields.u32_or_u64(version)?;
    let packed = fields.u16()?;
    let letter = |shift: u16| (packed >> shift & 0x1f) as u8 + 0x60;
    let language = [letter(10), letter(5), letter(0)];
    let known = language.iter().all(u8::is_ascii_lowercase);
    Some((timescale, if known { language } else { UNDETERMINED }))
}

fn config(
    entry: BoxRef<'_>,
    handler: [u8; 4],
    timescale: Timescale,
    language: [u8; 3],
    rotation: Rotation,
) -> Result<Arc<TrackConfig>, Unusable> {
    let rewritten = quicktime::iso_sound(entry);
    let rewritten = rewritten.as_deref().and_then(|bytes| Boxes(bytes).next());
    let entry = rewritten.unwrap_or(entry);
    let described = describe(entry, handler).ok_or(Unusable::Cut)?;
    if described.protected {
        return Err(Unusable::Protected);
    }
    if entry.kind == *b"mp4a" && lacks_audio_specific_config(entry.whole) {
        return Err(Unusable::NoAudioConfig);
    }
    Ok(Arc::new(TrackConfig {
        format: described.format,
        timescale,
        sample_entry: entry.whole.to_vec(),
        codec: described.codec,
        language,
        rotation,
    }))
}

fn defaults(moov: BoxRef<'_>, id: TrackId) -> Option<Defaults> {
    let mvex = moov.children().find(b"mvex")?;
    mvex.children()
        .filter(|child| child.kind == *b"trex")
        .find_map(|trex| {
            let mut fields = trex.fields();
            fields.version_and_flags()?;
            (fields.u32()? == id.0).then_some(())?;
            Some(Defaults {
                description_index: fields.u32()?,
                duration: fields.u32()?,
                size: fields.u32()?,
                flags: fields.u32()?,
            })
        })
}

/// §8.6.6: empty edits delay the track, the first media edit's `media_time` is its origin.
/// What ends it, and further edits, cannot be honoured in a growing recording and are left; of a
/// whole file [`super::edit_list`] tells.
fn edit_shift(
    trak: BoxRef<'_>,
    timescale: Timescale,
    movie_timescale: Option<Timescale>,
) -> Option<i64> {
    let mut fields = trak.children().path(&[b"edts", b"elst"])?.fields();
    let (version, _) = fields.version_and_flags()?;
    let count = fields.u32()?;
    let mut delay = 0_i64;
    for _ in 0..count {
        let duration = fields.u32_or_u64(version)?;
        let media_time = match version {
            1 => fields.u64()? as i64,
            _ => i64::from(fields.i32()?),
        };
        fields.u32()?; // media_rate
        if media_time >= 0 {
            return delay.checked_sub(media_time);
        }
        let ticks = i64::try_from(duration).ok()?;
        let span = livetape_media::Timestamp::new(ticks, movie_timescale?);
        delay = delay.checked_add(span.rescale(timescale).ticks)?;
    }
    Some(delay)
}
