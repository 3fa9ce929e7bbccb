//! `EXT-X-PRELOAD-HINT` (section 4.4.5.3).

use crate::attribute_list::{attribute_tag, enumerated};

enumerated! {
    /// What a hint is about.
    pub enum HintType {
        /// A Partial Segment.
        Part = "PART",
        /// An initialization section.
        Map = "MAP",
    }
}

attribute_tag! {
    /// A resource that will be needed soon.
    "EXT-X-PRELOAD-HINT" pub struct PreloadHint {
        required {
            /// What it is.
            hint_type: HintType = "TYPE",
            /// Where it will be, as written.
            uri: String = "URI",
        }
        optional {
            /// First byte; 0 when absent.
            byte_range_start: u64 = "BYTERANGE-START",
            /// Length in bytes; to the end when absent.
            byte_range_length: u64 = "BYTERANGE-LENGTH",
        }
    }
}
