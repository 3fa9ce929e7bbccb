//! The configurations that the tests of MP4 files give their tracks.
#![allow(dead_code, reason = "each test binary uses its part")]

use livetape_container::isobmff::sample_entry;
use livetape_media::TrackConfig;
use livetape_media::codec::aac::AudioSpecificConfig;

/// The sequence parameter set of [`video`].
pub(crate) const SPS: [u8; 25] = [
    0x67, 0x64, 0x00, 0x1e, 0xac, 0xd9, 0x40, 0xa0, 0x2f, 0xf9, 0x70, 0x11, 0x00, 0x00, 0x03, 0x00,
    0x01, 0x00, 0x00, 0x03, 0x00, 0x32, 0x0f, 0x16, 0x2d,
];
const PPS: [u8; 4] = [0x68, 0xeb, 0xe3, 0xcb];

/// H.264, 640x360.
pub(crate) fn video() -> TrackConfig {
    sample_entry::avc1(&[&SPS], &[&PPS]).expect("valid parameter sets")
}

/// AAC-LC, 48 kHz, two channels.
pub(crate) fn audio() -> TrackConfig {
    let asc = [0x11, 0x90];
    sample_entry::mp4a(&AudioSpecificConfig::parse(&asc).expect("valid"), &asc)
}
