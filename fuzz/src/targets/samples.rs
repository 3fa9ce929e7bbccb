//! What must hold of every event of a demuxer.

use std::collections::BTreeMap;
use std::sync::Arc;

use livetape_container::{Event, Payload, Run};
use livetape_media::codec::annexb::length_prefixed;
use livetape_media::{TrackConfig, TrackId};

/// Times beyond this are of no stream: 33-bit clocks of 90 kHz wrap 100,000 times before, and any
/// arithmetic on two of them stays within 64 bits.
const FARTHEST: i64 = 1 << 62;

/// Where payload may lie.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Expected {
    /// Rewritten, video as NAL units each after its length in 4 bytes.
    Rewritten,
    /// Within a stream of so many bytes.
    Within(u64),
}

/// Both must be the same row of events; says where they part.
pub(super) fn assert_same(whole: &[Event], cut: &[Event]) {
    let parts = whole.iter().zip(cut).position(|(one, other)| one != other);
    let at = parts.unwrap_or(whole.len().min(cut.len()));
    assert!(
        whole.len() == cut.len() && parts.is_none(),
        "cut into pieces it is another stream, from event {at} on:\n{:?}\n{:?}",
        whole.get(at),
        cut.get(at)
    );
}

/// Checks that events make sense, one after another.
#[derive(Debug, Default)]
pub(super) struct Checker {
    configs: BTreeMap<TrackId, Arc<TrackConfig>>,
}

impl Checker {
    /// Takes the next event.
    pub(super) fn event(&mut self, event: &Event, expected: Expected) {
        match event {
            Event::Config { track, config } => {
                self.configs.insert(*track, Arc::clone(config));
            }
            Event::Run(run) => {
                let config = self.configs.get(&run.track);
                let config = config.expect("a configuration comes before samples");
                check_run(run, config, expected);
            }
            Event::Timed(event) => assert!(sane(event.time.ticks), "{event:?}"),
            Event::Defect(defect) => assert!(!defect.detail.is_empty()),
        }
    }
}

fn sane(time: i64) -> bool {
    (-FARTHEST..FARTHEST).contains(&time)
}

fn check_run(run: &Run, config: &TrackConfig, expected: Expected) {
    assert!(!run.samples.is_empty(), "a run without samples");
    let end = run.decode_time.checked_add_unsigned(run.duration());
    assert!(sane(run.decode_time) && end.is_some_and(sane), "{run:?}");
    match (&run.payload, expected) {
        (Payload::Bytes(bytes), Expected::Rewritten) => {
            assert_eq!(bytes.len() as u64, run.payload_len());
            if config.format.is_video() {
                check_pictures(run, bytes);
            }
        }
        (Payload::Stream { offset }, Expected::Within(len)) => {
            let end = offset.checked_add(run.payload_len());
            assert!(end.is_some_and(|end| end <= len), "{run:?} of {len} bytes");
        }
        (other, _) => panic!("payload of another kind: {other:?}"),
    }
}

fn check_pictures(run: &Run, mut bytes: &[u8]) {
    for sample in &run.samples {
        let (own, rest) = bytes.split_at(sample.size as usize);
        bytes = rest;
        assert!(!own.is_empty(), "a picture of no bytes");
        assert!(length_prefixed(own, 4).all(|nal| nal.is_some()));
    }
}
