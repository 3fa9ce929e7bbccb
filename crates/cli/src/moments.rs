//! What streams say about times of their own - timed events, defects - until it is known where on
//! the timeline those times are.

use livetape_container::Defect;
use livetape_media::{TimedEvent, Timescale, Timestamp};
use livetape_timeline::Timeline;

use crate::report::Report;

/// A time as a stream tells it.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Moment {
    /// Discontinuity sequence number.
    pub(crate) number: u64,
    /// The base of time that its lane had reached within that: this one or a later one.
    pub(crate) base: usize,
    /// When.
    pub(crate) time: Timestamp,
}

impl Moment {
    /// Ticks of 90 kHz.
    pub(crate) fn ticks(&self) -> i64 {
        self.time.rescale(Timescale::MPEG).ticks
    }
}

/// Events that wait for their place, within the bounds of a timeline.
#[derive(Debug, Default)]
pub(crate) struct Moments {
    events: Vec<(Moment, TimedEvent)>,
    weight: usize,
    left_out: u64,
    /// Moments and what Unix time it was, in milliseconds.
    dates: Vec<(Moment, i64)>,
    /// Number in the report of a defect, and when it was.
    defects: Vec<(usize, Moment)>,
}

impl Moments {
    /// Takes an event.
    pub(crate) fn event(&mut self, moment: Moment, event: TimedEvent) {
        let weight = self.weight.saturating_add(event.weight());
        if self.events.len() >= Timeline::MAX_EVENTS || weight > Timeline::MAX_EVENT_BYTES {
            self.left_out += 1;
            return;
        }
        self.weight = weight;
        self.events.push((moment, event));
    }

    /// Takes a date of a moment, in Unix milliseconds.
    pub(crate) fn date(&mut self, moment: Moment, unix_millis: i64) {
        self.dates.push((moment, unix_millis));
    }

    /// Takes a defect; `moment` is where its time is known.
    pub(crate) fn defect(&mut self, moment: Option<Moment>, defect: Defect, report: &mut Report) {
        let track = defect.track.map(|track| track.0);
        let number = report.tell_of(defect.code.as_str(), defect.detail, track);
        self.defects.extend(moment.map(|moment| (number, moment)));
    }

    /// Puts all in their places: `place` gives by how much a moment is moved.
    pub(crate) fn settle(
        &mut self,
        place: impl Fn(&Moment) -> Timestamp,
        timeline: &mut Timeline,
        report: &mut Report,
    ) {
        for (number, moment) in self.defects.drain(..) {
            report.place(number, moment.time.plus(place(&moment)).seconds());
        }
        for (moment, unix_millis) in self.dates.drain(..) {
            timeline.set_wall_clock(moment.time.plus(place(&moment)), unix_millis);
        }
        let mut left_out = std::mem::take(&mut self.left_out);
        for (moment, event) in self.events.drain(..) {
            let time = event.time.plus(place(&moment));
            left_out += u64::from(!timeline.add_event(TimedEvent { time, ..event }));
        }
        self.weight = 0;
        if left_out > 0 {
            let message = format!("{left_out} timed events were left out: there are too many");
            report.tell("too_large", message);
        }
    }
}
