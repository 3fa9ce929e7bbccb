//! The tables of a track's samples, made when they are asked for.

use std::ops::Range;

use livetape_container::isobmff::mux::Table;

use super::super::Selection;
use super::super::joined::Joined;
use super::runs::RunTable;
use crate::track::{Runs, Stretch};
use crate::{Timeline, Track};

/// Composition offsets farther than this from zero are moved sample by sample.
const FARTHEST: i32 = 1 << 28;

/// What there is to know of a track's tables.
#[derive(Debug)]
pub(super) struct TrackTables {
    /// Index of the track in the timeline.
    track: usize,
    numbers: Range<u64>,
    durations: RunTable,
    offsets: RunTable,
    /// By how much composition offsets are more than on the timeline: none is negative.
    lead: i32,
    has_offsets: bool,
    /// How many keyframes there are before a sample, by number.
    keyframes: Vec<(u64, usize)>,
    keyframe_count: usize,
    /// In ticks of the track's timescale.
    pub(super) duration: u64,
    /// Where the selection's start is on the samples' own timeline, how much later the first thing is
    /// presented, and when all have been.
    pub(super) shown: (i64, i64, i64),
}

impl TrackTables {
    /// `None` where samples are not to be seen, or their times are out of all bounds.
    pub(super) fn new(index: usize, joined: &Joined<'_>, selection: &Selection) -> Option<Self> {
        let own = joined.config.timescale;
        let start = selection.start.rescale(own).ticks;
        let end = selection.end.rescale(own).ticks;
        let numbers = joined.numbers();
        let mut tables = Self {
            track: index,
            numbers: numbers.clone(),
            durations: RunTable::default(),
            offsets: RunTable::default(),
            lead: 0,
            has_offsets: false,
            keyframes: Vec::new(),
            keyframe_count: 0,
            duration: 0,
            shown: (0, 0, 0),
        };
        let (mut first, mut next, mut until) = (None, None::<i64>, i64::MIN);
        let (mut lowest, mut highest) = (i32::MAX, i32::MIN);
        for stretch in joined.track.stretches(numbers) {
            let (time, totals) = (stretch.decode_time, &stretch.totals);
            let is_video = joined.config.format.is_video();
            if is_video && (time + totals.start < start || time + totals.latest >= end) {
                return None;
            }
            first = first.or(Some(time));
            (lowest, highest) = (lowest.min(totals.lowest), highest.max(totals.highest));
            next = next
                .into_iter()
                .chain(presented(joined.track, &stretch, start))
                .min();
            let last = stretch.last_decode_time;
            let last_until = last + i64::from(totals.last_offset) + i64::from(stretch.lasts);
            until = until.max(time + totals.end).max(last_until);
            tables.add(&stretch)?;
        }
        let first = first?;
        if lowest < -FARTHEST || highest > FARTHEST {
            return None;
        }
        tables.lead = -lowest.min(0);
        tables.has_offsets = (lowest, highest) != (-tables.lead, -tables.lead);
        let origin = start + i64::from(tables.lead) - first;
        let delay = next.map_or(0, |next| (next - start).max(0));
        tables.shown = (origin, delay, until);
        Some(tables)
    }

    fn add(&mut self, stretch: &Stretch) -> Option<()> {
        let (totals, numbers) = (&stretch.totals, stretch.numbers.clone());
        let last = numbers.end.checked_sub(1)?;
        self.durations.push(totals.durations, numbers.start..last);
        let lasts = Runs::of(std::iter::once(stretch.lasts));
        self.durations.push(lasts, last..numbers.end);
        self.offsets.push(totals.offsets, numbers.clone());
        self.keyframes.push((numbers.start, self.keyframe_count));
        self.keyframe_count += totals.keyframes as usize;
        let body = u64::try_from(stretch.last_decode_time - stretch.decode_time).ok()?;
        self.duration += body + u64::from(stretch.lasts);
        Some(())
    }

    /// Bytes of all tables.
    pub(super) fn len(&self) -> u64 {
        let lens = self.tables().map(|(table, entries)| {
            let entries = (entries * table.entry_len()) as u64;
            table.head(0).len() as u64 + entries
        });
        lens.sum()
    }

