//! A progressive MP4, `moov` first, over a range of a timeline.

use livetape_container::isobmff::mux::{Edit, ProgressiveTrack, progressive_header};
use livetape_media::{Sample, Timescale, Timestamp};
use thiserror::Error;

use super::interleave::interleave;
use super::{Part, Plan, Selection};
use crate::{Slice, Timeline};

/// Why no plan can be made.
#[derive(Debug, Clone, Copy, PartialEq, Error)]
#[non_exhaustive]
pub enum PlanError {
    /// Nothing that could be decoded is stored in the range.
    #[error("nothing is recorded in that range")]
    Empty,
    /// A track changes its configuration inside the range, which one file does not hold yet.
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
    /// Samples of each track, pictures first.
    pub samples: Vec<usize>,
}

/// Plans the samples of `selection` as one file: exact times, edit lists that show from exactly
/// `selection.start`, pre-roll pictures shrunk to next to nothing.
///
/// # Errors
/// [`PlanError`] where nothing is selected or a configuration changes inside.
pub fn progressive(timeline: &Timeline, selection: &Selection) -> Result<Mp4, PlanError> {
    let mut taken = Vec::new();
    for (index, numbers) in &selection.tracks {
        let track = timeline.tracks().get(*index).ok_or(PlanError::Empty)?;
        let slice = track.slice(numbers.clone()).ok_or(PlanError::Empty)?;
        if slice.numbers.end < numbers.end {
            let at = track.presentation_time(slice.numbers.end);
            let at_seconds = at.map_or(0.0, Timestamp::seconds);
            return Err(PlanError::ConfigurationChange { at_seconds });
        }
        taken.push((track, slice));
    }
    let timescale = taken.first().ok_or(PlanError::Empty)?.1.config.timescale;
    let files: Vec<_> = taken
        .iter()
        .map(|(_, slice)| FileTrack::new(slice, selection, timescale))
        .collect();
    let tracks: Vec<_> = taken
        .iter()
        .zip(&files)
        .zip(1_u32..)
        .map(|(((_, slice), file), track_id)| ProgressiveTrack {
            track_id,
            config: &slice.config,
            samples: &file.samples,
            edits: &file.edits,
        })
        .collect();
    let borrowed: Vec<_> = taken.iter().map(|(track, slice)| (*track, slice)).collect();
    let chunks = interleave(&borrowed);
    let mut plan = Plan::new();
    plan.push(Part::Bytes(progressive_header(timescale, &tracks, &chunks)));
    let mut positions: Vec<u64> = taken.iter().map(|(_, slice)| slice.bytes.start).collect();
    for chunk in &chunks {
        let (Some(position), Some((track, _))) =
            (positions.get_mut(chunk.track), taken.get(chunk.track))
        else {
            continue;
        };
        for extent in track.extents(*position..*position + chunk.len) {
            plan.push(Part::Stored(extent));
        }
        *position += chunk.len;
    }
    Ok(Mp4 {
        plan,
        start: selection.start,
        duration: selection.end.minus(selection.start),
        samples: taken.iter().map(|(_, slice)| slice.samples.len()).collect(),
    })
}

/// A track's samples on the file's own timeline, the first decoded at 0.
struct FileTrack {
    samples: Vec<Sample>,
    edits: Vec<Edit>,
}

impl FileTrack {
    fn new(slice: &Slice, selection: &Selection, movie: Timescale) -> Self {
        let own = slice.config.timescale;
        let start = selection.start.rescale(own).ticks;
        let (samples, origin) = retime(slice, start);
        let shown_end = Timestamp::new(slice.presentation_end(), own).min(selection.end);
        let (delay, media_time) = match u64::try_from(origin) {
            Ok(media_time) => (0, media_time),
            Err(_) => (origin.unsigned_abs(), 0),
        };
        let delay = Timestamp::new(delay as i64, own);
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
        Self { samples, edits }
    }
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
    let step = 1 + longest.unwrap_or(0) as usize / 1000;
    // `origin`: ticks of pre-roll, enough that every pre-roll sample is presented before it and
    // no shown sample before it is decoded.
    let numbered = || timed.iter().zip((0_i64..).step_by(step));
    let origin = numbered()
        .map(|((_, pts), number)| {
            if *pts < start {
                number + 1
            } else {
                number - (pts - start)
            }
        })
        .max()
        .unwrap_or(0);
    let moved: Vec<(i64, i64)> = numbered()
        .map(|((dts, pts), number)| {
            let decode = (dts - lead - start + origin).max(number);
            if *pts < start {
                (decode, decode)
            } else {
                (decode, pts - start + origin)
            }
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
