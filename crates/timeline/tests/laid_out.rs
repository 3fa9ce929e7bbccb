//! A file that is laid out is the file that is planned sample by sample, byte for byte.

use std::ops::Range;
use std::sync::Arc;

use livetape_container::isobmff::sample_entry::{avc1, mp4a};
use livetape_media::codec::aac::AudioSpecificConfig;
use livetape_media::{Sample, TrackConfig, TrackId};
use livetape_timeline::plan::{
    Division, LaidOut, Part, Plan, Selection, divided, laid_out, progressive,
};
use livetape_timeline::sealed::{Joint, Reader, Sealed, Writer};
use livetape_timeline::{Extent, StoreId, Timeline};
use proptest::prelude::*;

const SPS: [u8; 25] = [
    0x67, 0x64, 0x00, 0x1e, 0xac, 0xd9, 0x40, 0xa0, 0x2f, 0xf9, 0x70, 0x11, 0x00, 0x00, 0x03, 0x00,
    0x01, 0x00, 0x00, 0x03, 0x00, 0x32, 0x0f, 0x16, 0x2d,
];
const PICTURES: TrackId = TrackId(0x100);
const SOUND: TrackId = TrackId(0x200);

fn configs() -> [Arc<TrackConfig>; 2] {
    let asc = [0x11, 0x90];
    let sound = mp4a(&AudioSpecificConfig::parse(&asc).expect("valid"), &asc);
    let pictures = avc1(&[&SPS], &[&[0x68, 0xeb, 0xe3, 0xcb]]).expect("valid");
    [Arc::new(pictures), Arc::new(sound)]
}

/// Samples of one track in a stored piece.
#[derive(Debug, Clone)]
struct Run {
    track: TrackId,
    time: i64,
    samples: Vec<Sample>,
}

/// A stored piece: each run lies behind the one before, with a few bytes between.
type Object = Vec<Run>;

/// Numbers of the samples of each track of a piece.
type Parts = Vec<(TrackId, Range<u64>)>;

fn append(timeline: &mut Timeline, store: u32, object: &Object) -> Parts {
    let configs = configs();
    let mut offset = 100;
    let mut parts = Vec::new();
    for run in object {
        let config = &configs[usize::from(run.track == SOUND)];
        let len = run
            .samples
            .iter()
            .map(|sample| u64::from(sample.size))
            .sum();
        let store = StoreId(store);
        let extent = Extent { store, offset, len };
        offset += len + 8;
        let kept = timeline
            .append(run.track, config, run.time, &run.samples, &[extent])
            .kept as u64;
        let end = timeline
            .track(run.track)
            .map_or(0, |track| track.numbers().end);
        if kept > 0 {
            parts.push((run.track, end - kept..end));
        }
    }
    parts
}

/// Numbers of the samples of a track in each piece.
fn pieces(parts: &[Parts], track: TrackId) -> Vec<Range<u64>> {
    let of = |parts: &Parts| {
        let own = || parts.iter().filter(|(own, _)| *own == track);
        Some(own().next()?.1.start..own().next_back()?.1.end)
    };
    parts.iter().filter_map(of).collect()
}

/// All of it, by one piece after another.
fn appended(objects: &[Object]) -> (Timeline, Vec<Parts>) {
    let mut timeline = Timeline::new();
    let parts = objects.iter().zip(0..);
    let parts = parts.map(|(object, store)| append(&mut timeline, store, object));
    let parts = parts.collect();
    (timeline, parts)
}

type Divided = Vec<(Range<u64>, Vec<livetape_timeline::plan::Chunk>)>;

