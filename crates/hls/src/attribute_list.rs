//! Attribute lists: `NAME=value,NAME="value"` (section 4.2).

use std::fmt::{self, Display};

use crate::byte_range::{ByteRange, decimal_integer};
use crate::date_time::DateTime;
use crate::decimal::Decimal;
use crate::error::Reason;
use crate::hex::HexSequence;
use crate::variables::Substitution;
use crate::warning::{Scope, WarningReason};

/// An attribute kept as it stands: one the crate does not know, or cannot read.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Attribute {
    /// Name, e.g. `X-ASSET-URI`.
    pub name: String,
    /// Value, without quotes.
    pub value: String,
    /// Whether the value stands in quotes.
    pub quoted: bool,
}

/// Splits the text behind a tag's colon. Text that is no attribute is dropped with a warning;
/// a value whose quote never closes is an error, since its end cannot be known. Variables are
/// replaced when there is a `substitution`.
pub(crate) fn read_attributes(
    text: &str,
    tag: &'static str,
    mut substitution: Option<&mut Substitution<'_>>,
    scope: &mut Scope,
) -> Result<Vec<Attribute>, Reason> {
    let mut attributes = Vec::new();
    let mut rest = text.trim_start();
    while !rest.is_empty() {
        let end = rest.find(['=', ',']).unwrap_or(rest.len());
        let (name, tail) = rest.split_at_checked(end).unwrap_or((rest, ""));
        let name = name.trim();
        let Some(tail) = tail.strip_prefix('=') else {
            if !name.is_empty() {
                scope.warn(WarningReason::MalformedAttribute { tag });
            }
            rest = tail.strip_prefix(',').unwrap_or(tail).trim_start();
            continue;
        };
        let (value, quoted, tail) = split_value(tail).ok_or(Reason::InvalidValue { tag })?;
        rest = tail;
        if name.is_empty() || name.contains('"') {
            scope.warn(WarningReason::MalformedAttribute { tag });
            continue;
        }
        let value = match &mut substitution {
            Some(substitution) => substitution.apply(value)?.into_owned(),
            None => value.to_owned(),
        };
        attributes.push(Attribute {
            name: name.to_owned(),
            // What a variable put there may need quotes from now on.
            quoted: quoted || value.contains(','),
            value,
        });
    }
    Ok(attributes)
}

/// The value at the start of `text`, whether it was quoted, and what follows its comma.
fn split_value(text: &str) -> Option<(&str, bool, &str)> {
    let text = text.trim_start();
    if let Some(inner) = text.strip_prefix('"') {
        let (value, tail) = inner.split_once('"')?;
        // Anything between the closing quote and the comma has no meaning.
        let tail = tail.split_once(',').map_or("", |(_, tail)| tail);
        return Some((value, true, tail.trim_start()));
    }
    let (value, tail) = text.split_once(',').unwrap_or((text, ""));
    Some((value.trim_end(), false, tail.trim_start()))
}

