//! Whether a recording may be played, and by whom.

use serde::{Deserialize, Serialize};

use crate::delivery::Delivery;
use crate::encryption::Encryption;
use crate::error::{ApiError, Code};
use crate::page::Page;
use crate::play_claims::PlayClaims;

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
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Gate {
    /// What was decided.
    pub review: Review,
    /// Who may.
    pub access: Access,
    /// Tokens made then or before are revoked, Unix seconds.
    pub tokens_from: u64,
    /// In which form.
    pub encryption: Encryption,
    /// For pages of these origins; any where there are none.
    pub origins: Vec<String>,
}

/// Who asks for something to play.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Visitor {
    /// What the token says, where there is one.
    pub claims: Option<PlayClaims>,
    /// Where the request comes from.
    pub page: Page,
}

/// A form in which media is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Form {
    /// A segment as it is stored.
    Clear,
    /// A segment encrypted, or its key.
    Encrypted,
    /// One file of many segments.
    File,
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

    /// Lets a page through. One that says nothing of itself is let through too: it may be no page.
    ///
    /// # Errors
    /// [`Code::OriginRefused`].
    pub fn check_page(&self, page: &Page) -> Result<(), ApiError> {
        match !self.origins.is_empty() && page.is_foreign_to(&self.origins) {
            true => Err(Code::OriginRefused.into()),
            false => Ok(()),
        }
    }

    /// An answer to who was let through: where it is not for every page, with the fields that say so.
    #[must_use]
    pub fn share(&self, visitor: &Visitor, mut answer: Delivery) -> Delivery {
        let claimed = visitor.claims.as_ref().map(|claims| &claims.origins);
        let named = claimed.filter(|origins| !origins.is_empty());
        let origins = named.unwrap_or(&self.origins);
        if !origins.is_empty() {
            answer.headers.extend(visitor.page.share(origins));
        }
        answer
    }

    /// Checks that there is such a form of the recording: an encrypted one is not given in the clear, but
    /// for files, to those whose tokens say so.
    ///
    /// # Errors
    /// [`Code::NoSuchView`].
    pub fn check_form(&self, form: Form, claims: Option<&PlayClaims>) -> Result<(), ApiError> {
        let refused = match (self.encryption, form) {
            (Encryption::None, Form::Clear | Form::File)
            | (Encryption::Aes128, Form::Encrypted) => return Ok(()),
            (Encryption::Aes128, Form::File) if claims.is_some_and(|own| own.download) => {
                return Ok(());
            }
            (Encryption::None, Form::Encrypted) => "It is not encrypted.",
            (Encryption::Aes128, Form::Clear) => "Its segments are encrypted, below aes/.",
            (Encryption::Aes128, Form::File) => {
                "It is encrypted: files of it are for play tokens made with download."
            }
        };
        Err(ApiError::new(Code::NoSuchView, refused))
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
                ..Gate::default()
            };
            let refused = gate.check(claims).err().map(|error| error.code);
            assert_eq!(refused, expected, "{gate:?} {claims:?}");
        }
    }
    #[test]
    fn an_encrypted_recording_has_no_clear_form() {
        let plain = PlayClaims::new("rec_0123456789ABCDEFGHIJKL", 10);
        let download = PlayClaims {
            download: true,
            ..plain.clone()
        };
        let gate = |encryption| Gate {
            encryption,
            ..Gate::default()
        };
        let (clear, aes) = (gate(Encryption::None), gate(Encryption::Aes128));
        let forms = [Form::Clear, Form::Encrypted, Form::File];
        let open = |gate: &Gate, claims| forms.map(|form| gate.check_form(form, claims).is_ok());
        assert_eq!(open(&clear, None), [true, false, true]);
        for claims in [None, Some(&plain)] {
            assert_eq!(open(&aes, claims), [false, true, false]);
        }
        assert_eq!(open(&aes, Some(&download)), [false, true, true]);
    }
}
