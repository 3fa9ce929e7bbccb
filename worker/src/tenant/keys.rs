//! API keys, by their digests.

use livetape_edge::access::{KeyInfo, KeyList, Scope};
use livetape_edge::{Code, Delivery};
use worker::Result;

use super::{Tenant, done};
use crate::refusal::Answer;
use crate::respond;
use crate::sql::{integer, read, text, write};

pub(super) const SCHEMA: &str = "
    CREATE TABLE IF NOT EXISTS key (
        id TEXT PRIMARY KEY, digest TEXT NOT NULL UNIQUE, title TEXT, scopes TEXT NOT NULL, created INTEGER NOT NULL
    );
";

impl Tenant {
    pub(super) fn add_key(&self, info: KeyInfo, digest: String) -> Result<Delivery> {
        let values = vec![
            info.id.into(),
            digest.into(),
            info.title.into(),
            serde_json::to_string(&info.scopes)?.into(),
            info.created.into(),
        ];
        let query = "INSERT INTO key (id, digest, title, scopes, created) VALUES (?, ?, ?, ?, ?)";
        write(&self.sql, query, values)?;
        Ok(done())
    }

    /// Whether the holder of the key with that digest may do that.
    pub(super) fn check_key(&self, digest: &str, scope: Scope) -> Answer {
        let found = self.keys_where("digest = ?", digest)?;
        let info = found.first().ok_or(Code::KeyInvalid)?;
        info.check(scope)?;
        Ok(done())
    }

    pub(super) fn keys(&self) -> Answer {
        let keys = self.keys_where("id > ?", "")?;
        Ok(respond::json(200, &KeyList { keys })?)
    }

    pub(super) fn revoke_key(&self, id: &str) -> Answer {
        if self.keys_where("id = ?", id)?.is_empty() {
            return Err(Code::UnknownKey.into());
        }
        write(&self.sql, "DELETE FROM key WHERE id = ?", vec![id.into()])?;
        Ok(done())
    }

    fn keys_where(&self, condition: &str, value: &str) -> Result<Vec<KeyInfo>> {
        let query = format!(
            "SELECT id, title, scopes, created FROM key WHERE {condition} ORDER BY created DESC, id"
        );
        read(&self.sql, &query, vec![value.into()], |row| {
            Some(KeyInfo {
                id: text(row.next()?)?,
                title: text(row.next()?),
                scopes: serde_json::from_str(&text(row.next()?)?).ok()?,
                created: integer(row.next()?)?,
            })
        })
    }
}
