//! Files of tracks of which their source shows a part each, by edit lists: what was hidden stays
//! hidden, and of that only what decoding needs is taken.

use std::ops::Range;

use livetape_container::isobmff::mux::{Edit, Movie, progressive_header};
use livetape_media::{Timescale, Timestamp, TrackId};

use super::interleave::interleave;
use super::progressive::{file_track, mp4, payload, taken};
use super::{Form, Mp4, PlanError, Selection};
use crate::{Timeline, Track};

/// An edit list is rounded to ticks of its file, often of a millisecond: what it leaves out at the
/// end is not meant where it is no more than this.
const ROUNDING: Timestamp = Timestamp::new(2, Timescale::MILLIS);

/// Hidden sound that is taken along before the first that is shown: a decoder needs a frame or a few,
/// and players of fragments let it be heard.
const LEAD: Timestamp = Timestamp::new(100, Timescale::MILLIS);

/// What is shown of the tracks of a timeline that are not shown as a whole.
#[derive(Debug, Clone, Default)]
pub struct Shown(Vec<ShownTrack>);

/// What is shown of one track.
#[derive(Debug, Clone, Copy)]
struct ShownTrack {
    id: TrackId,
    start: Timestamp,
    end: Timestamp,
    /// Something lies before the start.
    is_cut: bool,
    /// Something lies behind the end.
    is_cut_off: bool,
}

impl Shown {
    /// Of each track named, what is presented between two moments; to its end without the second.
    pub fn new(
        timeline: &Timeline,
        shown: impl IntoIterator<Item = (TrackId, Timestamp, Option<Timestamp>)>,
    ) -> Self {
        let tracks = shown.into_iter().filter_map(|(id, start, end)| {
            let whole = whole(timeline.track(id)?)?;
            let is_cut = start > whole.start;
            let cut_off = end.filter(|end| end.plus(ROUNDING) < whole.end);
            let shown = ShownTrack {
                id,
                start: start.max(whole.start),
                end: cut_off.unwrap_or(whole.end),
                is_cut,
                is_cut_off: cut_off.is_some(),
            };
            (is_cut || cut_off.is_some()).then_some(shown)
        });
        Self(tracks.collect())
    }

    /// True where all tracks are shown as a whole.
    pub fn is_whole(&self) -> bool {
        self.0.is_empty()
    }

    /// As [`Selection::new`], of what is shown; without a start or an end, from its beginning and to
    /// its end, as [`Selection::whole`].
    pub fn select(
        &self,
        timeline: &Timeline,
        start: Option<Timestamp>,
        end: Option<Timestamp>,
    ) -> Option<Selection> {
        let from = self.beginning(timeline, start, end)?;
        let mut tracks = Vec::new();
        let mut last_end: Option<Timestamp> = None;
        for (index, track) in timeline.tracks().iter().enumerate() {
            let Some(own) = self.of(track, from, end) else {
                continue;
            };
            let Some(numbers) = self.numbers(track, &own, start.is_none(), end.is_none()) else {
                continue;
            };
            let Some(whole) = track.presented(numbers.clone()) else {
                continue;
            };
            let timescale = own.start.timescale;
            let presented_end = Timestamp::new(whole.end, timescale);
            last_end = last_end.max(Some(presented_end.min(own.end)));
            tracks.push((index, numbers));
        }
        let end = last_end?;
        (from < end).then_some(Selection {
            start: from,
            end,
            tracks,
        })
    }

    /// The same selection with the times that are shown of one of its tracks.
    pub fn own(&self, timeline: &Timeline, selection: &Selection, index: usize) -> Selection {
        let mut own = selection.clone();
        own.tracks.retain(|(track, _)| *track == index);
        let track = timeline.tracks().get(index);
        if let Some(track) = track.filter(|track| self.find(track).is_some()) {
            let shown = self.of(track, selection.start, Some(selection.end));
            match shown {
                Some(shown) => (own.start, own.end) = (shown.start, shown.end),
                None => own.tracks.clear(),
            }
        }
        own
    }

