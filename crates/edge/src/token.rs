//! Who may do what: ingest tokens and the API key.
//!
//! An ingest token is `ing_{recording}.{expires}.{signature}`: the 22 characters of the recording it
//! is for, Unix seconds, and HMAC-SHA256 (RFC 2104) of both in base64url (RFC 4648 §5). It is verified
//! from itself alone, so a write with a wrong one costs nothing.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use hmac::{Hmac, KeyInit, Mac};
use sha2::{Digest as _, Sha256};
use subtle::ConstantTimeEq as _;

use crate::error::{ApiError, Code};
use crate::ids::RecordingId;

/// How long a token is good for, in seconds: a week.
pub const TOKEN_LIFETIME: u64 = 7 * 24 * 3600;

/// Makes and checks ingest tokens.
#[derive(Clone)]
pub struct Signer {
    secret: Vec<u8>,
}

impl Signer {
    /// A signer with the edge's secret.
    pub fn new(secret: &str) -> Self {
        Self {
            secret: secret.as_bytes().to_vec(),
        }
    }

    /// A token that lets its holder write to `recording` until `expires`, in Unix seconds.
    pub fn issue(&self, recording: &RecordingId, expires: u64) -> String {
        let claim = format!("{}.{expires}", recording.name());
        let signature = self.mac(&claim).finalize().into_bytes();
        format!("ing_{claim}.{}", URL_SAFE_NO_PAD.encode(signature))
    }

    /// Checks that `token` lets its holder write to `recording` at `now`, in Unix seconds.
    ///
    /// # Errors
    /// [`Code::TokenInvalid`] where it was not made here, [`Code::TokenExpired`], or
    /// [`Code::TokenScope`] where it is for another recording.
    pub fn verify(&self, token: &str, recording: &RecordingId, now: u64) -> Result<(), ApiError> {
        let parts = || {
            let (claim, signature) = token.strip_prefix("ing_")?.rsplit_once('.')?;
            let (name, expires) = claim.split_once('.')?;
            let signature = URL_SAFE_NO_PAD.decode(signature).ok()?;
            Some((claim, name, expires.parse::<u64>().ok()?, signature))
        };
        let (claim, name, expires, signature) = parts().ok_or(Code::TokenInvalid)?;
        let genuine = self.mac(claim).verify_slice(&signature);
        genuine.map_err(|_| Code::TokenInvalid)?;
        if expires <= now {
            return Err(Code::TokenExpired.into());
        }
        if name != recording.name() {
            return Err(Code::TokenScope.into());
        }
        Ok(())
    }

    fn mac(&self, claim: &str) -> Hmac<Sha256> {
        let mut mac =
            Hmac::<Sha256>::new_from_slice(&self.secret).expect("HMAC takes a key of any length");
        mac.update(b"livetape ingest 1\n");
        mac.update(claim.as_bytes());
        mac
    }
}

/// True where both are the same text; takes the same time wherever they differ. Never true of an
/// empty `expected`: an edge without a key has no holder of it.
pub fn same_secret(given: &str, expected: &str) -> bool {
    let (given, wanted) = (Sha256::digest(given), Sha256::digest(expected));
    bool::from(given.ct_eq(&wanted)) && !expected.is_empty()
}

/// The credentials of an `Authorization: Bearer` field.
pub fn bearer(authorization: Option<&str>) -> Option<&str> {
    let (scheme, credentials) = authorization?.trim().split_once(' ')?;
    let credentials = credentials.trim();
    (scheme.eq_ignore_ascii_case("bearer") && !credentials.is_empty()).then_some(credentials)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn id(byte: u8) -> RecordingId {
        RecordingId::from_random([byte; 16])
    }

    fn code(result: Result<(), ApiError>) -> Option<Code> {
        result.err().map(|error| error.code)
    }

    #[test]
    fn a_token_is_good_for_its_recording_until_it_expires() {
        let signer = Signer::new("secret");
        let token = signer.issue(&id(1), 1000);
        assert_eq!(code(signer.verify(&token, &id(1), 999)), None);
        assert_eq!(
            code(signer.verify(&token, &id(1), 1000)),
            Some(Code::TokenExpired)
        );
        assert_eq!(
            code(signer.verify(&token, &id(2), 0)),
            Some(Code::TokenScope)
        );
        let other = Signer::new("another secret");
        assert_eq!(
            code(other.verify(&token, &id(1), 0)),
            Some(Code::TokenInvalid)
        );
    }

    #[test]
    fn a_token_with_any_character_changed_is_refused() {
        let signer = Signer::new("secret");
        let token = signer.issue(&id(1), 1000);
        for at in 0..token.len() - 1 {
            let mut changed = token.clone().into_bytes();
            if let Some(byte) = changed.get_mut(at) {
                *byte = if *byte == b'A' { b'B' } else { b'A' };
            }
            let changed = String::from_utf8(changed).expect("ASCII");
            assert!(signer.verify(&changed, &id(1), 0).is_err(), "{changed}");
        }
        for text in ["", "ing_", "ing_a.b.c", "ing_..", "Bearer"] {
            assert_eq!(
                code(signer.verify(text, &id(1), 0)),
                Some(Code::TokenInvalid)
            );
        }
    }

    #[test]
    fn bearer_and_key() {
        assert_eq!(bearer(Some("Bearer abc")), Some("abc"));
        assert_eq!(bearer(Some("bearer  abc ")), Some("abc"));
        assert_eq!(bearer(Some("Basic abc")), None);
        assert_eq!(bearer(Some("Bearer ")), None);
        assert_eq!(bearer(None), None);
        assert!(same_secret("abc", "abc"));
        assert!(!same_secret("abc", "abd"));
        assert!(!same_secret("", ""));
    }
}
