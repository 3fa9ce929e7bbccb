//! A complete upload made a recording, a slice after another: what was done is kept after each object, so that a
//! slice that is cut off is gone on with.

use std::collections::BTreeMap;
use std::ops::Range;

use livetape_edge::access::Terms;
use livetape_edge::api::Finish;
use livetape_edge::ingest::{Movie, Reason, Slices, Source, Step, Walk};
use livetape_edge::object::{Announced, MAIN_LANE, object_key};
use livetape_edge::tus::{Kind, Part, Upload as Progress, UploadId, entry};
use livetape_edge::{ConfigHash, Delivery, Gate, RecordingId, Retention, Sha256Digest};
use serde::{Deserialize, Serialize};
use worker::Result;

use super::Upload;
use crate::command::{self, Command, New};
use crate::r2::Bucket;
use crate::sql::{read, text, write};
use crate::{platform, r2};

pub(super) const SCHEMA: &str =
    "CREATE TABLE IF NOT EXISTS job (one INTEGER PRIMARY KEY CHECK (one = 1), body TEXT NOT NULL)";

/// Milliseconds of a slice.
pub(super) const SLICE: i64 = 15_000;

/// What becomes of an upload.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct Job {
    /// The recording that it becomes.
    pub(super) recording: String,
    /// What that has by its template. Jobs of earlier versions lack it.
    #[serde(default)]
    pub(super) terms: Terms,
    /// Objects that are there.
    pub(super) done: u32,
    /// What was read of it, where it must be read from end to end.
    #[serde(default)]
    pub(super) slices: Slices,
    state: State,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
enum State {
    /// Not all of it is there, or not all of it has been made objects.
    Waiting,
    Playable,
    Failed(Reason),
}

/// What a file is.
enum Film {
    Movie(Box<Movie>),
    Transport,
    None(Reason),
}

/// Whether there is more to do, or why there is no recording.
pub(super) type Made = std::result::Result<bool, Reason>;

impl Job {
    pub(super) fn new(recording: String, terms: Terms) -> Self {
        Self {
            recording,
            terms,
            done: 0,
            slices: Slices::default(),
            state: State::Waiting,
        }
    }

    /// The answer with what is known of the recording.
    pub(super) fn told(&self, answer: Delivery, own: &Progress) -> Delivery {
        let state = match self.state {
            State::Waiting if own.is_complete() => "indexing",
            State::Waiting => "uploading",
            State::Playable => "playable",
            State::Failed(_) => "failed",
        };
        let answer = answer
            .with("Livetape-Recording", &self.recording)
            .with("Livetape-State", state);
        let (at, again) = (self.slices.at(), self.slices.again());
        let answer = match at + again {
            0 => answer,
            _ => answer.with("Livetape-Indexed", format!("{at};again={again}")),
        };
        match self.state {
            State::Failed(reason) => answer.with("Livetape-Reason", reason.as_str()),
            _ => answer,
        }
    }
}

impl Upload {
    pub(super) fn job(&self) -> Result<Option<Job>> {
        let found = read(&self.sql, "SELECT body FROM job", Vec::new(), |row| {
            serde_json::from_str(&text(row.next()?)?).ok()
        })?;
        Ok(found.into_iter().next())
    }

    pub(super) fn save_job(&self, job: &Job) -> Result<()> {
        let values = vec![serde_json::to_string(job)?.into()];
        let query = "INSERT OR REPLACE INTO job (one, body) VALUES (1, ?)";
        write(&self.sql, query, values)
    }

    /// Whether there is something to do for a recording.
    pub(super) fn is_to_index(&self, own: &Progress) -> Result<bool> {
        let waits = |job: Job| job.state == State::Waiting;
        let is_whole = own.is_complete() && !matches!(own.kind, Kind::Partial(_));
        Ok(is_whole && self.job()?.is_some_and(waits))
    }

    /// Does a slice of it.
    pub(super) async fn index(&self, id: &UploadId, own: &Progress, job: &mut Job) -> Result<()> {
        let parts = self.parts()?;
        let made = match self.walk(own.offset, &parts).await? {
            Film::Movie(movie) => self.make(&movie, job, own, &parts).await?,
            Film::Transport => self.put_together(id, job, own, &parts).await?,
            Film::None(reason) => Err(reason),
        };
        match made {
            Ok(true) => Ok(()),
            Ok(false) => {
                job.state = State::Playable;
                self.save_job(job)
            }
            Err(reason) => self.fail(job, reason).await,
        }
    }

    /// There will be no recording.
    pub(super) async fn fail(&self, job: &mut Job, reason: Reason) -> Result<()> {
        self.ask(job, &Command::Delete).await?;
        job.state = State::Failed(reason);
        self.save_job(job)
    }

