//! A progressive file with `moov` first, ISO/IEC 14496-12 §8.5 to §8.7.

use livetape_media::{Timescale, TrackConfig};

use super::movie;
use super::tables::SampleTables;
use crate::isobmff::write::Writer;

/// One entry of an edit list, §8.6.6, at normal rate.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Edit {
    /// Length on the presentation, in the movie's timescale.
    pub duration: u64,
    /// Where in the media it begins, in the track's timescale; `None` for an empty edit.
    pub media_time: Option<u64>,
}

/// One track of a progressive file.
#[derive(Debug, Clone)]
pub struct ProgressiveTrack<'a> {
    /// `track_ID`; not zero.
    pub track_id: u32,
    /// The configuration of its samples.
    pub config: &'a TrackConfig,
    /// Sample entries of further configurations, for chunks that name them.
    pub further: &'a [Vec<u8>],
    /// All samples in decode order; the first decodes at 0.
    pub tables: SampleTables,
    /// The edit list; empty for none.
    pub edits: Vec<Edit>,
}

/// A stretch of one track's samples lying together in the `mdat`, §8.7.4.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ChunkLayout {
    /// Index into the tracks.
    pub track: usize,
    /// Which sample entry describes them: 0 is the track's own, then the further ones.
    pub entry: u32,
    /// How many of its next samples.
    pub samples: u32,
    /// Their bytes.
    pub len: u64,
    /// Bytes before them in the `mdat` that are no sample's: nothing refers to them.
    pub skipped: u64,
}

/// What a file says of itself as a whole.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Movie {
    /// The movie's timescale.
    pub timescale: Timescale,
    /// When it begins, as Unix milliseconds; written as creation time (§8.2.2.3), which is in
    /// whole seconds. `None` where that is not known.
    pub wall_clock: Option<i64>,
}

/// `ftyp` + `moov` + header of the `mdat`, whose payload is the chunks in the given order. In
/// pieces, to be put together: the large tables of hours of samples are not copied.
pub fn progressive_header(
    movie: Movie,
    mut tracks: Vec<ProgressiveTrack<'_>>,
    chunks: &[ChunkLayout],
) -> Vec<Vec<u8>> {
    finish(&mut tracks);
    // Chunk offsets depend on the header's own length: measured with zero first, then written
    // for real.
    let len = Header::new(movie, &tracks, chunks, 0, 0).len;
    let header = Header::new(movie, &tracks, chunks, len, 0);
    header.with_tables(tracks)
}

/// The same for a file whose payload lies where it is already, after exactly `room` bytes: what
/// the header leaves of them is a `free` box (§8.1.2). `None` where it does not fit in there.
pub fn progressive_header_in(
    room: u64,
    movie: Movie,
    mut tracks: Vec<ProgressiveTrack<'_>>,
    chunks: &[ChunkLayout],
) -> Option<Vec<Vec<u8>>> {
    finish(&mut tracks);
    let header = |free| Header::new(movie, &tracks, chunks, room, free);
    let left = room.checked_sub(header(0).len)?;
    let header = match left {
        1..BOX_HEADER => return None,
        _ => header(left),
    };
    Some(header.with_tables(tracks))
}

