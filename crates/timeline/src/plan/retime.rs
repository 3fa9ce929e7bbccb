//! Times of a slice on the timeline of a file that shows it from a certain moment on.

use std::ops::Range;

use livetape_media::{Sample, Timestamp, ToList};

use super::joined::Timed;
use super::order::sort;
use crate::Slice;

/// Pictures that show from `start` on: those presented before are there for decoding alone and
/// hardly last, as in [`progressive`](super::progressive()). What is presented later keeps its times.
///
/// The first sample is decoded shortly before `start`, whenever it was decoded before.
#[must_use]
pub fn shown_from(slice: Slice, start: Timestamp) -> Slice {
    shown_between(slice, start, None)
}

/// As [`shown_from`], of pictures that show up to `end`, where there is one: those presented then or
/// later hardly last either, just behind it.
#[must_use]
pub(super) fn shown_between(slice: Slice, start: Timestamp, end: Option<Timestamp>) -> Slice {
    let ticks = |time: Timestamp| time.rescale(slice.config.timescale).ticks;
    let (start, end) = (ticks(start), end.map_or(i64::MAX, ticks));
    let timed = Timed::from(slice.walked());
    let retimed = Retimed::new(slice.config.format.is_video(), start..end, &timed);
    let mut samples = Vec::with_capacity(slice.samples.len());
    let negative = i32::try_from(retimed.lead).unwrap_or(0);
    retimed.each(&timed, &mut |mut sample| {
        sample.composition_offset = sample.composition_offset.saturating_sub(negative);
        samples.push(sample);
    });
    Slice {
        decode_time: (start - retimed.origin).saturating_add(retimed.lead),
        samples,
        ..slice
    }
}

/// Samples whose times are moved so that the first decodes at 0.
///
/// Pictures presented before `start`, or at or after `end`, are needed to decode others, not to be
/// seen. Players that mind the edit list never show them; for those that do not, they hardly last.
/// They keep their order of presentation, because Chromium finds the pictures that it must not
/// show by their times, in that order.
pub(super) struct Retimed {
    start: i64,
    /// By how much all are decoded earlier, so that composition offsets are not negative.
    lead: i64,
    /// The samples that are not to be seen, in their order, and when each is presented, counted from
    /// `start`.
    hidden: Vec<(usize, i64)>,
    pre_roll: Option<PreRoll>,
    /// Where on the samples' new timeline `start` lies (negative where it lies before 0).
    pub(super) origin: i64,
    /// Ticks from `start` to the first thing presented then or later; 0 where something is on.
    pub(super) delay: i64,
    /// When all have been presented, as they were.
    pub(super) end: i64,
    /// How often a composition offset is other than the one before, and some more.
    pub(super) offset_runs: usize,
}

impl Retimed {
    /// Of samples of which those presented in `wanted` are to be seen.
    pub(super) fn new(is_video: bool, wanted: Range<i64>, timed: &Timed<'_>) -> Self {
        let mut seen = Seen::default();
        for (decode, sample) in timed.clone() {
            seen.see(is_video, &wanted, decode, &sample);
        }
        let start = wanted.start;
        // Ticks that a picture lasts that is not to be seen: next to nothing, but ffmpeg calls a step
        // of 1,000 times the one before a discontinuity.
        let step = 1 + i64::from(seen.longest) / 1000;
        let lead = -i64::from(seen.lowest);
        let is_before = seen.hidden.iter().any(|(_, shown)| *shown < start);
        let mut retimed = Self {
            start,
            lead,
            offset_runs: seen.offset_runs + 2 * seen.hidden.len(),
            hidden: hidden(seen.hidden, &wanted, step),
            pre_roll: None,
            origin: 0,
            delay: seen.next.map_or(0, |next| (next - start).max(0)),
            end: seen.end.unwrap_or(start),
        };
        if let Some(first) = seen.shown.filter(|_| is_before) {
            let ahead = seen.ahead.map_or(0, |ahead| (ahead + lead).max(0));
            let mut pre_roll = PreRoll::new(first, step, ahead);
            retimed.times(timed, &mut |number, times, _| pre_roll.see(number, times));
            retimed.pre_roll = Some(pre_roll);
        }
        let first = seen.first.map_or(0, |first| first - lead - start);
        retimed.origin = -retimed.decoded(0, first);
        retimed
    }

