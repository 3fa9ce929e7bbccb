//! The 33-bit clock of PTS and DTS, ISO/IEC 13818-1 §2.4.3.6, unwrapped. Nowhere else in this
//! project is a 33-bit time unwrapped.
//!
//! Rules:
//! - All streams of a program share one clock. A time becomes the value congruent to it modulo
//!   2^33 that is nearest to the time unwrapped before it, whichever stream that was of; so the
//!   offset between audio and video is kept exactly. The first time of all stays as it is.
//! - Times are never changed. A step of a stream's decode time backward, or forward by more than
//!   [`MAX_STEP`], is reported (unless declared), and a new run begins at the time the stream
//!   says; what to make of the hole or overlap is left to whoever keeps the timeline.
//! - After a declared discontinuity the new base is unwrapped by the same rule.

/// Ticks from 2^33 to 2^33.
const WRAP: i64 = 1 << 33;

/// The longest step from one sample to the next, in 90 kHz ticks, that is taken for continuous:
/// 10 s, the longest HLS segment in common use, so that a lost segment is still a gap.
pub(super) const MAX_STEP: i64 = 10 * 90_000;

/// A presentation and a decode time, unwrapped, 90 kHz.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub(super) struct Times {
    pub(super) pts: i64,
    pub(super) dts: i64,
}

/// Unwraps the times of one program.
#[derive(Debug, Default)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub(super) struct Clock {
    reference: Option<i64>,
    /// The presentation times that were first and last shown.
    shown: Option<(i64, i64)>,
    has_pictures: bool,
}

impl Clock {
    /// Unwraps the 33-bit `pts` and `dts` of one PES packet (`dts` is `pts` where absent).
    pub(super) fn unwrap(&mut self, pts: u64, dts: Option<u64>) -> Times {
        let raw = dts.unwrap_or(pts);
        let dts = nearest(raw, self.reference.unwrap_or(raw as i64));
        self.reference = Some(dts);
        let pts = nearest(pts, dts);
        // A decode time hours off its presentation time is a broken header: believe the latter.
        if (pts - dts).abs() > MAX_STEP {
            Times { pts, dts: pts }
        } else {
            Times { pts, dts }
        }
    }

    /// Unwraps a time of something that others must not be measured against.
    pub(super) fn unwrap_aside(&mut self, pts: u64) -> i64 {
        nearest(pts, *self.reference.get_or_insert(pts as i64))
    }

    /// A picture (or else a stretch of sound) begins that is presented at this time. Once there
    /// are pictures, sound is not looked at.
    pub(super) fn show(&mut self, pts: i64, is_picture: bool) {
        if is_picture || !self.has_pictures {
            let first = self.shown.map_or(pts, |(first, _)| first);
            self.shown = Some((first, pts));
            self.has_pictures = is_picture;
        }
    }

    /// What comes has nothing to do with what was shown.
    pub(super) fn forget_shown(&mut self) {
        self.shown = None;
        self.has_pictures = false;
    }

    /// The time of the first thing shown.
    pub(super) fn first_shown(&self) -> Option<i64> {
        self.shown.map(|(first, _)| first)
    }

    /// The time of the last picture that began.
    pub(super) fn last_shown(&self) -> Option<i64> {
        self.shown.map(|(_, last)| last)
    }
}

/// The value congruent to `raw` that is nearest to `reference`.
fn nearest(raw: u64, reference: i64) -> i64 {
    let ahead = (raw as i64).wrapping_sub(reference).rem_euclid(WRAP);
    let step = if ahead >= WRAP / 2 {
        ahead - WRAP
    } else {
        ahead
    };
    reference.saturating_add(step)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_wrap_goes_on_upward_and_reordering_across_it_downward() {
        let mut clock = Clock::default();
        let last = (1 << 33) - 3000;
        assert_eq!(clock.unwrap(last, None).dts, last as i64);
        let across = clock.unwrap(6000, Some(0));
        assert_eq!((across.dts, across.pts), (1 << 33, (1 << 33) + 6000));
        assert_eq!(clock.unwrap(last, None).dts, last as i64);
    }

    #[test]
    fn a_time_just_before_a_first_zero_is_negative() {
        let mut clock = Clock::default();
        assert_eq!(clock.unwrap(0, None).pts, 0);
        assert_eq!(clock.unwrap((1 << 33) - 90, None).pts, -90);
    }

    #[test]
    fn a_decode_time_far_from_its_presentation_time_is_not_believed() {
        let mut clock = Clock::default();
        let times = clock.unwrap(90_000, Some(90_000_000));
        assert_eq!(times.dts, times.pts);
    }

    #[test]
    fn every_offset_of_the_cycle_gives_the_same_steps() {
        for offset in (0..1_u64 << 33).step_by(777_777_777) {
            let mut clock = Clock::default();
            let mask = (1 << 33) - 1;
            let first = clock.unwrap(offset & mask, None).dts;
            for step in 1..50 {
                let raw = (offset + step * 200_000) & mask;
                assert_eq!(clock.unwrap(raw, None).dts - first, step as i64 * 200_000);
            }
        }
    }
}
