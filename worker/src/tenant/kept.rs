//! What R2 knows of keys and templates: written before a change is answered, so that R2 alone is enough to
//! have them back. Of keys only digests are written.

use std::time::Duration;

use livetape_edge::access::{KeptKey, KeptName};
use worker::{Result, SqlStorage};

use super::{Tenant, keys, templates};
use crate::r2::{self, Bucket};
use crate::sql::{integer, read, text, write};

/// What R2 is to be told of, and how often it has changed since it was.
pub(super) const SCHEMA: &str = "
    CREATE TABLE IF NOT EXISTS due (stored TEXT PRIMARY KEY, changes INTEGER NOT NULL);
";

/// When a write that failed is tried again.
const TRY_AGAIN: Duration = Duration::from_secs(5);

impl Tenant {
    /// Lets R2 know of a change of the rows, made just now. What fails is told to whoever made the change, and
    /// tried again.
    pub(super) async fn keep_this(&self, name: &KeptName) -> Result<()> {
        note(&self.sql, name)?;
        self.keep().await
    }

    /// Lets R2 know of all that it does not know yet.
    pub(super) async fn keep(&self) -> Result<()> {
        let (sql, bucket) = (self.sql.clone(), r2::bucket(&self.env)?);
        let kept = self.turns.take(async move { tell(&sql, &bucket).await });
        let kept = kept.await.map(drop);
        if kept.is_err() {
            self.storage.set_alarm(TRY_AGAIN).await?;
        }
        kept
    }

    /// The same, where there is anything.
    pub(super) async fn keep_if_due(&self) -> Result<()> {
        match due(&self.sql)? {
            Some(_) => self.keep().await,
            None => Ok(()),
        }
    }
}

/// Remembers that R2 is to be told, with the change itself.
pub(super) fn note(sql: &SqlStorage, name: &KeptName) -> Result<()> {
    let query = "INSERT INTO due (stored, changes) VALUES (?, 1)
                 ON CONFLICT (stored) DO UPDATE SET changes = changes + 1";
    write(sql, query, vec![name.stored().into()])
}

fn due(sql: &SqlStorage) -> Result<Option<(String, i64)>> {
    let query = "SELECT stored, changes FROM due LIMIT 1";
    let found = read(sql, query, Vec::new(), |row| {
        Some((text(row.next()?)?, integer(row.next()?)?))
    })?;
    Ok(found.into_iter().next())
}

/// One after another, each as its row is at that moment.
async fn tell(sql: &SqlStorage, bucket: &Bucket) -> Result<()> {
    while let Some((stored, changes)) = due(sql)? {
        match body(sql, &stored)? {
            Some(body) => r2::write(bucket, &stored, body).await?,
            None => bucket.delete(stored.as_str()).await?,
        }
        // Not where it has changed meanwhile.
        let query = "DELETE FROM due WHERE stored = ? AND changes = ?";
        write(sql, query, vec![stored.into(), changes.into()])?;
    }
    Ok(())
}

/// What is to be stored there; nothing where there is no such key or template any more.
fn body(sql: &SqlStorage, stored: &str) -> Result<Option<Vec<u8>>> {
    let json = match KeptName::parse(stored) {
        Some(KeptName::Key(id)) => {
            let found = keys::kept(sql, &id)?;
            found.as_ref().map(serde_json::to_vec::<KeptKey>)
        }
        Some(KeptName::Template(id)) => {
            let found = templates::find(sql, "id = ?", &id)?;
            found.first().map(serde_json::to_vec)
        }
        None => None,
    };
    Ok(json.transpose()?)
}
