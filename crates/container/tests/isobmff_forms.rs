//! Every form in which a fragment may say where its samples are, how long, how large and of what
//! kind: ISO/IEC 14496-12 §8.8, written box by box.

mod configs;

use std::sync::Arc;

use configs::{SPS, audio, video};
use livetape_container::isobmff::mux::{InitTrack, init_segment};
use livetape_container::isobmff::{Demuxer, sample_entry};
use livetape_container::{DefectCode, Event, Payload, Run};
use livetape_media::{Sample, TrackConfig};

fn boxed(kind: &[u8; 4], parts: &[&[u8]]) -> Vec<u8> {
    let body = parts.concat();
    let size = body.len() as u32 + 8;
    [&size.to_be_bytes(), kind.as_slice(), &body].concat()
}

fn full(kind: &[u8; 4], version: u8, flags: u32, words: &[u32]) -> Vec<u8> {
    let head = u32::from(version) << 24 | flags;
    let words = std::iter::once(&head).chain(words);
    let body: Vec<u8> = words.flat_map(|word| word.to_be_bytes()).collect();
    boxed(kind, &[&body])
}

fn init() -> Vec<u8> {
    let (video, audio) = (video(), audio());
    let tracks = [(1, &video), (2, &audio)];
    init_segment(
        &tracks.map(|(track_id, config)| InitTrack { track_id, config }),
        None,
    )
}

/// Replaces the body of the box at the end of a path of boxes; sizes are made right.
fn with(bytes: &[u8], path: &[&[u8; 4]], change: &dyn Fn(&[u8]) -> Vec<u8>) -> Vec<u8> {
    let Some((kind, rest)) = path.split_first() else {
        return change(bytes);
    };
    let mut out = Vec::new();
    let mut left = bytes;
    while let Some((size, _)) = left.split_first_chunk::<4>() {
        let (whole, after) = left.split_at(u32::from_be_bytes(*size) as usize);
        left = after;
        if whole[4..8] == **kind {
            out.extend(boxed(kind, &[&with(&whole[8..], rest, change)]));
        } else {
            out.extend(whole);
        }
    }
    out
}

#[derive(Debug, Default, PartialEq)]
struct Told {
    configs: Vec<(u32, Arc<TrackConfig>)>,
    runs: Vec<Run>,
    defects: Vec<DefectCode>,
}

impl Told {
    /// Track, decode time and offset of each run.
    fn places(&self) -> Vec<(u32, i64, u64)> {
        let runs = self.runs.iter();
        runs.map(|run| {
            let Payload::Stream { offset } = run.payload else {
                panic!("payload stays in the stream");
            };
            (run.track.0, run.decode_time, offset)
        })
        .collect()
    }
}

fn demux(bytes: &[u8]) -> Told {
    let read = |split: usize| {
        let (mut demuxer, mut told) = (Demuxer::new(), Told::default());
        for piece in bytes.chunks(split) {
            demuxer.push(piece);
        }
        demuxer.reset();
        while let Some(event) = demuxer.poll() {
            match event {
                Event::Config { track, config } => told.configs.push((track.0, config)),
                Event::Run(run) => told.runs.push(run),
                Event::Timed(event) => panic!("{event:?}"),
                Event::Defect(defect) => told.defects.push(defect.code),
            }
        }
        told
    };
    let whole = read(usize::MAX);
    assert_eq!(whole, read(1));
    assert_eq!(whole, read(13));
    whole
}

fn sample(size: u32, duration: u32, composition_offset: i32, keyframe: bool) -> Sample {
    Sample {
        size,
        duration,
        composition_offset,
        keyframe,
    }
}

const SYNC: u32 = 0x0200_0000;
const OTHER: u32 = 0x0101_0000;
/// `tfhd` flags.
const BASE: u32 = 0x1;
const DURATION: u32 = 0x8;
const SIZE: u32 = 0x10;
const FLAGS: u32 = 0x20;
const FROM_MOOF: u32 = 0x2_0000;

/// A fragment, with `payload` bytes in its `mdat`.
fn fragment(trafs: &[Vec<u8>], payload: usize) -> Vec<u8> {
    let mfhd = full(b"mfhd", 0, 0, &[1]);
    let moof = boxed(b"moof", &[&mfhd, &trafs.concat()]);
    [moof, boxed(b"mdat", &[&vec![0; payload]])].concat()
}