/// No samples are to be added.
fn finish(tracks: &mut [ProgressiveTrack<'_>]) {
    tracks.iter_mut().for_each(|track| track.tables.finish());
}

/// Bytes of the smallest box.
const BOX_HEADER: u64 = 8;

/// A table no larger than this is copied.
const SMALL: usize = 64 << 10;

/// The header without the samples' tables.
struct Header {
    bytes: Vec<u8>,
    /// Where the tables of each track belong.
    places: Vec<usize>,
    /// Bytes with the tables.
    len: u64,
}

impl Header {
    /// `base` is where the payload begins; `free` the bytes of the `free` box, 0 for none.
    fn new(
        movie: Movie,
        tracks: &[ProgressiveTrack<'_>],
        chunks: &[ChunkLayout],
        base: u64,
        free: u64,
    ) -> Self {
        let tables = tracks.iter().map(|track| track.tables.boxes_len()).sum();
        let payload: u64 = chunks.iter().map(|chunk| chunk.skipped + chunk.len).sum();
        // 1 GiB of margin decides `co64`: it must not depend on the header's length.
        let wide = payload > u64::from(u32::MAX) - (1 << 30);
        let (mut w, mut places) = (Writer::default(), Vec::new());
        ftyp(&mut w, tracks);
        w.around(b"moov", tables, |w| {
            moov(w, movie, tracks, &mut places, |w, track| {
                chunk_tables(w, track, chunks, base, wide);
            });
        });
        if let Some(filling) = free.checked_sub(BOX_HEADER) {
            w.boxed(b"free", |w| w.zeros(filling as usize));
        }
        w.mdat_header(payload);
        let bytes = w.into_bytes();
        Self {
            len: (bytes.len() + tables) as u64,
            bytes,
            places,
        }
    }

    /// The tables put where they belong.
    fn with_tables(self, tracks: Vec<ProgressiveTrack<'_>>) -> Vec<Vec<u8>> {
        let (mut pieces, mut piece, mut rest) = (Vec::new(), Vec::new(), self.bytes.as_slice());
        for (track, place) in tracks.into_iter().zip(self.places) {
            let written = self.bytes.len() - rest.len();
            let (before, after) = rest.split_at_checked(place - written).unwrap_or_default();
            piece.extend_from_slice(before);
            rest = after;
            for table in track.tables.into_boxes() {
                if table.len() <= SMALL {
                    piece.extend_from_slice(&table);
                } else {
                    pieces.push(std::mem::take(&mut piece));
                    pieces.push(table);
                }
            }
        }
        piece.extend_from_slice(rest);
        pieces.push(piece);
        pieces
    }
}

fn ftyp(w: &mut Writer, tracks: &[ProgressiveTrack<'_>]) {
    w.boxed(b"ftyp", |w| {
        w.bytes(b"isom");
        w.u32(0x200);
        w.bytes(b"isomiso2mp41");
        if tracks
            .iter()
            .any(|track| track.config.codec.starts_with("avc"))
        {
            w.bytes(b"avc1");
        }
    });
}

/// Gives where the tables of each track's samples belong; `chunk_tables` writes those of its chunks.
fn moov(
    w: &mut Writer,
    movie: Movie,
    tracks: &[ProgressiveTrack<'_>],
    places: &mut Vec<usize>,
    chunk_tables: impl Fn(&mut Writer, usize),
) {
    let Movie {
        timescale,
        wall_clock,
    } = movie;
    let created = wall_clock.map_or(0, movie::creation_time);
    let presented = |track: &ProgressiveTrack<'_>| -> u64 {
        if track.edits.is_empty() {
            let media = livetape_media::Timestamp::new(
                i64::try_from(track.tables.duration()).unwrap_or(i64::MAX),
                track.config.timescale,
            );
            return u64::try_from(media.rescale(timescale).ticks).unwrap_or(0);
        }
        track.edits.iter().map(|edit| edit.duration).sum()
    };
    let duration = tracks.iter().map(presented).max().unwrap_or(0);
    let next = tracks
        .iter()
        .map(|track| track.track_id)
        .max()
        .unwrap_or(0)
        .saturating_add(1);
    movie::mvhd(w, created, timescale.get(), duration, next);
    for (index, track) in tracks.iter().enumerate() {
        let tables = track.tables.boxes_len();
        w.around(b"trak", tables, |w| {
            movie::tkhd(w, created, track.track_id, presented(track), track.config);
            if !track.edits.is_empty() {
                w.boxed(b"edts", |w| elst(w, &track.edits));
            }
            w.around(b"mdia", tables, |w| {
                movie::mdhd(w, created, track.config, track.tables.duration());
                movie::hdlr(w, &track.config.format);
                w.around(b"minf", tables, |w| {
                    movie::media_headers(w, &track.config.format);
                    w.around(b"stbl", tables, |w| {
                        sample_entries(w, track);
                        places.push(w.len());
                        chunk_tables(w, index);
                    });
                });
            });
        });
    }
}

fn elst(w: &mut Writer, edits: &[Edit]) {
    let longest = |edit: &Edit| edit.duration.max(edit.media_time.unwrap_or(0));
    let version = u8::from(
        edits
            .iter()
            .map(longest)
            .any(|value| value > i32::MAX as u64),
    );
    w.full_box(b"elst", version, 0, |w| {
        w.u32(edits.len() as u32);
        for edit in edits {
            if version == 1 {
                w.u64(edit.duration);
                w.u64(edit.media_time.unwrap_or(u64::MAX));
            } else {
                w.u32(edit.duration as u32);
                w.u32(edit.media_time.map_or(u32::MAX, |time| time as u32));
            }
            w.u32(0x0001_0000); // media_rate
        }
    });
}

fn sample_entries(w: &mut Writer, track: &ProgressiveTrack<'_>) {
    let own = std::iter::once(track.config.sample_entry.as_slice());
    let entries: Vec<_> = own.chain(track.further.iter().map(Vec::as_slice)).collect();
    movie::stsd(w, entries.into_iter());
}

/// §8.7.4 `stsc`, §8.7.5 `stco` or `co64`.
fn chunk_tables(w: &mut Writer, track: usize, chunks: &[ChunkLayout], base: u64, wide: bool) {
    let own = || chunks.iter().filter(|chunk| chunk.track == track);
    w.full_box(b"stsc", 0, 0, |w| {
        let place = w.len();
        w.u32(0);
        let (mut entries, mut last) = (0, None);
        for (chunk, number) in own().zip(1_u32..) {
            let facts = Some((chunk.samples, chunk.entry));
            if facts != last {
                w.u32(number);
                w.u32(chunk.samples);
                w.u32(chunk.entry + 1); // sample_description_index
                entries += 1;
                last = facts;
            }
        }
        w.patch_u32(place, entries);
    });
    w.full_box(if wide { b"co64" } else { b"stco" }, 0, 0, |w| {
        w.u32(own().count() as u32);
        let mut offset = base;
        for chunk in chunks {
            offset += chunk.skipped;
            if chunk.track == track {
                if wide {
                    w.u64(offset);
                } else {
                    w.u32(offset as u32);
                }
            }
            offset += chunk.len;
        }
    });
}
