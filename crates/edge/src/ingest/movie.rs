//! A file as the objects of a recording: fragments that begin with keyframes, of about two seconds, whose
//! payload is the file's own.

use std::ops::Range;

use livetape_media::{Timescale, Timestamp, TrackId};
use livetape_timeline::plan::{FragmentPlan, Lane, Part, init_segment};
use livetape_timeline::{Timeline, Track};

use super::Reason;
use crate::object::MAX_OBJECT;

/// An object is at least this long, if keyframes allow.
const SHORTEST: Timestamp = Timestamp::new(1_900, Timescale::MILLIS);
/// An object is never longer than this.
const LONGEST: Timestamp = Timestamp::new(6_000, Timescale::MILLIS);

/// A file whose index is known.
#[derive(Debug)]
pub struct Movie {
    timeline: Timeline,
    /// The tracks that are played, the one that leads first.
    tracks: Vec<TrackId>,
    /// What becomes 0.
    origin: Timestamp,
    /// How much later than `origin` the lead decodes at 0: composition offsets are lifted, so that none is
    /// negative, which not every player reads alike.
    lead: i64,
    /// Numbers of the lead's samples at which objects begin; then its end.
    cuts: Vec<u64>,
}

/// Bytes of an object: made ones, or the file's.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Source {
    /// Made for it.
    Bytes(Vec<u8>),
    /// A range of the file.
    File(Range<u64>),
}

/// One fragment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Object {
    /// Its bytes, in order.
    pub sources: Vec<Source>,
    /// How many they are.
    pub len: u64,
}

impl Movie {
    /// # Errors
    /// [`Reason`], where it cannot be played.
    pub(super) fn new(timeline: Timeline) -> Result<Self, Reason> {
        let wanted = [timeline.video(), timeline.audio()];
        let tracks: Vec<&Track> = wanted.into_iter().flatten().collect();
        let leads = tracks.first().ok_or(Reason::Unplayable)?;
        if tracks
            .iter()
            .any(|track| track.sections(track.numbers()).len() > 1)
        {
            return Err(Reason::ConfigurationChange);
        }
        let from = leads
            .keyframe_from(leads.numbers().start)
            .ok_or(Reason::Unplayable)?;
        let whole = leads
            .section(from..leads.numbers().end)
            .ok_or(Reason::Unplayable)?;
        let config = whole.config.clone();
        let samples = || leads.walk(from..leads.numbers().end);
        let lowest = samples().map(|(_, sample)| sample.composition_offset).min();
        let lead = -i64::from(lowest.unwrap_or(0).min(0));
        let first = samples().next().ok_or(Reason::Unplayable)?.0;
        let is_video = config.format.is_video();
        Ok(Self {
            origin: Timestamp::new(first - lead, config.timescale),
            lead,
            cuts: cuts(samples(), from, config.timescale, is_video),
            tracks: tracks.iter().map(|track| track.id()).collect(),
            timeline,
        })
    }

    /// Its init segment.
    pub fn init(&self) -> Vec<u8> {
        let tracks = self.tracks.iter().filter_map(|id| {
            let config = self.timeline.track(*id)?.config()?;
            Some((id.0, config.clone()))
        });
        init_segment(&tracks.collect::<Vec<_>>(), None)
    }

    /// How many objects it is.
    pub fn objects(&self) -> u32 {
        u32::try_from(self.cuts.len().saturating_sub(1)).unwrap_or(u32::MAX)
    }

    /// One of them.
    ///
    /// # Errors
    /// [`Reason::TooLarge`], or [`Reason::Unplayable`] where its times fit no fragment.
    pub fn object(&self, seq: u32) -> Result<Object, Reason> {
        let at = seq as usize;
        let ends = (self.cuts.get(at), self.cuts.get(at + 1));
        let (Some(from), Some(to)) = ends else {
            return Err(Reason::Unplayable);
        };
        let lanes: Vec<_> = self
            .tracks
            .iter()
            .filter_map(|id| self.lane(*id, *from..*to))
            .collect();
        let plan = FragmentPlan::new(seq.wrapping_add(1), &lanes)
            .ok_or(Reason::Unplayable)?
            .plan;
        let sources = plan.parts().iter().map(|part| match part {
            Part::Bytes(bytes) => Source::Bytes(bytes.clone()),
            Part::Stored(extent) => Source::File(extent.offset..extent.offset + extent.len),
        });
        let len = plan.parts().iter().map(Part::len).sum();
        if len > MAX_OBJECT {
            return Err(Reason::TooLarge);
        }
        Ok(Object {
            sources: sources.collect(),
            len,
        })
    }

    /// A track's share of an object: the lead's samples, or what is presented while they are.
    fn lane(&self, id: TrackId, numbers: Range<u64>) -> Option<Lane<'_>> {
        let track = self.timeline.track(id)?;
        let leads = self.tracks.first() == Some(&id);
        let numbers = if leads {
            numbers
        } else {
            self.beside(track, numbers)?
        };
        let slice = track.slice(numbers)?;
        let origin = self.origin.rescale(slice.config.timescale).ticks;
        Some(Lane {
            track,
            track_id: id.0,
            decode_origin: origin + if leads { self.lead } else { 0 },
            presentation_origin: origin,
            slice,
        })
    }

    /// The numbers of a track that go with those of the lead. The last object has all that is left.
    fn beside(&self, track: &Track, numbers: Range<u64>) -> Option<Range<u64>> {
        let lead = self.timeline.track(*self.tracks.first()?)?;
        let starts = |number: u64| match self.cuts.first() == Some(&number) {
            true => Some(track.first_presented_from(self.origin)),
            false => Some(track.first_presented_from(lead.presentation_time(number)?)),
        };
        let end = match self.cuts.last() == Some(&numbers.end) {
            true => track.numbers().end,
            false => starts(numbers.end)?,
        };
        Some(starts(numbers.start)?..end)
    }
}

/// Where objects begin, and the end: before a keyframe once one is long enough, and anyway before it is too long.
fn cuts(
    samples: impl Iterator<Item = (i64, livetape_media::Sample)>,
    from: u64,
    timescale: Timescale,
    is_video: bool,
) -> Vec<u64> {
    let (shortest, longest) = (
        SHORTEST.rescale(timescale).ticks,
        LONGEST.rescale(timescale).ticks,
    );
    let mut cuts = vec![from];
    let (mut start, mut end) = (None, from);
    for (number, (time, sample)) in (from..).zip(samples) {
        let since = time - *start.get_or_insert(time);
        let may = if is_video { sample.keyframe } else { true };
        let must = since + i64::from(sample.duration) > longest;
        if since > 0 && (may && since >= shortest || must) {
            cuts.push(number);
            start = Some(time);
        }
        end = number + 1;
    }
    cuts.push(end);
    cuts
}
