//! A tape rebuilt from its files.

use std::collections::VecDeque;
use std::ops::Range;
use std::sync::Arc;

use livetape_media::{Sample, Timescale, Timestamp, TrackId};
use livetape_timeline::{Extent, StoreId, Timeline, Track};

use crate::journal::{Append, Entry, Head, Reader};
use crate::tape::{Reel, Tape, Window};

/// Something of a store that is not as it was written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Damage {
    /// The reel it was found with.
    pub reel: StoreId,
    /// What is wrong.
    pub kind: DamageKind,
}

/// What can be wrong with a store. [`DamageKind::as_str`] is stable.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum DamageKind {
    /// The reel's journal is missing or of no use: nothing is known of what is on the reel.
    JournalUnreadable,
    /// What is at the end of the reel is not in its journal, or the journal ends in something that
    /// is not a whole commit: that was being written when the page ended, or has been damaged. It
    /// is left out.
    JournalCut,
    /// The reel is shorter than its journal says: what would lie behind its end is left out.
    ReelShort,
    /// Bytes of the reel are not those that were written: the samples that have them are left out.
    ReelChanged,
}

impl DamageKind {
    /// The stable code.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::JournalUnreadable => "journal_unreadable",
            Self::JournalCut => "journal_cut",
            Self::ReelShort => "reel_short",
            Self::ReelChanged => "reel_changed",
        }
    }
}

/// How far the reading of a track is.
#[derive(Debug)]
struct Reached {
    id: TrackId,
    /// The number of its next sample.
    next: u64,
    /// Something of it is missing: it goes on with a keyframe.
    interrupted: bool,
}

/// What there is of a reel.
#[derive(Debug)]
struct File {
    reel: StoreId,
    len: u64,
    /// Stretches that are not what was written.
    changed: Vec<Range<u64>>,
}

/// Rebuilds a tape, reel by reel: the oldest first.
#[derive(Debug, Default)]
pub struct Recovery {
    timeline: Timeline,
    reels: VecDeque<Reel>,
    /// In the order of their reels.
    files: Vec<File>,
    tracks: Vec<Reached>,
    head: Head,
    /// Samples are missing between others, whose numbers are others therefore.
    renumbered: bool,
    /// How long the reel was at the last commit.
    committed: u64,
    damage: Vec<Damage>,
}

impl Recovery {
    /// Nothing yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// The next reel: its length, and its journal (empty where it is missing). `changed`: the
    /// stretches of which [`checks`](crate::journal::checks) has another CRC-32 than they have, as
    /// far as that was looked at.
    pub fn reel(&mut self, id: StoreId, len: u64, journal: &[u8], changed: Vec<Range<u64>>) {
        if !changed.is_empty() {
            self.damaged(id, DamageKind::ReelChanged);
        }
        let last = self.files.last();
        // The first commit after a hole is a head.
        let mut is_after_hole = last.is_some_and(|last| last.reel.0 + 1 < id.0);
        self.files.push(File {
            reel: id,
            len,
            changed,
        });
        self.committed = 0;
        let mut whole = 0;
        if let Some(mut reader) = Reader::new(journal) {
            while let Some(entries) = reader.commit() {
                if std::mem::take(&mut is_after_hole) {
                    self.give_up_before(id, &entries);
                }
                entries.into_iter().for_each(|entry| self.take(id, entry));
            }
            whole = reader.whole() as u64;
            if reader.is_cut() || self.committed < len {
                self.damaged(id, DamageKind::JournalCut);
            }
            if self.committed > len {
                self.damaged(id, DamageKind::ReelShort);
            }
        } else if len > 0 {
            self.damaged(id, DamageKind::JournalUnreadable);
        }
        self.reels.push_back(Reel::closed(id, len, whole));
    }

