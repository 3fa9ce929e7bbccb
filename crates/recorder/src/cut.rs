//! Where one uploaded object ends and the next begins.
//!
//! An object is a fragment of all tracks. It ends before a keyframe, once it is long enough to
//! be worth a request; where keyframes are far apart it ends anyway, so that those who watch
//! the recording grow need not wait.

use std::ops::Range;

use livetape_media::{Timescale, Timestamp, TrackId};
use livetape_timeline::{Timeline, Track};

/// What is to be played at once is at least this long, if keyframes allow.
pub(crate) const SOON: Timestamp = Timestamp::new(1_900, Timescale::MILLIS);
/// What is stored is at least this long: each object is a write that is paid for, about 900 of them an hour.
const USUAL: Timestamp = Timestamp::new(3_900, Timescale::MILLIS);
/// An object is never longer than this: two GOPs of 3 s at 29.97 pictures a second fit, and the edge takes it.
const LONGEST: Timestamp = Timestamp::new(6_400, Timescale::MILLIS);
/// So many objects of a recording are short, for those who open it as soon as it has begun.
const FIRST: u32 = 8;
/// Other tracks are waited for no longer than this behind the first.
pub(crate) const PATIENCE: Timestamp = Timestamp::new(10_000, Timescale::MILLIS);

/// The samples of one object: each track with the numbers of its samples.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Cut {
    pub(crate) tracks: Vec<(TrackId, Range<u64>)>,
}

/// How long the object of that number of a recording is at least, if keyframes allow.
pub(crate) fn shortest(sequence: u32) -> Timestamp {
    if sequence < FIRST { SOON } else { USUAL }
}

