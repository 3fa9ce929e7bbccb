//! The Durable Object that keeps the list of all recordings, the API keys and the templates. Recordings tell
//! it of themselves; it is never asked while something is recorded or played.

mod keys;
mod templates;

pub(crate) use templates::Admission;

use livetape_edge::access::{KeyInfo, PatchTemplate, Scope, Template};
use livetape_edge::api::{RecordingList, RecordingSummary, State as Progress};
use livetape_edge::{Cursor, Delivery, ListQuery, Operation};
use serde::{Deserialize, Serialize};
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
        duration REAL NOT NULL, bytes INTEGER NOT NULL
    );
    CREATE INDEX IF NOT EXISTS recording_by_age ON recording (created DESC, id DESC);
";

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
    /// Lets a recording be made by a template; the answer is its limits.
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
}

impl DurableObject for Tenant {
    fn new(state: State, _env: Env) -> Self {
        Self {
            sql: state.storage().sql(),
        }
    }

    async fn fetch(&self, mut request: Request) -> Result<Response> {
        for schema in [SCHEMA, keys::SCHEMA, templates::SCHEMA] {
            self.sql.exec(schema, None)?;
        }
        let command = serde_json::from_str(&request.text().await?)?;
        encoded(self.answer(command))
    }
}

/// The answer to what was done and has nothing to tell.
fn done() -> Delivery {
    Delivery::new(204, Vec::new())
}

impl Tenant {
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
            TenantCommand::CheckKey { digest, scope } => self.check_key(&digest, scope),
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
            state_text(summary.state).into(),
            summary.title.into(),
            summary.created.into(),
            summary.duration.into(),
            i64::try_from(summary.bytes).unwrap_or(i64::MAX).into(),
        ];
        let query = "INSERT OR REPLACE INTO recording (id, state, title, created, duration, bytes)
                     VALUES (?, ?, ?, ?, ?, ?)";
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
            values.push(state_text(state).into());
        }
        if let Some(search) = &query.search {
            conditions.push("(title LIKE ? ESCAPE '\\' OR id LIKE ? ESCAPE '\\')");
            let literal = literal(search);
            values.extend([format!("%{literal}%").into(), format!("{literal}%").into()]);
        }
        // One more than asked for tells whether there is another page.
        let limit = query.limit as usize;
        let sql = format!(
            "SELECT id, state, title, created, duration, bytes FROM recording WHERE {}
             ORDER BY created DESC, id DESC LIMIT {}",
            conditions.join(" AND "),
            limit + 1
        );
        let mut recordings = read(&self.sql, &sql, values, |row| {
            Some(RecordingSummary {
                id: text(row.next()?)?,
                state: state_of(&text(row.next()?)?),
                title: text(row.next()?),
                created: integer(row.next()?)?,
                duration: real(row.next()?)?,
                bytes: integer(row.next()?)?.try_into().ok()?,
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

const fn state_text(state: Progress) -> &'static str {
    match state {
        Progress::Recording => "recording",
        Progress::Finished => "finished",
    }
}

fn state_of(text: &str) -> Progress {
    match text {
        "finished" => Progress::Finished,
        _ => Progress::Recording,
    }
}

/// A text as a pattern of `LIKE` that only it matches.
fn literal(text: &str) -> String {
    text.replace('\\', "\\\\")
        .replace('%', "\\%")
        .replace('_', "\\_")
}
