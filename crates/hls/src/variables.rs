//! Variable substitution: `{$name}` (section 4.3) with the variables of `EXT-X-DEFINE`.

use std::borrow::Cow;

use crate::error::Reason;
use crate::tags::Define;

/// How many times the length of the text replaced references may add in all. A playlist that
/// defines one long value and refers to it thousands of times must not exhaust memory.
const MAX_EXPANSION: usize = 16;

/// More variables than any playlist has. They are kept in a sorted list, which is a fraction of a tree's code; one
/// that only grows would be slow.
const MAX_VARIABLES: usize = 10_000;

/// What a reference begins with.
const REFERENCE: &str = "{$";

/// Values from outside the playlist that `EXT-X-DEFINE` may ask for.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Variables {
    /// For `IMPORT`: variables of the Multivariant Playlist that led here, names and values.
    pub imported: Vec<(String, String)>,
    /// For `QUERYPARAM`: parameters of this playlist's own URL, percent-decoded, names and values.
    pub query: Vec<(String, String)>,
}

/// The variables defined so far.
pub(crate) struct Substitution<'a> {
    outside: &'a Variables,
    /// By name.
    defined: Vec<(String, String)>,
    budget: usize,
}

impl<'a> Substitution<'a> {
    pub(crate) fn new(outside: &'a Variables, text_length: usize) -> Self {
        Self {
            outside,
            defined: Vec::new(),
            budget: text_length.saturating_mul(MAX_EXPANSION),
        }
    }

    /// Takes in the variable of an `EXT-X-DEFINE` tag.
    pub(crate) fn define(&mut self, tag: &Define) -> Result<(), Reason> {
        let (name, value) = match tag {
            Define {
                name: Some(name), ..
            } => (name, tag.value.clone().unwrap_or_default()),
            Define {
                import: Some(name), ..
            } => (name, outside(&self.outside.imported, name)?.to_owned()),
            Define {
                query_param: Some(name),
                ..
            } => (name, outside(&self.outside.query, name)?.to_owned()),
            _ => {
                return Err(Reason::MissingAttribute {
                    tag: Define::TAG,
                    attribute: "NAME",
                });
            }
        };
        match self.place(name) {
            Ok(_) => Err(Reason::VariableRedefined { name: name.clone() }),
            Err(_) if self.defined.len() == MAX_VARIABLES => {
                Err(Reason::InvalidValue { tag: Define::TAG })
            }
            Err(at) => {
                self.defined.insert(at, (name.clone(), value));
                Ok(())
            }
        }
    }

    /// Where a variable is, or belongs.
    fn place(&self, name: &str) -> Result<usize, usize> {
        self.defined
            .binary_search_by(|(own, _)| own.as_str().cmp(name))
    }

    /// Replaces every reference in `text`. References within a value are not replaced in turn.
    pub(crate) fn apply<'t>(&mut self, text: &'t str) -> Result<Cow<'t, str>, Reason> {
        let mut result = String::new();
        let mut rest = text;
        while let Some((before, tail)) = split_reference(rest) {
            result.push_str(before);
            rest = tail;
            let Some((name, tail)) = split_name(tail) else {
                result.push_str(REFERENCE);
                continue;
            };
            let place = self.place(name).ok();
            let (_, value) = place
                .and_then(|at| self.defined.get(at))
                .ok_or_else(|| undefined(name))?;
            self.budget = self
                .budget
                .checked_sub(value.len())
                .ok_or(Reason::ExpansionTooLarge)?;
            result.push_str(value);
            rest = tail;
        }
        if rest.len() == text.len() {
            return Ok(Cow::Borrowed(text));
        }
        result.push_str(rest);
        Ok(Cow::Owned(result))
    }

    /// The URI that a line is. Values must not make it what no line with a URI is: blank, or a
    /// tag or comment.
    pub(crate) fn uri(&mut self, line: &str) -> Result<String, Reason> {
        let uri = self.apply(line)?;
        let uri = uri.trim();
        if uri.is_empty() || uri.starts_with('#') {
            return Err(Reason::InvalidValue { tag: Define::TAG });
        }
        Ok(uri.to_owned())
    }
}

