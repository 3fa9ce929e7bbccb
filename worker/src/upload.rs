//! The Durable Object that takes one resumable upload. What arrives is in its SQLite at once, and goes on to
//! R2 in larger objects: no byte that arrived is lost with the request that brought it.

mod bytes;
mod ingest;
mod receiving;
mod slices;
mod transport;

pub(crate) use slices::ask_slice;

use std::cell::{Cell, RefCell};
use std::time::Duration;

use js_sys::ArrayBuffer;
use livetape_edge::access::Terms;
use livetape_edge::tus::request::{Addition, Creation};
use livetape_edge::tus::{Kind, Part, Upload as Progress, UploadId};
use livetape_edge::{Code, Delivery, Piece};
use serde::{Deserialize, Serialize};
use worker::{
    DurableObject, Env, Method, Request, Response, Result, SqlStorage, State, Storage,
    durable_object,
};

use self::ingest::Job;
use crate::byob::Reader;
use crate::refusal::{Answer, Refusal, encoded};
use crate::sql::{read, text, write};
use crate::{costs, platform, r2, respond};

const SCHEMA: &str = "
    CREATE TABLE IF NOT EXISTS upload (one INTEGER PRIMARY KEY CHECK (one = 1), id TEXT NOT NULL, body TEXT NOT NULL);
    CREATE TABLE IF NOT EXISTS tail (at INTEGER PRIMARY KEY, bytes BLOB NOT NULL);
    CREATE TABLE IF NOT EXISTS part (at INTEGER PRIMARY KEY, key TEXT NOT NULL, len INTEGER NOT NULL);
";

/// The binding of the Durable Objects.
pub(crate) const BINDING: &str = "UPLOAD";

/// What a request to an upload is for, beyond its method: the value of `Livetape-Command`.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) enum Command {
    /// `POST`: it is created; the body may have its first bytes.
    Create(Box<New>),
    /// `GET`: its bytes.
    Read,
    /// `GET`: whether it can be joined with others.
    CanJoin,
    /// `GET`: it is joined with others from now on; the answer is its [`Part`]s.
    Join,
    /// `POST`: a slice of it is to be made objects of its recording.
    Slice(u32),
}

/// The header that carries a command.
pub(crate) const COMMAND: &str = "Livetape-Command";

/// An upload that is to be created.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct New {
    pub(crate) creation: Creation,
    pub(crate) concat: Option<String>,
    pub(crate) most: Option<u64>,
    /// Where it will be.
    pub(crate) location: String,
    /// What it is joined from.
    pub(crate) parts: Vec<Part>,
    /// The recording that it becomes, where it is a film.
    pub(crate) recording: String,
    pub(crate) terms: Terms,
}

/// One upload.
#[durable_object]
pub struct Upload {
    sql: SqlStorage,
    storage: Storage,
    env: Env,
    /// Bytes that arrived and are not in a row yet.
    buffer: RefCell<Vec<u8>>,
    /// Who reads a body now.
    reader: RefCell<Option<Reader>>,
    /// What it reads into, again and again.
    chunk: RefCell<Option<ArrayBuffer>>,
    /// Counts those who have read one: who is not the last stores nothing more.
    turn: Cell<u32>,
    /// What is being read counts only when its checksum is right.
    is_staging: Cell<bool>,
    /// Rows are on their way to R2.
    is_moving: Cell<bool>,
    /// The slice that a message was sent for, as far as is known here.
    asked: Cell<Option<u32>>,
    /// A slice is being done.
    is_slicing: Cell<bool>,
}

impl DurableObject for Upload {
    fn new(state: State, env: Env) -> Self {
        let storage = state.storage();
        Self {
            sql: storage.sql(),
            storage,
            env,
            buffer: RefCell::default(),
            reader: RefCell::default(),
            chunk: RefCell::default(),
            turn: Cell::default(),
            is_staging: Cell::default(),
            is_moving: Cell::default(),
            asked: Cell::default(),
            is_slicing: Cell::default(),
        }
    }

    async fn alarm(&self) -> Result<Response> {
        self.ring().await?;
        Response::empty()
    }

    async fn fetch(&self, request: Request) -> Result<Response> {
        let answer = async { encoded(self.answer(&request).await) };
        costs::told(answer).await
    }
}

impl Upload {
    async fn answer(&self, request: &Request) -> Answer {
        self.prepare()?;
        let header = |name: &str| request.headers().get(name).ok().flatten();
        let command: Option<Command> = match header(COMMAND) {
            Some(command) => Some(serde_json::from_str(&command)?),
            None => None,
        };
        if let Some(Command::Slice(number)) = command {
            return self.slice(number).await;
        }
        // Whoever asks now is the one who is there: a request before may be a connection that is long dead.
        self.supersede()?;
        let turn = self.turn.get();
        let answer = self.obeyed(request, command).await;
        if answer.is_err() {
            self.hear_out(request, turn).await;
        }
        answer
    }

    async fn obeyed(&self, request: &Request, command: Option<Command>) -> Answer {
        match (request.method(), command) {
            (_, Some(Command::Create(new))) => self.create(request, *new).await,
            (_, Some(Command::Read)) => self.read().await,
            (_, Some(Command::CanJoin)) => self.joinable().map(|_| no_content()),
            (_, Some(Command::Join)) => self.join().await,
            (Method::Patch, None) => self.patch(request).await,
            (Method::Delete, None) => self.terminate().await,
            (_, _) => {
                // Where this object was elsewhere before, it does not know of its message.
                let (id, own) = self.known()?;
                self.have_sliced(&id, &own).await?;
                self.told(Progress::head)
            }
        }
    }

