//! Text to model (sections 4.1 to 4.4).
//!
//! Real playlists are read past small faults (see [`WarningReason`]); a fault that would leave a
//! segment's bytes, place, length or key to guesswork is an error (see [`Reason`]).

mod media;
mod multivariant;

use std::str::FromStr;

use crate::attribute_list::{Attribute, read_attributes};
use crate::error::{Error, Reason};
use crate::model::{OtherLine, Parsed, Playlist};
use crate::tags::{Define, Start};
use crate::variables::{Substitution, Variables};
use crate::warning::{Scope, WarningReason};

/// Reads a playlist of either kind.
///
/// # Errors
/// When it cannot be used without guessing: see [`Reason`].
pub fn parse(text: &str) -> Result<Playlist, Error> {
    parse_with(text, &Variables::default()).map(|parsed| parsed.playlist)
}

/// Reads a playlist of either kind, with values for the variables it imports, and tells what was
/// odd about it.
///
/// # Errors
/// When it cannot be used without guessing: see [`Reason`].
pub fn parse_with(text: &str, variables: &Variables) -> Result<Parsed, Error> {
    let mut scope = Scope {
        line: 1,
        warnings: Vec::new(),
    };
    match read(text, variables, &mut scope) {
        Ok(playlist) => Ok(Parsed {
            playlist,
            warnings: scope.warnings,
        }),
        Err(reason) => Err(Error {
            line: scope.line,
            reason,
        }),
    }
}

impl FromStr for Playlist {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        parse(text)
    }
}

fn read(text: &str, variables: &Variables, scope: &mut Scope) -> Result<Playlist, Reason> {
    let body = match text.strip_prefix('\u{FEFF}') {
        Some(body) => {
            scope.warn(WarningReason::ByteOrderMark);
            body
        }
        None => text,
    };
    check_header(body, scope)?;
    let kind = find_kind(body, scope)?;
    let substitution = Substitution::new(variables, body.len());
    match kind {
        Kind::Media => media::read(body, substitution, scope).map(Playlist::Media),
        Kind::Multivariant => {
            multivariant::read(body, substitution, scope).map(Playlist::Multivariant)
        }
    }
}

/// The lines that are not blank, trimmed, with their numbers counted from 1. A CR without LF ends a
/// line too, but is not counted.
fn lines(text: &str) -> impl Iterator<Item = (usize, &str)> {
    (1..)
        .zip(text.split('\n'))
        .flat_map(|(number, line)| line.split('\r').map(move |piece| (number, piece.trim())))
        .filter(|(_, line)| !line.is_empty())
}

fn check_header(text: &str, scope: &mut Scope) -> Result<(), Reason> {
    let mut first = true;
    for (number, line) in lines(text) {
        scope.line = number;
        if line == "#EXTM3U" || line.starts_with("#EXTM3U:") || line.starts_with("#EXTM3U ") {
            return Ok(());
        }
        if line.starts_with("#EXT") || !line.starts_with('#') {
            break;
        }
        if first {
            scope.warn(WarningReason::LinesBeforeHeader);
            first = false;
        }
    }
    Err(Reason::MissingHeader)
}

#[derive(Clone, Copy, PartialEq)]
enum Kind {
    Media,
    Multivariant,
}

/// Tags of section 4.4.6.
const MULTIVARIANT_TAGS: [&str; 6] = [
    "EXT-X-MEDIA",
    "EXT-X-STREAM-INF",
    "EXT-X-I-FRAME-STREAM-INF",
    "EXT-X-SESSION-DATA",
    "EXT-X-SESSION-KEY",
    "EXT-X-CONTENT-STEERING",
];

/// Tags of sections 4.4.3 to 4.4.5.
const MEDIA_TAGS: [&str; 21] = [
    "EXT-X-TARGETDURATION",
    "EXT-X-MEDIA-SEQUENCE",
    "EXT-X-DISCONTINUITY-SEQUENCE",
    "EXT-X-ENDLIST",
    "EXT-X-PLAYLIST-TYPE",
    "EXT-X-I-FRAMES-ONLY",
    "EXT-X-PART-INF",
    "EXT-X-SERVER-CONTROL",
    "EXTINF",
    "EXT-X-BYTERANGE",
    "EXT-X-DISCONTINUITY",
    "EXT-X-KEY",
    "EXT-X-MAP",
    "EXT-X-PROGRAM-DATE-TIME",
    "EXT-X-GAP",
    "EXT-X-BITRATE",
    "EXT-X-PART",
    "EXT-X-DATERANGE",
    "EXT-X-SKIP",
    "EXT-X-PRELOAD-HINT",
    "EXT-X-RENDITION-REPORT",
];

