//! What the tape's journal notes of a running recording: all that is needed to go on with it when
//! its page has ended. Written before anything is sent that it does not know of, so that what is
//! sent again is the same, byte for byte.
//!
//! ```text
//! note   = 02, edge: bytes, id: bytes, token: bytes,
//!          0 | 1 paused, count, count * part,
//!          count, count * (track, its next sample),
//!          objects cut, bytes cut, decoded: time, zero: time, elapsed: time,
//!          objects stored, bytes stored, count, count * object
//! part   = from: time, at: time, its Unix milliseconds: signed,
//!          0 | 1 origin: time, decode lead: signed
//! object = number, configuration: bytes, bytes, part, time, Unix milliseconds: signed, reel,
//!          count, count * (track, first sample, end)
//! time   = ticks: signed, timescale
//! ```

use livetape_media::{Timescale, Timestamp, TrackId};
use livetape_tape::Tape;
use livetape_tape::journal::{Packer, Unpacker};
use livetape_timeline::StoreId;
use livetape_timeline::plan::{Cut, configs, init_segment};

use super::Recording;
use crate::input::Now;
use crate::job::{Object, Place};
use crate::output::RequestId;
use crate::part::{Moved, Part};
use crate::upload::Upload;

const VERSION: u64 = 2;

/// A recording that a tape says was running when its page ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unfinished {
    /// The edge's address.
    pub edge: String,
    /// Its id there.
    pub id: String,
}

impl Unfinished {
    /// The one of a recovered tape.
    pub fn of(tape: &Tape) -> Option<Self> {
        let Noted { place, .. } = read(tape.note())?;
        Some(Self {
            edge: place.edge().to_owned(),
            id: place.id,
        })
    }
}

impl Recording {
    /// Goes on with what the tape notes, up to the tape's end; `None` where it notes nothing.
    pub(crate) fn resumed(request: RequestId, tape: &mut Tape, now: Now) -> Option<Self> {
        let noted = read(tape.note())?;
        let timeline = tape.timeline();
        let mut upload = Upload::resumed(request, noted.place, noted.stored);
        for object in noted.waiting {
            let part = noted.parts.get(object.part)?;
            let lanes = part.lanes(timeline, &noted.next, &object.cut);
            let init = init_segment(&configs(timeline, &noted.next, &lanes), None);
            upload.queue(object, init);
        }
        let reels = noted.next.iter();
        let reels = reels.filter_map(|(id, n)| timeline.track(*id)?.store_of(*n));
        let oldest = upload.reels().chain(reels).min();
        let hold = oldest.map(|reel| tape.hold(reel));
        Some(Self {
            request,
            upload,
            asked: now.steady,
            parts: noted.parts,
            is_paused: noted.is_paused,
            bounds: None,
            next: noted.next,
            stop: Some(request),
            finish_queued: false,
            objects_cut: noted.objects_cut,
            bytes_cut: noted.bytes_cut,
            hold,
            decoded: noted.decoded,
            zero: noted.zero,
            elapsed: noted.elapsed,
            pre_roll: Timestamp::zero(Timescale::NANOS),
            finished: false,
            noted: None,
        })
    }

    /// Notes in the journal what is not there yet.
    pub(super) fn keep_note(&mut self, tape: &mut Tape) {
        let state = Some((self.objects_cut, self.is_paused));
        let is_clip = self.bounds.is_some();
        if is_clip || self.parts.is_empty() || !self.upload.is_created() || self.noted == state {
            return;
        }
        self.noted = state;
        let mut note = Packer::new();
        note.number(VERSION);
        let place = self.upload.place();
        for text in [place.edge(), &place.id, &place.token] {
            note.bytes(text.as_bytes());
        }
        note.number(u64::from(self.is_paused));
        note.number(self.parts.len() as u64);
        for own in &self.parts {
            part(&mut note, own);
        }
        note.number(self.next.len() as u64);
        for (id, number) in &self.next {
            note.number(u64::from(id.0));
            note.number(*number);
        }
        note.number(u64::from(self.objects_cut));
        note.number(self.bytes_cut);
        for own in [self.decoded, self.zero, self.elapsed] {
            time(&mut note, own);
        }
        let (objects, bytes) = self.upload.stored();
        note.number(u64::from(objects));
        note.number(bytes);
        let waiting = self.upload.waiting();
        note.number(waiting.len() as u64);
        for own in waiting {
            object(&mut note, own);
        }
        tape.set_note(note.finish());
    }
}

