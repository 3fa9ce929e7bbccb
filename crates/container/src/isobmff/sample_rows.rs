//! The rows of sample tables, read one after another: ISO/IEC 14496-12 §8.6.1, §8.7.3 to §8.7.5.

use super::boxes::BoxRef;
use super::fields::Fields;

/// Rows of fixed width after a count, as many as are really there.
#[derive(Debug, Default)]
pub(crate) struct Rows {
    bytes: Vec<u8>,
    width: usize,
}

impl Rows {
    pub(crate) fn read(found: BoxRef<'_>, width: usize) -> Option<Self> {
        let mut fields = found.fields();
        fields.version_and_flags()?;
        let count = fields.u32()?;
        Some(Self::cut(fields, count, width))
    }

    fn cut(mut fields: Fields<'_>, count: u32, width: usize) -> Self {
        let there = fields.left() / width;
        let count = there.min(usize::try_from(count).unwrap_or(there));
        Self {
            bytes: fields.take(count * width).unwrap_or_default().to_vec(),
            width,
        }
    }

    pub(crate) fn get(&self, row: usize) -> Option<Fields<'_>> {
        let start = row.checked_mul(self.width)?;
        let bytes = self.bytes.get(start..start.checked_add(self.width)?)?;
        Some(Fields::new(bytes))
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = Fields<'_>> {
        self.bytes.chunks_exact(self.width.max(1)).map(Fields::new)
    }

    pub(crate) fn last(&self) -> Option<Fields<'_>> {
        self.get((self.bytes.len() / self.width.max(1)).checked_sub(1)?)
    }
}

/// A table of (count, value), read one value at a time.
#[derive(Debug)]
pub(crate) struct Counted {
    pub(crate) rows: Rows,
    row: usize,
    used: u32,
}

impl Counted {
    pub(crate) const fn new(rows: Rows) -> Self {
        Self {
            rows,
            row: 0,
            used: 0,
        }
    }

    pub(crate) fn next(&mut self) -> Option<u32> {
        loop {
            let mut row = self.rows.get(self.row)?;
            let (count, value) = (row.u32()?, row.u32()?);
            if self.used < count {
                self.used += 1;
                return Some(value);
            }
            self.row += 1;
            self.used = 0;
        }
    }
}

/// §8.7.3 `stsz`, `stz2`.
#[derive(Debug)]
pub(crate) enum Sizes {
    /// All samples have one size, and this is how many there are.
    Same { size: u32, count: u32 },
    /// Entries of 4, 8, 16 or 32 bits.
    Each {
        bytes: Vec<u8>,
        bits: u8,
        count: u32,
    },
}

impl Sizes {
    pub(crate) fn read(stbl: BoxRef<'_>) -> Option<Self> {
        let found = |kind| stbl.children().find(kind);
        if let Some(stsz) = found(b"stsz") {
            let mut fields = stsz.fields();
            fields.version_and_flags()?;
            let (size, count) = (fields.u32()?, fields.u32()?);
            return Some(match size {
                0 => Self::each(fields, 32, count),
                size => Self::Same { size, count },
            });
        }
        let mut fields = found(b"stz2")?.fields();
        fields.version_and_flags()?;
        let bits = (fields.u32()? & 0xff) as u8;
        let count = fields.u32()?;
        matches!(bits, 4 | 8 | 16).then(|| Self::each(fields, bits, count))
    }

    fn each(mut fields: Fields<'_>, bits: u8, count: u32) -> Self {
        let bytes = fields.take(fields.left()).unwrap_or_default();
        let wanted = (u64::from(count) * u64::from(bits)).div_ceil(8);
        let bytes = usize::try_from(wanted)
            .ok()
            .and_then(|wanted| bytes.get(..wanted))
            .unwrap_or(bytes);
        Self::Each {
            bytes: bytes.to_vec(),
            bits,
            count,
        }
    }

    pub(crate) fn get(&self, sample: u64) -> Option<u32> {
        match self {
            Self::Same { size, count } => (sample < u64::from(*count)).then_some(*size),
            Self::Each { bytes, bits, count } => {
                if sample >= u64::from(*count) {
                    return None;
                }
                let first = usize::try_from(sample * u64::from(*bits) / 8).ok()?;
                let mut fields = Fields::new(bytes.get(first..)?);
                match bits {
                    4 => {
                        let pair = fields.u8()?;
                        Some(u32::from(if sample.is_multiple_of(2) {
                            pair >> 4
                        } else {
                            pair & 15
                        }))
                    }
                    8 => fields.u8().map(u32::from),
                    16 => fields.u16().map(u32::from),
                    _ => fields.u32(),
                }
            }
        }
    }

    /// How many of the `wanted` samples from `sample` on there are, and their bytes.
    pub(crate) fn measure(&self, sample: u64, wanted: u32) -> (u32, u64) {
        let sizes = (sample..).map_while(|sample| self.get(sample));
        sizes
            .take(wanted as usize)
            .fold((0, 0), |(count, len), size| {
                (count + 1, len + u64::from(size))
            })
    }
}

/// §8.7.4 `stsc`, §8.7.5 `stco`, `co64`.
#[derive(Debug)]
pub(crate) struct Chunks {
    offsets: Rows,
    to_chunk: Rows,
    /// Where the file begins.
    origin: u64,
    /// The row of `to_chunk` that holds for `chunk`.
    row: usize,
    /// Zero-based.
    chunk: usize,
    /// Samples of the chunk that have been read, and their bytes.
    used: u32,
    used_len: u64,
}

impl Chunks {
    pub(crate) const fn new(offsets: Rows, to_chunk: Rows, origin: u64) -> Self {
        Self {
            offsets,
            to_chunk,
            origin,
            row: 0,
            chunk: 0,
            used: 0,
            used_len: 0,
        }
    }

    /// Passes over so many of the samples that come next, of so many bytes.
    pub(crate) const fn pass(&mut self, samples: u32, len: u64) {
        self.used += samples;
        self.used_len += len;
    }

    /// Where the next sample lies and how many from it on lie in one chunk.
    pub(crate) fn next_samples(&mut self) -> Option<(u64, u32)> {
        loop {
            let mut offset = self.offsets.get(self.chunk)?;
            let offset = match self.offsets.width {
                8 => offset.u64()?,
                _ => u64::from(offset.u32()?),
            };
            while self
                .to_chunk
                .get(self.row + 1)
                .and_then(|mut row| row.u32())
                .is_some_and(|first| first as usize <= self.chunk + 1)
            {
                self.row += 1;
            }
            let samples = self.to_chunk.get(self.row)?.u32_at(4)?;
            if self.used < samples {
                let offset = self.origin.checked_add(offset)?;
                let offset = offset.checked_add(self.used_len)?;
                return Some((offset, samples - self.used));
            }
            self.chunk += 1;
            (self.used, self.used_len) = (0, 0);
        }
    }

    /// Zero-based index of the chunk's sample entry.
    pub(crate) fn description(&self) -> usize {
        let row = self.to_chunk.get(self.row);
        let index = row.and_then(|row| row.u32_at(8)).unwrap_or(1);
        index.max(1) as usize - 1
    }
}
