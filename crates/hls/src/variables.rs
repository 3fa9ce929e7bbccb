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
            } => (name, lookup(&self.outside.imported, name)?),
            Define {
                query_param: Some(name),
                ..
            } => (name, lookup(&self.outside.query, name)?),
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
            match tail.split_once('}') {
                Some((name, tail)) if is_name(name) => {
                    let value = lookup(&self.defined, name)?;
                    self.budget = self
                        .budget
                        .checked_sub(value.len())
                        .ok_or(Reason::ExpansionTooLarge)?;
                    result.push_str(&value);
                    rest = tail;
                }
                _ => {
                    result.push_str("{$");
                    rest = tail;
                }
            }
        }
        result.push_str(rest);
        Ok(Cow::Owned(result))
    }
}

fn lookup(values: &BTreeMap<String, String>, name: &str) -> Result<String, Reason> {
    values
        .get(name)
        .cloned()
        .ok_or_else(|| Reason::UndefinedVariable {
            name: name.to_owned(),
        })
}

fn is_name(name: &str) -> bool {
    !name.is_empty()
        && name
            .bytes()
            .all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_')
}
