//! A progressive MP4, `moov` first, over a range of a timeline.

use livetape_container::isobmff::mux::{
    ChunkLayout, Edit, Movie, ProgressiveTrack, SampleTables, progressive_header,
    progressive_header_in,
};
use livetape_media::{Timescale, Timestamp, ToList};
use thiserror::Error;

use super::interleave::{as_stored, interleave};
use super::joined::{Form, Joined, groups};
use super::retime::Retimed;
use super::{Part, Plan, Selection};
use crate::{Extent, Timeline};

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
    let (chunks, payload) = payload(&taken, interleave(&taken), most_skipped);
    let files = FileTracks::new(&taken, timeline, selection)?;
    let samples = files.samples();
    let header = progressive_header(files.movie, files.tracks, &chunks);
    Ok(mp4(selection, files.movie, samples, header, payload))
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
    let samples = files.samples();
    let header = progressive_header_in(payload.offset, files.movie, files.tracks, &chunks)?;
    let mut stored = Plan::new();
    stored.push(Part::Stored(payload));
    Some(mp4(selection, files.movie, samples, header, stored))
}

/// What a file takes of a timeline: of each track, what fits together.
pub(super) fn taken<'a>(
    timeline: &'a Timeline,
    selection: &Selection,
    form: Form,
) -> Result<Vec<Joined<'a>>, PlanError> {
    let mut taken = Vec::new();
    for (index, numbers) in &selection.tracks {
        let track = timeline.tracks().get(*index).ok_or(PlanError::Empty)?;
        let groups = groups(track, numbers.clone(), form);
        if let Some(next) = groups.get(1).and_then(|group| group.first()) {
            let presented = track.presented(next.numbers.clone());
            let ticks = presented.map_or(next.decode_time, |presented| presented.start);
            let at = Timestamp::new(ticks, next.config.timescale);
            let at_seconds = at.seconds();
            return Err(PlanError::ConfigurationChange { at_seconds });
        }
        let group = groups.first().ok_or(PlanError::Empty)?;
        taken.push(Joined::new(track, group, selection).ok_or(PlanError::Empty)?);
    }
    Ok(taken)
}

/// All tracks of a file.
struct FileTracks<'a> {
    movie: Movie,
    tracks: Vec<ProgressiveTrack<'a>>,
}

impl<'a> FileTracks<'a> {
    fn new(
        taken: &'a [Joined<'_>],
        timeline: &Timeline,
        selection: &Selection,
    ) -> Result<Self, PlanError> {
        let first = taken.first().ok_or(PlanError::Empty)?;
        let timescale = first.config.timescale;
        let tracks = taken.iter().zip(1_u32..);
        Ok(Self {
            movie: Movie {
                timescale,
                wall_clock: timeline.wall_clock_at(selection.start),
            },
            tracks: tracks
                .map(|(joined, track_id)| file_track(joined, track_id, selection, timescale))
                .to_list(),
        })
    }

    /// How many each track has.
    fn samples(&self) -> Vec<usize> {
        self.tracks.iter().map(|track| track.tables.len()).to_list()
    }
}

pub(super) fn mp4(
    selection: &Selection,
    movie: Movie,
    samples: Vec<usize>,
    header: Vec<Vec<u8>>,
    payload: Plan,
) -> Mp4 {
    Mp4 {
        plan: payload.behind(header),
        start: selection.start,
        duration: selection.end.minus(selection.start),
        wall_clock: movie.wall_clock,
        samples,
    }
}

/// The chunks as they become, and what they are made of; between two, up to `most_skipped` stored bytes.
pub(super) fn payload(
    taken: &[Joined<'_>],
    mut chunks: Vec<ChunkLayout>,
    most_skipped: u64,
) -> (Vec<ChunkLayout>, Plan) {
    let mut parts = Plan::new();
    let mut heads: Vec<_> = taken
        .iter()
        .map(|joined| {
            let patches = joined.patches.iter().peekable();
            (joined.track, joined.bytes.start, 0_usize, patches)
        })
        .to_list();
    for chunk in &mut chunks {
        let Some((track, position, sample, patches)) = heads.get_mut(chunk.track) else {
            continue;
        };
        let mut end = *position + chunk.len;
        let first = track.extents(*position..end).next();
        if let Some(between) = between(parts.parts().last(), first, chunk.len, most_skipped) {
            chunk.skipped = between.len;
            parts.push(Part::Stored(between));
        }
        *sample += chunk.samples as usize;
        while let Some(patch) = patches.next_if(|next| next.sample < *sample) {
            parts.store(track.extents(*position..patch.skipped.start));
            parts.push(Part::Bytes(patch.bytes.clone()));
            chunk.len += patch.bytes.len() as u64;
            end += patch.skipped.end - patch.skipped.start;
            *position = patch.skipped.end;
        }
        parts.store(track.extents(*position..end));
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
pub(super) fn file_track<'a>(
    joined: &'a Joined<'_>,
    track_id: u32,
    selection: &Selection,
    movie: Timescale,
) -> ProgressiveTrack<'a> {
    let own = joined.config.timescale;
    let start = selection.start.rescale(own).ticks;
    let end = selection.end.rescale(own).ticks;
    let is_video = joined.config.format.is_video();
    let samples = joined.samples();
    let retimed = Retimed::new(is_video, start..end, &samples);
    let mut tables = SampleTables::new(joined.count, retimed.offset_runs);
    let mut patches = joined.patches.iter().peekable();
    retimed.each(&samples, &mut |mut sample| {
        while let Some(patch) = patches.next_if(|patch| patch.sample <= tables.len()) {
            sample.size = sample.size.saturating_add(patch.bytes.len() as u32);
        }
        tables.push(&sample);
    });
    ProgressiveTrack {
        track_id,
        config: &joined.config,
        further: &joined.further,
        tables,
        edits: edits(
            (retimed.origin, retimed.delay, retimed.end),
            selection,
            own,
            movie,
        ),
    }
}

/// The edit list of a track whose samples lie as [`Retimed`] says: where `selection.start` is on their
/// timeline, how much later the first thing is presented, and when all have been.
pub(super) fn edits(
    (origin, delay, end): (i64, i64, i64),
    selection: &Selection,
    own: Timescale,
    movie: Timescale,
) -> Vec<Edit> {
    let shown_end = Timestamp::new(end, own).min(selection.end);
    // Where nothing is presented at the start, an empty edit says so: ffmpeg would move a
    // track whose first edit begins with a hole.
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
    edits
}