fn outside<'a>(values: &'a [(String, String)], name: &str) -> Result<&'a str, Reason> {
    let value = values.iter().find(|(own, _)| own == name);
    value
        .map(|(_, value)| value.as_str())
        .ok_or_else(|| undefined(name))
}

fn undefined(name: &str) -> Reason {
    Reason::UndefinedVariable {
        name: name.to_owned(),
    }
}

/// What lies before and after the [`REFERENCE`] that comes first.
fn split_reference(text: &str) -> Option<(&str, &str)> {
    // A search for more than one character is a lot of code in the standard library.
    let mut places = text.as_bytes().windows(REFERENCE.len());
    let at = places.position(|place| place == REFERENCE.as_bytes())?;
    let (before, from) = text.split_at_checked(at)?;
    Some((before, from.strip_prefix(REFERENCE)?))
}

/// The name at the start of `text`, and what follows its closing brace.
fn split_name(text: &str) -> Option<(&str, &str)> {
    let end = text.find(|c: char| !(c.is_ascii_alphanumeric() || c == '-' || c == '_'))?;
    let (name, tail) = text.split_at_checked(end)?;
    Some((name, tail.strip_prefix('}')?)).filter(|_| !name.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn define(substitution: &mut Substitution<'_>, name: &str, value: &str) -> Result<(), Reason> {
        substitution.define(&Define {
            name: Some(name.to_owned()),
            value: Some(value.to_owned()),
            ..Define::new()
        })
    }

    #[test]
    fn references_are_replaced_once() {
        let outside = Variables::default();
        let mut substitution = Substitution::new(&outside, 100);
        assert_eq!(define(&mut substitution, "a", "{$b}"), Ok(()));
        assert_eq!(define(&mut substitution, "b", "x"), Ok(()));
        let cases = [
            ("none", "none"),
            ("{$a}-{$b}", "{$b}-x"),
            ("{$}{$ b}{$b", "{$}{$ b}{$b"),
            ("{{$b}}", "{x}"),
        ];
        for (text, expected) in cases {
            assert_eq!(substitution.apply(text).as_deref(), Ok(expected));
        }
    }

    #[test]
    fn unknown_and_repeated_names_are_errors() {
        let outside = Variables::default();
        let mut substitution = Substitution::new(&outside, 100);
        let name = || "a".to_owned();
        assert_eq!(
            substitution.apply("{$a}"),
            Err(Reason::UndefinedVariable { name: name() })
        );
        assert_eq!(define(&mut substitution, "a", "1"), Ok(()));
        assert_eq!(
            define(&mut substitution, "a", "2"),
            Err(Reason::VariableRedefined { name: name() })
        );
    }

    #[test]
    fn a_uri_stays_a_line_with_a_uri() {
        let outside = Variables::default();
        let mut substitution = Substitution::new(&outside, 100);
        for (name, value) in [("tag", "#EXT"), ("blank", " "), ("good", "b")] {
            assert_eq!(define(&mut substitution, name, value), Ok(()));
        }
        let refused = Err(Reason::InvalidValue { tag: Define::TAG });
        assert_eq!(substitution.uri("{$tag}-X-ENDLIST"), refused);
        assert_eq!(substitution.uri("{$blank}"), refused);
        let uri = substitution.uri("{$blank}a#{$good}");
        assert_eq!(uri.as_deref(), Ok("a#b"));
    }

    #[test]
    fn variables_are_counted() {
        let outside = Variables::default();
        let mut substitution = Substitution::new(&outside, 100);
        for number in 0..MAX_VARIABLES {
            assert_eq!(define(&mut substitution, &number.to_string(), "x"), Ok(()));
        }
        assert_eq!(substitution.apply("{$7}{$9999}").as_deref(), Ok("xx"));
        let refused = Err(Reason::InvalidValue { tag: Define::TAG });
        assert_eq!(define(&mut substitution, "one_more", "x"), refused);
    }

    #[test]
    fn expansion_is_bounded() {
        let outside = Variables::default();
        let mut substitution = Substitution::new(&outside, 10);
        assert_eq!(define(&mut substitution, "a", &"x".repeat(100)), Ok(()));
        assert!(substitution.apply("{$a}").is_ok());
        assert_eq!(substitution.apply("{$a}"), Err(Reason::ExpansionTooLarge));
    }
}