    /// Reads what must be read of the file to know what it is.
    async fn walk(&self, size: u64, parts: &[Part]) -> Result<Film> {
        let bucket = r2::bucket(&self.env)?;
        let walk = Walk::new(size);
        let (mut step, mut walk) = (walk.first(), Some(walk));
        loop {
            match (step, walk.take()) {
                (Step::Read(range), Some(on)) => {
                    let bytes = stored(&bucket, parts, range).await?;
                    (walk, step) = on.give(&bytes);
                }
                (Step::Done(movie), _) => return Ok(Film::Movie(movie)),
                (Step::Transport, _) => return Ok(Film::Transport),
                (Step::Refused(reason), _) => return Ok(Film::None(reason)),
                (Step::Read(_), None) => return Err("a walk that is over wants more".into()),
            }
        }
    }

    /// Makes objects until the slice is over; true where some are left.
    async fn make(
        &self,
        movie: &Movie,
        job: &mut Job,
        own: &Progress,
        parts: &[Part],
    ) -> Result<Made> {
        let until = platform::now() + SLICE;
        let bucket = r2::bucket(&self.env)?;
        let init = movie.init();
        self.begin(job, own).await?;
        if !self.put_config(job, &init).await? {
            return Ok(Err(Reason::Unplayable));
        }
        while job.done < movie.objects() {
            if platform::now() > until {
                job.slices.end(0);
                self.save_job(job)?;
                return Ok(Ok(true));
            }
            let object = match movie.object(job.done) {
                Ok(object) => object,
                Err(reason) => return Ok(Err(reason)),
            };
            let mut bytes = Vec::new();
            for source in object.sources {
                match source {
                    Source::Bytes(made) => bytes.extend(made),
                    Source::File(range) => bytes.extend(stored(&bucket, parts, range).await?),
                }
            }
            if !self.put_object(job, &init, bytes).await? {
                return Ok(Err(Reason::Unplayable));
            }
        }
        self.finish(job).await?;
        Ok(Ok(false))
    }

    /// Creates the recording. It may be there from a slice that was cut off.
    pub(super) async fn begin(&self, job: &Job, own: &Progress) -> Result<()> {
        if job.done == 0 {
            let create = Command::Create(new(own, &job.terms));
            self.ask(job, &create).await?;
        }
        Ok(())
    }

    /// Puts an init segment; false where it is not taken.
    pub(super) async fn put_config(&self, job: &Job, init: &[u8]) -> Result<bool> {
        let put = Command::PutConfig {
            hash: ConfigHash::of(init).to_string(),
            init: init.to_vec(),
        };
        Ok(self.ask(job, &put).await? < 400)
    }

    /// Stores the next object, which goes with an init segment; false where it is not taken.
    pub(super) async fn put_object(
        &self,
        job: &mut Job,
        init: &[u8],
        bytes: Vec<u8>,
    ) -> Result<bool> {
        let id = RecordingId::parse(&job.recording).ok_or("a job has no recording")?;
        let announced = Announced {
            len: bytes.len() as u64,
            digest: Sha256Digest::of(&bytes),
            metadata: BTreeMap::from([("config", ConfigHash::of(init).to_string())]),
        };
        let key = object_key(&id, MAIN_LANE, job.done);
        r2::put(&r2::bucket(&self.env)?, &key, bytes, &announced).await?;
        if self.ask(job, &Command::PutObject { seq: job.done }).await? >= 400 {
            return Ok(false);
        }
        job.done += 1;
        self.save_job(job)?;
        Ok(true)
    }

    pub(super) async fn finish(&self, job: &Job) -> Result<()> {
        let objects = BTreeMap::from([(MAIN_LANE.to_owned(), job.done)]);
        let finish = Command::Finish {
            finish: Finish { objects },
            origin: String::new(),
        };
        self.ask(job, &finish).await?;
        Ok(())
    }

    /// Sends a command to the recording, and gives the status of its answer.
    async fn ask(&self, job: &Job, command: &Command) -> Result<u16> {
        let id = RecordingId::parse(&job.recording).ok_or("a job has no recording")?;
        Ok(command::ask(&self.env, &id, command).await?.status)
    }
}

/// The recording that an upload becomes; its title is that of the metadata, or the file's name.
fn new(own: &Progress, terms: &Terms) -> New {
    let metadata = own.metadata.as_deref().unwrap_or_default();
    let title = entry(metadata, "title").or_else(|| entry(metadata, "filename"));
    New {
        // This may be another try.
        is_fresh: false,
        title: title.as_deref().and_then(livetape_edge::api::kept_title),
        metadata: BTreeMap::new(),
        origin: String::new(),
        token: String::new(),
        limits: terms.limits,
        gate: terms.gate(Gate::default()),
        retention: terms.retention(Retention::default()),
        provenance: terms.provenance(None),
    }
}

/// A range of the file, of whose parts each is an object.
pub(super) async fn stored(bucket: &Bucket, parts: &[Part], range: Range<u64>) -> Result<Vec<u8>> {
    let mut bytes = Vec::new();
    let mut begin = 0;
    for part in parts {
        let end = begin + part.len;
        let (from, to) = (range.start.max(begin), range.end.min(end));
        if from < to {
            bytes.extend(r2::bytes(bucket, &part.key, from - begin, to - from).await?);
        }
        begin = end;
    }
    Ok(bytes)
}
