//! The media core and nothing else: any stream in, an index of it, an MP4 and fragments out. Built for wasm32 and
//! weighed against its budget (`www/budgets.json`) by `cargo xtask check`; it shows how the parts fit together, too.

use std::collections::BTreeMap;
use std::hint::black_box;

use livetape_container::{Event, Payload, isobmff, mpegts};
use livetape_timeline::plan::{
    Form, FragmentPlan, Lane, Selection, in_place, init_segment, progressive, single, split,
};
use livetape_timeline::{Extent, Part, StoreId, Timeline};

/// Where payload would be: this example drops it.
const STORE: StoreId = StoreId(0);

fn main() {
    // Nothing is known of these when it is compiled, so all of it stays.
    let (stream, from_ts) = (black_box(Vec::<u8>::new()), black_box(true));
    let timeline = if from_ts {
        let mut demuxer = mpegts::Demuxer::new();
        demuxer.push(&stream);
        demuxer.flush();
        indexed(std::iter::from_fn(|| demuxer.poll()))
    } else {
        let mut demuxer = isobmff::Demuxer::new();
        demuxer.push(stream.as_slice());
        demuxer.reset();
        indexed(std::iter::from_fn(|| demuxer.poll()))
    };
    let Some(whole) = Selection::whole(&timeline) else {
        return;
    };
    let payload = black_box(Extent {
        store: STORE,
        offset: 0,
        len: 0,
    });
    black_box(in_place(&timeline, &whole, payload).is_some());
    for selection in split(&timeline, &whole, Form::Progressive) {
        black_box(progressive(&timeline, &selection).is_ok());
        black_box(single(&timeline, &selection).is_ok());
    }
    black_box(fragment(&timeline, &whole));
}

/// The whole as one fragment, after its init segment.
fn fragment(timeline: &Timeline, whole: &Selection) -> Option<Vec<Part>> {
    let (mut tracks, mut lanes) = (Vec::new(), Vec::new());
    for (track_id, (index, numbers)) in (1..).zip(&whole.tracks) {
        let track = timeline.tracks().get(*index)?;
        let slice = track.slice(numbers.clone())?;
        tracks.push((track_id, slice.config.clone()));
        lanes.push(Lane {
            track,
            decode_origin: slice.decode_time,
            presentation_origin: slice.decode_time,
            slice,
            track_id,
        });
    }
    let mut parts = vec![Part::Bytes(init_segment(&tracks, None))];
    parts.extend_from_slice(FragmentPlan::new(1, &lanes)?.plan.parts());
    Some(parts)
}

/// Puts what a demuxer tells into an index.
fn indexed(events: impl Iterator<Item = Event>) -> Timeline {
    let mut timeline = Timeline::new();
    let mut configs = BTreeMap::new();
    let mut stored = 0;
    for event in events {
        match event {
            Event::Config { track, config } => {
                configs.insert(track, config);
            }
            Event::Run(run) => {
                let Some(config) = configs.get(&run.track) else {
                    continue;
                };
                let len = run.payload_len();
                let offset = match run.payload {
                    Payload::Stream { offset } => offset,
                    Payload::Bytes(_) => stored,
                };
                stored += len;
                let extent = Extent {
                    store: STORE,
                    offset,
                    len,
                };
                timeline.append(run.track, config, run.decode_time, &run.samples, &[extent]);
            }
            other => {
                black_box(other);
            }
        }
    }
    timeline
}
