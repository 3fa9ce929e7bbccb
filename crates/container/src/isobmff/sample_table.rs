//! The sample tables of one track of a progressive file, ISO/IEC 14496-12 §8.6.1, §8.7.
//!
//! The tables are kept as they lie in the file and read a run at a time: no count in them is
//! believed further than there are entries, or payload, for it.

use livetape_media::{Sample, TrackId};

use super::boxes::BoxRef;
use super::moof::AnnouncedRun;
use super::sample_rows::{Chunks, Counted, Rows, Sizes};

/// Samples in one run at most; longer chunks become several runs.
const RUN_SAMPLES: u32 = 1_024;

/// Where a run lies, before its samples are read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Place {
    /// Bytes since the start of the stream.
    pub(crate) offset: u64,
    /// Bytes of all its samples.
    pub(crate) len: u64,
    samples: u32,
}

impl Place {
    pub(crate) const fn end(&self) -> u64 {
        self.offset.saturating_add(self.len)
    }
}

/// The tables of one track, and how far they have been read.
#[derive(Debug)]
pub(crate) struct SampleTable {
    track: TrackId,
    durations: Counted,
    composition: Counted,
    /// §8.6.2; `None` where every sample is a sync sample.
    sync: Option<Rows>,
    sizes: Sizes,
    chunks: Chunks,
    /// Zero-based number of the next sample.
    sample: u64,
    sync_row: usize,
    decode_time: i64,
    next: Option<Place>,
}

impl SampleTable {
    /// The tables of a track whose times move by `shift`; `None` where it has no samples or a
    /// table is missing. Chunk offsets count from `origin`, where the file begins.
    pub(crate) fn read(trak: BoxRef<'_>, track: TrackId, shift: i64, origin: u64) -> Option<Self> {
        let stbl = trak.children().path(&[b"mdia", b"minf", b"stbl"])?;
        let rows = |kind, width| Rows::read(stbl.children().find(kind)?, width);
        let mut table = Self {
            track,
            durations: Counted::new(rows(b"stts", 8)?),
            composition: Counted::new(rows(b"ctts", 8).unwrap_or_default()),
            sync: rows(b"stss", 4),
            sizes: Sizes::read(stbl)?,
            chunks: Chunks::new(
                rows(b"stco", 4).or_else(|| rows(b"co64", 8))?,
                rows(b"stsc", 12)?,
                origin,
            ),
            sample: 0,
            sync_row: 0,
            decode_time: shift,
            next: None,
        };
        table.next = table.find_next();
        table.next.map(|_| table)
    }

    /// The track these are the tables of.
    pub(crate) const fn track(&self) -> TrackId {
        self.track
    }

    /// Where the next run lies; `None` after the last.
    pub(crate) const fn next_place(&self) -> Option<Place> {
        self.next
    }

    /// After the last run: true where samples are left that no chunk holds.
    pub(crate) fn has_unplaced(&self) -> bool {
        self.sizes.get(self.sample).is_some()
    }

    /// Decode time after all samples that the time table counts.
    pub(crate) fn end_time(&self) -> i64 {
        let rows = self.durations.rows.iter();
        rows.fold(self.decode_time, |time, mut row| {
            let (count, delta) = (row.u32().unwrap_or(0), row.u32().unwrap_or(0));
            time.saturating_add(i64::from(count).saturating_mul(i64::from(delta)))
        })
    }

    /// Reads the next run, of which `limit` bytes at most are there.
    pub(crate) fn take(&mut self, limit: u64) -> Option<AnnouncedRun> {
        let place = self.next.take()?;
        let (decode_time, description) = (self.decode_time, self.chunks.description());
        let mut samples = Vec::new();
        let mut len = 0_u64;
        for _ in 0..place.samples {
            let sample = self.sample()?;
            len += u64::from(sample.size);
            if len > limit {
                break;
            }
            samples.push(sample);
        }
        self.chunks.pass(place.samples, place.len);
        self.next = self.find_next();
        Some(AnnouncedRun {
            track: self.track,
            description,
            decode_time,
            samples,
            repeated: None,
            offset: place.offset,
            end: place.end(),
        })
    }

