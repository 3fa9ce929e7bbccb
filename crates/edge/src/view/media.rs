//! The media playlist: a recording, or a range of its time, as it grows and when it is finished.

use livetape_hls::{Decimal, MediaPlaylist, PlaylistType, ServerControl, Skip, Start};
use serde::{Deserialize, Serialize};

use crate::api::State;
use crate::delivery::Delivery;
use crate::error::ApiError;
use crate::index::{Segment, at_micros, floor_micros, micros};
use crate::moment::Span;
use crate::recording::Recording;

use super::cut::Cut;
use super::media_delivery;
use super::playlist::{VERSION, independent};
use super::segment::{Listed, Writer};

/// EXT-X-GAP and EXT-X-SKIP need these, RFC 8216bis §8.
const VERSION_WITH_GAPS: u64 = 8;
const VERSION_WITH_SKIP: u64 = 9;
/// An object that is missing is waited for this long, in milliseconds, after a later one was stored:
/// objects sent side by side may arrive in any order.
const PATIENCE_MILLIS: i64 = 10_000;
/// CAN-SKIP-UNTIL, in target durations: the least that RFC 8216bis §4.4.3.8 allows.
const SKIP_UNTIL: u64 = 6;

/// What of the objects a playlist has.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum MediaKind {
    /// The objects, or of the first and the last what is asked for: `media.m3u8`.
    Objects,
    /// Of each object the keyframe that it begins with: `iframes.m3u8`.
    IFrames,
}

/// All segments of a playlist.
struct List<'a> {
    segments: Vec<Listed<'a>>,
    /// None will be added.
    complete: bool,
    /// Where a player should begin, in microseconds.
    start: Option<i64>,
}

impl Recording {
    /// `media.m3u8` at `now`, Unix milliseconds: grows at its end until the recording is finished, or
    /// all of `span` is there. With `skip`, without the segments that a player has long known.
    ///
    /// # Errors
    /// [`Code::NotStarted`](crate::Code::NotStarted),
    /// [`Code::NothingRecorded`](crate::Code::NothingRecorded).
    pub fn media_playlist(
        &self,
        kind: MediaKind,
        span: Option<&Span>,
        skip: bool,
        now: i64,
    ) -> Result<Delivery, ApiError> {
        self.check_started()?;
        let list = self.list(span, now);
        if list.segments.is_empty() {
            return Err(self.nothing().into());
        }
        Ok(media_delivery(&self.media(kind, &list, skip)))
    }

    pub(super) fn check_started(&self) -> Result<(), ApiError> {
        match self.index().entries().is_empty() {
            false => Ok(()),
            true => Err(self.nothing().into()),
        }
    }

