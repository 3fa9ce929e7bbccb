//! Lists of recordings: what a request asks for, a page at a time, newest first.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::{Deserialize, Serialize};

use crate::api::State;
use crate::error::{ApiError, Code};
use crate::gate::Review;
use crate::ids::RecordingId;

/// Recordings of a page where nothing else is asked for.
const USUAL: u32 = 50;
/// Most recordings of a page.
const MOST: u32 = 1_000;
/// Most characters of a search.
const LONGEST_SEARCH: usize = 200;

/// Which recordings are asked for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ListQuery {
    /// How many at most.
    pub limit: u32,
    /// Those after this one.
    pub after: Option<Cursor>,
    /// Those of that state.
    pub state: Option<State>,
    /// Those of which that was decided.
    pub review: Option<Review>,
    /// Those whose title contains it, or whose id begins with it.
    pub search: Option<String>,
}

/// A place in the list: behind a recording. The order is that of creation, newest first, then of ids.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Cursor {
    /// When it was created, Unix milliseconds.
    pub created: i64,
    /// Its id.
    pub id: String,
}

impl ListQuery {
    /// Reads `limit`, `cursor`, `state`, `review` and `search`; `query` gives a parameter's value.
    ///
    /// # Errors
    /// [`Code::BadRequest`], which names the parameter.
    pub fn read(query: impl Fn(&str) -> Option<String>) -> Result<Self, ApiError> {
        let bad = |what: &str| ApiError::new(Code::BadRequest, what);
        let limit = match query("limit").map(|text| text.parse()) {
            None => USUAL,
            Some(Ok(limit)) if (1..=MOST).contains(&limit) => limit,
            Some(_) => return Err(bad("limit is a number from 1 to 1000.")),
        };
        let after = match query("cursor").as_deref().map(Cursor::parse) {
            None => None,
            Some(Some(cursor)) => Some(cursor),
            Some(None) => return Err(bad("cursor is what the page before gave.")),
        };
        let state = match query("state").as_deref() {
            None => None,
            Some("recording") => Some(State::Recording),
            Some("finished") => Some(State::Finished),
            Some(_) => return Err(bad("state is recording or finished.")),
        };
        let review = match query("review").as_deref() {
            None => None,
            Some("pending") => Some(Review::Pending),
            Some("approved") => Some(Review::Approved),
            Some("banned") => Some(Review::Banned),
            Some(_) => return Err(bad("review is pending, approved or banned.")),
        };
        let search = query("search").filter(|text| !text.is_empty());
        if search
            .as_ref()
            .is_some_and(|text| text.chars().count() > LONGEST_SEARCH)
        {
            return Err(bad("search has at most 200 characters."));
        }
        Ok(Self {
            limit,
            after,
            state,
            review,
            search,
        })
    }
}

impl Cursor {
    /// Reads what [`Cursor::text`] made.
    fn parse(text: &str) -> Option<Self> {
        let bytes = URL_SAFE_NO_PAD.decode(text).ok()?;
        let text = String::from_utf8(bytes).ok()?;
        let (created, id) = text.split_once('.')?;
        Some(Self {
            created: created.parse().ok()?,
            id: RecordingId::parse(id)?.to_string(),
        })
    }

    /// The cursor as clients hand it back; of no meaning to them.
    pub fn text(&self) -> String {
        URL_SAFE_NO_PAD.encode(format!("{}.{}", self.created, self.id))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(pairs: &[(&str, &str)]) -> Result<ListQuery, ApiError> {
        ListQuery::read(|name| {
            let found = pairs.iter().find(|(own, _)| *own == name);
            found.map(|(_, value)| (*value).to_owned())
        })
    }

    #[test]
    fn a_cursor_is_read_back() {
        let cursor = Cursor {
            created: 1_700_000_000_000,
            id: "rec_0123456789ABCDEFGHIJKL".to_owned(),
        };
        let query = read(&[("cursor", &cursor.text()), ("limit", "2"), ("search", "")]);
        let expected = ListQuery {
            limit: 2,
            after: Some(cursor),
            state: None,
            review: None,
            search: None,
        };
        assert_eq!(query, Ok(expected));
    }

    #[test]
    fn what_cannot_be_meant_is_refused() {
        let long = "x".repeat(201);
        for pair in [
            ("limit", "0"),
            ("limit", "1001"),
            ("limit", "ten"),
            ("cursor", "!"),
            ("cursor", "MTIz"),
            ("state", "gone"),
            ("review", "gone"),
            ("search", &long),
        ] {
            let refused = read(&[pair]).expect_err(pair.0);
            assert_eq!(refused.code, Code::BadRequest);
            assert!(refused.message().contains(pair.0), "{}", refused.message());
        }
    }
}
