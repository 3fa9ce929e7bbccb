//! What the muxer writes the demuxer reads, however it is cut; and no input does harm.

mod configs;

use std::sync::Arc;

use configs::{audio, video};
use livetape_container::isobmff::Demuxer;
use livetape_container::isobmff::mux::{FragmentTrack, InitTrack, fragment_header, init_segment};
use livetape_container::{DefectCode, Event, Payload, Run};
use livetape_media::{Rotation, Sample, TrackConfig, TrackId};
use proptest::prelude::*;

/// A file of one fragment; payload bytes count upwards.
fn file(decode_times: (u64, u64), pictures: &[Sample], sound: &[Sample]) -> Vec<u8> {
    let (video, audio) = (video(), audio());
    let mut file = init_segment(
        &[
            InitTrack {
                track_id: 1,
                config: &video,
            },
            InitTrack {
                track_id: 2,
                config: &audio,
            },
        ],
        None,
    );
    file.extend(fragment_header(
        7,
        &[
            FragmentTrack {
                track_id: 1,
                decode_time: decode_times.0,
                samples: pictures,
                all_sync: false,
            },
            FragmentTrack {
                track_id: 2,
                decode_time: decode_times.1,
                samples: sound,
                all_sync: true,
            },
        ],
    ));
    let len: u32 = pictures.iter().chain(sound).map(|sample| sample.size).sum();
    file.extend((0..len).map(|n| n as u8));
    file
}

fn demux(pieces: &[&[u8]]) -> (Vec<Arc<TrackConfig>>, Vec<Run>, Vec<DefectCode>) {
    let mut demuxer = Demuxer::new();
    let (mut configs, mut runs, mut defects) = (Vec::new(), Vec::new(), Vec::new());
    for piece in pieces {
        demuxer.push(*piece);
    }
    demuxer.reset();
    while let Some(event) = demuxer.poll() {
        match event {
            Event::Config { config, .. } => configs.push(config),
            Event::Run(run) => runs.push(run),
            Event::Timed(event) => panic!("{event:?}"),
            Event::Defect(defect) => defects.push(defect.code),
        }
    }
    (configs, runs, defects)
}

fn picture() -> impl Strategy<Value = Sample> {
    (
        0_u32..5_000,
        1_u32..100_000,
        -50_000_i32..200_000,
        any::<bool>(),
    )
        .prop_map(|(size, duration, composition_offset, keyframe)| Sample {
            size,
            duration,
            composition_offset,
            keyframe,
        })
}

fn frame() -> impl Strategy<Value = Sample> {
    (1_u32..800).prop_map(|size| Sample {
        size,
        duration: 1024,
        composition_offset: 0,
        keyframe: true,
    })
}

proptest! {
    #[test]
    fn samples_and_configurations_survive(
        pictures in proptest::collection::vec(picture(), 1..60),
        sound in proptest::collection::vec(frame(), 1..60),
        decode_times in (0_u64..1 << 50, 0_u64..1 << 50),
        cut in any::<proptest::sample::Index>(),
    ) {
        let file = file(decode_times, &pictures, &sound);
        let (left, right) = file.split_at(cut.index(file.len()));
        let (configs, runs, defects) = demux(&[left, right]);
        prop_assert_eq!(defects, []);
        prop_assert_eq!(configs.iter().map(|c| (**c).clone()).collect::<Vec<_>>(), [video(), audio()]);
        prop_assert_eq!(&runs[0].samples, &pictures);
        prop_assert_eq!(&runs[1].samples, &sound);
        prop_assert_eq!(runs[0].decode_time, decode_times.0 as i64);
        prop_assert_eq!(runs[1].decode_time, decode_times.1 as i64);
        let payload = file.len() as u64 - runs.iter().map(Run::payload_len).sum::<u64>();
        prop_assert_eq!(&runs[0].payload, &Payload::Stream { offset: payload });
        let second = Payload::Stream { offset: payload + runs[0].payload_len() };
        prop_assert_eq!(&runs[1].payload, &second);
    }

    #[test]
    fn changed_bytes_do_no_harm(
        changes in proptest::collection::vec((any::<proptest::sample::Index>(), any::<u8>()), 1..8),
    ) {
        let sample = Sample { size: 10, duration: 3_600, composition_offset: 0, keyframe: true };
        let mut file = file((0, 0), &[sample; 20], &[sample; 20]);
        for (at, byte) in changes {
            let at = at.index(file.len());
            file[at] = byte;
        }
        let (_, runs, _) = demux(&[&file]);
        let told: usize = runs.iter().map(|run| run.samples.len()).sum();
        prop_assert!(told <= 360_040, "{told} samples out of {} bytes", file.len());
    }
}

