//! Decode times and durations of access units.
//!
//! A sample lasts until the next one's decode time; the last one before an end or a jump as long
//! as the one before it. Access units without times of their own share the time up to the next
//! one that has some.
//!
//! Decode times that go back by up to [`MAX_SLIP`] are a muxer's slip, not a step of the clock:
//! such an access unit is decoded at the time of the one before it, which lasts no time, and
//! shown when it says.

use livetape_media::{Sample, TrackId, Wording};

use super::clock::{MAX_STEP, Times};
use super::run::{Output, RunBuilder};
use crate::DefectCode;

/// How far decode times may go back without a jump, in ticks of 90 kHz: 250 ms, some pictures.
const MAX_SLIP: i64 = 90_000 / 4;
/// Samples that may wait for a time ...
const MAX_HELD: usize = 64;
/// ... and bytes of them.
const MAX_BYTES: usize = 32 << 20;
/// Duration of a sample where nothing else is known: 1/30 s.
const DEFAULT_DURATION: u32 = 3000;

/// A sample whose payload is in the run, and whose duration is not known yet.
#[derive(Debug, Clone, Copy)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
struct Held {
    size: u32,
    keyframe: bool,
    /// `None` where it has none of its own; never of the first.
    times: Option<Times>,
}

/// Places access units in time.
#[derive(Debug)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub(super) struct Pictures {
    pub(super) run: RunBuilder,
    held: Vec<Held>,
    /// Decode time of the latest access unit with times.
    last_dts: Option<i64>,
    last_duration: Option<u32>,
    /// How many more steps may be jumps, as was declared.
    declared: u8,
    untimed: bool,
    slipped: bool,
}

impl Pictures {
    pub(super) const fn new(track: TrackId) -> Self {
        Self {
            run: RunBuilder::new(track),
            held: Vec::new(),
            last_dts: None,
            last_duration: None,
            declared: 0,
            untimed: false,
            slipped: false,
        }
    }

    /// An access unit with `times` follows the held samples, which then have their durations.
    /// Returns its times: where it has none, and those of a later one cannot be waited for (or
    /// shall not: `wait`), estimated ones.
    pub(super) fn follow(
        &mut self,
        times: Option<Times>,
        wait: bool,
        out: &mut Output,
    ) -> Option<Times> {
        let Some(times) = times else {
            self.tell_untimed(out);
            let room = self.held.len() < MAX_HELD && self.run.payload.len() < MAX_BYTES;
            if wait && room && !self.held.is_empty() {
                return None;
            }
            let offset = self.held.first().and_then(|held| held.times);
            let offset = offset.map_or(0, |times| times.pts - times.dts);
            let duration = i64::from(self.last_duration.unwrap_or(DEFAULT_DURATION));
            let after_last = self.last_dts.map(|last| last + duration);
            let dts = self.resolve(None).or(after_last).unwrap_or_default();
            self.last_dts = Some(dts);
            let pts = dts + offset;
            return Some(Times { pts, dts });
        };
        let times = self.without_slip(times, out);
        let step = self.last_dts.map_or(0, |last| times.dts - last);
        self.last_dts = Some(times.dts);
        let jump = !(0..=MAX_STEP).contains(&step);
        self.resolve((!jump).then_some(times.dts));
        if jump {
            self.run.emit(out);
            if self.declared == 0 {
                let detail = Wording::of("decode time steps by ")
                    .number(step)
                    .words(" ticks of 90 kHz")
                    .done();
                out.defect(DefectCode::TimestampJump, Some(self.run.track), detail);
            }
            self.declared = 0;
        }
        self.declared = self.declared.saturating_sub(1);
        Some(times)
    }

    /// Adds the access unit whose payload was put at the end of the run's. `times` are those that
    /// [`Self::follow`] returned.
    pub(super) fn hold(&mut self, size: u32, keyframe: bool, times: Option<Times>) {
        if let (Some(times), None) = (times, self.run.decode_time) {
            self.run.decode_time = Some(times.dts);
        }
        self.held.push(Held {
            size,
            keyframe,
            times,
        });
    }

    /// Gives out the run, unless samples in it wait for a time.
    pub(super) fn end_run(&mut self, out: &mut Output) {
        if self.held.is_empty() {
            self.run.emit(out);
        }
    }

    /// Gives out the samples that are complete.
    pub(super) fn drain(&mut self, out: &mut Output) {
        self.run.emit(out);
        let first = self.held.first().and_then(|held| held.times);
        self.run.decode_time = first.map(|times| times.dts);
    }

    /// Nothing follows for now: completes all.
    pub(super) fn finish(&mut self, out: &mut Output) {
        self.resolve(None);
        self.run.emit(out);
    }

    /// A jump of the times is to come: at the step under way, or one of the two after it.
    pub(super) fn declare_jump(&mut self) {
        self.declared = 3;
    }

    /// What comes has nothing to do with what came.
    pub(super) fn restart(&mut self) {
        self.last_dts = None;
    }

    /// Gives the held samples their durations, up to the decode time `next`, or estimated where
    /// that is not known. Returns the decode time after them.
    fn resolve(&mut self, next: Option<i64>) -> Option<i64> {
        let first = self.held.first().and_then(|held| held.times)?;
        let count = self.held.len() as i64;
        let estimate = i64::from(self.last_duration.unwrap_or(DEFAULT_DURATION)) * count;
        let span = next.map_or(estimate, |next| next - first.dts);
        let mut from = 0;
        for (index, held) in self.held.drain(..).enumerate() {
            let to = span * (index as i64 + 1) / count;
            let times = held.times.unwrap_or(first);
            // Both fit: MAX_STEP bounds the span and the distance between the two times.
            let duration = (to - from) as u32;
            self.run.samples.push(Sample {
                size: held.size,
                duration,
                composition_offset: (times.pts - times.dts) as i32,
                keyframe: held.keyframe,
            });
            self.last_duration = Some(duration);
            from = to;
        }
        Some(first.dts + span)
    }

    /// The times, not decoded before the access unit that comes before.
    fn without_slip(&mut self, times: Times, out: &mut Output) -> Times {
        let slip = self.last_dts.map_or(0, |last| last - times.dts);
        if self.declared > 0 || !(1..=MAX_SLIP).contains(&slip) {
            return times;
        }
        if !std::mem::replace(&mut self.slipped, true) {
            let detail = Wording::of("a decode time goes back by ")
                .number(slip)
                .words(" ticks of 90 kHz; no picture is lost")
                .done();
            out.defect(DefectCode::TimestampJump, Some(self.run.track), detail);
        }
        let dts = times.dts + slip;
        Times { dts, ..times }
    }

    fn tell_untimed(&mut self, out: &mut Output) {
        if !std::mem::replace(&mut self.untimed, true) {
            let detail = "pictures without a time of their own share their neighbours'".to_owned();
            out.defect(DefectCode::MissingTimestamp, Some(self.run.track), detail);
        }
    }
}
