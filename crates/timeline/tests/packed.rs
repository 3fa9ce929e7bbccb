//! What a track tells of its samples is the same whether it has packed them or not: after any
//! history it answers as a plain list of the samples does.

use std::ops::Range;
use std::sync::Arc;

use livetape_media::{Format, Rotation, Sample, Timescale, Timestamp, TrackConfig, TrackId};
use livetape_timeline::{Extent, Presented, StoreId, Timeline, Track};
use proptest::prelude::*;

const VIDEO: TrackId = TrackId(1);

/// A sample as it should be stored.
#[derive(Debug, Clone)]
struct Stored {
    config: Arc<TrackConfig>,
    time: i64,
    sample: Sample,
    store: u32,
    offset: u64,
}

impl Stored {
    fn shown(&self) -> i64 {
        self.time + i64::from(self.sample.composition_offset)
    }
}

/// A plain list of samples beside the timeline that is tested.
struct Lists {
    timeline: Timeline,
    config: Arc<TrackConfig>,
    first: u64,
    stored: Vec<Stored>,
    /// Where the next payload goes.
    store: u32,
    offset: u64,
}

#[derive(Debug, Clone)]
enum Step {
    /// Samples as many ticks behind the last, in a store of their own or not, of another
    /// configuration or not.
    Append(Vec<Sample>, i64, bool, bool),
    /// What is from here on, as a part of all, is replaced.
    CutBack(f64),
    /// So much of the stores goes.
    Forget(f64),
    /// What is from the middle of this sample on could not be written.
    Lost(f64),
}

fn config() -> Arc<TrackConfig> {
    Arc::new(TrackConfig {
        format: Format::Video {
            width: 640,
            height: 360,
        },
        timescale: Timescale::MPEG,
        sample_entry: Vec::new(),
        codec: String::new(),
        language: *b"und",
        rotation: Rotation::None,
    })
}

impl Lists {
    fn new() -> Self {
        Self {
            timeline: Timeline::new(),
            config: config(),
            first: 0,
            stored: Vec::new(),
            store: 1,
            offset: 0,
        }
    }

    fn index(&self, part: f64) -> usize {
        (self.stored.len() as f64 * part) as usize
    }

    fn take(&mut self, step: &Step) {
        match step {
            Step::Append(samples, gap, other_store, other_config) => {
                if *other_config {
                    self.config = config();
                }
                if *other_store {
                    (self.store, self.offset) = (self.store + 1, 0);
                }
                self.append(samples, *gap);
            }
            Step::CutBack(part) => {
                let kept = self.index(*part);
                self.timeline.cut_back(VIDEO, self.first + kept as u64);
                self.stored.truncate(kept);
            }
            Step::Forget(part) => {
                let Some(store) = self.stored.get(self.index(*part)).map(|own| own.store) else {
                    return;
                };
                self.timeline.forget_through(StoreId(store));
                let gone = self.stored.iter().take_while(|own| own.store <= store);
                let gone = gone.count();
                self.stored.drain(..gone);
                self.first += gone as u64;
            }
            Step::Lost(part) => {
                let at = self.index(*part);
                let Some(Stored {
                    store,
                    offset,
                    sample,
                    ..
                }) = self.stored.get(at)
                else {
                    return;
                };
                let middle = offset + u64::from(sample.size / 2);
                self.timeline.forget_from(StoreId(*store), middle);
                self.stored.truncate(at);
            }
        }
    }

    fn append(&mut self, samples: &[Sample], gap: i64) {
        let last = self.stored.last();
        let end = last.map(|own| own.time + i64::from(own.sample.duration));
        let decode_time = end.unwrap_or(0) + gap;
        let extent = Extent {
            store: StoreId(self.store),
            offset: self.offset,
            len: samples.iter().map(|sample| u64::from(sample.size)).sum(),
        };
        let appended = self
            .timeline
            .append(VIDEO, &self.config, decode_time, samples, &[extent]);
        assert_eq!(appended.kept, samples.len());
        let mut time = decode_time;
        for sample in samples {
            self.stored.push(Stored {
                config: Arc::clone(&self.config),
                time,
                sample: *sample,
                store: self.store,
                offset: self.offset,
            });
            time += i64::from(sample.duration);
            self.offset += u64::from(sample.size);
        }
    }

    /// The numbers of what satisfies.
    fn numbers(&self, satisfies: impl Fn(&Stored) -> bool) -> impl DoubleEndedIterator<Item = u64> {
        let numbered = self.stored.iter().enumerate();
        let found = numbered.filter(move |(_, own)| satisfies(own));
        found.map(|(index, _)| self.first + index as u64)
    }

    /// As they are given out: each lasts until the next.
    fn walked(&self, range: Range<usize>) -> Vec<(i64, Sample)> {
        let ends = self.stored.iter().skip(1).map(|next| Some(next.time));
        let all = self.stored.iter().zip(ends.chain([None]));
        let walked = all.map(|(own, end)| {
            let lasts = end.map_or(own.sample.duration, |end| (end - own.time) as u32);
            let sample = Sample {
                duration: lasts,
                ..own.sample
            };
            (own.time, sample)
        });
        walked.take(range.end).skip(range.start).collect()
    }

