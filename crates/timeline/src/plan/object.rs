//! Where one stored object of a recording ends and the next begins.
//!
//! An object is a fragment of all tracks. It ends before a keyframe, once it is long enough to
//! be worth a request; where keyframes are far apart it ends anyway, so that those who watch
//! the recording grow need not wait.

use std::ops::Range;
use std::sync::Arc;

use livetape_media::{Timescale, Timestamp, TrackConfig, TrackId};

use super::Lane;
use crate::{Slice, Timeline, Track};

/// What is to be played at once is at least this long, if keyframes allow.
const SOON: Timestamp = Timestamp::new(1_900, Timescale::MILLIS);
/// What is stored is at least this long: each object is a write that is paid for, about 900 of them an hour.
const USUAL: Timestamp = Timestamp::new(3_900, Timescale::MILLIS);
/// An object is never longer than this, which the edge takes. Of two neighbours each is as long, or what the
/// second begins with made the first too long: wherever keyframes are, an hour has less than 1,000 objects.
const LONGEST: Timestamp = Timestamp::new(7_400, Timescale::MILLIS);
/// So many objects of a recording are short, for those who open it as soon as it has begun.
const FIRST: u32 = 8;
/// Other tracks are waited for no longer than this behind the first.
pub const PATIENCE: Timestamp = Timestamp::new(10_000, Timescale::MILLIS);

/// The samples of one object.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cut {
    /// Each track with the numbers of its samples, the one that leads first.
    pub tracks: Vec<(TrackId, Range<u64>)>,
}

/// The next object, after what `next` says each track has sent; the first of `next` leads.
/// `None` where it is not complete yet. With `stop` all that is presented before it is complete,
/// and nothing after it is taken. About 2 s: to be played at once.
pub fn next_object(
    timeline: &Timeline,
    next: &[(TrackId, u64)],
    stop: Option<Timestamp>,
) -> Option<Cut> {
    cut(timeline, next, SOON, stop)
}

/// The same for object `sequence` of a recording that is stored as it goes on: about 4 s, but for the
/// first few.
pub fn next_stored_object(
    timeline: &Timeline,
    next: &[(TrackId, u64)],
    sequence: u32,
    stop: Option<Timestamp>,
) -> Option<Cut> {
    let shortest = if sequence < FIRST { SOON } else { USUAL };
    cut(timeline, next, shortest, stop)
}

fn cut(
    timeline: &Timeline,
    next: &[(TrackId, u64)],
    shortest: Timestamp,
    stop: Option<Timestamp>,
) -> Option<Cut> {
    let (&(lead_id, from), others) = next.split_first()?;
    let lead = timeline.track(lead_id)?;
    let end = lead_end(lead, from, shortest, stop)?;
    let boundary = boundary_time(lead, from, end)?;
    let mut tracks = vec![(lead_id, from..end)];
    for &(id, from) in others {
        let Some(track) = timeline.track(id) else {
            continue;
        };
        let has_reached = track.end_time().is_some_and(|own| own >= boundary);
        let given_up = lead
            .end_time()
            .is_some_and(|lead| lead >= boundary.plus(PATIENCE));
        if !has_reached && stop.is_none() && !given_up {
            return None;
        }
        let end = track.first_presented_from(boundary);
        if let Some(slice) = track.slice(from..end) {
            tracks.push((id, slice.numbers));
        }
    }
    Some(Cut { tracks })
}

/// What leads an object, lasting no longer than an object may: before a hole the last sample would
/// last until what comes behind it.
#[must_use]
pub fn without_hole(mut slice: Slice) -> Slice {
    let longest = LONGEST.rescale(slice.config.timescale).ticks;
    let before: i64 = slice.duration() as i64;
    if let Some(last) = slice.samples.last_mut() {
        let too_much = u32::try_from((before - longest).max(0)).unwrap_or(u32::MAX);
        last.duration = last.duration.saturating_sub(too_much).max(1);
    }
    slice
}

