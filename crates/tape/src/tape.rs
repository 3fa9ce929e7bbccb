//! Reels and the window.

use std::collections::VecDeque;

use std::sync::Arc;

use livetape_media::{Sample, SmallMap, TimedEvent, Timescale, Timestamp, TrackConfig, TrackId};
use livetape_timeline::{Appended, Extent, StoreId, Timeline, Track};

use crate::journal::{Check, Head, Journal};

/// A reel takes no more bytes than this...
const REEL_BYTES: u64 = 64 << 20;
/// ...and where there is not much room, no more than such a part of it, so that giving one up does
/// not give up much; but no less than [`LEAST_REEL_BYTES`]...
const REELS: u64 = 16;
const LEAST_REEL_BYTES: u64 = 1 << 20;
/// ...and is open no longer than this.
const REEL_MILLIS: u64 = 60_000;

/// How much of a stream a tape keeps. The newest reel is always kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Window {
    /// Milliseconds of stream before the newest sample.
    pub millis: u64,
    /// Bytes on disk.
    pub bytes: u64,
}

/// What a shell has to do to its files, in order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Command {
    /// Make an empty reel; bytes will be written to it.
    Open(StoreId),
    /// The reel is complete: close it, never write to it again.
    Close(StoreId),
    /// Delete the closed reel, and its journal: so many bytes.
    Delete(StoreId, u64),
    /// Write to a reel's journal (see [`journal`](crate::journal)); the reel may be closed.
    Commit {
        /// Whose journal.
        reel: StoreId,
        /// Where in it: its end, all behind it is void.
        offset: u64,
        /// What to write, at once.
        bytes: Vec<u8>,
    },
}

/// Where bytes are to be written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Placement {
    /// The open reel.
    pub reel: StoreId,
    /// Offset in it; always its present end.
    pub offset: u64,
}

impl Placement {
    /// The extent of `len` bytes that begin `skip` bytes after this placement.
    pub fn extent(&self, skip: u64, len: u64) -> Extent {
        Extent {
            store: self.reel,
            offset: self.offset + skip,
            len,
        }
    }
}

/// Keeps a stretch of reels from being deleted until it is released.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Hold(u64);

#[derive(Debug)]
pub(crate) struct Reel {
    pub(crate) id: StoreId,
    pub(crate) len: u64,
    /// Bytes of its journal.
    pub(crate) journal: u64,
    /// How long the journal says that the reel is.
    committed: u64,
    opened: u64,
    open: bool,
}

impl Reel {
    /// With its journal.
    const fn bytes(&self) -> u64 {
        self.len + self.journal
    }

    /// One that is complete.
    pub(crate) const fn closed(id: StoreId, len: u64, journal: u64) -> Self {
        Self {
            id,
            len,
            journal,
            committed: len,
            opened: 0,
            open: false,
        }
    }
}

/// A row of reels with the index of what is on them.
#[derive(Debug)]
pub struct Tape {
    timeline: Timeline,
    reels: VecDeque<Reel>,
    next_reel: u32,
    journal: Journal,
    /// How many samples of each track have been journalled.
    journalled: SmallMap<TrackId, u64>,
    head: Head,
    window: Window,
    /// Most bytes of a reel.
    reel_bytes: u64,
    holds: SmallMap<Hold, StoreId>,
    next_hold: u64,
    commands: VecDeque<Command>,
}

impl Tape {
    /// An empty tape that will keep `window`.
    pub fn new(window: Window) -> Self {
        Self::with(window, Timeline::new(), VecDeque::new(), Head::default())
    }

    /// A tape with what is on its closed reels.
    pub(crate) fn with(
        window: Window,
        timeline: Timeline,
        reels: VecDeque<Reel>,
        head: Head,
    ) -> Self {
        let mut journalled = SmallMap::new();
        for track in timeline.tracks() {
            journalled.insert(track.id(), track.numbers().end);
        }
        Self {
            journalled,
            timeline,
            next_reel: reels.back().map_or(1, |reel| reel.id.0.saturating_add(1)),
            reels,
            journal: Journal::default(),
            head,
            window,
            reel_bytes: reel_bytes(window.bytes),
            holds: SmallMap::new(),
            next_hold: 1,
            commands: VecDeque::new(),
        }
    }

    /// What is on the tape.
    pub const fn timeline(&self) -> &Timeline {
        &self.timeline
    }

    /// As [`Timeline::append`]; extents must come from [`Tape::place`].
    pub fn append(
        &mut self,
        id: TrackId,
        config: &Arc<TrackConfig>,
        decode_time: i64,
        samples: &[Sample],
        extents: &[Extent],
    ) -> Appended {
        let appended = self
            .timeline
            .append(id, config, decode_time, samples, extents);
        if appended.kept > 0 {
            let samples = (appended.covered, samples);
            self.journal
                .append(id, config, decode_time, samples, extents);
        }
        appended
    }

