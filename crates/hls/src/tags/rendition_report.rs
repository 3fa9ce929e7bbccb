//! `EXT-X-RENDITION-REPORT` (section 4.4.5.4).

use crate::attribute_list::attribute_tag;

attribute_tag! {
    /// How far another Media Playlist of the same content has come.
    "EXT-X-RENDITION-REPORT" pub struct RenditionReport {
        required {
            /// That playlist, as written.
            uri: String = "URI",
        }
        optional {
            /// Its last media sequence number.
            last_msn: u64 = "LAST-MSN",
            /// Its last Partial Segment, counted within the segment.
            last_part: u64 = "LAST-PART",
        }
    }
}