#[test]
fn samples_are_of_their_own_or_of_the_fragment_or_of_the_track() {
    // trex: duration 10, size 20, not a keyframe.
    let init = with(&init(), &[b"moov", b"mvex"], &|_| {
        let trex = |id| full(b"trex", 0, 0, &[id, 1, 10, 20, OTHER]);
        [trex(1), trex(2)].concat()
    });
    let tfdt = full(b"tfdt", 0, 0, &[100]);
    let traf = |tfhd: Vec<u8>, trun: Vec<u8>| boxed(b"traf", &[&tfhd, &tfdt, &trun]);
    let trun = |flags: u32, words: &[u32]| full(b"trun", 1, flags, words);
    let samples = |traf: Vec<u8>| {
        let told = demux(&[init.clone(), fragment(&[traf], 200)].concat());
        assert_eq!(told.defects, []);
        assert_eq!(told.runs[0].decode_time, 100);
        told.runs[0].samples.clone()
    };
    let plain = full(b"tfhd", 0, FROM_MOOF, &[1]);
    // All by default, of the track.
    let found = samples(traf(plain.clone(), trun(0, &[2])));
    assert_eq!(found, [sample(20, 10, 0, false); 2]);
    // Of the fragment.
    let own = full(
        b"tfhd",
        0,
        FROM_MOOF | DURATION | SIZE | FLAGS,
        &[1, 7, 8, SYNC],
    );
    let found = samples(traf(own.clone(), trun(0, &[3])));
    assert_eq!(found, [sample(8, 7, 0, true); 3]);
    // The first of another kind.
    let found = samples(traf(plain, trun(0x4, &[2, SYNC])));
    assert_eq!(found, [sample(20, 10, 0, true), sample(20, 10, 0, false)]);
    // Each for itself, in any mixture; what is not said is the fragment's.
    let (early, late) = ((-5_i32) as u32, 40);
    let each = [2, 1, 11, SYNC, early, 2, 12, OTHER, late];
    let found = samples(traf(own.clone(), trun(0xf00, &each)));
    assert_eq!(found, [sample(11, 1, -5, true), sample(12, 2, 40, false)]);
    let found = samples(traf(own.clone(), trun(0x200, &[2, 5, 6])));
    assert_eq!(found, [sample(5, 7, 0, true), sample(6, 7, 0, true)]);
    let found = samples(traf(own.clone(), trun(0x900, &[1, 9, early])));
    assert_eq!(found, [sample(8, 9, -5, true)]);
    // Version 0 has no sign.
    let large = samples(traf(own, full(b"trun", 0, 0x800, &[1, 0x7fff_ffff])));
    assert_eq!(large, [sample(8, 7, i32::MAX, true)]);
}

#[test]
fn payload_lies_where_each_form_of_base_says() {
    let init = init();
    let start = init.len() as u64;
    let tfdt = full(b"tfdt", 1, 0, &[1, 0]);
    let (size, at) = (SIZE | DURATION, 1_u64 << 32);
    let made = |first: u32, second: u32, offsets: [Option<u32>; 3], base: Option<u64>| {
        let tfhd = |id: u32, flags: u32| {
            let base = base.filter(|_| flags & BASE != 0);
            let base = base.map(|base| [(base >> 32) as u32, base as u32]);
            let words = [&[id][..], base.as_ref().map_or(&[], |base| base), &[5, 10]].concat();
            full(b"tfhd", 0, flags | size, &words)
        };
        let trun = |offset: Option<u32>| match offset {
            Some(offset) => full(b"trun", 0, 0x1, &[2, offset]),
            None => full(b"trun", 0, 0, &[2]),
        };
        let [a, b, c] = offsets.map(trun);
        let trafs = [
            boxed(b"traf", &[&tfhd(1, first), &tfdt, &a, &b]),
            boxed(b"traf", &[&tfhd(2, second), &tfdt, &c]),
        ];
        fragment(&trafs, 60)
    };
    let fragment_len = |bytes: &[u8]| bytes.len() as u64 - 60;
    let places = |fragment: Vec<u8>| {
        let told = demux(&[init.clone(), fragment].concat());
        assert_eq!(told.defects, []);
        told.places()
    };
    let offset = |form: &dyn Fn(u32) -> Vec<u8>| {
        let len = fragment_len(&form(0)) as u32;
        (form(len), start + u64::from(len))
    };
    // One after another from the moof's start; or where each says.
    for flags in [FROM_MOOF, 0] {
        let (fragment, payload) =
            offset(&|len| made(flags, flags, [Some(len), None, Some(len + 40)], None));
        let second = if flags == 0 {
            // Without a base, the second counts from where the first's data end (§8.8.7).
            let (fragment, payload) = offset(&|len| made(0, 0, [Some(len), None, Some(0)], None));
            let want = [(1, at as i64, payload), (1, at as i64 + 10, payload + 20)];
            let found = places(fragment);
            assert_eq!(found[..2], want);
            assert_eq!(found[2], (2, at as i64, payload + 40));
            continue;
        } else {
            payload + 40
        };
        let want = [
            (1, at as i64, payload),
            (1, at as i64 + 10, payload + 20),
            (2, at as i64, second),
        ];
        assert_eq!(places(fragment), want);
    }
    // From the start of the file.
    let len = fragment_len(&made(BASE, BASE, [None; 3], Some(0)));
    let base = start + len;
    let fragment = made(BASE, BASE, [None, None, Some(40)], Some(base));
    let want = [
        (1, at as i64, base),
        (1, at as i64 + 10, base + 20),
        (2, at as i64, base + 40),
    ];
    assert_eq!(places(fragment), want);
}

