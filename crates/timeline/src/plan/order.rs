//! Sorting. Each type that is sorted would be a sort of its own in the browser's module: all that is sorted here is
//! keys with the numbers of what they belong to.

/// A key, and the number of what it belongs to.
pub(super) type Keyed = (i128, usize);

/// Brings keys into ascending order; equal ones into that of their numbers.
#[inline(never)]
pub(super) fn sort(keyed: &mut [Keyed]) {
    keyed.sort_unstable();
}
