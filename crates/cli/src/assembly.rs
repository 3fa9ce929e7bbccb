//! Runs of samples, with times as their streams tell them, to one timeline without jumps.
//!
//! Times of a stream hold within an *epoch*. A new one begins at a declared discontinuity, and where
//! times step back by more than [`BACK`] or ahead by more than [`AHEAD`]. When all is read, each
//! epoch is moved as a whole, so that the offset between its tracks stays, to the earliest place at
//! which none of its tracks overlaps what that track already has. A track that is back by its old
//! clock after a few samples never left it: those are `strays`.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use livetape_container::{Defect, Run};
use livetape_media::{Format, TimedEvent, Timescale, Timestamp, TrackConfig, TrackId};
use livetape_timeline::{Extent, Timeline, rescaled};

use crate::carried::refusal;
use crate::gathered::{Bounds, Epoch, Gathered, append, placement};
use crate::moments::{Moment, Moments};
use crate::report::Report;
use crate::strays::{Strays, mend_first, show_strays};

/// A step back that is still taken for a range sent twice, in ticks of 90 kHz.
pub(crate) const BACK: i64 = 90_000;
/// A step ahead that is still taken for missing media, in ticks of 90 kHz.
pub(crate) const AHEAD: i64 = 10 * 90_000;
/// How far from when it is due a sample makes those before it suspect, in ticks of 90 kHz.
const STRAY: u64 = 900;

/// A track of a stream as its demuxer numbers it.
type StreamTrack = (usize, TrackId);

/// Gathers runs, then makes the timeline.
#[derive(Debug, Default)]
pub(crate) struct Assembly {
    slots: Vec<Slot>,
    configs: BTreeMap<StreamTrack, Arc<TrackConfig>>,
    /// Which slot a track's samples go to.
    assigned: BTreeMap<StreamTrack, usize>,
    /// Lanes whose numbers of tracks hold only until one is not known.
    renumbering: BTreeSet<usize>,
    /// The discontinuity sequence number in force, by lane.
    discontinuity: BTreeMap<usize, u64>,
    /// From when to when each epoch lasts, 90 kHz, by discontinuity sequence number.
    epochs: BTreeMap<u64, Vec<(i64, i64)>>,
    /// Ticks of 90 kHz known to be missing, by lane.
    missing: BTreeMap<usize, i64>,
    /// The same since the last samples of a lane.
    missing_since: BTreeMap<usize, i64>,
    /// How much is missing before an epoch, in ticks of 90 kHz.
    holes: BTreeMap<Epoch, i64>,
    /// Epochs that only strays were in: the one these belong to, and by how much they were moved.
    strayed: BTreeMap<Epoch, (Epoch, i64)>,
    runs: Vec<Gathered>,
    moments: Moments,
    left_out: Vec<StreamTrack>,
}

/// A track of the timeline to be.
#[derive(Debug)]
struct Slot {
    lane: usize,
    config: Arc<TrackConfig>,
    /// As which track of its stream it was known last.
    track: TrackId,
    /// Which epoch it is in, and the time its next sample is due there, 90 kHz.
    due: Option<(Epoch, i64)>,
}

impl Assembly {
    /// What follows in a lane has the times of this discontinuity sequence number.
    pub(crate) fn discontinuity(&mut self, lane: usize, number: u64) {
        self.discontinuity.insert(lane, number);
        self.renumbered(lane);
    }

    /// What follows in a lane may number its tracks anew: each goes on where one of its kind ended.
    ///
    /// What is left of the tracks before may still come, and belongs where they are: the numbers
    /// hold until there is one that is not known.
    pub(crate) fn renumbered(&mut self, lane: usize) {
        self.renumbering.insert(lane);
    }

    /// A segment is missing from a lane.
    pub(crate) fn missing(&mut self, lane: usize, seconds: Option<f64>) {
        let ticks = Timestamp::from_seconds(seconds.unwrap_or(0.0), Timescale::MPEG).ticks;
        for missing in [&mut self.missing, &mut self.missing_since] {
            let known = missing.entry(lane).or_default();
            *known = known.saturating_add(ticks.max(0));
        }
    }

    /// A track's configuration from here on.
    pub(crate) fn config(&mut self, lane: usize, track: TrackId, config: Arc<TrackConfig>) {
        let before = self.configs.insert((lane, track), Arc::clone(&config));
        if before.is_some_and(|before| !same_kind(&before, &config)) {
            self.assigned.remove(&(lane, track));
        }
    }

    /// Takes a timed event.
    pub(crate) fn event(&mut self, lane: usize, event: TimedEvent) {
        self.moments.event(self.moment(lane, event.time), event);
    }