    /// The tape, and what was wrong with its files. Where samples are missing between others there
    /// is no note of the owner's: sample numbers in it would be wrong.
    pub fn finish(mut self, window: Window) -> (Tape, Vec<Damage>) {
        if self.renumbered {
            self.head.note.clear();
        }
        if let (Some(zero), []) = (self.head.zero, self.timeline.dates()) {
            let at = Timestamp::zero(Timescale::MILLIS);
            self.timeline.set_wall_clock(at, zero);
        }
        let tape = Tape::with(window, self.timeline, self.reels, self.head);
        (tape, self.damage)
    }

    /// Where reels are missing that had samples, the tape had given them up, and all before them: what is
    /// there of those a clip still needed.
    fn give_up_before(&mut self, reel: StoreId, head: &[Entry]) {
        let is_beyond = |entry: &Entry| match entry {
            Entry::Track(id, number) => {
                let track = self.timeline.track(*id);
                track.is_some_and(|track| track.numbers().end < *number)
            }
            _ => false,
        };
        if head.iter().any(is_beyond) {
            self.timeline.forget_through(StoreId(reel.0 - 1));
        }
    }

    fn take(&mut self, reel: StoreId, entry: Entry) {
        match entry {
            Entry::Track(id, number) => {
                // What was cut off and not journalled any more, as what came next could not be written.
                if !self.renumbered {
                    self.timeline.cut_back(id, number);
                }
                let reached = self.reached(id);
                reached.next = number;
            }
            Entry::Append(append) => self.append(reel, append),
            Entry::Cut(id, number) => {
                self.timeline.cut_back(id, number);
                let reached = self.reached(id);
                reached.next = reached.next.min(number);
            }
            Entry::Event(event) => {
                self.timeline.add_event(event);
            }
            Entry::Date(at, unix_millis) => self.timeline.set_wall_clock(at, unix_millis),
            Entry::Zero(unix_millis) => self.head.zero = Some(unix_millis),
            Entry::Note(note) => self.head.note = note,
            Entry::Length(length) => self.committed = length,
            Entry::Check(_) => {}
        }
    }

    /// Appends those samples whose bytes are there.
    fn append(&mut self, reel: StoreId, mut append: Append) {
        if let Some(known) = self.timeline.track(append.id).and_then(Track::config) {
            // Each journal has its configurations anew. They are told apart by their place.
            if *known == append.config {
                append.config = Arc::clone(known);
            }
            // A track keeps its timescale as long as anything of it is there.
            if known.timescale != append.config.timescale {
                if !self.damage.is_empty() {
                    self.damaged(reel, DamageKind::JournalCut);
                    return;
                }
                self.timeline.cut_back(append.id, 0);
            }
        }
        let append = &append;
        let mut pieces = Pieces::of(&append.extents);
        let mut time = append.decode_time;
        let mut run = Run::at(time);
        for sample in &append.samples {
            let mut own = Vec::new();
            pieces.take(u64::from(sample.size), &mut own);
            let is_stored = own.iter().all(|piece| self.is_stored(piece));
            if !is_stored {
                if self.is_given_up(&own) {
                    // All before it had been, too; some may have no bytes that could be missing.
                    let run = std::mem::replace(&mut run, Run::at(time));
                    self.reached(append.id).next += run.samples.len() as u64;
                    self.timeline.cut_back(append.id, 0);
                }
                self.missing(reel, append.id, &own);
            }
            let reached = self.reached(append.id);
            if reached.interrupted && !(is_stored && sample.keyframe) {
                self.flush(append, &mut run);
                self.reached(append.id).next += 1;
            } else {
                reached.interrupted = false;
                if run.samples.is_empty() {
                    run.decode_time = time;
                }
                run.samples.push(*sample);
                run.extents.append(&mut own);
            }
            time += i64::from(sample.duration);
        }
        self.flush(append, &mut run);
        let next = self.reached(append.id).next;
        if self.timeline.track(append.id).is_some() {
            self.timeline.begin(append.id, &append.config, next);
        }
    }

