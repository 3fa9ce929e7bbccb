//! A progressive MP4, `moov` first, over a range of a timeline.

use livetape_container::isobmff::mux::{
    ChunkLayout, Edit, Movie, ProgressiveTrack, progressive_header,
};
use livetape_media::{Sample, Timescale, Timestamp};
use thiserror::Error;

use super::interleave::interleave;
use super::joined::{Form, Joined, groups};
use super::{Part, Plan, Selection};
use crate::{Slice, Timeline, Track};

/// Why no plan can be made.
#[derive(Debug, Clone, Copy, PartialEq, Error)]
#[non_exhaustive]
pub enum PlanError {
    /// Nothing that could be decoded is stored in the range.
    #[error("nothing is recorded in that range")]
    Empty,
    /// A track changes its configuration inside the range so that one file cannot hold it:
    /// [`split`](super::split()) gives the parts.
    #[error("the stream's configuration changes at {at_seconds:.3} s; take the parts separately")]
    ConfigurationChange {
        /// Presentation time of the change, in seconds.
        at_seconds: f64,
    },
}

/// A file with what it holds.
#[derive(Debug, Clone)]
pub struct Mp4 {
    /// The file.
    pub plan: Plan,
    /// Presentation time, on the timeline, of its first picture.
    pub start: Timestamp,
    /// How long it plays.
    pub duration: Timestamp,
    /// When its first picture was, in Unix milliseconds, where known; the file has it as its
    /// creation time, in whole seconds.
    pub wall_clock: Option<i64>,
    /// Samples of each track, pictures first.
    pub samples: Vec<usize>,
}

/// Plans the samples of `selection` as one file: exact times, edit lists that show from exactly
/// `selection.start`, pre-roll pictures shrunk to next to nothing. Where pictures change their
/// configuration, the sample entry is the first's and every keyframe has its parameter sets
/// before it, in-band.
///
/// # Errors
/// [`PlanError`] where nothing is selected or a configuration changes inside so that one file
/// cannot hold it.
pub fn progressive(timeline: &Timeline, selection: &Selection) -> Result<Mp4, PlanError> {
    planned(timeline, selection, Form::Progressive)
}

/// As [`progressive`], but holds sound of several configurations in one track with several sample
/// entries. That is a right file which players play wrong: Chromium and Firefox keep the first
/// sample rate.
///
/// # Errors
/// [`PlanError::Empty`].
pub fn single(timeline: &Timeline, selection: &Selection) -> Result<Mp4, PlanError> {
    planned(timeline, selection, Form::Single)
}

fn planned(timeline: &Timeline, selection: &Selection, form: Form) -> Result<Mp4, PlanError> {
    let taken: Vec<_> = selection
        .tracks
        .iter()
        .map(|(index, numbers)| {
            let track = timeline.tracks().get(*index).ok_or(PlanError::Empty)?;
            let mut groups = groups(track, numbers.clone(), form).into_iter();
            let group = groups.next().ok_or(PlanError::Empty)?;
            if let Some(next) = groups.next().and_then(|group| group.into_iter().next()) {
                let at = Timestamp::new(next.presentation_start(), next.config.timescale);
                let at_seconds = at.seconds();
                return Err(PlanError::ConfigurationChange { at_seconds });
            }
            let group = group.into_iter().map(|slice| selection.within(slice));
            Ok((
                track,
                Joined::new(group.collect(), selection.start).ok_or(PlanError::Empty)?,
            ))
        })
        .collect::<Result<_, _>>()?;
    let timescale = taken
        .first()
        .ok_or(PlanError::Empty)?
        .1
        .slice
        .config
        .timescale;
    let files: Vec<_> = taken
        .iter()
        .map(|(_, joined)| FileTrack::new(joined, selection, timescale))
        .collect();
    let tracks: Vec<_> = taken
        .iter()
        .zip(&files)
        .zip(1_u32..)
        .map(|(((_, joined), file), track_id)| ProgressiveTrack {
            track_id,
            config: &joined.slice.config,
            further: &file.further,
            samples: &file.samples,
            edits: &file.edits,
        })
        .collect();
    let (chunks, payload) = payload(&taken);
    let mut plan = Plan::new();
    let wall_clock = timeline.wall_clock_at(selection.start);
    let movie = Movie {
        timescale,
        wall_clock,
    };
    plan.push(Part::Bytes(progressive_header(movie, &tracks, &chunks)));
    for part in payload {
        plan.push(part);
    }
    Ok(Mp4 {
        plan,
        start: selection.start,
        duration: selection.end.minus(selection.start),
        wall_clock,
        samples: files.iter().map(|file| file.samples.len()).collect(),
    })
}