#[test]
fn without_a_decode_time_a_fragment_goes_on_where_the_one_before_it_ended() {
    let tfhd = full(b"tfhd", 0, FROM_MOOF | DURATION | SIZE, &[1, 30, 4]);
    let trun = full(b"trun", 0, 0, &[3]);
    let none = boxed(b"traf", &[&tfhd, &trun]);
    let one = fragment(&[none], 12);
    let told = demux(&[init(), one.clone(), one].concat());
    let times: Vec<_> = told.runs.iter().map(|run| run.decode_time).collect();
    assert_eq!((times, told.defects), (vec![0, 90], vec![]));
}

/// `elst` rows as (duration in the movie's timescale, media time).
fn edited(rows: &[(u32, i32)]) -> Vec<u8> {
    let words: Vec<u32> = rows
        .iter()
        .flat_map(|(duration, time)| [*duration, *time as u32, 0x1_0000])
        .collect();
    let words = [&[rows.len() as u32], words.as_slice()].concat();
    let edts = boxed(b"edts", &[&full(b"elst", 0, 0, &words)]);
    with(&init(), &[b"moov", b"trak"], &|trak| {
        let is_video = trak.windows(4).any(|kind| kind == b"vmhd");
        let edts = if is_video { edts.as_slice() } else { &[] };
        [edts, trak].concat()
    })
}

#[test]
fn edit_lists_move_the_times_of_their_track() {
    let movie = init();
    let mvhd = movie.windows(4).position(|kind| kind == b"mvhd");
    let at = mvhd.expect("a movie header") + 4 + 12;
    let timescale = u32::from_be_bytes(movie[at..at + 4].try_into().expect("four bytes"));
    let second = timescale;
    let traf = |id| {
        let tfhd = full(b"tfhd", 0, FROM_MOOF | DURATION | SIZE, &[id, 30, 4]);
        let (tfdt, trun) = (full(b"tfdt", 0, 0, &[1_000]), full(b"trun", 0, 0, &[1]));
        boxed(b"traf", &[&tfhd, &tfdt, &trun])
    };
    for (rows, want) in [
        (&[(0, 400)][..], 600),
        (&[(0, 0)], 1_000),
        (&[(second, -1), (0, 400)], 90_600),
        (&[(second, -1), (second, -1), (0, 0)], 181_000),
    ] {
        let told = demux(&[edited(rows), fragment(&[traf(1), traf(2)], 8)].concat());
        let times: Vec<_> = told.runs.iter().map(|run| run.decode_time).collect();
        assert_eq!(
            (times, told.defects),
            (vec![want, 1_000], vec![]),
            "{rows:?}"
        );
    }
}

#[test]
fn sample_entries_and_init_segments_change_within_a_stream() {
    let (video, other) = (video(), {
        let sps = &SPS[..];
        sample_entry::avc1(&[sps], &[&[0x68, 0xee, 0x3c]]).expect("valid parameter sets")
    });
    // Two entries in one stsd.
    let entries = [&video.sample_entry[..], &other.sample_entry].concat();
    let path: [&[u8; 4]; 6] = [b"moov", b"trak", b"mdia", b"minf", b"stbl", b"stsd"];
    let two = with(&init(), &path, &|stsd| {
        if stsd[12..16] == *b"avc1" {
            [&[0, 0, 0, 0, 0, 0, 0, 2][..], &entries].concat()
        } else {
            stsd.to_vec()
        }
    });
    let traf = |description: u32| {
        let words = [1, description, 30, 4];
        let tfhd = full(b"tfhd", 0, FROM_MOOF | 0x2 | DURATION | SIZE, &words);
        let (tfdt, trun) = (full(b"tfdt", 0, 0, &[0]), full(b"trun", 0, 0, &[1]));
        boxed(b"traf", &[&tfhd, &tfdt, &trun])
    };
    let one = |description| fragment(&[traf(description)], 4);
    let stream = [two, one(1), one(2), one(1), one(3), init(), one(1)].concat();
    let told = demux(&stream);
    let configs: Vec<_> = told
        .configs
        .iter()
        .map(|(track, config)| (*track, config.sample_entry.clone()))
        .collect();
    let (first, second, sound) = (video.sample_entry, other.sample_entry, audio().sample_entry);
    let want = [
        (1, first.clone()),
        (2, sound.clone()),
        (1, second),
        (1, first.clone()),
        (1, first),
        (2, sound),
    ];
    assert_eq!(configs, want);
    assert_eq!(told.runs.len(), 4);
    // There is no third entry.
    assert_eq!(told.defects, [DefectCode::Malformed]);
}