    fn flush(&mut self, append: &Append, run: &mut Run) {
        let Run {
            decode_time,
            samples,
            extents,
        } = std::mem::replace(run, Run::at(run.decode_time));
        if samples.is_empty() {
            return;
        }
        let (id, config) = (append.id, &append.config);
        let number = self.reached(id).next;
        self.timeline.begin(id, config, number);
        let follows = |track: &Track| track.numbers().end == number;
        self.renumbered |= !self.timeline.track(id).is_some_and(follows);
        self.reached(id).next += samples.len() as u64;
        let appended = self
            .timeline
            .append(id, config, decode_time, &samples, &extents);
        // On the tape nothing was in their way: it had given that up, and a clip still needed it.
        if appended.covered > 0 && self.damage.is_empty() {
            self.timeline.cut_back(id, 0);
            self.timeline.begin(id, config, number);
            self.timeline
                .append(id, config, decode_time, &samples, &extents);
        }
    }

    fn is_stored(&self, piece: &Extent) -> bool {
        let end = piece.offset + piece.len;
        let is_changed = |range: &Range<u64>| range.start < end && piece.offset < range.end;
        let file = self.file(piece.store);
        file.is_some_and(|file| end <= file.len && !file.changed.iter().any(is_changed))
    }

    fn file(&self, reel: StoreId) -> Option<&File> {
        let at = self.files.partition_point(|file| file.reel < reel);
        self.files.get(at).filter(|file| file.reel == reel)
    }

    fn reached(&mut self, id: TrackId) -> &mut Reached {
        let known = self.tracks.iter().position(|track| track.id == id);
        let at = known.unwrap_or_else(|| {
            self.tracks.push(Reached {
                id,
                next: 0,
                interrupted: false,
            });
            self.tracks.len() - 1
        });
        &mut self.tracks[at]
    }

    /// A sample is not there. That is damage, unless its reel is one that the window has left.
    fn missing(&mut self, reel: StoreId, id: TrackId, pieces: &[Extent]) {
        self.reached(id).interrupted = true;
        let is_short = |piece: &Extent| {
            let file = self.file(piece.store);
            file.is_none_or(|file| piece.offset + piece.len > file.len)
        };
        if !self.is_given_up(pieces) && pieces.iter().any(is_short) {
            self.damaged(reel, DamageKind::ReelShort);
        }
    }

    /// A byte of it was on a reel that the window has left.
    fn is_given_up(&self, pieces: &[Extent]) -> bool {
        let first = self.files.first();
        let is_gone = |piece: &Extent| first.is_some_and(|first| piece.store < first.reel);
        pieces.iter().any(is_gone)
    }

    /// Each kind is told once for a reel.
    fn damaged(&mut self, reel: StoreId, kind: DamageKind) {
        let damage = Damage { reel, kind };
        if !self.damage.contains(&damage) {
            self.damage.push(damage);
        }
    }
}

/// Samples that follow one another, with where they are.
struct Run {
    decode_time: i64,
    samples: Vec<Sample>,
    extents: Vec<Extent>,
}

impl Run {
    const fn at(decode_time: i64) -> Self {
        Self {
            decode_time,
            samples: Vec::new(),
            extents: Vec::new(),
        }
    }
}

/// Extents, taken a number of bytes at a time.
struct Pieces<'a> {
    extents: std::slice::Iter<'a, Extent>,
    rest: Option<Extent>,
}

impl<'a> Pieces<'a> {
    fn of(extents: &'a [Extent]) -> Self {
        Self {
            extents: extents.iter(),
            rest: None,
        }
    }

    /// The next `len` bytes.
    fn take(&mut self, mut len: u64, out: &mut Vec<Extent>) {
        while len > 0 {
            let Some(extent) = self.rest.take().or_else(|| self.extents.next().copied()) else {
                return;
            };
            let own = extent.len.min(len);
            out.push(Extent { len: own, ..extent });
            len -= own;
            self.rest = (own < extent.len).then_some(Extent {
                store: extent.store,
                offset: extent.offset + own,
                len: extent.len - own,
            });
        }
    }
}
