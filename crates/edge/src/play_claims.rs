//! What a play token says.

use serde::{Deserialize, Serialize};

use crate::error::{ApiError, Code};
use crate::moment::{Moment, TimeRange};
use crate::page::Page;

/// What a token lets its holder play. Names of RFC 7519 §4.1, and the edge's own.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct PlayClaims {
    /// A recording, clip or broadcast.
    pub sub: String,
    /// Good until then, Unix seconds.
    pub exp: u64,
    /// Good from then on.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub nbf: Option<u64>,
    /// When it was made; one without is older than any revocation.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub iat: Option<u64>,
    /// Plays from there on only.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub start: Option<Moment>,
    /// Plays up to there only.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub end: Option<Moment>,
    /// Pages that may play it, such as `https://example.com`; any where empty.
    #[serde(skip_serializing_if = "Vec::is_empty", default)]
    pub origins: Vec<String>,
    /// Plays what is not reviewed yet, too.
    #[serde(skip_serializing_if = "std::ops::Not::not", default)]
    pub reviewer: bool,
    /// Opens files of what is encrypted, too.
    #[serde(skip_serializing_if = "std::ops::Not::not", default)]
    pub download: bool,
}

impl PlayClaims {
    /// Lets its holder play all of `sub` until `exp`, in Unix seconds.
    pub fn new(sub: &str, exp: u64) -> Self {
        Self {
            sub: sub.to_owned(),
            exp,
            nbf: None,
            iat: None,
            start: None,
            end: None,
            origins: Vec::new(),
            reviewer: false,
            download: false,
        }
    }

    /// The range of time that it is for.
    pub const fn window(&self) -> TimeRange {
        TimeRange {
            start: self.start,
            end: self.end,
        }
    }

    /// Checks the page that asks.
    ///
    /// # Errors
    /// [`Code::OriginRefused`].
    pub fn check_page(&self, page: &Page) -> Result<(), ApiError> {
        match self.origins.is_empty() || page.is_of(&self.origins) {
            true => Ok(()),
            false => Err(Code::OriginRefused.into()),
        }
    }
}
