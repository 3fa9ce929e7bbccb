//! Fragments (`moof` + `mdat`) over stretches of a timeline, and their init segment.

use std::sync::Arc;

use livetape_container::isobmff::mux::{self, FragmentTrack, fragment_header};
use livetape_media::{Sample, Timestamp, ToList, TrackConfig};

use super::{Part, Plan};
use crate::{Slice, Track};

/// One track of a fragment, with how its times are moved onto the output's timeline.
#[derive(Debug, Clone)]
pub struct Lane<'a> {
    /// The track of the timeline.
    pub track: &'a Track,
    /// The samples.
    pub slice: Slice,
    /// `track_ID` in the output.
    pub track_id: u32,
    /// Subtracted from every decode time, in the track's ticks.
    pub decode_origin: i64,
    /// Subtracted from every presentation time, in the track's ticks.
    pub presentation_origin: i64,
}

/// A fragment with what it holds.
#[derive(Debug, Clone)]
pub struct FragmentPlan {
    /// `moof` + `mdat`.
    pub plan: Plan,
    /// Earliest presentation time on the output's timeline, of the first lane.
    pub start: Timestamp,
    /// Ticks of the first lane's samples.
    pub duration: Timestamp,
    /// The first lane begins with a keyframe.
    pub independent: bool,
}

impl FragmentPlan {
    /// Plans one fragment of `lanes`, pictures first; `None` where there is no lane or a time
    /// would be negative or not fit its field.
    pub fn new(sequence_number: u32, lanes: &[Lane<'_>]) -> Option<Self> {
        let mut moved = Vec::new();
        for lane in lanes {
            moved.push(moved_samples(lane)?);
        }
        let first = lanes.first()?;
        let tracks: Vec<_> = lanes
            .iter()
            .zip(&moved)
            .map(|(lane, (decode_time, samples))| FragmentTrack {
                track_id: lane.track_id,
                decode_time: *decode_time,
                samples,
                all_sync: !lane.slice.config.format.is_video(),
            })
            .to_list();
        let mut plan = Plan::new();
        plan.push(Part::Bytes(fragment_header(sequence_number, &tracks)));
        for lane in lanes {
            for extent in lane.track.extents(lane.slice.bytes.clone()) {
                plan.push(Part::Stored(extent));
            }
        }
        let timescale = first.slice.config.timescale;
        let start = first.slice.presentation_start();
        let start = start.saturating_sub(first.presentation_origin);
        Some(Self {
            plan,
            start: Timestamp::new(start, timescale),
            duration: Timestamp::new(first.slice.duration() as i64, timescale),
            independent: first
                .slice
                .samples
                .first()
                .is_some_and(|sample| sample.keyframe),
        })
    }
}

/// The lane's first decode time and samples on the output's timeline.
fn moved_samples(lane: &Lane<'_>) -> Option<(u64, Vec<Sample>)> {
    let decode_time = lane.slice.decode_time.checked_sub(lane.decode_origin)?;
    let decode_time = u64::try_from(decode_time).ok()?;
    let shift = lane.decode_origin.checked_sub(lane.presentation_origin)?;
    let shift = i32::try_from(shift).ok()?;
    let samples = lane
        .slice
        .samples
        .iter()
        .map(|sample| Sample {
            composition_offset: sample.composition_offset.saturating_add(shift),
            ..*sample
        })
        .to_list();
    Some((decode_time, samples))
}

/// The init segment of tracks with these `track_ID`s; `wall_clock` is when what follows begins, as
/// Unix milliseconds, where it is to be told.
pub fn init_segment(tracks: &[(u32, Arc<TrackConfig>)], wall_clock: Option<i64>) -> Vec<u8> {
    let tracks: Vec<_> = tracks
        .iter()
        .map(|(track_id, config)| mux::InitTrack {
            track_id: *track_id,
            config,
        })
        .to_list();
    mux::init_segment(&tracks, wall_clock)
}

#[cfg(test)]
mod tests {
    use livetape_media::{Format, Rotation, Timescale, TrackId};

    use super::*;
    use crate::Timeline;

    #[test]
    fn times_that_no_field_holds_make_no_fragment() {
        let config = Arc::new(TrackConfig {
            format: Format::Video {
                width: 640,
                height: 360,
            },
            timescale: Timescale::MPEG,
            sample_entry: Vec::new(),
            codec: String::new(),
            language: *b"und",
            rotation: Rotation::None,
        });
        let sample = Sample {
            size: 0,
            duration: 1,
            composition_offset: 0,
            keyframe: true,
        };
        let mut timeline = Timeline::new();
        timeline.append(TrackId(1), &config, 0, &[sample], &[]);
        let track = timeline.video().expect("made");
        let planned = |decode_origin, presentation_origin| {
            let lane = Lane {
                track,
                slice: track.slice(0..1).expect("stored"),
                track_id: 1,
                decode_origin,
                presentation_origin,
            };
            FragmentPlan::new(1, &[lane]).is_some()
        };
        assert!(planned(0, 0));
        assert!(!planned(i64::MIN, i64::MIN));
        assert!(!planned(0, i64::MIN));
        assert!(!planned(1, 1));
    }
}
