//! A progressive file with `moov` first, ISO/IEC 14496-12 §8.5 to §8.7.

use livetape_media::{Timescale, ToList, TrackConfig};

use super::header::{BOX_HEADER, Header, TrackHead};
use super::tables::SampleTables;

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
    let heads = finish(&mut tracks);
    Header::measured(movie, &heads, chunks).with_tables(tracks)
}

/// The same header without the tables of the samples, which are made elsewhere: what goes before the first
/// track's tables, what goes between one track's and the next one's, and what goes behind the last's.
pub fn header_around_tables(
    movie: Movie,
    tracks: &[TrackHead<'_>],
    chunks: &[ChunkLayout],
) -> Vec<Vec<u8>> {
    Header::measured(movie, tracks, chunks).around_tables()
}

/// The same for a file whose payload lies where it is already, after exactly `room` bytes: what
/// the header leaves of them is a `free` box (§8.1.2). `None` where it does not fit in there.
pub fn progressive_header_in(
    room: u64,
    movie: Movie,
    mut tracks: Vec<ProgressiveTrack<'_>>,
    chunks: &[ChunkLayout],
) -> Option<Vec<Vec<u8>>> {
    let heads = finish(&mut tracks);
    let header = |free| Header::new(movie, &heads, chunks, room, free);
    let left = room.checked_sub(header(0).len)?;
    let header = match left {
        1..BOX_HEADER => return None,
        _ => header(left),
    };
    Some(header.with_tables(tracks))
}

/// No samples are to be added.
fn finish<'a>(tracks: &'a mut [ProgressiveTrack<'_>]) -> Vec<TrackHead<'a>> {
    tracks.iter_mut().for_each(|track| track.tables.finish());
    tracks.iter().map(TrackHead::of).to_list()
}
