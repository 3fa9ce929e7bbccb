//! `EXT-X-SKIP` (section 4.4.5.2).

use crate::attribute_list::attribute_tag;

attribute_tag! {
    /// Segments left out of a delta update.
    "EXT-X-SKIP" pub struct Skip {
        required {
            /// How many.
            skipped_segments: u64 = "SKIPPED-SEGMENTS",
        }
        optional {
            /// Ids of date ranges that have gone lately, separated by tabs.
            recently_removed_date_ranges: String = "RECENTLY-REMOVED-DATERANGES",
        }
    }
}
