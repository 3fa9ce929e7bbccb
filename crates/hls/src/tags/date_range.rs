//! `EXT-X-DATERANGE` (section 4.4.5.1), with SCTE-35 attributes (section 4.4.5.1.1). Client-defined
//! `X-` attributes are in `other`.

use crate::attribute_list::attribute_tag;
use crate::date_time::DateTime;
use crate::decimal::Decimal;
use crate::hex::HexSequence;

attribute_tag! {
    /// A range of time with facts attached: an advertisement, a programme, a splice.
    "EXT-X-DATERANGE" pub struct DateRange {
        required {
            /// Name of the range; tags with the same name describe the same range.
            id: String = "ID",
        }
        optional {
            /// What the other attributes mean.
            class: String = "CLASS",
            /// Where it starts. Often missing from tags that complete an earlier one.
            start_date: DateTime = "START-DATE",
            /// When to trigger: a comma-separated list of `PRE`, `POST`, `ONCE`.
            cue: String = "CUE",
            /// Where it ends.
            end_date: DateTime = "END-DATE",
            /// Length in seconds.
            duration: Decimal = "DURATION",
            /// Expected length in seconds.
            planned_duration: Decimal = "PLANNED-DURATION",
            /// `splice_info_section` of a SCTE-35 command.
            scte35_cmd: HexSequence = "SCTE35-CMD",
            /// `splice_info_section` that starts an opportunity.
            scte35_out: HexSequence = "SCTE35-OUT",
            /// `splice_info_section` that ends one.
            scte35_in: HexSequence = "SCTE35-IN",
            /// Whether the range ends where the next one of its class starts.
            end_on_next: bool = "END-ON-NEXT",
        }
    }
}
