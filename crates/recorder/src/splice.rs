//! Where one coded stream gives way to another on a track: each picture once, and none without
//! the keyframe it needs.
//!
//! A player may append a range again: the same one, which changes nothing; or, after a switch of
//! quality, another coding of the same moments. Pictures of that coding that lie behind the end
//! of the track cannot be shown after those that are there, so it takes over at a keyframe. Where
//! that lies before the end, what is there from then on is replaced, as the browser does it; what
//! a recording has taken already is not.

use livetape_media::{Timestamp, TrackId};
use livetape_tape::Tape;
use livetape_timeline::{Extent, Track};

use crate::stretch::Stretch;

/// Pictures that wait to replace others, at most: a GOP of several minutes.
const MOST_WAITING: usize = 1 << 14;

/// How one stream's pictures come onto a track.
#[derive(Debug, Default)]
pub(crate) struct Splice {
    /// The end of the track, in ticks, is where this stream has come to.
    joined_at: Option<i64>,
    /// From the stream's latest keyframe that lies where the track has other pictures.
    waiting: Option<Stretch>,
}

/// What became of a stretch.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Joined {
    /// Something is on the track now that was not before.
    pub(crate) appended: bool,
    /// Ticks of presentation for which there is nothing before it; 0 for none.
    pub(crate) gap: i64,
}

impl Splice {
    /// Puts a stretch on the track. Numbers below `taken` are not replaced.
    pub(crate) fn join(
        &mut self,
        stretch: Stretch,
        id: TrackId,
        taken: u64,
        tape: &mut Tape,
    ) -> Joined {
        let track = tape.timeline().track(id);
        let end = track.and_then(|track| Some(track.end_time()?.ticks));
        let Some((track, end)) = track.zip(end) else {
            return self.append(stretch.at_keyframe(), id, tape);
        };
        let covered = stretch.behind(end);
        let joins = self.joined_at == Some(end) && self.waiting.is_none();
        if joins && covered == 0 {
            return self.append(Some(stretch), id, tape);
        }
        let behind = stretch.samples(..covered);
        if covered > 0 && track.has(&stretch.config, stretch.decode_time, behind) {
            self.waiting = None;
            self.joined_at = Some(end);
            let (_, rest) = stretch.split(covered);
            return self.append(rest, id, tape);
        }
        self.joined_at = None;
        let (behind, rest) = stretch.split(covered);
        if let Some(behind) = behind {
            self.wait(behind);
        }
        match (rest, self.waiting.take()) {
            (None, waiting) => {
                self.waiting = waiting;
                Joined::default()
            }
            (Some(rest), Some(waiting)) if !rest.begins_with_keyframe() => {
                self.take_over(waiting.and(rest), id, taken, tape)
            }
            (Some(rest), _) => self.append(rest.at_keyframe(), id, tape),
        }
    }

    fn wait(&mut self, behind: Stretch) {
        let keyframe = behind.last_keyframe();
        let waiting = match (keyframe, self.waiting.take()) {
            (Some(keyframe), _) => behind.split(keyframe).1,
            (None, Some(waiting)) if waiting.ends_at(&behind) => Some(waiting.and(behind)),
            (None, _) => None,
        };
        self.waiting = waiting.filter(|waiting| waiting.len() <= MOST_WAITING);
    }

    /// Replaces the track's pictures from the stretch's keyframe on. Where they must stay, the
    /// stream waits for its next keyframe.
    fn take_over(&mut self, stretch: Stretch, id: TrackId, taken: u64, tape: &mut Tape) -> Joined {
        let timescale = stretch.config.timescale;
        let at = Timestamp::new(stretch.half_before_first_shown(), timescale);
        let track = tape.timeline().track(id);
        let first = track.map_or(0, |track| track.first_presented_from(at));
        let stored = |extent: &Extent| tape.is_stored(extent.store);
        if first < taken || !stretch.extents.iter().all(stored) {
            let end = track.and_then(|track| Some(track.end_time()?.ticks));
            let covered = end.map_or(0, |end| stretch.behind(end));
            let rest = stretch.split(covered).1.and_then(Stretch::at_keyframe);
            return self.append(rest, id, tape);
        }
        tape.cut_back(id, first);
        self.append(Some(stretch.without_leading()), id, tape)
    }

    fn append(&mut self, stretch: Option<Stretch>, id: TrackId, tape: &mut Tape) -> Joined {
        let Some(mut stretch) = stretch else {
            return Joined::default();
        };
        let track = tape.timeline().track(id);
        let mut gap = 0;
        let end = track.and_then(Track::end_time);
        let shown = track.and_then(Track::presentation_end);
        if let Some((end, shown)) = end.zip(shown) {
            // One coding decodes further ahead than another: only what is missing in both times is.
            let missing = stretch.earliest_shown() - shown.ticks;
            gap = missing.min(stretch.decode_time - end.ticks);
            stretch.delay_to(end.ticks);
        }
        self.joined_at = Some(stretch.end());
        let Stretch {
            config,
            decode_time,
            samples,
            extents,
        } = &stretch;
        tape.append(id, config, *decode_time, samples, extents);
        Joined {
            appended: true,
            gap: gap.max(0),
        }
    }
}

/// Where every sample stands for itself, as of sound: what is covered is left out.
pub(crate) fn append_uncovered(stretch: &Stretch, id: TrackId, tape: &mut Tape) -> Joined {
    let Stretch {
        config,
        decode_time,
        samples,
        extents,
    } = stretch;
    let appended = tape.append(id, config, *decode_time, samples, extents);
    Joined {
        appended: appended.kept > 0,
        gap: appended.gap,
    }
}
