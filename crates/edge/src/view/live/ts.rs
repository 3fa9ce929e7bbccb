//! A broadcast as MPEG-2 transport stream. TS weaves headers into the media, so here, and only here,
//! media bytes are rewritten; all that needs the index is decided before they are fetched.

use livetape_container::isobmff::sample_entry::{audio_specific_config, avc_parameters};
use livetape_container::mpegts::{
    AudioOutline, AudioTrack, Continuity, MuxSample, Outline, Packets, SampleFacts, Segment,
    VideoOutline, VideoTrack,
};
use livetape_media::codec::aac::AudioSpecificConfig;
use livetape_media::{Timescale, Timestamp};
use livetape_timeline::{Part, Plan};
use serde::{Deserialize, Serialize};

use super::{Air, Listed, Piece, Place, Program};
use crate::delivery::Delivery;
use crate::error::{ApiError, Code};
use crate::recording::Recording;
use crate::route::LiveTrack;
use crate::view::{IMMUTABLE, media_delivery};

/// EXTINF with fractions, RFC 8216bis §8.
const VERSION: u64 = 3;

/// A segment of a transport stream, short of its samples' bytes: those of the pictures, then those of
/// the sound.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TsSegment {
    sps: Vec<Vec<u8>>,
    pps: Vec<Vec<u8>>,
    video: Option<Vec<Facts>>,
    asc: Vec<u8>,
    audio: Option<Vec<Facts>>,
    /// Counters of PAT, PMT, pictures and sound.
    continuity: [u8; 4],
}

/// Decode time, presentation time, keyframe, size.
type Facts = (i64, i64, bool, u32);

impl TsSegment {
    /// The segment, from its samples' bytes. `None` where they are not what the index says.
    pub fn write(&self, media: &[u8]) -> Option<Vec<u8>> {
        let mut rest = media;
        let video = self.video.as_ref().map(|facts| samples(facts, &mut rest));
        let audio = self.audio.as_ref().map(|facts| samples(facts, &mut rest));
        let (video, audio) = (transpose(video)?, transpose(audio)?);
        let sps: Vec<&[u8]> = self.sps.iter().map(Vec::as_slice).collect();
        let pps: Vec<&[u8]> = self.pps.iter().map(Vec::as_slice).collect();
        let video = video.as_deref().map(|samples| VideoTrack {
            sps: &sps,
            pps: &pps,
            samples,
        });
        let audio = match audio.as_deref() {
            Some(samples) => {
                let config = AudioSpecificConfig::parse(&self.asc)?;
                Some(AudioTrack { config, samples })
            }
            None => None,
        };
        let [pat, pmt, video_counter, audio_counter] = self.continuity;
        let continuity = Continuity {
            pat,
            pmt,
            video: video_counter,
            audio: audio_counter,
        };
        rest.is_empty().then_some(())?;
        Segment { video, audio }.write(continuity).ok()
    }
}

fn transpose<T>(value: Option<Option<T>>) -> Option<Option<T>> {
    match value {
        Some(None) => None,
        Some(Some(value)) => Some(Some(value)),
        None => Some(None),
    }
}

fn samples<'a>(facts: &[Facts], rest: &mut &'a [u8]) -> Option<Vec<MuxSample<'a>>> {
    let sample = |(dts, pts, keyframe, size): &Facts| {
        let (data, after) = rest.split_at_checked(usize::try_from(*size).ok()?)?;
        *rest = after;
        Some(MuxSample {
            dts: *dts,
            pts: *pts,
            keyframe: *keyframe,
            data,
        })
    };
    facts.iter().map(sample).collect()
}

/// What all segments of a programme have to agree on.
#[derive(Debug)]
pub(crate) struct TsProgram {
    /// Pictures are decoded this much earlier, in 90 kHz, so that none is presented before it is decoded.
    lead: i64,
    /// Packets of a round before each slot.
    before: Vec<Packets>,
    /// Packets of a round.
    total: Packets,
}

impl TsProgram {
    /// `None` where a track is not H.264 or AAC.
    pub(crate) fn new(recording: &Recording, program: &Program) -> Option<Self> {
        let places = || program.places();
        let piece = |place, kind| program.piece(recording.index(), place, kind);
        let lead = places()
            .filter_map(|place| piece(place, LiveTrack::Video))
            .flat_map(|piece| facts(&piece, 0, 0))
            .map(|(dts, pts, ..)| dts - pts)
            .max();
        let lead = lead.unwrap_or(0).max(0);
        let mut total = Packets::default();
        let mut before = Vec::new();
        for place in places() {
            before.push(total);
            let video = piece(place, LiveTrack::Video);
            let audio = piece(place, LiveTrack::Audio);
            if video.is_some() || audio.is_some() {
                total = sum(total, packets(video.as_ref(), audio.as_ref(), lead)?);
            }
        }
        Some(Self {
            lead,
            before,
            total,
        })
    }

    fn continuity(&self, place: Place) -> Continuity {
        let rounds = place.round % 16;
        let times = |count: u64| count % 16 * rounds;
        let rounds = Packets {
            pat: times(self.total.pat),
            pmt: times(self.total.pmt),
            video: times(self.total.video),
            audio: times(self.total.audio),
        };
        let before = self.before.get(place.slot).copied().unwrap_or_default();
        Continuity::default().after(sum(rounds, before))
    }
}

