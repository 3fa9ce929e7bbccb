//! Tiny streams whose every picture says its quality and number, and what of them a clip shows.

use std::collections::BTreeMap;
use std::ops::Range;

use livetape_container::{Event, Payload, isobmff};
use livetape_media::{Format, Rotation, Sample, Timescale, TrackConfig};

/// Ticks of 90 kHz that a picture lasts: 25 in a second.
const PICTURE: u32 = 3_600;
/// Pictures in a GOP: a second.
const GOP: u16 = 25;

/// A picture's quality and number.
pub(crate) type Shown = (u8, u16);

/// How the pictures are coded: picture `n` is shown at `n` / 25 s in each coding.
#[derive(Clone, Copy)]
pub(crate) struct Coding {
    pub(crate) quality: u8,
    /// So many pictures earlier is each decoded.
    pub(crate) delay: u16,
    /// Keyframes are those whose number leaves this when divided by 25.
    pub(crate) phase: u16,
}

impl Coding {
    /// The init segment: parameter sets of no meaning, different for each quality.
    pub(crate) fn init(self) -> Vec<u8> {
        let format = Format::Video {
            width: 64 * u16::from(self.quality),
            height: 48,
        };
        let config = TrackConfig {
            format,
            timescale: Timescale::MPEG,
            sample_entry: self.sample_entry(),
            codec: "avc1.42c00a".to_owned(),
            language: *b"und",
            rotation: Rotation::None,
        };
        let tracks = [isobmff::mux::InitTrack {
            track_id: 1,
            config: &config,
        }];
        isobmff::mux::init_segment(&tracks, None)
    }

    /// `avc1` with an `avcC`.
    fn sample_entry(self) -> Vec<u8> {
        let sps = [0x67, 0x42, 0xc0, 0x0a, self.quality];
        let pps = [0x68, self.quality];
        let mut avcc = vec![1, 0x42, 0xc0, 0x0a, 0xff, 0xe1, 0, sps.len() as u8];
        avcc.extend(sps);
        avcc.extend([1, 0, pps.len() as u8]);
        avcc.extend(pps);
        let mut entry = vec![0; 78];
        entry[7] = 1;
        entry[24..26].copy_from_slice(&(64 * u16::from(self.quality)).to_be_bytes());
        entry[26..28].copy_from_slice(&48_u16.to_be_bytes());
        entry.extend(boxed(b"avcC", &avcc));
        boxed(b"avc1", &entry)
    }

    /// Bytes of a picture.
    fn size(self, number: u16) -> u32 {
        40 + (u32::from(number) * 7 + u32::from(self.quality) * 3) % 11
    }

    /// Some pictures as one fragment.
    pub(crate) fn segment(self, numbers: Range<u16>) -> Vec<u8> {
        let offset = i32::from(self.delay) * PICTURE as i32;
        let sample = |number| Sample {
            size: self.size(number),
            duration: PICTURE,
            composition_offset: offset,
            keyframe: number % GOP == self.phase,
        };
        let samples: Vec<_> = numbers.clone().map(sample).collect();
        let track = isobmff::mux::FragmentTrack {
            track_id: 1,
            decode_time: u64::from(numbers.start - self.delay) * u64::from(PICTURE),
            samples: &samples,
            all_sync: false,
        };
        let mut segment = isobmff::mux::fragment_header(1, &[track]);
        for number in numbers {
            let size = self.size(number);
            segment.extend((size - 4).to_be_bytes());
            segment.resize(segment.len() + size as usize - 7, 0x41);
            segment.push(self.quality);
            segment.extend(number.to_be_bytes());
        }
        segment
    }
}

fn boxed(kind: &[u8; 4], body: &[u8]) -> Vec<u8> {
    let size = body.len() as u32 + 8;
    [&size.to_be_bytes(), kind, body].concat()
}

/// Pictures of a progressive MP4 in the order in which they are shown. Fails where two are shown at
/// once.
pub(crate) fn shown(mp4: &[u8]) -> Vec<Shown> {
    let mut demuxer = isobmff::Demuxer::new();
    demuxer.push(mp4);
    let mut pictures = BTreeMap::new();
    while let Some(event) = demuxer.poll() {
        match event {
            Event::Run(run) => {
                let Payload::Stream { offset } = run.payload else {
                    panic!("a file's payload lies in it");
                };
                let (mut time, mut end) = (run.decode_time, offset as usize);
                for sample in run.samples {
                    end += sample.size as usize;
                    let [.., quality, high, low] = mp4[..end] else {
                        panic!("a picture of no bytes");
                    };
                    let at = time + i64::from(sample.composition_offset);
                    let picture = (quality, u16::from_be_bytes([high, low]));
                    let other = pictures.insert(at, picture);
                    assert_eq!(other, None, "two pictures at {at}, one is {picture:?}");
                    time += i64::from(sample.duration);
                }
            }
            Event::Defect(defect) => panic!("{defect:?}"),
            Event::Config { .. } | Event::Timed(_) => {}
        }
    }
    let distances = pictures.keys().zip(pictures.keys().skip(1));
    let uneven = distances.filter(|(a, b)| (*b - *a) % i64::from(PICTURE) != 0);
    assert_eq!(
        uneven.count(),
        0,
        "pictures are shown at other times than they were"
    );
    pictures.into_values().collect()
}
