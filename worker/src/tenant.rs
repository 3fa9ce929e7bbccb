//! The Durable Object that keeps the list of all recordings, the API keys and the templates. Recordings tell
//! it of themselves; it is never asked while something is recorded or played.
//!
//! - `list`: the recordings
//! - `keys`, `templates`: API keys; templates, and what has been recorded by them
//! - `kept`, `rebuild`: what R2 knows of it, and how it comes back from that

mod kept;
mod keys;
mod list;
mod rebuild;
mod templates;

pub(crate) use templates::Admission;

use std::cell::Cell;

use livetape_edge::access::{KeyInfo, PatchTemplate, Scope, Template};
use livetape_edge::api::RecordingSummary;
use livetape_edge::{Delivery, ListQuery, Operation, Page};
use serde::{Deserialize, Serialize};
use worker::{
    DurableObject, Env, Method, Request, RequestInit, Response, Result, SqlStorage, State, Storage,
    durable_object,
};

use crate::refusal::{Answer, decoded, encoded};
use crate::sql::{read, text, write};
use crate::turns::Turns;
use crate::{costs, respond};

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
    decoded(stub.fetch_with_request(request).await?).await
}

/// All recordings of an edge.
#[durable_object]
pub struct Tenant {
    sql: SqlStorage,
    state: State,
    storage: Storage,
    env: Env,
    is_ready: Cell<bool>,
    /// The rows are all that there is: R2 was asked where there were none.
    is_recovered: Cell<bool>,
    /// Of writes of what R2 knows.
    turns: Turns,
}

impl DurableObject for Tenant {
    fn new(state: State, env: Env) -> Self {
        let storage = state.storage();
        Self {
            sql: storage.sql(),
            state,
            storage,
            env,
            is_ready: Cell::new(false),
            is_recovered: Cell::new(false),
            turns: Turns::new(),
        }
    }

    async fn alarm(&self) -> Result<Response> {
        self.prepare()?;
        self.recover().await?;
        self.keep().await?;
        self.go_on_rebuilding().await?;
        Response::empty()
    }

    async fn fetch(&self, mut request: Request) -> Result<Response> {
        self.prepare()?;
        let command = serde_json::from_str(&request.text().await?)?;
        self.recover().await?;
        encoded(self.answer(command).await)
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
        for schema in [
            list::SCHEMA,
            keys::SCHEMA,
            templates::SCHEMA,
            kept::SCHEMA,
            rebuild::SCHEMA,
        ] {
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

    async fn answer(&self, command: TenantCommand) -> Answer {
        match command {
            TenantCommand::Put(summary) => Ok(self.put(summary)?),
            TenantCommand::Forget { id } => {
                self.forget_made(&id)?;
                let query = "DELETE FROM recording WHERE id = ?";
                write(&self.sql, query, vec![id.into()])?;
                Ok(done())
            }
            TenantCommand::List(query) => self.list(&query),
            TenantCommand::AddKey { info, digest } => self.add_key(info, digest).await,
            TenantCommand::CheckKey {
                digest,
                scope,
                page,
            } => self.check_key(&digest, scope, &page),
            TenantCommand::Keys => self.keys(),
            TenantCommand::RevokeKey { id } => self.revoke_key(&id).await,
            TenantCommand::AddTemplate(template) => {
                self.put_template(&template).await?;
                Ok(respond::json(201, &template)?)
            }
            TenantCommand::Template { id } => self.template(&id),
            TenantCommand::Templates => self.templates(),
            TenantCommand::PatchTemplate { id, patch } => self.patch_template(&id, patch).await,
            TenantCommand::RemoveTemplate { id } => self.remove_template(&id).await,
            TenantCommand::Admit(admission) => self.admit(admission),
        }
    }
}