/// A type of attribute value.
pub(crate) trait AttributeValue: Sized {
    /// Reads a value, quoted or not. `None` when it makes no sense.
    fn read(value: &str, quoted: bool) -> Option<Self>;
    /// Whether the value must stand in quotes.
    fn quoted(&self) -> bool;
    /// Writes the value, without quotes.
    fn write(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result;
}

/// Takes the first attribute called `name` out of `list`, noting quotes where there should be none
/// and the reverse. `None` when there is none; one that cannot be read is an error and stays.
// Not inlined: the tags have a hundred attributes of ten types.
#[inline(never)]
fn take<T: AttributeValue>(
    list: &mut Vec<Attribute>,
    tag: &'static str,
    name: &'static str,
    scope: &mut Scope,
) -> Result<Option<T>, Reason> {
    let found = list.iter().enumerate().find(|(_, a)| a.name == name);
    let Some((index, attribute)) = found else {
        return Ok(None);
    };
    let Some(value) = T::read(&attribute.value, attribute.quoted) else {
        return Err(Reason::InvalidAttribute {
            tag,
            attribute: name,
        });
    };
    if value.quoted() != attribute.quoted {
        scope.warn(WarningReason::Quoting {
            tag,
            attribute: name,
        });
    }
    list.remove(index);
    Ok(Some(value))
}

/// Takes an attribute that a tag must have.
#[inline(never)]
pub(crate) fn take_required<T: AttributeValue>(
    list: &mut Vec<Attribute>,
    tag: &'static str,
    attribute: &'static str,
    scope: &mut Scope,
) -> Result<T, Reason> {
    take(list, tag, attribute, scope)?.ok_or(Reason::MissingAttribute { tag, attribute })
}

/// Takes an attribute that a tag may have; one that cannot be read stays in `list`.
#[inline(never)]
pub(crate) fn take_optional<T: AttributeValue>(
    list: &mut Vec<Attribute>,
    tag: &'static str,
    attribute: &'static str,
    scope: &mut Scope,
) -> Option<T> {
    take(list, tag, attribute, scope).unwrap_or_else(|_| {
        scope.warn(WarningReason::AttributeIgnored { tag, attribute });
        None
    })
}

/// Writes attributes one after the other, with their commas.
pub(crate) struct AttributeWriter<'a, 'b> {
    f: &'a mut fmt::Formatter<'b>,
    first: bool,
}

impl<'a, 'b> AttributeWriter<'a, 'b> {
    pub(crate) fn new(f: &'a mut fmt::Formatter<'b>) -> Self {
        Self { f, first: true }
    }

    /// Writes `NAME=value`, in quotes where the type wants them.
    pub(crate) fn write<T: AttributeValue>(&mut self, name: &str, value: &T) -> fmt::Result {
        self.name(name)?;
        if value.quoted() {
            self.f.write_str("\"")?;
            value.write(self.f)?;
            self.f.write_str("\"")
        } else {
            value.write(self.f)
        }
    }

    /// Writes an attribute that was kept as it stands.
    pub(crate) fn write_other(&mut self, attribute: &Attribute) -> fmt::Result {
        self.name(&attribute.name)?;
        if attribute.quoted {
            self.f.write_str("\"")?;
            write_clean(self.f, &attribute.value, &['"'])?;
            self.f.write_str("\"")
        } else {
            write_clean(self.f, &attribute.value, &[','])
        }
    }