    /// Takes a defect, to be reported with its time.
    pub(crate) fn defect(&mut self, lane: usize, defect: Defect, report: &mut Report) {
        let moment = defect.time.map(|time| self.moment(lane, time));
        self.moments.defect(moment, defect, report);
    }

    /// How many runs have been taken.
    pub(crate) fn runs(&self) -> usize {
        self.runs.len()
    }

    /// Takes the date, in Unix milliseconds, of the first picture, or else the first sound, of a
    /// lane's runs since there were `before`.
    pub(crate) fn date(&mut self, lane: usize, before: usize, unix_millis: i64) {
        let runs = self.runs.iter().skip(before);
        let own = runs.filter(|run| self.slots.get(run.slot).is_some_and(|s| s.lane == lane));
        let first = own.min_by_key(|run| {
            let shown = Timestamp::new(run.bounds().start.1, run.config.timescale);
            (!run.config.format.is_video(), shown)
        });
        if let Some(run) = first {
            let time = Timestamp::new(run.bounds().start.1, run.config.timescale);
            let (number, base) = run.epoch;
            let moment = Moment { number, base, time };
            self.moments.date(moment, unix_millis);
        }
    }

    fn moment(&self, lane: usize, time: Timestamp) -> Moment {
        let number = self.discontinuity.get(&lane).copied().unwrap_or(0);
        let slots = self.slots.iter().filter(|slot| slot.lane == lane);
        let bases = slots.filter_map(|slot| slot.due.filter(|((of, _), _)| *of == number));
        let base = bases.map(|((_, base), _)| base).max().unwrap_or(0);
        Moment { number, base, time }
    }

    /// The epoch of a moment: the first, of those that its lane had reached or not yet begun, whose
    /// samples are about that time.
    fn epoch_of(&self, moment: &Moment) -> Epoch {
        let epochs = self
            .epochs
            .get(&moment.number)
            .map_or(&[][..], Vec::as_slice);
        let ticks = moment.ticks();
        let about = |(from, to): &(i64, i64)| {
            ticks >= from.saturating_sub(AHEAD) && ticks <= to.saturating_add(AHEAD)
        };
        // Among strays: their times, or those of the epoch that they belong to.
        let base = (moment.number, moment.base);
        let (_, home) = match (self.strayed.get(&base), epochs.get(moment.base)) {
            (Some(_), Some((from, to))) if (*from..=*to).contains(&ticks) => return base,
            (Some((home, _)), _) => *home,
            (None, _) => base,
        };
        let of_strays = |at: usize| self.strayed.contains_key(&(moment.number, at));
        let later = epochs.iter().enumerate().skip(home);
        let mut later = later.filter(|(at, own)| !of_strays(*at) && about(own));
        (moment.number, later.next().map_or(home, |(at, _)| at))
    }

    /// Takes samples.
    pub(crate) fn run(&mut self, lane: usize, run: Run, extents: Vec<Extent>, report: &mut Report) {
        let stream_track = (lane, run.track);
        let Some(config) = self.configs.get(&stream_track).cloned() else {
            return;
        };
        if let Some(message) = refusal(&config) {
            if !self.left_out.contains(&stream_track) {
                self.left_out.push(stream_track);
                report.tell("track_left_out", message);
            }
            return;
        }
        let slot = self.slot(stream_track, &config);
        let stream = config.timescale;
        let Some(known) = self.slots.get_mut(slot) else {
            return;
        };
        known.config = adopted(&known.config, config);
        let config = Arc::clone(&known.config);
        let (decode_time, samples) =
            rescaled(run.decode_time, run.samples, stream, config.timescale);
        let mut gathered = Gathered {
            slot,
            epoch: (0, 0),
            config,
            decode_time,
            samples,
            extents,
            stray: false,
        };
        let number = self.discontinuity.get(&lane).copied().unwrap_or(0);
        let due = self.slots.get(slot).and_then(|slot| slot.due);
        if let Some((_, due)) = due.filter(|((of, _), _)| *of == number) {
            mend_first(&mut gathered, due);
        }
        gathered.epoch = self.epoch(lane, &gathered, report);
        self.runs.push(gathered);
    }

