//! Samples gathered into runs, and everything told to the caller.

use std::collections::VecDeque;

use livetape_media::{Sample, Timescale, Timestamp, TrackId};

use crate::{Defect, DefectCode, Event, Payload, Run};

/// A run is given out when it has this many samples ...
const MAX_SAMPLES: usize = 64;
/// ... or this many bytes.
const MAX_BYTES: usize = 1 << 20;

/// Buffers kept to be filled again: one for each run that is likely to be under way.
const MAX_SPARE: usize = 4;

/// Where all parts of the demuxer put what they find.
#[derive(Debug, Default)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub(super) struct Output {
    /// Not yet polled.
    #[cfg_attr(feature = "serde", serde(skip))]
    pub(super) events: VecDeque<Event>,
    /// Stream position of the packet at hand.
    pub(super) position: u64,
    /// The presentation time that came last, 90 kHz.
    pub(super) time: Option<i64>,
    /// Empty buffers of runs that were given out.
    #[cfg_attr(feature = "serde", serde(skip))]
    spare: Vec<Vec<u8>>,
}

impl Output {
    /// Keeps a buffer for a run to come.
    pub(super) fn recycle(&mut self, mut buffer: Vec<u8>) {
        if self.spare.len() < MAX_SPARE && buffer.capacity() <= 4 * MAX_BYTES {
            buffer.clear();
            self.spare.push(buffer);
        }
    }

    /// Reports a defect at the packet at hand.
    pub(super) fn defect(&mut self, code: DefectCode, track: Option<TrackId>, detail: String) {
        self.events.push_back(Event::Defect(Defect {
            code,
            track,
            time: self
                .time
                .map(|ticks| Timestamp::new(ticks, Timescale::MPEG)),
            position: self.position,
            detail,
        }));
    }
}

/// The run of one track under way.
#[derive(Debug)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub(super) struct RunBuilder {
    pub(super) track: TrackId,
    /// Decode time of the first sample, once known.
    pub(super) decode_time: Option<i64>,
    pub(super) samples: Vec<Sample>,
    /// Payload of `samples`, and after it of samples not complete yet.
    pub(super) payload: Vec<u8>,
}

impl RunBuilder {
    pub(super) const fn new(track: TrackId) -> Self {
        Self {
            track,
            decode_time: None,
            samples: Vec::new(),
            payload: Vec::new(),
        }
    }

    /// True where it is time to give it out.
    pub(super) fn is_full(&self) -> bool {
        self.samples.len() >= MAX_SAMPLES || self.payload.len() >= MAX_BYTES
    }

    /// Gives out the complete samples; the payload of those that are not stays.
    pub(super) fn emit(&mut self, out: &mut Output) {
        let complete: usize = self.samples.iter().map(|sample| sample.size as usize).sum();
        // The next run will be about as long: growing to that would copy it several times. A
        // buffer that was filled well is of a size that serves again.
        let (len, room) = (self.payload.len(), self.payload.capacity());
        let likely = if room / 4 <= len { room } else { len };
        let mut next = out.spare.pop().unwrap_or_default();
        next.reserve(likely);
        next.extend_from_slice(self.payload.get(complete..).unwrap_or_default());
        let mut payload = std::mem::replace(&mut self.payload, next);
        payload.truncate(complete);
        let samples = std::mem::take(&mut self.samples);
        let Some(decode_time) = self.decode_time.take() else {
            return;
        };
        if !samples.is_empty() {
            out.events.push_back(Event::Run(Run {
                track: self.track,
                decode_time,
                samples,
                payload: Payload::Bytes(payload),
            }));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A run of one sample of `size` bytes is given out; its buffer.
    fn given_out(run: &mut RunBuilder, size: usize, out: &mut Output) -> Vec<u8> {
        run.decode_time = Some(0);
        run.payload.resize(size, 7);
        run.samples.push(Sample {
            size: size as u32,
            duration: 1,
            composition_offset: 0,
            keyframe: true,
        });
        run.emit(out);
        let Some(Event::Run(Run {
            payload: Payload::Bytes(payload),
            ..
        })) = out.events.pop_front()
        else {
            panic!("a run of bytes");
        };
        assert_eq!(payload, vec![7; size]);
        payload
    }

    #[test]
    fn a_buffer_that_came_back_is_filled_again() {
        let (mut run, mut out) = (RunBuilder::new(TrackId(1)), Output::default());
        given_out(&mut run, 1000, &mut out);
        let second = given_out(&mut run, 1000, &mut out);
        let place = second.as_ptr();
        out.recycle(second);
        given_out(&mut run, 1000, &mut out);
        let fourth = given_out(&mut run, 1000, &mut out);
        assert_eq!(fourth.as_ptr(), place);
    }

    #[test]
    fn small_runs_after_a_large_one_hold_little() {
        let (mut run, mut out) = (RunBuilder::new(TrackId(1)), Output::default());
        given_out(&mut run, MAX_BYTES, &mut out);
        let held = (0..1000).map(|_| given_out(&mut run, 1, &mut out).capacity());
        assert!(held.sum::<usize>() < 4 * MAX_BYTES);
    }
}
