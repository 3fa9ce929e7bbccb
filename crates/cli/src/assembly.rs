//! Runs of samples, with times as their streams tell them, to one timeline without jumps.
//!
//! Times of a stream hold within an *epoch*. A new one begins at a declared discontinuity, and where
//! times step back by more than [`BACK`] or ahead by more than [`AHEAD`]. When all is read, each
//! epoch is moved as a whole, so that the offset between its tracks stays, to the earliest place at
//! which none of its tracks overlaps what that track already has.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use livetape_container::{Defect, Run};
use livetape_media::{Format, Sample, TimedEvent, Timescale, Timestamp, TrackConfig, TrackId};
use livetape_timeline::{Extent, Timeline, rescaled};

use crate::carried::refusal;
use crate::moments::{Moment, Moments};
use crate::report::Report;

/// A step back that is still taken for a range sent twice, in ticks of 90 kHz.
const BACK: i64 = 90_000;
/// A step ahead that is still taken for missing media, in ticks of 90 kHz.
const AHEAD: i64 = 10 * 90_000;

/// Discontinuity sequence number, and the how many-eth base of time within it.
type Epoch = (u64, usize);

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

#[derive(Debug)]
struct Gathered {
    slot: usize,
    epoch: Epoch,
    config: Arc<TrackConfig>,
    decode_time: i64,
    samples: Vec<Sample>,
    extents: Vec<Extent>,
}

impl Gathered {
    /// First decode and presentation time and the last ones' ends, in ticks.
    fn bounds(&self) -> Bounds {
        let mut bounds = Bounds::EMPTY;
        let mut time = self.decode_time;
        for sample in &self.samples {
            let shown = time + i64::from(sample.composition_offset);
            let end = i64::from(sample.duration);
            bounds = bounds.and(Bounds {
                start: (time, shown),
                end: (time + end, shown + end),
            });
            time += end;
        }
        bounds
    }
}

/// Decode and presentation times of a stretch.
#[derive(Debug, Clone, Copy)]
struct Bounds {
    start: (i64, i64),
    end: (i64, i64),
}

impl Bounds {
    const EMPTY: Self = Self {
        start: (i64::MAX, i64::MAX),
        end: (i64::MIN, i64::MIN),
    };

    fn and(self, other: Self) -> Self {
        Self {
            start: (
                self.start.0.min(other.start.0),
                self.start.1.min(other.start.1),
            ),
            end: (self.end.0.max(other.end.0), self.end.1.max(other.end.1)),
        }
    }
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
        let later = epochs.iter().skip(moment.base).position(about);
        (moment.number, moment.base + later.unwrap_or(0))
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
        };
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
        let timescale = run.config.timescale;
        let bounds = run.bounds();
        let mpeg = |ticks: i64| {
            Timestamp::new(ticks, timescale)
                .rescale(Timescale::MPEG)
                .ticks
        };
        let (start, end) = (mpeg(bounds.start.0), mpeg(bounds.end.0));
        let epochs = self.epochs.entry(number).or_default();
        let due = self.slots.get(run.slot).and_then(|slot| slot.due);
        let near = |(from, to): &(i64, i64)| {
            start >= from.saturating_sub(ahead) && start <= to.saturating_add(ahead)
        };
        let current = due.filter(|((of, _), _)| *of == number);
        let goes_on = current.filter(|(_, due)| {
            start >= due.saturating_sub(BACK) && start <= due.saturating_add(ahead)
        });
        let is_other = matches!(run.config.format, Format::Other { .. });
        let at = match (goes_on, current) {
            (Some(((_, at), _)), _) => at,
            // Text may be silent for long: its times hold where those of the other tracks do.
            _ if is_other && !epochs.is_empty() => {
                let last = epochs.len() - 1;
                epochs.iter().rposition(near).unwrap_or(last)
            }
            // The other tracks may have made the step already.
            (None, Some(((_, at), due))) => {
                let newer = (at + 1..epochs.len()).find(|n| epochs.get(*n).is_some_and(near));
                newer.unwrap_or_else(|| {
                    let step = Timestamp::new(start - due, Timescale::MPEG).seconds();
                    let message = format!("the clock steps by {step:.3} s; the step was taken out");
                    report.tell("clock_step", message);
                    epochs.len()
                })
            }
            (None, None) => epochs.iter().rposition(near).unwrap_or(epochs.len()),
        };
        let hole = self.missing_since.remove(&lane).unwrap_or(0);
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

    /// Makes the timeline of all that was gathered.
    pub(crate) fn finish(&mut self, report: &mut Report) -> Timeline {
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
            let offset = offsets.get(&self.epoch_of(moment));
            offset.copied().unwrap_or(none)
        };
        moments.settle(place, &mut timeline, report);
        timeline
    }
}

/// By how much an epoch is moved; `hole` ticks of 90 kHz are known to be missing before it.
fn placement(runs: &[Gathered], ends: &BTreeMap<usize, Bounds>, hole: i64) -> Timestamp {
    let mut own: BTreeMap<usize, (Bounds, Timescale)> = BTreeMap::new();
    for run in runs {
        let entry = own.entry(run.slot);
        let (bounds, _) = entry.or_insert((Bounds::EMPTY, run.config.timescale));
        *bounds = bounds.and(run.bounds());
    }
    let needed = own.iter().filter_map(|(slot, (bounds, timescale))| {
        let before = ends.get(slot)?;
        let decoded = before.end.0.saturating_sub(bounds.start.0);
        let shown = before.end.1.saturating_sub(bounds.start.1);
        Some(Timestamp::new(decoded.max(shown), *timescale))
    });
    let hole = Timestamp::new(hole, Timescale::MPEG);
    let moved = needed.max().map(|needed| needed.plus(hole));
    moved.unwrap_or(Timestamp::zero(Timescale::MPEG))
}

/// Appends a run at its place, and tells what is missing or was there already.
fn append(timeline: &mut Timeline, run: &Gathered, moved: i64, report: &mut Report) {
    let at = run.decode_time.saturating_add(moved);
    let track = TrackId(run.slot as u32);
    let appended = timeline.append(track, &run.config, at, &run.samples, &run.extents);
    let kind = match run.config.format {
        Format::Video { .. } => "picture",
        Format::Audio { .. } => "sound",
        Format::Other { .. } => "text or metadata",
    };
    let seconds = |ticks: i64| Timestamp::new(ticks, run.config.timescale).seconds();
    let one = run.samples.first().map_or(0, |s| i64::from(s.duration));
    let is_other = matches!(run.config.format, Format::Other { .. });
    if appended.gap > one && !is_other {
        let message = format!(
            "{:.3} s of {kind} are missing from the stream",
            seconds(appended.gap)
        );
        report.tell_at("missing_media", message, seconds(at - appended.gap));
    }
    if appended.covered > 0 {
        let message = format!(
            "{} samples of {kind} came twice and were kept once",
            appended.covered
        );
        report.tell_at("overlap", message, seconds(at));
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
