//! A track as it was appended.

use std::sync::Arc;

use super::{Slice, Track};

impl Track {
    /// All stored samples with the durations that they were appended with: a slice for each stretch in which
    /// decode times follow one from another in one configuration. A long stretch is several.
    pub fn as_appended(&self) -> impl Iterator<Item = Slice> + '_ {
        self.blocks.iter().map(|block| Slice {
            config: Arc::clone(&block.config),
            numbers: block.first..block.end(),
            decode_time: block.decode_time,
            samples: block.samples.iter().collect(),
            bytes: block.offset..block.offset_of(block.end()),
        })
    }
}
