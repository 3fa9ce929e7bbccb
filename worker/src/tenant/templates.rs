//! Templates, and what has been recorded by them.

use livetape_edge::Code;
use livetape_edge::access::{KeptName, PatchTemplate, Template, TemplateList, Use};
use serde::{Deserialize, Serialize};
use worker::{Result, SqlStorage};

use super::{Tenant, done};
use crate::refusal::Answer;
use crate::respond;
use crate::sql::{integer, read, text, write};

/// A template is kept as its JSON: nothing is looked for in it.
pub(super) const SCHEMA: &str = "
    CREATE TABLE IF NOT EXISTS template (id TEXT PRIMARY KEY, body TEXT NOT NULL, created INTEGER NOT NULL);
    CREATE TABLE IF NOT EXISTS made (
        recording TEXT PRIMARY KEY, template TEXT NOT NULL, address TEXT NOT NULL, at INTEGER NOT NULL
    );
    CREATE INDEX IF NOT EXISTS made_by_template ON made (template, address, at);
";

/// A recording that somebody wants to make by a template.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Admission {
    pub(crate) template: String,
    pub(crate) recording: String,
    /// The page's origin.
    pub(crate) origin: Option<String>,
    /// The network address that asks.
    pub(crate) address: String,
    /// Unix milliseconds.
    pub(crate) now: i64,
}

impl Tenant {
    /// Writes a template, new or changed.
    pub(super) async fn put_template(&self, template: &Template) -> Result<()> {
        insert(&self.sql, template)?;
        self.keep_this(&KeptName::Template(template.id.clone()))
            .await
    }

    pub(super) fn template(&self, id: &str) -> Answer {
        Ok(respond::json(200, &self.known_template(id)?)?)
    }

    pub(super) fn templates(&self) -> Answer {
        let templates = find(&self.sql, "id > ?", "")?;
        Ok(respond::json(200, &TemplateList { templates })?)
    }

    pub(super) async fn patch_template(&self, id: &str, patch: PatchTemplate) -> Answer {
        let template = self.known_template(id)?.patched(patch)?;
        self.put_template(&template).await?;
        Ok(respond::json(200, &template)?)
    }

    pub(super) async fn remove_template(&self, id: &str) -> Answer {
        self.known_template(id)?;
        write(
            &self.sql,
            "DELETE FROM template WHERE id = ?",
            vec![id.into()],
        )?;
        self.keep_this(&KeptName::Template(id.to_owned())).await?;
        Ok(done())
    }

    /// Lets a recording be made, and counts it; answers with what it has by that.
    pub(super) fn admit(&self, wanted: Admission) -> Answer {
        let template = self.known_template(&wanted.template)?;
        // How many there are is not known before all are listed.
        if template.facts.recordings.is_some() && self.is_rebuilding()? {
            return Err(Code::Rebuilding.into());
        }
        let count = "SELECT count(*) FROM made WHERE template = ?";
        let counted = read(
            &self.sql,
            count,
            vec![wanted.template.clone().into()],
            |row| u32::try_from(integer(row.next()?)?).ok(),
        )?;
        let latest =
            "SELECT at FROM made WHERE template = ? AND address = ? ORDER BY at DESC LIMIT 1000";
        let by = vec![
            wanted.template.clone().into(),
            wanted.address.clone().into(),
        ];
        let created = read(&self.sql, latest, by, |row| integer(row.next()?))?;
        template.admit(&Use {
            origin: wanted.origin.as_deref(),
            recordings: counted.first().copied().unwrap_or_default(),
            created: &created,
            now: wanted.now,
        })?;
        let values = vec![
            wanted.recording.into(),
            wanted.template.into(),
            wanted.address.into(),
            wanted.now.into(),
        ];
        let query =
            "INSERT OR REPLACE INTO made (recording, template, address, at) VALUES (?, ?, ?, ?)";
        write(&self.sql, query, values)?;
        Ok(respond::json(200, &template.terms())?)
    }

    /// A recording is gone: it counts no more.
    pub(super) fn forget_made(&self, recording: &str) -> Result<()> {
        let query = "DELETE FROM made WHERE recording = ?";
        write(&self.sql, query, vec![recording.into()])
    }

    fn known_template(&self, id: &str) -> std::result::Result<Template, crate::refusal::Refusal> {
        let found = find(&self.sql, "id = ?", id)?;
        found
            .into_iter()
            .next()
            .ok_or_else(|| Code::UnknownTemplate.into())
    }
}

/// Writes a template.
pub(super) fn insert(sql: &SqlStorage, template: &Template) -> Result<()> {
    let values = vec![
        template.id.clone().into(),
        serde_json::to_string(template)?.into(),
        template.created.into(),
    ];
    let query = "INSERT OR REPLACE INTO template (id, body, created) VALUES (?, ?, ?)";
    write(sql, query, values)
}

/// Counts a recording that was made by a template, from wherever that was asked for.
pub(super) fn count(sql: &SqlStorage, recording: &str, template: String, at: i64) -> Result<()> {
    let values = vec![recording.into(), template.into(), at.into()];
    let query =
        "INSERT OR IGNORE INTO made (recording, template, address, at) VALUES (?, ?, '', ?)";
    write(sql, query, values)
}

/// The templates that satisfy a condition on a value, newest first.
pub(super) fn find(sql: &SqlStorage, condition: &str, value: &str) -> Result<Vec<Template>> {
    let query = format!("SELECT body FROM template WHERE {condition} ORDER BY created DESC, id");
    read(sql, &query, vec![value.into()], |row| {
        serde_json::from_str(&text(row.next()?)?).ok()
    })
}
