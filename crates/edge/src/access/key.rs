//! API keys: `key_` and 43 characters of base64url (RFC 4648 §5), which are 32 random bytes. What is kept is
//! a key's SHA-256 (FIPS 180-4): whoever reads the store can do nothing with it.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

use crate::api::kept_title;
use crate::digest::hex;
use crate::error::{ApiError, Code};
use crate::page::{Page, check_origins};

/// What a key's holder may do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Scope {
    /// Create recordings.
    Record,
    /// List recordings.
    Read,
    /// Change and delete recordings, and make broadcasts of them.
    Manage,
    /// Make and revoke keys and templates.
    Admin,
}

/// A key as its holder sends it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ApiKey(String);

impl ApiKey {
    /// A key from 32 random bytes.
    pub fn from_random(bytes: [u8; 32]) -> Self {
        Self(format!("key_{}", URL_SAFE_NO_PAD.encode(bytes)))
    }

    /// Reads `key_...`; `None` for any other text.
    pub fn parse(text: &str) -> Option<Self> {
        let bytes = URL_SAFE_NO_PAD.decode(text.strip_prefix("key_")?).ok()?;
        (bytes.len() == 32).then(|| Self(text.to_owned()))
    }

    /// The key itself, for its holder.
    pub fn reveal(&self) -> &str {
        &self.0
    }

    /// What is kept of it: its SHA-256 in hexadecimal.
    pub fn digest(&self) -> String {
        hex(&Sha256::digest(&self.0))
    }

    /// What it is called where it must not be shown: `kid_` and the first 16 digits of its digest.
    pub fn id(&self) -> String {
        let digest = self.digest();
        format!("kid_{}", digest.get(..16).unwrap_or_default())
    }
}

/// Body of `POST /v1/keys`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct CreateKey {
    /// Name for people, at most 200 characters.
    pub title: Option<String>,
    /// What its holder may do; one at least.
    pub scopes: Vec<Scope>,
    /// Origins of pages that may use it; any, and other programs, where there are none.
    pub origins: Vec<String>,
}

impl CreateKey {
    /// The key's facts.
    ///
    /// # Errors
    /// [`Code::BadRequest`] where it is for nothing, or for what is no origin.
    pub fn info(self, key: &ApiKey, created: i64) -> Result<KeyInfo, ApiError> {
        check_origins(&self.origins)?;
        let mut scopes = self.scopes;
        scopes.sort_unstable();
        scopes.dedup();
        if scopes.is_empty() {
            let detail = "scopes names one or more of record, read, manage, admin.";
            return Err(ApiError::new(Code::BadRequest, detail));
        }
        Ok(KeyInfo {
            id: key.id(),
            title: self.title.as_deref().and_then(kept_title),
            scopes,
            origins: self.origins,
            created,
        })
    }
}

/// A key in a list.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct KeyInfo {
    /// What it is called.
    pub id: String,
    /// Name for people.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub title: Option<String>,
    /// What its holder may do.
    pub scopes: Vec<Scope>,
    /// Origins of pages that may use it; any, and other programs, where there are none.
    #[serde(skip_serializing_if = "Vec::is_empty", default)]
    pub origins: Vec<String>,
    /// When it was made, Unix milliseconds.
    pub created: i64,
}

impl KeyInfo {
    /// Checks that its holder may do that, on that page.
    ///
    /// # Errors
    /// [`Code::OriginNotAllowed`]; [`Code::KeyScope`], which names what is lacking.
    pub fn check(&self, wanted: Scope, page: &Page) -> Result<(), ApiError> {
        if !self.origins.is_empty() && !page.is_of(&self.origins) {
            return Err(Code::OriginNotAllowed.into());
        }
        if self.scopes.contains(&wanted) {
            return Ok(());
        }
        let name = match wanted {
            Scope::Record => "record",
            Scope::Read => "read",
            Scope::Manage => "manage",
            Scope::Admin => "admin",
        };
        let detail = format!("This needs the scope {name}.");
        Err(ApiError::new(Code::KeyScope, detail))
    }
}

/// Answer to `POST /v1/keys`: the only one that has the key itself.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CreatedKey {
    /// The key.
    pub key: String,
    /// Its facts.
    #[serde(flatten)]
    pub info: KeyInfo,
}

/// Answer to `GET /v1/keys`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct KeyList {
    /// Newest first.
    pub keys: Vec<KeyInfo>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_read_back_and_not_found_in_what_is_kept() {
        let key = ApiKey::from_random([9; 32]);
        assert_eq!(ApiKey::parse(key.reveal()), Some(key.clone()));
        assert!(
            !key.digest()
                .contains(key.reveal().get(4..12).expect("ASCII"))
        );
        assert_ne!(key.digest(), ApiKey::from_random([8; 32]).digest());
        // printf key_CQkJ... | sha256sum
        assert!(key.id().starts_with("kid_") && key.id().len() == 20);
        for text in ["", "key_", "key_short", "rec_0123456789ABCDEFGHIJKL"] {
            assert_eq!(ApiKey::parse(text), None, "{text}");
        }
    }

    #[test]
    fn a_key_is_for_what_it_was_made_for() {
        let key = ApiKey::from_random([1; 32]);
        let wanted = CreateKey {
            title: Some("the app".to_owned()),
            scopes: vec![Scope::Read, Scope::Record, Scope::Read],
            ..CreateKey::default()
        };
        let info = wanted.info(&key, 5).expect("scopes");
        assert_eq!(info.scopes, [Scope::Record, Scope::Read]);
        assert_eq!(info.check(Scope::Read, &Page::default()), Ok(()));
        let refused = info.check(Scope::Admin, &Page::default());
        let refused = refused.expect_err("not asked for");
        assert_eq!(refused.code, Code::KeyScope);
        assert!(refused.message().contains("admin"));
        let nothing = CreateKey::default().info(&key, 5).expect_err("no scope");
        assert_eq!(nothing.code, Code::BadRequest);
    }
}
