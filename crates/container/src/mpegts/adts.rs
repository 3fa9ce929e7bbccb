//! AAC in ADTS (ISO/IEC 14496-3 §1.A.2) in PES packets to samples.
//!
//! - A sample is the raw data block of a frame, without its ADTS header: 1024 audio samples, in
//!   a timescale of the sampling frequency. Frames may span PES packets.
//! - The first frame that begins in a PES packet has that packet's time; those after it follow
//!   exactly. Where a PES packet's time is within [`TOLERANCE`] of the running count the count
//!   stands, so that muxers' rounding makes no jitter. One more than two frames off stands, and
//!   a new run begins. One between (some muxers repeat a time and skip the next) stands once
//!   [`DOUBTS`] PES packets in a row agree on it, from the first of them on.
//! - After a loss, frames whose time is not known are counted back from the next time.
//! - A first header, and one that differs from the header before it, is believed if the next
//!   one agrees or nothing follows.

use std::collections::VecDeque;
use std::sync::Arc;

use livetape_media::codec::aac::{AdtsHeader, AudioSpecificConfig, FRAME_SAMPLES};
use livetape_media::{Sample, Timescale, Timestamp, TrackId};
use memchr::memchr;

use super::clock::MAX_STEP;
use super::run::{Output, RunBuilder};
use crate::isobmff::sample_entry;
use crate::{DefectCode, Event};

/// How far a time may be from the running count, in 90 kHz ticks: 1 ms, to which RTMP rounds,
/// and 2 ticks more for what muxers make of that.
const TOLERANCE: i64 = 92;

/// PES packets that must agree on an offset of up to two frames.
const DOUBTS: u8 = 6;
/// Samples that wait for doubts to be settled.
const MAX_DOUBTED: usize = 256;

/// A time that is not what the running count says, but may be wrong.
#[derive(Debug, Clone, Copy)]
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

/// What must stay the same from header to header.
type Fixed = (u8, u8, u8);

/// Makes samples of one AAC stream.
#[derive(Debug)]
pub(super) struct Adts {
    /// Elementary stream not consumed yet.
    bytes: Vec<u8>,
    /// Consumed before this.
    at: usize,
    /// Where PES packets with times begin in `bytes`, and their PTS.
    marks: VecDeque<(usize, i64)>,
    /// The configuration in force; `None` before the first.
    fixed: Option<Fixed>,
    /// The last frame ended where the next one begins.
    synced: bool,
    /// Bytes passed over since the last frame.
    skipped: usize,
    rate: Timescale,
    /// Time of the next frame, in `rate`, where known.
    next: Option<i64>,
    /// Time after the last frame whose time was known.
    last: Option<i64>,
    doubt: Option<Doubt>,
    declared: bool,
    refused: bool,
    jittered: bool,
    run: RunBuilder,
}

impl Adts {
    pub(super) fn new(track: TrackId) -> Self {
        Self {
            bytes: Vec::new(),
            at: 0,
            marks: VecDeque::new(),
            fixed: None,
            synced: false,
            skipped: 0,
            rate: Timescale::MPEG,
            next: None,
            last: None,
            doubt: None,
            declared: false,
            refused: false,
            jittered: false,
            run: RunBuilder::new(track),
        }
    }

    /// A PES packet begins here.
    pub(super) fn mark(&mut self, pts: Option<i64>) {
        let Some(pts) = pts else { return };
        let at = self.bytes.len();
        match self.marks.back_mut() {
            Some(mark) if mark.0 == at => mark.1 = pts,
            _ => self.marks.push_back((at, pts)),
        }
    }

    /// The bytes that follow.
    pub(super) fn extend(&mut self, bytes: &[u8], out: &mut Output) {
        self.bytes.extend_from_slice(bytes);
        // A frame is at most 8 KiB; several are parsed at once.
        if self.bytes.len() > 1 << 16 {
            self.scan(false, out);
        }
    }