    /// Each sample, moved.
    pub(super) fn each(&self, timed: &Timed<'_>, take: &mut dyn FnMut(Sample)) {
        let mut last: Option<(i64, Sample)> = None;
        self.times(timed, &mut |number, (decoded, presented), mut sample| {
            let decoded = self.decoded(number, decoded);
            sample.composition_offset = i32::try_from(presented - decoded).unwrap_or(0);
            if let Some((before, mut last)) = last.replace((decoded, sample)) {
                last.duration = u32::try_from(decoded - before).unwrap_or(last.duration);
                take(last);
            }
        });
        if let Some((_, last)) = last {
            take(last);
        }
    }

    /// When each would be decoded, and is presented, counted from `start`, with its number.
    fn times(&self, timed: &Timed<'_>, take: &mut dyn FnMut(usize, (i64, i64), Sample)) {
        let mut hidden = self.hidden.iter();
        let mut next = hidden.next();
        for (number, (decode, sample)) in timed.clone().enumerate() {
            let mut presented = decode + i64::from(sample.composition_offset) - self.start;
            if let Some((_, other)) = next.filter(|hidden| hidden.0 == number) {
                presented = *other;
                next = hidden.next();
            }
            take(number, (decode - self.lead - self.start, presented), sample);
        }
    }

    fn decoded(&self, number: usize, decoded: i64) -> i64 {
        match &self.pre_roll {
            Some(pre_roll) => pre_roll.decoded(number, decoded),
            None => decoded,
        }
    }
}

/// What there is to know of samples before their times can be moved.
#[derive(Default)]
struct Seen {
    count: usize,
    /// When the first is decoded.
    first: Option<i64>,
    /// The lowest composition offset, or 0.
    lowest: i32,
    offset: Option<i32>,
    offset_runs: usize,
    longest: u32,
    /// How many ticks a keyframe is decoded before it is presented, at most.
    ahead: Option<i64>,
    /// Numbers of those that are not to be seen, and when they would be.
    hidden: Vec<(usize, i64)>,
    /// The first, in decode order, that is to be seen.
    shown: Option<usize>,
    /// When the first thing is presented that is not before the start.
    next: Option<i64>,
    end: Option<i64>,
}

impl Seen {
    fn see(&mut self, is_video: bool, wanted: &Range<i64>, decode: i64, sample: &Sample) {
        let offset = i64::from(sample.composition_offset);
        let shown = decode + offset;
        let until = shown + i64::from(sample.duration);
        self.first = self.first.or(Some(decode));
        self.lowest = self.lowest.min(sample.composition_offset);
        if self.offset.replace(sample.composition_offset) != Some(sample.composition_offset) {
            self.offset_runs += 1;
        }
        self.longest = self.longest.max(sample.duration);
        if sample.keyframe {
            self.ahead = self.ahead.max(Some(offset));
        }
        if is_video && !wanted.contains(&shown) {
            self.hidden.push((self.count, shown));
        } else {
            self.shown = self.shown.or(Some(self.count));
        }
        // A picture shown from before is the pre-roll's; sound goes on.
        if shown >= wanted.start || !is_video && until > wanted.start {
            self.next = Some(self.next.map_or(shown, |next| next.min(shown)));
        }
        self.end = self.end.max(Some(until));
        self.count += 1;
    }
}

/// When samples are presented that are not to be seen, counted from the start of what is wanted: in
/// their order, right before it and right after it, `step` apart.
fn hidden(mut hidden: Vec<(usize, i64)>, wanted: &Range<i64>, step: i64) -> Vec<(usize, i64)> {
    let keys = hidden.iter().map(|own| i128::from(own.1));
    let mut order: Vec<_> = keys.zip(0..).to_list();
    sort(&mut order);
    let early = hidden.iter().filter(|(_, shown)| *shown < wanted.start);
    let early = early.count();
    for (place, (_, at)) in (-(early as i64)..).zip(order) {
        if let Some((_, presented)) = hidden.get_mut(at) {
            *presented = match place {
                ..0 => place * step,
                late => wanted.end - wanted.start + late * step,
            };
        }
    }
    hidden
}

/// Decode times where there is pre-roll: what is decoded before the first that is shown is squeezed
/// in before it; no sample is decoded after it is presented.
///
/// The first itself is decoded `ahead` of what is shown: so far, by it, ffmpeg takes all pictures of
/// the track to be decoded before it is presented, and without that Chromium, asked for a time shortly
/// before a keyframe, would begin with that keyframe.
struct PreRoll {
    /// Number of the first that is shown, and when that is decoded.
    first: i64,
    base: i64,
    /// When the one behind it would be decoded.
    next: i64,
    step: i64,
}

