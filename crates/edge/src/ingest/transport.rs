//! An MPEG transport stream, ISO/IEC 13818-1, made the objects of a recording while it is read. Its payload
//! lies in packets and is put together anew; nothing is re-encoded.

use livetape_media::{Timescale, Timestamp, TrackId};
use livetape_timeline::Track;
use livetape_timeline::plan::{
    Cut, FragmentPlan, Lane, PATIENCE, Part, configs, init_segment, next_object, without_hole,
};
use serde::{Deserialize, Serialize};

use super::Reason;
use super::gathering::Gathering;
use crate::object::MAX_OBJECT;

/// Most bytes that wait for what makes an object of them.
const MOST_WAITING: u64 = 48 << 20;

/// Sound that goes on behind the last picture for less than this is part of the last object.
const LITTLE: Timestamp = Timestamp::new(2_000, Timescale::MILLIS);

/// Reads a file from its beginning to its end. The same file gives the same objects, however its bytes come, and
/// however often what has been read is stored and read back.
#[derive(Debug, Default, Serialize, Deserialize)]
pub struct Transport {
    gathering: Gathering,
    /// The tracks that are taken, the one that leads first, and each one's next sample.
    next: Vec<(TrackId, u64)>,
    /// What becomes 0, and how much later than that the lead decodes at 0, as in [`Movie`](super::Movie).
    placed: Option<(Timestamp, i64)>,
    objects: u32,
    is_ended: bool,
}

/// One fragment with the init segment it goes with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Made {
    /// The init segment: often that of the object before.
    pub init: Vec<u8>,
    /// The fragment.
    pub bytes: Vec<u8>,
}

impl Transport {
    /// At the beginning of a file.
    pub fn new() -> Self {
        Self::default()
    }

    /// Takes the next bytes of the file.
    pub fn push(&mut self, bytes: &[u8]) {
        self.gathering.push(bytes);
    }

    /// There are no more: what is there is made objects.
    pub fn end(&mut self) {
        self.gathering.end();
        self.is_ended = true;
    }

    /// How many objects were made.
    pub const fn objects(&self) -> u32 {
        self.objects
    }

    /// The next object; `None` until more is pushed, and after the last.
    ///
    /// # Errors
    /// [`Reason`], where it cannot be played.
    pub fn next_object(&mut self) -> Result<Option<Made>, Reason> {
        if self.gathering.bytes() > MOST_WAITING {
            return Err(Reason::TooLarge);
        }
        if self.next.is_empty() && !self.begin() {
            return self.nothing();
        }
        loop {
            let ends = self.gathering.timeline.tracks().iter();
            let stop = ends.filter_map(Track::presentation_end).max();
            let stop = stop.filter(|_| self.is_ended);
            if let Some(cut) = next_object(&self.gathering.timeline, &self.next, stop) {
                return self.make(&self.with_the_rest(cut)).map(Some);
            }
            // The one that leads is over before others: the next of them leads then.
            if !self.is_ended || self.next.len() <= 1 {
                return self.nothing();
            }
            self.next.remove(0);
            self.placed = self.placed.map(|(origin, _)| (origin, 0));
        }
    }

    /// No object now: an error where there was none at all.
    fn nothing(&self) -> Result<Option<Made>, Reason> {
        match (
            self.is_ended && self.objects == 0,
            self.gathering.is_protected,
        ) {
            (true, true) => Err(Reason::Protected),
            (true, false) => Err(Reason::Unplayable),
            (false, _) => Ok(None),
        }
    }

