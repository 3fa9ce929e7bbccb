//! `EXT-X-MEDIA` (section 4.4.6.1).

use crate::attribute_list::{attribute_tag, enumerated};

enumerated! {
    /// Kind of a rendition.
    pub enum MediaType {
        /// Audio.
        Audio = "AUDIO",
        /// Video.
        Video = "VIDEO",
        /// Subtitles.
        Subtitles = "SUBTITLES",
        /// Captions inside the video.
        ClosedCaptions = "CLOSED-CAPTIONS",
    }
}

attribute_tag! {
    /// A rendition: an alternative of the same content.
    "EXT-X-MEDIA" pub struct Media {
        required {
            /// Kind.
            media_type: MediaType = "TYPE",
            /// Group that variants name.
            group_id: String = "GROUP-ID",
            /// Name for people.
            name: String = "NAME",
        }
        optional {
            /// Media Playlist, as written. Absent: inside the variant's own segments.
            uri: String = "URI",
            /// Main language, a BCP 47 tag.
            language: String = "LANGUAGE",
            /// A further language, a BCP 47 tag.
            assoc_language: String = "ASSOC-LANGUAGE",
            /// Identifier that stays the same from one Multivariant Playlist to the next.
            stable_rendition_id: String = "STABLE-RENDITION-ID",
            /// Whether to play it when the user says nothing.
            default: bool = "DEFAULT",
            /// Whether it may be picked because of the environment.
            autoselect: bool = "AUTOSELECT",
            /// Whether it is essential.
            forced: bool = "FORCED",
            /// Channel or service inside the segments.
            instream_id: String = "INSTREAM-ID",
            /// Bits an audio sample.
            bit_depth: u64 = "BIT-DEPTH",
            /// Audio samples a second.
            sample_rate: u64 = "SAMPLE-RATE",
            /// Uniform Type Identifiers, separated by commas.
            characteristics: String = "CHARACTERISTICS",
            /// Audio channels and more, separated by slashes.
            channels: String = "CHANNELS",
        }
    }
}