    fn name(&mut self, name: &str) -> fmt::Result {
        if !self.first {
            self.f.write_str(",")?;
        }
        self.first = false;
        write_clean(self.f, name, &['"', ',', '='])?;
        self.f.write_str("=")
    }
}

/// Writes `text` without line breaks and without the characters in `barred`: what the format cannot
/// carry there is left out, so that no value can end its line or its quotes.
pub(crate) fn write_clean(f: &mut fmt::Formatter<'_>, text: &str, barred: &[char]) -> fmt::Result {
    text.split(|c| c == '\n' || c == '\r' || barred.contains(&c))
        .try_for_each(|piece| f.write_str(piece))
}

impl AttributeValue for String {
    fn read(value: &str, quoted: bool) -> Option<Self> {
        (quoted || !value.contains('"')).then(|| value.to_owned())
    }
    fn quoted(&self) -> bool {
        true
    }
    fn write(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write_clean(f, self, &['"'])
    }
}

impl AttributeValue for bool {
    fn read(value: &str, _quoted: bool) -> Option<Self> {
        match value {
            "YES" => Some(true),
            "NO" => Some(false),
            _ => None,
        }
    }
    fn quoted(&self) -> bool {
        false
    }
    fn write(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(if *self { "YES" } else { "NO" })
    }
}

impl AttributeValue for u64 {
    fn read(value: &str, _quoted: bool) -> Option<Self> {
        decimal_integer(value)
    }
    fn quoted(&self) -> bool {
        false
    }
    fn write(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        Display::fmt(self, f)
    }
}

/// Types that read and write themselves with [`str::parse`] and [`Display`].
macro_rules! attribute_value {
    ($($ty:ty, quoted: $quoted:literal;)*) => {
        $(impl AttributeValue for $ty {
            fn read(value: &str, _quoted: bool) -> Option<Self> {
                value.parse().ok()
            }
            fn quoted(&self) -> bool {
                $quoted
            }
            fn write(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                Display::fmt(self, f)
            }
        })*
    };
}

attribute_value! {
    Decimal, quoted: false;
    HexSequence, quoted: false;
    ByteRange, quoted: true;
    DateTime, quoted: true;
}

/// Defines an enumerated-string type (section 4.2) that keeps names it does not know.
macro_rules! enumerated {
    (
        $(#[$meta:meta])*
        pub enum $name:ident {
            $($(#[$variant_meta:meta])* $variant:ident = $text:literal,)*
        }
    ) => {
        $(#[$meta])*
        #[derive(Debug, Clone, PartialEq, Eq, Hash)]
        #[non_exhaustive]
        pub enum $name {
            $($(#[$variant_meta])* $variant,)*
            /// A name that is not listed here, as written.
            Other(String),
        }

        impl $name {
            /// The name as playlists write it.
            #[must_use]
            pub fn as_str(&self) -> &str {
                match self {
                    $(Self::$variant => $text,)*
                    Self::Other(name) => name,
                }
            }
        }

        impl $crate::attribute_list::AttributeValue for $name {
            fn read(value: &str, _quoted: bool) -> Option<Self> {
                Some(match value.trim() {
                    "" => return None,
                    $($text => Self::$variant,)*
                    name if name.contains(['"', ',']) => return None,
                    name => Self::Other(name.to_owned()),
                })
            }
            fn quoted(&self) -> bool {
                false
            }
            fn write(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                $crate::attribute_list::write_clean(f, self.as_str(), &['"', ','])
            }
        }
    };
}
pub(crate) use enumerated;

/// Defines a tag whose value is an attribute list: a struct with one field an attribute, how to
/// read it, how to write it. Attributes are written in the order of the fields, then the others.
macro_rules! attribute_tag {
    (
        $(#[$meta:meta])*
        $tag:literal pub struct $name:ident {
            required { $($(#[$required_meta:meta])* $required:ident: $required_type:ty = $required_name:literal,)* }
            optional { $($(#[$optional_meta:meta])* $optional:ident: $optional_type:ty = $optional_name:literal,)* }
        }
    ) => {
        $(#[$meta])*
        #[derive(Debug, Clone, PartialEq, Eq, Hash)]
        pub struct $name {
            $($(#[$required_meta])* pub $required: $required_type,)*
            $($(#[$optional_meta])* pub $optional: Option<$optional_type>,)*
            /// Attributes that are not known or cannot be read, in their order.
            pub other: Vec<$crate::attribute_list::Attribute>,
        }

        impl $name {
            /// The tag's name.
            pub(crate) const TAG: &'static str = $tag;

            /// A tag with nothing but the attributes that it must have.
            #[must_use]
            #[allow(clippy::new_without_default, reason = "some tags require no attribute")]
            pub fn new($($required: impl Into<$required_type>,)*) -> Self {
                Self {
                    $($required: $required.into(),)*
                    $($optional: None,)*
                    other: Vec::new(),
                }
            }

            pub(crate) fn read(
                attributes: Vec<$crate::attribute_list::Attribute>,
                scope: &mut $crate::warning::Scope,
            ) -> Result<Self, $crate::error::Reason> {
                let mut list = attributes;
                Ok(Self {
                    $($required: $crate::attribute_list::take_required(&mut list, $tag, $required_name, scope)?,)*
                    $($optional: $crate::attribute_list::take_optional(&mut list, $tag, $optional_name, scope),)*
                    other: list,
                })
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(concat!("#", $tag, ":"))?;
                let mut attributes = $crate::attribute_list::AttributeWriter::new(f);
                $(attributes.write($required_name, &self.$required)?;)*
                $(if let Some(value) = &self.$optional {
                    attributes.write($optional_name, value)?;
                })*
                self.other.iter().try_for_each(|other| attributes.write_other(other))
            }
        }
    };
}
pub(crate) use attribute_tag;
