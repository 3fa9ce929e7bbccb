//! A progressive MP4, `moov` first, over a range of a timeline.

use livetape_container::isobmff::mux::{
    ChunkLayout, Edit, Movie, ProgressiveTrack, progressive_header, progressive_header_in,
};
use livetape_media::{Sample, Timescale, Timestamp};
use thiserror::Error;

use super::interleave::{as_stored, interleave};
use super::joined::{Form, Joined, groups};
use super::retime::{Decoding, delay, retime};
use super::{Part, Plan, Selection};
use crate::{Extent, Timeline, Track};

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
/// `selection.start`, pictures outside the range shrunk to next to nothing. Where pictures change their
/// configuration, the sample entry is the first's and every keyframe has its parameter sets
/// before it, in-band.
///
/// # Errors
/// [`PlanError`] where nothing is selected or a configuration changes inside so that one file
/// cannot hold it.
pub fn progressive(timeline: &Timeline, selection: &Selection) -> Result<Mp4, PlanError> {
    planned(timeline, selection, Form::Progressive, 0)
}

/// As [`progressive`], of as few stored stretches as can be: up to `most` bytes that lie between two of
/// them in one store (the headers of arrived fragments) are taken along, where they are few beside what
/// follows. Nothing in the file refers to them. A browser needs longer to slice a file than for so many
/// bytes.
///
/// # Errors
/// As [`progressive`].
pub fn in_stretches(
    timeline: &Timeline,
    selection: &Selection,
    most: u64,
) -> Result<Mp4, PlanError> {
    planned(timeline, selection, Form::Progressive, most)
}

/// As [`progressive`], but holds sound of several configurations in one track with several sample
/// entries. That is a right file which players play wrong: Chromium and Firefox keep the first
/// sample rate.
///
/// # Errors
/// [`PlanError::Empty`].
pub fn single(timeline: &Timeline, selection: &Selection) -> Result<Mp4, PlanError> {
    planned(timeline, selection, Form::Single, 0)
}

fn planned(
    timeline: &Timeline,
    selection: &Selection,
    form: Form,
    most_skipped: u64,
) -> Result<Mp4, PlanError> {
    let taken = taken(timeline, selection, form)?;
    let (chunks, payload) = payload(&taken, most_skipped);
    let files = FileTracks::new(&taken, timeline, selection)?;
    let header = progressive_header(files.movie, &files.tracks(&taken), &chunks);
    Ok(files.mp4(selection, header, payload))
}

/// The file that a store becomes in place, where `payload`, its part from some position to its end,
/// is the payload of `selection`, all of it and nothing else, in an order that can be streamed:
/// what is before that becomes the header. As [`progressive`] otherwise.
///
/// `None` where the payload is not so, or the header does not fit.
pub fn in_place(timeline: &Timeline, selection: &Selection, payload: Extent) -> Option<Mp4> {
    let taken = taken(timeline, selection, Form::Progressive).ok()?;
    let chunks = as_stored(&taken, payload)?;
    let files = FileTracks::new(&taken, timeline, selection).ok()?;
    let tracks = files.tracks(&taken);
    let header = progressive_header_in(payload.offset, files.movie, &tracks, &chunks)?;
    Some(files.mp4(selection, header, vec![Part::Stored(payload)]))
}

/// What a file takes of a timeline: of each track, what fits together.
fn taken<'a>(
    timeline: &'a Timeline,
    selection: &Selection,
    form: Form,
) -> Result<Vec<(&'a Track, Joined)>, PlanError> {
    let tracks = selection.tracks.iter().map(|(index, numbers)| {
        let track = timeline.tracks().get(*index).ok_or(PlanError::Empty)?;
        let mut groups = groups(track, numbers.clone(), form).into_iter();
        let group = groups.next().ok_or(PlanError::Empty)?;
        if let Some(next) = groups.next().and_then(|group| group.into_iter().next()) {
            let at = Timestamp::new(next.presentation_start(), next.config.timescale);
            let at_seconds = at.seconds();
            return Err(PlanError::ConfigurationChange { at_seconds });
        }
        let group = group.into_iter().map(|slice| selection.within(slice));
        let joined = Joined::new(group.collect(), selection.start).ok_or(PlanError::Empty)?;
        Ok((track, joined))
    });
    tracks.collect()
}

/// All tracks of a file.
struct FileTracks<'a> {
    movie: Movie,
    files: Vec<FileTrack<'a>>,
}

impl<'a> FileTracks<'a> {
    fn new(
        taken: &'a [(&Track, Joined)],
        timeline: &Timeline,
        selection: &Selection,
    ) -> Result<Self, PlanError> {
        let (_, first) = taken.first().ok_or(PlanError::Empty)?;
        let timescale = first.slice.config.timescale;
        let files = taken.iter();
        Ok(Self {
            movie: Movie {
                timescale,
                wall_clock: timeline.wall_clock_at(selection.start),
            },
            files: files
                .map(|(_, joined)| FileTrack::new(joined, selection, timescale))
                .collect(),
        })
    }

    fn tracks<'b>(&'b self, taken: &'b [(&Track, Joined)]) -> Vec<ProgressiveTrack<'b>> {
        let all = taken.iter().zip(&self.files).zip(1_u32..);
        all.map(|(((_, joined), file), track_id)| ProgressiveTrack {
            track_id,
            config: &joined.slice.config,
            further: &file.further,
            samples: &file.samples,
            edits: &file.edits,
        })
        .collect()
    }

    fn mp4(&self, selection: &Selection, header: Vec<u8>, payload: Vec<Part>) -> Mp4 {
        let mut plan = Plan::new();
        plan.push(Part::Bytes(header));
        for part in payload {
            plan.push(part);
        }
        Mp4 {
            plan,
            start: selection.start,
            duration: selection.end.minus(selection.start),
            wall_clock: self.movie.wall_clock,
            samples: self.files.iter().map(|file| file.samples.len()).collect(),
        }
    }
}

/// The chunks, and what they are made of; between two, up to `most_skipped` stored bytes.
fn payload(taken: &[(&Track, Joined)], most_skipped: u64) -> (Vec<ChunkLayout>, Vec<Part>) {
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
        let first = track.extents(*position..end).next();
        if let Some(between) = between(parts.last(), first, chunk.len, most_skipped) {
            chunk.skipped = between.len;
            parts.push(Part::Stored(between));
        }
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

/// Skipped is at most this part of what follows.
const SKIPPED: u64 = 8;

/// What lies between two stretches of one store, where it may be taken along before `len` bytes.
fn between(before: Option<&Part>, next: Option<Extent>, len: u64, most: u64) -> Option<Extent> {
    let (Some(Part::Stored(before)), Some(next)) = (before, next) else {
        return None;
    };
    let offset = before.offset + before.len;
    let skipped = next.offset.checked_sub(offset)?;
    let is_little = (1..=most.min(len / SKIPPED)).contains(&skipped);
    (before.store == next.store && is_little).then_some(Extent {
        store: next.store,
        offset,
        len: skipped,
    })
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
        let end = selection.end.rescale(own).ticks;
        let (mut samples, origin) = retime(slice, start, end, Decoding::Ahead);
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
