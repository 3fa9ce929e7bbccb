//! Which samples a range of time takes.

use std::ops::Range;

use livetape_media::{Timescale, Timestamp, TrackConfig};

use crate::{Slice, Timeline, Track};

/// Sound that leads the first picture by no more than this is there for its decoder, which needs
/// a frame or a few before the first that is right. More of it is part of the stream.
const PRIMING: Timestamp = Timestamp::new(250, Timescale::MILLIS);

/// The samples of each track that a range of presentation time needs, and where it begins and
/// ends exactly.
#[derive(Debug, Clone)]
pub struct Selection {
    /// Presentation time of the first thing shown: the first picture at or after the asked start,
    /// or the asked start itself where there is none from there on, or a cut by
    /// [`split`](super::split()).
    pub start: Timestamp,
    /// Presentation time at which the last thing shown ends.
    pub end: Timestamp,
    /// Index of each taken track in [`Timeline::tracks`] and its samples' numbers, from the
    /// keyframe that decoding needs to the last picture before which none is left out.
    pub tracks: Vec<(usize, Range<u64>)>,
}

impl Selection {
    /// A slice of which text and metadata are kept within the selection, to the tick.
    #[must_use]
    pub fn within(&self, slice: Slice) -> Slice {
        match self.bounds(&slice.config) {
            Some((start, end)) => slice.confined(start, end),
            None => slice,
        }
    }

    /// Where samples of this configuration begin and end at the earliest and the latest, in ticks, where
    /// they are text or metadata: of those a part is as good as the whole. Pictures and sound are left
    /// as they are. Many readers do not mind an edit that begins within a sample of text.
    pub(super) fn bounds(&self, config: &TrackConfig) -> Option<(i64, i64)> {
        let is_media = config.format.is_video() || config.format.is_audio();
        let ticks = |time: Timestamp| time.rescale(config.timescale).ticks;
        let (start, end) = (ticks(self.start), ticks(self.end));
        (!is_media && start <= end).then_some((start, end))
    }

    /// Takes `[start, end)`: from the first picture shown at or after `start` (to the nearest tick
    /// of its track), with the sound of exactly that time. `None` where no picture, or without
    /// pictures no sound, lies in it.
    ///
    /// A picture that is on screen at `start` already is not part of it. Where the pictures have
    /// ended before `start`, there is only sound.
    pub fn new(timeline: &Timeline, start: Timestamp, end: Timestamp) -> Option<Self> {
        let first_picture = timeline.video().and_then(|track| track.shown_from(start));
        Self::of(timeline, first_picture.unwrap_or(start), end)
    }

    /// As [`Selection::new`], but where the first picture of all comes well after `start`, and sound
    /// before it, from `start` on, or from where that sound begins: what the whole has there.
    pub fn with_leading_sound(
        timeline: &Timeline,
        start: Timestamp,
        end: Timestamp,
    ) -> Option<Self> {
        let picture = timeline.video().and_then(Track::first_shown);
        let sound = timeline.audio().and_then(Track::first_shown);
        let leading = sound.zip(picture).filter(|(sound, picture)| {
            let is_well_before = |time: Timestamp| time.plus(PRIMING) < *picture;
            is_well_before(*sound) && (is_well_before(start) || end <= *picture)
        });
        match leading {
            Some((sound, _)) => Self::of(timeline, sound.max(start), end),
            None => Self::new(timeline, start, end),
        }
    }

    /// Takes `[exact, end)`; nothing is on screen before `exact` that is part of it.
    fn of(timeline: &Timeline, exact: Timestamp, end: Timestamp) -> Option<Self> {
        let mut tracks = Vec::new();
        let mut last_end: Option<Timestamp> = None;
        for (index, track) in timeline.tracks().iter().enumerate() {
            let Some(config) = track.config() else {
                continue;
            };
            let numbers = if config.format.is_video() {
                if track.shown_from(exact).is_none() {
                    continue;
                }
                let Some(first) = track.keyframe_at(exact) else {
                    continue;
                };
                first..track.end_without_hole(first, end)
            } else {
                track.presented_at(exact)..track.end_before(end)
            };
            let Some(presented) = track.presented(numbers.clone()) else {
                continue;
            };
            let track_end = Timestamp::new(presented.end, config.timescale);
            if track_end <= exact {
                continue;
            }
            last_end = last_end.max(Some(track_end));
            tracks.push((index, numbers));
        }
        let end = last_end?.min(end);
        (exact < end).then_some(Self {
            start: exact,
            end,
            tracks,
        })
    }

