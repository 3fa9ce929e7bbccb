//! API keys, by their digests.

use livetape_edge::access::{KeyInfo, KeyList, Scope};
use livetape_edge::{Code, Delivery, Page};
use worker::Result;

use super::{Tenant, done};
use crate::refusal::Answer;
use crate::respond;
use crate::sql::{integer, read, text, write};

pub(super) const SCHEMA: &str = "
    CREATE TABLE IF NOT EXISTS key (
        id TEXT PRIMARY KEY, digest TEXT NOT NULL UNIQUE, title TEXT, scopes TEXT NOT NULL, created INTEGER NOT NULL
    );
    CREATE TABLE IF NOT EXISTS key_origins (id TEXT PRIMARY KEY, origins TEXT NOT NULL);
";

impl Tenant {
    pub(super) fn add_key(&self, info: KeyInfo, digest: String) -> Result<Delivery> {
        if !info.origins.is_empty() {
            let origins = serde_json::to_string(&info.origins)?;
            let query = "INSERT INTO key_origins (id, origins) VALUES (?, ?)";
            write(
                &self.sql,
                query,
                vec![info.id.clone().into(), origins.into()],
            )?;
        }
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

    /// Whether the holder of the key with that digest may do that; the answer has the fields that say which
    /// pages may read what the key opens.
    pub(super) fn check_key(&self, digest: &str, scope: Scope, page: &Page) -> Answer {
        let found = self.keys_where("digest = ?", digest)?;
        let info = found.first().ok_or(Code::KeyInvalid)?;
        info.check(scope, page)?;
        let mut answer = done();
        if !info.origins.is_empty() {
            answer.headers.extend(page.share(&info.origins));
        }
        Ok(answer)
    }

    pub(super) fn keys(&self) -> Answer {
        let keys = self.keys_where("id > ?", "")?;
        Ok(respond::json(200, &KeyList { keys })?)
    }

    pub(super) fn revoke_key(&self, id: &str) -> Answer {
        if self.keys_where("id = ?", id)?.is_empty() {
            return Err(Code::UnknownKey.into());
        }
        for table in ["key", "key_origins"] {
            let query = format!("DELETE FROM {table} WHERE id = ?");
            write(&self.sql, &query, vec![id.into()])?;
        }
        Ok(done())
    }

    fn keys_where(&self, condition: &str, value: &str) -> Result<Vec<KeyInfo>> {
        let query = format!(
            "SELECT id, title, scopes, created, origins FROM key LEFT JOIN key_origins USING (id)
             WHERE {condition} ORDER BY created DESC, id"
        );
        read(&self.sql, &query, vec![value.into()], |row| {
            Some(KeyInfo {
                id: text(row.next()?)?,
                title: text(row.next()?),
                scopes: serde_json::from_str(&text(row.next()?)?).ok()?,
                created: integer(row.next()?)?,
                origins: match text(row.next()?) {
                    Some(origins) => serde_json::from_str(&origins).ok()?,
                    None => Vec::new(),
                },
            })
        })
    }
}