fn time(note: &mut Packer, time: Timestamp) {
    note.signed(time.ticks);
    note.number(u64::from(time.timescale.get()));
}

/// A part that has no object yet begins anew where it is.
fn part(note: &mut Packer, part: &Part) {
    time(note, part.from);
    time(note, part.at);
    note.signed(part.unix);
    note.number(u64::from(part.moved.is_some()));
    if let Some(moved) = part.moved {
        time(note, moved.origin);
        note.signed(moved.decode_lead);
    }
}

fn object(note: &mut Packer, object: &Object) {
    note.number(u64::from(object.sequence));
    note.bytes(object.config.as_bytes());
    note.number(object.bytes);
    note.number(object.part as u64);
    time(note, object.at);
    note.signed(object.unix);
    note.number(u64::from(object.reel.0));
    note.number(object.cut.tracks.len() as u64);
    for (id, numbers) in &object.cut.tracks {
        note.number(u64::from(id.0));
        note.number(numbers.start);
        note.number(numbers.end);
    }
}

/// A note, read.
struct Noted {
    place: Place,
    is_paused: bool,
    parts: Vec<Part>,
    next: Vec<(TrackId, u64)>,
    objects_cut: u32,
    bytes_cut: u64,
    decoded: Timestamp,
    zero: Timestamp,
    elapsed: Timestamp,
    stored: (u32, u64),
    waiting: Vec<Object>,
}

fn read(note: &[u8]) -> Option<Noted> {
    let mut note = Unpacker::new(note);
    if note.number()? != VERSION {
        return None;
    }
    let mut place = Place::at(&note.text()?);
    place.id = note.text()?;
    place.token = note.text()?;
    let is_paused = note.number()? > 0;
    let mut parts = Vec::new();
    for _ in 0..note.number()? {
        parts.push(read_part(&mut note)?);
    }
    let mut next = Vec::new();
    for _ in 0..note.number()? {
        next.push((TrackId(note.small()?), note.number()?));
    }
    let (objects_cut, bytes_cut) = (note.small()?, note.number()?);
    let (decoded, zero) = (read_time(&mut note)?, read_time(&mut note)?);
    let elapsed = read_time(&mut note)?;
    let stored = (note.small()?, note.number()?);
    let mut waiting = Vec::new();
    for _ in 0..note.number()? {
        waiting.push(read_object(&mut note)?);
    }
    Some(Noted {
        place,
        is_paused,
        parts,
        next,
        objects_cut,
        bytes_cut,
        decoded,
        zero,
        elapsed,
        stored,
        waiting,
    })
}

fn read_time(note: &mut Unpacker<'_>) -> Option<Timestamp> {
    Some(Timestamp::new(
        note.signed()?,
        Timescale::new(note.small()?)?,
    ))
}

fn read_part(note: &mut Unpacker<'_>) -> Option<Part> {
    let (from, at) = (read_time(note)?, read_time(note)?);
    let mut part = Part::at(from, at, note.signed()?);
    if note.number()? > 0 {
        part.moved = Some(Moved {
            origin: read_time(note)?,
            decode_lead: note.signed()?,
        });
    }
    Some(part)
}

fn read_object(note: &mut Unpacker<'_>) -> Option<Object> {
    let sequence = note.small()?;
    let config = note.text()?;
    let bytes = note.number()?;
    let part = note.small()? as usize;
    let at = read_time(note)?;
    let unix = note.signed()?;
    let reel = StoreId(note.small()?);
    let mut tracks = Vec::new();
    for _ in 0..note.number()? {
        tracks.push((TrackId(note.small()?), note.number()?..note.number()?));
    }
    Some(Object {
        sequence,
        config,
        cut: Cut { tracks },
        bytes,
        part,
        at,
        unix,
        reel,
    })
}