    /// As [`Timeline::add_event`].
    pub fn add_event(&mut self, event: TimedEvent) -> bool {
        let known = self.timeline.events().len();
        let copy = event.clone();
        let kept = self.timeline.add_event(event);
        if self.timeline.events().len() > known {
            self.journal.event(&copy);
        }
        kept
    }

    /// As [`Timeline::set_wall_clock`].
    pub fn set_wall_clock(&mut self, at: Timestamp, unix_millis: i64) {
        let known = self.timeline.dates().len();
        self.timeline.set_wall_clock(at, unix_millis);
        if self.timeline.dates().len() > known {
            self.journal.date(at, unix_millis);
        }
    }

    /// Says when the timeline's zero was, for a stream without dates: what the journal knows of
    /// it. In Unix milliseconds.
    pub fn set_zero(&mut self, unix_millis: i64) {
        if self.head.zero.replace(unix_millis) != Some(unix_millis) {
            self.journal.zero(unix_millis);
        }
    }

    /// What the owner has noted.
    pub fn note(&self) -> &[u8] {
        &self.head.note
    }

    /// Keeps a note of the owner's in the journal, in place of the one before: what it must know
    /// when the tape is recovered.
    pub fn set_note(&mut self, note: Vec<u8>) {
        self.journal.note(&note);
        self.head.note = note;
    }

    /// Says how many bytes the storage still takes.
    pub fn set_room(&mut self, bytes: u64) {
        let all = self.bytes().saturating_add(bytes);
        self.reel_bytes = reel_bytes(all.min(self.window.bytes));
    }

    /// Bytes of all reels and their journals.
    pub fn bytes(&self) -> u64 {
        self.reels.iter().map(Reel::bytes).sum()
    }

    /// The next thing the shell has to do.
    pub fn poll(&mut self) -> Option<Command> {
        self.commands.pop_front()
    }

    /// Where to write the next `len` bytes. Ends the open reel first where they would make it
    /// too long or it has been open for too long; bytes are never split over two reels.
    /// `now` is in milliseconds of any steady clock.
    pub fn place(&mut self, len: u64, now: u64) -> Placement {
        let full = self.open_reel().is_some_and(|reel| {
            reel.len > 0
                && (reel.len + len > self.reel_bytes
                    || now.saturating_sub(reel.opened) > REEL_MILLIS)
        });
        if full {
            self.close();
        }
        if self.open_reel().is_none() {
            self.open(now);
        }
        let mut placement = Placement {
            reel: StoreId(0),
            offset: 0,
        };
        if let Some(reel) = self.reels.back_mut() {
            placement = Placement {
                reel: reel.id,
                offset: reel.len,
            };
            reel.len += len;
        }
        placement
    }

    fn open(&mut self, now: u64) {
        self.commit();
        let id = StoreId(self.next_reel);
        self.next_reel += 1;
        self.reels.push_back(Reel {
            open: true,
            opened: now,
            ..Reel::closed(id, 0, 0)
        });
        self.commands.push_back(Command::Open(id));
        self.journal.begin(&self.timeline, &self.head);
    }

    /// Ends the open reel, so that all that is stored can be sliced.
    pub fn close(&mut self) {
        if let Some(reel) = self.reels.back_mut().filter(|reel| reel.open) {
            reel.open = false;
            self.commands.push_back(Command::Close(reel.id));
        }
    }

    /// Forgets a track's samples from `number` on: a player has appended others for their time.
    /// Their bytes stay where they are.
    pub fn cut_back(&mut self, id: TrackId, number: u64) {
        self.timeline.cut_back(id, number);
        self.journal.cut_back(id, number);
        if let Some(journalled) = self.journalled.get_mut(&id) {
            *journalled = number.min(*journalled);
        }
    }

    /// Whether a reel is there still.
    pub fn is_stored(&self, reel: StoreId) -> bool {
        self.reels.front().is_some_and(|oldest| oldest.id <= reel)
    }

    /// Writes to the journal what has been placed and told since the last time. To be called when all that
    /// was placed has been written: a commit names bytes that are there.
    pub fn commit(&mut self) {
        // Before the first reel there is no journal; what is known by then is in its head.
        let Some(reel) = self.reels.back_mut() else {
            return;
        };
        if self.journal.is_empty() && reel.committed == reel.len {
            return;
        }
        if let Some(bytes) = self.journal.commit(reel.journal, reel.len) {
            let offset = reel.journal;
            reel.journal += bytes.len() as u64;
            reel.committed = reel.len;
            for track in self.timeline.tracks() {
                self.journalled.insert(track.id(), track.numbers().end);
            }
            self.commands.push_back(Command::Commit {
                reel: reel.id,
                offset,
                bytes,
            });
        }
    }

