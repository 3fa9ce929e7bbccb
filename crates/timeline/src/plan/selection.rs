//! Which samples a range of time takes.

use std::ops::Range;

use livetape_media::Timestamp;

use crate::{Timeline, Track};

/// The samples of each track that a range of presentation time needs, and where it begins and
/// ends exactly.
#[derive(Debug, Clone)]
pub struct Selection {
    /// Presentation time of the first thing shown: the first picture at or after the asked
    /// start, or the asked start itself where there are no pictures.
    pub start: Timestamp,
    /// Presentation time at which the last thing shown ends.
    pub end: Timestamp,
    /// Index of each taken track in [`Timeline::tracks`] and its samples' numbers, from the
    /// keyframe that decoding needs.
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
                first..track.end_before(end)
            } else {
                track.presented_at(exact)..track.end_before(end)
            };
            let Some(slice) = track.slice(numbers.clone()) else {
                continue;
            };
            let track_end = Timestamp::new(slice.presentation_end(), config.timescale);
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

/// Presentation time of the first picture shown at or after `start` that can be decoded.
fn shown_from(track: &Track, start: Timestamp) -> Option<Timestamp> {
    let keyframe = track.keyframe_at(start)?;
    let slice = track.slice(keyframe..track.numbers().end)?;
    let ticks = start.rescale(slice.config.timescale).ticks;
    slice
        .timed()
        .map(|(dts, sample)| dts + i64::from(sample.composition_offset))
        .filter(|time| *time >= ticks)
        .min()
        .map(|time| Timestamp::new(time, slice.config.timescale))
}
