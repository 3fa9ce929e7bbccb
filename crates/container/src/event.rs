//! What every demuxer tells.

use std::sync::Arc;

use livetape_media::{Sample, TimedEvent, TrackConfig, TrackId};

use crate::Defect;

/// One thing learned from a stream, in stream order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Event {
    /// A track's configuration: its first, or a change. Holds for the runs that follow.
    Config {
        /// The track.
        track: TrackId,
        /// How its samples are to be decoded.
        config: Arc<TrackConfig>,
    },
    /// Samples whose payload has arrived in full.
    Run(Run),
    /// Something the stream says about a time of its own, on the timeline of its runs.
    Timed(TimedEvent),
    /// Something was wrong with the stream.
    Defect(Defect),
}

/// Bytes of payload of a [`TimedEvent`]; what has more is passed over, as a
/// [`TooLarge`](crate::DefectCode::TooLarge) defect.
pub(crate) const MAX_EVENT_PAYLOAD: usize = 256 << 10;

/// Consecutive samples of one track, in decode order, their payloads lying one after another.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Run {
    /// The track.
    pub track: TrackId,
    /// Decode time of the first sample, in ticks of the track's timescale, on the stream's
    /// presentation timeline (edit lists applied, 33-bit clocks unwrapped). May be negative.
    pub decode_time: i64,
    /// The samples; never empty.
    pub samples: Vec<Sample>,
    /// Where their payload is.
    pub payload: Payload,
}

/// Where the payload of a [`Run`] is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Payload {
    /// In the stream itself: the first sample begins this many bytes after the stream's start.
    Stream {
        /// Bytes since the start of the stream.
        offset: u64,
    },
    /// Rewritten: all samples' bytes, in order, owned by whoever takes the event.
    Bytes(Vec<u8>),
}

impl Run {
    /// Bytes of all samples.
    pub fn payload_len(&self) -> u64 {
        self.samples
            .iter()
            .map(|sample| u64::from(sample.size))
            .sum()
    }

    /// Ticks from the first sample's decode time to the end of the last.
    pub fn duration(&self) -> u64 {
        self.samples
            .iter()
            .map(|sample| u64::from(sample.duration))
            .sum()
    }
}