impl PreRoll {
    fn new(first: usize, step: i64, ahead: i64) -> Self {
        Self {
            first: first as i64,
            base: -ahead,
            next: 0,
            step,
        }
    }

    /// To be told of all samples, when they would be decoded and are presented.
    fn see(&mut self, number: usize, (decoded, presented): (i64, i64)) {
        let number = number as i64 - self.first;
        self.base = self.base.min(presented - number * self.step);
        match number {
            0 => self.base = self.base.min(decoded),
            1 => self.next = decoded,
            _ => {}
        }
    }

    fn decoded(&self, number: usize, decoded: i64) -> i64 {
        match number as i64 - self.first {
            // A picture not to be seen takes so long to decode that what follows is no discontinuity.
            from_first @ ..=0 => {
                let before = self.step.max(1 + (self.next - self.base) / 1000);
                self.base + from_first * before
            }
            from_first => (self.base + from_first * self.step).max(decoded),
        }
    }
}

#[cfg(test)]
pub(super) mod tests {
    use std::sync::Arc;

    use livetape_media::{Format, Rotation, Timescale, TrackConfig};

    use super::*;

    #[test]
    fn what_is_not_shown_is_counted_in_its_order_of_presentation() {
        let shown = [(0, 20), (1, 60), (2, 40), (3, 30), (5, 70)];
        let placed = [(0, -3), (1, 15), (2, -1), (3, -2), (5, 16)];
        assert_eq!(hidden(shown.to_vec(), &(45..60), 1), placed);
        assert_eq!(hidden(Vec::new(), &(20..80), 1), []);
    }

    /// I0 P4 B2 b1 b3 with negative composition offsets, 40 ticks each; keyframes are those with such offsets.
    pub(in crate::plan) fn reordered(is_keyframe: impl Fn(i32) -> bool) -> Slice {
        let offsets = [0, 120, 0, -80, -40];
        let config = TrackConfig {
            format: Format::Video {
                width: 640,
                height: 360,
            },
            timescale: Timescale::MILLIS,
            sample_entry: Vec::new(),
            codec: String::new(),
            language: *b"und",
            rotation: Rotation::None,
        };
        let samples = offsets.map(|composition_offset| Sample {
            size: 1,
            duration: 40,
            composition_offset,
            keyframe: is_keyframe(composition_offset),
        });
        Slice {
            config: Arc::new(config),
            numbers: 0..5,
            decode_time: 1_000,
            samples: samples.to_vec(),
            bytes: 0..5,
        }
    }

    #[test]
    fn what_is_shown_from_a_moment_on_keeps_its_times() {
        // From B2 on.
        let slice = reordered(|_| false);
        let start = Timestamp::new(1_080, Timescale::MILLIS);
        let shown = shown_from(slice, start);
        let presented: Vec<_> = shown
            .timed()
            .map(|(time, sample)| time + i64::from(sample.composition_offset))
            .collect();
        assert_eq!(presented, [1_078, 1_160, 1_080, 1_079, 1_120]);
        assert_eq!(shown.decode_time + shown.duration() as i64, 1_200);
        assert!(shown.composition_lead() <= 80);
    }

    #[test]
    fn pre_roll_is_squeezed_in_before_the_first_shown() {
        let moved = |times: &[(i64, i64)], first, ahead| {
            let mut pre_roll = PreRoll::new(first, 1, ahead);
            let numbered = || times.iter().enumerate();
            numbered().for_each(|(number, times)| pre_roll.see(number, *times));
            let moved = numbered().map(|(number, times)| pre_roll.decoded(number, times.0));
            moved.collect::<Vec<_>>()
        };
        // I0 P4 B2 b1 b3, shown from B2 on, each 40 long.
        let times = [(-160, -2), (-120, 80), (-80, 0), (-40, -1), (0, 40)];
        assert_eq!(moved(&times, 1, 80), [-121, -120, -80, -40, 0]);
        // I0 P1 P2 P3, shown from P2 on; then with a keyframe later on that is decoded 80 ahead.
        let times = [(-80, -2), (-40, -1), (0, 0), (40, 40)];
        assert_eq!(moved(&times, 2, 0), [-2, -1, 0, 40]);
        assert_eq!(moved(&times, 2, 80), [-82, -81, -80, 40]);
    }
}
