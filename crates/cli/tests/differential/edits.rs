//! Where the boxes of an MP4 put its tracks in time, for a reading without edit lists.

/// By how many seconds each track is moved, in the order of the tracks: the empty edits before the
/// first media edit, less where that begins in the media (ISO/IEC 14496-12 §8.6.6); and back by
/// what ffmpeg adds to all presentation times of fragments with negative composition offsets, the
/// largest of them, which §8.8.8 does not.
pub(crate) fn shifts(files: &[String]) -> Vec<f64> {
    let read = |file: &String| std::fs::read(file).unwrap_or_default();
    let bytes: Vec<u8> = files.iter().flat_map(read).collect();
    let Some(moov) = find(&bytes, b"moov") else {
        return Vec::new();
    };
    let movie = timescale(find(moov, b"mvhd")).unwrap_or(1.0);
    let traks = children(moov).filter(|(kind, _)| kind == b"trak");
    let moved = |trak| {
        let media = timescale(find(find(trak, b"mdia")?, b"mdhd"))?;
        let added = lifted(&bytes, track_id(trak)?) as f64 / media;
        Some(edited(trak, movie, media).unwrap_or(0.0) - added)
    };
    traks.map(|(_, trak)| moved(trak).unwrap_or(0.0)).collect()
}

fn track_id(trak: &[u8]) -> Option<u64> {
    let header = find(trak, b"tkhd")?;
    let at = if header.first()? == &1 { 20 } else { 12 };
    header.get(at..at + 4).map(unsigned)
}

/// The largest negative composition offset in fragments of a track, as a positive number.
fn lifted(bytes: &[u8], track: u64) -> i64 {
    let of_track = |traf: &&[u8]| {
        let id = find(traf, b"tfhd").and_then(|header| header.get(4..8));
        id.map(unsigned) == Some(track)
    };
    let moofs = children(bytes).filter(|(kind, _)| kind == b"moof");
    let trafs = moofs.flat_map(|(_, moof)| children(moof).filter(|(kind, _)| kind == b"traf"));
    let trafs = trafs.map(|(_, traf)| traf).filter(of_track);
    let truns = trafs.flat_map(|traf| children(traf).filter(|(kind, _)| kind == b"trun"));
    let least = truns.filter_map(|(_, trun)| least_offset(trun)).min();
    least.map_or(0, |least| (-least).max(0))
}

/// The least composition offset of a `trun`, signed in whichever version it is, as muxers write
/// negative ones in version 0 too.
fn least_offset(trun: &[u8]) -> Option<i64> {
    let flags = unsigned(trun.get(1..4)?);
    let has = |flag: u64| usize::from(flags & flag != 0);
    let head = 8 + 4 * (has(0x1) + has(0x4));
    let before = 4 * (has(0x100) + has(0x200) + has(0x400));
    let rows = trun
        .get(head..)?
        .chunks_exact((before + 4 * has(0x800)).max(4));
    let offset = |row: &[u8]| {
        Some(i64::from(
            unsigned(row.get(before..before + 4)?) as u32 as i32
        ))
    };
    rows.filter_map(offset).min().filter(|_| has(0x800) == 1)
}

/// Where the edit list puts a track.
fn edited(trak: &[u8], movie: f64, media: f64) -> Option<f64> {
    let elst = find(find(trak, b"edts")?, b"elst")?;
    let wide = elst.first()? == &1;
    let entries = elst.get(8..)?.chunks_exact(if wide { 20 } else { 12 });
    let mut delay = 0.0;
    for entry in entries {
        let (duration, start) = if wide {
            (
                unsigned(entry.get(..8)?),
                unsigned(entry.get(8..16)?) as i64,
            )
        } else {
            let start = unsigned(entry.get(4..8)?) as u32;
            (unsigned(entry.get(..4)?), i64::from(start as i32))
        };
        if start >= 0 {
            return Some(delay - start as f64 / media);
        }
        delay += duration as f64 / movie;
    }
    Some(delay)
}

/// The timescale of `mvhd` or `mdhd`.
fn timescale(header: Option<&[u8]>) -> Option<f64> {
    let header = header?;
    let at = if header.first()? == &1 { 20 } else { 12 };
    Some(unsigned(header.get(at..at + 4)?) as f64).filter(|scale| *scale > 0.0)
}

fn unsigned(bytes: &[u8]) -> u64 {
    bytes
        .iter()
        .fold(0, |sum, byte| sum << 8 | u64::from(*byte))
}

fn find<'a>(parent: &'a [u8], kind: &[u8; 4]) -> Option<&'a [u8]> {
    let mut found = children(parent).filter(|(found, _)| found == kind);
    found.next().map(|(_, content)| content)
}

/// Kind and content of each box; ends where a size makes no sense.
fn children(mut rest: &[u8]) -> impl Iterator<Item = ([u8; 4], &[u8])> {
    std::iter::from_fn(move || {
        let kind: [u8; 4] = rest.get(4..8)?.try_into().ok()?;
        let (size, header) = match unsigned(rest.get(..4)?) {
            0 => (rest.len() as u64, 8),
            1 => (unsigned(rest.get(8..16)?), 16),
            size => (size, 8),
        };
        let size = usize::try_from(size).ok()?.clamp(header, rest.len());
        let (whole, behind) = rest.split_at_checked(size)?;
        rest = behind;
        Some((kind, whole.get(header..)?))
    })
}
