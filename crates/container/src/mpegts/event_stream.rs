//! Elementary streams of timed events: ID3 tags, and the splice information sections of
//! ANSI/SCTE 35 §9.6, each payload verbatim.
//!
//! A section has no time of its own. Rule: it has the presentation time of the last picture that
//! began before it (before the first picture, of the last sound), or where there was neither, of
//! the first after it. When to splice is inside it, in `pts_time` and `pts_adjustment`.

use livetape_media::{TimedEvent, Timescale, Timestamp, TrackId};

use super::clock::Clock;
use super::id3::{Found, Tags};
use super::packet::{Counter, Packet, Step};
use super::psi::Sections;
use super::run::Output;
use super::stream_kind::Use;
use crate::{DefectCode, Event};

/// `table_id` of a splice information section.
const SPLICE_TABLE: u8 = 0xfc;
/// Sections that wait for a first time.
const MAX_WAITING: usize = 64;

/// An elementary stream of events.
#[derive(Debug)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub(super) struct EventStream {
    pub(super) pid: u16,
    counter: Counter,
    reader: Reader,
    /// Events told so far: their ids.
    count: u32,
    /// Scrambled packets were reported.
    scrambled: bool,
}

#[derive(Debug)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
enum Reader {
    Id3(Tags),
    Splices(Splices),
}

#[derive(Debug, Default)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
struct Splices {
    sections: Sections,
    /// Sections without a time yet.
    waiting: Vec<Vec<u8>>,
}

impl EventStream {
    /// `None` where the stream is not one of events.
    pub(super) fn new(pid: u16, usage: Use) -> Option<Self> {
        let reader = match usage {
            Use::Id3 => Reader::Id3(Tags::default()),
            Use::Splices => Reader::Splices(Splices::default()),
            Use::Media | Use::Protected | Use::None => return None,
        };
        Some(Self {
            pid,
            counter: Counter::default(),
            reader,
            count: 0,
            scrambled: false,
        })
    }

    /// What it carries.
    pub(super) const fn usage(&self) -> Use {
        match self.reader {
            Reader::Id3(_) => Use::Id3,
            Reader::Splices(_) => Use::Splices,
        }
    }

    /// Takes one of the stream's packets.
    pub(super) fn packet(&mut self, packet: &Packet<'_>, clock: &mut Clock, out: &mut Output) {
        let Some(payload) = packet.payload.filter(|_| !packet.damaged) else {
            return;
        };
        let mut found = Vec::new();
        if packet.scrambled {
            if !std::mem::replace(&mut self.scrambled, true) {
                found.push(Err((DefectCode::Unsupported, "events are scrambled")));
            }
            return self.tell(found, out);
        }
        match self.counter.step(packet) {
            Step::Next => {}
            // The same packet again.
            Step::Same => return,
            Step::Gap(_) | Step::Restart => {
                let what = "packets are missing, and with them an event";
                if self.reader.lose() {
                    found.push(Err((DefectCode::ContinuityError, what)));
                }
            }
        }
        match &mut self.reader {
            Reader::Id3(tags) => tags.push(payload, packet.start, clock, &mut found),
            Reader::Splices(splices) => {
                splices.settle(clock.first_shown(), &mut found);
                splices.push(payload, packet.start, &mut found);
                splices.settle(clock.last_shown(), &mut found);
            }
        }
        self.tell(found, out);
    }

    /// Gives out the events that have a time.
    pub(super) fn drain(&mut self, clock: &Clock, out: &mut Output) {
        if let Reader::Splices(splices) = &mut self.reader {
            let mut found = Vec::new();
            splices.settle(clock.first_shown(), &mut found);
            self.tell(found, out);
        }
    }

    /// A segment ends here: what comes may have counters of its own.
    pub(super) fn end_segment(&mut self) {
        self.counter.end_segment();
    }

    /// Completes all that is pending.
    pub(super) fn finish(&mut self, clock: &mut Clock, out: &mut Output) {
        let mut found = Vec::new();
        match &mut self.reader {
            Reader::Id3(tags) => tags.finish(clock, &mut found),
            Reader::Splices(splices) => {
                splices.settle(clock.first_shown(), &mut found);
                splices.sections.lost();
                let what = "splice information in a stream without times was dropped";
                for _ in std::mem::take(&mut splices.waiting) {
                    found.push(Err((DefectCode::MissingTimestamp, what)));
                }
            }
        }
        self.tell(found, out);
    }

    /// What comes has nothing to do with what came, which is complete.
    pub(super) fn restart(&mut self) {
        self.counter.reset();
        self.reader.lose();
    }

    fn tell(&mut self, found: Vec<Found>, out: &mut Output) {
        for found in found {
            match found {
                Ok((time, payload)) => {
                    let event = TimedEvent {
                        time: Timestamp::new(time, Timescale::MPEG),
                        duration: None,
                        scheme: self.reader.scheme().to_owned(),
                        value: String::new(),
                        id: self.count,
                        payload,
                    };
                    self.count = self.count.wrapping_add(1);
                    out.events.push_back(Event::Timed(event));
                }
                Err((code, what)) => {
                    let track = Some(TrackId(u32::from(self.pid)));
                    out.defect(code, track, what.to_owned());
                }
            }
        }
    }
}

impl Reader {
    const fn scheme(&self) -> &'static str {
        match self {
            Self::Id3(_) => TimedEvent::ID3,
            Self::Splices(_) => TimedEvent::SCTE_35,
        }
    }

    /// Packets are missing; true where something is lost with them.
    fn lose(&mut self) -> bool {
        match self {
            Self::Id3(tags) => tags.lose(),
            Self::Splices(splices) => splices.sections.lost(),
        }
    }
}

impl Splices {
    fn push(&mut self, payload: &[u8], start: bool, found: &mut Vec<Found>) {
        let waiting = &mut self.waiting;
        let mut too_many = false;
        let broken = self.sections.push(payload, start, &mut |section| {
            if section.first() != Some(&SPLICE_TABLE) {
            } else if waiting.len() < MAX_WAITING {
                waiting.push(section.to_vec());
            } else {
                too_many = true;
            }
        });
        if broken > 0 {
            let what = "a splice information section has a wrong CRC or length";
            found.push(Err((DefectCode::Malformed, what)));
        }
        if too_many {
            let what = "splice information was dropped: 64 sections wait for a time already";
            found.push(Err((DefectCode::TooLarge, what)));
        }
    }

    /// Gives times to the sections that wait.
    fn settle(&mut self, time: Option<i64>, found: &mut Vec<Found>) {
        if let Some(time) = time {
            for section in std::mem::take(&mut self.waiting) {
                found.push(Ok((time, section)));
            }
        }
    }
}
