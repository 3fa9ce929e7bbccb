//! Codec headers.

use livetape_media::codec::aac::{AdtsHeader, AudioSpecificConfig};
use livetape_media::codec::annexb::{length_prefixed, nal_units};
use livetape_media::codec::{h264, h265};

/// The input is a NAL unit, then a stream of them.
pub(super) fn h264(input: &[u8]) {
    every_nal_unit(input, |nal| {
        let sps = h264::Sps::parse(nal);
        if let Some(sps) = sps {
            assert!(sps.width > 0 && sps.height > 0, "{sps:?}");
        }
        // Whether there is one must not matter: neither may do harm.
        let _ = (h264::sps_id(nal), h264::pps_ids(nal));
        let _ = (h264::is_intra_slice(nal), h264::recovery_point(nal));
        assert!(h264::unescape(nal).len() <= nal.len());
    });
}

/// The input is a NAL unit, then a stream of them.
pub(super) fn h265(input: &[u8]) {
    every_nal_unit(input, |nal| {
        if let Some(sps) = h265::Sps::parse(nal) {
            assert!(sps.width > 0 && sps.height > 0, "{sps:?}");
            assert!((1..=7).contains(&sps.sub_layers), "{sps:?}");
        }
        let _ = (h265::vps_id(nal), h265::sps_id(nal), h265::pps_ids(nal));
        if let Some(head) = nal.first_chunk() {
            let _ = h265::begins_access_unit(*head);
        }
    });
}

/// Gives the input as one NAL unit, as a byte stream of them, and as a sample of them.
fn every_nal_unit(input: &[u8], read: impl Fn(&[u8])) {
    read(input);
    let units: Vec<_> = nal_units(input).collect();
    let mut sample = Vec::new();
    for nal in &units {
        read(nal);
        sample.extend((nal.len() as u32).to_be_bytes());
        sample.extend(*nal);
    }
    let again: Option<Vec<_>> = length_prefixed(&sample, 4).collect();
    assert_eq!(again, Some(units), "as a sample they are others");
    for size in [1, 2, 4] {
        let bytes: usize = length_prefixed(input, size)
            .flatten()
            .map(|nal| nal.len() + size)
            .sum();
        assert!(bytes <= input.len());
    }
}

/// The input is both an AudioSpecificConfig and ADTS frames.
pub(super) fn aac(input: &[u8]) {
    if let Some(config) = AudioSpecificConfig::parse(input) {
        assert!(
            config.sample_rate > 0 && config.channels() > 0,
            "{config:?}"
        );
        if let Some(header) = AdtsHeader::write(&config, input.len()) {
            let read = AdtsHeader::parse(&header).expect("what was written");
            assert_eq!(read.frame_len, input.len() + header.len());
            assert_eq!(read.sample_rate(), config.sample_rate);
        }
    }
    if let Some(header) = AdtsHeader::parse(input) {
        assert!(header.frame_len >= header.header_len);
        let config = AudioSpecificConfig::parse(&header.audio_specific_config());
        let config = config.expect("an ADTS header says all of it");
        assert_eq!(config.sample_rate, header.sample_rate());
        let payload = header.frame_len - header.header_len;
        let again = AdtsHeader::write(&config, payload).expect("as long as it was");
        let again = AdtsHeader::parse(&again).expect("what was written");
        assert_eq!(again.object_type, header.object_type);
        assert_eq!(again.sample_rate(), header.sample_rate());
    }
}