    /// Finds what leads and where it begins: with a keyframe, once pictures and sound are known, or one
    /// of them for so long that the other is not waited for.
    fn begin(&mut self) -> bool {
        let (video, audio) = (
            self.gathering.timeline.video(),
            self.gathering.timeline.audio(),
        );
        let Some(lead) = video.or(audio) else {
            return false;
        };
        let first = lead.presentation_time(lead.numbers().start);
        let is_long = first
            .zip(lead.end_time())
            .is_some_and(|(first, end)| end >= first.plus(PATIENCE));
        if !self.is_ended && !is_long && (video.is_none() || audio.is_none()) {
            return false;
        }
        let from = lead.keyframe_from(lead.numbers().start);
        let Some(first) = from.and_then(|from| lead.section(from..lead.numbers().end)) else {
            return false;
        };
        // From when the first picture is decoded, which becomes 0.
        let decoded = Timestamp::new(first.decode_time, first.config.timescale);
        self.next = vec![(lead.id(), first.numbers.start)];
        let beside = audio.filter(|audio| audio.id() != lead.id());
        self.next
            .extend(beside.map(|audio| (audio.id(), audio.first_presented_from(decoded))));
        true
    }

    /// Behind the end of what leads there is often a little sound: the last object has it.
    fn with_the_rest(&self, mut cut: Cut) -> Cut {
        let Some(((lead, numbers), others)) = cut.tracks.split_first_mut() else {
            return cut;
        };
        let lead = self.gathering.timeline.track(*lead);
        let lead = lead.filter(|lead| self.is_ended && numbers.end == lead.numbers().end);
        let Some(end) = lead.and_then(Track::presentation_end) else {
            return cut;
        };
        for (id, numbers) in others {
            let track = self.gathering.timeline.track(*id);
            let is_over = |end_of: Timestamp| end_of < end.plus(LITTLE);
            let rest = track
                .filter(|track| track.presentation_end().is_some_and(is_over))
                .and_then(|track| track.section(numbers.start..track.numbers().end));
            numbers.end = rest.map_or(numbers.end, |rest| rest.numbers.end);
        }
        cut
    }

    fn make(&mut self, cut: &Cut) -> Result<Made, Reason> {
        let (lanes, placed) = self.lanes(cut).ok_or(Reason::Unplayable)?;
        let number = self.objects + 1;
        let fragment = FragmentPlan::new(number, &lanes).ok_or(Reason::Unplayable)?;
        if fragment.plan.len() > MAX_OBJECT {
            return Err(Reason::TooLarge);
        }
        let init = init_segment(&configs(&self.gathering.timeline, &self.next, &lanes), None);
        let mut bytes = Vec::new();
        for part in fragment.plan.parts() {
            bytes.extend_from_slice(match part {
                Part::Bytes(made) => made,
                Part::Stored(extent) => self.gathering.payload(extent).ok_or(Reason::Unplayable)?,
            });
        }
        (self.objects, self.placed) = (number, Some(placed));
        for (id, numbers) in &cut.tracks {
            if let Some(next) = self.next.iter_mut().find(|(own, _)| own == id) {
                next.1 = numbers.end;
            }
        }
        self.gathering.forget_before(&self.next);
        Ok(Made { init, bytes })
    }

    /// The samples of an object, and how their times are moved: as those of the first are.
    fn lanes(&self, cut: &Cut) -> Option<(Vec<Lane<'_>>, (Timestamp, i64))> {
        let slices = cut.tracks.iter().map(|(id, numbers)| {
            let track = self.gathering.timeline.track(*id)?;
            Some((track, track.slice(numbers.clone())?))
        });
        let slices: Vec<_> = slices.collect::<Option<_>>()?;
        let (_, first) = slices.first()?;
        let (origin, lead) = self.placed.unwrap_or_else(|| {
            let lead = first.composition_lead();
            let origin = first.decode_time - lead;
            (Timestamp::new(origin, first.config.timescale), lead)
        });
        let lanes = slices
            .into_iter()
            .enumerate()
            .map(|(place, (track, slice))| {
                let leads = place == 0;
                let origin = origin.rescale(slice.config.timescale).ticks;
                Lane {
                    track,
                    track_id: track.id().0,
                    decode_origin: origin + if leads { lead } else { 0 },
                    presentation_origin: origin,
                    slice: match leads {
                        true => without_hole(slice),
                        false => slice,
                    },
                }
            });
        Some((lanes.collect(), (origin, lead)))
    }
}
