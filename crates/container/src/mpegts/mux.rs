//! Samples to a segment of a transport stream.
//!
//! Each segment stands for itself: PAT and PMT, then PES packets by decode time, audio slightly
//! ahead. One PES packet for each access unit, which begins with a delimiter and, at keyframes,
//! the parameter sets; a PCR and at keyframes `random_access_indicator` in its first packet. A
//! few AAC frames to a PES packet, each with an ADTS header.

use livetape_media::codec::aac::{AdtsHeader, AudioSpecificConfig};
use livetape_media::codec::annexb::length_prefixed;
use livetape_media::codec::h264;

use super::clock::Times;
use super::outline::{
    AUDIO_LEAD, AudioOutline, Continuity, DELIMITER, Outline, Packets, SampleFacts, VideoOutline,
    audio_groups,
};
use super::packet::PACKET;
use super::packetizer::{Lane, PCR_DELAY, Packetizer, Start, write_pes_header};
use crate::Error;

const PAT_PID: u16 = 0;
const PMT_PID: u16 = 0x1000;
const VIDEO_PID: u16 = 0x100;
const AUDIO_PID: u16 = 0x101;
const VIDEO_ID: u8 = 0xe0;
const AUDIO_ID: u8 = 0xc0;
/// PCRs come at least this often: 90 ms; §2.7.2 asks for 100.
const PCR_INTERVAL: i64 = 8100;
/// A longer hole is not filled with PCRs: 10 s.
const MAX_FILL: i64 = 900_000;
const START_CODE: [u8; 4] = [0, 0, 0, 1];

/// A sample with its bytes. Times are in 90 kHz; their lower 33 bits are written.
#[derive(Debug, Clone, Copy)]
pub struct MuxSample<'a> {
    /// Decode time.
    pub dts: i64,
    /// Presentation time; not before `dts`.
    pub pts: i64,
    /// Decoding can start here.
    pub keyframe: bool,
    /// Video: NAL units after their lengths in 4 bytes. Audio: a raw AAC frame.
    pub data: &'a [u8],
}

/// H.264 of a segment.
#[derive(Debug, Clone, Copy)]
pub struct VideoTrack<'a> {
    /// Sequence parameter sets, NAL units without start codes.
    pub sps: &'a [&'a [u8]],
    /// Picture parameter sets.
    pub pps: &'a [&'a [u8]],
    /// In decode order.
    pub samples: &'a [MuxSample<'a>],
}

/// AAC of a segment.
#[derive(Debug, Clone, Copy)]
pub struct AudioTrack<'a> {
    /// What goes into the ADTS headers.
    pub config: AudioSpecificConfig,
    /// In decode order.
    pub samples: &'a [MuxSample<'a>],
}

/// One segment of a transport stream.
#[derive(Debug, Clone, Copy, Default)]
pub struct Segment<'a> {
    /// H.264, on PID 0x100.
    pub video: Option<VideoTrack<'a>>,
    /// AAC, on PID 0x101.
    pub audio: Option<AudioTrack<'a>>,
}

impl MuxSample<'_> {
    /// What prediction needs of it.
    pub fn facts(&self) -> SampleFacts {
        SampleFacts {
            dts: self.dts,
            pts: self.pts,
            keyframe: self.keyframe,
            size: u32::try_from(self.data.len()).unwrap_or(u32::MAX),
        }
    }
}

impl VideoTrack<'_> {
    /// Bytes of all parameter sets, each with 4 bytes of start code.
    pub fn parameter_sets_len(&self) -> usize {
        let sets = self.sps.iter().chain(self.pps);
        sets.map(|set| START_CODE.len() + set.len()).sum()
    }
}

