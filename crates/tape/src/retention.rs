//! How long tapes that pages left behind are kept, and how much room they may take.

/// A tape that nobody has open.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Left {
    /// When it was last written to, in Unix milliseconds.
    pub written: i64,
    /// Bytes of its files.
    pub bytes: u64,
}

impl Left {
    /// They are kept for seven days, in milliseconds...
    pub const KEPT_MILLIS: i64 = 7 * 24 * 3_600 * 1_000;
    /// ...as long as they take no more than this, all together. The newest is kept in any case.
    pub const KEPT_BYTES: u64 = 4 << 30;

    /// Which of them are to be removed, by their place in `left`.
    pub fn outlived(left: &[Self], unix_millis: i64) -> Vec<usize> {
        let outlived = |at: &usize| {
            let Some(own) = left.get(*at) else {
                return false;
            };
            let newer = || {
                let others = left.iter().enumerate();
                others.filter(|(other, left)| (left.written, *other) > (own.written, *at))
            };
            let bytes: u64 = newer().map(|(_, left)| left.bytes).sum();
            let fits = newer().next().is_none() || bytes + own.bytes <= Self::KEPT_BYTES;
            !fits || unix_millis.saturating_sub(own.written) > Self::KEPT_MILLIS
        };
        (0..left.len()).filter(outlived).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_old_ones_go_and_those_there_is_no_room_for() {
        const DAY: i64 = 24 * 3_600 * 1_000;
        let left = |days: i64, gigabytes: u64| Left {
            written: 100 * DAY - days * DAY,
            bytes: gigabytes << 30,
        };
        let outlived = |left: &[Left]| Left::outlived(left, 100 * DAY);
        assert_eq!(outlived(&[left(8, 1), left(6, 1), left(0, 1)]), [0]);
        assert_eq!(
            outlived(&[left(1, 2), left(2, 2), left(3, 2), left(0, 1)]),
            [1, 2]
        );
        assert_eq!(outlived(&[left(1, 50)]), [0_usize; 0]);
        assert_eq!(outlived(&[left(9, 1)]), [0]);
    }
}
