//! The index of a recording: its tracks, on one presentation timeline.

use std::sync::Arc;

use livetape_media::{Sample, TimedEvent, Timestamp, TrackConfig, TrackId};

use crate::events::Events;
use crate::extent::{Extent, StoreId, after};
use crate::track::Track;
use crate::wall_clock::WallClock;

/// Every stored sample of a recording.
#[derive(Debug, Default)]
pub struct Timeline {
    tracks: Vec<Track>,
    events: Events,
    wall_clock: WallClock,
}

/// What became of appended samples.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Appended {
    /// How many samples are now part of the timeline.
    pub kept: usize,
    /// How many lay where samples are already stored: a range sent twice is kept once.
    pub covered: usize,
    /// Ticks missing between what was stored and what was appended; 0 for none.
    pub gap: i64,
}

impl Timeline {
    /// Events that are kept.
    pub const MAX_EVENTS: usize = 20_000;

    /// Bytes of memory that events may take.
    pub const MAX_EVENT_BYTES: usize = 16 << 20;

    /// An empty timeline.
    pub fn new() -> Self {
        Self::default()
    }

    /// All tracks, pictures first, then sound, then the rest.
    pub fn tracks(&self) -> &[Track] {
        &self.tracks
    }

    /// The track of this number.
    pub fn track(&self, id: TrackId) -> Option<&Track> {
        self.tracks.iter().find(|track| track.id() == id)
    }

    /// The first track of pictures.
    pub fn video(&self) -> Option<&Track> {
        self.first(|config| config.format.is_video())
    }

    /// The first track of sound.
    pub fn audio(&self) -> Option<&Track> {
        self.first(|config| config.format.is_audio())
    }

    fn first(&self, kind: impl Fn(&TrackConfig) -> bool) -> Option<&Track> {
        self.tracks
            .iter()
            .find(|track| track.config().is_some_and(|config| kind(config)))
    }

    /// Appends consecutive samples of a track (made where it is new). `decode_time` is in ticks
    /// of the configuration's timescale, which a track keeps for life: times of a configuration
    /// with another one have been rescaled by the caller. `extents` are where the samples'
    /// payloads are stored, in order, exactly as many bytes as the samples have.
    ///
    /// Samples that lie (by more than half) where the track already has some are left out.
    pub fn append(
        &mut self,
        id: TrackId,
        config: &Arc<TrackConfig>,
        decode_time: i64,
        samples: &[Sample],
        extents: &[Extent],
    ) -> Appended {
        let track = self.track_or_new(id, config);
        let Some(end) = track.end_time() else {
            track.append(config, decode_time, samples, extents.iter().copied());
            return Appended {
                kept: samples.len(),
                covered: 0,
                gap: 0,
            };
        };
        let mut time = decode_time;
        let mut covered_bytes = 0;
        let covered = samples
            .iter()
            .take_while(|sample| {
                let middle = time.saturating_add(i64::from(sample.duration / 2));
                let is_covered = middle < end.ticks;
                if is_covered {
                    time = time.saturating_add(i64::from(sample.duration));
                    covered_bytes += u64::from(sample.size);
                }
                is_covered
            })
            .count();
        let kept = samples.get(covered..).unwrap_or_default();
        if !kept.is_empty() {
            track.append(config, time, kept, after(extents, covered_bytes));
        }
        let gap = if kept.is_empty() {
            0
        } else {
            (time - end.ticks).max(0)
        };
        Appended {
            kept: kept.len(),
            covered,
            gap,
        }
    }

    /// Forgets a track's samples from `number` on: others take their place. Where bytes lie does
    /// not change.
    pub fn cut_back(&mut self, id: TrackId, number: u64) {
        if let Some(track) = self.tracks.iter_mut().find(|track| track.id() == id) {
            track.cut_back(number);
        }
    }

    /// Says that a track that has no samples, or is not there yet, has `number` samples that are
    /// forgotten already.
    pub fn begin(&mut self, id: TrackId, config: &TrackConfig, number: u64) {
        self.track_or_new(id, config).begin(number);
    }

