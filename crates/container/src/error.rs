//! Why something cannot be written. Reading has no errors: see [`Defect`](crate::Defect).

/// What a muxer refuses.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The NAL lengths in a video sample do not add up to its size.
    #[error("the NAL unit lengths of a video sample at {dts} do not add up to its {size} bytes")]
    NalLengths {
        /// Decode time of the sample, 90 kHz.
        dts: i64,
        /// Bytes of the sample.
        size: usize,
    },
    /// An AAC frame is too long for ADTS, or its sampling frequency is not one of the table.
    #[error("an AAC frame of {size} bytes at {sample_rate} Hz cannot be put in ADTS")]
    Adts {
        /// Bytes of the frame.
        size: usize,
        /// Samples per second.
        sample_rate: u32,
    },
    /// A sample is presented before it is decoded.
    #[error("a sample is presented at {pts}, before it is decoded at {dts}")]
    PresentedBeforeDecoded {
        /// Presentation time, 90 kHz.
        pts: i64,
        /// Decode time, 90 kHz.
        dts: i64,
    },
}