    /// The slot of a stream's track: of its kind, in its lane, not another track's.
    fn slot(&mut self, track: StreamTrack, config: &Arc<TrackConfig>) -> usize {
        if let Some(slot) = self.assigned.get(&track) {
            return *slot;
        }
        if self.renumbering.remove(&track.0) {
            self.assigned.retain(|(lane, _), _| *lane != track.0);
        }
        let taken: Vec<usize> = self.assigned.values().copied().collect();
        let fitting = self.slots.iter().enumerate().filter(|(number, slot)| {
            slot.lane == track.0 && same_kind(&slot.config, config) && !taken.contains(number)
        });
        let free = fitting.min_by_key(|(number, slot)| (slot.track != track.1, *number));
        let slot = match free.map(|(number, _)| number) {
            Some(number) => number,
            None => {
                self.slots.push(Slot {
                    lane: track.0,
                    config: Arc::clone(config),
                    track: track.1,
                    due: None,
                });
                self.slots.len() - 1
            }
        };
        self.assigned.insert(track, slot);
        if let Some(known) = self.slots.get_mut(slot) {
            known.track = track.1;
        }
        slot
    }

    /// Which epoch a run belongs to.
    fn epoch(&mut self, lane: usize, run: &Gathered, report: &mut Report) -> Epoch {
        let number = self.discontinuity.get(&lane).copied().unwrap_or(0);
        let ahead = AHEAD.saturating_add(self.missing.get(&lane).copied().unwrap_or(0));
        let bounds = run.bounds();
        let (start, end) = (run.mpeg(bounds.start.0), run.mpeg(bounds.end.0));
        let due = self.slots.get(run.slot).and_then(|slot| slot.due);
        let current = due.filter(|((of, _), _)| *of == number);
        let current = current.map(|((_, at), due)| (at, due));
        let goes_on = current.filter(|(_, due)| {
            start >= due.saturating_sub(BACK) && start <= due.saturating_add(ahead)
        });
        let is_other = matches!(run.config.format, Format::Other { .. });
        let near = |(from, to): &(i64, i64)| {
            start >= from.saturating_sub(ahead) && start <= to.saturating_add(ahead)
        };
        let known = |at: &usize| !self.strayed.contains_key(&(number, *at));
        let epochs = self.epochs.get(&number).map_or(&[][..], Vec::as_slice);
        let mut nears =
            (0..epochs.len()).filter(|at| epochs.get(*at).is_some_and(near) && known(at));
        let at = match (goes_on, current) {
            (Some((at, due)), _) => {
                let suspect = start.abs_diff(due) > STRAY && !is_other;
                let mut back = || self.back_from_strays(run.slot, (number, start), true, report);
                suspect.then(&mut back).flatten().unwrap_or(at)
            }
            // Text may be silent for long: its times hold where those of the other tracks do.
            _ if is_other && !epochs.is_empty() => nears.next_back().unwrap_or(epochs.len() - 1),
            (None, Some((at, due))) => {
                // The other tracks may have made the step already.
                let newer = nears.find(|other| *other > at);
                let new = epochs.len();
                let back = self.back_from_strays(run.slot, (number, start), false, report);
                back.or(newer).unwrap_or_else(|| {
                    let step = Timestamp::new(start - due, Timescale::MPEG).seconds();
                    let message = format!("the clock steps by {step:.3} s; the step was taken out");
                    report.tell("clock_step", message);
                    new
                })
            }
            (None, None) => nears.next_back().unwrap_or(epochs.len()),
        };
        let hole = self.missing_since.remove(&lane).unwrap_or(0);
        let epochs = self.epochs.entry(number).or_default();
        match epochs.get_mut(at) {
            Some((from, to)) => (*from, *to) = ((*from).min(start), (*to).max(end)),
            None => {
                epochs.push((start, end));
                self.holes.insert((number, at), hole);
            }
        }
        if let Some(slot) = self.slots.get_mut(run.slot) {
            slot.due = Some(((number, at), end));
        }
        (number, at)
    }

    /// Which epoch a slot's track goes on in at `time` - discontinuity sequence number and 90 kHz -
    /// where only a few samples before had other times: these are put in their places.
    fn back_from_strays(
        &mut self,
        slot: usize,
        time: (u64, i64),
        goes_on: bool,
        report: &mut Report,
    ) -> Option<usize> {
        let strays = Strays::find(&self.runs, slot, time, goes_on)?;
        let moved = strays.settle(&mut self.runs, time.1);
        let others = self.slots.iter().enumerate();
        let others = others.filter(|(number, _)| *number != slot);
        let others: Vec<Epoch> = others.filter_map(|(_, slot)| Some(slot.due?.0)).collect();
        for (epoch, by) in moved {
            if epoch != strays.epoch && !others.contains(&epoch) {
                self.strayed.insert(epoch, (strays.epoch, by));
            }
        }
        let message = match strays.count {
            1 => {
                "the clock is back where it was: a sample with a time far from its neighbours' was \
                  put between them"
                    .to_owned()
            }
            count => format!(
                "the clock is back where it was: {count} samples with times far from their \
                 neighbours' were put between them"
            ),
        };
        report.tell("clock_step", message);
        Some(strays.epoch.1)
    }