    /// Forgets all samples from the first one on, in each track, that has a byte at or after
    /// `offset` of `store` or in a later store: those bytes could not be stored.
    pub fn forget_from(&mut self, store: StoreId, offset: u64) {
        for track in &mut self.tracks {
            track.forget_from(store, offset);
        }
    }

    /// Forgets all samples stored in stores up to and including `store`, which is going away.
    pub fn forget_through(&mut self, store: StoreId) {
        for track in &mut self.tracks {
            track.forget_through(store);
        }
        if let Some(start) = self.first_stored() {
            self.events.forget_before(start);
            self.wall_clock.forget_before(start);
        }
    }

    /// Keeps an event, its time on this timeline. One that is there already (the same in
    /// everything) stays one. False where it was left out: there are [`Self::MAX_EVENTS`] or
    /// [`Self::MAX_EVENT_BYTES`].
    pub fn add_event(&mut self, event: TimedEvent) -> bool {
        self.events.add(event)
    }

    /// Says that the presentation moment `at` was at this Unix time. What follows happened later by
    /// as much as it is presented later, until another date is given.
    pub fn set_wall_clock(&mut self, at: Timestamp, unix_millis: i64) {
        self.wall_clock.set(at, unix_millis);
    }

    /// When a presentation moment was, in Unix milliseconds; `None` where no date is known.
    pub fn wall_clock_at(&self, at: Timestamp) -> Option<i64> {
        self.wall_clock.at(at)
    }

    /// The presentation moment of a Unix time, in milliseconds; `None` where no date is known.
    pub fn moment_of(&self, unix_millis: i64) -> Option<Timestamp> {
        self.wall_clock.moment(unix_millis)
    }

    /// Moments whose Unix time, in milliseconds, was given, in their order.
    pub fn dates(&self) -> &[(Timestamp, i64)] {
        self.wall_clock.dates()
    }

    /// All events, in the order of their times.
    pub fn events(&self) -> &[TimedEvent] {
        self.events.all()
    }

    /// From the first moment that can be shown to the latest decode time any track has. The first
    /// moment is the first picture, or without pictures the first sound.
    pub fn span(&self) -> Option<(Timestamp, Timestamp)> {
        let pictures = self.video().and_then(Track::first_shown);
        let ends = self.tracks.iter().filter_map(Track::end_time);
        let start = pictures.or_else(|| self.first_stored())?;
        Some((start, Timestamp::latest(ends)?))
    }

    /// When the first sample that a track still has is presented, in the track where that is soonest.
    fn first_stored(&self) -> Option<Timestamp> {
        let tracks = self.tracks.iter();
        let starts = tracks.filter_map(|track| track.presentation_time(track.numbers().start));
        Timestamp::earliest(starts)
    }

    /// Where the first of the tracks ends: up to there all are complete. Those that lie further
    /// behind the newest than `patience` have ended, and are not waited for.
    pub fn common_end(&self, patience: Timestamp) -> Option<Timestamp> {
        let ends = || self.tracks.iter().filter_map(Track::presentation_end);
        let oldest = Timestamp::latest(ends())?.minus(patience);
        Timestamp::earliest(ends().filter(|end| *end >= oldest))
    }

    pub(crate) fn track_or_new(&mut self, id: TrackId, config: &TrackConfig) -> &mut Track {
        let at = match self.tracks.iter().position(|track| track.id() == id) {
            Some(at) => at,
            None => {
                let rank =
                    |config: &TrackConfig| (!config.format.is_video(), !config.format.is_audio());
                let before = self.tracks.iter().take_while(|track| {
                    track
                        .config()
                        .is_some_and(|other| rank(other) <= rank(config))
                });
                let at = before.count();
                self.tracks.insert(at, Track::new(id));
                at
            }
        };
        &mut self.tracks[at]
    }
}

