//! The samples of a block, in few bytes once no more are added.
//!
//! A stream's samples are of few kinds: durations, composition offsets and keyframes recur, sizes
//! alone do not. A closed block lists its kinds, then has for each sample the number of its kind and
//! by how much it is larger than the least of that kind, in as few bits as these take.

mod sealed;

use livetape_media::{Sample, ToList};

/// Consecutive samples.
#[derive(Debug, Default)]
pub(super) struct Samples {
    packed: Packed,
    /// Those that follow.
    open: Vec<Sample>,
}

impl Samples {
    /// How many.
    pub(super) fn len(&self) -> usize {
        self.packed.len as usize + self.open.len()
    }

    /// Each, in order.
    pub(super) fn iter(&self) -> Iter<'_> {
        let Packed { len, kinds, words } = &self.packed;
        Iter {
            packed: *len,
            kinds,
            number_bits: number_bits(kinds.len()),
            words: words.iter(),
            ..Iter::over(&self.open)
        }
    }

    /// The least and the greatest composition offset, in ticks.
    pub(super) fn offsets(&self) -> (i64, i64) {
        let packed = self.packed.kinds.iter().map(|kind| kind.composition_offset);
        let open = self.open.iter().map(|sample| sample.composition_offset);
        let (mut least, mut greatest) = (i32::MAX, i32::MIN);
        for offset in packed.chain(open) {
            least = least.min(offset);
            greatest = greatest.max(offset);
        }
        (i64::from(least), i64::from(greatest))
    }

    /// Adds one.
    pub(super) fn push(&mut self, sample: Sample) {
        self.open.push(sample);
    }

    /// Packs them: no more are to be added.
    pub(super) fn close(&mut self) {
        let samples = std::mem::take(self.unpacked());
        self.packed = Packed::new(&samples);
    }

    /// To be changed.
    pub(super) fn unpacked(&mut self) -> &mut Vec<Sample> {
        if self.packed.len > 0 {
            self.open = self.iter().to_list();
            self.packed = Packed::default();
        }
        &mut self.open
    }
}

/// Samples that are alike but for their sizes.
#[derive(Debug)]
struct Kind {
    duration: u32,
    composition_offset: i32,
    /// Bytes of the smallest and of the largest.
    least: u32,
    most: u32,
    keyframe: bool,
}

impl Kind {
    /// Bits that hold by how much one is larger than the smallest.
    const fn bits(&self) -> u8 {
        width(self.most - self.least)
    }

    fn is_of(&self, sample: &Sample) -> bool {
        (self.duration, self.composition_offset, self.keyframe)
            == (sample.duration, sample.composition_offset, sample.keyframe)
    }
}

/// Packed samples.
#[derive(Debug, Default)]
pub(super) struct Packed {
    len: u32,
    kinds: Box<[Kind]>,
    /// Bits, the lowest of each word first.
    words: Box<[u32]>,
}

impl Packed {
    fn new(samples: &[Sample]) -> Self {
        let mut kinds: Vec<Kind> = Vec::new();
        for sample in samples {
            match kinds.iter_mut().find(|kind| kind.is_of(sample)) {
                Some(kind) => {
                    kind.least = kind.least.min(sample.size);
                    kind.most = kind.most.max(sample.size);
                }
                None => kinds.push(Kind {
                    duration: sample.duration,
                    composition_offset: sample.composition_offset,
                    least: sample.size,
                    most: sample.size,
                    keyframe: sample.keyframe,
                }),
            }
        }
        let (mut bits, number_bits) = (Bits::default(), number_bits(kinds.len()));
        for sample in samples {
            let numbered = kinds.iter().zip(0..);
            for (kind, number) in numbered.filter(|(kind, _)| kind.is_of(sample)) {
                bits.push(number, number_bits);
                bits.push(sample.size - kind.least, kind.bits());
            }
        }
        Self {
            len: samples.len() as u32,
            kinds: kinds.into(),
            words: bits.finish().into(),
        }
    }
}

/// Bits that hold a value.
const fn width(value: u32) -> u8 {
    (u32::BITS - value.leading_zeros()) as u8
}

/// Bits that hold the number of one of so many kinds.
const fn number_bits(kinds: usize) -> u8 {
    width((kinds as u32).saturating_sub(1))
}