    fn find(&self, track: &Track) -> Option<&ShownTrack> {
        self.0.iter().find(|shown| shown.id == track.id())
    }

    /// With what a selection begins: one with a start with the first picture, the whole with the first
    /// thing shown. Its source says that sound before the first picture is to be heard.
    fn beginning(
        &self,
        timeline: &Timeline,
        start: Option<Timestamp>,
        end: Option<Timestamp>,
    ) -> Option<Timestamp> {
        let first = |track: Option<&Track>| {
            let track = track?;
            let earliest = start.or_else(|| Some(whole(track)?.start))?;
            Some(self.of(track, earliest, end)?.start)
        };
        let picture = first(timeline.video());
        if start.is_some() {
            return picture.or(start);
        }
        let moments = picture.into_iter().chain(first(timeline.audio()));
        moments.min()
    }

    /// What is shown of a track between two moments: of pictures, from the first one on.
    fn of(
        &self,
        track: &Track,
        start: Timestamp,
        end: Option<Timestamp>,
    ) -> Option<Range<Timestamp>> {
        let whole = whole(track)?;
        let shown = self.find(track).map(|shown| shown.start..shown.end);
        let shown = shown.unwrap_or(whole);
        let mut from = start.max(shown.start);
        let to = end.map_or(shown.end, |end| end.min(shown.end));
        if track.config()?.format.is_video() {
            from = track.shown_from(from)?;
        }
        (from < to).then_some(from..to)
    }

    /// The samples that are needed for what is shown of a track between two moments. Where nothing
    /// was asked for, what is not hidden is taken as a whole.
    fn numbers(
        &self,
        track: &Track,
        own: &Range<Timestamp>,
        from_beginning: bool,
        to_end: bool,
    ) -> Option<Range<u64>> {
        let (all, format) = (track.numbers(), track.config()?.format);
        let shown = self.find(track);
        let is_cut_off = shown.is_some_and(|shown| shown.is_cut_off);
        let cut = shown.filter(|shown| shown.is_cut);
        // What leads the whole is there, if unheard; a clip from later on does without.
        let led = cut.filter(|cut| from_beginning || cut.start >= own.start);
        let start = match led {
            _ if format.is_video() => track.keyframe_at(own.start)?,
            Some(cut) if format.is_audio() => track.presented_at(cut.start.minus(LEAD)),
            None if from_beginning => all.start,
            _ => track.presented_at(own.start),
        };
        let end = match format.is_video() {
            _ if to_end && !is_cut_off => all.end,
            true => track.end_without_hole(start, own.end),
            false => track.end_before(own.end),
        };
        (start < end).then_some(start..end)
    }
}

/// When a track is presented.
fn whole(track: &Track) -> Option<Range<Timestamp>> {
    let timescale = track.config()?.timescale;
    let presented = track.presented(track.numbers())?;
    let at = |ticks| Timestamp::new(ticks, timescale);
    Some(at(presented.start)..at(presented.end))
}

/// As [`progressive`](super::progressive()), or [`single`](super::single()) by its form, of tracks
/// that are shown in part: each has its own pre-roll and its own end.
///
/// # Errors
/// As [`progressive`](super::progressive()).
pub fn progressive_of_shown(
    timeline: &Timeline,
    selection: &Selection,
    shown: &Shown,
    form: Form,
) -> Result<Mp4, PlanError> {
    let tracks = selection.tracks.iter();
    let own = tracks.map(|(index, _)| shown.own(timeline, selection, *index));
    let own: Vec<Selection> = own.filter(|own| !own.tracks.is_empty()).collect();
    let mut joined = Vec::new();
    for own in &own {
        joined.extend(taken(timeline, own, form)?);
    }
    let (chunks, payload) = payload(&joined, interleave(&joined), 0);
    let timescale = joined.first().ok_or(PlanError::Empty)?.config.timescale;
    let movie = Movie {
        timescale,
        wall_clock: timeline.wall_clock_at(selection.start),
    };
    let tracks = joined.iter().zip(&own).zip(1_u32..);
    let tracks = tracks.map(|((joined, own), track_id)| {
        let mut track = file_track(joined, track_id, own, timescale);
        delay(
            &mut track.edits,
            own.start.minus(selection.start),
            timescale,
        );
        track
    });
    let tracks: Vec<_> = tracks.collect();
    let samples = tracks.iter().map(|track| track.tables.len()).collect();
    let header = progressive_header(movie, tracks, &chunks);
    Ok(mp4(selection, movie, samples, header, payload))
}