/// All of it, by so many pieces at a time where that does; with how many did not.
fn sealed(objects: &[Object], count: usize) -> (Timeline, [Divided; 2], usize) {
    let configs = configs();
    let (mut timeline, mut divisions, mut unsealed) = (Timeline::new(), [vec![], vec![]], 0);
    for (chunk, first) in objects.chunks(count).zip((0_u32..).step_by(count)) {
        let mut own = Timeline::new();
        let parts = chunk.iter().zip(first..);
        let parts: Vec<_> = parts
            .map(|(object, store)| append(&mut own, store, object))
            .collect();
        let mut writer = Writer::default();
        let number = &mut |config: &Arc<TrackConfig>| {
            configs
                .iter()
                .position(|own| own == config)
                .map(|at| at as u64)
        };
        own.seal(&mut writer, number).expect("known configurations");
        let bytes = writer.finish();
        let mut reader = Reader::new(&bytes);
        let page = Sealed::read(&mut reader, &configs).expect("as it was written");
        assert!(reader.is_empty());
        let joints = timeline.covered(&page);
        let moved = |numbers: &Range<u64>, joint: &Joint| {
            let moved = joint.moved(numbers);
            (!moved.is_empty()).then_some(moved)
        };
        let all = |joints: &Vec<Joint>| {
            let tracks = joints.iter();
            tracks.clone().all(|joint| {
                pieces(&parts, joint.track)
                    .iter()
                    .all(|piece| moved(piece, joint).is_some())
            })
        };
        let Some(joints) = joints.filter(all) else {
            unsealed += 1;
            for (object, store) in chunk.iter().zip(first..) {
                append(&mut timeline, store, object);
            }
            continue;
        };
        timeline.append_sealed(page, &joints);
        for (track, divisions) in [PICTURES, SOUND].into_iter().zip(&mut divisions) {
            let pieces = pieces(&parts, track);
            let Some(whole) = own.track(track) else {
                continue;
            };
            let joint = joints
                .iter()
                .find(|joint| joint.track == track)
                .expect("taken");
            let chunks = divided(whole, &pieces);
            let chunks =
                pieces
                    .iter()
                    .zip(chunks)
                    .map(|(own, chunks)| match own.start < joint.covered {
                        true => Vec::new(),
                        false => chunks,
                    });
            let numbers = pieces.iter().map(|own| joint.moved(own));
            divisions.extend(numbers.zip(chunks));
        }
    }
    (timeline, divisions, unsealed)
}

fn lay_out(
    timeline: &Timeline,
    selection: &Selection,
    divisions: &[Divided; 2],
) -> Option<LaidOut> {
    let of = |track| {
        let own = &divisions[usize::from(track == SOUND)];
        let division =
            |(numbers, chunks): &'_ (Range<u64>, Vec<_>)| (numbers.clone(), chunks.len());
        assert!(own.iter().map(division).is_sorted_by_key(|own| own.0.start));
        own.iter()
            .map(|(numbers, chunks)| Division {
                numbers: numbers.clone(),
                chunks,
            })
            .collect()
    };
    laid_out(timeline, selection, of).expect("a file")
}

/// The made bytes and the rest of a plan.
fn parted(plan: &Plan) -> (Vec<u8>, Vec<Part>) {
    let (mut made, mut stored) = (Vec::new(), Vec::new());
    for part in plan.parts() {
        match part {
            Part::Bytes(bytes) => made.extend_from_slice(bytes),
            Part::Stored(_) => stored.push(part.clone()),
        }
    }
    (made, stored)
}

/// Checks that a file is the same, laid out; false where it cannot be.
fn check(objects: &[Object], count: usize) -> bool {
    let (planned, _) = appended(objects);
    let whole = Selection::whole(&planned).expect("not empty");
    let file = progressive(&planned, &whole).expect("a file");
    let (made, stored) = parted(&file.plan);
    let (timeline, divisions, _) = sealed(objects, count);
    let selection = Selection::whole(&timeline).expect("not empty");
    assert_eq!(selection.tracks, whole.tracks);
    let again = progressive(&timeline, &selection).expect("a file");
    assert!(again.plan == file.plan, "planned of what was sealed");
    let Some(laid) = lay_out(&timeline, &selection, &divisions) else {
        return false;
    };
    assert_eq!(laid.len(), file.plan.len());
    let header = laid.header(&timeline, 0..laid.header_len());
    assert!(
        header == made,
        "{} and {} bytes of header",
        header.len(),
        made.len()
    );
    assert_eq!(laid.payload().parts(), stored);
    // Any range is that of the whole.
    let step = (made.len() / 37).max(1);
    for from in (0..made.len()).step_by(step) {
        for len in [1, 3, step * 2] {
            let to = (from + len).min(made.len());
            let part = laid.header(&timeline, from as u64..to as u64);
            assert!(Some(part.as_slice()) == made.get(from..to), "{from}..{to}");
        }
    }
    true
}

fn noise(number: u32) -> u32 {
    number.wrapping_mul(2_654_435_761) >> 20
}

/// Pictures of 25 a second and frames of sound, two seconds in each piece.
fn stream(count: u32) -> Vec<Object> {
    let object = |at: u32| {
        let pictures = (at * 50..at * 50 + 50).map(|number| Sample {
            size: 100 + noise(number),
            duration: 3_600,
            composition_offset: [0, 3_600, -3_600]
                [number as usize % 50 % 3 * usize::from(number % 50 < 48)],
            keyframe: number % 50 == 0,
        });
        let first = |at: u32| (at * 96_000).div_ceil(1_024);
        let frames = (first(at)..first(at + 1)).map(|number| Sample {
            size: 20 + noise(number) % 40,
            duration: 1_024,
            composition_offset: 0,
            keyframe: true,
        });
        vec![
            Run {
                track: PICTURES,
                time: i64::from(at) * 180_000,
                samples: pictures.collect(),
            },
            Run {
                track: SOUND,
                time: i64::from(first(at)) * 1_024,
                samples: frames.collect(),
            },
        ]
    };
    (0..count).map(object).collect()
}

