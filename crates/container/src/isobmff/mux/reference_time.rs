//! The wall clock beside the media, ISO/IEC 14496-12 §8.16.5.

use crate::isobmff::write::Writer;

/// From 1900, where NTP counts from, to 1970: 70 years, 17 of them leap years.
const NTP_SECONDS: i64 = (70 * 365 + 17) * 86_400;

/// A `prft` box, which goes before the `moof` it is about: the moment `media_time` (presentation,
/// ticks of the track's timescale) of this track was at this Unix time in milliseconds.
pub fn producer_reference_time(track_id: u32, unix_millis: i64, media_time: u64) -> Vec<u8> {
    let seconds = unix_millis.div_euclid(1000).saturating_add(NTP_SECONDS);
    let fraction = (unix_millis.rem_euclid(1000) as u64) << 32;
    let mut w = Writer::default();
    w.full_box(b"prft", 1, 0, |w| {
        w.u32(track_id);
        w.u32(seconds as u32); // NTP's era is not written
        w.u32((fraction / 1000) as u32);
        w.u64(media_time);
    });
    w.into_bytes()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_clock_counts_from_1900() {
        let made = producer_reference_time(2, 1_700_000_000_500, 90_000);
        let expected = [
            &[0, 0, 0, 32][..],
            b"prft",
            &[1, 0, 0, 0, 0, 0, 0, 2],
            &(1_700_000_000_u32 + 2_208_988_800).to_be_bytes(),
            &[0x80, 0, 0, 0],
            &90_000_u64.to_be_bytes(),
        ];
        assert_eq!(made, expected.concat());
    }
}
