//! Times of AAC frames.
//!
//! - The first frame that begins in a PES packet has that packet's time; those after it follow
//!   exactly, 1024 audio samples each, in a timescale of the sampling frequency.
//! - Where a PES packet's time is within [`TOLERANCE`] of the running count the count stands, so
//!   that muxers' rounding makes no jitter. One more than two frames off stands, and a new run
//!   begins. One between (some muxers repeat a time and skip the next) stands once [`DOUBTS`] PES
//!   packets in a row agree on it, from the first of them on.
//! - After a loss, frames whose time is not known are counted back from the next time, which is
//!   taken for a whole number of frames after the last that was known where it is within
//!   [`TOLERANCE`] of one. Where more is lost before that time comes, they are dropped.

use livetape_media::codec::aac::FRAME_SAMPLES;
use livetape_media::{Sample, Timescale, Timestamp, TrackId, Wording};

use super::clock::MAX_STEP;
use super::run::{Output, RunBuilder};
use crate::DefectCode;

/// How far a time may be from the running count, in 90 kHz ticks: 1 ms, to which RTMP rounds,
/// and 2 ticks more for what muxers make of that.
const TOLERANCE: i64 = 92;

/// PES packets that must agree on an offset of up to two frames.
const DOUBTS: u8 = 6;
/// Samples that wait for doubts to be settled.
const MAX_DOUBTED: usize = 256;

/// A time that is not what the running count says, but may be wrong.
#[derive(Debug, Clone, Copy)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
struct Doubt {
    /// What is before it in the run: samples and bytes.
    before: (usize, usize),
    /// Ticks of 90 kHz ahead of the running count.
    step: i64,
    /// Time of the first sample concerned.
    time: i64,
    /// PES packets that agree.
    marks: u8,
}

/// Places AAC frames in time.
#[derive(Debug)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub(super) struct Frames {
    run: RunBuilder,
    rate: Timescale,
    /// Time of the next frame, in `rate`, where known.
    next: Option<i64>,
    /// Time after the last frame whose time was known.
    last: Option<i64>,
    doubt: Option<Doubt>,
    /// The next jump was declared.
    declared: bool,
    wavered: bool,
}

impl Frames {
    pub(super) const fn new(track: TrackId) -> Self {
        Self {
            run: RunBuilder::new(track),
            rate: Timescale::MPEG,
            next: None,
            last: None,
            doubt: None,
            declared: false,
            wavered: false,
        }
    }

    pub(super) const fn track(&self) -> TrackId {
        self.run.track
    }

    /// Frames that follow are of another configuration; the running count goes on in its rate.
    pub(super) fn set_rate(&mut self, rate: Timescale, out: &mut Output) {
        self.end_run(out);
        let rescale = |time: i64| Timestamp::new(time, self.rate).rescale(rate).ticks;
        self.next = self.next.map(rescale);
        self.last = self.last.map(rescale);
        self.rate = rate;
    }

    /// Adds a frame. `pts` (90 kHz) is the time of the PES packet in which it is the first to
    /// begin.
    pub(super) fn push(&mut self, data: &[u8], pts: Option<i64>, out: &mut Output) {
        if let Some(pts) = pts {
            self.place(pts, out);
        }
        if self.run.samples.is_empty() {
            self.run.decode_time = self.next;
        }
        self.run.payload.extend_from_slice(data);
        self.run.samples.push(Sample {
            size: data.len() as u32, // 13 bits
            duration: FRAME_SAMPLES,
            composition_offset: 0,
            keyframe: true,
        });
        self.next = self.next.map(|next| next + i64::from(FRAME_SAMPLES));
        self.last = self.next.or(self.last);
        if self.run.samples.len() >= MAX_DOUBTED {
            self.believe(out);
        }
        if self.run.is_full() && self.doubt.is_none() {
            self.end_run(out);
        }
    }

    /// How many frames are missing before the next is not known: its time is the next PES
    /// packet's, counted back.
    pub(super) fn lose(&mut self, out: &mut Output) {
        self.doubt = None;
        if self.run.decode_time.is_none() {
            self.drop_untimed(out);
        }
        self.run.emit(out);
        self.next = None;
    }

    /// A jump of the times is to come.
    pub(super) fn declare_jump(&mut self) {
        self.declared = true;
    }

    /// What comes has nothing to do with what came.
    pub(super) fn restart(&mut self) {
        self.next = None;
        self.last = None;
    }

    /// Gives out the samples that are complete and have a time.
    pub(super) fn drain(&mut self, out: &mut Output) {
        if self.run.decode_time.is_some() && self.doubt.is_none() {
            self.run.emit(out);
        }
    }

    /// Gives out the run as it is: what comes does not belong to it.
    pub(super) fn end_run(&mut self, out: &mut Output) {
        self.doubt = None;
        self.settle(out);
        self.run.emit(out);
    }

