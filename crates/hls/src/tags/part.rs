//! `EXT-X-PART` (section 4.4.4.9).

use crate::attribute_list::attribute_tag;
use crate::byte_range::ByteRange;
use crate::decimal::Decimal;

attribute_tag! {
    /// A Partial Segment.
    "EXT-X-PART" pub struct Part {
        required {
            /// Length in seconds.
            duration: Decimal = "DURATION",
            /// Where it is, as written.
            uri: String = "URI",
        }
        optional {
            /// Whether it holds an independent frame.
            independent: bool = "INDEPENDENT",
            /// Which bytes of the resource; all of it when absent.
            byte_range: ByteRange = "BYTERANGE",
            /// Whether it is not available.
            gap: bool = "GAP",
        }
    }
}
