//! Samples with a time that is not theirs: one damaged bit of a time stamp, and a picture is hours
//! away from its neighbours.
//!
//! They are known when the next sample comes: its time fits those before them, as if the clock had
//! never stepped. They are given the room that is left between their neighbours, so that nothing
//! behind them moves.

use livetape_media::{Timescale, Timestamp};

use crate::assembly::{AHEAD, BACK};
use crate::gathered::{Epoch, Gathered};

/// Samples that may be strays together: some 20 s of sound, more of pictures.
const MOST: usize = 1_024;
/// The same where the last sample before them lasts until the time they have.
const MOST_IN_A_HOLE: usize = 64;
/// Runs that are looked at for them; those of other tracks lie between.
const MOST_RUNS: usize = 4_096;
/// Samples on each side of a picture among which the time it is shown at is looked for.
const NEIGHBOURS: usize = 32;

/// Where a clock goes on that a track seemed to have left.
#[derive(Debug)]
pub(crate) struct Strays {
    /// The epoch that goes on.
    pub(crate) epoch: Epoch,
    /// The last sample that has its own time: number of its run, number within that.
    anchor: (usize, usize),
    /// Numbers of the runs of strays behind that, in order.
    runs: Vec<usize>,
    /// How many samples are strays.
    pub(crate) count: usize,
}

impl Strays {
    /// The strays among the slot's last samples, where `start`, 90 kHz, of discontinuity sequence
    /// number `number`, is when the next one is decoded. `None` where the clock has really stepped,
    /// or never did. `goes_on`: by the last one's time that is right.
    pub(crate) fn find(
        gathered: &[Gathered],
        slot: usize,
        (number, start): (u64, i64),
        goes_on: bool,
    ) -> Option<Self> {
        let runs = gathered.iter().enumerate().rev().take(MOST_RUNS);
        let own = runs.filter(|(_, run)| run.slot == slot);
        let own = own.take_while(|(_, run)| run.epoch.0 == number);
        let (mut count, mut lasted) = (0, 0_i64);
        let mut strays = Vec::new();
        let mut next: Option<Next> = None;
        for (index, run) in own {
            let mut end = run.end();
            for (at, sample) in run.samples.iter().enumerate().rev() {
                let time = end.saturating_sub(i64::from(sample.duration));
                let (from, to) = (run.mpeg(time), run.mpeg(end));
                let last = Last {
                    epoch: run.epoch,
                    from,
                    to,
                };
                let is_last = |next: &Next| last.goes_on_at(start, goes_on, next, (count, lasted));
                if next.as_ref().is_some_and(is_last) {
                    strays.reverse();
                    return Some(Self {
                        epoch: run.epoch,
                        anchor: (index, at),
                        runs: strays,
                        count,
                    });
                }
                count += 1;
                lasted = lasted.saturating_add(to.saturating_sub(from));
                if count > MOST {
                    return None;
                }
                next = Some(Next {
                    epoch: run.epoch,
                    from,
                });
                end = time;
            }
            strays.push(index);
        }
        None
    }

    /// Puts them in their places, between the last one before them and `start`. Gives the epochs they
    /// were in, with what their times were moved by, 90 kHz.
    pub(crate) fn settle(&self, gathered: &mut [Gathered], start: i64) -> Vec<(Epoch, i64)> {
        let (anchor, first) = self.anchor;
        let Some(run) = gathered.get(anchor) else {
            return Vec::new();
        };
        let before = run.samples.iter().take(first);
        let time = run.decode_time + before.map(|s| i64::from(s.duration)).sum::<i64>();
        let start = Timestamp::new(start, Timescale::MPEG).rescale(run.config.timescale);
        let room = start.ticks.saturating_sub(time).max(0);
        self.fit(gathered, room);
        let mut end = gathered.get(anchor).map_or(time, Gathered::end);
        let mut moved = Vec::new();
        for index in &self.runs {
            let Some(run) = gathered.get_mut(*index) else {
                continue;
            };
            let by = end.saturating_sub(run.decode_time);
            moved.push((run.epoch, run.mpeg(by)));
            run.decode_time = end;
            run.epoch = self.epoch;
            run.stray = run.samples.len() == 1;
            end = run.end();
        }
        moved
    }

    /// Has the last one before them and them last `room` ticks at most: it gives way, and where that
    /// is not enough, how long they last was taken from their times too, and all last alike.
    fn fit(&self, gathered: &mut [Gathered], room: i64) {
        let (anchor, first) = self.anchor;
        let lasting: i64 = self.samples(gathered).iter().sum();
        let own = gathered.get(anchor).and_then(|run| run.samples.get(first));
        let lasts = own.map_or(0, |own| i64::from(own.duration));
        let wanted = lasts.saturating_add(lasting);
        let alike = room / (self.count as i64 + 1);
        let (shortened, others) = if wanted <= room {
            return;
        } else if lasting < room {
            (room - lasting, None)
        } else {
            (alike, u32::try_from(alike).ok())
        };
        for (place, index) in std::iter::once(&anchor).chain(&self.runs).enumerate() {
            let Some(run) = gathered.get_mut(*index) else {
                continue;
            };
            let skipped = if place == 0 { first } else { 0 };
            for (number, sample) in run.samples.iter_mut().enumerate().skip(skipped) {
                if place == 0 && number == first {
                    sample.duration = u32::try_from(shortened).unwrap_or(sample.duration);
                } else {
                    sample.duration = others.unwrap_or(sample.duration);
                }
            }
        }
    }