    /// As which track of the timeline a stream's track is known.
    pub(crate) fn track(&self, lane: usize, track: TrackId) -> Option<TrackId> {
        let slot = self.assigned.get(&(lane, track))?;
        Some(TrackId(*slot as u32))
    }

    /// Whether all times are as the stream tells them.
    pub(crate) fn has_one_base(&self) -> bool {
        self.epochs.values().map(Vec::len).sum::<usize>() == 1
    }

    /// Seconds of the longest track, as gathered so far.
    pub(crate) fn seconds(&self) -> f64 {
        let mut ticks: BTreeMap<usize, f64> = BTreeMap::new();
        for run in &self.runs {
            let bounds = run.bounds();
            let span = Timestamp::new(bounds.end.0 - bounds.start.0, run.config.timescale);
            *ticks.entry(run.slot).or_default() += span.seconds();
        }
        ticks.into_values().fold(0.0, f64::max)
    }

    /// Has pictures of which none is a keyframe begin with their first: there may be recovery points
    /// that nothing tells of, and decoders recover from what is missing.
    fn begin_without_keyframe(&mut self, report: &mut Report) {
        for slot in 0..self.slots.len() {
            let own = |run: &&mut Gathered| run.slot == slot && run.config.format.is_video();
            let mut samples = self
                .runs
                .iter_mut()
                .filter(own)
                .flat_map(|run| &mut run.samples);
            let Some(first) = samples.next() else {
                continue;
            };
            if !first.keyframe && !samples.any(|sample| sample.keyframe) {
                first.keyframe = true;
                let message = "no picture of a track is a keyframe: it begins with its first, and \
                               may show damage until the decoder has recovered";
                report.tell("no_keyframe", message.to_owned());
            }
        }
    }

    /// Makes the timeline of all that was gathered.
    pub(crate) fn finish(&mut self, report: &mut Report) -> Timeline {
        show_strays(&mut self.runs);
        self.begin_without_keyframe(report);
        let mut by_epoch: BTreeMap<Epoch, Vec<Gathered>> = BTreeMap::new();
        for run in std::mem::take(&mut self.runs) {
            by_epoch.entry(run.epoch).or_default().push(run);
        }
        let mut timeline = Timeline::new();
        let mut ends: BTreeMap<usize, Bounds> = BTreeMap::new();
        let mut offsets: BTreeMap<Epoch, Timestamp> = BTreeMap::new();
        for (epoch, runs) in by_epoch {
            let hole = self.holes.get(&epoch).copied().unwrap_or(0);
            let offset = placement(&runs, &ends, hole);
            offsets.insert(epoch, offset);
            for run in runs {
                let moved = offset.rescale(run.config.timescale).ticks;
                append(&mut timeline, &run, moved, report);
                let bounds = run.bounds();
                let bounds = Bounds {
                    start: (bounds.start.0 + moved, bounds.start.1 + moved),
                    end: (bounds.end.0 + moved, bounds.end.1 + moved),
                };
                let known = ends.entry(run.slot).or_insert(Bounds::EMPTY);
                *known = known.and(bounds);
            }
        }
        let mut moments = std::mem::take(&mut self.moments);
        let none = Timestamp::zero(Timescale::MPEG);
        let place = |moment: &Moment| {
            let epoch = self.epoch_of(moment);
            let (home, moved) = self.strayed.get(&epoch).copied().unwrap_or((epoch, 0));
            let offset = offsets.get(&home).copied().unwrap_or(none);
            offset.plus(Timestamp::new(moved, Timescale::MPEG))
        };
        moments.settle(place, &mut timeline, report);
        timeline
    }
}

fn same_kind(one: &TrackConfig, other: &TrackConfig) -> bool {
    match (one.format, other.format) {
        (Format::Other { handler }, Format::Other { handler: other }) => handler == other,
        (one, other) => one.is_video() == other.is_video() && one.is_audio() == other.is_audio(),
    }
}

/// A configuration as its track takes it: the one known where they are equal, and always with the
/// timescale that the track has for life.
fn adopted(known: &Arc<TrackConfig>, config: Arc<TrackConfig>) -> Arc<TrackConfig> {
    let timescale = known.timescale;
    let config = if config.timescale == timescale {
        config
    } else {
        Arc::new(TrackConfig {
            timescale,
            ..(*config).clone()
        })
    };
    if **known == *config {
        Arc::clone(known)
    } else {
        config
    }
}
