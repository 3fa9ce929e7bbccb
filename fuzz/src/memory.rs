//! An allocator that counts, thread by thread. libFuzzer's own limit on memory (`-rss_limit_mb`) looks
//! once a second at what the whole process has; this one sees the heap of each single input.
#![allow(
    unsafe_code,
    reason = "an allocator is an unsafe trait; this one only counts and passes on"
)]

use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;

/// More than this at once is refused, which ends the process: no limit of a target is near it, and the
/// machine need not be brought to its knees first.
const REFUSED: usize = 1 << 30;

thread_local! {
    static NOW: Cell<usize> = const { Cell::new(0) };
    static PEAK: Cell<usize> = const { Cell::new(0) };
}

struct Counting;

#[global_allocator]
static COUNTING: Counting = Counting;

/// Runs something; gives its result and how far the heap of this thread grew meanwhile, in bytes.
pub fn taken_by<T>(run: impl FnOnce() -> T) -> (T, usize) {
    let before = NOW.get();
    PEAK.set(before);
    let result = run();
    (result, PEAK.get().saturating_sub(before))
}

fn grown(bytes: usize) {
    let now = NOW.get().wrapping_add(bytes);
    NOW.set(now);
    PEAK.set(PEAK.get().max(now));
}

fn shrunk(bytes: usize) {
    // What another thread allocated may be freed here.
    NOW.set(NOW.get().saturating_sub(bytes));
}

// SAFETY: every call is passed on to the system's allocator as it is, or refused as the trait allows.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        if layout.size() > REFUSED {
            return std::ptr::null_mut();
        }
        grown(layout.size());
        // SAFETY: the caller's promises are those that the system's allocator asks for.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, block: *mut u8, layout: Layout) {
        shrunk(layout.size());
        // SAFETY: as above; the block came from the system's allocator.
        unsafe { System.dealloc(block, layout) }
    }

    unsafe fn realloc(&self, block: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        if size > REFUSED {
            return std::ptr::null_mut();
        }
        // Both exist for a moment at worst, but then the system moves pages, not bytes.
        shrunk(layout.size());
        grown(size);
        // SAFETY: as above.
        unsafe { System.realloc(block, layout, size) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_peak_is_what_counts() {
        let (len, taken) = taken_by(|| {
            drop(vec![1_u8; 100_000]);
            vec![1_u8; 1_000].len()
        });
        assert_eq!(len, 1_000);
        assert!((100_000..101_000).contains(&taken), "{taken}");
    }
}