#[cfg(test)]
mod tests {
    use livetape_media::{Format, Rotation, Timescale};

    use super::*;

    const VIDEO: TrackId = TrackId(1);

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

    fn samples(count: usize) -> Vec<Sample> {
        let sample = |n| Sample {
            size: 10,
            duration: 3_600,
            composition_offset: 0,
            keyframe: n % 50 == 0,
        };
        (0..count).map(sample).collect()
    }

    fn stored(store: u32, count: usize) -> [Extent; 1] {
        [Extent {
            store: StoreId(store),
            offset: 100,
            len: count as u64 * 10,
        }]
    }

    #[test]
    fn what_is_covered_is_left_out_with_its_bytes() {
        let (mut timeline, config) = (Timeline::new(), config());
        timeline.append(VIDEO, &config, 0, &samples(100), &stored(1, 100));
        // again from picture 50 on, a tick early as some players' remuxers do
        let at = 50 * 3_600 - 1;
        let appended = timeline.append(VIDEO, &config, at, &samples(100), &stored(2, 100));
        assert_eq!((appended.kept, appended.covered, appended.gap), (50, 50, 0));
        let track = timeline.video().expect("made");
        assert_eq!(track.numbers(), 0..150);
        let slice = track.slice(0..150).expect("stored");
        assert_eq!(slice.duration(), 150 * 3_600 - 1);
        let extents: Vec<_> = track.extents(slice.bytes).collect();
        let second = Extent {
            store: StoreId(2),
            offset: 600,
            len: 500,
        };
        assert_eq!(extents, [stored(1, 100)[0], second]);
    }

    #[test]
    fn the_last_picture_shown_may_be_decoded_before_others() {
        // Wherever blocks of samples end.
        for count in 250..260 {
            let (mut timeline, config) = (Timeline::new(), config());
            let mut samples = samples(count);
            samples[count - 3].composition_offset = 2 * 3_600;
            samples[count - 2].composition_offset = -3_600;
            samples[count - 1].composition_offset = -3_600;
            timeline.append(VIDEO, &config, 0, &samples, &stored(1, count));
            let end = timeline.video().expect("made").presentation_end();
            let ticks = end.map(|end| end.ticks);
            assert_eq!(ticks, Some(count as i64 * 3_600), "{count} pictures");
        }
    }

    #[test]
    fn a_gap_stays_on_the_timeline() {
        let (mut timeline, config) = (Timeline::new(), config());
        timeline.append(VIDEO, &config, 0, &samples(50), &stored(1, 50));
        let appended = timeline.append(VIDEO, &config, 75 * 3_600, &samples(50), &stored(2, 50));
        assert_eq!(appended.gap, 25 * 3_600);
        let track = timeline.video().expect("made");
        let slice = track.slice(0..100).expect("stored");
        assert_eq!(slice.samples.get(49).map(|s| s.duration), Some(26 * 3_600));
        assert_eq!(slice.duration(), 125 * 3_600);
    }

    #[test]
    fn numbers_and_times_stay_when_a_store_goes() {
        let (mut timeline, config) = (Timeline::new(), config());
        for n in 0..10_u32 {
            let at = i64::from(n) * 100 * 3_600;
            timeline.append(VIDEO, &config, at, &samples(100), &stored(n + 1, 100));
        }
        timeline.forget_through(StoreId(4));
        let track = timeline.video().expect("made");
        assert_eq!(track.numbers(), 400..1_000);
        let at = |n| track.presentation_time(n).map(|time| time.ticks / 3_600);
        assert_eq!((at(399), at(400), at(999)), (None, Some(400), Some(999)));
        assert_eq!(track.store_of(437), Some(StoreId(5)));
        let time = Timestamp::new(460 * 3_600, Timescale::MPEG);
        assert_eq!(track.keyframe_at(time), Some(450));
        assert_eq!(track.first_presented_from(time), 460);
        assert_eq!(track.end_before(time), 460);
    }

