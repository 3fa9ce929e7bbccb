//! The samples a `moov` itself lists, told in the order they lie in the file.

use std::fmt::Debug;

use livetape_media::TrackId;

use super::boxes::BoxRef;
use super::edit_list::{self, EditList};
use super::moof::AnnouncedRun;
use super::moov::{self, InitTrack};
use super::sample_table::SampleTable;

/// Tracks with samples of one file; further ones are not read.
const MAX_TRACKS: usize = 64;

/// What the tables have to tell next.
#[derive(Debug)]
pub(crate) enum Listed {
    /// A run whose payload has arrived.
    Run(AnnouncedRun),
    /// Something wrong, found at this position: the track's remaining samples are not told.
    Broken(TrackId, u64, &'static str),
    /// The stream ended, here, before the track's remaining samples.
    Cut(TrackId, u64),
}

/// A track's tables with how far they were told.
#[derive(Debug)]
struct Telling {
    table: SampleTable,
    /// Bytes of payload told.
    told: u64,
    /// Where the farthest payload told ends.
    reach: u64,
}

/// What a demuxer asks of the samples that a `moov` lists. A trait so that a program whose streams have
/// none does without the code that reads them.
pub(crate) trait ListedSamples: Debug {
    /// Reads the tables of a `moov` whose tracks are known, instead of those of any before it.
    fn read(&mut self, moov: BoxRef<'_>, tracks: &[InitTrack], origin: u64);
    /// True where samples are left that may still arrive.
    fn is_waiting(&self) -> bool;
    /// No byte will follow those before `position`.
    fn cut(&mut self, position: u64);
    /// Decode time after each track's samples.
    fn end_times(&self) -> Vec<(TrackId, i64)>;
    /// The edit lists of tracks with samples.
    fn edit_lists(&self) -> &[EditList];
    /// What is next of that which lies before `position`.
    fn next(&mut self, position: u64) -> Option<Listed>;
}

/// The sample tables of all tracks of a progressive file.
#[derive(Debug, Default)]
pub(crate) struct StoredSamples {
    tracks: Vec<Telling>,
    edit_lists: Vec<EditList>,
    /// Where the file begins; no track has more payload than there are bytes from here.
    origin: u64,
    /// The stream was cut here.
    end: Option<u64>,
    /// What is to be told of a track after its last run.
    after_last: Option<Listed>,
}

impl ListedSamples for StoredSamples {
    fn read(&mut self, moov: BoxRef<'_>, tracks: &[InitTrack], origin: u64) {
        let traks = moov.children().filter(|child| child.kind == *b"trak");
        let tables = traks.filter_map(|trak| {
            let id = moov::track_id(trak)?;
            let known = tracks.iter().find(|track| track.id == id)?;
            SampleTable::read(trak, id, known.shift, origin)
        });
        let tables = tables.take(MAX_TRACKS).map(|table| Telling {
            table,
            told: 0,
            reach: origin,
        });
        *self = Self {
            tracks: tables.collect(),
            origin,
            ..Self::default()
        };
        self.edit_lists = self.read_edit_lists(moov, tracks).unwrap_or_default();
    }

    fn edit_lists(&self) -> &[EditList] {
        &self.edit_lists
    }

    fn is_waiting(&self) -> bool {
        self.end.is_none() && !self.tracks.is_empty()
    }

    fn cut(&mut self, position: u64) {
        self.end.get_or_insert(position);
    }

    fn end_times(&self) -> Vec<(TrackId, i64)> {
        let tables = self.tracks.iter().map(|track| &track.table);
        tables
            .map(|table| (table.track(), table.end_time()))
            .collect()
    }

    fn next(&mut self, position: u64) -> Option<Listed> {
        if let Some(told) = self.after_last.take() {
            return Some(told);
        }
        let position = self.end.unwrap_or(position);
        // By where they end, so that it does not matter how far the stream has come.
        let places = self.tracks.iter().enumerate().filter_map(|(index, track)| {
            let end = track.table.next_place()?.end();
            (end <= position).then_some((end, index))
        });
        let Some((end, index)) = places.min() else {
            return self.unfinished(position);
        };
        let telling = self.tracks.get_mut(index)?;
        let table = &mut telling.table;
        let track = table.track();
        // Chunks that overlap could make a few bytes into samples without end.
        telling.told = telling.told.saturating_add(table.next_place()?.len);
        telling.reach = telling.reach.max(end);
        if telling.told > telling.reach - self.origin {
            self.tracks.swap_remove(index);
            let what = "the track's chunks have more bytes than the file";
            return Some(Listed::Broken(track, end, what));
        }
        let run = table.take(u64::MAX);
        if table.next_place().is_none() {
            if table.has_unplaced() {
                let what = "the track has samples that lie in no chunk";
                self.after_last = Some(Listed::Broken(track, end, what));
            }
            self.tracks.swap_remove(index);
        }
        run.map(Listed::Run)
    }
}

impl StoredSamples {
    /// Those of the tracks that have tables. `None` where fragments may follow: there an edit list
    /// says where a track begins and cannot know its end.
    fn read_edit_lists(&self, moov: BoxRef<'_>, tracks: &[InitTrack]) -> Option<Vec<EditList>> {
        if moov.children().find(b"mvex").is_some() {
            return None;
        }
        let movie = moov.children().find(b"mvhd");
        let movie = movie.and_then(moov::movie_timescale)?;
        let traks = moov.children().filter(|child| child.kind == *b"trak");
        let lists = traks.filter_map(|trak| {
            let id = moov::track_id(trak)?;
            let known = tracks.iter().find(|track| track.id == id)?;
            let mut tables = self.tracks.iter().map(|track| &track.table);
            let table = tables.find(|table| table.track() == id)?;
            edit_list::read(trak, id, (known.timescale, movie), table.end_time())
        });
        Some(lists.collect())
    }

    /// Once the stream was cut: the whole samples of each track's last run, then that it was.
    fn unfinished(&mut self, position: u64) -> Option<Listed> {
        self.end?;
        let Telling { mut table, .. } = self.tracks.pop()?;
        let track = table.track();
        let place = table.next_place()?;
        let there = position.checked_sub(place.offset);
        let run = there.and_then(|there| table.take(there.min(place.len)));
        match run.filter(|run| !run.samples.is_empty()) {
            Some(run) => {
                self.after_last = Some(Listed::Cut(track, position));
                Some(Listed::Run(run))
            }
            None => Some(Listed::Cut(track, position)),
        }
    }
}