#[test]
fn other_boxes_and_large_sizes_are_passed_over() {
    let traf = {
        let tfhd = full(b"tfhd", 0, FROM_MOOF | DURATION | SIZE, &[1, 30, 4]);
        let (tfdt, trun) = (full(b"tfdt", 0, 0, &[0]), full(b"trun", 0, 1, &[1, 0]));
        let unknown = boxed(b"uuid", &[&[9; 30]]);
        boxed(b"traf", &[&unknown, &tfhd, &tfdt, &unknown, &trun])
    };
    let mfhd = full(b"mfhd", 0, 0, &[1]);
    let mut moof = boxed(b"moof", &[&mfhd, &traf]);
    let len = moof.len();
    // The data offset, the last word: past a 16-byte header.
    moof[len - 4..].copy_from_slice(&(len as u32 + 16).to_be_bytes());
    let large = [&[0, 0, 0, 1][..], b"mdat", &20_u64.to_be_bytes(), &[7; 4]].concat();
    let other: Vec<u8> = [
        b"free", b"skip", b"wide", b"uuid", b"prft", b"sidx", b"ssix", b"zzzz",
    ]
    .iter()
    .flat_map(|kind| boxed(kind, &[&[1; 24]]))
    .collect();
    let one = [other.clone(), moof, other.clone(), large].concat();
    let told = demux(&[init(), one.clone(), one, other].concat());
    // The boxes between a moof and its mdat are where the offset leads in this stream.
    assert_eq!((told.runs.len(), told.defects), (2, vec![]));
}

/// A `trun` of 16 bytes may count four thousand million samples; what comes of it takes no more
/// memory than the bytes that are there.
#[test]
fn samples_without_a_row_are_as_many_as_there_are_bytes() {
    let init = init();
    let tfhd = |size| full(b"tfhd", 0, FROM_MOOF | SIZE, &[1, size]);
    let at_payload = |count, offset| full(b"trun", 0, 1, &[count, offset]);
    for (size, count, truns, refused) in [
        (0, 2, 1, false),
        (0, u32::MAX, 1, true),
        (1, u32::MAX, 1, false), // as many as have arrived
        (1, 1_000, 1_000, true), // a thousand times the same bytes
    ] {
        let truns = vec![at_payload(count, 0); truns].concat();
        let traf = boxed(b"traf", &[&tfhd(size), &truns]);
        let bytes = [init.clone(), fragment(&[traf], 100)].concat();
        let told = demux(&bytes);
        let samples: usize = told.runs.iter().map(|run| run.samples.len()).sum();
        assert!(samples <= bytes.len(), "{samples} samples of {size}");
        assert_eq!(
            samples > 0,
            size > 0 || !refused,
            "{count} samples of {size}"
        );
        assert_eq!(
            !told.defects.is_empty(),
            refused,
            "{count} samples of {size}"
        );
    }
}

#[test]
fn a_decode_time_out_of_all_bounds_is_a_defect() {
    let tfhd = full(b"tfhd", 0, FROM_MOOF | DURATION | SIZE, &[1, 30, 4]);
    let trun = full(b"trun", 0, 0, &[3]);
    for (high, taken) in [(u32::MAX, false), (1 << 28, false), (1, true)] {
        let tfdt = full(b"tfdt", 1, 0, &[high, 7]);
        let traf = boxed(b"traf", &[&tfhd, &tfdt, &trun]);
        let told = demux(&[init(), fragment(&[traf], 12)].concat());
        assert_eq!(!told.runs.is_empty(), taken, "{high:#x}");
        assert_eq!(told.defects.is_empty(), taken, "{high:#x}");
    }
}
