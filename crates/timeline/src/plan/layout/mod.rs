//! A progressive MP4 of hours of samples, laid out without a look at each: its header is a plan too.

mod chunks;
mod runs;
mod tables;

use std::ops::Range;

use livetape_container::isobmff::mux::{Edit, Movie, TrackHead, header_around_tables};
use livetape_media::TrackId;

use super::interleave::in_order;
use super::joined::{Form, Joined};
use super::progressive::{edits, payload, taken};
use super::{Plan, PlanError, Selection};
use crate::Timeline;

use chunks::chunks;
pub use chunks::{Chunk, Division, divided};
use tables::TrackTables;

/// A file, laid out: as [`progressive`](super::progressive()) plans it, byte for byte.
#[derive(Debug)]
pub struct LaidOut {
    /// What goes before the tables of each track, and behind the last's.
    around: Vec<Vec<u8>>,
    tables: Vec<TrackTables>,
    header_len: u64,
    payload: Plan,
}

/// Lays out the samples of `selection` as one file. `divisions` gives the stored pieces that a track is made
/// of, in order.
///
/// `None` where the samples are to be looked at: some are left out, changed or shown otherwise than they are on
/// the timeline.
///
/// # Errors
/// As [`progressive`](super::progressive()).
pub fn laid_out<'a>(
    timeline: &Timeline,
    selection: &Selection,
    divisions: impl Fn(TrackId) -> Vec<Division<'a>>,
) -> Result<Option<LaidOut>, PlanError> {
    let taken = taken(timeline, selection, Form::Progressive)?;
    if !taken.iter().all(Joined::is_plain) {
        return Ok(None);
    }
    let indices = selection.tracks.iter().map(|(index, _)| *index);
    let tables = taken.iter().zip(indices);
    let tables = tables.map(|(joined, index)| TrackTables::new(index, joined, selection));
    let Some(tables) = tables.collect::<Option<Vec<_>>>() else {
        return Ok(None);
    };
    let own = taken.iter().zip(0_usize..);
    let own = own.map(|(joined, at)| chunks(at, joined, &divisions(joined.track.id())).into_iter());
    let (chunks, payload) = payload(&taken, in_order(own.collect()), 0);
    let first = taken.first().ok_or(PlanError::Empty)?;
    let movie = Movie {
        timescale: first.config.timescale,
        wall_clock: timeline.wall_clock_at(selection.start),
    };
    let lists = taken.iter().zip(&tables);
    let lists = lists.map(|(joined, tables)| {
        let own = joined.config.timescale;
        edits(tables.shown, selection, own, movie.timescale)
    });
    let lists: Vec<Vec<Edit>> = lists.collect();
    let heads = taken.iter().zip(&tables).zip(&lists).zip(1_u32..);
    let heads = heads.map(|(((joined, tables), edits), track_id)| TrackHead {
        track_id,
        config: &joined.config,
        further: &joined.further,
        edits,
        tables_len: tables.len() as usize,
        duration: tables.duration,
    });
    let around = header_around_tables(movie, &heads.collect::<Vec<_>>(), &chunks);
    let around_len: u64 = around.iter().map(|bytes| bytes.len() as u64).sum();
    Ok(Some(LaidOut {
        header_len: around_len + tables.iter().map(TrackTables::len).sum::<u64>(),
        around,
        tables,
        payload,
    }))
}

impl LaidOut {
    /// Bytes before the payload.
    pub const fn header_len(&self) -> u64 {
        self.header_len
    }

    /// What follows the header: stored bytes.
    pub const fn payload(&self) -> &Plan {
        &self.payload
    }

    /// Bytes of the whole.
    pub const fn len(&self) -> u64 {
        self.header_len + self.payload.len()
    }

    /// True where there is nothing in it.
    pub const fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// A range of the header's bytes, for which the samples that it tells of are looked at, and no others.
    /// `timeline` is the one that it was laid out of.
    pub fn header(&self, timeline: &Timeline, range: Range<u64>) -> Vec<u8> {
        let len = range.end.min(self.header_len).saturating_sub(range.start);
        let mut bytes = Vec::with_capacity(len as usize);
        let mut at = 0;
        let mut tables = self.tables.iter();
        for around in &self.around {
            let wanted = within(&range, &mut at, around.len() as u64);
            let wanted = wanted.start as usize..wanted.end as usize;
            bytes.extend_from_slice(around.get(wanted).unwrap_or_default());
            if let Some(own) = tables.next() {
                let wanted = within(&range, &mut at, own.len());
                own.write(timeline, wanted, &mut bytes);
            }
        }
        bytes
    }
}

/// What of the next `len` bytes is within a range, counted from their own start; `at` then is behind them.
fn within(range: &Range<u64>, at: &mut u64, len: u64) -> Range<u64> {
    let start = *at;
    *at += len;
    let from = range.start.clamp(start, *at);
    let to = range.end.clamp(from, *at);
    from - start..to - start
}