fn find_kind(text: &str, scope: &mut Scope) -> Result<Kind, Reason> {
    let mut found = None;
    let mut uri = None;
    for (number, line) in lines(text) {
        let Some(name) = line.strip_prefix('#').map(tag_name) else {
            uri.get_or_insert(number);
            continue;
        };
        let lookup = |tags: &[&'static str]| tags.iter().copied().find(|tag| *tag == name);
        let (kind, tag) = match (lookup(&MEDIA_TAGS), lookup(&MULTIVARIANT_TAGS)) {
            (Some(tag), _) => (Kind::Media, tag),
            (None, Some(tag)) => (Kind::Multivariant, tag),
            (None, None) => continue,
        };
        scope.line = number;
        if *found.get_or_insert(kind) != kind {
            return Err(Reason::MixedKinds { tag });
        }
    }
    match (found, uri) {
        (Some(kind), _) => Ok(kind),
        // A bare list of files: not HLS, for no segment has a duration.
        (None, Some(number)) => {
            scope.line = number;
            Err(Reason::MissingExtinf)
        }
        (None, None) => Err(Reason::Empty),
    }
}

fn tag_name(line: &str) -> &str {
    line.split_once(':')
        .map_or(line, |(name, _)| name)
        .trim_end()
}

/// Name and value of the tag or comment behind a `#`.
fn split_tag(line: &str) -> (&str, &str) {
    let (name, value) = line.split_once(':').unwrap_or((line, ""));
    (name.trim_end(), value.trim())
}

/// Tags that both kinds of playlist have (section 4.4.2).
#[derive(Default)]
struct BasicTags {
    version: Option<u64>,
    independent_segments: bool,
    defines: Vec<Define>,
    start: Option<Start>,
}

/// A tag that waits for its URI.
struct Pending<T> {
    value: T,
    /// Its line, should the URI never come.
    line: OtherLine,
    /// How many tags or items were before it.
    place: usize,
}

/// What a tag turned out to be.
enum Taken {
    /// It is in the model now.
    Yes,
    /// It goes in the model as an [`OtherLine`].
    Keep,
    /// It is none of the tags looked for.
    Unknown,
}

impl BasicTags {
    fn take(
        &mut self,
        name: &str,
        value: &str,
        substitution: &mut Substitution<'_>,
        scope: &mut Scope,
    ) -> Result<Taken, Reason> {
        match name {
            "EXTM3U" => Ok(Taken::Yes),
            "EXT-X-VERSION" => {
                let version = crate::byte_range::decimal_integer(value);
                Ok(set_first(
                    &mut self.version,
                    version,
                    "EXT-X-VERSION",
                    scope,
                ))
            }
            "EXT-X-INDEPENDENT-SEGMENTS" => {
                self.independent_segments = true;
                Ok(Taken::Yes)
            }
            Define::TAG => {
                // The values of definitions are not subject to substitution.
                let attributes = read_attributes(value, Define::TAG, None, scope)?;
                let define = Define::read(attributes, scope)?;
                substitution.define(&define)?;
                self.defines.push(define);
                Ok(Taken::Yes)
            }
            Start::TAG => {
                let start = lenient(Start::TAG, value, substitution, scope, Start::read)?;
                Ok(match start {
                    Some(start) => set_first(&mut self.start, Some(start), Start::TAG, scope),
                    None => Taken::Keep,
                })
            }
            _ => Ok(Taken::Unknown),
        }
    }
}

/// Sets a field that a playlist may set once. A value that could not be read, and any further one,
/// are kept as lines with no effect.
fn set_first<T: PartialEq>(
    field: &mut Option<T>,
    value: Option<T>,
    tag: &'static str,
    scope: &mut Scope,
) -> Taken {
    match (&field, value) {
        (_, None) => {
            scope.warn(WarningReason::TagIgnored { tag });
            Taken::Keep
        }
        (None, value) => {
            *field = value;
            Taken::Yes
        }
        (Some(_), Some(_)) => {
            scope.warn(WarningReason::TagRepeated { tag });
            Taken::Keep
        }
    }
}

/// Sets a field that must not be guessed: a second, different value is an error.
fn set_strict<T: PartialEq>(
    field: &mut Option<T>,
    value: Option<T>,
    tag: &'static str,
    scope: &mut Scope,
) -> Result<(), Reason> {
    let value = value.ok_or(Reason::InvalidValue { tag })?;
    match field {
        Some(first) if *first != value => Err(Reason::Contradiction { tag }),
        Some(_) => {
            scope.warn(WarningReason::TagRepeated { tag });
            Ok(())
        }
        None => {
            *field = Some(value);
            Ok(())
        }
    }
}

/// Reads an attribute-list tag that must be right.
fn strict<T>(
    tag: &'static str,
    value: &str,
    substitution: &mut Substitution<'_>,
    scope: &mut Scope,
    read: impl FnOnce(Vec<Attribute>, &mut Scope) -> Result<T, Reason>,
) -> Result<T, Reason> {
    let attributes = read_attributes(value, tag, Some(substitution), scope)?;
    read(attributes, scope)
}

/// Reads an attribute-list tag that can be done without: `None`, and a warning, when it is not
/// right. A variable without a value is an error even so (section 4.3).
fn lenient<T>(
    tag: &'static str,
    value: &str,
    substitution: &mut Substitution<'_>,
    scope: &mut Scope,
    read: impl FnOnce(Vec<Attribute>, &mut Scope) -> Result<T, Reason>,
) -> Result<Option<T>, Reason> {
    match strict(tag, value, substitution, scope, read) {
        Ok(value) => Ok(Some(value)),
        Err(reason @ (Reason::UndefinedVariable { .. } | Reason::ExpansionTooLarge)) => Err(reason),
        Err(_) => {
            scope.warn(WarningReason::TagIgnored { tag });
            Ok(None)
        }
    }
}

/// Fails when a known attribute could not be read and so ended up among the others.
fn require_readable(
    other: &[Attribute],
    tag: &'static str,
    attribute: &'static str,
) -> Result<(), Reason> {
    if other.iter().any(|other| other.name == attribute) {
        return Err(Reason::InvalidAttribute { tag, attribute });
    }
    Ok(())
}

#[cfg(test)]
mod tests;
