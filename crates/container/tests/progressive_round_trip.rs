//! What the progressive muxer writes the demuxer reads, `moov` first or last; and no input does
//! harm.

mod configs;

use configs::{audio, video};
use livetape_container::isobmff::Demuxer;
use livetape_container::isobmff::mux::{
    ChunkLayout, Edit, Movie, ProgressiveTrack, SampleTables, progressive_header,
};
use livetape_container::{DefectCode, Event, Payload};
use livetape_media::{Sample, Timescale, TrackConfig};
use proptest::prelude::*;

/// A file's header, chunks of so many samples of each track in turn, and its payload.
fn file(pictures: &[Sample], sound: &[Sample], in_chunk: usize, origin: u64) -> (Vec<u8>, Vec<u8>) {
    let (video, audio) = (video(), audio());
    let mut chunks = Vec::new();
    let (mut first, mut second) = (pictures.chunks(in_chunk), sound.chunks(in_chunk));
    loop {
        let both = [(0, first.next()), (1, second.next())];
        if both.iter().all(|(_, samples)| samples.is_none()) {
            break;
        }
        for (track, samples) in both {
            chunks.extend(samples.map(|samples| ChunkLayout {
                track,
                entry: 0,
                samples: samples.len() as u32,
                len: samples.iter().map(|sample| u64::from(sample.size)).sum(),
                skipped: 0,
            }));
        }
    }
    let edits = vec![Edit {
        duration: 1,
        media_time: Some(origin),
    }];
    let track = |track_id, config, samples: &[Sample], edits| {
        let mut tables = SampleTables::new(0, 0);
        samples.iter().for_each(|sample| tables.push(sample));
        ProgressiveTrack {
            track_id,
            config,
            further: &[],
            tables,
            edits,
        }
    };
    let tracks = vec![
        track(1, &video, pictures, edits),
        track(2, &audio, sound, Vec::new()),
    ];
    let movie = Movie {
        timescale: Timescale::MILLIS,
        wall_clock: None,
    };
    let header = progressive_header(movie, tracks, &chunks).concat();
    let len: u64 = chunks.iter().map(|chunk| chunk.len).sum();
    (header, vec![0; len as usize])
}

/// The same file with `moov` behind its payload, and free space where it was.
fn moov_last(header: &[u8], payload: &[u8]) -> Vec<u8> {
    let moov = header.windows(4).position(|kind| kind == b"moov");
    let (start, end) = (moov.expect("there") - 4, header.len() - 8);
    let mut file = [header, payload].concat();
    file[start + 4..start + 8].copy_from_slice(b"free");
    file.extend_from_slice(&header[start..end]);
    file
}

/// All samples of a track with where each lies, and its first decode time.
type Told = (Option<i64>, Vec<(u64, Sample)>);

fn demux<'a>(
    pieces: impl IntoIterator<Item = &'a [u8]>,
) -> ([Told; 2], Vec<TrackConfig>, Vec<DefectCode>) {
    let mut demuxer = Demuxer::new();
    let (mut told, mut configs, mut defects) = (<[Told; 2]>::default(), Vec::new(), Vec::new());
    let mut gather = |demuxer: &mut Demuxer| {
        while let Some(event) = demuxer.poll() {
            match event {
                Event::Config { config, .. } => configs.push((*config).clone()),
                Event::Timed(event) => panic!("{event:?}"),
                Event::Defect(defect) => defects.push(defect.code),
                Event::Run(run) => {
                    let Payload::Stream { mut offset } = run.payload else {
                        continue;
                    };
                    assert!(run.samples.len() <= 360_000);
                    let (start, samples) = &mut told[usize::from(run.track.0 != 1)];
                    start.get_or_insert(run.decode_time);
                    for sample in run.samples {
                        samples.push((offset, sample));
                        offset += u64::from(sample.size);
                    }
                }
            }
        }
    };
    for piece in pieces {
        demuxer.push(piece);
        gather(&mut demuxer);
    }
    demuxer.reset();
    gather(&mut demuxer);
    (told, configs, defects)
}

fn sample() -> impl Strategy<Value = Sample> {
    let offset = prop_oneof![Just(0), -50_000_i32..200_000];
    (0_u32..3_000, 1_u32..100_000, offset, any::<bool>()).prop_map(
        |(size, duration, composition_offset, keyframe)| Sample {
            size,
            duration,
            composition_offset,
            keyframe,
        },
    )
}

fn samples() -> impl Strategy<Value = Vec<Sample>> {
    proptest::collection::vec(sample(), 1..60)
}