    /// Finds the frames that are complete; `last` where nothing follows.
    pub(super) fn scan(&mut self, last: bool, out: &mut Output) {
        while self.step(last, out) {}
        let keep = self.at;
        self.at = 0;
        self.bytes.drain(..keep);
        while self.marks.get(1).is_some_and(|(at, _)| *at <= keep) {
            self.marks.pop_front();
        }
        for (at, _) in &mut self.marks {
            *at = at.saturating_sub(keep);
        }
    }

    /// Completes all that is pending: the stream ends here, or restarts.
    pub(super) fn finish(&mut self, out: &mut Output) {
        self.scan(true, out);
        self.forget_rest(DefectCode::Truncated, out);
        self.tell_skipped(out);
        self.end_run(out);
    }

    /// Packets are missing.
    pub(super) fn lose(&mut self, out: &mut Output) {
        self.scan(true, out);
        self.bytes.clear();
        self.marks.clear();
        self.synced = false;
        self.end_run(out);
        self.next = None;
    }

    /// True where `bytes` were the last to arrive.
    pub(super) fn ends_with(&self, bytes: &[u8]) -> bool {
        self.bytes.ends_with(bytes)
    }

    /// What comes need not begin where the bytes before it end, but times go on.
    pub(super) fn cut(&mut self, out: &mut Output) {
        self.scan(true, out);
        self.forget_rest(DefectCode::Truncated, out);
        self.synced = false;
    }

    /// A jump of the times is to come.
    pub(super) fn declare_jump(&mut self) {
        self.declared = true;
    }

    /// What comes has nothing to do with what came.
    pub(super) fn restart(&mut self) {
        self.next = None;
        self.last = None;
        self.synced = false;
    }

    /// Gives out the samples that are complete and have a time.
    pub(super) fn drain(&mut self, out: &mut Output) {
        if self.run.decode_time.is_some() && self.doubt.is_none() {
            self.run.emit(out);
        }
    }

    /// Gives out the run as it is: what comes does not belong to it.
    fn end_run(&mut self, out: &mut Output) {
        self.doubt = None;
        self.settle(out);
        self.run.emit(out);
    }

    fn forget_rest(&mut self, code: DefectCode, out: &mut Output) {
        let rest = self.bytes.len();
        self.bytes.clear();
        self.marks.clear();
        if rest > 0 {
            let detail = format!("{rest} bytes of an unfinished AAC frame were dropped");
            out.defect(code, Some(self.run.track), detail);
        }
    }

    /// Consumes one frame or some rubbish; false where more bytes are needed.
    fn step(&mut self, last: bool, out: &mut Output) -> bool {
        let rest = self.bytes.get(self.at..).unwrap_or_default();
        if rest.len() < AdtsHeader::MIN_LEN {
            return false;
        }
        let Some(header) = AdtsHeader::parse(rest) else {
            self.skip(out);
            return true;
        };
        let fixed = fixed(&header);
        let Some((frame, after)) = rest.split_at_checked(header.frame_len) else {
            if !last || self.synced {
                return false;
            }
            self.skip(out);
            return true;
        };
        if !self.synced || self.fixed != Some(fixed) {
            let agrees = AdtsHeader::parse(after).map(|next| self::fixed(&next) == fixed);
            match agrees {
                Some(true) => {}
                None if after.is_empty() && last => {}
                None if after.len() < AdtsHeader::MIN_LEN && !last => return false,
                _ => {
                    self.skip(out);
                    return true;
                }
            }
        }
        let payload = header.header_len..frame.len();
        self.tell_skipped(out);
        self.synced = true;
        self.take(&header, payload, out);
        self.at += header.frame_len;
        true
    }

    /// Passes over a byte, and all up to the next that may begin a header.
    fn skip(&mut self, out: &mut Output) {
        if self.synced {
            self.synced = false;
            self.end_run(out);
            self.next = None;
        }
        let rest = self.bytes.get(self.at + 1..).unwrap_or_default();
        let step = 1 + memchr(0xff, rest).unwrap_or(rest.len());
        self.at += step;
        self.skipped += step;
    }

    fn tell_skipped(&mut self, out: &mut Output) {
        let skipped = std::mem::take(&mut self.skipped);
        if skipped > 0 {
            let detail = format!("{skipped} bytes between AAC frames were passed over");
            out.defect(DefectCode::Malformed, Some(self.run.track), detail);
        }
    }

