//! The media core as the recorder uses it and nothing else: any stream in, an index of it, an MP4 and fragments out.
//! Built for wasm32 and weighed against its budget (`www/budgets.json`) by `cargo xtask check`; it shows how the parts
//! fit together, too.

use std::hint::black_box;
use std::sync::Arc;

use livetape_container::{Event, Payload, isobmff, mpegts};
use livetape_media::{TrackConfig, TrackId};
use livetape_timeline::plan::{
    Form, FragmentPlan, Lane, Selection, init_segment, progressive, ranges, split,
};
use livetape_timeline::{Extent, Part, StoreId, Timeline};

/// Where payload would be: this example drops it.
const STORE: StoreId = StoreId(0);

/// The browser's module has this one.
#[cfg(target_arch = "wasm32")]
#[global_allocator]
static ALLOCATOR: talc::wasm::WasmDynamicTalc = talc::wasm::new_wasm_dynamic_allocator();

fn main() {
    // Nothing is known of these when it is compiled, so all of it stays.
    let (stream, from_ts) = (black_box(Vec::<u8>::new()), black_box(true));
    let mut timeline = if from_ts {
        let mut demuxer = mpegts::Demuxer::new();
        demuxer.discontinuity();
        demuxer.push(&stream);
        demuxer.end_segment();
        demuxer.flush();
        indexed(&mut || demuxer.poll())
    } else {
        let mut demuxer = isobmff::Demuxer::of_fragments();
        demuxer.push(stream.as_slice());
        demuxer.reset();
        indexed(&mut || demuxer.poll())
    };
    timeline.forget_through(black_box(STORE));
    let Some((start, newest)) = timeline.span() else {
        return;
    };
    timeline.set_wall_clock(start, black_box(0));
    let end = timeline.common_end(start).unwrap_or(newest);
    let Some(clip) = Selection::new(&timeline, start, end) else {
        return;
    };
    black_box(ranges(&timeline, &clip, Form::Progressive));
    for selection in split(&timeline, &clip, Form::Progressive) {
        black_box(progressive(&timeline, &selection).is_ok());
    }
    black_box(fragment(&timeline, &clip));
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
fn indexed(poll: &mut dyn FnMut() -> Option<Event>) -> Timeline {
    let mut timeline = Timeline::new();
    let mut configs: Vec<(TrackId, Arc<TrackConfig>)> = Vec::new();
    let mut stored = 0;
    while let Some(event) = poll() {
        match event {
            Event::Config { track, config } => {
                configs.retain(|(id, _)| *id != track);
                configs.push((track, config));
            }
            Event::Run(run) => {
                let Some((_, config)) = configs.iter().find(|(id, _)| *id == run.track) else {
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
            Event::Timed(event) => {
                timeline.add_event(event);
            }
            other => {
                black_box(other);
            }
        }
    }
    timeline
}
