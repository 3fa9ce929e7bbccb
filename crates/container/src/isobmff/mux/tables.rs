//! The tables of a track's samples, ISO/IEC 14496-12 §8.6.1, §8.6.2 and §8.7.3.

use livetape_media::Sample;

use crate::isobmff::write::Writer;

/// What a `moov` lists of a track's samples, written as they come: the bytes of `stts`, `ctts`,
/// `stss` and `stsz`.
#[derive(Debug, Default, Clone)]
pub struct SampleTables {
    durations: Runs,
    offsets: Runs,
    keyframes: Vec<u8>,
    sizes: Vec<u8>,
    duration: u64,
    /// Whether any has a composition offset, or a negative one, or is no keyframe.
    has_offsets: bool,
    has_negative: bool,
    has_others: bool,
}

impl SampleTables {
    /// With room for so many samples, whose composition offsets are other than the one before so
    /// many times.
    pub fn with_capacity(samples: usize, offset_runs: usize) -> Self {
        let mut tables = Self::default();
        tables.sizes.reserve_exact(4 * samples);
        tables.offsets.bytes.reserve_exact(8 * offset_runs);
        tables
    }

    /// Adds the next sample.
    pub fn push(&mut self, sample: &Sample) {
        self.duration += u64::from(sample.duration);
        self.durations.push(sample.duration);
        self.offsets.push(sample.composition_offset as u32);
        self.sizes.extend_from_slice(&sample.size.to_be_bytes());
        self.has_offsets |= sample.composition_offset != 0;
        self.has_negative |= sample.composition_offset < 0;
        let number = self.len() as u32;
        // There is no table while all are keyframes.
        if !sample.keyframe && !self.has_others {
            self.has_others = true;
            (1..number).for_each(|number| self.keyframe(number));
        } else if sample.keyframe && self.has_others {
            self.keyframe(number);
        }
    }

    fn keyframe(&mut self, number: u32) {
        self.keyframes.extend_from_slice(&number.to_be_bytes());
    }

    /// How many samples there are.
    pub const fn len(&self) -> usize {
        self.sizes.len() / 4
    }

    /// True where there are none.
    pub const fn is_empty(&self) -> bool {
        self.sizes.is_empty()
    }

    /// How long they last, in ticks of the track's timescale.
    pub(super) const fn duration(&self) -> u64 {
        self.duration
    }

    /// Writes the boxes, but for what [`Self::into_boxes`] gives, in the same order.
    pub(super) fn leave_out(&self, w: &mut Writer) {
        w.full_box(b"stts", 0, 0, |w| self.durations.leave_out(w));
        if self.has_offsets {
            let version = u8::from(self.has_negative);
            w.full_box(b"ctts", version, 0, |w| self.offsets.leave_out(w));
        }
        if self.has_others {
            w.full_box(b"stss", 0, 0, |w| {
                w.u32((self.keyframes.len() / 4) as u32);
                w.leave_out(self.keyframes.len());
            });
        }
        w.full_box(b"stsz", 0, 0, |w| {
            w.u32(0);
            w.u32(self.len() as u32);
            w.leave_out(self.sizes.len());
        });
    }

    /// The entries of the boxes.
    pub(super) fn into_boxes(self) -> impl Iterator<Item = Vec<u8>> {
        let offsets = self.has_offsets.then_some(self.offsets.bytes);
        let keyframes = self.has_others.then_some(self.keyframes);
        let boxes = [
            Some(self.durations.bytes),
            offsets,
            keyframes,
            Some(self.sizes),
        ];
        boxes.into_iter().flatten()
    }
}

/// Pairs of a count and the value of so many equal neighbours.
#[derive(Debug, Default, Clone)]
struct Runs {
    bytes: Vec<u8>,
    /// The last run.
    count: u32,
    value: u32,
}

impl Runs {
    fn push(&mut self, value: u32) {
        let before = self.bytes.len().saturating_sub(8);
        match self.bytes.get_mut(before..before + 4) {
            Some(count) if self.value == value => {
                self.count += 1;
                count.copy_from_slice(&self.count.to_be_bytes());
            }
            _ => {
                (self.count, self.value) = (1, value);
                self.bytes.extend_from_slice(&1_u32.to_be_bytes());
                self.bytes.extend_from_slice(&value.to_be_bytes());
            }
        }
    }

    fn leave_out(&self, w: &mut Writer) {
        w.u32((self.bytes.len() / 8) as u32);
        w.leave_out(self.bytes.len());
    }
}