#[test]
fn a_stream_cut_at_every_byte_tells_exactly_the_samples_that_are_whole() {
    let sample = |size| Sample {
        size,
        duration: 3_600,
        composition_offset: 0,
        keyframe: true,
    };
    let (pictures, sound) = ([sample(30), sample(20), sample(10)], [sample(5), sample(6)]);
    let file = file((0, 0), &pictures, &sound);
    let payload = file.len() - 71;
    for end in 0..file.len() {
        let (_, runs, defects) = demux(&[&file[..end]]);
        let told: usize = runs.iter().map(|run| run.samples.len()).sum();
        let whole = [30, 50, 60, 65, 71]
            .iter()
            .filter(|last| payload + **last <= end)
            .count();
        assert_eq!(told, whole, "cut at {end}");
        assert!(
            !defects.contains(&DefectCode::Malformed),
            "cut at {end}: {defects:?}"
        );
        if (payload - 8..file.len()).contains(&end) && end != payload - 8 {
            assert_eq!(defects, [DefectCode::Truncated], "cut at {end}");
        }
    }
}

#[test]
fn the_same_events_however_the_input_is_split() {
    let sample = |size| Sample {
        size,
        duration: 3_600,
        composition_offset: -40,
        keyframe: true,
    };
    let file = file((5, 7), &[sample(30), sample(20)], &[sample(5), sample(6)]);
    let whole = demux(&[&file]);
    assert_eq!(whole.1.len(), 2);
    for at in 0..file.len() {
        let (first, second) = file.split_at(at);
        assert_eq!(demux(&[first, second]), whole, "split at {at}");
    }
    assert_eq!(demux(&file.chunks(1).collect::<Vec<_>>()), whole);
}

#[test]
fn how_pictures_are_turned_is_kept() {
    let turns = [
        Rotation::None,
        Rotation::Quarter,
        Rotation::Half,
        Rotation::ThreeQuarters,
    ];
    for rotation in turns {
        let config = TrackConfig {
            rotation,
            ..video()
        };
        let track = InitTrack {
            track_id: 1,
            config: &config,
        };
        let (configs, ..) = demux(&[&init_segment(&[track], None)]);
        assert_eq!(configs.first().map(|own| own.rotation), Some(rotation));
    }
}

/// Not only the same of each kind: defects and samples come in one order, at the same positions.
#[test]
fn defects_come_between_the_same_samples_however_the_input_is_split() {
    let sample = Sample {
        size: 5,
        duration: 3_600,
        composition_offset: 0,
        keyframe: true,
    };
    let whole = file((0, 0), &[sample], &[sample; 2]);
    let moof = whole.windows(4).position(|kind| kind == b"moof");
    let (init, fragment) = whole.split_at(moof.expect("there") - 4);
    let mut unknown = fragment.to_vec();
    let tfhd = unknown.windows(4).position(|kind| kind == b"tfhd");
    unknown[tfhd.expect("there") + 8 + 3] = 9; // track_ID
    let broken = [0, 0, 0, 2, 0, 0, 0, 0];
    let bytes = [init, fragment, &unknown, fragment, &broken].concat();
    let told = |split: usize| {
        let mut demuxer = Demuxer::new();
        let mut events = Vec::new();
        for piece in bytes.chunks(split) {
            demuxer.push(piece);
            events.extend(std::iter::from_fn(|| demuxer.poll()));
        }
        demuxer.reset();
        events.extend(std::iter::from_fn(|| demuxer.poll()));
        events
    };
    let whole = told(bytes.len());
    let defects = whole
        .iter()
        .filter(|event| matches!(event, Event::Defect(_)));
    assert_eq!(defects.count(), 2, "{whole:?}");
    for split in [1, 2, 7, 100] {
        assert_eq!(told(split), whole, "pieces of {split}");
    }
}

#[test]
fn after_a_cut_the_stream_goes_on_with_a_new_box() {
    let sample = Sample {
        size: 10,
        duration: 3_600,
        composition_offset: 0,
        keyframe: true,
    };
    let whole = file((0, 0), &[sample; 4], &[sample]);
    let mut demuxer = Demuxer::new();
    demuxer.push(&whole[..whole.len() - 25]);
    demuxer.reset();
    demuxer.push(whole.as_slice());
    let mut told = Vec::new();
    while let Some(event) = demuxer.poll() {
        if let Event::Run(run) = event {
            told.push((run.track, run.samples.len()));
        }
    }
    let (first, second) = (TrackId(1), TrackId(2));
    assert_eq!(told, [(first, 2), (first, 4), (second, 1)]);
}
