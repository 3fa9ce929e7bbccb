//! Clips: ranges of a recording's time with a name of their own. Nothing is copied for one.

use std::ops::RangeInclusive;

use livetape_timeline::plan::Selection;
use serde::{Deserialize, Serialize};

use crate::api::{ClipInfo, ClipPlayback, CreateClip, kept_title};
use crate::error::{ApiError, Code};
use crate::ids::ClipId;
use crate::index::at_micros;
use crate::moment::{Span, TimeRange};
use crate::recording::Recording;

/// Most clips of a recording.
pub const MOST_CLIPS: u32 = 10_000;
/// Clips of a page where nothing else is asked for, and at most.
const USUAL: u32 = 100;
const MOST: u32 = 1_000;

/// A clip as it is kept.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Clip {
    /// What is shown.
    pub span: Span,
    /// Name for people.
    pub title: Option<String>,
    /// Its objects are kept when the recording's others are not.
    pub persistent: bool,
    /// When it was created, Unix milliseconds.
    pub created: i64,
}

/// A page of a list of clips: newest first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct ClipQuery {
    /// How many at most.
    pub limit: u32,
    /// Those with lower numbers than this.
    pub before: Option<u32>,
}

impl ClipQuery {
    /// Reads `limit` and `cursor`; `query` gives a parameter's value.
    ///
    /// # Errors
    /// [`Code::BadRequest`], which names the parameter.
    pub fn read(query: impl Fn(&str) -> Option<String>) -> Result<Self, ApiError> {
        let bad = |what: &str| ApiError::new(Code::BadRequest, what);
        let limit = match query("limit").map(|text| text.parse()) {
            None => USUAL,
            Some(Ok(limit)) if (1..=MOST).contains(&limit) => limit,
            Some(_) => return Err(bad("limit is a number from 1 to 1000.")),
        };
        let before = query("cursor").map(|text| text.parse());
        let before = before.transpose();
        let before = before.map_err(|_| bad("cursor is what the page before gave."))?;
        Ok(Self { limit, before })
    }
}

impl Recording {
    /// The clip of a request at `now`, Unix milliseconds: what is asked for as places on the
    /// timeline. Its end may be yet to come.
    ///
    /// # Errors
    /// As [`Recording::span`].
    pub fn clip(&self, request: &CreateClip, now: i64) -> Result<Clip, ApiError> {
        let range = TimeRange {
            start: request.start,
            end: request.end,
        };
        Ok(Clip {
            span: self.span(&range, None)?,
            title: request.title.as_deref().and_then(kept_title),
            persistent: request.persistent,
            created: now,
        })
    }

    /// What the API tells of a clip; `origin` begins its addresses.
    pub fn clip_info(&self, number: u32, clip: &Clip, origin: &str) -> ClipInfo {
        let recording = self.meta().id.clone();
        let zero = self.zero().unwrap_or(clip.span.start);
        let seconds = |micros: i64| micros.saturating_sub(zero) as f64 / 1e6;
        let id = ClipId {
            recording: recording.clone(),
            number,
        };
        let objects = self.objects_of(&clip.span);
        ClipInfo {
            playback: ClipPlayback::new(origin, &id.to_string()),
            id: id.to_string(),
            recording: recording.to_string(),
            title: clip.title.clone(),
            start: seconds(clip.span.start),
            end: clip.span.end.map(seconds),
            persistent: clip.persistent,
            created: clip.created,
            objects: objects.clone().map_or(0, |seqs| self.stored_in(seqs).0),
            bytes: objects.map_or(0, |seqs| self.stored_in(seqs).1),
        }
    }

    /// Numbers of the objects that hold what a range of time needs, for decoding too; `None` where
    /// nothing of it is stored.
    pub(crate) fn objects_of(&self, span: &Span) -> Option<RangeInclusive<u32>> {
        let timeline = self.index().timeline();
        let end = span.end.unwrap_or(i64::MAX >> 8);
        let selection = Selection::new(timeline, at_micros(span.start), at_micros(end))?;
        let ends = selection.tracks.iter().filter_map(|(index, numbers)| {
            let track = timeline.tracks().get(*index)?;
            let last = numbers.end.checked_sub(1)?;
            Some((track.store_of(numbers.start)?.0, track.store_of(last)?.0))
        });
        ends.map(|(first, last)| first..=last)
            .reduce(|all, own| (*all.start()).min(*own.start())..=(*all.end()).max(*own.end()))
    }
}
