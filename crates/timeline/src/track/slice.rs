//! Samples taken out of a track.

use std::ops::Range;
use std::sync::Arc;

use livetape_media::{Sample, TrackConfig};

/// Consecutive samples of one configuration, without the samples themselves.
#[derive(Debug, Clone)]
pub struct Section {
    /// Their configuration.
    pub config: Arc<TrackConfig>,
    /// Numbers of the samples.
    pub numbers: Range<u64>,
    /// Decode time of the first, in ticks of the track's timescale.
    pub decode_time: i64,
    /// Logical bytes of their payload, for [`Track::extents`](crate::Track::extents).
    pub bytes: Range<u64>,
}

impl Section {
    /// With its samples.
    pub(super) fn with(self, samples: impl Iterator<Item = Sample>) -> Slice {
        let count = self.numbers.end - self.numbers.start;
        let mut slice = Slice {
            config: self.config,
            numbers: self.numbers,
            decode_time: self.decode_time,
            samples: Vec::with_capacity(usize::try_from(count).unwrap_or(0)),
            bytes: self.bytes,
        };
        slice.samples.extend(samples);
        slice
    }
}

/// Consecutive samples of one configuration, with their durations made to reach exactly to the
/// next sample's decode time.
#[derive(Debug, Clone)]
pub struct Slice {
    /// Their configuration.
    pub config: Arc<TrackConfig>,
    /// Numbers of the samples.
    pub numbers: Range<u64>,
    /// Decode time of the first, in ticks of the track's timescale.
    pub decode_time: i64,
    /// The samples.
    pub samples: Vec<Sample>,
    /// Logical bytes of their payload, for [`Track::extents`](crate::Track::extents).
    pub bytes: Range<u64>,
}

impl Slice {
    /// Ticks from the first sample's decode time to the end of the last.
    pub fn duration(&self) -> u64 {
        self.samples
            .iter()
            .map(|sample| u64::from(sample.duration))
            .sum()
    }

    /// Each sample's decode time and the sample.
    pub fn timed(&self) -> impl Iterator<Item = (i64, &Sample)> {
        let mut time = self.decode_time;
        self.samples.iter().map(move |sample| {
            let own = time;
            time += i64::from(sample.duration);
            (own, sample)
        })
    }

    /// By how many ticks the deepest negative composition offset lies below zero.
    pub fn composition_lead(&self) -> i64 {
        let lowest = self
            .samples
            .iter()
            .map(|sample| sample.composition_offset)
            .min();
        -i64::from(lowest.unwrap_or(0).min(0))
    }

    /// Kept within `[start, end)`, in ticks, where it is text or metadata, of which a part is as good
    /// as the whole; pictures and sound are left as they are. Many readers do not mind an edit that
    /// begins within a sample of text.
    #[must_use]
    pub fn confined(mut self, start: i64, end: i64) -> Self {
        if self.config.format.is_video() || self.config.format.is_audio() || end < start {
            return self;
        }
        let mut time = self.decode_time;
        self.decode_time = time.clamp(start, end);
        for sample in &mut self.samples {
            let until = time.saturating_add(i64::from(sample.duration));
            let kept = until.clamp(start, end) - time.clamp(start, end);
            sample.duration = u32::try_from(kept).unwrap_or(sample.duration);
            time = until;
        }
        self
    }

    /// How many leading pictures the first keyframe has: those that follow it in decode order and
    /// precede it in presentation. 0 where the first sample is none, and for sound.
    pub fn leading(&self) -> usize {
        let shown = |(time, sample): (i64, &Sample)| time + i64::from(sample.composition_offset);
        let mut times = self.timed();
        match times.next() {
            Some(first) if self.config.format.is_video() && first.1.keyframe => {
                let keyframe = shown(first);
                times.map(shown).take_while(|time| *time < keyframe).count()
            }
            _ => 0,
        }
    }

    /// Earliest presentation time, in ticks.
    pub fn presentation_start(&self) -> i64 {
        self.timed()
            .map(|(time, sample)| time + i64::from(sample.composition_offset))
            .min()
            .unwrap_or(self.decode_time)
    }

    /// Presentation time at which the last shown sample ends, in ticks.
    pub fn presentation_end(&self) -> i64 {
        self.timed()
            .map(|(time, sample)| {
                time + i64::from(sample.composition_offset) + i64::from(sample.duration)
            })
            .max()
            .unwrap_or(self.decode_time)
    }
}

#[cfg(test)]
mod tests {
    use livetape_media::{Format, FourCc, Rotation, Timescale};

    use super::*;

    #[test]
    fn text_is_cut_to_the_tick_and_sound_is_not() {
        let sample = Sample {
            size: 1,
            duration: 500,
            composition_offset: 0,
            keyframe: true,
        };
        let confined = |format, start, end| {
            let slice = Slice {
                config: Arc::new(TrackConfig {
                    format,
                    timescale: Timescale::MILLIS,
                    sample_entry: Vec::new(),
                    codec: String::new(),
                    language: *b"und",
                    rotation: Rotation::None,
                }),
                numbers: 0..3,
                decode_time: 1_000,
                samples: vec![sample; 3],
                bytes: 0..3,
            };
            let slice = slice.confined(start, end);
            let durations = slice.samples.iter().map(|sample| sample.duration);
            (slice.decode_time, durations.collect::<Vec<_>>())
        };
        let text = Format::Other {
            handler: FourCc(*b"sbtl"),
        };
        let sound = Format::Audio {
            sample_rate: 48_000,
            channels: 2,
        };
        assert_eq!(confined(text, 1_200, 2_100), (1_200, vec![300, 500, 100]));
        assert_eq!(confined(text, 0, 9_000), (1_000, vec![500; 3]));
        assert_eq!(confined(sound, 1_200, 2_100), (1_000, vec![500; 3]));
    }
}