    /// Says that so many bytes have been written at `at`, and their [`payload_sum`](crate::journal::payload_sum): what a recovery finds
    /// out by whether they are still the same.
    pub fn written(&mut self, at: Placement, len: u64, sum: u32) {
        // Of a reel that has been closed meanwhile nothing more is journalled.
        if self.reels.back().is_some_and(|reel| reel.id == at.reel) {
            self.journal.check(Check {
                offset: at.offset,
                len,
                sum,
            });
        }
    }

    /// What was placed at `at` and after it could not be written, and is not there.
    pub fn not_written(&mut self, at: Placement) {
        self.timeline.forget_from(at.reel, at.offset);
        for reel in self.reels.iter_mut().filter(|reel| reel.id >= at.reel) {
            reel.len = if reel.id == at.reel { at.offset } else { 0 };
        }
        // What was to be committed told of them too.
        let ids: Vec<_> = self.timeline.tracks().iter().map(Track::id).collect();
        for id in ids {
            let journalled = self.journalled.get(&id).copied().unwrap_or(0);
            self.timeline.cut_back(id, journalled);
        }
        self.journal.begin(&self.timeline, &self.head);
    }

    /// Gives up the oldest reel whatever the window is: there is no room for more. To be carried
    /// out at once; `None` where all are held, but the newest, which stays.
    pub fn evict(&mut self) -> Option<Command> {
        let oldest = self.evictable().next()?;
        Some(self.forget(oldest))
    }

    /// The reels that [`Tape::evict`] gives up one after another: those that nothing holds, but the
    /// newest.
    pub fn evictable(&self) -> impl Iterator<Item = StoreId> {
        let held = self.holds.values().min();
        let free = move |reel: &&Reel| !reel.open && held.is_none_or(|held| reel.id < *held);
        let older = self.reels.iter().take(self.reels.len().saturating_sub(1));
        older.take_while(free).map(|reel| reel.id)
    }

    /// Keeps `reel` and all later ones until released.
    pub fn hold(&mut self, reel: StoreId) -> Hold {
        let hold = Hold(self.next_hold);
        self.next_hold += 1;
        self.holds.insert(hold, reel);
        hold
    }

    /// Moves a hold on: reels before `reel` are needed no more.
    pub fn advance(&mut self, hold: Hold, reel: StoreId) {
        if let Some(held) = self.holds.get_mut(&hold) {
            *held = reel;
        }
    }

    /// Ends a hold.
    pub fn release(&mut self, hold: Hold) {
        self.holds.remove(&hold);
    }

    /// Deletes the reels that lie wholly before the window, as far as nothing holds them, and
    /// forgets what was on them.
    pub fn slide(&mut self) {
        while let Some(reel) = self.oldest_outside() {
            let command = self.forget(reel);
            self.commands.push_back(command);
        }
    }

    fn forget(&mut self, oldest: StoreId) -> Command {
        let bytes = self.reels.pop_front().map_or(0, |reel| reel.bytes());
        self.timeline.forget_through(oldest);
        Command::Delete(oldest, bytes)
    }

    /// The oldest reel, if the window needs it no more.
    fn oldest_outside(&self) -> Option<StoreId> {
        let oldest = self.evictable().next()?;
        let next = self.reels.get(1)?.id;
        if self.bytes() > self.window.bytes {
            return Some(oldest);
        }
        let end = self
            .timeline
            .tracks()
            .iter()
            .filter_map(Track::end_time)
            .max()?;
        let millis = i64::try_from(self.window.millis).unwrap_or(i64::MAX);
        let keep_from = end.minus(Timestamp::new(millis, Timescale::MILLIS));
        // Every track must begin its later reel before the window's start.
        let outside = self.timeline.tracks().iter().all(|track| {
            let first_kept = track.first_in(next);
            first_kept.is_some_and(|number| {
                track
                    .presentation_time(number)
                    .is_some_and(|time| time <= keep_from)
            })
        });
        outside.then_some(oldest)
    }

    fn open_reel(&self) -> Option<&Reel> {
        self.reels.back().filter(|reel| reel.open)
    }
}

/// Most bytes of a reel where there is room for so many in all.
fn reel_bytes(all: u64) -> u64 {
    (all / REELS).clamp(LEAST_REEL_BYTES, REEL_BYTES)
}

#[cfg(test)]
mod tests;
