//! The index of a recording, and the plans made over it.
//!
//! Sits between what was demuxed (runs of samples) with where it was stored (extents), and
//! whatever is taken out. Nothing here holds or moves media bytes.
//!
//! - [`Timeline`], [`Track`]: every stored sample: when, how long, keyframe, which configuration
//! - [`Extent`], [`StoreId`]: where stored bytes are (a reel, an object, a file)
//! - [`rescaled`]: samples of another timescale than their track has
//! - [`sealed`]: a timeline's samples as bytes, read back without a look at them
//! - [`plan`]: what is taken out, as a list of stored ranges and generated header bytes

mod events;
mod extent;
pub mod plan;
mod rescale;
pub mod sealed;
mod timeline;
mod track;
mod wall_clock;

pub use extent::{Extent, StoreId};
pub use plan::{Part, Plan};
pub use rescale::rescaled;
pub use timeline::{Appended, Timeline};
pub use track::{Presented, SealedTrack, Section, Slice, Track};
