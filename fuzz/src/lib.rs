//! Fuzz targets: for each parser a function that takes any bytes and asserts what must always hold.
//!
//! `cargo xtask soak fuzz` builds the program `fuzz`, gives it seeds cut out of real media, and lets
//! libFuzzer mutate them. The ordinary tests run the same functions over fewer inputs, without libFuzzer.
//!
//! - [`TARGETS`]: the targets; [`Target::run`] runs one on one input, within its limits
//! - [`memory`]: how much heap an input takes, measured at the allocator
//! - [`seeds`]: inputs to begin with, made of real media
//!
//! A target's input is not always the parser's: where a stream can be cut into pieces, the first bytes
//! say where it is cut (see [`Cuts`]), so that libFuzzer finds the cuts that matter.

mod cuts;
pub mod memory;
pub mod seeds;
mod target;
mod targets;

pub use cuts::Cuts;
pub use target::{Target, find};
pub use targets::TARGETS;
