//! Play tokens: JSON Web Tokens (RFC 7519) in the compact form of RFC 7515, in the path in place of an
//! id. `HS256` with the edge's own key or one that is set up; `ES256` (RFC 7518 §3.4) with a public
//! key that is set up.
//!
//! A token is checked from itself and the set-up alone; whether it was revoked, the recording says.

use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use hmac::{Hmac, KeyInit, Mac};
use p256::ecdsa::signature::Verifier as _;
use p256::ecdsa::{Signature, VerifyingKey};
use serde::{Deserialize, Serialize};
use sha2::Sha256;

use crate::error::{ApiError, Code};
use crate::play_claims::PlayClaims;

/// Characters of a token, at most.
const LONGEST: usize = 4_096;
/// Name of the edge's own key.
const OWN_KEY: &str = "edge";

#[derive(Serialize, Deserialize)]
struct Header {
    alg: String,
    #[serde(skip_serializing_if = "Option::is_none", default)]
    typ: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none", default)]
    kid: Option<String>,
    /// Extensions that must be understood, RFC 7515 §4.1.11: none is.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    crit: Option<Vec<String>>,
}

#[derive(Clone)]
enum Key {
    Hs256(Vec<u8>),
    Es256(Box<VerifyingKey>),
}

/// The keys that tokens are checked with, by name.
#[derive(Clone)]
pub struct PlayKeys {
    keys: Vec<(String, Key)>,
    own: Vec<u8>,
}

impl fmt::Debug for PlayKeys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Not the keys.
        f.debug_struct("PlayKeys").finish_non_exhaustive()
    }
}

impl PlayKeys {
    /// The edge's own key, which follows from its secret, and those of `set_up`: separated by commas,
    /// each `name:HS256:` with at least 32 bytes or `name:ES256:` with an uncompressed point of
    /// P-256, in base64url. `None` where one cannot be read.
    pub fn new(secret: &str, set_up: &str) -> Option<Self> {
        let mut mac = mac(secret.as_bytes());
        mac.update(b"livetape play 1\n");
        let own = mac.finalize().into_bytes().to_vec();
        let mut keys = vec![(OWN_KEY.to_owned(), Key::Hs256(own.clone()))];
        for text in set_up
            .split(',')
            .map(str::trim)
            .filter(|text| !text.is_empty())
        {
            let (name, rest) = text.split_once(':')?;
            let (kind, bytes) = rest.split_once(':')?;
            let bytes = URL_SAFE_NO_PAD.decode(bytes).ok()?;
            let key = match kind {
                "HS256" if bytes.len() >= 32 => Key::Hs256(bytes),
                "ES256" => Key::Es256(Box::new(VerifyingKey::from_sec1_bytes(&bytes).ok()?)),
                _ => return None,
            };
            keys.push((name.to_owned(), key));
        }
        Some(Self { keys, own })
    }

    /// A token, by the edge's own key.
    pub fn issue(&self, claims: &PlayClaims) -> String {
        let header = Header {
            alg: "HS256".to_owned(),
            typ: Some("JWT".to_owned()),
            kid: Some(OWN_KEY.to_owned()),
            crit: None,
        };
        let signed = format!("{}.{}", encoded(&header), encoded(claims));
        let mut mac = mac(&self.own);
        mac.update(signed.as_bytes());
        let signature = URL_SAFE_NO_PAD.encode(mac.finalize().into_bytes());
        format!("{signed}.{signature}")
    }

    /// What a token lets its holder play at `now`, in Unix seconds.
    ///
    /// # Errors
    /// [`Code::PlayTokenInvalid`], [`Code::PlayTokenExpired`].
    pub fn verify(&self, token: &str, now: u64) -> Result<PlayClaims, ApiError> {
        let claims = self.genuine(token).ok_or(Code::PlayTokenInvalid)?;
        if claims.exp <= now {
            return Err(Code::PlayTokenExpired.into());
        }
        if claims.nbf.is_some_and(|from| now < from) {
            return Err(Code::PlayTokenInvalid.into());
        }
        Ok(claims)
    }

