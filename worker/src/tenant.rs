//! The Durable Object that keeps the list of all recordings, the API keys and the templates. Recordings tell
//! it of themselves; it is never asked while something is recorded or played.

mod keys;
mod templates;

pub(crate) use templates::Admission;

use std::cell::Cell;

use livetape_edge::access::{KeyInfo, PatchTemplate, Scope, Template};
use livetape_edge::api::{RecordingList, RecordingSummary};
use livetape_edge::{Cursor, Delivery, ListQuery, Operation, Page};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use worker::{
    DurableObject, Env, Method, Request, RequestInit, Response, Result, SqlStorage,
    SqlStorageValue, State, durable_object,
};

use crate::refusal::{Answer, encoded};
use crate::sql::{integer, read, real, text, write};
use crate::{costs, respond};

const SCHEMA: &str = "
    CREATE TABLE IF NOT EXISTS recording (
        id TEXT PRIMARY KEY, state TEXT NOT NULL, title TEXT, created INTEGER NOT NULL,
        duration REAL NOT NULL, bytes INTEGER NOT NULL, review TEXT NOT NULL DEFAULT 'approved',
        access TEXT NOT NULL DEFAULT 'public'
    );
    CREATE INDEX IF NOT EXISTS recording_by_age ON recording (created DESC, id DESC);
";

/// Columns that lists of earlier versions lack.
const LATER: [(&str, &str); 2] = [
    ("review", "TEXT NOT NULL DEFAULT 'approved'"),
    ("access", "TEXT NOT NULL DEFAULT 'public'"),
];

/// The binding of the Durable Object, and the name of the only one so far.
const BINDING: &str = "TENANT";
const NAME: &str = "main";

/// A request to the list.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) enum TenantCommand {
    /// Takes a recording into the list, or its newer facts.
    Put(RecordingSummary),
    /// Takes it out.
    Forget {
        id: String,
    },
    /// Gives a page.
    List(ListQuery),
    AddKey {
        info: KeyInfo,
        digest: String,
    },
    CheckKey {
        digest: String,
        scope: Scope,
        page: Page,
    },
    Keys,
    RevokeKey {
        id: String,
    },
    AddTemplate(Template),
    Template {
        id: String,
    },
    Templates,
    PatchTemplate {
        id: String,
        patch: PatchTemplate,
    },
    RemoveTemplate {
        id: String,
    },
    /// Lets a recording be made by a template; the answer is its terms.
    Admit(Admission),
}

/// Sends a command and waits for the answer.
pub(crate) async fn ask(env: &Env, command: &TenantCommand) -> Result<Delivery> {
    let stub = env.durable_object(BINDING)?.get_by_name(NAME)?;
    let mut init = RequestInit::new();
    init.with_method(Method::Post);
    init.with_body(Some(serde_json::to_string(command)?.into()));
    let request = Request::new_with_init("https://tenant/", &init)?;
    costs::count(Operation::DurableObject);
    let bytes = stub.fetch_with_request(request).await?.bytes().await?;
    Delivery::decode(&bytes).ok_or_else(|| "the tenant's answer cannot be read".into())
}

/// All recordings of an edge.
#[durable_object]
pub struct Tenant {
    sql: SqlStorage,
    is_ready: Cell<bool>,
}

impl DurableObject for Tenant {
    fn new(state: State, _env: Env) -> Self {
        Self {
            sql: state.storage().sql(),
            is_ready: Cell::new(false),
        }
    }

    async fn fetch(&self, mut request: Request) -> Result<Response> {
        self.prepare()?;
        let command = serde_json::from_str(&request.text().await?)?;
        encoded(self.answer(command))
    }
}

/// The answer to what was done and has nothing to tell.
fn done() -> Delivery {
    Delivery::new(204, Vec::new())
}

impl Tenant {
    /// Makes the tables, once for each time that this object is in memory.
    fn prepare(&self) -> Result<()> {
        if self.is_ready.get() {
            return Ok(());
        }
        for schema in [SCHEMA, keys::SCHEMA, templates::SCHEMA] {
            self.sql.exec(schema, None)?;
        }
        let columns = "SELECT name FROM pragma_table_info('recording')";
        let there = read(&self.sql, columns, Vec::new(), |row| text(row.next()?))?;
        for (name, kind) in LATER {
            if !there.iter().any(|column| column == name) {
                let add = format!("ALTER TABLE recording ADD COLUMN {name} {kind}");
                self.sql.exec(&add, None)?;
            }
        }
        self.is_ready.set(true);
        Ok(())
    }

    fn answer(&self, command: TenantCommand) -> Answer {
        match command {
            TenantCommand::Put(summary) => Ok(self.put(summary)?),
            TenantCommand::Forget { id } => {
                self.forget_made(&id)?;
                let query = "DELETE FROM recording WHERE id = ?";
                write(&self.sql, query, vec![id.into()])?;
                Ok(done())
            }
            TenantCommand::List(query) => Ok(respond::json(200, &self.list(&query)?)?),
            TenantCommand::AddKey { info, digest } => Ok(self.add_key(info, digest)?),
            TenantCommand::CheckKey {
                digest,
                scope,
                page,
            } => self.check_key(&digest, scope, &page),
            TenantCommand::Keys => self.keys(),
            TenantCommand::RevokeKey { id } => self.revoke_key(&id),
            TenantCommand::AddTemplate(template) => {
                self.put_template(&template)?;
                Ok(respond::json(201, &template)?)
            }
            TenantCommand::Template { id } => self.template(&id),
            TenantCommand::Templates => self.templates(),
            TenantCommand::PatchTemplate { id, patch } => self.patch_template(&id, patch),
            TenantCommand::RemoveTemplate { id } => self.remove_template(&id),
            TenantCommand::Admit(admission) => self.admit(admission),
        }
    }

    fn put(&self, summary: RecordingSummary) -> Result<Delivery> {
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
        let query = "INSERT OR REPLACE INTO recording (id, state, title, created, duration, bytes, review, access)
                     VALUES (?, ?, ?, ?, ?, ?, ?, ?)";
        write(&self.sql, query, values)?;
        Ok(done())
    }

    fn list(&self, query: &ListQuery) -> Result<RecordingList> {
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
