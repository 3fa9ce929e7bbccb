//! A body's pieces as reads of storage: as few as it takes.
//!
//! Of pieces that lie near each other in one object, what is between is read too and left out, which costs
//! less than another read; and where they would be many reads, also of those that lie farther apart: the
//! sound alone of a long film that is stored together with its pictures.

use crate::delivery::{HeaderOf, Piece};

/// Most reads for one body, where its pieces lie one behind another in few objects.
pub const MOST_READS: usize = 40;
/// Most bytes of a header that are asked for at once: whoever makes them does nothing else meanwhile.
const HEADER_PART: u64 = 1 << 20;
/// So many bytes between two pieces are always read with them.
const NEAR: u64 = 64 << 10;

/// What is written next.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Step<'a> {
    /// Made bytes.
    Made(&'a [u8]),
    /// Stored ones.
    Read(Read<'a>),
    /// Bytes of a file's header, from the first of so many.
    Header(&'a HeaderOf, u64, u64),
}

/// A range of a stored object that is read at once.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Read<'a> {
    /// The object's key.
    pub key: &'a str,
    /// First byte.
    pub offset: u64,
    /// Number of bytes.
    pub len: u64,
    /// One after another, how many of them are left out, and how many are then sent.
    pub takes: Vec<(u64, u64)>,
}

impl Read<'_> {
    /// All of it is sent.
    pub fn is_whole(&self) -> bool {
        matches!(self.takes.as_slice(), [(0, len)] if *len == self.len)
    }

    /// How many bytes lie between it and what follows in the same object; `None` where that is before it.
    fn gap(&self, key: &str, offset: u64) -> Option<u64> {
        // The keys, of which there are thousands, only where the places may fit.
        let gap = offset.checked_sub(self.offset + self.len);
        gap.filter(|_| self.key == key)
    }
}

/// The steps that give pieces one after another.
pub fn steps(pieces: &[Piece]) -> Vec<Step<'_>> {
    let widest = widest(pieces);
    let mut steps: Vec<Step<'_>> = Vec::new();
    for piece in pieces {
        let (key, offset, len) = match piece {
            Piece::Bytes(bytes) => {
                steps.push(Step::Made(bytes));
                continue;
            }
            Piece::Header { of, offset, len } => {
                let end = offset.saturating_add(*len);
                let parts = (*offset..end).step_by(HEADER_PART as usize);
                steps.extend(parts.map(|at| Step::Header(of, at, HEADER_PART.min(end - at))));
                continue;
            }
            Piece::Stored { key, offset, len } => (key, *offset, *len),
        };
        if let Some(Step::Read(read)) = steps.last_mut()
            && let Some(gap) = read.gap(key, offset).filter(|gap| *gap <= widest)
        {
            read.len += gap + len;
            read.takes.push((gap, len));
            continue;
        }
        steps.push(Step::Read(Read {
            key,
            offset,
            len,
            takes: vec![(0, len)],
        }));
    }
    steps
}

/// The widest gap that is read with what lies around it.
fn widest(pieces: &[Piece]) -> u64 {
    let stored = |piece: &&Piece| matches!(piece, Piece::Stored { .. });
    let reads = pieces.iter().filter(stored).count();
    let mut gaps: Vec<u64> = pieces
        .windows(2)
        .filter_map(|pair| match pair {
            [
                Piece::Stored { key, offset, len },
                Piece::Stored {
                    key: next,
                    offset: from,
                    ..
                },
            ] => from.checked_sub(offset + len).filter(|_| key == next),
            _ => None,
        })
        .collect();
    gaps.sort_unstable();
    let too_many = reads.saturating_sub(MOST_READS);
    let needed = too_many
        .checked_sub(1)
        .map(|last| last.min(gaps.len().saturating_sub(1)));
    let needed = needed.and_then(|last| gaps.get(last));
    needed.copied().unwrap_or(0).max(NEAR)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn stored(key: &str, offset: u64, len: u64) -> Piece {
        Piece::Stored {
            key: key.to_owned(),
            offset,
            len,
        }
    }

    /// Offset, length, and what is sent of it.
    type Range = (u64, u64, Vec<(u64, u64)>);

    fn read(steps: &[Step<'_>]) -> Vec<Range> {
        let reads = steps.iter().filter_map(|step| match step {
            Step::Read(read) => Some((read.offset, read.len, read.takes.clone())),
            Step::Made(_) | Step::Header(..) => None,
        });
        reads.collect()
    }

    #[test]
    fn what_lies_near_is_one_read() {
        let pieces = [
            Piece::Bytes(vec![1]),
            stored("a", 10, 5),
            stored("a", 20, 5),
            stored("a", 25 + NEAR, 1),
            stored("a", 27 + 2 * NEAR, 1),
            stored("a", 0, 3),
            stored("b", 3, 3),
            Piece::Bytes(vec![2]),
            stored("b", 6, 3),
        ];
        let steps = steps(&pieces);
        assert_eq!(
            read(&steps),
            [
                (10, 16 + NEAR, vec![(0, 5), (5, 5), (NEAR, 1)]),
                (27 + 2 * NEAR, 1, vec![(0, 1)]),
                (0, 3, vec![(0, 3)]),
                (3, 3, vec![(0, 3)]),
                (6, 3, vec![(0, 3)]),
            ]
        );
        assert_eq!(steps.len(), 7);
        assert!(matches!(&steps[2], Step::Read(read) if read.is_whole()));
        assert!(matches!(&steps[1], Step::Read(read) if !read.is_whole()));
    }

    #[test]
    fn many_pieces_of_few_objects_are_few_reads() {
        let sound = |at: u64| {
            stored(
                if at < 500 { "a" } else { "b" },
                at * 700_000 + at % 7,
                30_000,
            )
        };
        let pieces: Vec<Piece> = (0..1_000).map(sound).collect();
        let steps = steps(&pieces);
        let reads = read(&steps);
        assert!(reads.len() <= MOST_READS, "{}", reads.len());
        let sent: u64 = reads
            .iter()
            .flat_map(|(.., takes)| takes)
            .map(|(_, len)| len)
            .sum();
        assert_eq!(sent, 30_000_000);
        let apart: Vec<Piece> = (0..1_000).map(|at| stored(&at.to_string(), 0, 1)).collect();
        assert_eq!(read(&super::steps(&apart)).len(), 1_000);
    }

    #[test]
    fn a_long_header_is_asked_for_in_parts() {
        let of = HeaderOf {
            recording: crate::ids::RecordingId::from_random([7; 16]),
            kind: crate::view::mp4::FileKind::Video,
            etag: "\"x\"".to_owned(),
            last: 7,
        };
        let header = |offset, len| {
            let of = of.clone();
            [Piece::Header { of, offset, len }]
        };
        let parts = |pieces: &[Piece]| {
            let parts = steps(pieces).into_iter().map(|step| match step {
                Step::Header(_, offset, len) => (offset, len),
                other => panic!("{other:?}"),
            });
            parts.collect::<Vec<_>>()
        };
        assert_eq!(
            parts(&header(5, 2 * HEADER_PART + 1)),
            [
                (5, HEADER_PART),
                (5 + HEADER_PART, HEADER_PART),
                (5 + 2 * HEADER_PART, 1)
            ]
        );
        assert_eq!(parts(&header(9, HEADER_PART)), [(9, HEADER_PART)]);
    }
}
