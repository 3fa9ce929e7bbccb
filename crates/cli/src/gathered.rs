//! Samples with times as their stream tells them, until the epoch that these hold in has its place
//! on the timeline.

use std::collections::BTreeMap;
use std::sync::Arc;

use livetape_media::{Format, Sample, Timescale, Timestamp, TrackConfig, TrackId};
use livetape_timeline::{Extent, Timeline};

use crate::report::Report;

/// Discontinuity sequence number, and the how many-eth base of time within it.
pub(crate) type Epoch = (u64, usize);

/// Samples with times as their stream tells them.
#[derive(Debug)]
pub(crate) struct Gathered {
    pub(crate) slot: usize,
    pub(crate) epoch: Epoch,
    pub(crate) config: Arc<TrackConfig>,
    pub(crate) decode_time: i64,
    pub(crate) samples: Vec<Sample>,
    pub(crate) extents: Vec<Extent>,
    /// One sample whose time was not its own.
    pub(crate) stray: bool,
}

impl Gathered {
    /// When the last one has been decoded, in ticks.
    pub(crate) fn end(&self) -> i64 {
        let lasting = self.samples.iter().map(|s| i64::from(s.duration));
        self.decode_time.saturating_add(lasting.sum())
    }

    /// Ticks of 90 kHz.
    pub(crate) fn mpeg(&self, ticks: i64) -> i64 {
        let time = Timestamp::new(ticks, self.config.timescale);
        time.rescale(Timescale::MPEG).ticks
    }

    /// When each is shown, in ticks, in order of decoding.
    pub(crate) fn shown(&self) -> impl Iterator<Item = i64> + '_ {
        let mut time = self.decode_time;
        self.samples.iter().map(move |sample| {
            let shown = time + i64::from(sample.composition_offset);
            time += i64::from(sample.duration);
            shown
        })
    }

    /// First decode and presentation time and the last ones' ends, in ticks.
    pub(crate) fn bounds(&self) -> Bounds {
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
pub(crate) struct Bounds {
    pub(crate) start: (i64, i64),
    pub(crate) end: (i64, i64),
}

impl Bounds {
    pub(crate) const EMPTY: Self = Self {
        start: (i64::MAX, i64::MAX),
        end: (i64::MIN, i64::MIN),
    };

    pub(crate) fn and(self, other: Self) -> Self {
        Self {
            start: (
                self.start.0.min(other.start.0),
                self.start.1.min(other.start.1),
            ),
            end: (self.end.0.max(other.end.0), self.end.1.max(other.end.1)),
        }
    }
}

/// By how much an epoch is moved; `hole` ticks of 90 kHz are known to be missing before it.
pub(crate) fn placement(runs: &[Gathered], ends: &BTreeMap<usize, Bounds>, hole: i64) -> Timestamp {
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
pub(crate) fn append(timeline: &mut Timeline, run: &Gathered, moved: i64, report: &mut Report) {
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
