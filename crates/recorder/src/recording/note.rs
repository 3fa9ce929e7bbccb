//! What the tape's journal notes of a running recording: all that is needed to go on with it when
//! its page has ended. Written before anything is sent that it does not know of, so that what is
//! sent again is the same, byte for byte.
//!
//! ```text
//! note   = 01, edge: bytes, id: bytes, token: bytes,
//!          first picture: time, origin: time, decode lead: signed, its Unix milliseconds: signed,
//!          count, count * (track, its next sample),
//!          objects cut, bytes cut, elapsed microseconds, objects stored, bytes stored,
//!          count, count * object
//! object = number, configuration: bytes, bytes, time, Unix milliseconds: signed, reel,
//!          count, count * (track, first sample, end)
//! time   = ticks: signed, timescale
//! ```

use livetape_media::{Timescale, Timestamp, TrackId};
use livetape_tape::Tape;
use livetape_tape::journal::{Packer, Unpacker};
use livetape_timeline::StoreId;
use livetape_timeline::plan::init_segment;

use super::{Recording, Start, configs, lanes};
use crate::cut::Cut;
use crate::input::Now;
use crate::job::{Object, Place};
use crate::output::RequestId;
use crate::upload::Upload;

const VERSION: u64 = 1;

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
            let lanes = lanes(timeline, &noted.start, &noted.next, &object.cut);
            let init = init_segment(&configs(timeline, &noted.next, &lanes), None);
            upload.queue(object, init);
        }
        let reels = noted.next.iter();
        let reels = reels.filter_map(|(id, n)| timeline.track(*id)?.store_of(*n));
        let oldest = upload.reels().chain(reels).min();
        Some(Self {
            request,
            upload,
            asked: now.steady,
            start: Some(noted.start),
            next: noted.next,
            stop: Some(request),
            finish_queued: false,
            objects_cut: noted.objects_cut,
            bytes_cut: noted.bytes_cut,
            hold: oldest.map(|reel| tape.hold(reel)),
            elapsed: noted.elapsed_micros as f64 / 1e6,
            finished: false,
            noted: None,
        })
    }

    /// Notes in the journal what is not there yet.
    pub(super) fn keep_note(&mut self, tape: &mut Tape) {
        let Some(start) = &self.start else { return };
        if !self.upload.is_created() || self.noted == Some(self.objects_cut) {
            return;
        }
        self.noted = Some(self.objects_cut);
        let mut note = Packer::new();
        note.number(VERSION);
        let place = self.upload.place();
        for text in [place.edge(), &place.id, &place.token] {
            note.bytes(text.as_bytes());
        }
        time(&mut note, start.presentation);
        time(&mut note, start.origin);
        note.signed(start.decode_lead);
        note.signed(start.unix);
        note.number(self.next.len() as u64);
        for (id, number) in &self.next {
            note.number(u64::from(id.0));
            note.number(*number);
        }
        note.number(u64::from(self.objects_cut));
        note.number(self.bytes_cut);
        note.number((self.elapsed * 1e6) as u64);
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

fn object(note: &mut Packer, object: &Object) {
    note.number(u64::from(object.sequence));
    note.bytes(object.config.as_bytes());
    note.number(object.bytes);
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
    start: Start,
    next: Vec<(TrackId, u64)>,
    objects_cut: u32,
    bytes_cut: u64,
    elapsed_micros: u64,
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
    let start = Start {
        presentation: read_time(&mut note)?,
        origin: read_time(&mut note)?,
        decode_lead: note.signed()?,
        unix: note.signed()?,
    };
    let mut next = Vec::new();
    for _ in 0..note.number()? {
        next.push((TrackId(note.small()?), note.number()?));
    }
    let (objects_cut, bytes_cut, elapsed_micros) = (note.small()?, note.number()?, note.number()?);
    let stored = (note.small()?, note.number()?);
    let mut waiting = Vec::new();
    for _ in 0..note.number()? {
        waiting.push(read_object(&mut note)?);
    }
    Some(Noted {
        place,
        start,
        next,
        objects_cut,
        bytes_cut,
        elapsed_micros,
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

fn read_object(note: &mut Unpacker<'_>) -> Option<Object> {
    let sequence = note.small()?;
    let config = note.text()?;
    let bytes = note.number()?;
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
        at,
        unix,
        reel,
    })
}
