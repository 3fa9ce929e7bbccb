//! `EXT-X-SERVER-CONTROL` (section 4.4.3.8).

use crate::attribute_list::attribute_tag;
use crate::decimal::Decimal;

attribute_tag! {
    /// What the server can do.
    "EXT-X-SERVER-CONTROL" pub struct ServerControl {
        required {}
        optional {
            /// Delta updates are there; segments further than so many seconds from the end may be
            /// skipped.
            can_skip_until: Decimal = "CAN-SKIP-UNTIL",
            /// Whether delta updates may skip date ranges too.
            can_skip_date_ranges: bool = "CAN-SKIP-DATERANGES",
            /// Seconds to stay behind the end.
            hold_back: Decimal = "HOLD-BACK",
            /// Seconds to stay behind the end when playing Partial Segments.
            part_hold_back: Decimal = "PART-HOLD-BACK",
            /// Whether a reload may wait for what is to come.
            can_block_reload: bool = "CAN-BLOCK-RELOAD",
        }
    }
}
