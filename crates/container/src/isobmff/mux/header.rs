//! The header of a progressive file, ISO/IEC 14496-12 §8.5 to §8.7, but for the tables of its samples.

use livetape_media::{ToList, TrackConfig};

use super::movie;
use super::progressive::{ChunkLayout, Edit, Movie, ProgressiveTrack};
use crate::isobmff::write::Writer;

/// What a header says of a track besides the tables of its samples.
#[derive(Debug, Clone)]
pub struct TrackHead<'a> {
    /// `track_ID`; not zero.
    pub track_id: u32,
    /// The configuration of its samples.
    pub config: &'a TrackConfig,
    /// Sample entries of further configurations, for chunks that name them.
    pub further: &'a [Vec<u8>],
    /// The edit list; empty for none.
    pub edits: &'a [Edit],
    /// Bytes of the boxes that are its tables.
    pub tables_len: usize,
    /// How long its samples last, in ticks of its timescale.
    pub duration: u64,
}

impl<'a> TrackHead<'a> {
    pub(super) fn of(track: &'a ProgressiveTrack<'_>) -> Self {
        Self {
            track_id: track.track_id,
            config: track.config,
            further: track.further,
            edits: &track.edits,
            tables_len: track.tables.boxes_len(),
            duration: track.tables.duration(),
        }
    }
}

/// Bytes of the smallest box.
pub(super) const BOX_HEADER: u64 = 8;

/// A table no larger than this is copied.
const SMALL: usize = 64 << 10;

/// The header without the samples' tables.
pub(super) struct Header {
    bytes: Vec<u8>,
    /// Where the tables of each track belong.
    places: Vec<usize>,
    /// Bytes with the tables.
    pub(super) len: u64,
}

impl Header {
    /// Of a file that begins with it.
    pub(super) fn measured(movie: Movie, tracks: &[TrackHead<'_>], chunks: &[ChunkLayout]) -> Self {
        // Chunk offsets depend on the header's own length: measured with zero first, then written
        // for real.
        let len = Self::new(movie, tracks, chunks, 0, 0).len;
        Self::new(movie, tracks, chunks, len, 0)
    }

    /// `base` is where the payload begins; `free` the bytes of the `free` box, 0 for none.
    pub(super) fn new(
        movie: Movie,
        tracks: &[TrackHead<'_>],
        chunks: &[ChunkLayout],
        base: u64,
        free: u64,
    ) -> Self {
        let tables = tracks.iter().map(|track| track.tables_len).sum();
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

    /// What goes before, between and behind the tables.
    pub(super) fn around_tables(self) -> Vec<Vec<u8>> {
        let (mut pieces, mut from) = (Vec::new(), 0);
        for place in self.places.into_iter().chain([self.bytes.len()]) {
            pieces.push(self.bytes.get(from..place).unwrap_or_default().to_vec());
            from = place;
        }
        pieces
    }

    /// The tables put where they belong.
    pub(super) fn with_tables(self, tracks: Vec<ProgressiveTrack<'_>>) -> Vec<Vec<u8>> {
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

fn ftyp(w: &mut Writer, tracks: &[TrackHead<'_>]) {
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
    tracks: &[TrackHead<'_>],
    places: &mut Vec<usize>,
    chunk_tables: impl Fn(&mut Writer, usize),
) {
    let Movie {
        timescale,
        wall_clock,
    } = movie;
    let created = wall_clock.map_or(0, movie::creation_time);
    let presented = |track: &TrackHead<'_>| -> u64 {
        if track.edits.is_empty() {
            let media = livetape_media::Timestamp::new(
                i64::try_from(track.duration).unwrap_or(i64::MAX),
                track.config.timescale,
            );
            return u64::try_from(media.rescale(timescale).ticks).unwrap_or(0);
        }
        track.edits.iter().map(|edit| edit.duration).sum()
    };
    let duration = tracks.iter().map(presented).max().unwrap_or(0);
    let ids = tracks.iter().map(|track| track.track_id);
    movie::mvhd(w, created, timescale.get(), duration, ids);
    for (index, track) in tracks.iter().enumerate() {
        let tables = track.tables_len;
        w.around(b"trak", tables, |w| {
            movie::tkhd(w, created, track.track_id, presented(track), track.config);
            if !track.edits.is_empty() {
                w.boxed(b"edts", |w| elst(w, track.edits));
            }
            w.around(b"mdia", tables, |w| {
                movie::mdhd(w, created, track.config, track.duration);
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

fn sample_entries(w: &mut Writer, track: &TrackHead<'_>) {
    let own = std::iter::once(track.config.sample_entry.as_slice());
    let entries: Vec<_> = own.chain(track.further.iter().map(Vec::as_slice)).to_list();
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
