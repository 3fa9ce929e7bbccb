//! Reels and the window.

use std::collections::VecDeque;

use livetape_media::{SmallMap, Timescale, Timestamp, TrackId};
use livetape_timeline::{Extent, StoreId, Timeline, Track};

/// A reel takes no more bytes than this...
const REEL_BYTES: u64 = 64 << 20;
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
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Command {
    /// Make an empty reel; bytes will be written to it.
    Open(StoreId),
    /// The reel is complete: close it, never write to it again.
    Close(StoreId),
    /// Delete the closed reel.
    Delete(StoreId),
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
struct Reel {
    id: StoreId,
    len: u64,
    opened: u64,
    open: bool,
}

/// A row of reels with the index of what is on them.
#[derive(Debug)]
pub struct Tape {
    timeline: Timeline,
    reels: VecDeque<Reel>,
    next_reel: u32,
    window: Window,
    holds: SmallMap<Hold, StoreId>,
    next_hold: u64,
    commands: VecDeque<Command>,
}

impl Tape {
    /// An empty tape that will keep `window`.
    pub fn new(window: Window) -> Self {
        Self {
            timeline: Timeline::new(),
            reels: VecDeque::new(),
            next_reel: 1,
            window,
            holds: SmallMap::new(),
            next_hold: 1,
            commands: VecDeque::new(),
        }
    }

    /// What is on the tape.
    pub const fn timeline(&self) -> &Timeline {
        &self.timeline
    }

    /// For appending; extents must come from [`Tape::place`].
    pub const fn timeline_mut(&mut self) -> &mut Timeline {
        &mut self.timeline
    }

    /// Bytes of all reels.
    pub fn bytes(&self) -> u64 {
        self.reels.iter().map(|reel| reel.len).sum()
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
                && (reel.len + len > REEL_BYTES || now.saturating_sub(reel.opened) > REEL_MILLIS)
        });
        if full {
            self.close();
        }
        if self.open_reel().is_none() {
            let id = StoreId(self.next_reel);
            self.next_reel += 1;
            self.reels.push_back(Reel {
                id,
                len: 0,
                opened: now,
                open: true,
            });
            self.commands.push_back(Command::Open(id));
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
    }

    /// Whether a reel is there still.
    pub fn is_stored(&self, reel: StoreId) -> bool {
        self.reels.front().is_some_and(|oldest| oldest.id <= reel)
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
            self.reels.pop_front();
            self.timeline.forget_through(reel);
            self.commands.push_back(Command::Delete(reel));
        }
    }

    /// The oldest reel, if the window needs it no more.
    fn oldest_outside(&self) -> Option<StoreId> {
        let oldest = self.reels.front().filter(|reel| !reel.open)?.id;
        let next = self.reels.get(1)?.id;
        if self.holds.values().any(|held| *held <= oldest) {
            return None;
        }
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

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use livetape_media::{Format, Sample, TrackConfig};

    use super::*;

    const SECOND: u32 = 1000;

    fn config() -> Arc<TrackConfig> {
        Arc::new(TrackConfig {
            format: Format::Audio {
                sample_rate: 48_000,
                channels: 2,
            },
            timescale: Timescale::MILLIS,
            sample_entry: Vec::new(),
            codec: "mp4a.40.2".to_owned(),
            language: *b"und",
        })
    }

    /// Records `seconds` samples of one second and 1,000 bytes each.
    fn record(tape: &mut Tape, config: &Arc<TrackConfig>, from: i64, seconds: i64) {
        for second in from..from + seconds {
            let placement = tape.place(1000, second as u64 * 1000);
            let sample = Sample {
                size: 1000,
                duration: SECOND,
                composition_offset: 0,
                keyframe: true,
            };
            tape.timeline_mut().append(
                TrackId(1),
                config,
                second * 1000,
                &[sample],
                &[placement.extent(0, 1000)],
            );
            tape.slide();
        }
    }

    fn commands(tape: &mut Tape) -> Vec<Command> {
        std::iter::from_fn(|| tape.poll()).collect()
    }

    #[test]
    fn reels_follow_one_another_and_are_never_reopened() {
        let mut tape = Tape::new(Window {
            millis: 3_600_000,
            bytes: 1 << 30,
        });
        let first = tape.place(60 << 20, 0);
        let second = tape.place(10 << 20, 10);
        assert_eq!((first.reel, first.offset), (StoreId(1), 0));
        assert_eq!((second.reel, second.offset), (StoreId(2), 0));
        tape.close();
        let third = tape.place(1, 20);
        assert_eq!(third.reel, StoreId(3));
        let expected = [
            Command::Open(StoreId(1)),
            Command::Close(StoreId(1)),
            Command::Open(StoreId(2)),
            Command::Close(StoreId(2)),
            Command::Open(StoreId(3)),
        ];
        assert_eq!(commands(&mut tape), expected);
    }

    #[test]
    fn the_window_slides_by_whole_reels() {
        let config = config();
        let mut tape = Tape::new(Window {
            millis: 120_000,
            bytes: 1 << 30,
        });
        record(&mut tape, &config, 0, 600);
        let deleted = commands(&mut tape)
            .iter()
            .filter(|c| matches!(c, Command::Delete(_)))
            .count();
        assert!(deleted >= 6, "{deleted} reels deleted");
        let (start, end) = tape.timeline().span().expect("not empty");
        let kept = end.minus(start).seconds();
        assert!((120.0..=240.0).contains(&kept), "kept {kept} s");
    }

    #[test]
    fn a_held_reel_stays_until_released() {
        let config = config();
        let mut tape = Tape::new(Window {
            millis: 60_000,
            bytes: 1 << 30,
        });
        record(&mut tape, &config, 0, 10);
        let hold = tape.hold(StoreId(1));
        record(&mut tape, &config, 10, 600);
        assert_eq!(tape.timeline().span().expect("not empty").0.ticks, 0);
        tape.release(hold);
        tape.slide();
        assert!(tape.timeline().span().expect("not empty").0.ticks > 400_000);
    }

    #[test]
    fn the_byte_budget_counts_too() {
        let config = config();
        let mut tape = Tape::new(Window {
            millis: 3_600_000,
            bytes: 200_000,
        });
        record(&mut tape, &config, 0, 600);
        assert!(tape.bytes() <= 200_000, "{} bytes", tape.bytes());
    }
}
