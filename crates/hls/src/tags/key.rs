//! `EXT-X-KEY` (section 4.4.4.4) and `EXT-X-SESSION-KEY` (section 4.4.6.5).

use crate::attribute_list::{attribute_tag, enumerated};
use crate::hex::HexSequence;

enumerated! {
    /// How segments are encrypted.
    pub enum KeyMethod {
        /// Not at all.
        None = "NONE",
        /// Whole segments, AES-128 CBC with PKCS#7 padding.
        Aes128 = "AES-128",
        /// Media samples, AES-128.
        SampleAes = "SAMPLE-AES",
        /// Media samples of fMP4, `cenc` scheme.
        SampleAesCtr = "SAMPLE-AES-CTR",
    }
}

attribute_tag! {
    /// How to decrypt the segments and initialization sections that follow.
    "EXT-X-KEY" pub struct Key {
        required {
            /// How they are encrypted.
            method: KeyMethod = "METHOD",
        }
        optional {
            /// Where the key is, as written.
            uri: String = "URI",
            /// Initialization vector, a 128-bit number.
            iv: HexSequence = "IV",
            /// How the key is represented; `identity` when absent.
            key_format: String = "KEYFORMAT",
            /// Versions of that format, separated by slashes; `1` when absent.
            key_format_versions: String = "KEYFORMATVERSIONS",
        }
    }
}

attribute_tag! {
    /// A key of some Media Playlist, told early.
    "EXT-X-SESSION-KEY" pub struct SessionKey {
        required {
            /// How segments are encrypted.
            method: KeyMethod = "METHOD",
        }
        optional {
            /// Where the key is, as written.
            uri: String = "URI",
            /// Initialization vector, a 128-bit number.
            iv: HexSequence = "IV",
            /// How the key is represented; `identity` when absent.
            key_format: String = "KEYFORMAT",
            /// Versions of that format, separated by slashes; `1` when absent.
            key_format_versions: String = "KEYFORMATVERSIONS",
        }
    }
}
