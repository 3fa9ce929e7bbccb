//! How an edge is set up, read from its variables and secrets.

use crate::encryption::ContentKeys;
use crate::error::{ApiError, Code};
use crate::ids::BroadcastId;
use crate::play_token::PlayKeys;
use crate::token::{Signer, same_secret};

/// The set-up of an edge.
#[derive(Clone)]
pub struct Config {
    /// Makes and checks ingest tokens.
    pub signer: Signer,
    /// Makes and checks play tokens.
    pub play_keys: PlayKeys,
    /// Makes the keys that segments are encrypted with.
    pub content_keys: ContentKeys,
    api_key: String,
    templates: Vec<String>,
    demo: Option<BroadcastId>,
}

impl Config {
    /// Reads `LIVETAPE_SECRET`, `LIVETAPE_API_KEY`, `LIVETAPE_TEMPLATES` (public template ids, separated
    /// by commas), `LIVETAPE_DEMO` (a broadcast's id) and `LIVETAPE_PLAY_KEYS` (as [`PlayKeys::new`] reads
    /// them), empty where they are not set. `None` where a key cannot be read, or the secret is short.
    pub fn new(
        secret: &str,
        api_key: &str,
        templates: &str,
        demo: &str,
        play_keys: &str,
    ) -> Option<Self> {
        let templates = templates.split(',').map(str::trim);
        // A secret that anybody can guess would let anybody write.
        let play_keys = (secret.len() >= 16).then(|| PlayKeys::new(secret, play_keys))??;
        Some(Self {
            signer: Signer::new(secret),
            play_keys,
            content_keys: ContentKeys::new(secret),
            api_key: api_key.to_owned(),
            templates: templates
                .filter(|id| !id.is_empty())
                .map(str::to_owned)
                .collect(),
            demo: BroadcastId::parse(demo),
        })
    }

    /// Checks the API key.
    ///
    /// # Errors
    /// [`Code::TokenMissing`] where none was given, [`Code::KeyInvalid`] for a wrong one.
    pub fn check_key(&self, given: Option<&str>) -> Result<(), ApiError> {
        let given = given.ok_or(Code::TokenMissing)?;
        if same_secret(given, &self.api_key) {
            Ok(())
        } else {
            Err(Code::KeyInvalid.into())
        }
    }

    /// Checks that `id` is a public template of this edge.
    ///
    /// # Errors
    /// [`Code::UnknownTemplate`].
    pub fn check_template(&self, id: &str) -> Result<(), ApiError> {
        if self.templates.iter().any(|known| known == id) {
            Ok(())
        } else {
            Err(Code::UnknownTemplate.into())
        }
    }

    /// The broadcast that the demo page plays, with the template that it records by.
    pub fn demo(&self) -> Option<(&BroadcastId, &str)> {
        Some((self.demo.as_ref()?, self.templates.first()?))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_and_templates_are_checked() {
        let config =
            Config::new("0123456789abcdef", "key", " pub_a, pub_b ,", "", "").expect("set up");
        assert!(config.check_key(Some("key")).is_ok());
        assert!(config.check_key(Some("kex")).is_err());
        assert!(config.check_key(None).is_err());
        assert!(config.check_template("pub_b").is_ok());
        assert!(config.check_template("").is_err());
        assert!(config.demo().is_none());
        assert!(Config::new("short", "key", "", "", "").is_none());
        let without_key = Config::new("0123456789abcdef", "", "", "", "").expect("set up");
        assert!(without_key.check_key(Some("")).is_err());
    }
}
