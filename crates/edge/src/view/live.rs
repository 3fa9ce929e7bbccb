//! A recording as a live stream.
