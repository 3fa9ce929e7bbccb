//! The tables of a track's samples, ISO/IEC 14496-12 §8.6.1, §8.6.2 and §8.7.3.

use livetape_media::Sample;

/// Bytes of a full box and a count before the entries; `stsz` has a field more.
const HEAD: usize = 16;
const SIZES_HEAD: usize = HEAD + 4;

/// What a `moov` lists of a track's samples, written as they come: `stts`, `ctts`, `stss`, `stsz`.
#[derive(Debug, Clone)]
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
    pub fn new(samples: usize, offset_runs: usize) -> Self {
        Self {
            durations: Runs::new(0),
            offsets: Runs::new(offset_runs),
            keyframes: table(HEAD, 0),
            sizes: table(SIZES_HEAD, 4 * samples),
            duration: 0,
            has_offsets: false,
            has_negative: false,
            has_others: false,
        }
    }

    /// Adds the next sample.
    pub fn push(&mut self, sample: &Sample) {
        self.duration += u64::from(sample.duration);
        self.durations.push(sample.duration);
        self.offsets.push(sample.composition_offset as u32);
        add(&mut self.sizes, sample.size);
        self.has_offsets |= sample.composition_offset != 0;
        self.has_negative |= sample.composition_offset < 0;
        let number = self.len() as u32;
        // There is no table while all are keyframes.
        if !sample.keyframe && !self.has_others {
            self.has_others = true;
            (1..number).for_each(|number| add(&mut self.keyframes, number));
        } else if sample.keyframe && self.has_others {
            add(&mut self.keyframes, number);
        }
    }

    /// How many samples there are.
    pub const fn len(&self) -> usize {
        (self.sizes.len() - SIZES_HEAD) / 4
    }

    /// True where there are none.
    pub const fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// How long they last, in ticks of the track's timescale.
    pub(super) const fn duration(&self) -> u64 {
        self.duration
    }

    /// Makes them boxes: no samples are to be added. Those that are not needed are empty.
    pub(super) fn finish(&mut self) {
        finish(&mut self.durations.bytes, b"stts", 0, HEAD, 8);
        let version = u8::from(self.has_negative);
        finish(&mut self.offsets.bytes, b"ctts", version, HEAD, 8);
        if !self.has_offsets {
            self.offsets.bytes.clear();
        }
        finish(&mut self.keyframes, b"stss", 0, HEAD, 4);
        if !self.has_others {
            self.keyframes.clear();
        }
        finish(&mut self.sizes, b"stsz", 0, SIZES_HEAD, 4);
    }

    /// Bytes of the boxes.
    pub(super) const fn boxes_len(&self) -> usize {
        let runs = self.durations.bytes.len() + self.offsets.bytes.len();
        runs + self.keyframes.len() + self.sizes.len()
    }

    /// The boxes, in their order.
    pub(super) fn into_boxes(self) -> [Vec<u8>; 4] {
        let (durations, offsets) = (self.durations.bytes, self.offsets.bytes);
        [durations, offsets, self.keyframes, self.sizes]
    }
}

/// One of the tables.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Table {
    /// `stts`: pairs of a count and a duration.
    Durations,
    /// `ctts`: pairs of a count and a composition offset, none of them negative.
    Offsets,
    /// `stss`: numbers of keyframes, from 1.
    Keyframes,
    /// `stsz`.
    Sizes,
}

impl Table {
    /// All, in their order in a file.
    pub const ALL: [Self; 4] = [Self::Durations, Self::Offsets, Self::Keyframes, Self::Sizes];

    /// Bytes of an entry.
    pub const fn entry_len(self) -> usize {
        match self {
            Self::Durations | Self::Offsets => 8,
            Self::Keyframes | Self::Sizes => 4,
        }
    }

    /// What goes before so many entries, which are to follow.
    pub fn head(self, entries: usize) -> Vec<u8> {
        let (kind, len) = match self {
            Self::Durations => (b"stts", HEAD),
            Self::Offsets => (b"ctts", HEAD),
            Self::Keyframes => (b"stss", HEAD),
            Self::Sizes => (b"stsz", SIZES_HEAD),
        };
        let mut head = table(len, 0);
        write_head(&mut head, kind, 0, len, (entries, self.entry_len()));
        head
    }
}

/// A table with room for its head and so many bytes of entries.
fn table(head: usize, room: usize) -> Vec<u8> {
    let mut table = Vec::with_capacity(head + room);
    table.resize(head, 0);
    table
}

fn add(table: &mut Vec<u8>, value: u32) {
    table.extend_from_slice(&value.to_be_bytes());
}

/// Writes a table's head, before entries of `size` bytes.
fn finish(table: &mut [u8], kind: &[u8; 4], version: u8, head: usize, size: usize) {
    let count = (table.len() - head) / size;
    write_head(table, kind, version, head, (count, size));
}

fn write_head(
    table: &mut [u8],
    kind: &[u8; 4],
    version: u8,
    head: usize,
    (count, size): (usize, usize),
) {
    let len = head + count * size;
    let fields = [
        (0, (len as u32).to_be_bytes()),
        (4, *kind),
        (8, [version, 0, 0, 0]),
        (head - 4, (count as u32).to_be_bytes()),
    ];
    for (at, field) in fields {
        if let Some(place) = table.get_mut(at..at + 4) {
            place.copy_from_slice(&field);
        }
    }
}

/// Pairs of a count and the value of so many equal neighbours.
#[derive(Debug, Clone)]
struct Runs {
    bytes: Vec<u8>,
    /// The last run.
    count: u32,
    value: u32,
}

impl Runs {
    fn new(runs: usize) -> Self {
        Self {
            bytes: table(HEAD, 8 * runs),
            count: 0,
            value: 0,
        }
    }

    fn push(&mut self, value: u32) {
        if self.count > 0 && self.value == value {
            let place = self.bytes.len() - 8;
            self.bytes.truncate(place);
            self.count += 1;
        } else {
            (self.count, self.value) = (1, value);
        }
        add(&mut self.bytes, self.count);
        add(&mut self.bytes, value);
    }
}