    /// Decides on the time of the next frame.
    fn place(&mut self, pts: i64, out: &mut Output) {
        let counted = self.next.or(self.last).map(|next| {
            let next = Timestamp::new(next, self.rate);
            pts.saturating_sub(next.rescale(Timescale::MPEG).ticks)
        });
        let time = Timestamp::new(pts, Timescale::MPEG)
            .rescale(self.rate)
            .ticks;
        match counted {
            Some(step) if self.next.is_some() => self.weigh(step, time, out),
            _ => {
                self.judge(counted, out);
                let time = self.whole_frames_after_last(time);
                self.anchor(time);
                self.next = Some(time);
            }
        }
    }

    /// The time nearest to `time` that is a whole number of frames after the last known, where
    /// that is near enough: the rounding of a PES packet's time must not show.
    fn whole_frames_after_last(&self, time: i64) -> i64 {
        let frame = i64::from(FRAME_SAMPLES);
        let Some(last) = self.last else { return time };
        let off = (time.saturating_sub(last) + frame / 2).rem_euclid(frame) - frame / 2;
        let tolerance = Timestamp::new(TOLERANCE, Timescale::MPEG);
        let is_near = off.abs() <= tolerance.rescale(self.rate).ticks;
        if is_near { time - off } else { time }
    }

    /// Decides between the running count and a PES packet's `time`, which is `step` ticks of
    /// 90 kHz ahead of it.
    fn weigh(&mut self, step: i64, time: i64, out: &mut Output) {
        let frame = i64::from(FRAME_SAMPLES) * 90_000 / i64::from(self.rate.get());
        if step.abs() <= TOLERANCE {
            if self.doubt.take().is_some() && !std::mem::replace(&mut self.wavered, true) {
                let detail = "times of AAC frames waver by a frame or two; they were evened out";
                let track = Some(self.run.track);
                out.defect(DefectCode::TimestampJump, track, detail.to_owned());
            }
        } else if step.abs() > 2 * frame + TOLERANCE {
            self.judge(Some(step), out);
            self.end_run(out);
            self.next = Some(time);
        } else {
            let before = (self.run.samples.len(), self.run.payload.len());
            let doubt = self.doubt.get_or_insert(Doubt {
                before,
                step,
                time,
                marks: 0,
            });
            if (doubt.step - step).abs() > TOLERANCE {
                *doubt = Doubt {
                    before,
                    step,
                    time,
                    marks: 0,
                };
            }
            doubt.marks += 1;
            if doubt.marks >= DOUBTS {
                self.judge(Some(step), out);
                self.believe(out);
            }
        }
    }

    /// Reports a step of the times that is a jump, unless it was declared.
    fn judge(&mut self, step: Option<i64>, out: &mut Output) {
        let jump = step.filter(|step| !(-TOLERANCE..=MAX_STEP).contains(step));
        if let Some(step) = jump
            && !std::mem::take(&mut self.declared)
        {
            let detail = Wording::of("time is ")
                .number(step)
                .words(" ticks of 90 kHz off the running count")
                .done();
            out.defect(DefectCode::TimestampJump, Some(self.run.track), detail);
        }
    }

    /// Takes the doubted time for right: a new run begins at it.
    fn believe(&mut self, out: &mut Output) {
        let Some(doubt) = self.doubt.take() else {
            return;
        };
        let (samples, bytes) = doubt.before;
        let samples = self
            .run
            .samples
            .split_off(samples.min(self.run.samples.len()));
        let payload = self
            .run
            .payload
            .split_off(bytes.min(self.run.payload.len()));
        self.run.emit(out);
        let span = samples.len() as i64 * i64::from(FRAME_SAMPLES);
        self.run.decode_time = Some(doubt.time);
        self.run.samples = samples;
        self.run.payload = payload;
        self.next = Some(doubt.time + span);
        self.last = self.next;
    }

    /// The frames gathered without a time end at `time`.
    fn anchor(&mut self, time: i64) {
        if self.run.decode_time.is_none() && !self.run.samples.is_empty() {
            let count = self.run.samples.len() as i64;
            self.run.decode_time = Some(time - count * i64::from(FRAME_SAMPLES));
        }
    }

    /// Frames gathered without a time will have none: they follow what came before, or are
    /// dropped.
    fn settle(&mut self, out: &mut Output) {
        if self.run.samples.is_empty() || self.run.decode_time.is_some() {
            return;
        }
        let Some(last) = self.last else {
            return self.drop_untimed(out);
        };
        let count = self.run.samples.len();
        self.run.decode_time = Some(last);
        let end = last + count as i64 * i64::from(FRAME_SAMPLES);
        self.last = Some(end);
        self.next = Some(end);
        let detail = untimed(count, "follow what came before");
        out.defect(DefectCode::MissingTimestamp, Some(self.run.track), detail);
    }

    /// Drops the frames gathered without a time.
    fn drop_untimed(&mut self, out: &mut Output) {
        let count = self.run.samples.len();
        if count == 0 {
            return;
        }
        self.run.samples.clear();
        self.run.payload.clear();
        let detail = untimed(count, "were dropped");
        out.defect(DefectCode::MissingTimestamp, Some(self.run.track), detail);
    }
}

fn untimed(count: usize, what: &str) -> String {
    let text = Wording::default().decimal(count as u64, 1);
    text.words(" AAC frames without a time ").words(what).done()
}
