//! What a segment will be, from the facts of its samples alone: which go into one PES packet, in
//! what order the PES packets come, and how many transport packets each PID takes.
//!
//! Writing ([`Segment`](super::Segment)) and predicting use the same functions of this file.

use std::ops::Range;

use livetape_media::codec::aac::{AdtsHeader, FRAME_SAMPLES};

/// Payload of a packet without adaptation field.
const PAYLOAD: u64 = 184;
/// Bytes of an adaptation field with a PCR and nothing else.
pub(super) const PCR_FIELD: u64 = 8;
/// Bytes of a PES header with a PTS.
const HEADER_PTS: u64 = 14;
/// Bytes of a PES header with a PTS and a DTS.
const HEADER_PTS_DTS: u64 = 19;
/// Bytes of an access unit delimiter with its start code.
pub(super) const DELIMITER: [u8; 6] = [0, 0, 0, 1, 0x09, 0xf0];
/// AAC frames that begin within this many ticks of the first share a PES packet: 80 ms, so that
/// PES packets come more often than the 100 ms that PCRs must.
const AUDIO_SPAN: i64 = 7200;
/// Audio comes this far before video that is decoded at the same time: 100 ms.
pub(super) const AUDIO_LEAD: i64 = 9000;

/// What is known of a sample without its bytes. Times are in 90 kHz.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SampleFacts {
    /// Decode time.
    pub dts: i64,
    /// Presentation time; not before `dts`.
    pub pts: i64,
    /// Decoding can start here.
    pub keyframe: bool,
    /// Bytes of the sample.
    pub size: u32,
}

/// The video of an [`Outline`].
#[derive(Debug, Clone, Copy)]
pub struct VideoOutline<'a> {
    /// Bytes of all parameter sets, each with 4 bytes of start code.
    pub parameter_sets: usize,
    /// In decode order.
    pub samples: &'a [SampleFacts],
}

/// The audio of an [`Outline`].
#[derive(Debug, Clone, Copy)]
pub struct AudioOutline<'a> {
    /// Samples per second of the core coder.
    pub sample_rate: u32,
    /// In decode order.
    pub samples: &'a [SampleFacts],
}

/// A segment without its bytes.
#[derive(Debug, Clone, Copy, Default)]
pub struct Outline<'a> {
    /// H.264.
    pub video: Option<VideoOutline<'a>>,
    /// AAC.
    pub audio: Option<AudioOutline<'a>>,
}

/// Transport packets with payload, which are those that a continuity counter counts.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Packets {
    /// Of the PAT.
    pub pat: u64,
    /// Of the PMT.
    pub pmt: u64,
    /// Of video.
    pub video: u64,
    /// Of audio.
    pub audio: u64,
}

/// The continuity counter of the next packet of each PID: what a segment must go on with so that
/// it follows the one before it. Values above 15 are taken modulo 16.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Continuity {
    /// Of the PAT.
    pub pat: u8,
    /// Of the PMT.
    pub pmt: u8,
    /// Of video.
    pub video: u8,
    /// Of audio.
    pub audio: u8,
}

impl Continuity {
    /// The counters after `packets` more.
    pub const fn after(self, packets: Packets) -> Self {
        Self {
            pat: advance(self.pat, packets.pat),
            pmt: advance(self.pmt, packets.pmt),
            video: advance(self.video, packets.video),
            audio: advance(self.audio, packets.audio),
        }
    }
}

const fn advance(counter: u8, packets: u64) -> u8 {
    ((counter as u64 + packets % 16) % 16) as u8
}

impl Outline<'_> {
    /// How many packets the segment takes. Exactly what [`Segment::write`](super::Segment::write)
    /// will write.
    pub fn packets(&self) -> Packets {
        let video = self.video.map_or(0, |video| {
            let pes = video.samples.iter().map(|facts| {
                let sets = if facts.keyframe {
                    video.parameter_sets
                } else {
                    0
                };
                let unit = DELIMITER.len() + sets;
                let len = header_len(facts) + unit as u64 + u64::from(facts.size);
                packets_of(len, true)
            });
            pes.sum()
        });
        let carries_pcr = self.video.is_none();
        let audio = self.audio.map_or(0, |audio| {
            let pes = audio_groups(audio.samples, audio.sample_rate).map(|range| {
                let frames = audio.samples.get(range).unwrap_or_default().iter();
                let frames = frames.map(|facts| u64::from(facts.size) + AdtsHeader::MIN_LEN as u64);
                packets_of(HEADER_PTS + frames.sum::<u64>(), carries_pcr)
            });
            pes.sum()
        });
        Packets {
            pat: 1,
            pmt: 1,
            video,
            audio,
        }
    }
}

/// Bytes of the PES header of a video sample.
const fn header_len(facts: &SampleFacts) -> u64 {
    if facts.pts == facts.dts {
        HEADER_PTS
    } else {
        HEADER_PTS_DTS
    }
}

/// Packets of a PES packet of `len` bytes, the first with a PCR or without.
const fn packets_of(len: u64, pcr: bool) -> u64 {
    let len = if pcr { len + PCR_FIELD } else { len };
    len.div_ceil(PAYLOAD)
}

/// The AAC frames of each PES packet: those that follow each other exactly, as a PES packet tells
/// the time of the first only.
pub(super) fn audio_groups(
    samples: &[SampleFacts],
    sample_rate: u32,
) -> impl Iterator<Item = Range<usize>> {
    let rate = i64::from(sample_rate.max(1));
    let mut from = 0;
    std::iter::from_fn(move || {
        let first = samples.get(from)?;
        let rest = samples.get(from..)?;
        let follows = |(count, facts): &(usize, &SampleFacts)| {
            let ahead = *count as i64 * i64::from(FRAME_SAMPLES) * 90_000 / rate;
            let offset = facts.pts.saturating_sub(first.pts);
            ahead < AUDIO_SPAN && offset.saturating_sub(ahead).abs() <= 2
        };
        let count = rest.iter().enumerate().skip(1).take_while(follows).count() + 1;
        let range = from..from + count;
        from = range.end;
        Some(range)
    })
}