    fn list(&self, span: Option<&Span>, now: i64) -> List<'_> {
        let finished = self.meta().state == State::Finished;
        // A persistent clip may show what is evicted.
        let mut all = match span {
            Some(_) => self.index().segments(0),
            None => self.segments(),
        };
        if !finished {
            all.truncate(settled(&all, now));
        }
        match span {
            Some(span) => self.list_of(&all, span, finished),
            None => List {
                segments: all.iter().map(Listed::whole).collect(),
                complete: finished,
                start: None,
            },
        }
    }

    /// The segments of a range of time: of the first and the last object what is in it.
    fn list_of<'a>(&self, all: &[Segment<'a>], span: &Span, finished: bool) -> List<'a> {
        let video = self.index().timeline().video();
        let shown = video.and_then(|track| track.shown_from(at_micros(span.start)));
        // Where pictures have ended there may still be sound.
        let start = shown.map_or(span.start, floor_micros);
        let end = span.end.unwrap_or(i64::MAX);
        let mut list = List {
            segments: Vec::new(),
            complete: finished,
            start: Some(0),
        };
        for segment in all {
            let Segment::Stored { entry, .. } = segment else {
                // A hole at the beginning has no place of its own.
                if !list.segments.is_empty() {
                    list.segments.push(Listed::whole(segment));
                }
                continue;
            };
            let (from, to) = (micros(entry.start), micros(entry.end()));
            if to <= start {
                continue;
            }
            if from >= end {
                list.complete = true;
                break;
            }
            let is_first = list.segments.is_empty();
            let cut = Cut {
                seq: entry.seq,
                from: (is_first && (from < start || !entry.independent)).then_some(start),
                to: (to > end).then_some(end),
            };
            let is_cut = cut.from.is_some() || cut.to.is_some();
            let plan = is_cut.then(|| self.cut(entry, &cut)).flatten();
            let late = cut.from.map_or(0, |start| (start - from).max(0));
            list.segments.push(match &plan {
                Some(_) => Listed {
                    segment: *segment,
                    cut: Some(cut),
                    duration: to.min(end) - from.max(start),
                    late,
                },
                None => Listed::whole(segment),
            });
            if is_first {
                list.start = Some(match &plan {
                    // Behind what is there for decoding alone, rounded up.
                    Some(plan) => (start - floor_micros(plan.begins)).max(0),
                    None => late,
                });
            }
            if to >= end {
                list.complete = true;
                break;
            }
        }
        // A hole at the end may reach beyond the range.
        let stored = |listed: &Listed<'_>| matches!(listed.segment, Segment::Stored { .. });
        if list.complete {
            let last = list.segments.iter().rposition(stored);
            list.segments.truncate(last.map_or(0, |last| last + 1));
        }
        list
    }

    fn media(&self, kind: MediaKind, list: &List<'_>, skip: bool) -> MediaPlaylist {
        let target_duration = self.meta().limits.target();
        let skip_until = SKIP_UNTIL * target_duration;
        let skipped = if skip {
            skippable(&list.segments, skip_until)
        } else {
            0
        };
        // What is evicted leaves the whole at its beginning; a range of time has one that stays.
        let slides = list.start.is_none() && self.meta().retention.window.is_some();
        let evicted = self.meta().evicted;
        let media_sequence = if slides { evicted.segments } else { 0 };
        let mut writer = Writer::new(kind, self.meta().gate.encryption);
        let mut segments = Vec::new();
        for (position, listed) in list.segments.iter().enumerate() {
            if position < skipped {
                writer.skip(listed);
            } else {
                let sequence = media_sequence + position as u64;
                segments.push(writer.segment(listed, sequence, position == 0));
            }
        }
        let has_gap = list.segments.iter().any(|listed| kind.is_gap(listed));
        let version = match (skipped, has_gap) {
            (1.., _) => VERSION_WITH_SKIP,
            (0, true) => VERSION_WITH_GAPS,
            (0, false) => VERSION,
        };
        MediaPlaylist {
            version: Some(version),
            independent_segments: independent(self.index()),
            start: list.start.map(|micros| Start {
                precise: Some(true),
                ..Start::new(Decimal::from_micros(micros))
            }),
            target_duration,
            playlist_type: (!slides).then_some(PlaylistType::Event),
            media_sequence,
            discontinuity_sequence: slides.then_some(evicted.discontinuities),
            i_frames_only: kind == MediaKind::IFrames,
            server_control: Some(ServerControl {
                can_skip_until: Some(Decimal::from_millis(skip_until as i64 * 1_000)),
                ..ServerControl::new()
            }),
            skip: (skipped > 0).then(|| Skip::new(skipped as u64)),
            segments,
            end_list: list.complete,
            ..MediaPlaylist::default()
        }
    }
}

/// How many segments are certain: up to the first missing one that may still come.
fn settled(all: &[Segment<'_>], now: i64) -> usize {
    let mut given_up = false;
    let mut certain = all.len();
    for (position, segment) in all.iter().enumerate().rev() {
        match segment {
            Segment::Stored { entry, .. } => {
                given_up |= now.saturating_sub(entry.stored) >= PATIENCE_MILLIS;
            }
            Segment::Missing { .. } if !given_up => certain = position,
            Segment::Missing { .. } => {}
        }
    }
    certain
}

/// How many segments lie further from the end than the seconds that a player may not skip.
fn skippable(segments: &[Listed<'_>], skip_until: u64) -> usize {
    let mut left = skip_until as i64 * 1_000_000;
    let kept = segments.iter().rev().take_while(|listed| {
        let keep = left > 0;
        left -= listed.duration;
        keep
    });
    segments.len() - kept.count()
}
