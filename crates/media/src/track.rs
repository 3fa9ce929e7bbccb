//! What a track is and how its samples are to be decoded.

use std::fmt;

use crate::Timescale;

/// A track's number within one stream (a TS PID, an ISO BMFF `track_ID`, a source buffer's number).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct TrackId(pub u32);

/// Four printable bytes naming a box, brand or codec.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct FourCc(pub [u8; 4]);

impl FourCc {
    /// The letters; what is no printable byte as an escape.
    pub fn text(self) -> String {
        let mut text = String::new();
        for byte in self.0 {
            for letter in byte.escape_ascii() {
                text.push(char::from(letter));
            }
        }
        text
    }
}

impl fmt::Display for FourCc {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text())
    }
}

impl fmt::Debug for FourCc {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "'{self}'")
    }
}

/// The kind of a track with what its kind says about presentation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub enum Format {
    /// Pictures. Sizes in pixels as coded in the sample entry.
    Video {
        /// Pixels across.
        width: u16,
        /// Pixels down.
        height: u16,
    },
    /// Sound.
    Audio {
        /// Samples per second as presented.
        sample_rate: u32,
        /// Number of channels.
        channels: u16,
    },
    /// Text, timed metadata, anything else carried verbatim.
    Other {
        /// ISO/IEC 14496-12 `handler_type`.
        handler: FourCc,
    },
}

/// By how much a decoded picture is turned clockwise to be shown.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub enum Rotation {
    /// It is upright.
    #[default]
    None,
    /// 90 degrees.
    Quarter,
    /// 180 degrees.
    Half,
    /// 270 degrees.
    ThreeQuarters,
}

impl Rotation {
    /// The turn of so many degrees, clockwise; none where it is no quarter, half or three.
    pub const fn of(degrees: u32) -> Self {
        match degrees {
            90 => Self::Quarter,
            180 => Self::Half,
            270 => Self::ThreeQuarters,
            _ => Self::None,
        }
    }

    /// Degrees, clockwise.
    pub const fn degrees(self) -> u16 {
        match self {
            Self::None => 0,
            Self::Quarter => 90,
            Self::Half => 180,
            Self::ThreeQuarters => 270,
        }
    }
}

impl Format {
    /// True for pictures.
    pub const fn is_video(&self) -> bool {
        matches!(self, Self::Video { .. })
    }

    /// True for sound.
    pub const fn is_audio(&self) -> bool {
        matches!(self, Self::Audio { .. })
    }
}

/// One configuration of a track: all that its samples need besides their own bytes.
///
/// The sample entry is carried verbatim, so that what this project does not know survives.
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct TrackConfig {
    /// Kind and presentation.
    pub format: Format,
    /// The unit of this track's times.
    pub timescale: Timescale,
    /// The whole sample entry box (ISO/IEC 14496-12 §8.5.2), header included.
    pub sample_entry: Vec<u8>,
    /// RFC 6381 codecs parameter, such as `avc1.64001e`; the bare four characters where unknown.
    pub codec: String,
    /// ISO 639-2/T language, packed as in `mdhd`; `und` where unknown.
    pub language: [u8; 3],
    /// How pictures are turned to be shown.
    pub rotation: Rotation,
}
