//! Which samples a range of time takes.

use std::ops::Range;

use livetape_media::Timestamp;

use crate::{Slice, Timeline, Track};

/// The samples of each track that a range of presentation time needs, and where it begins and
/// ends exactly.
#[derive(Debug, Clone)]
pub struct Selection {
    /// Presentation time of the first thing shown: the picture on screen at the asked start, or
    /// the asked start itself where there are no pictures, or a cut by
    /// [`split`](super::split()).
    pub start: Timestamp,
    /// Presentation time at which the last thing shown ends.
    pub end: Timestamp,
    /// Index of each taken track in [`Timeline::tracks`] and its samples' numbers, from the
    /// keyframe that decoding needs to the last picture before which none is left out.
    pub tracks: Vec<(usize, Range<u64>)>,
}

impl Selection {
    /// Takes `[start, end)`; `None` where nothing of it is stored.
    pub fn new(timeline: &Timeline, start: Timestamp, end: Timestamp) -> Option<Self> {
        let video = timeline.video();
        let exact = video
            .and_then(|track| shown_from(track, start))
            .unwrap_or(start);
        let mut tracks = Vec::new();
        let mut last_end: Option<Timestamp> = None;
        for (index, track) in timeline.tracks().iter().enumerate() {
            let Some(config) = track.config() else {
                continue;
            };
            let numbers = if config.format.is_video() {
                let Some(first) = track.keyframe_at(exact) else {
                    continue;
                };
                first..track.end_without_hole(first, end)
            } else {
                track.presented_at(exact)..track.end_before(end)
            };
            let slices = track.slices(numbers.clone());
            let Some(ends) = slices.iter().map(Slice::presentation_end).max() else {
                continue;
            };
            let track_end = Timestamp::new(ends, config.timescale);
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

    /// Takes everything that is stored.
    pub fn whole(timeline: &Timeline) -> Option<Self> {
        let (start, end) = timeline.span()?;
        let earliest = timeline
            .tracks()
            .iter()
            .filter_map(|track| track.presentation_time(track.numbers().start));
        // Half a second more: presentation may end after the last decode time.
        let margin = Timestamp::new(500, livetape_media::Timescale::MILLIS);
        let start = match timeline.video() {
            Some(_) => earliest.min()?,
            None => start,
        };
        Self::new(timeline, start, end.plus(margin))
    }
}

/// Presentation time of the picture that is on screen at `start`, or of the next one where none
/// is.
fn shown_from(track: &Track, start: Timestamp) -> Option<Timestamp> {
    let keyframe = track.keyframe_at(start)?;
    let slice = track.slice(keyframe..track.numbers().end)?;
    let ticks = start.rescale(slice.config.timescale).ticks;
    let shown = || {
        let timed = slice.timed();
        timed.map(|(dts, sample)| (dts + i64::from(sample.composition_offset), sample.duration))
    };
    let on_screen = shown()
        .filter(|(time, duration)| *time <= ticks && time + i64::from(*duration) > ticks)
        .map(|(time, _)| time)
        .max();
    let next = || shown().map(|(time, _)| time).filter(|time| *time > ticks);
    on_screen
        .or_else(|| next().min())
        .map(|time| Timestamp::new(time, slice.config.timescale))
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use livetape_media::{Format, Sample, Timescale, TrackConfig, TrackId};

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
    fn the_first_picture_is_the_one_on_screen_at_the_start() {
        let at = |millis| Timestamp::new(millis, Timescale::MILLIS);
        for (asked, first) in [(-50, 0), (0, 0), (39, 0), (40, 40), (125, 120), (160, 160)] {
            let selection = Selection::new(&reordered(), at(asked), at(520)).expect("not empty");
            assert_eq!(selection.start.ticks, first, "asked for {asked} ms");
        }
    }

    #[test]
    fn nothing_is_taken_that_is_not_there() {
        assert_eq!(taken(10_000), (520, vec![13]));
    }
}