/// The configuration of each track: that of its samples in the object, else its present one.
pub fn configs(
    timeline: &Timeline,
    next: &[(TrackId, u64)],
    lanes: &[Lane<'_>],
) -> Vec<(u32, Arc<TrackConfig>)> {
    let config = |(id, _): &(TrackId, u64)| {
        let lane = lanes.iter().find(|lane| lane.track_id == id.0);
        let config = lane.map(|lane| &lane.slice.config);
        let config = config.or_else(|| timeline.track(*id)?.config())?;
        Some((id.0, Arc::clone(config)))
    };
    next.iter().filter_map(config).collect()
}

/// One past the lead track's last sample in the object that begins at `from`. Where keyframes are so far
/// apart that none comes in time, one that came early counts.
fn lead_end(lead: &Track, from: u64, shortest: Timestamp, stop: Option<Timestamp>) -> Option<u64> {
    let stored = lead.numbers().end;
    let limit = stop.map_or(stored, |stop| lead.end_without_hole(from, stop));
    let slice = lead.slice(from..limit)?;
    let timescale = slice.config.timescale;
    let ticks = |time: Timestamp| time.rescale(timescale).ticks;
    let (soon, shortest, longest) = (ticks(SOON), ticks(shortest), ticks(LONGEST));
    let is_video = slice.config.format.is_video();
    let mut last = 0;
    let mut early = None;
    for (index, (time, sample)) in slice.timed().enumerate() {
        last = time + i64::from(sample.duration) - slice.decode_time;
        let since = time - slice.decode_time;
        let may_end = if is_video {
            sample.keyframe
        } else {
            since >= 2 * soon
        };
        let number = from + index as u64;
        if index > 0 && may_end && since >= shortest {
            return Some(number);
        }
        if index > 0 && last > longest {
            return Some(early.unwrap_or(number));
        }
        if may_end && since >= soon {
            early = Some(number);
        }
    }
    let configuration_ends = slice.numbers.end < limit;
    (stop.is_some() || configuration_ends || last > longest).then_some(slice.numbers.end)
}

/// The presentation time at which an object that ends before sample `end` ends.
fn boundary_time(lead: &Track, from: u64, end: u64) -> Option<Timestamp> {
    if let Some(next) = lead.presentation_time(end) {
        return Some(next);
    }
    let whole = lead.slice(from..end)?;
    Some(Timestamp::new(
        whole.presentation_end(),
        whole.config.timescale,
    ))
}

#[cfg(test)]
mod tests {
    use livetape_media::{Format, Rotation, Sample};

    use super::*;

    const VIDEO: TrackId = TrackId(1);
    const AUDIO: TrackId = TrackId(2);

    fn config(format: Format, timescale: u32) -> Arc<TrackConfig> {
        Arc::new(TrackConfig {
            format,
            timescale: Timescale::new(timescale).expect("not zero"),
            sample_entry: Vec::new(),
            codec: String::new(),
            language: *b"und",
            rotation: Rotation::None,
        })
    }

    /// Pictures at 25 per second with a keyframe every `gop`, and sound of the same length.
    fn timeline(pictures: u32, gop: u32) -> Timeline {
        with_keyframes(pictures, |number| number % gop == 0)
    }

    fn with_keyframes(pictures: u32, is_keyframe: impl Fn(u32) -> bool) -> Timeline {
        let video = config(
            Format::Video {
                width: 640,
                height: 360,
            },
            90_000,
        );
        let audio = config(
            Format::Audio {
                sample_rate: 48_000,
                channels: 2,
            },
            48_000,
        );
        let samples: Vec<_> = (0..pictures)
            .map(|n| Sample {
                size: 10,
                duration: 3_600,
                composition_offset: 0,
                keyframe: is_keyframe(n),
            })
            .collect();
        let frames = u64::from(pictures) * 48_000 / 25 / 1024;
        let sound = Sample {
            size: 5,
            duration: 1024,
            composition_offset: 0,
            keyframe: true,
        };
        let mut timeline = Timeline::new();
        timeline.append(VIDEO, &video, 0, &samples, &[]);
        timeline.append(AUDIO, &audio, 0, &vec![sound; frames as usize], &[]);
        timeline
    }

    #[test]
    fn objects_end_at_keyframes_and_take_the_sound_up_to_there() {
        let timeline = timeline(151, 50);
        let cut = next_object(&timeline, &[(VIDEO, 0), (AUDIO, 0)], None).expect("complete");
        // 2 s is 93.75 sound frames: the 94th begins before it
        assert_eq!(cut.tracks, [(VIDEO, 0..50), (AUDIO, 0..94)]);
        let cut = next_object(&timeline, &[(VIDEO, 50), (AUDIO, 94)], None).expect("complete");
        assert_eq!(cut.tracks, [(VIDEO, 50..100), (AUDIO, 94..188)]);
    }

    #[test]
    fn an_object_is_not_complete_until_its_next_keyframe_came() {
        let timeline = timeline(50, 50);
        assert_eq!(
            next_object(&timeline, &[(VIDEO, 0), (AUDIO, 0)], None),
            None
        );
        let stop = timeline.common_end(PATIENCE);
        let cut = next_object(&timeline, &[(VIDEO, 0), (AUDIO, 0)], stop).expect("stopped");
        assert_eq!(cut.tracks, [(VIDEO, 0..50), (AUDIO, 0..93)]);
    }

    #[test]
    fn an_endless_gop_is_cut_before_it_is_too_long() {
        let timeline = timeline(400, 10_000);
        let cut = next_object(&timeline, &[(VIDEO, 0)], None).expect("complete");
        assert_eq!(cut.tracks, [(VIDEO, 0..185)]);
    }

    #[test]
    fn a_recording_stops_where_all_tracks_are_there() {
        let mut timeline = timeline(50, 50);
        let lead = timeline.track(VIDEO).expect("there");
        let ahead = lead.slice(0..50).expect("stored");
        timeline.append(VIDEO, &ahead.config, 50 * 3_600, &ahead.samples, &[]);
        let stop = timeline.common_end(PATIENCE);
        let cut = next_object(&timeline, &[(VIDEO, 0), (AUDIO, 0)], stop).expect("stopped");
        assert_eq!(cut.tracks, [(VIDEO, 0..50), (AUDIO, 0..93)]);
        let rest = [(VIDEO, 50), (AUDIO, 93)];
        assert_eq!(next_object(&timeline, &rest, stop), None);
    }

    #[test]
    fn what_leads_up_to_a_hole_is_no_longer_than_an_object_may_be() {
        let mut timeline = timeline(75, 25);
        let lead = timeline.track(VIDEO).expect("there");
        let more = lead.slice(0..25).expect("stored");
        timeline.append(VIDEO, &more.config, 90_000 * 60, &more.samples, &[]);
        let mut from = 0;
        let mut lasting = Vec::new();
        let end = timeline.common_end(PATIENCE);
        while let Some(cut) = next_object(&timeline, &[(VIDEO, from)], end) {
            let numbers = cut.tracks[0].1.clone();
            let lead = timeline.track(VIDEO).expect("there");
            let slice = without_hole(lead.slice(numbers.clone()).expect("stored"));
            lasting.push((numbers, slice.duration() / 90));
            from = lasting.last().expect("pushed").0.end;
        }
        // The 75th picture would last 57 s.
        assert_eq!(
            lasting,
            [
                (0..50, 2_000),
                (50..74, 960),
                (74..75, 7_400),
                (75..100, 1_000)
            ]
        );
    }

    #[test]
    fn short_gops_are_gathered() {
        let timeline = timeline(200, 12);
        let cut = next_object(&timeline, &[(VIDEO, 0)], None).expect("complete");
        assert_eq!(cut.tracks, [(VIDEO, 0..48)]);
    }

    const HALF_AN_HOUR: u32 = 1_800 * 25;

    /// Pictures of each object that a recording is cut into.
    fn objects(timeline: &Timeline) -> Vec<u64> {
        let stop = timeline.common_end(PATIENCE);
        let mut from = 0;
        let mut pictures = Vec::new();
        loop {
            let sequence = pictures.len() as u32;
            let Some(cut) = next_stored_object(timeline, &[(VIDEO, from)], sequence, stop) else {
                break;
            };
            let end = cut.tracks.first().expect("the lead").1.end;
            pictures.push(end - from);
            from = end;
        }
        assert_eq!(from, u64::from(HALF_AN_HOUR), "all of it");
        pictures
    }

    #[test]
    fn an_hour_is_at_most_a_thousand_writes() {
        for gop in (12..=190).chain([250, 10_000]) {
            let objects = objects(&timeline(HALF_AN_HOUR, gop));
            assert!(2 * objects.len() < 990, "{gop}: {}", objects.len());
            assert!(objects.iter().all(|pictures| *pictures <= 185), "{gop}");
            let (_, whole) = objects.split_last().expect("some");
            let gop = u64::from(gop);
            assert!(
                gop > 184 || whole.iter().all(|pictures| pictures % gop == 0),
                "{gop}"
            );
        }
        let objects = objects(&timeline(HALF_AN_HOUR, 50));
        let first = objects.into_iter().take(10).collect::<Vec<_>>();
        assert_eq!(first, [50, 50, 50, 50, 50, 50, 50, 50, 100, 100]);
    }

    #[test]
    fn an_hour_is_at_most_a_thousand_writes_wherever_keyframes_are() {
        // Each second object as short as may be, and scenes of any length.
        let in_turn = [(48, 138), (50, 135), (90, 96), (96, 90), (20, 170)];
        let in_turn = in_turn.map(|(one, other)| {
            with_keyframes(HALF_AN_HOUR, move |n| {
                [0, one].contains(&(n % (one + other)))
            })
        });
        let anywhere = [7_u32, 40, 75, 110, 160].map(|apart| {
            with_keyframes(HALF_AN_HOUR, move |n| {
                n.wrapping_mul(2_654_435_761) < u32::MAX / apart
            })
        });
        for (number, timeline) in in_turn.iter().chain(&anywhere).enumerate() {
            let objects = objects(timeline);
            assert!(2 * objects.len() < 990, "{number}: {}", objects.len());
            assert!(objects.iter().all(|pictures| *pictures <= 185), "{number}");
        }
    }

    #[test]
    fn where_no_keyframe_comes_in_time_the_one_before_counts() {
        // 3.8 s: the second would come after 7.6 s.
        let timeline = timeline(400, 95);
        let cut = next_stored_object(&timeline, &[(VIDEO, 0)], FIRST, None).expect("complete");
        assert_eq!(cut.tracks, [(VIDEO, 0..95)]);
    }
}
