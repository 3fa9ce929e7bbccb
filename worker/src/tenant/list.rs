//! The list of recordings.

use livetape_edge::api::{RecordingList, RecordingSummary};
use livetape_edge::{Code, Cursor, Delivery, ListQuery};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;
use worker::{Result, SqlStorage, SqlStorageValue};

use super::{Tenant, done};
use crate::refusal::Answer;
use crate::respond;
use crate::sql::{integer, read, real, text, write};

pub(super) const SCHEMA: &str = "
    CREATE TABLE IF NOT EXISTS recording (
        id TEXT PRIMARY KEY, state TEXT NOT NULL, title TEXT, created INTEGER NOT NULL,
        duration REAL NOT NULL, bytes INTEGER NOT NULL, review TEXT NOT NULL DEFAULT 'approved',
        access TEXT NOT NULL DEFAULT 'public'
    );
    CREATE INDEX IF NOT EXISTS recording_by_age ON recording (created DESC, id DESC);
";

impl Tenant {
    /// Takes a recording into the list, or its newer facts.
    pub(super) fn put(&self, summary: RecordingSummary) -> Result<Delivery> {
        insert(&self.sql, "REPLACE", summary)?;
        Ok(done())
    }

    /// Gives a page; none while not all are there again.
    pub(super) fn list(&self, query: &ListQuery) -> Answer {
        if self.is_rebuilding()? {
            return Err(Code::Rebuilding.into());
        }
        Ok(respond::json(200, &self.page(query)?)?)
    }

    fn page(&self, query: &ListQuery) -> Result<RecordingList> {
        let mut conditions = vec!["1"];
        let mut values: Vec<SqlStorageValue> = Vec::new();
        if let Some(after) = &query.after {
            conditions.push("(created, id) < (?, ?)");
            values.extend([after.created.into(), after.id.clone().into()]);
        }
        if let Some(state) = query.state {
            conditions.push("state = ?");
            values.push(name(&state)?.into());
        }
        if let Some(review) = query.review {
            conditions.push("review = ?");
            values.push(name(&review)?.into());
        }
        if let Some(search) = &query.search {
            conditions.push("(title LIKE ? ESCAPE '\\' OR id LIKE ? ESCAPE '\\')");
            let literal = literal(search);
            values.extend([format!("%{literal}%").into(), format!("{literal}%").into()]);
        }
        // One more than asked for tells whether there is another page.
        let limit = query.limit as usize;
        let sql = format!(
            "SELECT id, state, title, created, duration, bytes, review, access FROM recording WHERE {}
             ORDER BY created DESC, id DESC LIMIT {}",
            conditions.join(" AND "),
            limit + 1
        );
        let mut recordings = read(&self.sql, &sql, values, |row| {
            Some(RecordingSummary {
                id: text(row.next()?)?,
                state: named(row.next()?)?,
                title: text(row.next()?),
                created: integer(row.next()?)?,
                duration: real(row.next()?)?,
                bytes: integer(row.next()?)?.try_into().ok()?,
                review: named(row.next()?)?,
                access: named(row.next()?)?,
            })
        })?;
        let more = recordings.len() > limit;
        recordings.truncate(limit);
        let last = recordings.last().filter(|_| more).map(|last| Cursor {
            created: last.created,
            id: last.id.clone(),
        });
        Ok(RecordingList {
            cursor: last.map(|cursor| cursor.text()),
            recordings,
        })
    }
}

/// Takes a recording into the list, where nothing newer is told there of it.
pub(super) fn restore(sql: &SqlStorage, summary: RecordingSummary) -> Result<()> {
    insert(sql, "IGNORE", summary)
}

/// Whether it has a recording.
pub(super) fn is_any(sql: &SqlStorage) -> Result<bool> {
    let found = read(sql, "SELECT 1 FROM recording LIMIT 1", Vec::new(), |_| {
        Some(())
    })?;
    Ok(!found.is_empty())
}

fn insert(sql: &SqlStorage, or: &str, summary: RecordingSummary) -> Result<()> {
    let values = vec![
        summary.id.into(),
        name(&summary.state)?.into(),
        summary.title.into(),
        summary.created.into(),
        summary.duration.into(),
        i64::try_from(summary.bytes).unwrap_or(i64::MAX).into(),
        name(&summary.review)?.into(),
        name(&summary.access)?.into(),
    ];
    let query = format!(
        "INSERT OR {or} INTO recording (id, state, title, created, duration, bytes, review, access)
         VALUES (?, ?, ?, ?, ?, ?, ?, ?)"
    );
    write(sql, &query, values)
}

/// What one of a few values is called, in JSON as in a row.
fn name(value: &impl Serialize) -> Result<String> {
    match serde_json::to_value(value)? {
        Value::String(name) => Ok(name),
        other => Err(format!("{other} has no name").into()),
    }
}

fn named<T: DeserializeOwned>(value: SqlStorageValue) -> Option<T> {
    serde_json::from_value(Value::String(text(value)?)).ok()
}

/// A text as a pattern of `LIKE` that only it matches.
fn literal(text: &str) -> String {
    text.replace('\\', "\\\\")
        .replace('%', "\\%")
        .replace('_', "\\_")
}