proptest! {
    #[test]
    fn samples_places_and_configurations_survive(
        pictures in samples(),
        sound in samples(),
        in_chunk in 1_usize..9,
        origin in 0_u64..1 << 40,
        split in 1_usize..5_000,
        last in any::<bool>(),
    ) {
        let (header, payload) = file(&pictures, &sound, in_chunk, origin);
        let bytes = if last { moov_last(&header, &payload) } else { [&*header, &payload].concat() };
        let (told, configs, defects) = demux(bytes.chunks(split));
        prop_assert_eq!(defects, []);
        prop_assert_eq!(configs, [video(), audio()]);
        let own = |told: &Told| told.1.iter().map(|(_, sample)| *sample).collect::<Vec<_>>();
        prop_assert_eq!(own(&told[0]), pictures.clone());
        prop_assert_eq!(own(&told[1]), sound.clone());
        prop_assert_eq!((told[0].0, told[1].0), (Some(-(origin as i64)), Some(0)));
        // Each byte of the payload belongs to one sample.
        let mut places: Vec<_> = told.iter().flat_map(|told| &told.1).collect();
        places.sort_by_key(|(offset, sample)| (*offset, sample.size));
        let mut end = header.len() as u64;
        for (offset, sample) in places {
            prop_assert_eq!(*offset, end);
            end += u64::from(sample.size);
        }
        prop_assert_eq!(end, (header.len() + payload.len()) as u64);
    }

    #[test]
    fn changed_bytes_do_no_harm(
        changes in proptest::collection::vec((any::<proptest::sample::Index>(), any::<u8>()), 1..12),
        last in any::<bool>(),
    ) {
        let one = Sample { size: 10, duration: 3_600, composition_offset: 0, keyframe: true };
        let (mut header, payload) = file(&[one; 20], &[one; 20], 3, 0);
        for (at, byte) in changes {
            let at = at.index(header.len());
            header[at] = byte;
        }
        let whole = [&*header, &payload].concat();
        let bytes = match header.windows(4).position(|kind| kind == b"moov") {
            Some(_) if last => moov_last(&header, &payload),
            _ => whole,
        };
        let (told, ..) = demux(bytes.chunks(1_000));
        for (_, samples) in &told {
            let len: u64 = samples.iter().map(|(_, sample)| u64::from(sample.size)).sum();
            prop_assert!(len <= 2 * bytes.len() as u64, "{len} of {} bytes", bytes.len());
            prop_assert!(samples.len() <= bytes.len(), "{} samples", samples.len());
        }
    }
}

#[test]
fn the_same_is_told_however_the_input_is_split() {
    let one = Sample {
        size: 7,
        duration: 3_600,
        composition_offset: 40,
        keyframe: true,
    };
    let (header, payload) = file(&[one; 5], &[one; 4], 2, 3);
    let first = [&*header, &payload].concat();
    for bytes in [moov_last(&header, &payload), first] {
        let whole = demux([bytes.as_slice()]);
        assert_eq!((whole.0[0].1.len(), whole.0[1].1.len()), (5, 4));
        for at in 0..bytes.len() {
            let (left, right) = bytes.split_at(at);
            assert_eq!(demux([left, right]), whole, "split at {at}");
        }
        assert_eq!(demux(bytes.chunks(1)), whole);
    }
}

/// A box that is none, after samples that are still to be told: they come first.
#[test]
fn what_is_listed_comes_before_a_defect_further_on() {
    let one = Sample {
        size: 7,
        duration: 3_600,
        composition_offset: 0,
        keyframe: true,
    };
    let (header, payload) = file(&[one; 5], &[one; 4], 2, 0);
    let bytes = [&*header, &payload, &[0, 0, 0, 2, 0, 0, 0, 0]].concat();
    let told = |split: usize| {
        let mut demuxer = Demuxer::new();
        let mut events = Vec::new();
        for piece in bytes.chunks(split) {
            demuxer.push(piece);
            events.extend(std::iter::from_fn(|| demuxer.poll()));
        }
        events
    };
    let whole = told(bytes.len());
    assert!(matches!(whole.last(), Some(Event::Defect(_))), "{whole:?}");
    for split in [1, 5, 50] {
        assert_eq!(told(split), whole, "pieces of {split}");
    }
}

/// A sample of no bytes, behind the end of the file: it is not there.
#[test]
fn samples_of_no_bytes_lie_within_the_file_too() {
    let none = Sample {
        size: 0,
        duration: 3_600,
        composition_offset: 0,
        keyframe: true,
    };
    let (mut header, _) = file(&[none], &[none], 1, 0);
    let stco = header.windows(4).position(|kind| kind == b"stco");
    let offset = stco.expect("there") + 12;
    header[offset..offset + 4].copy_from_slice(&400_052_u32.to_be_bytes());
    let (told, _, defects) = demux([header.as_slice()]);
    assert_eq!((told[0].1.len(), told[1].1.len()), (0, 1));
    assert_eq!(defects, [DefectCode::Truncated]);
}

/// Counts that no file could have: one size for four thousand million samples, all in one chunk.
#[test]
fn counts_are_believed_as_far_as_there_is_payload() {
    let one = Sample {
        size: 1,
        duration: 1,
        composition_offset: 0,
        keyframe: true,
    };
    let (mut header, payload) = file(&[one; 5_000], &[one], 5_000, 0);
    let at = |kind: &[u8], header: &[u8]| {
        let found = header.windows(4).position(|own| own == kind);
        found.expect("there")
    };
    let (stts, stsz, stsc) = (
        at(b"stts", &header),
        at(b"stsz", &header),
        at(b"stsc", &header),
    );
    header[stts + 12..stts + 16].fill(0xff);
    header[stsz + 8..stsz + 12].copy_from_slice(&1_u32.to_be_bytes());
    header[stsz + 12..stsz + 16].fill(0xff);
    header[stsc + 16..stsc + 20].fill(0xff);
    let bytes = [header, payload].concat();
    let (told, _, defects) = demux(bytes.chunks(1_000));
    assert_eq!(told[0].1.len(), 5_001); // up to the last byte there is
    assert_eq!(defects, [DefectCode::Truncated]);
}
