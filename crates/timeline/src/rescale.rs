//! Times of a configuration in the timescale that its track has.

use livetape_media::{Sample, Timescale, Timestamp};

/// Consecutive samples, the first decoded at `decode_time`, from one timescale in another. They are
/// rounded as running sums, so that errors do not add up.
pub fn rescaled(
    decode_time: i64,
    mut samples: Vec<Sample>,
    from: Timescale,
    to: Timescale,
) -> (i64, Vec<Sample>) {
    if from == to {
        return (decode_time, samples);
    }
    let moved = |ticks: i64| Timestamp::new(ticks, from).rescale(to).ticks;
    let mut time = decode_time;
    for sample in &mut samples {
        let end = time.saturating_add(i64::from(sample.duration));
        let shown = time.saturating_add(i64::from(sample.composition_offset));
        let begin = moved(time);
        let lasts = moved(end).saturating_sub(begin);
        let offset = moved(shown).saturating_sub(begin);
        sample.duration = u32::try_from(lasts).unwrap_or(u32::MAX);
        sample.composition_offset = i32::try_from(offset).unwrap_or(0);
        time = end;
    }
    (moved(decode_time), samples)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_rounded_does_not_add_up() {
        let sample = Sample {
            size: 1,
            duration: 1024,
            composition_offset: 0,
            keyframe: true,
        };
        let (from, to) = (Timescale::new(44_100), Timescale::new(48_000));
        let (from, to) = (from.expect("not zero"), to.expect("not zero"));
        let (decode_time, samples) = rescaled(1024, vec![sample; 441], from, to);
        assert_eq!(decode_time, 1_115);
        let all: u32 = samples.iter().map(|sample| sample.duration).sum();
        assert_eq!(all, 1024 * 480);
        assert_eq!(rescaled(5, samples.clone(), to, to), (5, samples));
    }
}