/// The chunks, and what they are made of.
fn payload(taken: &[(&Track, Joined)]) -> (Vec<ChunkLayout>, Vec<Part>) {
    let mut chunks = interleave(taken);
    let mut parts = Vec::new();
    let mut heads: Vec<_> = taken
        .iter()
        .map(|(track, joined)| {
            let patches = joined.patches.iter().peekable();
            (*track, joined.slice.bytes.start, 0_usize, patches)
        })
        .collect();
    for chunk in &mut chunks {
        let Some((track, position, sample, patches)) = heads.get_mut(chunk.track) else {
            continue;
        };
        let mut end = *position + chunk.len;
        *sample += chunk.samples as usize;
        while let Some(patch) = patches.next_if(|next| next.sample < *sample) {
            let before = track.extents(*position..patch.skipped.start);
            parts.extend(before.map(Part::Stored));
            parts.push(Part::Bytes(patch.bytes.clone()));
            chunk.len += patch.bytes.len() as u64;
            end += patch.skipped.end - patch.skipped.start;
            *position = patch.skipped.end;
        }
        parts.extend(track.extents(*position..end).map(Part::Stored));
        *position = end;
    }
    (chunks, parts)
}

/// A track's samples on the file's own timeline, the first decoded at 0.
struct FileTrack<'a> {
    further: Vec<&'a [u8]>,
    samples: Vec<Sample>,
    edits: Vec<Edit>,
}

impl<'a> FileTrack<'a> {
    fn new(joined: &'a Joined, selection: &Selection, movie: Timescale) -> Self {
        let slice = &joined.slice;
        let own = slice.config.timescale;
        let start = selection.start.rescale(own).ticks;
        let (mut samples, origin) = retime(slice, start);
        for patch in &joined.patches {
            if let Some(sample) = samples.get_mut(patch.sample) {
                sample.size = sample.size.saturating_add(patch.bytes.len() as u32);
            }
        }
        let shown_end = Timestamp::new(slice.presentation_end(), own).min(selection.end);
        // Where nothing is presented at the start, an empty edit says so: ffmpeg would move a
        // track whose first edit begins with a hole.
        let delay = delay(slice, start);
        let media_time = u64::try_from(origin + delay).unwrap_or(0);
        let delay = Timestamp::new(delay, own);
        let shown = shown_end.minus(selection.start.plus(delay));
        let in_movie = |span: Timestamp| u64::try_from(span.rescale(movie).ticks).unwrap_or(0);
        let mut edits = Vec::new();
        if delay.ticks > 0 {
            edits.push(Edit {
                duration: in_movie(delay),
                media_time: None,
            });
        }
        edits.push(Edit {
            duration: in_movie(shown),
            media_time: Some(media_time),
        });
        let further = joined.further.iter().map(Vec::as_slice).collect();
        Self {
            further,
            samples,
            edits,
        }
    }
}

/// Ticks from `start` to the first thing presented then or later; 0 where something is on.
fn delay(slice: &Slice, start: i64) -> i64 {
    let is_video = slice.config.format.is_video();
    let shown = slice.timed().filter_map(|(dts, sample)| {
        let from = dts + i64::from(sample.composition_offset);
        // A picture shown from before is the pre-roll's; sound goes on.
        let is_on = from >= start || !is_video && from + i64::from(sample.duration) > start;
        is_on.then_some(from)
    });
    shown.min().map_or(0, |first| (first - start).max(0))
}

