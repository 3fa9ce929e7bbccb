//! A file made of a store that holds its payload already.

use std::collections::BTreeMap;

use livetape_container::{Event, Payload, isobmff, mpegts};
use livetape_timeline::plan::{Mp4, Selection, in_place, progressive};
use livetape_timeline::{Extent, Part, StoreId, Timeline};

mod support;

const STORE: StoreId = StoreId(7);
const ROOM: u64 = 64 << 10;

/// A transport stream's timeline, its payload as it came in `STORE` after `room` bytes.
fn stored(test: &str, room: u64) -> Option<(Timeline, Vec<u8>)> {
    let path = support::media(test)?.join("hls-ts/bipbop/bipbop0.ts");
    let mut demuxer = mpegts::Demuxer::new();
    demuxer.push(&std::fs::read(path).expect("a fixture"));
    demuxer.flush();
    let (mut timeline, mut store) = (Timeline::new(), vec![0; room as usize]);
    let mut configs = BTreeMap::new();
    while let Some(event) = demuxer.poll() {
        match event {
            Event::Config { track, config } => {
                configs.insert(track, config);
            }
            Event::Run(run) => {
                let Payload::Bytes(bytes) = run.payload else {
                    panic!("payload of a transport stream is rewritten");
                };
                let extent = Extent {
                    store: STORE,
                    offset: store.len() as u64,
                    len: bytes.len() as u64,
                };
                store.extend(bytes);
                let config = &configs[&run.track];
                timeline.append(run.track, config, run.decode_time, &run.samples, &[extent]);
            }
            _ => {}
        }
    }
    Some((timeline, store))
}

fn payload(store: &[u8], room: u64) -> Extent {
    Extent {
        store: STORE,
        offset: room,
        len: store.len() as u64 - room,
    }
}

fn bytes(file: &Mp4, store: &[u8]) -> Vec<u8> {
    let of = |part: &Part| match part {
        Part::Bytes(bytes) => bytes.clone(),
        Part::Stored(extent) => {
            let from = extent.offset as usize;
            store[from..from + extent.len as usize].to_vec()
        }
    };
    file.plan.parts().iter().flat_map(of).collect()
}

/// A sample's decode time, duration, composition offset and payload.
type Facts = (i64, u32, i32, Vec<u8>);

/// The samples of each track.
fn samples(file: &[u8]) -> BTreeMap<u32, Vec<Facts>> {
    let mut demuxer = isobmff::Demuxer::new();
    demuxer.push(file);
    demuxer.reset();
    let mut tracks: BTreeMap<u32, Vec<_>> = BTreeMap::new();
    while let Some(event) = demuxer.poll() {
        match event {
            Event::Run(run) => {
                let Payload::Stream { offset } = run.payload else {
                    panic!("payload of a file stays in it");
                };
                let (mut at, mut time) = (offset as usize, run.decode_time);
                for sample in &run.samples {
                    let end = at + sample.size as usize;
                    let payload = file[at..end].to_vec();
                    let facts = (time, sample.duration, sample.composition_offset, payload);
                    tracks.entry(run.track.0).or_default().push(facts);
                    at = end;
                    time += i64::from(sample.duration);
                }
            }
            Event::Defect(defect) => panic!("{}", defect.detail),
            _ => {}
        }
    }
    tracks
}

#[test]
fn a_store_becomes_a_file_with_the_same_samples() {
    let Some((timeline, store)) = stored("a_store_becomes_a_file_with_the_same_samples", ROOM)
    else {
        return;
    };
    let whole = Selection::whole(&timeline).expect("a keyframe");
    let made = in_place(&timeline, &whole, payload(&store, ROOM));
    let made = made.expect("all of the store is wanted");
    assert_eq!(made.plan.generated_len(), ROOM);
    assert_eq!(made.plan.len(), store.len() as u64);
    let made = bytes(&made, &store);
    let planned = progressive(&timeline, &whole).expect("planned");
    let tracks = samples(&made);
    assert_eq!(tracks.len(), 2);
    assert_eq!(tracks, samples(&bytes(&planned, &store)));
}

#[test]
fn what_is_not_all_there_is_or_has_no_room_is_not_made_in_place() {
    let test = "what_is_not_all_there_is_or_has_no_room_is_not_made_in_place";
    let Some((timeline, store)) = stored(test, ROOM) else {
        return;
    };
    let whole = Selection::whole(&timeline).expect("a keyframe");
    let all = payload(&store, ROOM);
    let other = Extent {
        store: StoreId(8),
        ..all
    };
    let longer = Extent {
        len: all.len + 1,
        ..all
    };
    for payload in [other, longer, payload(&store, ROOM + 1)] {
        assert!(in_place(&timeline, &whole, payload).is_none());
    }
    let mut part = whole.clone();
    part.tracks[0].1.end -= 1;
    assert!(in_place(&timeline, &part, all).is_none());
    let Some((timeline, store)) = stored(test, 512) else {
        return;
    };
    assert!(in_place(&timeline, &whole, payload(&store, 512)).is_none());
}
