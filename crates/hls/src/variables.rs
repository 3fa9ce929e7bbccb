//! Variable substitution: `{$name}` (section 4.3) with the variables of `EXT-X-DEFINE`.

use std::borrow::Cow;
use std::collections::BTreeMap;

use crate::error::Reason;
use crate::tags::Define;

/// How many times the length of the text replaced references may add in all. A playlist that
/// defines one long value and refers to it thousands of times must not exhaust memory.
const MAX_EXPANSION: usize = 16;

/// Values from outside the playlist that `EXT-X-DEFINE` may ask for.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Variables {
    /// For `IMPORT`: variables of the Multivariant Playlist that led here.
    pub imported: BTreeMap<String, String>,
    /// For `QUERYPARAM`: parameters of this playlist's own URL, percent-decoded.
    pub query: BTreeMap<String, String>,
}

/// The variables defined so far.
pub(crate) struct Substitution<'a> {
    outside: &'a Variables,
    defined: BTreeMap<String, String>,
    budget: usize,
}

impl<'a> Substitution<'a> {
    pub(crate) fn new(outside: &'a Variables, text_length: usize) -> Self {
        Self {
            outside,
            defined: BTreeMap::new(),
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
            } => (name, lookup(&self.outside.imported, name)?.to_owned()),
            Define {
                query_param: Some(name),
                ..
            } => (name, lookup(&self.outside.query, name)?.to_owned()),
            _ => {
                return Err(Reason::MissingAttribute {
                    tag: Define::TAG,
                    attribute: "NAME",
                });
            }
        };
        match self.defined.insert(name.clone(), value) {
            None => Ok(()),
            Some(_) => Err(Reason::VariableRedefined { name: name.clone() }),
        }
    }

    /// Replaces every reference in `text`. References within a value are not replaced in turn.
    pub(crate) fn apply<'t>(&mut self, text: &'t str) -> Result<Cow<'t, str>, Reason> {
        if !text.contains("{$") {
            return Ok(Cow::Borrowed(text));
        }
        let mut result = String::new();
        let mut rest = text;
        while let Some((before, tail)) = rest.split_once("{$") {
            result.push_str(before);
            rest = tail;
            let Some((name, tail)) = split_name(tail) else {
                result.push_str("{$");
                continue;
            };
            let value = lookup(&self.defined, name)?;
            self.budget = self
                .budget
                .checked_sub(value.len())
                .ok_or(Reason::ExpansionTooLarge)?;
            result.push_str(value);
            rest = tail;
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

fn lookup<'a>(values: &'a BTreeMap<String, String>, name: &str) -> Result<&'a str, Reason> {
    match values.get(name) {
        Some(value) => Ok(value),
        None => Err(Reason::UndefinedVariable {
            name: name.to_owned(),
        }),
    }
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
    fn expansion_is_bounded() {
        let outside = Variables::default();
        let mut substitution = Substitution::new(&outside, 10);
        assert_eq!(define(&mut substitution, "a", &"x".repeat(100)), Ok(()));
        assert!(substitution.apply("{$a}").is_ok());
        assert_eq!(substitution.apply("{$a}"), Err(Reason::ExpansionTooLarge));
    }
}
