//! In which order the tracks' samples lie in a file.

use livetape_media::{Timescale, Timestamp};

use livetape_container::isobmff::mux::ChunkLayout;

use super::joined::Joined;
use super::order::sort;
use crate::{Extent, Track};

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
                        skipped: 0,
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
    // Of two that begin together the first track's comes first.
    let times = chunks.iter().map(|chunk| chunk.0.rank());
    let mut order: Vec<_> = times.zip(0..).collect();
    sort(&mut order);
    let in_order = order.iter().filter_map(|(_, number)| chunks.get(*number));
    in_order.map(|chunk| chunk.1).collect()
}

/// How much earlier than what lies before it a chunk may begin.
const LATEST_MILLIS: i64 = 5_000;

/// Chunks in the order in which they are stored, where `payload` is all of them and nothing else.
/// `None` where it is not, or a sample is to be changed, or the order is so far from that of their
/// times that a player could not stream them.
pub(super) fn as_stored(tracks: &[(&Track, Joined)], payload: Extent) -> Option<Vec<ChunkLayout>> {
    let mut chunks: Vec<Stored> = Vec::new();
    for (index, (track, joined)) in tracks.iter().enumerate() {
        let changes = joined.entries.iter().any(|(_, entry)| *entry > 0);
        if changes || !joined.patches.is_empty() {
            return None;
        }
        chunks.extend(stored_chunks(index, track, joined)?);
    }
    let offsets = chunks.iter().map(|chunk| i128::from(chunk.extent.offset));
    let mut order: Vec<_> = offsets.zip(0..).collect();
    sort(&mut order);
    let in_order = order.iter().filter_map(|(_, number)| chunks.get(*number));
    let chunks: Vec<&Stored> = in_order.collect();
    let patience = Timestamp::new(LATEST_MILLIS, Timescale::MILLIS);
    let mut newest = chunks.first()?.time;
    let mut end = payload.offset;
    for chunk in &chunks {
        let follows = chunk.extent.store == payload.store && chunk.extent.offset == end;
        if !follows || chunk.time.plus(patience) < newest {
            return None;
        }
        newest = newest.max(chunk.time);
        end += chunk.extent.len;
    }
    let is_all = end == payload.offset + payload.len;
    is_all.then(|| chunks.iter().map(|chunk| chunk.layout).collect())
}

/// A chunk, where it is and when it is decoded.
struct Stored {
    time: Timestamp,
    extent: Extent,
    layout: ChunkLayout,
}

/// A track's chunks, each within one stored stretch; `None` where a sample is not.
fn stored_chunks(index: usize, track: &Track, joined: &Joined) -> Option<Vec<Stored>> {
    let slice = &joined.slice;
    let timescale = slice.config.timescale;
    let longest = LONGEST_MILLIS * i64::from(timescale.get()) / 1000;
    let mut chunks: Vec<Stored> = Vec::new();
    let mut stretches = track.extents(slice.bytes.clone()).peekable();
    let mut begun = i64::MIN;
    for (time, sample) in slice.timed() {
        let len = u64::from(sample.size);
        let at_end = stretches.peek().is_some_and(|stretch| stretch.len == 0);
        if at_end {
            stretches.next();
        }
        let stretch = stretches.peek_mut()?;
        if stretch.len < len {
            return None;
        }
        match chunks.last_mut() {
            Some(chunk) if !at_end && time - begun < longest => {
                chunk.extent.len += len;
                chunk.layout.samples += 1;
                chunk.layout.len += len;
            }
            _ => {
                begun = time;
                chunks.push(Stored {
                    time: Timestamp::new(time, timescale),
                    extent: Extent { len, ..*stretch },
                    layout: ChunkLayout {
                        track: index,
                        entry: 0,
                        samples: 1,
                        len,
                        skipped: 0,
                    },
                });
            }
        }
        stretch.offset += len;
        stretch.len -= len;
    }
    Some(chunks)
}
