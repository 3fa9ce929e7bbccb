//! The chunks of a track from what is known of the pieces that it is stored in.

use std::ops::Range;

use livetape_container::isobmff::mux::ChunkLayout;
use livetape_media::Timestamp;

use super::super::interleave::{Chunks, is_long_enough};
use super::super::joined::{Joined, Timed};
use crate::Track;

/// A chunk of a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Chunk {
    /// Decode time of its first sample, in ticks of its track's timescale.
    pub time: i64,
    /// How many samples it has.
    pub samples: u32,
    /// Their bytes.
    pub len: u64,
}

/// A stored piece of a track.
#[derive(Debug, Clone)]
pub struct Division<'a> {
    /// Its samples.
    pub numbers: Range<u64>,
    /// What [`divided`] gave for it; none where that is not known.
    pub chunks: &'a [Chunk],
}

/// The chunks of each of the stored pieces of a track, in order: what they are in a file in which one begins
/// with the piece's first sample, and the last lasts long enough to end with its last one. None for a piece
/// that does not lie between chunks even so.
pub fn divided(track: &Track, pieces: &[Range<u64>]) -> Vec<Vec<Chunk>> {
    let none = || vec![Vec::new(); pieces.len()];
    let Some(config) = track.config() else {
        return none();
    };
    let all = track.numbers();
    let begin = track
        .section(all.clone())
        .map(|section| section.bytes.start);
    let Some(position) = begin else {
        return none();
    };
    let mut walk = Chunks::over(
        track,
        config,
        Timed::from(track.walked(all.clone())),
        position,
    );
    let mut number = all.start;
    let mut found: Vec<(Range<u64>, Chunk)> = Vec::new();
    while let Some((time, layout)) = walk.next_timed() {
        let ChunkLayout { samples, len, .. } = layout;
        let end = number + u64::from(samples);
        found.push((number..end, Chunk { time, samples, len }));
        number = end;
    }
    let own = |piece: &Range<u64>| {
        let from = found.partition_point(|(numbers, _)| numbers.start < piece.start);
        let rest = found.get(from..).unwrap_or_default();
        let count = rest.partition_point(|(numbers, _)| numbers.end <= piece.end);
        let own = rest.get(..count).unwrap_or_default();
        let spans = own.first().map(|(numbers, _)| numbers.start)..own.last().map(|own| own.0.end);
        // Where its last sample has no bytes, the next piece's begin before it is over.
        let mut last = track.walked(piece.end.saturating_sub(1)..piece.end);
        let is_between = spans == (Some(piece.start)..Some(piece.end))
            && last.next().is_some_and(|(_, last)| last.size > 0);
        match is_between {
            true => own.iter().map(|(_, chunk)| *chunk).collect(),
            false => Vec::new(),
        }
    };
    pieces.iter().map(own).collect()
}

/// The chunks of a track with the ranks of their times. `at` is its place among the file's.
pub(super) fn chunks(
    at: usize,
    joined: &Joined<'_>,
    divisions: &[Division<'_>],
) -> Vec<(i128, ChunkLayout)> {
    let timescale = joined.config.timescale;
    let mut found = Vec::new();
    let mut take = |time: i64, samples: u32, len: u64| {
        let chunk = ChunkLayout {
            track: at,
            entry: 0,
            samples,
            len,
            skipped: 0,
        };
        found.push((Timestamp::new(time, timescale).rank(), chunk));
    };
    let Range { start, end } = joined.numbers();
    let mut number = start;
    let mut next = divisions.partition_point(|own| own.numbers.start < start);
    while number < end {
        let (own, behind) = (divisions.get(next), divisions.get(next + 1));
        if let Some(own) = own.filter(|own| own.numbers.start == number)
            && is_known(joined, own, behind, end)
        {
            let chunks = own.chunks.iter();
            chunks.for_each(|chunk| take(chunk.time, chunk.samples, chunk.len));
            number = own.numbers.end;
            next += 1;
            continue;
        }
        let mut walk = from(joined, number..end);
        while let Some((time, chunk)) = walk.next_timed() {
            take(time, chunk.samples, chunk.len);
            number += u64::from(chunk.samples);
            let rest = divisions.get(next..).unwrap_or_default();
            next += rest.partition_point(|own| own.numbers.start < number);
            let (own, behind) = (divisions.get(next), divisions.get(next + 1));
            let own = own.filter(|own| own.numbers.start == number);
            if own.is_some_and(|own| is_known(joined, own, behind, end)) {
                break;
            }
        }
        if walk.is_done() {
            break;
        }
    }
    found
}

/// Whether a piece's chunks are those of a file that begins one with it, and ends at `end`.
fn is_known(
    joined: &Joined<'_>,
    own: &Division<'_>,
    behind: Option<&Division<'_>>,
    end: u64,
) -> bool {
    let Some(last) = own.chunks.last().filter(|_| own.numbers.end <= end) else {
        return false;
    };
    if own.numbers.end == end {
        return true;
    }
    let known = behind.filter(|behind| behind.numbers.start == own.numbers.end);
    let known = known.and_then(|behind| behind.chunks.first());
    let next = known.map(|chunk| chunk.time).or_else(|| {
        let behind = own.numbers.end..own.numbers.end + 1;
        joined.track.walked(behind).next().map(|(time, _)| time)
    });
    next.is_some_and(|next| is_long_enough(next - last.time, joined.config.timescale))
}

/// The chunks from a sample on with which one begins.
fn from<'a>(joined: &'a Joined<'_>, numbers: Range<u64>) -> Chunks<'a> {
    let position = joined.track.section(numbers.clone());
    let position = position.map_or(0, |section| section.bytes.start);
    let samples = Timed::from(joined.track.walked(numbers));
    Chunks::over(joined.track, &joined.config, samples, position)
}
