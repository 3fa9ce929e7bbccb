//! What a target is, and the limits it runs within.

use crate::TARGETS;
use crate::memory;
use crate::seeds::Seeds;

/// A parser with what is asserted of it.
#[derive(Debug)]
pub struct Target {
    /// What it is called on the command line.
    pub name: &'static str,
    /// What it reads and asserts, in a line.
    pub about: &'static str,
    /// Reads any input; panics where something does not hold.
    pub body: fn(&[u8]),
    /// What it begins with.
    pub seeds: Seeds,
    /// The longest input worth trying, in bytes.
    pub longest: usize,
    /// Heap that an input may take whatever it is, in bytes.
    pub heap: usize,
    /// Heap that each byte of an input may take on top of it, in bytes.
    pub heap_per_byte: usize,
}

impl Target {
    /// Runs the target on one input; gives the heap that it took, in bytes.
    ///
    /// # Panics
    /// Where what the target asserts does not hold, or where the input takes more heap than an
    /// input of its length may: memory may grow with what arrives, never with a number read
    /// from it.
    pub fn run(&self, input: &[u8]) -> usize {
        let most = self.heap + self.heap_per_byte * input.len();
        let ((), taken) = memory::taken_by(|| (self.body)(input));
        assert!(
            taken <= most,
            "{} bytes of input took {taken} bytes of heap; at most {most} are in order",
            input.len()
        );
        taken
    }
}

/// The target of that name.
pub fn find(name: &str) -> Option<&'static Target> {
    TARGETS.iter().find(|target| target.name == name)
}