    /// Takes the frame at `self.at`, whose raw data is at `payload` within it.
    fn take(&mut self, header: &AdtsHeader, payload: std::ops::Range<usize>, out: &mut Output) {
        if header.raw_data_blocks != 1 || header.channel_configuration == 0 {
            self.refuse(header, out);
            return;
        }
        if self.fixed != Some(fixed(header)) && !self.configure(header, out) {
            return;
        }
        self.place(out);
        let range = self.at + payload.start..self.at + payload.end;
        let data = self.bytes.get(range).unwrap_or_default();
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

    /// One raw data block is one sample; and a program config element would have to be found
    /// within the frame.
    fn refuse(&mut self, header: &AdtsHeader, out: &mut Output) {
        self.next = None;
        if !std::mem::replace(&mut self.refused, true) {
            let detail = format!(
                "AAC with {} raw data blocks in a frame, channel configuration {}",
                header.raw_data_blocks, header.channel_configuration
            );
            out.defect(DefectCode::Unsupported, Some(self.run.track), detail);
        }
    }

    /// Puts the header's configuration in force; false where it makes none.
    fn configure(&mut self, header: &AdtsHeader, out: &mut Output) -> bool {
        let bytes = header.audio_specific_config();
        let (Some(config), Some(rate)) = (
            AudioSpecificConfig::parse(&bytes),
            Timescale::new(header.sample_rate()),
        ) else {
            return false;
        };
        self.end_run(out);
        // The running count goes on in the new rate.
        let rescale = |time: i64| Timestamp::new(time, self.rate).rescale(rate).ticks;
        self.next = self.next.map(rescale);
        self.last = self.last.map(rescale);
        self.rate = rate;
        self.fixed = Some(fixed(header));
        out.events.push_back(Event::Config {
            track: self.run.track,
            config: Arc::new(sample_entry::mp4a(&config, &bytes)),
        });
        true
    }

    /// Decides on the time of the frame at `self.at`.
    fn place(&mut self, out: &mut Output) {
        let mut mark = None;
        while let Some((at, pts)) = self.marks.front() {
            if *at > self.at {
                break;
            }
            mark = Some(*pts);
            self.marks.pop_front();
        }
        if let Some(pts) = mark {
            let counted = self.next.or(self.last).map(|next| {
                let next = Timestamp::new(next, self.rate);
                pts.saturating_sub(next.rescale(Timescale::MPEG).ticks)
            });
            let time = Timestamp::new(pts, Timescale::MPEG).rescale(self.rate);
            match counted {
                Some(step) if self.next.is_some() => self.weigh(step, time.ticks, out),
                _ => {
                    self.judge(counted, out);
                    self.anchor(time.ticks);
                    self.next = Some(time.ticks);
                }
            }
        }
        if self.run.samples.is_empty() {
            self.run.decode_time = self.next;
        }
    }

    /// Decides between the running count and a PES packet's `time`, which is `step` ticks of
    /// 90 kHz ahead of it.
    fn weigh(&mut self, step: i64, time: i64, out: &mut Output) {
        let frame = i64::from(FRAME_SAMPLES) * 90_000 / i64::from(self.rate.get());
        if step.abs() <= TOLERANCE {
            if self.doubt.take().is_some() && !std::mem::replace(&mut self.jittered, true) {
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
            let detail = format!("time is {step} ticks of 90 kHz off the running count");
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
        let count = self.run.samples.len();
        let what = if let Some(last) = self.last {
            self.run.decode_time = Some(last);
            let end = last + count as i64 * i64::from(FRAME_SAMPLES);
            self.last = Some(end);
            self.next = Some(end);
            "follow what came before"
        } else {
            self.run.samples.clear();
            self.run.payload.clear();
            "were dropped"
        };
        let detail = format!("{count} AAC frames without a time {what}");
        out.defect(DefectCode::MissingTimestamp, Some(self.run.track), detail);
    }
}

const fn fixed(header: &AdtsHeader) -> Fixed {
    (
        header.object_type,
        header.sampling_frequency_index,
        header.channel_configuration,
    )
}
