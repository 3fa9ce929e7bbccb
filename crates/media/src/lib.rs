//! The words every other crate of livetape speaks: time, track, sample, codec configuration.
//!
//! Sits below the containers (which turn bytes into these words) and the timeline (which keeps them).
//!
//! - [`Timescale`], [`Timestamp`]: time as ticks of a scale, never mixed silently
//! - [`TrackId`], [`TrackConfig`], [`Format`]: what a track is and how its samples are to be decoded
//! - [`Sample`]: one encoded, timed unit of a track
//! - [`TimedEvent`]: something a stream says about a time of its own
//! - [`ToList`]: lists of a few things, small in code
//! - [`SmallMap`]: a map of a few things, small in code
//! - [`Wording`]: texts of words and numbers, small in code
//! - [`codec`]: parameter sets and headers of the codecs, as far as a container needs them

pub mod codec;
mod sample;
mod small_map;
mod time;
mod timed_event;
mod to_list;
mod track;
mod wording;

pub use sample::Sample;
pub use small_map::SmallMap;
pub use time::{Timescale, Timestamp};
pub use timed_event::TimedEvent;
pub use to_list::ToList;
pub use track::{Format, FourCc, Rotation, TrackConfig, TrackId};
pub use wording::Wording;