/// The next object, after what `next` says each track has sent; the first of `next` leads. At least
/// `shortest` long, if keyframes allow. `None` where it is not complete yet. With `stop` all that is
/// presented before it is complete, and nothing after it is taken.
pub(crate) fn next_object(
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

/// One past the lead track's last sample in the object that begins at `from`.
fn lead_end(lead: &Track, from: u64, shortest: Timestamp, stop: Option<Timestamp>) -> Option<u64> {
    let stored = lead.numbers().end;
    let limit = stop.map_or(stored, |stop| lead.end_without_hole(from, stop));
    let slice = lead.slice(from..limit)?;
    let timescale = slice.config.timescale;
    let ticks = |time: Timestamp| time.rescale(timescale).ticks;
    let (soon, shortest, longest) = (ticks(SOON), ticks(shortest), ticks(LONGEST));
    let is_video = slice.config.format.is_video();
    let mut last = 0;
    // Where it ends if no keyframe comes in time.
    let mut early = None;
    for (index, (time, sample)) in slice.timed().enumerate() {
        last = time + i64::from(sample.duration) - slice.decode_time;
        let since = time - slice.decode_time;
        let may_end = if is_video {
            sample.keyframe
        } else {
            since >= 2 * soon
        };
        let must_end = last > longest && index > 0;
        let number = from + index as u64;
        if index > 0 && may_end && since >= shortest {
            return Some(number);
        }
        if must_end {
            return Some(early.unwrap_or(number));
        }
        if may_end && since >= soon {
            early = Some(number);
        }
    }
    let configuration_ends = slice.numbers.end < limit;
    if last > longest {
        return Some(early.unwrap_or(slice.numbers.end));
    }
    (stop.is_some() || configuration_ends).then_some(slice.numbers.end)
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
    use std::sync::Arc;

    use livetape_media::{Format, Rotation, Sample, TrackConfig};

    use super::*;
    use crate::feed::{AUDIO, VIDEO};

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
                keyframe: n % gop == 0,
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
        let cut = next_object(&timeline, &[(VIDEO, 0), (AUDIO, 0)], SOON, None).expect("complete");
        // 2 s is 93.75 sound frames: the 94th begins before it
        assert_eq!(cut.tracks, [(VIDEO, 0..50), (AUDIO, 0..94)]);
        let cut =
            next_object(&timeline, &[(VIDEO, 50), (AUDIO, 94)], SOON, None).expect("complete");
        assert_eq!(cut.tracks, [(VIDEO, 50..100), (AUDIO, 94..188)]);
    }

    #[test]
    fn an_object_is_not_complete_until_its_next_keyframe_came() {
        let timeline = timeline(50, 50);
        assert_eq!(
            next_object(&timeline, &[(VIDEO, 0), (AUDIO, 0)], SOON, None),
            None
        );
        let stop = timeline.common_end(PATIENCE);
        let cut = next_object(&timeline, &[(VIDEO, 0), (AUDIO, 0)], SOON, stop).expect("stopped");
        assert_eq!(cut.tracks, [(VIDEO, 0..50), (AUDIO, 0..93)]);
    }

    #[test]
    fn an_endless_gop_is_cut_before_it_is_too_long() {
        let timeline = timeline(400, 10_000);
        let cut = next_object(&timeline, &[(VIDEO, 0)], SOON, None).expect("complete");
        assert_eq!(cut.tracks, [(VIDEO, 0..160)]);
    }

    #[test]
    fn a_recording_stops_where_all_tracks_are_there() {
        let mut timeline = timeline(50, 50);
        let lead = timeline.track(VIDEO).expect("there");
        let ahead = lead.slice(0..50).expect("stored");
        timeline.append(VIDEO, &ahead.config, 50 * 3_600, &ahead.samples, &[]);
        let stop = timeline.common_end(PATIENCE);
        let cut = next_object(&timeline, &[(VIDEO, 0), (AUDIO, 0)], SOON, stop).expect("stopped");
        assert_eq!(cut.tracks, [(VIDEO, 0..50), (AUDIO, 0..93)]);
        let rest = [(VIDEO, 50), (AUDIO, 93)];
        assert_eq!(next_object(&timeline, &rest, SOON, stop), None);
    }

    #[test]
    fn short_gops_are_gathered() {
        let timeline = timeline(200, 12);
        let cut = next_object(&timeline, &[(VIDEO, 0)], SOON, None).expect("complete");
        assert_eq!(cut.tracks, [(VIDEO, 0..48)]);
    }

    /// Pictures of each object that a recording of half an hour is cut into.
    fn half_an_hour(gop: u64) -> Vec<u64> {
        const ALL: u32 = 1_800 * 25;
        let timeline = timeline(ALL, gop as u32);
        let stop = timeline.common_end(PATIENCE);
        let mut from = 0;
        let mut pictures = Vec::new();
        loop {
            let shortest = shortest(pictures.len() as u32);
            let Some(cut) = next_object(&timeline, &[(VIDEO, from)], shortest, stop) else {
                break;
            };
            let end = cut.tracks.first().expect("the lead").1.end;
            pictures.push(end - from);
            from = end;
        }
        assert_eq!(from, u64::from(ALL), "all of it");
        pictures
    }

    #[test]
    fn an_hour_is_at_most_a_thousand_writes() {
        for gop in [12, 50, 76, 91, 250] {
            let objects = half_an_hour(gop);
            assert!(2 * objects.len() <= 1_000, "{gop}: {}", objects.len());
            assert!(objects.iter().all(|pictures| *pictures <= 160), "{gop}");
            let (_, whole) = objects.split_last().expect("some");
            assert!(
                gop > 160 || whole.iter().all(|pictures| pictures % gop == 0),
                "{gop}"
            );
        }
        let first = half_an_hour(50).into_iter().take(10).collect::<Vec<_>>();
        assert_eq!(first, [50, 50, 50, 50, 50, 50, 50, 50, 100, 100]);
    }

    #[test]
    fn where_no_keyframe_comes_in_time_the_one_before_counts() {
        // 3.5 s: the second would come after 7 s.
        let timeline = timeline(400, 88);
        let cut = next_object(&timeline, &[(VIDEO, 0)], USUAL, None).expect("complete");
        assert_eq!(cut.tracks, [(VIDEO, 0..88)]);
    }
}
