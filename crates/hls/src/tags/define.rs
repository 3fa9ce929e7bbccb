//! `EXT-X-DEFINE` (section 4.4.2.3).

use crate::attribute_list::attribute_tag;

attribute_tag! {
    /// A variable definition. One of `name`, `import` and `query_param` says how.
    "EXT-X-DEFINE" pub struct Define {
        required {}
        optional {
            /// The variable's name, its value being `value`.
            name: String = "NAME",
            /// The value of the variable `name`.
            value: String = "VALUE",
            /// Name of a variable of the Multivariant Playlist.
            import: String = "IMPORT",
            /// Name of a parameter of the playlist's URL.
            query_param: String = "QUERYPARAM",
        }
    }
}
