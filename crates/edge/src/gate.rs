//! Whether a recording may be played, and by whom.

use serde::{Deserialize, Serialize};

use crate::error::{ApiError, Code};
use crate::play_token::PlayClaims;

/// What a person decided about a recording.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Review {
    /// Nobody has looked yet: only reviewers may.
    Pending,
    /// It plays.
    #[default]
    Approved,
    /// It plays for nobody.
    Banned,
}

/// Who may play a recording.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Access {
    /// Whoever knows an id.
    #[default]
    Public,
    /// Who has a play token.
    Token,
}

/// What stands between a recording and those who would play it.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Gate {
    /// What was decided.
    pub review: Review,
    /// Who may.
    pub access: Access,
    /// Tokens made then or before are revoked, Unix seconds.
    pub tokens_from: u64,
}

impl Gate {
    /// Lets a request through, which comes with a token or without.
    ///
    /// # Errors
    /// [`Code::Banned`], [`Code::ReviewPending`], [`Code::PlayTokenRequired`],
    /// [`Code::PlayTokenRevoked`].
    pub fn check(&self, claims: Option<&PlayClaims>) -> Result<(), ApiError> {
        let made = |claims: &PlayClaims| claims.iat.unwrap_or(0);
        let refused = match (self.review, claims) {
            (Review::Banned, _) => Some(Code::Banned),
            (_, Some(claims)) if made(claims) <= self.tokens_from && self.tokens_from > 0 => {
                Some(Code::PlayTokenRevoked)
            }
            (Review::Pending, claims) if !claims.is_some_and(|own| own.reviewer) => {
                Some(Code::ReviewPending)
            }
            (_, None) if self.access == Access::Token => Some(Code::PlayTokenRequired),
            _ => None,
        };
        refused.map_or(Ok(()), |code| Err(code.into()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_gets_through() {
        let claims = |reviewer, iat| PlayClaims {
            reviewer,
            iat,
            ..PlayClaims::new("rec_0123456789ABCDEFGHIJKL", 10)
        };
        let plain = claims(false, Some(5));
        let reviewer = claims(true, Some(5));
        let timeless = claims(false, None);
        let (public, token) = (Access::Public, Access::Token);
        let cases = [
            (Review::Approved, public, 0, None, None),
            (Review::Approved, public, 9, None, None),
            (
                Review::Approved,
                token,
                0,
                None,
                Some(Code::PlayTokenRequired),
            ),
            (Review::Approved, token, 0, Some(&plain), None),
            (Review::Approved, token, 0, Some(&timeless), None),
            (Review::Approved, token, 4, Some(&plain), None),
            (
                Review::Approved,
                token,
                5,
                Some(&plain),
                Some(Code::PlayTokenRevoked),
            ),
            (
                Review::Approved,
                public,
                5,
                Some(&timeless),
                Some(Code::PlayTokenRevoked),
            ),
            (Review::Pending, public, 0, None, Some(Code::ReviewPending)),
            (
                Review::Pending,
                public,
                0,
                Some(&plain),
                Some(Code::ReviewPending),
            ),
            (Review::Pending, token, 0, Some(&reviewer), None),
            (
                Review::Banned,
                public,
                0,
                Some(&reviewer),
                Some(Code::Banned),
            ),
            (Review::Banned, public, 0, None, Some(Code::Banned)),
        ];
        for (review, access, tokens_from, claims, expected) in cases {
            let gate = Gate {
                review,
                access,
                tokens_from,
            };
            let refused = gate.check(claims).err().map(|error| error.code);
            assert_eq!(refused, expected, "{gate:?} {claims:?}");
        }
    }
}