    async fn create(&self, request: &Request, new: New) -> Answer {
        let id = UploadId::parse(request.path().trim_start_matches('/'));
        let id = id.ok_or_else(|| worker::Error::from("an upload was asked by no id"))?;
        let mut own = Progress::new(&new.creation, new.concat, new.most, seconds())?;
        for part in &new.parts {
            self.add_part(own.offset, part)?;
            own.offset += part.len;
        }
        if own.kind == Kind::Final {
            own.len = Some(own.offset);
        }
        self.save(&id, &own)?;
        self.save_job(&Job::new(new.recording, new.terms))?;
        self.set_alarm(&id, &own).await?;
        let header = |name: &str| request.headers().get(name).ok().flatten();
        if own.kind != Kind::Final && request.inner().body().is_some() {
            let addition = Addition::beginning(header)?;
            let room = own.begin(&addition, seconds())?.room;
            self.receive(request, &id, own, room, addition.checksum)
                .await?;
        }
        self.told(|own| own.created(&new.location))
    }

    async fn patch(&self, request: &Request) -> Answer {
        let (id, mut own) = self.known()?;
        let addition = Addition::read(|name: &str| request.headers().get(name).ok().flatten())?;
        let room = own.begin(&addition, seconds())?.room;
        self.save(&id, &own)?;
        self.receive(request, &id, own, room, addition.checksum)
            .await?;
        self.told(Progress::patched)
    }

    /// An answer, with what is known of the recording.
    fn told(&self, answer: impl FnOnce(&Progress) -> Delivery) -> Answer {
        let (_, own) = self.known()?;
        let job = self
            .job()?
            .filter(|_| !matches!(own.kind, Kind::Partial(_)));
        let answer = answer(&own);
        Ok(match job {
            Some(job) => job.told(answer, &own),
            None => answer,
        })
    }

    async fn read(&self) -> Answer {
        let (id, own) = self.known()?;
        if !own.is_complete() {
            return Err(Code::UploadIncomplete.into());
        }
        self.move_out(&id, true).await?;
        let stored = |part: Part| Piece::Stored {
            key: part.key,
            offset: 0,
            len: part.len,
        };
        let pieces = self.parts()?.into_iter().map(stored).collect();
        Ok(Delivery::new(200, pieces).with("Cache-Control", "no-store"))
    }

    fn joinable(&self) -> std::result::Result<(UploadId, Progress), Refusal> {
        let (id, own) = self.known()?;
        if own.kind == Kind::Partial(false) && own.is_complete() {
            return Ok((id, own));
        }
        Err(Code::UploadNotJoinable.into())
    }

    async fn join(&self) -> Answer {
        let (id, mut own) = self.joinable()?;
        self.move_out(&id, true).await?;
        own.kind = Kind::Partial(true);
        self.save(&id, &own)?;
        Ok(respond::json(200, &self.parts()?)?)
    }

    /// Removes it with all that is stored; what was joined with others is theirs.
    async fn terminate(&self) -> Answer {
        let (id, own) = self.known()?;
        if own.kind != Kind::Partial(true) {
            let bucket = r2::bucket(&self.env)?;
            let mut keys: Vec<String> = self.parts()?.into_iter().map(|part| part.key).collect();
            keys.extend(self.job()?.map(|job| id.checkpoint(job.slices.next())));
            for keys in keys.chunks(1_000) {
                bucket.delete_multiple(keys.to_vec()).await?;
            }
        }
        self.storage.delete_alarm().await?;
        self.storage.delete_all().await?;
        Ok(no_content())
    }

    /// What an alarm is for: to look whether a message was lost, or its end.
    async fn ring(&self) -> Result<()> {
        self.prepare()?;
        let Some((id, own)) = self.load()? else {
            return Ok(());
        };
        if own.expires <= seconds() {
            return match self.terminate().await {
                Err(Refusal::Fault(fault)) => Err(fault),
                _ => Ok(()),
            };
        }
        if !self.is_slicing.get() {
            self.asked.set(None);
        }
        self.set_alarm(&id, &own).await
    }

    /// Has what is complete indexed, and looks at it again when that should be done; at anything else when its time
    /// is over.
    async fn set_alarm(&self, id: &UploadId, own: &Progress) -> Result<()> {
        if self.is_to_index(own)? {
            self.storage.set_alarm(slices::LOST).await?;
            return self.have_sliced(id, own).await;
        }
        let wait = u64::try_from(own.expires - seconds()).unwrap_or(0);
        self.storage.set_alarm(Duration::from_secs(wait)).await
    }

    fn prepare(&self) -> Result<()> {
        for schema in [SCHEMA, ingest::SCHEMA] {
            self.sql.exec(schema, None)?;
        }
        Ok(())
    }

    /// The upload; not one whose time is over.
    fn known(&self) -> std::result::Result<(UploadId, Progress), Refusal> {
        let found = self.load()?;
        let own = found.filter(|(_, own)| own.expires > seconds());
        own.ok_or_else(|| Code::UnknownUpload.into())
    }

    fn load(&self) -> Result<Option<(UploadId, Progress)>> {
        let found = read(
            &self.sql,
            "SELECT id, body FROM upload",
            Vec::new(),
            |row| {
                let id = UploadId::parse(&text(row.next()?)?)?;
                Some((id, serde_json::from_str(&text(row.next()?)?).ok()?))
            },
        )?;
        Ok(found.into_iter().next())
    }

    fn save(&self, id: &UploadId, own: &Progress) -> Result<()> {
        let values = vec![id.to_string().into(), serde_json::to_string(own)?.into()];
        let query = "INSERT OR REPLACE INTO upload (one, id, body) VALUES (1, ?, ?)";
        write(&self.sql, query, values)
    }
}

fn no_content() -> Delivery {
    Delivery::new(204, Vec::new())
}

/// Unix seconds.
fn seconds() -> i64 {
    platform::now() / 1_000
}