    /// Those that there are, and how many entries each has.
    fn tables(&self) -> impl Iterator<Item = (Table, usize)> + '_ {
        let samples = (self.numbers.end - self.numbers.start) as usize;
        let entries = Table::ALL.map(|table| match table {
            Table::Durations => Some(self.durations.len()),
            Table::Offsets => self.has_offsets.then(|| self.offsets.len()),
            // There is none where all are.
            Table::Keyframes => (self.keyframe_count < samples).then_some(self.keyframe_count),
            Table::Sizes => Some(samples),
        });
        Table::ALL
            .into_iter()
            .zip(entries)
            .filter_map(|(table, entries)| Some((table, entries?)))
    }

    /// Writes a range of their bytes.
    pub(super) fn write(&self, timeline: &Timeline, range: Range<u64>, to: &mut Vec<u8>) {
        let Some(track) = timeline.tracks().get(self.track) else {
            return;
        };
        let mut at = 0;
        for (table, entries) in self.tables() {
            let head = table.head(entries);
            let wanted = super::within(&range, &mut at, head.len() as u64);
            let wanted = wanted.start as usize..wanted.end as usize;
            to.extend_from_slice(head.get(wanted).unwrap_or_default());
            let size = table.entry_len();
            let wanted = super::within(&range, &mut at, (entries * size) as u64);
            if wanted.is_empty() {
                continue;
            }
            let (from, until) = (wanted.start as usize, wanted.end as usize);
            let entries = from / size..until.div_ceil(size);
            let written = to.len();
            let more = from - entries.start * size;
            self.entries(track, table, entries, to);
            to.drain(written..written + more);
            to.truncate(written + until - from);
        }
    }

    fn entries(&self, track: &Track, table: Table, wanted: Range<usize>, to: &mut Vec<u8>) {
        let samples = |numbers: Range<u64>| track.walked(numbers).map(|(_, sample)| sample);
        match table {
            Table::Durations => {
                let values = |numbers| samples(numbers).map(|sample| sample.duration);
                let mut take = |len: u32, value: u32| add(to, [len, value]);
                self.durations.entries(wanted, values, &mut take);
            }
            Table::Offsets => {
                let values =
                    |numbers| samples(numbers).map(|sample| sample.composition_offset as u32);
                let mut take = |len: u32, value: u32| {
                    add(to, [len, (value as i32 + self.lead) as u32]);
                };
                self.offsets.entries(wanted, values, &mut take);
            }
            Table::Keyframes => self.keyframes(track, wanted, to),
            Table::Sizes => {
                let numbers = |at: usize| self.numbers.start + at as u64;
                let wanted = numbers(wanted.start)..numbers(wanted.end);
                samples(wanted).for_each(|sample| add(to, [sample.size]));
            }
        }
    }

    fn keyframes(&self, track: &Track, wanted: Range<usize>, to: &mut Vec<u8>) {
        let behind = self
            .keyframes
            .partition_point(|(_, before)| *before <= wanted.start);
        let Some((from, before)) = self.keyframes.get(behind.saturating_sub(1)) else {
            return;
        };
        let samples = (*from..).zip(track.walked(*from..self.numbers.end));
        let keyframes = samples.filter(|(_, (_, sample))| sample.keyframe);
        let keyframes = keyframes.skip(wanted.start - before).take(wanted.len());
        for (number, _) in keyframes {
            add(to, [(number - self.numbers.start + 1) as u32]);
        }
    }
}

/// When the first of some samples is presented that is not before `start`, or is still heard then.
fn presented(track: &Track, stretch: &Stretch, start: i64) -> Option<i64> {
    let earliest = stretch.decode_time + stretch.totals.start;
    if earliest >= start {
        return Some(earliest);
    }
    let times = track
        .walked(stretch.numbers.clone())
        .filter_map(|(time, sample)| {
            let shown = time + i64::from(sample.composition_offset);
            let until = shown + i64::from(sample.duration);
            (shown >= start || until > start).then_some(shown)
        });
    times.min()
}

fn add<const COUNT: usize>(to: &mut Vec<u8>, values: [u32; COUNT]) {
    for value in values {
        to.extend_from_slice(&value.to_be_bytes());
    }
}