const fn sum(a: Packets, b: Packets) -> Packets {
    Packets {
        pat: a.pat + b.pat,
        pmt: a.pmt + b.pmt,
        video: a.video + b.video,
        audio: a.audio + b.audio,
    }
}

/// Times in 90 kHz: `shift` is added, `lead` taken from decode times.
fn facts(piece: &Piece<'_>, shift: i64, lead: i64) -> Vec<Facts> {
    let timescale = piece.slice.config.timescale;
    let at = |ticks: i64| {
        let time = Timestamp::new(ticks, timescale).rescale(Timescale::MPEG);
        time.ticks.saturating_add(shift)
    };
    let timed = piece.slice.timed().map(|(time, sample)| {
        let shown = time.saturating_add(i64::from(sample.composition_offset));
        (
            at(time).saturating_sub(lead),
            at(shown),
            sample.keyframe,
            sample.size,
        )
    });
    timed.collect()
}

/// How many packets a segment takes; `None` where a track is not H.264 or AAC.
fn packets(video: Option<&Piece<'_>>, audio: Option<&Piece<'_>>, lead: i64) -> Option<Packets> {
    let sample_facts = |piece: &Piece<'_>, lead: i64| -> Vec<SampleFacts> {
        let facts = facts(piece, 0, lead).into_iter();
        let named = facts.map(|(dts, pts, keyframe, size)| SampleFacts {
            dts,
            pts,
            keyframe,
            size,
        });
        named.collect()
    };
    let video_facts = video
        .map(|piece| sample_facts(piece, lead))
        .unwrap_or_default();
    let audio_facts = audio
        .map(|piece| sample_facts(piece, 0))
        .unwrap_or_default();
    let video = match video {
        Some(piece) => {
            let (sps, pps) = parameter_sets(piece)?;
            let sets = sps.iter().chain(&pps);
            Some(VideoOutline {
                parameter_sets: sets.map(|set| 4 + set.len()).sum(),
                samples: &video_facts,
            })
        }
        None => None,
    };
    let audio = match audio {
        Some(piece) => Some(AudioOutline {
            sample_rate: AudioSpecificConfig::parse(specific_config(piece)?)?.sample_rate,
            samples: &audio_facts,
        }),
        None => None,
    };
    Some(Outline { video, audio }.packets())
}

type ParameterSets = (Vec<Vec<u8>>, Vec<Vec<u8>>);

fn parameter_sets(piece: &Piece<'_>) -> Option<ParameterSets> {
    let parameters = avc_parameters(&piece.slice.config.sample_entry)?;
    (parameters.nal_length_size == 4).then_some((parameters.sps, parameters.pps))
}

fn specific_config<'a>(piece: &'a Piece<'_>) -> Option<&'a [u8]> {
    audio_specific_config(&piece.slice.config.sample_entry)
}

impl Recording {
    /// `ts/index.m3u8` of a broadcast.
    pub(super) fn ts_playlist(&self, air: &Air<'_>) -> Result<Delivery, ApiError> {
        let program = &air.programme.program;
        air.programme.ts(self)?;
        let list = |place: Place| {
            let piece = |kind| program.piece(self.index(), place, kind);
            let main = piece(LiveTrack::Video).or_else(|| piece(LiveTrack::Audio));
            Listed {
                duration: program.schedule.slot(place).map_or(0, |slot| slot.duration),
                since_start: main.map(|piece| piece.since_start),
                map: None,
            }
        };
        let playlist = self.live_playlist(air, VERSION, ("ts", ".ts"), list)?;
        Ok(media_delivery(&playlist))
    }

    /// A segment with pictures and sound: an answer whose body is made by [`TsSegment::write`] from its
    /// pieces.
    pub(super) fn ts_segment(&self, air: &Air<'_>, number: u64) -> Result<Delivery, ApiError> {
        let program = &air.programme.program;
        let common = air.programme.ts(self)?;
        let place = air.place(number)?;
        let video = program.piece(self.index(), place, LiveTrack::Video);
        let audio = program.piece(self.index(), place, LiveTrack::Audio);
        if video.is_none() && audio.is_none() {
            return Err(Code::NotOnAir.into());
        }
        let mut plan = Plan::new();
        for piece in video.iter().chain(&audio) {
            let extents = piece.track.extents(piece.slice.bytes.clone());
            extents.for_each(|extent| plan.push(Part::Stored(extent)));
        }
        let shift = program.shift(place.round, Timescale::MPEG);
        let (sps, pps) = match &video {
            Some(piece) => parameter_sets(piece).ok_or(Code::NoSuchView)?,
            None => ParameterSets::default(),
        };
        let continuity = common.continuity(place);
        let segment = TsSegment {
            sps,
            pps,
            video: video.as_ref().map(|piece| facts(piece, shift, common.lead)),
            asc: audio
                .as_ref()
                .and_then(specific_config)
                .unwrap_or_default()
                .to_vec(),
            audio: audio.as_ref().map(|piece| facts(piece, shift, 0)),
            continuity: [
                continuity.pat,
                continuity.pmt,
                continuity.video,
                continuity.audio,
            ],
        };
        let delivery = Delivery::new(200, self.pieces(&plan))
            .with("Content-Type", "video/mp2t")
            .with("Cache-Control", IMMUTABLE);
        Ok(Delivery {
            rewrite: Some(segment),
            ..delivery
        })
    }
}
