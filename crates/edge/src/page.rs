//! The page that a request comes from, as its browser tells.

use serde::{Deserialize, Serialize};

use crate::error::{ApiError, Code};

/// Origins in one list, at most.
const MOST_ORIGINS: usize = 32;

/// What a request says of the page that it comes from; other programs say nothing.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Page {
    /// The `Origin` field: where the answer is for a script of another origin.
    pub origin: Option<String>,
    /// The origin of `Referer`.
    referer: Option<String>,
    /// The edge's own origin.
    edge: String,
}

impl Page {
    /// What the fields of a request to `edge` say.
    pub fn new(edge: &str, origin: Option<String>, referer: Option<&str>) -> Self {
        let referer = referer.and_then(|referer| {
            let host = referer.find("://")? + 3;
            let rest = referer.get(host..)?;
            let end = rest.find('/').map_or(referer.len(), |at| host + at);
            referer.get(..end)
        });
        Self {
            origin,
            referer: referer.map(str::to_owned),
            edge: edge.to_owned(),
        }
    }

    /// Its origin, as far as it is known.
    fn named(&self) -> Option<&str> {
        self.origin.as_deref().or(self.referer.as_deref())
    }

    /// It says that it is of one of these origins.
    pub fn is_of(&self, origins: &[String]) -> bool {
        self.named()
            .is_some_and(|named| origins.iter().any(|own| own == named))
    }

    /// It says that it is of another origin than these, and than the edge's own.
    pub fn is_foreign_to(&self, origins: &[String]) -> bool {
        self.named()
            .is_some_and(|named| named != self.edge && !self.is_of(origins))
    }

    /// The fields of an answer that only pages of these origins may read, of which this is one.
    pub fn share(&self, origins: &[String]) -> Vec<(String, String)> {
        let mut fields = vec![("Vary".to_owned(), "Origin".to_owned())];
        if let Some(origin) = self.origin.as_ref().filter(|_| self.is_of(origins)) {
            fields.push(("Access-Control-Allow-Origin".to_owned(), origin.clone()));
        }
        fields
    }
}

/// An origin is a scheme and a host, perhaps with a port, as browsers serialize them (RFC 6454 §6.2).
///
/// # Errors
/// [`Code::BadRequest`] for what is none, and for more than 32.
pub(crate) fn check_origins(origins: &[String]) -> Result<(), ApiError> {
    let is_origin = |text: &String| {
        let host = text
            .strip_prefix("https://")
            .or_else(|| text.strip_prefix("http://"));
        let plain = |byte: u8| {
            byte.is_ascii_lowercase() || byte.is_ascii_digit() || b"-.:[]".contains(&byte)
        };
        host.is_some_and(|host| !host.is_empty() && host.bytes().all(plain))
    };
    if origins.len() <= MOST_ORIGINS && origins.iter().all(is_origin) {
        return Ok(());
    }
    let detail =
        "origins are at most 32, as browsers write them: https://school.example, without a path.";
    Err(ApiError::new(Code::BadRequest, detail))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_is_told_by_its_origin_or_else_its_referer() {
        let own = ["https://a.example".to_owned()];
        let page = |origin: Option<&str>, referer| {
            Page::new("https://edge.example", origin.map(str::to_owned), referer)
        };
        let cases = [
            (None, None, false, false),
            (Some("https://a.example"), None, true, false),
            (
                Some("https://b.example"),
                Some("https://a.example/x"),
                false,
                true,
            ),
            (None, Some("https://a.example/x?y"), true, false),
            (None, Some("https://a.example"), true, false),
            (None, Some("https://a.example.evil/"), false, true),
            (None, Some("https://edge.example/watch"), false, false),
            (Some("null"), None, false, true),
        ];
        for (origin, referer, is_of, is_foreign) in cases {
            let page = page(origin, referer);
            assert_eq!(page.is_of(&own), is_of, "{page:?}");
            assert_eq!(page.is_foreign_to(&own), is_foreign, "{page:?}");
        }
        let shared = page(Some("https://a.example"), None).share(&own);
        assert_eq!(shared.len(), 2);
        assert_eq!(page(None, None).share(&own).len(), 1);
    }
}
