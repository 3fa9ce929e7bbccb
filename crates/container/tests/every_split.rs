//! However real streams are cut, the same is told of them: in two anywhere, and byte by byte.

mod mpegts_support;

use std::collections::BTreeMap;
use std::path::Path;

use livetape_container::{Defect, Event, Payload, isobmff, mpegts};
use livetape_media::{Sample, TimedEvent, TrackConfig, TrackId};
use mpegts_support::media;

/// A sample's decode time, and its payload or where that lies.
#[derive(Debug, PartialEq)]
struct Placed {
    dts: i64,
    sample: Sample,
    payload: Payload,
}

/// All that is told of a stream, whatever the runs are.
#[derive(Debug, Default, PartialEq)]
struct Told {
    configs: BTreeMap<TrackId, Vec<TrackConfig>>,
    samples: BTreeMap<TrackId, Vec<Placed>>,
    timed: Vec<TimedEvent>,
    defects: Vec<Defect>,
}

impl Told {
    fn of(events: impl IntoIterator<Item = Event>) -> Self {
        let mut told = Self::default();
        for event in events {
            match event {
                Event::Config { track, config } => {
                    let configs = told.configs.entry(track).or_default();
                    configs.push((*config).clone());
                }
                Event::Timed(event) => told.timed.push(event),
                Event::Defect(defect) => told.defects.push(defect),
                Event::Run(run) => {
                    let (mut dts, mut from) = (run.decode_time, 0);
                    let samples = told.samples.entry(run.track).or_default();
                    for sample in run.samples {
                        let to = from + sample.size as usize;
                        let payload = match &run.payload {
                            Payload::Bytes(bytes) => Payload::Bytes(bytes[from..to].to_vec()),
                            Payload::Stream { offset } => Payload::Stream {
                                offset: offset + from as u64,
                            },
                        };
                        samples.push(Placed {
                            dts,
                            sample,
                            payload,
                        });
                        dts += i64::from(sample.duration);
                        from = to;
                    }
                }
            }
        }
        told
    }
}

/// What is told where each piece is pushed alone and all is polled after it.
fn told<'a>(is_ts: bool, pieces: impl Iterator<Item = &'a [u8]>) -> Told {
    let mut events = Vec::new();
    if is_ts {
        let mut demuxer = mpegts::Demuxer::new();
        for piece in pieces {
            demuxer.push(piece);
            events.extend(std::iter::from_fn(|| demuxer.poll()));
        }
        demuxer.flush();
        events.extend(std::iter::from_fn(|| demuxer.poll()));
    } else {
        let mut demuxer = isobmff::Demuxer::new();
        for piece in pieces {
            demuxer.push(piece);
            events.extend(std::iter::from_fn(|| demuxer.poll()));
        }
        demuxer.reset();
        events.extend(std::iter::from_fn(|| demuxer.poll()));
    }
    Told::of(events)
}

fn read(media: &Path, files: &[&str]) -> Vec<u8> {
    let read = |file: &&str| std::fs::read(media.join(file)).expect("the fixture is there");
    files.iter().flat_map(read).collect()
}

/// Streams that are small enough to be cut everywhere.
const SMALL: [&[&str]; 7] = [
    &["ts/structure/muxed.ts"],
    &["ts/structure/audio.ts"],
    &["ts/structure/videoOneSecond.ts"],
    &["fmp4/structure/mp4Audio.mp4"],
    &["fmp4/structure/mp4Video.mp4"],
    &[
        "fmp4/hevc-open-gop/video_init.mp4",
        "fmp4/hevc-open-gop/video1.m4s",
    ],
    &["fmp4/codecs/sine-3s-xhe-aac-44khz-mono.mp4"],
];

/// Larger ones with what the small ones have not: H.265, timed events, sound in several fragments,
/// `moov` behind its payload, damage.
const LARGER: [&[&str]; 9] = [
    &["ts/structure/id3.ts"],
    &["ts/codecs/sample_h265.ts"],
    &["ts/structure/test-middle-pat-pmt.ts"],
    &["ts/real-defects/missing-sei-and-pes.ts"],
    &[
        "fmp4/structure/multi-segment-with-emsg0/segment_init.mp4",
        "fmp4/structure/multi-segment-with-emsg0/segment_1.m4s",
        "fmp4/structure/multi-segment-with-emsg0/segment_2.m4s",
    ],
    &["fmp4/structure/sample_partially_fragmented.mp4"],
    &["mp4/midroll-5s.mp4"],
    &["mp4/h265_bframes.mp4"],
    &["mp4/sample_2_byte_NAL_length.mp4"],
];

fn is_ts(files: &[&str]) -> bool {
    files.iter().all(|file| file.ends_with(".ts"))
}

#[test]
fn a_stream_may_be_cut_in_two_anywhere() {
    let Some(media) = media("a_stream_may_be_cut_in_two_anywhere") else {
        return;
    };
    for files in SMALL {
        let bytes = read(&media, files);
        let whole = told(is_ts(files), [bytes.as_slice()].into_iter());
        assert!(!whole.samples.is_empty(), "{files:?}");
        for at in 1..bytes.len() {
            let (first, second) = bytes.split_at(at);
            let cut = told(is_ts(files), [first, second].into_iter());
            assert!(cut == whole, "{files:?} cut at {at}");
        }
    }
}

#[test]
fn a_stream_may_come_byte_by_byte() {
    let Some(media) = media("a_stream_may_come_byte_by_byte") else {
        return;
    };
    for files in SMALL.into_iter().chain(LARGER) {
        let bytes = read(&media, files);
        let whole = told(is_ts(files), [bytes.as_slice()].into_iter());
        assert!(!whole.samples.is_empty(), "{files:?}");
        for size in [1, 3, 187, 1000] {
            let cut = told(is_ts(files), bytes.chunks(size));
            assert!(cut == whole, "{files:?} in pieces of {size}");
        }
    }
}
