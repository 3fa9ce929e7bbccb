//! Sample entries, read and made.

use livetape_container::Event;
use livetape_container::isobmff::Demuxer;
use livetape_container::isobmff::in_band;
use livetape_container::isobmff::mux::{InitTrack, init_segment};
use livetape_container::isobmff::sample_entry::{
    audio_specific_config, avc_parameters, avc1, hvc1, mp4a, pixel_aspect_ratio,
};
use livetape_media::TrackConfig;
use livetape_media::codec::aac::AudioSpecificConfig;
use livetape_media::codec::annexb::{length_prefixed, nal_units};

/// The input is a sample entry, then parameter sets with start codes, then an AudioSpecificConfig.
pub(super) fn run(input: &[u8]) {
    read(input);
    let sets: Vec<_> = nal_units(input).collect();
    let first = sets.get(..1).unwrap_or_default();
    let second = sets.get(1..2).unwrap_or_default();
    let rest = sets.get(2..).unwrap_or_default();
    if let Some(config) = avc1(first, &sets[first.len()..]) {
        let read = avc_parameters(&config.sample_entry).expect("what was made");
        assert_eq!(read.sps, first);
        assert_eq!(read.pps, &sets[first.len()..]);
        made(&config);
    }
    if let Some(config) = hvc1(first, second, rest) {
        assert!(in_band(&config.sample_entry).is_some());
        made(&config);
    }
    if let Some(parsed) = AudioSpecificConfig::parse(input) {
        let asc = input.get(..64).unwrap_or(input);
        let config = mp4a(&parsed, asc);
        assert_eq!(audio_specific_config(&config.sample_entry), Some(asc));
        made(&config);
    }
}

fn read(entry: &[u8]) {
    if let Some(found) = in_band(entry) {
        let size = usize::from(found.nal_length_size);
        assert!(length_prefixed(&found.parameter_sets, size).all(|nal| nal.is_some()));
    }
    let (across, down) = pixel_aspect_ratio(entry);
    assert!(across > 0 && down > 0);
    if let Some(asc) = audio_specific_config(entry) {
        assert!(asc.len() <= entry.len());
    }
}

/// A configuration that was made goes into an init segment and comes back as it was.
fn made(config: &TrackConfig) {
    read(&config.sample_entry);
    let track = InitTrack {
        track_id: 1,
        config,
    };
    let init = init_segment(&[track], None);
    let mut demuxer = Demuxer::new();
    demuxer.push(&init);
    let event = demuxer.poll();
    let Some(Event::Config { config: read, .. }) = &event else {
        panic!("{event:?} for a track that was written");
    };
    assert_eq!(read.sample_entry, config.sample_entry);
    assert_eq!(read.timescale, config.timescale);
    assert_eq!(demuxer.poll(), None);
}
