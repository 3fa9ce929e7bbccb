//! Why a playlist is refused. The cases are those where going on would mean guessing
//! (draft-pantos-hls-rfc8216bis sections 4 and 6.3.1).

use thiserror::Error;

/// A playlist that was refused: where, and why.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("line {line}: {reason}")]
#[non_exhaustive]
pub struct Error {
    /// Line of the text, counted from 1. The last line when something is missing altogether.
    pub line: usize,
    /// What is wrong there.
    pub reason: Reason,
}

/// What makes a playlist unusable.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum Reason {
    /// The first tag is not `#EXTM3U` (section 4.4.1.1).
    #[error("the text does not start with #EXTM3U")]
    MissingHeader,
    /// There is neither a tag nor a URI that says which kind of playlist this is.
    #[error("the playlist has no content")]
    Empty,
    /// Tags of a Media Playlist and of a Multivariant Playlist in one text (section 4.1).
    #[error("{tag} does not belong in this kind of playlist")]
    MixedKinds {
        /// The first tag of the other kind.
        tag: &'static str,
    },
    /// A Media Playlist without `EXT-X-TARGETDURATION` (section 4.4.3.1).
    #[error("EXT-X-TARGETDURATION is missing")]
    MissingTargetDuration,
    /// A segment URI with no `EXTINF` before it (section 4.4.4.1).
    #[error("a segment URI without EXTINF")]
    MissingExtinf,
    /// A URI line of a Multivariant Playlist that no `EXT-X-STREAM-INF` announces.
    #[error("a URI without EXT-X-STREAM-INF")]
    MissingStreamInf,
    /// A tag that may appear once appears again with another value.
    #[error("{tag} appears again with another value")]
    Contradiction {
        /// The tag's name.
        tag: &'static str,
    },
    /// A tag whose value cannot be read.
    #[error("the value of {tag} cannot be read")]
    InvalidValue {
        /// The tag's name.
        tag: &'static str,
    },
    /// A tag without an attribute it must have.
    #[error("{tag} lacks {attribute}")]
    MissingAttribute {
        /// The tag's name.
        tag: &'static str,
        /// The attribute's name.
        attribute: &'static str,
    },
    /// A tag with an attribute whose value cannot be read.
    #[error("{attribute} of {tag} cannot be read")]
    InvalidAttribute {
        /// The tag's name.
        tag: &'static str,
        /// The attribute's name.
        attribute: &'static str,
    },
    /// A variable is defined twice (section 4.4.2.3).
    #[error("variable {name} is defined twice")]
    VariableRedefined {
        /// The variable's name.
        name: String,
    },
    /// A reference to a variable that has no value (section 4.3).
    #[error("variable {name} has no value")]
    UndefinedVariable {
        /// The variable's name.
        name: String,
    },
    /// Replacing variables would make the playlist many times longer.
    #[error("variable references expand too far")]
    ExpansionTooLarge,
    /// The last media sequence number would not fit 64 bits.
    #[error("the media sequence numbers are too large")]
    SequenceOverflow,
}