/// Has what edits show begin later.
fn delay(edits: &mut Vec<Edit>, span: Timestamp, movie: Timescale) {
    let span = u64::try_from(span.rescale(movie).ticks).unwrap_or(0);
    match edits.first_mut() {
        Some(Edit {
            duration,
            media_time: None,
        }) => *duration = duration.saturating_add(span),
        Some(_) if span > 0 => edits.insert(
            0,
            Edit {
                duration: span,
                media_time: None,
            },
        ),
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use livetape_media::{Format, Rotation, Sample, TrackConfig};

    use super::*;

    /// Eight pictures of 40 ms, a keyframe every fourth, and sound in frames of 20 ms, all from 0.
    fn timeline() -> Timeline {
        let mut timeline = Timeline::new();
        let video = Format::Video {
            width: 640,
            height: 360,
        };
        let audio = Format::Audio {
            sample_rate: 48_000,
            channels: 2,
        };
        for (id, format, count, duration) in [(1, video, 8, 40), (2, audio, 16, 20)] {
            let config = Arc::new(TrackConfig {
                format,
                timescale: Timescale::MILLIS,
                sample_entry: Vec::new(),
                codec: String::new(),
                language: *b"und",
                rotation: Rotation::None,
            });
            let sample = |number| Sample {
                size: 1,
                duration,
                composition_offset: 0,
                keyframe: id == 2 || number % 4 == 0,
            };
            let samples: Vec<_> = (0..count).map(sample).collect();
            timeline.append(TrackId(id), &config, 0, &samples, &[]);
        }
        timeline
    }

    fn at(millis: i64) -> Timestamp {
        Timestamp::new(millis, Timescale::MILLIS)
    }

    fn shown(tracks: &[(u32, i64, Option<i64>)]) -> Shown {
        let tracks = tracks.iter();
        let tracks = tracks.map(|(id, start, end)| (TrackId(*id), at(*start), end.map(at)));
        Shown::new(&timeline(), tracks)
    }

    #[test]
    fn what_hides_nothing_is_the_whole() {
        assert!(shown(&[(1, 0, None), (2, 0, Some(320))]).is_whole());
        // Rounded to milliseconds, and longer than there is media.
        assert!(shown(&[(1, 0, Some(319)), (2, -5, Some(400))]).is_whole());
        assert!(!shown(&[(1, 0, Some(300))]).is_whole());
    }

    #[test]
    fn the_whole_is_what_is_shown_with_what_decoding_needs() {
        let timeline = timeline();
        let shown = shown(&[(1, 190, Some(280)), (2, 180, None)]);
        let whole = shown.select(&timeline, None, None).expect("not empty");
        assert_eq!((whole.start, whole.end), (at(180), at(320)));
        assert_eq!(whole.tracks, [(0, 4..7), (1, 4..16)]);
        let own = |index| shown.own(&timeline, &whole, index);
        assert_eq!((own(0).start, own(0).end), (at(200), at(280)));
        assert_eq!((own(1).start, own(1).end), (at(180), at(320)));
    }

    #[test]
    fn a_clip_has_nothing_of_what_is_hidden() {
        let timeline = timeline();
        let shown = shown(&[(1, 190, Some(280)), (2, 180, None)]);
        let clip = |from, to| shown.select(&timeline, Some(at(from)), Some(at(to)));
        let found = clip(205, 300).expect("not empty");
        assert_eq!((found.start, found.end), (at(240), at(300)));
        assert_eq!(found.tracks, [(0, 4..7), (1, 12..15)]);
        // Sound alone, and nothing.
        let found = clip(285, 310).expect("not empty");
        assert_eq!(found.tracks, [(1, 14..16)]);
        assert!(clip(0, 180).is_none());
    }
}
