//! The store of a client: a row of reels with their journals, and the window they keep.
//!
//! Sits between the recorder, which knows what the bytes are, and a shell that has files. A reel
//! is written once, closed, and never opened for writing again: browsers void every slice of a
//! file that is written to. The window slides by deleting whole reels.
//!
//! - [`Tape`]: decides which reel takes the next bytes, when one ends and which may go
//! - [`Command`]: what a shell has to do about it
//! - [`Window`]: how much is kept
//! - [`journal`]: what is written beside each reel, so that a tape outlives its page
//! - [`Recovery`]: the tape that such files are, repaired where they are [damaged](Damage)
//! - [`has_outlived`]: how long such tapes are kept

pub mod journal;
mod recovery;
mod retention;
mod tape;

pub use recovery::{Damage, DamageKind, Recovery};
pub use retention::has_outlived;
pub use tape::{Command, Hold, Placement, Tape, Window};
