//! The Durable Object that keeps one recording's index in SQLite. What it holds in memory is a copy
//! that is made anew whenever it is gone.

use std::cell::{Cell, RefCell, RefMut};
use std::time::Duration;

use livetape_edge::api::{ConfigInfo, ObjectList};
use livetape_edge::object::{self, Head, MAIN_LANE};
use livetape_edge::{
    ApiError, Code, ConfigHash, Meta, ObjectRow, PlayClaims, Recording as Index, RecordingId,
    Visitor,
};
use worker::{
    Delay, DurableObject, Env, Request, Response, Result, State, Storage, durable_object,
};

use crate::command::{Command, View};
use crate::costs;
use crate::r2::Bucket;
use crate::refusal::{Answer, Refusal, encoded};
use crate::rows::Rows;
use crate::turns::Turns;
use crate::{platform, r2, respond};

/// The head of an object of a few seconds is smaller than this, mostly.
const USUAL_HEAD: u64 = 16 << 10;

/// How long a request for something that has not started waits, in milliseconds: less than the 10 s in
/// which hls.js wants the first byte of a playlist.
const PATIENCE_MILLIS: i64 = 8_000;
/// How often it looks whether it has.
const LOOK_AGAIN: Duration = Duration::from_millis(250);

/// One recording.
#[durable_object]
pub struct Recording {
    pub(crate) rows: Rows,
    pub(crate) env: Env,
    pub(crate) state: State,
    pub(crate) storage: Storage,
    pub(crate) index: RefCell<Option<Index>>,
    /// As it was when a file was begun whose header is still being sent, until the next object is taken.
    pub(crate) before: RefCell<Option<Index>>,
    /// An alarm is set that tells the list of recordings.
    pub(crate) is_telling: Cell<bool>,
    /// The rows are all that there is: R2 was asked where there were none.
    pub(crate) is_recovered: Cell<bool>,
    /// Of writes of what R2 knows.
    pub(crate) turns: Turns,
}

impl DurableObject for Recording {
    fn new(state: State, env: Env) -> Self {
        let storage = state.storage();
        Self {
            rows: Rows::new(storage.sql()),
            env,
            storage,
            state,
            index: RefCell::new(None),
            before: RefCell::new(None),
            is_telling: Cell::new(false),
            is_recovered: Cell::new(false),
            turns: Turns::new(),
        }
    }

    async fn alarm(&self) -> Result<Response> {
        self.ring().await?;
        Response::empty()
    }

    async fn fetch(&self, request: Request) -> Result<Response> {
        costs::told(self.answered(request)).await
    }
}

impl Recording {
    async fn answered(&self, mut request: Request) -> Result<Response> {
        let path = request.path();
        let id = RecordingId::parse(path.trim_start_matches('/'));
        let id = id.ok_or_else(|| worker::Error::from("a recording was asked by no id"))?;
        let command: Command = serde_json::from_str(&request.text().await?)?;
        if let Command::Header { of, from, to } = &command {
            return self.header(of, *from, *to);
        }
        encoded(self.answer(&id, command).await)
    }

    async fn answer(&self, id: &RecordingId, command: Command) -> Answer {
        // Nothing can be stored of an id that was drawn just now.
        if !matches!(&command, Command::Create(new) if new.is_fresh) {
            self.recover(id).await?;
        }
        match command {
            Command::Create(new) => self.create(id, new).await,
            Command::Patch { patch, origin } => self.patch(patch, &origin).await,
            Command::Delete => self.delete(id).await,
            Command::Info { origin } => Ok(respond::json(200, &self.index()?.info(&origin))?),
            Command::PutConfig { hash, init } => self.put_config(id, &hash, init).await,
            Command::PutObject { seq } => self.put_object(id, seq).await,
            Command::Objects => {
                let objects = self.index()?.objects();
                Ok(respond::json(200, &ObjectList { objects })?)
            }
            Command::Finish { finish, origin } => self.finish(&finish, &origin).await,
            Command::Broadcast(command) => self.answer_broadcast(command).await,
            Command::Clip(command) => self.answer_clip(command).await,
            Command::Pack(command) => self.answer_pack(command).await,
            Command::View { view, visitor } => self.view(&view, &visitor).await,
            // Answered in bytes.
            Command::Header { .. } => Err(Code::NotFound.into()),
            Command::Gate => Ok(respond::json(200, &self.entrance()?)?),
            Command::Summary => Ok(respond::json(200, &self.index()?.summary())?),
        }
    }

    /// A player that comes early is kept waiting for a while: most give up sooner when told to come
    /// again.
    async fn view(&self, view: &View, visitor: &Visitor) -> Answer {
        let give_up = platform::now().saturating_add(PATIENCE_MILLIS);
        loop {
            let answer = self.view_now(view, visitor);
            let early =
                matches!(&answer, Err(Refusal::Api(error)) if error.code == Code::NotStarted);
            if !early || platform::now() >= give_up {
                return answer;
            }
            Delay::from(LOOK_AGAIN).await;
        }
    }

