//! One encoded, timed unit of a track.

/// What an index has to know of a sample. All times are ticks of its track's timescale.
///
/// ISO/IEC 14496-12 calls the same facts sample size, decode delta, composition offset and
/// sync sample.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Sample {
    /// Bytes of payload.
    pub size: u32,
    /// Decode time of the next sample minus this one's.
    pub duration: u32,
    /// Presentation time minus decode time; may be negative.
    pub composition_offset: i32,
    /// Decoding can start here.
    pub keyframe: bool,
}
