//! `EXT-X-CONTENT-STEERING` (section 4.4.6.6).

use crate::attribute_list::attribute_tag;

attribute_tag! {
    /// Where the steering manifest is.
    "EXT-X-CONTENT-STEERING" pub struct ContentSteering {
        required {
            /// URI of the steering manifest.
            server_uri: String = "SERVER-URI",
        }
        optional {
            /// Pathway to start with.
            pathway_id: String = "PATHWAY-ID",
        }
    }
}
