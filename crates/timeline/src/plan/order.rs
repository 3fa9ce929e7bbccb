//! Sorting. Each type that is sorted would be a sort of its own in the browser's module: all that is sorted here is
//! keys with the numbers of what they belong to.

/// A key, and the number of what it belongs to.
pub(super) type Keyed = (i128, usize);

/// Brings keys into ascending order; equal ones into that of their numbers.
///
/// Merges runs of twice the length until there is one: the standard library's sort is faster for what is in no order
/// at all, which nothing here is, and ten times this in code.
#[inline(never)]
pub(super) fn sort(keyed: &mut Vec<Keyed>) {
    let mut merged = Vec::with_capacity(keyed.len());
    let mut run = 1;
    while run < keyed.len() {
        for pair in keyed.chunks(2 * run) {
            let (mut left, mut right) = pair.split_at_checked(run).unwrap_or((pair, &[]));
            while let ([first, lefts @ ..], [second, rights @ ..]) = (left, right) {
                if first <= second {
                    merged.push(*first);
                    left = lefts;
                } else {
                    merged.push(*second);
                    right = rights;
                }
            }
            merged.extend_from_slice(left);
            merged.extend_from_slice(right);
        }
        std::mem::swap(keyed, &mut merged);
        merged.clear();
        run *= 2;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_come_into_order_and_equal_ones_into_that_of_their_numbers() {
        for len in 0..40_usize {
            // Multiples of a number prime to the length come in every order.
            let keys = (0..len).map(|number| ((number * 17 % (len + 1) / 2) as i128 - 5, number));
            let mut sorted: Vec<_> = keys.rev().collect();
            let mut expected = sorted.clone();
            expected.sort_unstable();
            sort(&mut sorted);
            assert_eq!(sorted, expected);
        }
    }
}
