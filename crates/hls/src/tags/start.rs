//! `EXT-X-START` (section 4.4.2.2).

use crate::attribute_list::attribute_tag;
use crate::decimal::Decimal;

attribute_tag! {
    /// Where to start playing.
    "EXT-X-START" pub struct Start {
        required {
            /// Seconds from the start, or from the end when negative.
            time_offset: Decimal = "TIME-OFFSET",
        }
        optional {
            /// Whether frames before that point must not be shown.
            precise: bool = "PRECISE",
        }
    }
}
