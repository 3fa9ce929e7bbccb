//! Wherever in its 26.5 hours the clock of a transport stream begins, only the offset changes.

mod mpegts_support;

use std::sync::LazyLock;

use mpegts_support::{Stream, Track, demux, media};
use proptest::prelude::*;

/// Where the 33-bit clock of 90 kHz begins again.
const TURN: i64 = 1 << 33;

/// The fixture: H.264 with B-pictures and AAC, of a live encoder.
const FILE: &str = "hls-ts/rollover/360p30_h264_48k_160_aac_ts-0000000032.ts";

/// The fixture's bytes, for a test of this name.
fn fixture(test: &str) -> Option<Vec<u8>> {
    Some(std::fs::read(media(test)?.join(FILE)).expect("the fixture is there"))
}

/// Read once for all cases of the property.
static PLAIN: LazyLock<Option<Vec<u8>>> =
    LazyLock::new(|| fixture("a_start_anywhere_changes_only_the_offset"));

/// Moves all time stamps and clock references.
fn moved(stream: &[u8], by: i64) -> Vec<u8> {
    let mut stream = stream.to_vec();
    for packet in stream.chunks_exact_mut(188) {
        let (starts, has_field, has_payload) = (
            packet[1] & 0x40 != 0,
            packet[3] & 0x20 != 0,
            packet[3] & 0x10 != 0,
        );
        let mut payload = 4;
        if has_field {
            payload += 1 + usize::from(packet[4]);
            // PCR_flag
            if packet[4] > 0 && packet[5] & 0x10 != 0 {
                let head = [packet[6], packet[7], packet[8], packet[9]];
                let base = i64::from(u32::from_be_bytes(head)) << 1 | i64::from(packet[10] >> 7);
                let base = (base + by).rem_euclid(TURN);
                packet[6..10].copy_from_slice(&((base >> 1) as u32).to_be_bytes());
                packet[10] = packet[10] & 0x7f | ((base & 1) as u8) << 7;
            }
        }
        let Some(pes) = packet.get_mut(payload..).filter(|_| starts && has_payload) else {
            continue;
        };
        if pes.len() >= 19 && pes.starts_with(&[0, 0, 1]) && pes[3] >= 0xc0 {
            let stamps = usize::from(pes[7] >> 7) + usize::from(pes[7] >> 6 & 1);
            for stamp in pes[9..].chunks_exact_mut(5).take(stamps) {
                write(stamp, (read(stamp) + by).rem_euclid(TURN));
            }
        }
    }
    stream
}

/// A time stamp of a PES header (ISO/IEC 13818-1 §2.4.3.7).
fn read(stamp: &[u8]) -> i64 {
    let bits = |byte: u8, shift: u8| i64::from(byte >> shift);
    bits(stamp[0] & 0x0e, 1) << 30
        | bits(stamp[1], 0) << 22
        | bits(stamp[2], 1) << 15
        | bits(stamp[3], 0) << 7
        | bits(stamp[4], 1)
}

fn write(stamp: &mut [u8], time: i64) {
    stamp[0] = stamp[0] & 0xf1 | (time >> 29) as u8 & 0x0e;
    stamp[1] = (time >> 22) as u8;
    stamp[2] = (time >> 14) as u8 | 1;
    stamp[3] = (time >> 7) as u8;
    stamp[4] = (time << 1) as u8 | 1;
}

/// By how many ticks of its own all units of a track are moved.
fn offset(plain: &Track, moved: &Track) -> i64 {
    assert_eq!(plain.configs, moved.configs);
    assert_eq!((plain.breaks, moved.breaks), (0, 0));
    assert_eq!(plain.units.len(), moved.units.len());
    let by = moved.units[0].dts - plain.units[0].dts;
    for (plain, moved) in plain.units.iter().zip(&moved.units) {
        let mut back = moved.clone();
        back.dts -= by;
        back.pts -= by;
        assert_eq!(*plain, back);
    }
    by
}

/// By how many ticks of 90 kHz a stream is moved.
fn offsets(plain: &Stream, moved: &Stream) -> i64 {
    assert_eq!(plain.defects, moved.defects);
    let both = |video| {
        let track = |stream: &Stream| stream.track(video).cloned().expect("it has both");
        offset(&track(plain), &track(moved))
    };
    let (video, audio) = (both(true), both(false));
    // Sound has ticks of 48 kHz.
    let apart = (video * 8 - audio * 15).abs();
    assert!(apart <= 15, "sound is {apart} ticks of 720 kHz off");
    video
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(40))]

    #[test]
    fn a_start_anywhere_changes_only_the_offset(
        // Anywhere, and such that the clock begins again within the stream's 2 s.
        by in prop_oneof![0..TURN, TURN - 740_000..TURN - 530_000],
    ) {
        if let Some(bytes) = PLAIN.as_deref() {
            let plain = demux(bytes, 4096);
            let offset = offsets(&plain, &demux(&moved(bytes, by), 4096));
            prop_assert_eq!(offset.rem_euclid(TURN), by);
        }
    }
}

#[test]
fn the_clock_may_begin_again_at_every_picture() {
    let Some(bytes) = fixture("the_clock_may_begin_again_at_every_picture") else {
        return;
    };
    let plain = demux(&bytes, 4096);
    let pictures = plain.track(true).expect("pictures").units.clone();
    for picture in pictures {
        for time in [picture.dts, picture.pts] {
            let by = -time.rem_euclid(TURN);
            let offset = offsets(&plain, &demux(&moved(&bytes, by), 4096));
            assert_eq!((offset - by).rem_euclid(TURN), 0);
        }
    }
}