impl Segment<'_> {
    /// How many packets it takes.
    pub fn packets(&self) -> Packets {
        let facts = |samples: &[MuxSample<'_>]| samples.iter().map(MuxSample::facts).collect();
        let video: Option<Vec<_>> = self.video.map(|track| facts(track.samples));
        let audio: Option<Vec<_>> = self.audio.map(|track| facts(track.samples));
        let outline = Outline {
            video: self
                .video
                .zip(video.as_deref())
                .map(|(track, samples)| VideoOutline {
                    parameter_sets: track.parameter_sets_len(),
                    samples,
                }),
            audio: self
                .audio
                .zip(audio.as_deref())
                .map(|(track, samples)| AudioOutline {
                    sample_rate: track.config.sample_rate,
                    samples,
                }),
        };
        outline.packets()
    }

    /// The segment's bytes, whole packets of 188, counters beginning with `continuity`. Those of
    /// the segment after it begin with `continuity.after(packets)`.
    ///
    /// A delimiter within a sample is left out, with as many zero bytes after the access unit, so
    /// that sizes are as predicted.
    ///
    /// # Errors
    ///
    /// Where a sample's NAL lengths do not add up, an AAC frame does not fit ADTS, or a sample is
    /// presented before it is decoded.
    pub fn write(&self, continuity: Continuity) -> Result<Vec<u8>, Error> {
        let mut writer = Writer::new(self, continuity);
        writer.tables();
        let samples = self.audio.map_or(&[][..], |track| track.samples);
        let rate = self.audio.map_or(0, |track| track.config.sample_rate);
        let facts: Vec<_> = samples.iter().map(MuxSample::facts).collect();
        let mut groups = audio_groups(&facts, rate)
            .filter_map(|range| samples.get(range))
            .peekable();
        let mut units = self
            .video
            .map_or(&[][..], |track| track.samples)
            .iter()
            .peekable();
        loop {
            let audio = groups.peek().and_then(|group| group.first());
            let audio_first = match (units.peek(), audio) {
                (Some(unit), Some(frame)) => frame.pts.saturating_sub(AUDIO_LEAD) <= unit.dts,
                (None, Some(_)) => true,
                (_, None) => false,
            };
            if audio_first && let Some(frames) = groups.next() {
                writer.audio(frames)?;
            } else if let Some(unit) = units.next() {
                writer.video(unit)?;
            } else {
                return Ok(writer.packetizer.out);
            }
        }
    }
}

struct Writer<'a> {
    segment: &'a Segment<'a>,
    packetizer: Packetizer,
    pat: Lane,
    pmt: Lane,
    video: Lane,
    audio: Lane,
    last_pcr: Option<i64>,
    /// The PES packet at hand.
    pes: Vec<u8>,
}

impl<'a> Writer<'a> {
    fn new(segment: &'a Segment<'a>, continuity: Continuity) -> Self {
        let packets = segment.packets();
        let count = packets.pat + packets.pmt + packets.video + packets.audio;
        let lane = |pid, counter| Lane { pid, counter };
        Self {
            segment,
            packetizer: Packetizer {
                out: Vec::with_capacity(count as usize * PACKET),
            },
            pat: lane(PAT_PID, continuity.pat),
            pmt: lane(PMT_PID, continuity.pmt),
            video: lane(VIDEO_PID, continuity.video),
            audio: lane(AUDIO_PID, continuity.audio),
            last_pcr: None,
            pes: Vec::new(),
        }
    }

    /// §2.4.4.3, §2.4.4.8: program 1 of transport stream 1.
    fn tables(&mut self) {
        let [pmt_high, pmt_low] = (0xe000 | PMT_PID).to_be_bytes();
        let pat = [0x00, 0xb0, 13, 0, 1, 0xc1, 0, 0, 0, 1, pmt_high, pmt_low];
        self.packetizer.section(&mut self.pat, &pat);
        let mut streams = Vec::new();
        if self.segment.video.is_some() {
            streams.push((0x1b, VIDEO_PID));
        }
        if self.segment.audio.is_some() {
            streams.push((0x0f, AUDIO_PID));
        }
        let pcr = streams.first().map_or(0x1fff, |(_, pid)| *pid);
        let [pcr_high, pcr_low] = (0xe000 | pcr).to_be_bytes();
        let len = 13 + 5 * streams.len() as u8;
        let mut pmt = vec![
            0x02, 0xb0, len, 0, 1, 0xc1, 0, 0, pcr_high, pcr_low, 0xf0, 0,
        ];
        for (stream_type, pid) in streams {
            let [high, low] = (0xe000 | pid).to_be_bytes();
            pmt.extend([stream_type, high, low, 0xf0, 0]);
        }
        self.packetizer.section(&mut self.pmt, &pmt);
    }

