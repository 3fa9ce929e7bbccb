//! Things that happen at a time of the stream besides its samples: metadata, splice points.

use crate::Timestamp;

/// Something that a stream says about a time of its own: an ID3 tag, a splice of SCTE-35, a DASH
/// event. The words are those of `emsg`, ISO/IEC 23009-1 §5.10.3.3; the payload is verbatim.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TimedEvent {
    /// When, on the presentation timeline of the stream it came in.
    pub time: Timestamp,
    /// How long it lasts; `None` where that is not known.
    pub duration: Option<Timestamp>,
    /// `scheme_id_uri`: what the payload is.
    pub scheme: String,
    /// `value`: which of the scheme's events; empty where the scheme has but one kind.
    pub value: String,
    /// `id`: tells events of one scheme and value apart.
    pub id: u32,
    /// `message_data`.
    pub payload: Vec<u8>,
}

impl TimedEvent {
    /// The scheme of ID3 tags (Carriage of ID3 Timed Metadata in CMAF, §2).
    pub const ID3: &'static str = "https://aomedia.org/emsg/ID3";

    /// The scheme of a whole `splice_info_section` (ANSI/SCTE 214-3, §7.2).
    pub const SCTE_35: &'static str = "urn:scte:scte35:2013:bin";

    /// Bytes of memory it takes, about.
    pub const fn weight(&self) -> usize {
        size_of::<Self>() + self.scheme.len() + self.value.len() + self.payload.len()
    }
}
