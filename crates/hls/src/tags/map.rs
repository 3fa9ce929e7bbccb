//! `EXT-X-MAP` (section 4.4.4.5).

use crate::attribute_list::attribute_tag;
use crate::byte_range::ByteRange;

attribute_tag! {
    /// The initialization section of the segments that follow.
    "EXT-X-MAP" pub struct Map {
        required {
            /// Where it is, as written.
            uri: String = "URI",
        }
        optional {
            /// Which bytes of the resource; all of it when absent.
            byte_range: ByteRange = "BYTERANGE",
        }
    }
}