    fn view_now(&self, view: &View, visitor: &Visitor) -> Answer {
        // Where there is no recording there is no table to ask either.
        let meta = self.meta()?;
        let (gate, claims) = (&meta.gate, visitor.claims.as_ref());
        gate.check(claims)?;
        gate.check_page(&visitor.page)?;
        let form = match view {
            View::Recorded { request, .. } => request.form(),
            View::Live { file, .. } => file.form(),
        };
        form.map_or(Ok(()), |form| gate.check_form(form, claims))?;
        if let Some(answer) = self.sealed(&meta, view, claims)? {
            return Ok(gate.share(visitor, answer));
        }
        let answer = match view {
            View::Recorded { clip, request } => {
                let clip = clip.map(|number| self.clip(number)).transpose()?;
                let index = self.index()?;
                let mut within = clip.map(|clip| clip.span);
                if let Some(window) = claims.map(PlayClaims::window)
                    && !window.is_whole()
                {
                    within = Some(index.span(&window, within.as_ref())?);
                }
                index.view(request, within.as_ref(), platform::now())?
            }
            View::Live { number, file } => {
                let broadcast = self.broadcast(*number)?;
                self.index()?.live(&broadcast, file, platform::now())?
            }
        };
        Ok(gate.share(visitor, answer))
    }

    /// The recording's own facts; the index is not read for them.
    pub(crate) fn meta(&self) -> std::result::Result<Meta, Refusal> {
        match self.index.borrow().as_ref() {
            Some(index) => Ok(index.meta().clone()),
            None => Ok(self.rows.meta()?.ok_or(Code::UnknownRecording)?),
        }
    }

    /// The index, read from the rows where it is not in memory. Not to be held across an `await`.
    pub(crate) fn index(&self) -> std::result::Result<RefMut<'_, Index>, Refusal> {
        let mut index = self.index.borrow_mut();
        if index.is_none() {
            *index = self.rows.load()?;
        }
        RefMut::filter_map(index, Option::as_mut).map_err(|_| Code::UnknownRecording.into())
    }

    async fn put_config(&self, id: &RecordingId, hash: &str, init: Vec<u8>) -> Answer {
        let hash = ConfigHash::parse(hash).ok_or(Code::UnknownConfig)?;
        let is_new = self.index()?.check_config(&hash, &init)?;
        if is_new {
            // Same name, same bytes: writing it twice does no harm.
            let key = object::config_key(id, &hash);
            self.bucket()?.put(key, init.clone()).execute().await?;
            let mut index = self.index()?;
            if index.check_config(&hash, &init)? {
                self.rows.insert_config(&hash, &init)?;
                index.insert_config(hash.clone(), init);
            }
        }
        let status = if is_new { 201 } else { 200 };
        Ok(respond::json(
            status,
            &ConfigInfo {
                config: hash.to_string(),
            },
        )?)
    }

    /// Takes an object that lies in storage, by its own head, read back from there. What is not taken
    /// does not stay there.
    async fn put_object(&self, id: &RecordingId, seq: u32) -> Answer {
        let bucket = self.bucket()?;
        let key = object::object_key(id, MAIN_LANE, seq);
        let row = read_row(&bucket, &key, seq).await?;
        let answer = self.commit(row);
        if answer.is_ok() {
            self.tell_soon().await?;
            // Put again, long after: its bytes are elsewhere.
            if self.index().is_ok_and(|index| index.is_packed(seq)) {
                bucket.delete(&key).await?;
            }
        }
        if let Err(Refusal::Api(_)) = answer {
            let used = self.index().is_ok_and(|index| index.digest(seq).is_some());
            if !used {
                bucket.delete(key).await?;
            }
        }
        answer
    }

    fn commit(&self, row: std::result::Result<ObjectRow, ApiError>) -> Answer {
        let mut index = self.index()?;
        let row = row?;
        let status = match index.digest(row.seq) {
            Some(digest) if digest == row.digest => 200,
            Some(_) => return Err(Code::ObjectConflict.into()),
            None => {
                index.check_object(&row)?;
                self.rows.insert_object(&row)?;
                self.before.replace(None);
                let is_good = index.take_object(&row) && !index.is_page_due();
                drop(index);
                if !is_good {
                    self.index.replace(None);
                }
                201
            }
        };
        Ok(respond::json(status, &row.info())?)
    }

    pub(crate) fn bucket(&self) -> Result<Bucket> {
        r2::bucket(&self.env)
    }
}

/// Reads a stored object's head and what else the index keeps of it.
pub(crate) async fn read_row(
    bucket: &Bucket,
    key: &str,
    seq: u32,
) -> Result<std::result::Result<ObjectRow, ApiError>> {
    let mut wanted = USUAL_HEAD;
    loop {
        let Some((stored, mut bytes)) = r2::prefix(bucket, key, wanted).await? else {
            return Ok(Err(Code::UnknownObject.into()));
        };
        let size = stored.size();
        match object::head(&bytes, size) {
            Ok(Head::Needs(more)) if more > wanted => wanted = more,
            Ok(Head::Needs(_)) => return Err("storage gave less than was asked for".into()),
            Err(error) => return Ok(Err(error)),
            Ok(Head::Complete(len)) => {
                bytes.truncate(len);
                let digest = r2::digest(&stored);
                let metadata = stored.custom_metadata()?;
                let config = metadata
                    .get("config")
                    .and_then(|hash| ConfigHash::parse(hash));
                let (Some(digest), Some(config)) = (digest, config) else {
                    return Err("storage lost the facts of an object".into());
                };
                let wall_clock = metadata
                    .get("wall-clock")
                    .and_then(|text| text.parse().ok());
                return Ok(Ok(ObjectRow {
                    seq,
                    size,
                    digest,
                    config,
                    head: bytes,
                    wall_clock,
                    stored: i64::try_from(stored.uploaded().as_millis()).unwrap_or(i64::MAX),
                }));
            }
        }
    }
}