    fn genuine(&self, token: &str) -> Option<PlayClaims> {
        (token.len() <= LONGEST).then_some(())?;
        let (signed, signature) = token.rsplit_once('.')?;
        let (header, claims) = signed.split_once('.')?;
        let header: Header = decoded(header)?;
        header.crit.is_none().then_some(())?;
        let name = header.kid.as_deref().unwrap_or(OWN_KEY);
        let (_, key) = self.keys.iter().find(|(own, _)| own == name)?;
        let signature = URL_SAFE_NO_PAD.decode(signature).ok()?;
        // The key says which algorithm is meant: a token cannot choose a weaker one.
        match (key, header.alg.as_str()) {
            (Key::Hs256(key), "HS256") => {
                let mut mac = mac(key);
                mac.update(signed.as_bytes());
                // In constant time.
                mac.verify_slice(&signature).ok()?;
            }
            (Key::Es256(key), "ES256") => {
                let signature = Signature::from_slice(&signature).ok()?;
                key.verify(signed.as_bytes(), &signature).ok()?;
            }
            _ => return None,
        }
        decoded(claims)
    }
}

fn mac(key: &[u8]) -> Hmac<Sha256> {
    Hmac::<Sha256>::new_from_slice(key).expect("HMAC takes a key of any length")
}

fn encoded(value: &impl Serialize) -> String {
    // These types have nothing that JSON cannot say.
    URL_SAFE_NO_PAD.encode(serde_json::to_vec(value).unwrap_or_default())
}

fn decoded<T: for<'de> Deserialize<'de>>(text: &str) -> Option<T> {
    serde_json::from_slice(&URL_SAFE_NO_PAD.decode(text).ok()?).ok()
}

#[cfg(test)]
mod tests {
    use p256::ecdsa::SigningKey;
    use p256::ecdsa::signature::Signer as _;

    use super::*;
    use crate::moment::Moment;
    use crate::page::Page;

    const SECRET: &str = "0123456789abcdef";

    fn claims() -> PlayClaims {
        PlayClaims {
            iat: Some(50),
            start: Some(Moment::Media(1.5)),
            origins: vec!["https://a.example".to_owned()],
            ..PlayClaims::new("rec_0123456789ABCDEFGHIJKL", 100)
        }
    }

    fn code(result: Result<PlayClaims, ApiError>) -> Option<Code> {
        result.err().map(|error| error.code)
    }

    #[test]
    fn the_edges_own_tokens_are_good_until_they_expire() {
        let keys = PlayKeys::new(SECRET, "").expect("nothing to read");
        let token = keys.issue(&claims());
        assert_eq!(keys.verify(&token, 99), Ok(claims()));
        assert_eq!(code(keys.verify(&token, 100)), Some(Code::PlayTokenExpired));
        let later = PlayClaims {
            nbf: Some(60),
            ..claims()
        };
        let later = keys.issue(&later);
        assert_eq!(code(keys.verify(&later, 59)), Some(Code::PlayTokenInvalid));
        assert!(keys.verify(&later, 60).is_ok());
        let other = PlayKeys::new("0123456789abcdeg", "").expect("nothing to read");
        assert_eq!(code(other.verify(&token, 1)), Some(Code::PlayTokenInvalid));
    }

    #[test]
    fn no_changed_character_is_overlooked() {
        let keys = PlayKeys::new(SECRET, "").expect("nothing to read");
        let token = keys.issue(&claims());
        for at in 0..token.len() {
            let mut changed = token.clone().into_bytes();
            changed[at] = if changed[at] == b'A' { b'B' } else { b'A' };
            let changed = String::from_utf8(changed).expect("ASCII");
            // The last character of a signature has bits that say nothing.
            let same = at == token.len() - 1 && keys.verify(&changed, 1) == Ok(claims());
            let refused = code(keys.verify(&changed, 1)) == Some(Code::PlayTokenInvalid);
            assert!(refused || same, "character {at}");
        }
        for text in ["", "..", "a.b.c", &"x".repeat(5_000)] {
            assert_eq!(code(keys.verify(text, 1)), Some(Code::PlayTokenInvalid));
        }
    }

