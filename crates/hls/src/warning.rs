//! Oddities of a playlist that do not keep it from being used.

/// Something odd that was read past.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Warning {
    /// Line of the text, counted from 1.
    pub line: usize,
    /// What is odd there.
    pub reason: WarningReason,
}

/// What was odd, and what was done about it.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum WarningReason {
    /// The text starts with a byte order mark; it is ignored.
    ByteOrderMark,
    /// Comments stand before `#EXTM3U`; they are kept.
    LinesBeforeHeader,
    /// A known tag cannot be read; it is kept as it stands and has no effect.
    TagIgnored {
        /// The tag's name.
        tag: &'static str,
    },
    /// A tag that may appear once appears again; the repetition has no effect.
    TagRepeated {
        /// The tag's name.
        tag: &'static str,
    },
    /// A tag stands after the first segment where it should stand before.
    TagOutOfPlace {
        /// The tag's name.
        tag: &'static str,
    },
    /// A known attribute cannot be read; it is kept as it stands and has no effect.
    AttributeIgnored {
        /// The tag's name.
        tag: &'static str,
        /// The attribute's name.
        attribute: &'static str,
    },
    /// A required attribute is missing; the tag is used without it.
    AttributeMissing {
        /// The tag's name.
        tag: &'static str,
        /// The attribute's name.
        attribute: &'static str,
    },
    /// A value is quoted that should not be, or the reverse; it is used all the same.
    Quoting {
        /// The tag's name.
        tag: &'static str,
        /// The attribute's name.
        attribute: &'static str,
    },
    /// Text in an attribute list that is no attribute; it is dropped.
    MalformedAttribute {
        /// The tag's name.
        tag: &'static str,
    },
    /// `EXTINF` has no comma after the duration.
    MissingComma,
    /// `EXT-X-TARGETDURATION` is not a whole number; it is rounded up.
    TargetDurationRounded,
    /// A tag that announces a URI is not followed by one; it is kept and has no effect.
    MissingUri {
        /// The tag's name.
        tag: &'static str,
    },
    /// A line repeats the URI of the tag before it; it is dropped.
    RepeatedUri,
    /// An `EXT-X-BYTERANGE` without an offset does not follow a range of the same resource; offset 0
    /// is assumed.
    ByteRangeWithoutStart,
}

/// Where the reader is, and where its warnings go.
pub(crate) struct Scope {
    /// Current line, counted from 1.
    pub(crate) line: usize,
    /// Everything odd so far.
    pub(crate) warnings: Vec<Warning>,
}

impl Scope {
    /// Notes an oddity of the current line.
    pub(crate) fn warn(&mut self, reason: WarningReason) {
        self.warnings.push(Warning {
            line: self.line,
            reason,
        });
    }
}
