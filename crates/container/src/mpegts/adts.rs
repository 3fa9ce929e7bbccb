//! AAC in ADTS (ISO/IEC 14496-3 §1.A.2) in PES packets to samples.
//!
//! - A sample is the raw data block of a frame, without its ADTS header: 1024 audio samples, in
//!   a timescale of the sampling frequency. Frames may span PES packets.
//! - The first frame that begins in a PES packet has that packet's time.
//! - A first header, and one that differs from the header before it, is believed if the next
//!   one agrees or nothing follows.

use std::sync::Arc;

use livetape_media::codec::aac::{AdtsHeader, AudioSpecificConfig};
use livetape_media::{Timescale, TrackId, Wording};
use memchr::memchr;

use super::frames::Frames;
use super::marks::Marks;
use super::run::Output;
use crate::isobmff::sample_entry;
use crate::{DefectCode, Event};

/// What must stay the same from header to header.
type Fixed = (u8, u8, u8);

/// Makes samples of one AAC stream.
#[derive(Debug)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub(super) struct Adts {
    /// Elementary stream not consumed yet.
    bytes: Vec<u8>,
    /// Consumed before this.
    at: usize,
    /// What came last, whether it is consumed or not.
    latest: Vec<u8>,
    /// Where PES packets with times begin in `bytes`, and their PTS.
    marks: Marks<i64>,
    /// The configuration in force; `None` before the first.
    fixed: Option<Fixed>,
    /// The last frame ended where the next one begins.
    synced: bool,
    /// Bytes passed over since the last frame.
    skipped: usize,
    refused: bool,
    frames: Frames,
}

impl Adts {
    pub(super) fn new(track: TrackId) -> Self {
        Self {
            bytes: Vec::new(),
            at: 0,
            latest: Vec::new(),
            marks: Marks::new(),
            fixed: None,
            synced: false,
            skipped: 0,
            refused: false,
            frames: Frames::new(track),
        }
    }

    /// A PES packet begins here.
    pub(super) fn mark(&mut self, pts: Option<i64>) {
        if let Some(pts) = pts {
            self.marks.add(self.bytes.len(), pts);
        }
    }

    /// The bytes that follow.
    pub(super) fn extend(&mut self, bytes: &[u8], out: &mut Output) {
        self.bytes.extend_from_slice(bytes);
        self.latest.clear();
        self.latest.extend_from_slice(bytes);
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
        self.marks.pass(keep);
    }

    /// Completes all that is pending: the stream ends here, or restarts.
    pub(super) fn finish(&mut self, out: &mut Output) {
        self.scan(true, out);
        self.forget_rest(DefectCode::Truncated, out);
        self.tell_skipped(out);
        self.frames.end_run(out);
    }

    /// Packets are missing.
    pub(super) fn lose(&mut self, out: &mut Output) {
        self.scan(true, out);
        self.bytes.clear();
        self.marks.clear();
        self.synced = false;
        self.frames.lose(out);
    }

    /// True where `bytes` were the last to arrive.
    pub(super) fn ends_with(&self, bytes: &[u8]) -> bool {
        self.latest == bytes
    }

    /// True once there was a configuration: samples were given out, or will be.
    pub(super) const fn has_begun(&self) -> bool {
        self.fixed.is_some()
    }

    /// What comes need not begin where the bytes before it end, but times go on.
    pub(super) fn cut(&mut self, out: &mut Output) {
        self.scan(true, out);
        self.forget_rest(DefectCode::Truncated, out);
        self.synced = false;
    }

    /// A jump of the times is to come.
    pub(super) fn declare_jump(&mut self) {
        self.frames.declare_jump();
    }

    /// What comes has nothing to do with what came.
    pub(super) fn restart(&mut self) {
        self.frames.restart();
        self.synced = false;
    }

    /// Gives out the samples that are complete and have a time.
    pub(super) fn drain(&mut self, out: &mut Output) {
        self.frames.drain(out);
    }

    fn forget_rest(&mut self, code: DefectCode, out: &mut Output) {
        let rest = self.bytes.len();
        self.bytes.clear();
        self.marks.clear();
        if rest > 0 {
            let detail = Wording::default()
                .decimal(rest as u64, 1)
                .words(" bytes of an unfinished AAC frame were dropped")
                .done();
            out.defect(code, Some(self.frames.track()), detail);
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
            self.frames.lose(out);
        }
        let rest = self.bytes.get(self.at + 1..).unwrap_or_default();
        let step = 1 + memchr(0xff, rest).unwrap_or(rest.len());
        self.at += step;
        self.skipped += step;
    }

    fn tell_skipped(&mut self, out: &mut Output) {
        let skipped = std::mem::take(&mut self.skipped);
        if skipped > 0 {
            let detail = Wording::default()
                .decimal(skipped as u64, 1)
                .words(" bytes between AAC frames were passed over")
                .done();
            out.defect(DefectCode::Malformed, Some(self.frames.track()), detail);
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
        let pts = self.marks.take(self.at);
        let range = self.at + payload.start..self.at + payload.end;
        let data = self.bytes.get(range).unwrap_or_default();
        self.frames.push(data, pts, out);
    }

    /// One raw data block is one sample; and a program config element would have to be found
    /// within the frame.
    fn refuse(&mut self, header: &AdtsHeader, out: &mut Output) {
        self.frames.lose(out);
        if !std::mem::replace(&mut self.refused, true) {
            let detail = Wording::of("AAC with ")
                .decimal(header.raw_data_blocks.into(), 1)
                .words(" raw data blocks in a frame, channel configuration ")
                .decimal(header.channel_configuration.into(), 1)
                .done();
            out.defect(DefectCode::Unsupported, Some(self.frames.track()), detail);
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
        self.frames.set_rate(rate, out);
        self.fixed = Some(fixed(header));
        out.events.push_back(Event::Config {
            track: self.frames.track(),
            config: Arc::new(sample_entry::mp4a(&config, &bytes)),
        });
        true
    }
}

const fn fixed(header: &AdtsHeader) -> Fixed {
    (
        header.object_type,
        header.sampling_frequency_index,
        header.channel_configuration,
    )
}
