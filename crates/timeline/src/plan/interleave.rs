//! In which order the tracks' samples lie in a file.

use livetape_media::Timestamp;

use livetape_container::isobmff::mux::ChunkLayout;

use super::joined::Joined;
use crate::Track;

/// A chunk ends where its stored stretch ends, if it is at least this long.
const SHORTEST_MILLIS: i64 = 500;
/// A chunk ends after this long in any case.
const LONGEST_MILLIS: i64 = 2_500;

/// Chunks in file order: by time, so that a player can stream; cut where the stored bytes are
/// cut, so that what lies together in a store stays together in the file; cut where another sample
/// entry holds.
pub(super) fn interleave(tracks: &[(&Track, Joined)]) -> Vec<ChunkLayout> {
    let mut chunks: Vec<(Timestamp, ChunkLayout)> = Vec::new();
    for (index, (track, joined)) in tracks.iter().enumerate() {
        let slice = &joined.slice;
        let mut entries = joined.entries.iter().peekable();
        let mut entry = 0;
        let timescale = slice.config.timescale;
        let ticks = |millis: i64| millis * i64::from(timescale.get()) / 1000;
        let (shortest, longest) = (ticks(SHORTEST_MILLIS), ticks(LONGEST_MILLIS));
        let mut position = slice.bytes.start;
        let mut extent_end = track.extent_end(position);
        let mut open: Option<(i64, ChunkLayout)> = None;
        for (number, (time, sample)) in slice.timed().enumerate() {
            while let Some((_, next)) = entries.next_if(|(from, _)| *from <= number) {
                if std::mem::replace(&mut entry, *next) != *next {
                    chunks.extend(open.take().map(|(t, c)| (Timestamp::new(t, timescale), c)));
                }
            }
            if position >= extent_end {
                extent_end = track.extent_end(position);
                if open
                    .as_ref()
                    .is_some_and(|(start, _)| time - start >= shortest)
                {
                    chunks.extend(open.take().map(|(t, c)| (Timestamp::new(t, timescale), c)));
                }
            }
            if open
                .as_ref()
                .is_some_and(|(start, _)| time - start >= longest)
            {
                chunks.extend(open.take().map(|(t, c)| (Timestamp::new(t, timescale), c)));
            }
            let empty = || {
                (
                    time,
                    ChunkLayout {
                        track: index,
                        entry,
                        samples: 0,
                        len: 0,
                    },
                )
            };
            let (_, chunk) = open.get_or_insert_with(empty);
            chunk.samples += 1;
            chunk.len += u64::from(sample.size);
            position += u64::from(sample.size);
        }
        chunks.extend(open.map(|(t, c)| (Timestamp::new(t, timescale), c)));
    }
    // Stable: of two that begin together the first track's comes first.
    chunks.sort_by_key(|chunk| chunk.0);
    chunks.into_iter().map(|chunk| chunk.1).collect()
}