    fn video(&mut self, sample: &MuxSample<'_>) -> Result<(), Error> {
        let Some(track) = self.segment.video else {
            return Ok(());
        };
        let times = times(sample)?;
        let sets = if sample.keyframe {
            track.parameter_sets_len()
        } else {
            0
        };
        let len = DELIMITER.len() + sets + sample.data.len();
        self.pes.clear();
        write_pes_header(&mut self.pes, VIDEO_ID, times, len);
        self.pes.extend_from_slice(&DELIMITER);
        if sample.keyframe {
            for set in track.sps.iter().chain(track.pps) {
                self.pes.extend_from_slice(&START_CODE);
                self.pes.extend_from_slice(set);
            }
        }
        write_annex_b(&mut self.pes, sample)?;
        let pcr = sample.dts.saturating_sub(PCR_DELAY);
        self.fill_pcr(pcr);
        let start = Start {
            pcr: Some(pcr),
            random_access: sample.keyframe,
        };
        self.packetizer.pes(&mut self.video, &self.pes, start);
        Ok(())
    }

    fn audio(&mut self, frames: &[MuxSample<'_>]) -> Result<(), Error> {
        let (Some(track), Some(first)) = (self.segment.audio, frames.first()) else {
            return Ok(());
        };
        let len = frames
            .iter()
            .map(|frame| AdtsHeader::MIN_LEN + frame.data.len());
        self.pes.clear();
        let times = Times {
            pts: first.pts,
            dts: first.pts,
        };
        write_pes_header(&mut self.pes, AUDIO_ID, times, len.sum());
        for frame in frames {
            let size = frame.data.len();
            let header = AdtsHeader::write(&track.config, size).ok_or(Error::Adts {
                size,
                sample_rate: track.config.sample_rate,
            })?;
            self.pes.extend_from_slice(&header);
            self.pes.extend_from_slice(frame.data);
        }
        let pcr = first.pts.saturating_sub(AUDIO_LEAD + PCR_DELAY);
        self.fill_pcr(pcr);
        let alone = self.segment.video.is_none();
        let start = Start {
            pcr: alone.then_some(pcr),
            random_access: alone,
        };
        self.packetizer.pes(&mut self.audio, &self.pes, start);
        Ok(())
    }

    /// Puts in what clock references are missing up to `pcr`.
    fn fill_pcr(&mut self, pcr: i64) {
        let lane = if self.segment.video.is_some() {
            self.video
        } else {
            self.audio
        };
        let mut last = self.last_pcr.unwrap_or(pcr);
        if pcr.saturating_sub(last) < MAX_FILL {
            while pcr - last > PCR_INTERVAL {
                last += PCR_INTERVAL;
                self.packetizer.pcr(&lane, last);
            }
        }
        self.last_pcr = Some(pcr.max(last));
    }
}

fn times(sample: &MuxSample<'_>) -> Result<Times, Error> {
    let MuxSample { pts, dts, .. } = *sample;
    if pts < dts {
        return Err(Error::PresentedBeforeDecoded { pts, dts });
    }
    Ok(Times { pts, dts })
}

/// A sample's NAL units, each after a start code, in exactly as many bytes as the sample has.
fn write_annex_b(out: &mut Vec<u8>, sample: &MuxSample<'_>) -> Result<(), Error> {
    let end = out.len() + sample.data.len();
    for nal in length_prefixed(sample.data, START_CODE.len()) {
        let nal = nal.ok_or(Error::NalLengths {
            dts: sample.dts,
            size: sample.data.len(),
        })?;
        let kind = nal.first().copied().map(h264::nal_unit_type);
        if kind.is_some_and(|kind| kind != h264::NAL_AUD) {
            out.extend_from_slice(&START_CODE);
            out.extend_from_slice(nal);
        }
    }
    out.resize(end, 0);
    Ok(())
}