    /// Where the whole begins: with the first picture, or with sound that begins well before it.
    pub fn beginning(timeline: &Timeline) -> Option<Timestamp> {
        let (start, _) = timeline.span()?;
        let sound = timeline.audio().and_then(Track::first_shown);
        sound
            .filter(|sound| sound.plus(PRIMING) < start)
            .or(Some(start))
    }

    /// Takes everything that is stored, samples of no duration at the end too. It starts with the
    /// first picture; sound just before that is taken too, and not heard. Where sound begins well
    /// before the first picture, so does the whole.
    pub fn whole(timeline: &Timeline) -> Option<Self> {
        let (start, _) = timeline.span()?;
        let ends = timeline.tracks().iter().filter_map(Track::presentation_end);
        let mut whole = Self::new(timeline, start, ends.max()?)?;
        whole.start = Self::beginning(timeline)?;
        for (index, numbers) in &mut whole.tracks {
            let Some(track) = timeline.tracks().get(*index) else {
                continue;
            };
            numbers.end = track.numbers().end;
            if !track.config().is_some_and(|c| c.format.is_video()) {
                numbers.start = track.numbers().start;
            }
        }
        Some(whole)
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use livetape_media::{Format, FourCc, Rotation, Sample, Timescale, TrackConfig, TrackId};

    use super::*;

    /// Pictures of 40 ms, decoded as I0 P4 B2 b1 b3 P8 B6 b5 b7 ...
    fn reordered() -> Timeline {
        let config = Arc::new(TrackConfig {
            format: Format::Video {
                width: 640,
                height: 360,
            },
            timescale: Timescale::MILLIS,
            sample_entry: Vec::new(),
            codec: String::new(),
            language: *b"und",
            rotation: Rotation::None,
        });
        let order = [0, 4, 2, 1, 3, 8, 6, 5, 7, 12, 10, 9, 11];
        let samples: Vec<_> = (0_i32..)
            .zip(order)
            .map(|(decoded, shown)| Sample {
                size: 1,
                duration: 40,
                composition_offset: (shown - decoded) * 40,
                keyframe: shown == 0,
            })
            .collect();
        let mut timeline = Timeline::new();
        timeline.append(TrackId(1), &config, 0, &samples, &[]);
        timeline
    }

    fn taken(end: i64) -> (i64, Vec<u64>) {
        let at = |millis| Timestamp::new(millis, Timescale::MILLIS);
        let selection = Selection::new(&reordered(), at(0), at(end)).expect("not empty");
        let numbers = selection.tracks.iter().map(|(_, numbers)| numbers.end);
        (selection.end.ticks, numbers.collect())
    }

    #[test]
    fn the_pictures_taken_leave_no_hole_and_the_end_stays_exact() {
        for (end, pictures) in [(40, 1), (60, 5), (200, 5), (201, 9), (240, 9), (361, 13)] {
            assert_eq!(taken(end), (end, vec![pictures]), "end at {end} ms");
        }
    }

    #[test]
    fn the_first_picture_is_the_first_shown_at_or_after_the_start() {
        let at = |millis| Timestamp::new(millis, Timescale::MILLIS);
        let cases = [(-50, 0), (0, 0), (1, 40), (40, 40), (121, 160), (160, 160)];
        for (asked, first) in cases {
            let selection = Selection::new(&reordered(), at(asked), at(520)).expect("not empty");
            assert_eq!(selection.start.ticks, first, "asked for {asked} ms");
        }
        assert!(Selection::new(&reordered(), at(1), at(40)).is_none());
        assert!(Selection::new(&reordered(), at(481), at(999)).is_none());
    }

    #[test]
    fn sound_before_the_first_picture_is_taken_as_the_whole_has_it() {
        let config = Arc::new(TrackConfig {
            format: Format::Audio {
                sample_rate: 48_000,
                channels: 2,
            },
            timescale: Timescale::MILLIS,
            sample_entry: Vec::new(),
            codec: String::new(),
            language: *b"und",
            rotation: Rotation::None,
        });
        let frame = Sample {
            size: 1,
            duration: 20,
            composition_offset: 0,
            keyframe: true,
        };
        let mut timeline = reordered();
        timeline.append(TrackId(2), &config, -1_000, &[frame; 60], &[]);
        let at = |millis| Timestamp::new(millis, Timescale::MILLIS);
        let whole = Selection::whole(&timeline).expect("not empty");
        assert_eq!(whole.start.ticks, -1_000);
        let taken = |start, end| {
            let selection = Selection::with_leading_sound(&timeline, at(start), at(end))?;
            let tracks = selection.tracks.iter().map(|(index, _)| *index);
            Some((selection.start.ticks, tracks.collect::<Vec<_>>()))
        };
        assert_eq!(taken(-1_000, -500), Some((-1_000, vec![1])));
        assert_eq!(taken(-2_000, 200), Some((-1_000, vec![0, 1])));
        assert_eq!(taken(-700, 200), Some((-700, vec![0, 1])));
        assert_eq!(taken(-100, 200), Some((0, vec![0, 1])), "priming");
        assert_eq!(taken(-100, -50), Some((-100, vec![1])));
        assert_eq!(taken(41, 200), Some((80, vec![0, 1])));
        assert_eq!(taken(-2_000, -1_500), None);
    }

    #[test]
    fn nothing_is_taken_that_is_not_there() {
        assert_eq!(taken(10_000), (520, vec![13]));
    }
    #[test]
    fn the_whole_has_a_last_sample_of_no_duration() {
        let config = Arc::new(TrackConfig {
            format: Format::Audio {
                sample_rate: 48_000,
                channels: 2,
            },
            timescale: Timescale::MILLIS,
            sample_entry: Vec::new(),
            codec: String::new(),
            language: *b"und",
            rotation: Rotation::None,
        });
        let lasting = |duration| Sample {
            size: 1,
            duration,
            composition_offset: 0,
            keyframe: true,
        };
        let mut timeline = Timeline::new();
        let samples = [20, 20, 0].map(lasting);
        timeline.append(TrackId(2), &config, 0, &samples, &[]);
        let whole = Selection::whole(&timeline).expect("not empty");
        assert_eq!(whole.tracks, [(0, 0..3)]);
    }

    #[test]
    fn text_is_cut_to_the_tick_and_sound_is_not() {
        let sample = Sample {
            size: 1,
            duration: 500,
            composition_offset: 0,
            keyframe: true,
        };
        let confined = |format, start, end| {
            let slice = Slice {
                config: Arc::new(TrackConfig {
                    format,
                    timescale: Timescale::MILLIS,
                    sample_entry: Vec::new(),
                    codec: String::new(),
                    language: *b"und",
                    rotation: Rotation::None,
                }),
                numbers: 0..3,
                decode_time: 1_000,
                samples: vec![sample; 3],
                bytes: 0..3,
            };
            let selection = Selection {
                start: Timestamp::new(start, Timescale::MILLIS),
                end: Timestamp::new(end, Timescale::MILLIS),
                tracks: Vec::new(),
            };
            let slice = selection.within(slice);
            let durations = slice.samples.iter().map(|sample| sample.duration);
            (slice.decode_time, durations.collect::<Vec<_>>())
        };
        let text = Format::Other {
            handler: FourCc(*b"sbtl"),
        };
        let sound = Format::Audio {
            sample_rate: 48_000,
            channels: 2,
        };
        assert_eq!(confined(text, 1_200, 2_100), (1_200, vec![300, 500, 100]));
        assert_eq!(confined(text, 0, 9_000), (1_000, vec![500; 3]));
        assert_eq!(confined(sound, 1_200, 2_100), (1_000, vec![500; 3]));
    }
}