    fn sample(&mut self) -> Option<Sample> {
        let size = self.sizes.get(self.sample)?;
        let own = self.durations.next();
        let last = || self.durations.rows.last()?.u32_at(4);
        let delta = own.or_else(last).unwrap_or(0);
        // Negative in two's complement is how some writers mend their clock: hardly any time.
        let duration = if delta > i32::MAX as u32 { 1 } else { delta };
        // Versions 0 and 1 read alike: no unsigned offset reaches 2^31.
        let composition_offset = self.composition.next().unwrap_or(0) as i32;
        self.sample += 1;
        let keyframe = self.is_sync();
        self.decode_time = self.decode_time.saturating_add(i64::from(duration));
        Some(Sample {
            size,
            duration,
            composition_offset,
            keyframe,
        })
    }

    /// Whether the sample of this one-based number is in the (ascending) table.
    fn is_sync(&mut self) -> bool {
        let Some(rows) = &self.sync else {
            return true;
        };
        loop {
            match rows.get(self.sync_row).and_then(|mut row| row.u32()) {
                Some(number) if u64::from(number) < self.sample => self.sync_row += 1,
                Some(number) => return u64::from(number) == self.sample,
                None => return false,
            }
        }
    }

    fn find_next(&mut self) -> Option<Place> {
        let (offset, left) = self.chunks.next_samples()?;
        let wanted = left.min(RUN_SAMPLES);
        let (samples, len) = self.sizes.measure(self.sample, wanted);
        (samples > 0).then_some(Place {
            offset,
            len,
            samples,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::super::boxes::Boxes;
    use super::super::write::Writer;
    use super::*;

    /// Two chunks of two samples and one of one, each description in turn.
    fn trak(offsets: [u64; 3]) -> Vec<u8> {
        let mut w = Writer::default();
        let words = |w: &mut Writer, words: &[u32]| words.iter().for_each(|word| w.u32(*word));
        w.boxed(b"trak", |w| {
            w.boxed(b"mdia", |w| {
                w.boxed(b"minf", |w| {
                    w.boxed(b"stbl", |w| {
                        w.full_box(b"stts", 0, 0, |w| words(w, &[2, 1, 10, 3, 20]));
                        w.full_box(b"ctts", 1, 0, |w| words(w, &[1, 2, -5_i32 as u32]));
                        w.full_box(b"stss", 0, 0, |w| words(w, &[2, 1, 4]));
                        w.full_box(b"stz2", 0, 0, |w| {
                            words(w, &[4, 5]);
                            w.bytes(&[0x12, 0x34, 0x50]);
                        });
                        let rows = [2, 1, 2, 1, 3, 1, 2];
                        w.full_box(b"stsc", 0, 0, |w| words(w, &rows));
                        w.full_box(b"co64", 0, 0, |w| {
                            w.u32(3);
                            offsets.iter().for_each(|offset| w.u64(*offset));
                        });
                    });
                });
            });
        });
        w.into_bytes()
    }

    fn read(offsets: [u64; 3]) -> Vec<AnnouncedRun> {
        let bytes = trak(offsets);
        let trak = Boxes(&bytes).next().expect("a box");
        let table = SampleTable::read(trak, TrackId(1), -7, 100);
        let mut table = table.expect("tables");
        assert_eq!(table.end_time(), -7 + 70);
        std::iter::from_fn(|| table.take(u64::MAX)).collect()
    }

    #[test]
    fn small_sizes_wide_offsets_and_several_descriptions() {
        let runs = read([1 << 40, 50, 1 << 33]);
        let facts = runs
            .iter()
            .map(|run| (run.offset, run.description, run.decode_time));
        let expected = [
            (100 + (1 << 40), 0, -7),
            (150, 0, 23),
            (100 + (1 << 33), 1, 63),
        ];
        assert_eq!(facts.collect::<Vec<_>>(), expected);
        let samples: Vec<_> = runs.iter().flat_map(|run| &run.samples).collect();
        let column = |of: fn(&Sample) -> i64| samples.iter().map(|s| of(s)).collect::<Vec<_>>();
        assert_eq!(column(|s| s.size.into()), [1, 2, 3, 4, 5]);
        // the time table ends a sample early: the last goes on like the one before it
        assert_eq!(column(|s| s.duration.into()), [10, 20, 20, 20, 20]);
        assert_eq!(column(|s| s.composition_offset.into()), [-5, -5, 0, 0, 0]);
        assert_eq!(column(|s| s.keyframe.into()), [1, 0, 0, 1, 0]);
    }

    #[test]
    fn an_offset_past_all_numbers_ends_the_track() {
        assert_eq!(read([0, u64::MAX, 0]).len(), 1);
    }
}
