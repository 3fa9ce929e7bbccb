//! `EXT-X-PART-INF` (section 4.4.3.7).

use crate::attribute_list::attribute_tag;
use crate::decimal::Decimal;

attribute_tag! {
    /// Facts about the Partial Segments of a playlist.
    "EXT-X-PART-INF" pub struct PartInf {
        required {
            /// Greatest length of a Partial Segment in seconds.
            part_target: Decimal = "PART-TARGET",
        }
        optional {}
    }
}
