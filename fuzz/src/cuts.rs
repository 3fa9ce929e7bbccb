//! Where a stream is cut into the pieces that are pushed, as the input itself decides.

/// Bytes of an input that say how the rest of it is cut.
const CUT_BYTES: usize = 4;

/// The sizes of pieces, and what else is decided between two of them: a row of numbers that is the same
/// for the same input.
#[derive(Debug, Clone)]
pub struct Cuts {
    state: u64,
    largest: u64,
}

impl Cuts {
    /// Takes the first bytes off an input. The first of them says how large pieces are at most, as a
    /// power of two, in its lower 7 bits; the others are where the row of numbers begins.
    pub fn take(input: &[u8]) -> Option<(Self, &[u8])> {
        let ([power, a, b, c], rest) = input.split_first_chunk::<CUT_BYTES>()?;
        let cuts = Self {
            state: u64::from(u32::from_be_bytes([0, *a, *b, *c])),
            largest: 1 << (power % 0x80 % 17),
        };
        Some((cuts, rest))
    }

    /// Larger pieces, for what takes long with each.
    #[must_use]
    pub fn coarse(self) -> Self {
        Self {
            largest: self.largest.max(1 << 9),
            ..self
        }
    }

    /// A number below `limit`, or 0.
    pub fn below(&mut self, limit: u64) -> u64 {
        // Knuth's MMIX generator; its high bits are good.
        self.state = self
            .state
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        (self.state >> 33) % limit.max(1)
    }

    /// The next piece, and what is left of `stream` after it; `None` where it is at its end.
    pub fn piece<'a>(&mut self, stream: &'a [u8]) -> Option<(&'a [u8], &'a [u8])> {
        let size = usize::try_from(1 + self.below(self.largest)).ok()?;
        (!stream.is_empty()).then(|| stream.split_at(size.min(stream.len())))
    }
}