    #[test]
    fn samples_are_known_again_and_cut_back() {
        let (mut timeline, config) = (Timeline::new(), config());
        timeline.append(VIDEO, &config, 0, &samples(600), &stored(1, 600));
        let again = samples(100);
        let track = timeline.video().expect("made");
        assert!(track.has(&config, 500 * 3_600 - 1, &again));
        assert!(
            !track.has(&config, 550 * 3_600, &again),
            "to the end and beyond"
        );
        assert!(
            !track.has(&config, 499 * 3_600, &again),
            "no keyframe there"
        );
        timeline.cut_back(VIDEO, 250);
        let track = timeline.video().expect("made");
        assert_eq!(track.numbers(), 0..250);
        assert_eq!(track.end_time().map(|end| end.ticks), Some(250 * 3_600));
        timeline.append(VIDEO, &config, 250 * 3_600, &again, &stored(2, 100));
        let slice = timeline.video().expect("made").slice(0..999);
        let slice = slice.expect("stored");
        assert_eq!((slice.numbers.end, slice.bytes.end), (350, 3_500));
        let extents: Vec<_> = timeline
            .video()
            .expect("made")
            .extents(slice.bytes)
            .collect();
        assert_eq!(extents, [stored(1, 250)[0], stored(2, 100)[0]]);
        timeline.cut_back(VIDEO, 0);
        let track = timeline.track(VIDEO).expect("made");
        assert_eq!(track.numbers(), 0..0);
    }

    #[test]
    fn what_could_not_be_stored_is_forgotten_from_there_on() {
        let (mut timeline, config) = (Timeline::new(), config());
        for n in 0..4_u32 {
            let at = i64::from(n) * 100 * 3_600;
            timeline.append(VIDEO, &config, at, &samples(100), &stored(n + 1, 100));
        }
        // Ten bytes each, from byte 100 on: the byte 455 is in the 36th.
        timeline.forget_from(StoreId(3), 455);
        let track = timeline.video().expect("made");
        assert_eq!(track.numbers(), 0..235);
        assert_eq!(track.end_time().map(|end| end.ticks), Some(235 * 3_600));
        let left: u64 = track.extents(0..u64::MAX).map(|extent| extent.len).sum();
        assert_eq!(left, 2_350);
        timeline.append(VIDEO, &config, 235 * 3_600, &samples(10), &stored(5, 10));
        let track = timeline.video().expect("made");
        assert_eq!(track.numbers(), 0..245);
        assert_eq!(track.slice(0..245).map(|slice| slice.numbers), Some(0..245));
        timeline.forget_from(StoreId(0), 0);
        assert_eq!(timeline.span(), None);
    }

    #[test]
    fn numbers_go_on_where_all_samples_of_a_track_have_gone() {
        let (mut timeline, config) = (Timeline::new(), config());
        timeline.append(VIDEO, &config, 0, &samples(100), &stored(1, 100));
        timeline.forget_through(StoreId(1));
        timeline.append(VIDEO, &config, 360_000, &samples(100), &stored(2, 100));
        assert_eq!(timeline.video().map(Track::numbers), Some(100..200));
        let mut begun = Timeline::new();
        begun.begin(VIDEO, &config, 100);
        begun.append(VIDEO, &config, 360_000, &samples(100), &stored(2, 100));
        assert_eq!(begun.video().map(Track::numbers), Some(100..200));
    }

    #[test]
    fn a_slice_ends_at_a_change_of_configuration() {
        let (mut timeline, first) = (Timeline::new(), config());
        let second = config();
        timeline.append(VIDEO, &first, 0, &samples(50), &stored(1, 50));
        timeline.append(VIDEO, &second, 50 * 3_600, &samples(50), &stored(2, 50));
        let track = timeline.video().expect("made");
        assert_eq!(track.slice(10..90).map(|slice| slice.numbers), Some(10..50));
        assert_eq!(track.slice(50..90).map(|slice| slice.numbers), Some(50..90));
    }
}
