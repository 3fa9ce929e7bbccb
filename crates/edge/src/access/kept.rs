//! Keys and templates as storage keeps them, so that storage alone can give them back.

use serde::{Deserialize, Serialize};

use super::key::KeyInfo;
use super::template::TemplateId;

/// What the names of all of it begin with.
pub const KEPT_PREFIX: &str = "tenant/";

/// A key: of the key itself only its digest.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct KeptKey {
    /// SHA-256, hexadecimal.
    pub digest: String,
    /// Its facts.
    #[serde(flatten)]
    pub info: KeyInfo,
}

/// Something that is kept, by its id.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum KeptName {
    /// A [`KeptKey`].
    Key(String),
    /// A [`Template`](super::Template).
    Template(String),
}

impl KeptName {
    /// Where it is stored.
    pub fn stored(&self) -> String {
        match self {
            Self::Key(id) => format!("{KEPT_PREFIX}key/{id}.json"),
            Self::Template(id) => format!("{KEPT_PREFIX}template/{id}.json"),
        }
    }

    /// Reads where something is stored; `None` for what is no such place.
    pub fn parse(stored: &str) -> Option<Self> {
        let (folder, file) = stored.strip_prefix(KEPT_PREFIX)?.split_once('/')?;
        let id = file.strip_suffix(".json")?;
        match folder {
            "key" => {
                let digits = id.strip_prefix("kid_")?;
                let is_id = digits.len() == 16 && digits.bytes().all(|at| at.is_ascii_hexdigit());
                is_id.then(|| Self::Key(id.to_owned()))
            }
            "template" => TemplateId::parse(id).map(|_| Self::Template(id.to_owned())),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::access::{ApiKey, CreateKey, Scope};

    #[test]
    fn a_name_is_read_back_and_others_are_not() {
        let key = ApiKey::from_random([7; 32]);
        let template = TemplateId::from_random([7; 16]);
        for name in [
            KeptName::Key(key.id()),
            KeptName::Template(template.as_str().to_owned()),
        ] {
            assert_eq!(KeptName::parse(&name.stored()), Some(name));
        }
        for other in [
            "tenant/key/kid_1.json",
            "tenant/key/../kid_0123456789abcdef.json",
            "tenant/template/pub_demo.json",
            "tenant/template/kid_0123456789abcdef.json",
            "rec/kid_0123456789abcdef.json",
        ] {
            assert_eq!(KeptName::parse(other), None, "{other}");
        }
    }

    #[test]
    fn nothing_is_kept_that_opens_anything() {
        let key = ApiKey::from_random([7; 32]);
        let wanted = CreateKey {
            scopes: vec![Scope::Read],
            origins: vec!["https://school.example".to_owned()],
            ..CreateKey::default()
        };
        let kept = KeptKey {
            digest: key.digest(),
            info: wanted.info(&key, 5).expect("a key"),
        };
        let json = serde_json::to_string(&kept).expect("JSON");
        assert!(!json.contains(key.reveal()));
        assert_eq!(serde_json::from_str::<KeptKey>(&json).expect("read"), kept);
    }
}