    /// How long each stray lasts, in ticks.
    fn samples(&self, gathered: &[Gathered]) -> Vec<i64> {
        let (anchor, first) = self.anchor;
        let with_anchor = gathered.get(anchor).map_or(&[][..], |run| &run.samples);
        let behind = self.runs.iter().filter_map(|index| gathered.get(*index));
        let strays = behind.flat_map(|run| &run.samples);
        let strays = with_anchor.iter().skip(first + 1).chain(strays);
        strays.map(|sample| i64::from(sample.duration)).collect()
    }
}

/// The sample behind.
struct Next {
    epoch: Epoch,
    /// When it is decoded, 90 kHz.
    from: i64,
}

/// A sample that may be the last one with a time of its own.
struct Last {
    epoch: Epoch,
    /// From when to when it is decoded, 90 kHz.
    from: i64,
    to: i64,
}

impl Last {
    /// Whether its clock is at `start` after as many samples as came since, which lasted that long.
    fn goes_on_at(
        &self,
        start: i64,
        goes_on: bool,
        next: &Next,
        (count, lasted): (usize, i64),
    ) -> bool {
        let lasts = self.to.saturating_sub(self.from);
        let late = start.saturating_sub(self.to.saturating_add(lasted));
        let is_exact = late.abs() <= lasts / 2;
        if next.epoch != self.epoch {
            let fits = self.from.saturating_add(lasted) < start;
            return is_exact || !goes_on && fits && (-BACK..=AHEAD).contains(&late);
        }
        // What came since stepped back by no more than a range that is sent twice does, or ahead by
        // no more than missing media does: there is a hole, or this sample lasts until then.
        let step = next.from.saturating_sub(self.to);
        if is_exact && step.abs() > lasts {
            return true;
        }
        let room = start.saturating_sub(self.from);
        let each = room / (count as i64 + 1);
        let few = if lasts > BACK { MOST_IN_A_HOLE } else { 1 };
        start < self.to && (1..=BACK).contains(&room) && lasts > 4 * each && count <= few
    }
}

/// Puts a run's first sample at `due`, 90 kHz, where it lasts from long before that until little
/// after: what follows it has the right time, and it had not.
pub(crate) fn mend_first(run: &mut Gathered, due: i64) {
    let due = Timestamp::new(due, Timescale::MPEG).rescale(run.config.timescale);
    let back = due.ticks.saturating_sub(run.decode_time);
    let Some(first) = run.samples.first_mut() else {
        return;
    };
    let lasts = i64::from(first.duration);
    let room = lasts.saturating_sub(back);
    let most = Timestamp::new(BACK, Timescale::MPEG).rescale(run.config.timescale);
    if (1..=most.ticks).contains(&room) && lasts > 4 * room {
        first.duration = u32::try_from(room).unwrap_or(first.duration);
        run.decode_time = due.ticks;
    }
}

/// Shows each stray picture when no other is shown: the time it had was the damaged one.
pub(crate) fn show_strays(gathered: &mut [Gathered]) {
    for index in 0..gathered.len() {
        let stray = gathered.get(index).filter(|run| run.stray);
        let Some(shown) = stray.and_then(|run| vacant(gathered, index, run)) else {
            continue;
        };
        if let Some(run) = gathered.get_mut(index) {
            run.stray = false;
            let offset = i32::try_from(shown.saturating_sub(run.decode_time));
            if let (Some(sample), Ok(offset)) = (run.samples.first_mut(), offset) {
                sample.composition_offset = offset;
            }
        }
    }
}

/// The first time near a stray picture at which a picture is missing.
fn vacant(gathered: &[Gathered], index: usize, stray: &Gathered) -> Option<i64> {
    let lasts = stray.samples.first().map(|s| i64::from(s.duration))?;
    let is_near = |run: &&Gathered| {
        let is_video = run.config.format.is_video();
        is_video && !run.stray && (run.slot, run.epoch) == (stray.slot, stray.epoch)
    };
    let (before, behind) = gathered.split_at_checked(index)?;
    let before = before.iter().rev().take(MOST_RUNS).filter(is_near);
    let before = before.flat_map(|run| {
        let shown: Vec<_> = run.shown().collect();
        shown.into_iter().rev()
    });
    let behind = behind.iter().take(MOST_RUNS).filter(is_near);
    let behind = behind.flat_map(Gathered::shown);
    let near = before.take(NEIGHBOURS).chain(behind.take(NEIGHBOURS));
    let mut shown: Vec<i64> = near.collect();
    shown.sort_unstable();
    let mut gaps = shown.windows(2).filter_map(|pair| {
        let (from, to) = (pair.first()?, pair.last()?);
        let gap = to.saturating_sub(*from);
        let at = from.saturating_add(lasts.min(gap / 2));
        // Nothing is shown before it is decoded.
        (gap.saturating_mul(2) >= lasts.saturating_mul(3) && at >= stray.decode_time).then_some(at)
    });
    gaps.next()
}
