//! `EXT-X-SESSION-DATA` (section 4.4.6.4).

use crate::attribute_list::{attribute_tag, enumerated};

enumerated! {
    /// What `URI` leads to.
    pub enum SessionDataFormat {
        /// A JSON document.
        Json = "JSON",
        /// Any bytes.
        Raw = "RAW",
    }
}

attribute_tag! {
    /// Data about the whole session.
    "EXT-X-SESSION-DATA" pub struct SessionData {
        required {
            /// Name, in reverse DNS order.
            data_id: String = "DATA-ID",
        }
        optional {
            /// The data itself.
            value: String = "VALUE",
            /// Where the data is, as written.
            uri: String = "URI",
            /// What is there; JSON when absent.
            format: SessionDataFormat = "FORMAT",
            /// Language of the value, a BCP 47 tag.
            language: String = "LANGUAGE",
        }
    }
}
