//! When what is on the tape happened: as its playlist says, or else as it arrived.

use livetape_media::{Timescale, Timestamp};
use livetape_tape::Tape;
use livetape_timeline::Timeline;

/// How far each track reached before something was appended.
#[derive(Debug)]
pub(crate) struct Reached(Vec<u64>);

impl Reached {
    pub(crate) fn now(timeline: &Timeline) -> Self {
        let tracks = timeline.tracks().iter();
        Self(tracks.map(|track| track.numbers().end).collect())
    }

    /// Dates the first picture, or else the first sound, that has been appended since, in Unix
    /// microseconds.
    pub(crate) fn date(&self, tape: &mut Tape, unix_micros: i64) {
        let timeline = tape.timeline();
        // Tracks are made with the first samples: one more, and the old numbers say nothing.
        let is_same = self.0.len() == timeline.tracks().len();
        let before = self.0.iter().copied().filter(|_| is_same);
        let before = before.chain(std::iter::repeat(0));
        let mut tracks = timeline.tracks().iter().zip(before);
        let first = tracks.find_map(|(track, before)| {
            let slice = track.slice(before..track.numbers().end)?;
            Some(Timestamp::new(
                slice.presentation_start(),
                slice.config.timescale,
            ))
        });
        if let Some(first) = first {
            tape.set_wall_clock(first, unix_micros.div_euclid(1000));
        }
    }
}

/// The earliest that anything can have happened, since nothing arrives before it has.
#[derive(Debug, Default)]
pub(crate) struct Arrival {
    /// Unix milliseconds of the timeline's zero.
    zero: Option<i64>,
}

impl Arrival {
    /// Something arrived at this Unix time, in milliseconds.
    pub(crate) fn arrived(&mut self, tape: &mut Tape, unix_millis: i64) {
        if let Some((_, newest)) = tape.timeline().span() {
            let zero = unix_millis.saturating_sub(newest.rescale(Timescale::MILLIS).ticks);
            let zero = self.zero.map_or(zero, |known| known.min(zero));
            self.zero = Some(zero);
            tape.set_zero(zero);
        }
    }

    /// Dates a tape whose streams have no dates.
    pub(crate) fn date(&self, tape: &mut Tape) {
        let zero = Timestamp::zero(Timescale::MILLIS);
        if let (None, Some(unix_millis)) = (tape.timeline().wall_clock_at(zero), self.zero) {
            tape.set_wall_clock(zero, unix_millis);
        }
    }
}