    /// Signs as somebody else does.
    fn signed(header: &str, sign: impl Fn(&[u8]) -> Vec<u8>) -> String {
        let signed = format!("{}.{}", URL_SAFE_NO_PAD.encode(header), encoded(&claims()));
        let signature = URL_SAFE_NO_PAD.encode(sign(signed.as_bytes()));
        format!("{signed}.{signature}")
    }

    #[test]
    fn keys_that_are_set_up_count_with_their_algorithm_alone() {
        let private = SigningKey::from_slice(&[7; 32]).expect("a scalar");
        let public = private.verifying_key().to_sec1_point(false);
        let shared = [9; 32];
        let set_up = format!(
            "app:ES256:{}, old:HS256:{}",
            URL_SAFE_NO_PAD.encode(public.as_bytes()),
            URL_SAFE_NO_PAD.encode(shared)
        );
        let keys = PlayKeys::new(SECRET, &set_up).expect("good keys");
        let by_point = |bytes: &[u8]| {
            let signature: Signature = private.sign(bytes);
            signature.to_bytes().to_vec()
        };
        let by_key = |key: &[u8], bytes: &[u8]| {
            let mut mac = mac(key);
            mac.update(bytes);
            mac.finalize().into_bytes().to_vec()
        };
        let good = signed(r#"{"alg":"ES256","kid":"app"}"#, by_point);
        assert_eq!(keys.verify(&good, 1), Ok(claims()));
        let good = signed(r#"{"alg":"HS256","kid":"old","typ":"JWT"}"#, |bytes| {
            by_key(&shared, bytes)
        });
        assert_eq!(keys.verify(&good, 1), Ok(claims()));
        // The public key as if it were a secret one, no signature, another's key, what is not known.
        let confused = signed(r#"{"alg":"HS256","kid":"app"}"#, |bytes| {
            by_key(public.as_bytes(), bytes)
        });
        let others = [
            confused,
            signed(r#"{"alg":"none","kid":"app"}"#, |_| Vec::new()),
            signed(r#"{"alg":"ES256","kid":"old"}"#, by_point),
            signed(r#"{"alg":"ES256","kid":"gone"}"#, by_point),
            signed(r#"{"alg":"ES256","kid":"app","crit":["b64"]}"#, by_point),
        ];
        for token in others {
            assert_eq!(code(keys.verify(&token, 1)), Some(Code::PlayTokenInvalid));
        }
        for bad in [
            "app",
            "app:ES256",
            "app:ES256:AAAA",
            "app:HS256:AAAA",
            "app:RS256:AAAA",
        ] {
            assert!(PlayKeys::new(SECRET, bad).is_none(), "{bad}");
        }
    }

    #[test]
    fn only_the_named_pages_may_play() {
        let named = claims();
        let page = |origin: Option<&str>, referer| {
            Page::new("https://edge.example", origin.map(str::to_owned), referer)
        };
        let asked = |origin, referer| named.check_page(&page(origin, referer)).is_ok();
        assert!(asked(Some("https://a.example"), None));
        assert!(asked(None, Some("https://a.example/watch?x=1")));
        assert!(asked(None, Some("https://a.example")));
        assert!(!asked(
            Some("https://b.example"),
            Some("https://a.example/")
        ));
        assert!(!asked(None, Some("https://a.example.evil/")));
        assert!(!asked(None, None));
        let any = PlayClaims::new("rec_0123456789ABCDEFGHIJKL", 100);
        assert!(any.check_page(&page(None, None)).is_ok());
    }
}