/// Moves a slice's times so that its first sample decodes at 0. Gives the samples and where on
/// that timeline the presentation instant `start` lies (negative where it lies before 0).
///
/// Samples presented before `start` are pre-roll: needed to decode, not to be seen. Players
/// that mind the edit list never show them; for those that do not, they hardly last.
fn retime(slice: &Slice, start: i64) -> (Vec<Sample>, i64) {
    let timed: Vec<(i64, i64)> = slice
        .timed()
        .map(|(dts, sample)| (dts, dts + i64::from(sample.composition_offset)))
        .collect();
    // Composition offsets are made non-negative: decoding may always begin a little earlier.
    let lead = slice.composition_lead();
    let decode_start = slice.decode_time - lead;
    let pre_roll = slice.config.format.is_video() && timed.iter().any(|(_, pts)| *pts < start);
    if !pre_roll {
        let shift = |(sample, (dts, pts)): (&Sample, &(i64, i64))| Sample {
            composition_offset: i32::try_from(pts - (dts - lead)).unwrap_or(0),
            ..*sample
        };
        return (
            slice.samples.iter().zip(&timed).map(shift).collect(),
            start - decode_start,
        );
    }
    // A tick would do, but ffmpeg calls a step of 1,000 times the average a discontinuity.
    let longest = slice.samples.iter().map(|sample| sample.duration).max();
    let step = 1 + i64::from(longest.unwrap_or(0)) / 1000;
    let early = pre_roll_order(&timed, start);
    let numbered = || timed.iter().zip(&early).zip((0..).map(|n: i64| n * step));
    // `origin`: ticks of pre-roll, enough that no sample is decoded after it is presented.
    let origin = numbered()
        .map(|(((_, pts), early), decoded)| match early {
            Some(early) => decoded + early * step,
            None => decoded - (pts - start),
        })
        .max()
        .unwrap_or(0);
    let moved: Vec<(i64, i64)> = numbered()
        .map(|(((dts, pts), early), decoded)| {
            let shown = early.map_or(pts - start, |early| -early * step);
            let decode = (dts - lead - start + origin).max(decoded);
            (decode, shown + origin)
        })
        .collect();
    let samples = slice
        .samples
        .iter()
        .enumerate()
        .map(|(index, sample)| {
            let (decode, shown) = moved.get(index).copied().unwrap_or_default();
            let next = moved.get(index + 1).map(|next| next.0);
            let duration = next.map_or(sample.duration, |next| {
                u32::try_from(next - decode).unwrap_or(sample.duration)
            });
            Sample {
                duration,
                composition_offset: i32::try_from(shown - decode).unwrap_or(0),
                ..*sample
            }
        })
        .collect();
    (samples, origin)
}

/// For each sample presented before `start` how many places before it: 1 for the last, and so on;
/// `None` for those that are shown. Shrunk pre-roll keeps its order of presentation, because
/// Chromium finds the pictures that it must not show by their times, in that order.
fn pre_roll_order(timed: &[(i64, i64)], start: i64) -> Vec<Option<i64>> {
    let mut early = vec![None; timed.len()];
    let mut order: Vec<_> = timed.iter().map(|(_, pts)| *pts).zip(&mut early).collect();
    order.retain(|(pts, _)| *pts < start);
    order.sort_by_key(|(pts, _)| std::cmp::Reverse(*pts));
    for ((_, place), number) in order.into_iter().zip(1..) {
        *place = Some(number);
    }
    early
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pre_roll_is_counted_in_its_order_of_presentation() {
        let timed = [(0, 20), (10, 60), (20, 40), (30, 30), (40, 50)];
        let early = pre_roll_order(&timed, 45);
        assert_eq!(early, [Some(3), None, Some(1), Some(2), None]);
        assert_eq!(pre_roll_order(&timed, 20), [None; 5]);
    }
}
