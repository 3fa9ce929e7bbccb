//! In which order the tracks' samples lie in a file.

use livetape_media::{Sample, Timescale, Timestamp, ToList, TrackConfig};

use livetape_container::isobmff::mux::ChunkLayout;

use super::joined::{Joined, Timed};
use super::order::sort;
use crate::{Extent, Track};

/// A chunk ends where its stored stretch ends, if it is at least this long.
const SHORTEST_MILLIS: i64 = 500;
/// A chunk ends after this long in any case: not within an object, so that each is one read.
const LONGEST_MILLIS: i64 = 7_500;
/// One that lies in another order already, after this long.
const LONGEST_AS_STORED_MILLIS: i64 = 2_500;

/// Chunks in file order: by time, so that a player can stream; cut where the stored bytes are
/// cut, so that what lies together in a store stays together in the file; cut where another sample
/// entry holds.
pub(super) fn interleave(tracks: &[Joined<'_>]) -> Vec<ChunkLayout> {
    let tracks = tracks.iter().enumerate();
    let tracks = tracks.map(|(index, joined)| Chunks::new(index, joined));
    in_order(tracks.to_list())
}

/// The chunks of each track, which have the ranks of their times, in file order.
pub(super) fn in_order(
    mut tracks: Vec<impl Iterator<Item = (i128, ChunkLayout)>>,
) -> Vec<ChunkLayout> {
    let mut next: Vec<_> = tracks.iter_mut().map(Iterator::next).to_list();
    let mut chunks = Vec::new();
    // Of two that begin together the first track's comes first.
    let earliest = |next: &[Option<(i128, ChunkLayout)>]| {
        let next = next.iter().flatten();
        next.min_by_key(|(rank, _)| *rank).map(|(_, chunk)| *chunk)
    };
    while let Some(chunk) = earliest(&next) {
        chunks.push(chunk);
        if let (Some(next), Some(track)) = (next.get_mut(chunk.track), tracks.get_mut(chunk.track))
        {
            *next = track.next();
        }
    }
    chunks
}

/// The chunks of a track.
pub(super) struct Chunks<'a> {
    index: usize,
    track: &'a Track,
    timescale: Timescale,
    /// As [`Joined::entries`].
    entries: &'a [(usize, u32)],
    samples: Timed<'a>,
    /// The next of them.
    next: Option<(i64, Sample)>,
    /// Of the next sample: its number, its sample entry, where its payload begins and where the
    /// stored stretch ends that holds it.
    number: usize,
    entry: u32,
    position: u64,
    extent_end: u64,
}

impl<'a> Chunks<'a> {
    fn new(index: usize, joined: &'a Joined<'a>) -> Self {
        Self {
            index,
            entries: &joined.entries,
            ..Self::over(
                joined.track,
                &joined.config,
                joined.samples(),
                joined.bytes.start,
            )
        }
    }

    /// Of samples that have one sample entry, where their payload begins at that logical position.
    pub(super) fn over(
        track: &'a Track,
        config: &TrackConfig,
        mut samples: Timed<'a>,
        position: u64,
    ) -> Self {
        Self {
            index: 0,
            track,
            timescale: config.timescale,
            entries: &[],
            next: samples.next(),
            samples,
            number: 0,
            entry: 0,
            position,
            extent_end: track.extent_end(position),
        }
    }

    /// The next with its time.
    pub(super) fn next_timed(&mut self) -> Option<(i64, ChunkLayout)> {
        let shortest = ticks(SHORTEST_MILLIS, self.timescale);
        let longest = ticks(LONGEST_MILLIS, self.timescale);
        let mut open: Option<(i64, ChunkLayout)> = None;
        while let Some((time, sample)) = self.next {
            let lasts = open.as_ref().map_or(0, |(start, _)| time - start);
            let mut ends = self.begins_entry() || lasts >= longest;
            if self.position >= self.extent_end {
                self.extent_end = self.track.extent_end(self.position);
                ends |= lasts >= shortest;
            }
            if ends && open.is_some() {
                break;
            }
            let empty = ChunkLayout {
                track: self.index,
                entry: self.entry,
                samples: 0,
                len: 0,
                skipped: 0,
            };
            let (_, chunk) = open.get_or_insert((time, empty));
            chunk.samples += 1;
            chunk.len += u64::from(sample.size);
            self.position += u64::from(sample.size);
            self.number += 1;
            self.next = self.samples.next();
        }
        open
    }

    /// None is left.
    pub(super) const fn is_done(&self) -> bool {
        self.next.is_none()
    }

    /// Whether another sample entry holds from the next sample on.
    fn begins_entry(&mut self) -> bool {
        let entries = self.entries;
        let known = entries.partition_point(|(from, _)| *from <= self.number);
        let entry = entries.get(known.saturating_sub(1)).map_or(0, |own| own.1);
        std::mem::replace(&mut self.entry, entry) != entry
    }
}

impl Iterator for Chunks<'_> {
    type Item = (i128, ChunkLayout);

    /// The next with the rank of its time.
    fn next(&mut self) -> Option<Self::Item> {
        let (time, chunk) = self.next_timed()?;
        Some((Timestamp::new(time, self.timescale).rank(), chunk))
    }
}

fn ticks(millis: i64, timescale: Timescale) -> i64 {
    millis * i64::from(timescale.get()) / 1000
}

/// Whether a chunk ends where its stored stretch ends, if it lasts so many ticks.
pub(super) fn is_long_enough(ticks_long: i64, timescale: Timescale) -> bool {
    ticks_long >= ticks(SHORTEST_MILLIS, timescale)
}

/// How much earlier than what lies before it a chunk may begin.
const LATEST_MILLIS: i64 = 5_000;

/// Chunks in the order in which they are stored, where `payload` is all of them and nothing else.
/// `None` where it is not, or a sample is to be changed, or the order is so far from that of their
/// times that a player could not stream them.
pub(super) fn as_stored(tracks: &[Joined<'_>], payload: Extent) -> Option<Vec<ChunkLayout>> {
    let mut chunks: Vec<Stored> = Vec::new();
    for (index, joined) in tracks.iter().enumerate() {
        let changes = joined.entries.iter().any(|(_, entry)| *entry > 0);
        if changes || !joined.patches.is_empty() {
            return None;
        }
        chunks.extend(stored_chunks(index, joined)?);
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
fn stored_chunks(index: usize, joined: &Joined<'_>) -> Option<Vec<Stored>> {
    let timescale = joined.config.timescale;
    let longest = ticks(LONGEST_AS_STORED_MILLIS, timescale);
    let mut chunks: Vec<Stored> = Vec::new();
    let mut stretches = joined.track.extents(joined.bytes.clone()).peekable();
    let mut begun = i64::MIN;
    for (time, sample) in joined.samples() {
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
