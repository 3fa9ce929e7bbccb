//! Any stream to a timeline, any timeline to files.

use std::sync::Arc;

use livetape_container::{Event, Payload, Run, isobmff, mpegts};
use livetape_media::{Sample, Timestamp, TrackConfig, TrackId};
use livetape_timeline::plan::{
    Form, FragmentPlan, Lane, Mp4, PlanError, Selection, init_segment, progressive, single, split,
};
use livetape_timeline::{Extent, Part, Plan, StoreId, Timeline, Track};

use crate::Cuts;

/// Where a stream itself is stored, and where what was rewritten of it.
const STREAM: StoreId = StoreId(0);
const REWRITTEN: StoreId = StoreId(1);

/// What was demuxed, and where it is.
struct Recorded<'a> {
    timeline: Timeline,
    configs: Vec<(TrackId, Arc<TrackConfig>)>,
    stream: &'a [u8],
    rewritten: Vec<u8>,
}

/// Demuxes a stream, puts it on a timeline, takes ranges out of it as files, and reads them back.
pub(super) fn run(input: &[u8]) {
    let Some((mut cuts, stream)) = Cuts::take(input) else {
        return;
    };
    let mut recorded = Recorded {
        timeline: Timeline::new(),
        configs: Vec::new(),
        stream,
        rewritten: Vec::new(),
    };
    if stream.first() == Some(&0x47) {
        let mut demuxer = mpegts::Demuxer::new();
        demuxer.push(stream);
        demuxer.flush();
        recorded.take(|| demuxer.poll());
    } else {
        let mut demuxer = isobmff::Demuxer::new();
        demuxer.push(stream);
        demuxer.reset();
        recorded.take(|| demuxer.poll());
    }
    recorded.files(&mut cuts);
}

impl Recorded<'_> {
    fn take(&mut self, mut poll: impl FnMut() -> Option<Event>) {
        while let Some(event) = poll() {
            match event {
                Event::Config { track, config } => {
                    self.configs.retain(|(other, _)| *other != track);
                    self.configs.push((track, config));
                }
                Event::Run(run) => self.append(run),
                Event::Timed(event) => {
                    self.timeline.add_event(event);
                }
                Event::Defect(_) => {}
            }
        }
    }

    fn append(&mut self, run: Run) {
        let config = self.configs.iter().find(|(track, _)| *track == run.track);
        let Some((_, config)) = config else {
            return;
        };
        // A track keeps its timescale for life; a caller rescales, here such a run is left out.
        let track = self.timeline.track(run.track).and_then(Track::config);
        if track.is_some_and(|first| first.timescale != config.timescale) {
            return;
        }
        let extent = match run.payload {
            Payload::Stream { offset } => Extent {
                store: STREAM,
                offset,
                len: samples_len(&run.samples),
            },
            Payload::Bytes(bytes) => {
                let offset = self.rewritten.len() as u64;
                self.rewritten.extend(&bytes);
                Extent {
                    store: REWRITTEN,
                    offset,
                    len: bytes.len() as u64,
                }
            }
        };
        let config = Arc::clone(config);
        self.timeline
            .append(run.track, &config, run.decode_time, &run.samples, &[extent]);
    }

    fn files(&self, cuts: &mut Cuts) {
        let Some(whole) = Selection::whole(&self.timeline) else {
            return;
        };
        self.file_of(&whole);
        if let Ok(file) = single(&self.timeline, &whole) {
            self.read_back(&file);
        }
        let millis = whole.end.minus(whole.start).seconds() * 1000.0;
        let mut at = || {
            let millis = cuts.below(millis as u64 + 1) as i64;
            whole
                .start
                .plus(Timestamp::new(millis, livetape_media::Timescale::MILLIS))
        };
        let (one, other) = (at(), at());
        if let Some(clip) = Selection::new(&self.timeline, one.min(other), one.max(other)) {
            self.file_of(&clip);
        }
        self.fragments(&whole);
    }

    /// One file for each part of a selection.
    fn file_of(&self, selection: &Selection) {
        for part in split(&self.timeline, selection, Form::Progressive) {
            match progressive(&self.timeline, &part) {
                Ok(file) => self.read_back(&file),
                Err(PlanError::Empty) => {}
                Err(error) => panic!("{error}, after it was split"),
            }
        }
    }

    /// The file must have as many samples as its plan says.
    fn read_back(&self, file: &Mp4) {
        assert!(file.duration.ticks >= 0, "{file:?}");
        let bytes = self.bytes(&file.plan);
        let mut demuxer = isobmff::Demuxer::new();
        demuxer.push(&bytes);
        demuxer.reset();
        let mut read = vec![0; file.samples.len()];
        while let Some(event) = demuxer.poll() {
            match event {
                Event::Config { .. } | Event::Timed(_) => {}
                Event::Run(run) => {
                    let track = run.track.0.checked_sub(1).map(|index| index as usize);
                    let count = track.and_then(|index| read.get_mut(index));
                    *count.expect("tracks are numbered from 1") += run.samples.len();
                }
                Event::Defect(defect) => panic!("{defect:?} in a file of ours"),
            }
        }
        assert_eq!(read, file.samples);
    }

    /// Everything as one fragment for each stretch of one configuration.
    fn fragments(&self, selection: &Selection) {
        for (index, numbers) in &selection.tracks {
            let Some(track) = self.timeline.tracks().get(*index) else {
                continue;
            };
            for slice in track.slices(numbers.clone()) {
                let count = slice.samples.len();
                let mut bytes = init_segment(&[(1, Arc::clone(&slice.config))], None);
                let origin = slice.decode_time;
                let lane = Lane {
                    track,
                    slice,
                    track_id: 1,
                    decode_origin: origin,
                    presentation_origin: origin,
                };
                let fragment = FragmentPlan::new(1, &[lane]).expect("no time is negative");
                bytes.extend(self.bytes(&fragment.plan));
                let mut demuxer = isobmff::Demuxer::new();
                demuxer.push(&bytes);
                let events = std::iter::from_fn(|| demuxer.poll());
                let read: usize = events
                    .map(|event| match event {
                        Event::Config { .. } | Event::Timed(_) => 0,
                        Event::Run(run) => run.samples.len(),
                        Event::Defect(defect) => panic!("{defect:?} in a fragment of ours"),
                    })
                    .sum();
                assert_eq!(read, count);
            }
        }
    }

    /// The bytes of a plan; every extent must lie within its store.
    fn bytes(&self, plan: &Plan) -> Vec<u8> {
        let mut bytes = Vec::new();
        for part in plan.parts() {
            match part {
                Part::Bytes(own) => bytes.extend(own),
                Part::Stored(extent) => {
                    let store = match extent.store {
                        STREAM => self.stream,
                        _ => &self.rewritten,
                    };
                    let end = extent.offset.checked_add(extent.len).expect("an end");
                    let stored = store.get(extent.offset as usize..end as usize);
                    bytes.extend(stored.expect("an extent within its store"));
                }
            }
        }
        assert_eq!(bytes.len() as u64, plan.len());
        bytes
    }
}

fn samples_len(samples: &[Sample]) -> u64 {
    samples.iter().map(|sample| u64::from(sample.size)).sum()
}