/// Bits in the making.
#[derive(Default)]
struct Bits {
    words: Vec<u32>,
    /// Those that make no whole word yet; the rest is zero.
    held: u64,
    count: u8,
}

impl Bits {
    fn push(&mut self, value: u32, bits: u8) {
        self.held |= u64::from(value) << self.count;
        self.count += bits;
        if self.count >= 32 {
            self.words.push(self.held as u32);
            self.held >>= 32;
            self.count -= 32;
        }
    }

    fn finish(mut self) -> Vec<u32> {
        if self.count > 0 {
            self.words.push(self.held as u32);
        }
        self.words
    }
}

/// Gives samples one after another.
#[derive(Debug, Clone, Default)]
pub(super) struct Iter<'a> {
    /// How many of those packed are still to come.
    packed: u32,
    kinds: &'a [Kind],
    number_bits: u8,
    words: std::slice::Iter<'a, u32>,
    /// Bits that have been read and not taken, and how many they are.
    held: u64,
    count: u8,
    open: std::slice::Iter<'a, Sample>,
}

impl<'a> Iter<'a> {
    /// Over samples that are in no block.
    pub(super) fn over(samples: &'a [Sample]) -> Self {
        Self {
            open: samples.iter(),
            ..Self::default()
        }
    }

    fn take_bits(&mut self, bits: u8) -> u32 {
        if self.count < bits {
            let word = self.words.next().copied().unwrap_or(0);
            self.held |= u64::from(word) << self.count;
            self.count += 32;
        }
        let taken = self.held & ((1 << bits) - 1);
        self.held >>= bits;
        self.count -= bits;
        taken as u32
    }
}

impl Iterator for Iter<'_> {
    type Item = Sample;

    fn next(&mut self) -> Option<Sample> {
        if self.packed == 0 {
            return self.open.next().copied();
        }
        self.packed -= 1;
        let number = self.take_bits(self.number_bits);
        let kind = self.kinds.get(number as usize)?;
        Some(Sample {
            size: kind.least + self.take_bits(kind.bits()),
            duration: kind.duration,
            composition_offset: kind.composition_offset,
            keyframe: kind.keyframe,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Numbers that come in no order.
    fn scattered(count: u32) -> impl Iterator<Item = u32> {
        let next = |state: &u32| Some(state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223));
        std::iter::successors(Some(7), next).take(count as usize)
    }

    fn packed(samples: &[Sample]) -> Samples {
        let mut packed = Samples::default();
        samples.iter().for_each(|sample| packed.push(*sample));
        packed.close();
        packed
    }

    fn bytes(samples: &Samples) -> usize {
        let Packed { kinds, words, .. } = &samples.packed;
        size_of_val(&**kinds) + size_of_val(&**words)
    }

    #[test]
    fn a_stream_takes_about_two_bytes_a_picture_and_one_a_frame_of_sound() {
        let pictures = scattered(256).zip(0..).map(|(random, number)| Sample {
            size: 10_000 + random % 30_000,
            duration: 3_000,
            composition_offset: [6_000, 15_000, 6_000, 0, 3_000][number % 5],
            keyframe: number == 0,
        });
        let sound = scattered(256).map(|random| Sample {
            size: 330 + random % 40,
            duration: 1_024,
            composition_offset: 0,
            keyframe: true,
        });
        let (pictures, sound): (Vec<_>, Vec<_>) = (pictures.collect(), sound.collect());
        assert!(packed(&pictures).iter().eq(pictures.iter().copied()));
        assert!(packed(&sound).iter().eq(sound.iter().copied()));
        let (pictures, sound) = (bytes(&packed(&pictures)), bytes(&packed(&sound)));
        assert!(pictures <= 700 && sound <= 256, "{pictures} and {sound}");
    }

    #[test]
    fn samples_of_no_two_alike_take_little_more_than_they_do_unpacked() {
        let unlike = scattered(256).map(|random| Sample {
            size: random,
            duration: !random,
            composition_offset: random as i32,
            keyframe: random & 1 == 0,
        });
        let unlike: Vec<_> = unlike.collect();
        assert!(packed(&unlike).iter().eq(unlike.iter().copied()));
        assert!(bytes(&packed(&unlike)) <= 256 * 21);
    }
}
