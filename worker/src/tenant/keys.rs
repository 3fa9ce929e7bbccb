//! API keys, by their digests.

use livetape_edge::access::{KeptKey, KeptName, KeyInfo, KeyList, Scope};
use livetape_edge::{Code, Page};
use worker::{Result, SqlStorage};

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
    pub(super) async fn add_key(&self, info: KeyInfo, digest: String) -> Answer {
        let name = KeptName::Key(info.id.clone());
        insert(&self.sql, &KeptKey { digest, info })?;
        self.keep_this(&name).await?;
        Ok(done())
    }

    /// Whether the holder of the key with that digest may do that; the answer has the fields that say which
    /// pages may read what the key opens.
    pub(super) fn check_key(&self, digest: &str, scope: Scope, page: &Page) -> Answer {
        let found = find(&self.sql, "digest = ?", digest)?;
        let info = found.first().ok_or(Code::KeyInvalid)?;
        info.check(scope, page)?;
        let mut answer = done();
        if !info.origins.is_empty() {
            answer.headers.extend(page.share(&info.origins));
        }
        Ok(answer)
    }

    pub(super) fn keys(&self) -> Answer {
        let keys = find(&self.sql, "id > ?", "")?;
        Ok(respond::json(200, &KeyList { keys })?)
    }

    pub(super) async fn revoke_key(&self, id: &str) -> Answer {
        if find(&self.sql, "id = ?", id)?.is_empty() {
            return Err(Code::UnknownKey.into());
        }
        for table in ["key", "key_origins"] {
            let query = format!("DELETE FROM {table} WHERE id = ?");
            write(&self.sql, &query, vec![id.into()])?;
        }
        self.keep_this(&KeptName::Key(id.to_owned())).await?;
        Ok(done())
    }
}

/// Writes a key that is new.
pub(super) fn insert(sql: &SqlStorage, key: &KeptKey) -> Result<()> {
    let KeptKey { digest, info } = key;
    if !info.origins.is_empty() {
        let origins = serde_json::to_string(&info.origins)?;
        let query = "INSERT INTO key_origins (id, origins) VALUES (?, ?)";
        write(sql, query, vec![info.id.clone().into(), origins.into()])?;
    }
    let values = vec![
        info.id.clone().into(),
        digest.clone().into(),
        info.title.clone().into(),
        serde_json::to_string(&info.scopes)?.into(),
        info.created.into(),
    ];
    let query = "INSERT INTO key (id, digest, title, scopes, created) VALUES (?, ?, ?, ?, ?)";
    write(sql, query, values)
}

/// A key as R2 is to have it.
pub(super) fn kept(sql: &SqlStorage, id: &str) -> Result<Option<KeptKey>> {
    let query = "SELECT digest FROM key WHERE id = ?";
    let digests = read(sql, query, vec![id.into()], |row| text(row.next()?))?;
    let info = find(sql, "id = ?", id)?.into_iter().next();
    let kept = digests.into_iter().next().zip(info);
    Ok(kept.map(|(digest, info)| KeptKey { digest, info }))
}

/// The keys that satisfy a condition on a value, newest first.
pub(super) fn find(sql: &SqlStorage, condition: &str, value: &str) -> Result<Vec<KeyInfo>> {
    let query = format!(
        "SELECT id, title, scopes, created, origins FROM key LEFT JOIN key_origins USING (id)
         WHERE {condition} ORDER BY created DESC, id"
    );
    read(sql, &query, vec![value.into()], |row| {
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