#[test]
fn a_plain_stream_is_laid_out() {
    let objects = stream(40);
    for count in [1, 7, 16, 40] {
        assert!(check(&objects, count), "{count} at a time");
        assert_eq!(sealed(&objects, count).2, 0);
    }
}

#[test]
fn no_sample_of_what_was_sealed_is_looked_at_for_chunks() {
    let (_, [pictures, sound], _) = sealed(&stream(40), 8);
    assert!(
        pictures
            .iter()
            .chain(&sound)
            .all(|(_, chunks)| chunks.len() == 1)
    );
}

#[test]
fn gaps_overlaps_and_sound_alone_are_laid_out() {
    let mut objects = stream(30);
    objects.drain(9..12);
    for run in objects.iter_mut().skip(15).flatten() {
        // What comes twice is left out.
        run.time -= if run.track == PICTURES { 7_200 } else { 2_048 };
    }
    for count in [4, 5] {
        assert!(check(&objects, count));
        assert!(sealed(&objects, count).2 <= 1);
    }
    objects.iter_mut().for_each(|object| drop(object.remove(0)));
    assert!(check(&objects, 4));
}

#[test]
fn sound_that_lies_where_some_is_already_is_left_out_of_what_was_sealed() {
    let mut objects = stream(20);
    for run in objects.iter_mut().skip(5).flatten() {
        run.time -= if run.track == SOUND { 2_100 } else { 0 };
    }
    assert!(check(&objects, 5));
    assert_eq!(sealed(&objects, 5).2, 0);
}

#[test]
fn pieces_too_short_or_too_long_for_a_chunk_are_looked_at() {
    let mut objects = Vec::new();
    for object in stream(12) {
        let [pictures, sound] = object.as_slice() else {
            continue;
        };
        // Eight pictures, and what is left of them.
        let (few, rest) = pictures.samples.split_at(8);
        let of = |time, samples: &[Sample]| Run {
            track: PICTURES,
            time,
            samples: samples.to_vec(),
        };
        objects.push(vec![of(pictures.time, few)]);
        objects.push(vec![of(pictures.time + 8 * 3_600, rest), sound.clone()]);
    }
    assert!(check(&objects, 6));
    let long: Vec<Object> = stream(16).chunks(4).map(<[Object]>::concat).collect();
    assert!(check(&long, 2));
}

fn any_objects() -> impl Strategy<Value = Vec<Object>> {
    let sample = (0_u32..5, 1_u32..40, -3_i32..4, prop::bool::weighted(0.2));
    let samples = |most| prop::collection::vec(sample.clone(), 1..most);
    let object = (samples(90), samples(60), -2_000_i64..4_000, any::<bool>());
    prop::collection::vec(object, 1..14).prop_map(|objects| {
        let (mut pictures_at, mut sound_at) = (0, 0);
        let object = |(pictures, sound, jump, twice): (Vec<_>, Vec<_>, i64, bool)| {
            let made = |scale: i32, samples: Vec<(u32, u32, i32, bool)>| -> Vec<Sample> {
                let sample = |(size, duration, offset, keyframe)| Sample {
                    size,
                    duration: duration * 200,
                    composition_offset: offset * 1_000 * scale,
                    keyframe: keyframe || scale == 0,
                };
                samples.into_iter().map(sample).collect()
            };
            let lasts = |samples: &[Sample]| -> i64 {
                samples
                    .iter()
                    .map(|sample| i64::from(sample.duration))
                    .sum()
            };
            let (pictures, sound) = (made(1, pictures), made(0, sound));
            let jump = if jump > 0 { jump * 20 } else { jump };
            let (first, second) = (pictures_at + jump, sound_at + jump / 2);
            pictures_at = first.max(0) + lasts(&pictures);
            sound_at = second.max(0) + lasts(&sound);
            let mut runs = vec![
                Run {
                    track: PICTURES,
                    time: first.max(0),
                    samples: pictures,
                },
                Run {
                    track: SOUND,
                    time: second.max(0),
                    samples: sound,
                },
            ];
            if twice {
                let again = runs.first().cloned().into_iter();
                let again = again.map(|run| Run {
                    time: pictures_at,
                    ..run
                });
                let again: Vec<_> = again.collect();
                pictures_at += again.iter().map(|run| lasts(&run.samples)).sum::<i64>();
                runs.extend(again);
            }
            runs
        };
        objects.into_iter().map(object).collect()
    })
}

proptest! {
    #[test]
    fn whatever_is_laid_out_is_what_is_planned(objects in any_objects(), count in 1_usize..6) {
        if Selection::whole(&appended(&objects).0).is_some() {
            check(&objects, count);
        }
    }
}
