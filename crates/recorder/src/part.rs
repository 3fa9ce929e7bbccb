//! A stretch of the tape that is recorded in one go, and where it lies in the recording.

use livetape_media::{Timescale, Timestamp, TrackId};
use livetape_timeline::plan::{Cut, Lane, shown_from, without_hole};
use livetape_timeline::{Slice, Timeline, Track};

/// From Record, or Resume, or a clip's start, on.
#[derive(Debug, Clone)]
pub(crate) struct Part {
    /// Where on the tape it begins: all that is presented from there on is recorded.
    pub(crate) from: Timestamp,
    /// Where on the tape it ended, once it has.
    pub(crate) until: Option<Timestamp>,
    /// When `from` is shown in the recording, whose first picture is shown at 0.
    pub(crate) at: Timestamp,
    /// Unix milliseconds of `from`.
    pub(crate) unix: i64,
    /// How its samples' times are moved, once its first object is known.
    pub(crate) moved: Option<Moved>,
}

/// How times on the tape become times in the recording.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Moved {
    /// What becomes 0.
    pub(crate) origin: Timestamp,
    /// How much later than `origin` the lead track decodes at 0. Not zero where the stream has
    /// negative composition offsets, which not every player reads alike: they are lifted.
    pub(crate) decode_lead: i64,
}

impl Moved {
    /// So that `slice`, the lead track's first, is decoded from `decoded` on. `decode_lead` is that
    /// of its samples as they are stored, as those that follow are.
    pub(crate) fn new(slice: &Slice, decode_lead: i64, decoded: Timestamp) -> Self {
        let origin = Timestamp::new(slice.decode_time - decode_lead, slice.config.timescale);
        Self {
            origin: origin.minus(decoded),
            decode_lead,
        }
    }
}

impl Part {
    /// One that begins at `from`, exactly, however far its keyframe lies before that.
    pub(crate) const fn at(from: Timestamp, at: Timestamp, unix: i64) -> Self {
        Self {
            from,
            until: None,
            at,
            unix,
            moved: None,
        }
    }

    /// When a moment of the tape is shown in the recording; what is not part of this is its nearest end.
    pub(crate) fn in_recording(&self, moment: Timestamp) -> Timestamp {
        let within = self.until.map_or(moment, |until| moment.min(until));
        self.at.plus(within.max(self.from).minus(self.from))
    }

    /// Unix milliseconds of what is shown in the recording then.
    pub(crate) fn unix_at(&self, shown: Timestamp) -> i64 {
        let since = shown.minus(self.at).rescale(Timescale::MILLIS);
        self.unix.saturating_add(since.ticks)
    }

    /// The samples of an object, track by track; `next` has the order of the tracks, of which the
    /// first leads.
    pub(crate) fn lanes<'a>(
        &self,
        timeline: &'a Timeline,
        next: &[(TrackId, u64)],
        cut: &Cut,
    ) -> Vec<Lane<'a>> {
        let lane = |(index, (id, _)): (usize, &(TrackId, u64))| {
            let track = timeline.track(*id)?;
            let (_, numbers) = cut.tracks.iter().find(|(own, _)| own == id)?;
            let slice = track.slice(numbers.clone())?;
            let moved = self.moved?;
            let origin = moved.origin.rescale(slice.config.timescale).ticks;
            let leads = index == 0;
            Some(Lane {
                track,
                track_id: id.0,
                decode_origin: origin + if leads { moved.decode_lead } else { 0 },
                presentation_origin: origin,
                slice: match leads {
                    true => self.trimmed(without_hole(slice)),
                    false => slice,
                },
            })
        };
        next.iter().enumerate().filter_map(lane).collect()
    }

    /// A lead slice as it is recorded: what is presented before this part begins hardly lasts.
    pub(crate) fn trimmed(&self, slice: Slice) -> Slice {
        let starts = Timestamp::new(slice.presentation_start(), slice.config.timescale);
        if slice.config.format.is_video() && starts < self.from {
            return shown_from(slice, self.from);
        }
        slice
    }
}

/// The numbers of each track's first sample in what is presented from `from` on, the lead first: its
/// keyframe, and sound from there on.
pub(crate) fn first_numbers(
    timeline: &Timeline,
    lead: &Track,
    keyframe: u64,
    from: Timestamp,
) -> Vec<(TrackId, u64)> {
    let tracks = timeline.tracks().iter();
    let numbers = tracks.map(|track| {
        let number = match track.id() == lead.id() {
            true => keyframe,
            false => track.first_presented_from(from),
        };
        (track.id(), number)
    });
    numbers.collect()
}

/// The track that objects are cut by.
pub(crate) fn lead(timeline: &Timeline) -> Option<&Track> {
    timeline.video().or_else(|| timeline.audio())
}
