//! How long tapes that pages left behind are kept.

/// They are kept for seven days from when they were begun, in milliseconds...
const KEPT_MILLIS: i64 = 7 * 24 * 3_600 * 1_000;
/// ...the newest four of them: each is as large as its window was, at most.
const KEPT_TAPES: usize = 4;

/// Whether a tape that was left is to be removed: so many milliseconds after it was begun, with so
/// many newer ones that were left.
pub const fn has_outlived(age_millis: i64, newer: usize) -> bool {
    age_millis > KEPT_MILLIS || newer >= KEPT_TAPES
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_newest_four_stay_for_a_week() {
        const DAY: i64 = 24 * 3_600 * 1_000;
        assert!(!has_outlived(6 * DAY, 3));
        assert!(has_outlived(8 * DAY, 0));
        assert!(has_outlived(0, 4));
    }
}