    fn check_range(&self, track: &Track, range: Range<usize>) {
        let numbers = self.first + range.start as u64..self.first + range.end as u64;
        let walked = self.walked(range.clone());
        assert!(track.walk(numbers.clone()).eq(walked.iter().copied()));
        let shown = |(time, sample): &(i64, Sample)| time + i64::from(sample.composition_offset);
        let until = |own: &(i64, Sample)| shown(own) + i64::from(own.1.duration);
        let presented = || {
            Some(Presented {
                start: walked.iter().map(shown).min()?,
                latest: walked.iter().map(shown).max()?,
                end: walked.iter().map(until).max()?,
            })
        };
        assert_eq!(track.presented(numbers.clone()), presented());
        let mut from = range.start;
        for slice in track.slices(numbers.clone()) {
            let config = &self.stored[from].config;
            let same = self.stored[from..range.end].iter();
            let same = same.take_while(|own| Arc::ptr_eq(&own.config, config));
            let samples = self.walked(from..from + same.count());
            assert!(Arc::ptr_eq(&slice.config, config));
            assert_eq!(slice.decode_time, samples[0].0);
            assert!(slice.samples.iter().eq(samples.iter().map(|own| &own.1)));
            let mut stored = self.stored[from..].iter();
            for extent in track.extents(slice.bytes.clone()) {
                let mut position = extent.offset;
                while position < extent.offset + extent.len {
                    let own = stored.next().expect("no more bytes than samples have");
                    assert_eq!((own.store, own.offset), (extent.store.0, position));
                    position += u64::from(own.sample.size);
                }
            }
            from += slice.samples.len();
            assert_eq!(stored.len(), self.stored.len() - from);
        }
        assert_eq!(from, range.end.max(range.start));
    }

    fn check_time(&self, track: &Track, ticks: i64) {
        let (time, end) = (Timestamp::new(ticks, Timescale::MPEG), track.numbers().end);
        let keyframes = || self.numbers(|own| own.sample.keyframe);
        let at = self.numbers(|own| own.sample.keyframe && own.shown() <= ticks);
        assert_eq!(track.keyframe_at(time), at.last().or(keyframes().next()));
        let from = self.numbers(|own| own.shown() >= ticks).next();
        assert_eq!(track.first_presented_from(time), from.unwrap_or(end));
        let before = self.numbers(|own| own.shown() < ticks).last();
        let before = before.map_or(track.numbers().start, |number| number + 1);
        assert_eq!(track.end_before(time), before);
    }

    fn check(&self, part: f64, length: usize) {
        let Some(track) = self.timeline.track(VIDEO) else {
            return;
        };
        let at = self.index(part);
        let end = self.first + self.stored.len() as u64;
        assert_eq!(track.numbers(), self.first..end);
        self.check_range(track, 0..self.stored.len());
        self.check_range(track, at..(at + length).min(self.stored.len()));
        let Some(own) = self.stored.get(at) else {
            return;
        };
        let number = self.first + at as u64;
        assert_eq!(
            track.presentation_time(number).map(|t| t.ticks),
            Some(own.shown())
        );
        assert_eq!(track.store_of(number), Some(StoreId(own.store)));
        for ticks in [own.shown() - 1, own.shown(), own.shown() + 1, own.time] {
            self.check_time(track, ticks);
        }
        let keyframes = || self.numbers(|own| own.sample.keyframe);
        let (before, from) = (
            keyframes().rfind(|own| *own < number),
            keyframes().find(|own| *own >= number),
        );
        assert_eq!(track.keyframe_before(number), before);
        assert_eq!(track.keyframe_from(number), from);
        let in_store = self.numbers(|other| other.store >= own.store).next();
        assert_eq!(track.first_in(StoreId(own.store)), in_store);
        let same = self.stored[at..].iter().take(length);
        let same: Vec<_> = same
            .take_while(|other| Arc::ptr_eq(&own.config, &other.config))
            .collect();
        let samples: Vec<_> = same.iter().map(|own| own.sample).collect();
        let follow = same
            .windows(2)
            .all(|pair| pair[0].time + i64::from(pair[0].sample.duration) == pair[1].time);
        assert!(!follow || track.has(&own.config, own.time, &samples));
    }
}

/// Samples as streams have them, of a few kinds, or of none alike.
fn samples() -> impl Strategy<Value = Vec<Sample>> {
    let alike = (1..60_000_u32, 0..6_usize, 0..3_u32).prop_map(|(size, place, jitter)| Sample {
        size,
        duration: 3_000 + jitter,
        composition_offset: [6_000, 15_000, 6_000, 0, 3_000, -3_000][place],
        keyframe: place == 1 && jitter == 0,
    });
    let unlike = (
        1..=u32::MAX,
        3..1_000_000_u32,
        -1_000_000..1_000_000,
        any::<bool>(),
    );
    let unlike = unlike.prop_map(|(size, duration, composition_offset, keyframe)| Sample {
        size,
        duration,
        composition_offset,
        keyframe,
    });
    prop_oneof![
        9 => proptest::collection::vec(alike, 1..400),
        1 => proptest::collection::vec(unlike, 1..400),
    ]
}

fn step() -> impl Strategy<Value = Step> {
    let gap = prop_oneof![6 => Just(0_i64), 1 => Just(-1), 1 => 1..1_000_000_i64];
    let flags = (prop::bool::weighted(0.4), prop::bool::weighted(0.15));
    prop_oneof![
        8 => (samples(), gap, flags).prop_map(|(samples, gap, (store, config))| Step::Append(samples, gap, store, config)),
        1 => (0.0..1.0).prop_map(Step::CutBack),
        1 => (0.0..0.5).prop_map(Step::Forget),
        1 => (0.5..1.0).prop_map(Step::Lost),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn a_track_answers_as_a_plain_list_of_its_samples(
        steps in proptest::collection::vec((step(), 0.0..1.0, 0_usize..600), 1..12),
    ) {
        let mut lists = Lists::new();
        for (step, part, length) in &steps {
            lists.take(step);
            lists.check(*part, *length);
        }
    }
}
