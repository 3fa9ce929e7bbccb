//! A recording whose rows were lost, from what R2 has of it: a slice after another, each kept when it is done.

use std::time::Duration;

use futures_util::future::join_all;
use livetape_edge::api::State as Progress;
use livetape_edge::object::{PackFile, key_prefix, pack_key, record_key};
use livetape_edge::pack::Pack;
use livetape_edge::{Code, ConfigHash, Facts, Kept, ObjectRow, RecordingId, StoredKey};
use serde::{Deserialize, Serialize};
use worker::Result;

use crate::r2::{self, Bucket};
use crate::recording::{Recording, read_row};
use crate::refusal::Refusal;
use crate::rows::Rows;

/// The setting that says how far it has come.
const REBUILD: &str = "rebuild";
/// Stored objects that are read in a slice.
const SLICE: u32 = 500;
/// So many at a time: R2 takes no more of one request.
const AT_ONCE: usize = 6;
/// What goes on at once is not within the request that began it.
const AT_ONCE_AGAIN: Duration = Duration::from_millis(1);

/// How far it has come.
#[derive(Debug, Clone, Serialize, Deserialize)]
struct Rebuild {
    facts: Facts,
    /// The last key that was read.
    after: String,
}

/// What was found.
enum Found {
    /// All that there is, be it nothing.
    All,
    /// A recording of which a part is read.
    Part,
    /// A recording, rebuilt.
    Rebuilt,
    /// What is left of a deleted recording.
    Deleted,
}

impl Recording {
    /// Sees to it, before anything else is done, that the rows are there if R2 has what they are made of,
    /// and that R2 has it if the rows are there.
    pub(crate) async fn recover(&self, id: &RecordingId) -> std::result::Result<(), Refusal> {
        if self.is_recovered.get() {
            return Ok(());
        }
        // Nobody else looks meanwhile, or is told that there is nothing.
        let begun = begin(self.rows.clone(), self.bucket()?, id.clone());
        match self.state.block_concurrency_while(begun).await? {
            Found::All => self.keep_if_due().await?,
            Found::Rebuilt => self.report(id).await?,
            Found::Deleted => self.erase(id).await?,
            Found::Part => {
                self.storage.set_alarm(AT_ONCE_AGAIN).await?;
                return Err(Code::Rebuilding.into());
            }
        }
        self.is_recovered.set(true);
        Ok(())
    }

    /// Goes on with it, by alarm. True where that is what there was to do.
    pub(crate) async fn go_on_rebuilding(&self, id: &RecordingId) -> Result<bool> {
        if !self.rows.is_rebuilding()? {
            return Ok(false);
        }
        match slice(&self.rows, &self.bucket()?, id).await? {
            Found::Part => self.storage.set_alarm(AT_ONCE_AGAIN).await?,
            _ => self.report(id).await?,
        }
        Ok(true)
    }

    /// It is there again, as if nothing had happened: the list of recordings may have lost it too.
    async fn report(&self, id: &RecordingId) -> Result<()> {
        self.index.replace(None);
        if !self.rows.packs()?.is_empty() {
            self.sweep_later()?;
            self.sweep(id).await?;
        }
        self.tell().await?;
        self.tidy_soon().await
    }
}

/// Looks for it, and reads the first slice.
async fn begin(rows: Rows, bucket: Bucket, id: RecordingId) -> Result<Found> {
    if rows.identity()?.is_some() {
        return Ok(match rows.is_rebuilding()? {
            true => Found::Part,
            false => Found::All,
        });
    }
    let Some(json) = r2::whole(&bucket, &record_key(&id)).await? else {
        return Ok(Found::All);
    };
    match serde_json::from_slice(&json)? {
        Kept::Deleted => Ok(Found::Deleted),
        Kept::Recording(facts) => {
            rows.restore(*facts)?;
            slice(&rows, &bucket, &id).await
        }
    }
}

/// Reads a slice of what is stored, and makes rows of it.
async fn slice(rows: &Rows, bucket: &Bucket, id: &RecordingId) -> Result<Found> {
    let Some(mut rebuild) = rows.setting::<Option<Rebuild>>(REBUILD)? else {
        return Ok(Found::All);
    };
    let page = r2::page(bucket, &key_prefix(id), &rebuild.after, SLICE).await?;
    for keys in page.keys.chunks(AT_ONCE) {
        let read = keys
            .iter()
            .map(|key| restored(bucket, id, key, &rebuild.facts));
        for restored in join_all(read).await {
            rows.take(restored?)?;
        }
    }
    match page.keys.into_iter().next_back().filter(|_| page.more) {
        Some(last) => {
            rebuild.after = last;
            rows.set(REBUILD, &Some(rebuild))?;
            Ok(Found::Part)
        }
        None => {
            rows.end_rebuild()?;
            Ok(Found::Rebuilt)
        }
    }
}

/// A row read back.
enum Restored {
    Config(ConfigHash, Vec<u8>),
    Object(Box<ObjectRow>),
    Clip(u32, livetape_edge::Clip),
    Pack(Box<Pack>, Vec<ObjectRow>),
    /// Nothing that ever had a row.
    Nothing,
}

async fn restored(bucket: &Bucket, id: &RecordingId, key: &str, facts: &Facts) -> Result<Restored> {
    let whole = async || r2::whole(bucket, key).await.map(Option::unwrap_or_default);
    match StoredKey::parse(id, key) {
        Some(StoredKey::Config(hash)) => {
            let init = whole().await?;
            Ok(match ConfigHash::of(&init) == hash {
                true => Restored::Config(hash, init),
                false => Restored::Nothing,
            })
        }
        Some(StoredKey::Clip(number)) => Ok(serde_json::from_slice(&whole().await?)
            .map_or(Restored::Nothing, |clip| Restored::Clip(number, clip))),
        Some(StoredKey::Pack(number)) if facts.packs.contains(&number) => {
            let pack: Pack = serde_json::from_slice(&whole().await?)?;
            let rest = r2::whole(bucket, &pack_key(id, number, PackFile::Rest)).await?;
            let rows = pack.rows(&rest.unwrap_or_default());
            Ok(Restored::Pack(pack.into(), rows))
        }
        Some(StoredKey::Object(seq)) if facts.has(seq) => {
            let row = read_row(bucket, key, seq).await?;
            Ok(row.map_or(Restored::Nothing, |row| Restored::Object(row.into())))
        }
        _ => Ok(Restored::Nothing),
    }
}

impl Rows {
    /// Whether not all of it is read back yet.
    pub(crate) fn is_rebuilding(&self) -> Result<bool> {
        self.upgrade()?;
        let rebuild: Option<serde::de::IgnoredAny> = self.setting(REBUILD)?;
        Ok(rebuild.is_some())
    }

    /// The rows that the recording's facts are; those of what is stored follow.
    fn restore(&self, facts: Facts) -> Result<()> {
        self.create(&facts.meta)?;
        if facts.meta.state == Progress::Finished {
            self.finish()?;
        }
        for (number, broadcast) in &facts.broadcasts {
            self.restore_broadcast(*number, broadcast.as_ref())?;
        }
        self.use_up_clip(facts.clips)?;
        self.seal(&facts.file)?;
        let after = String::new();
        self.set(REBUILD, &Some(Rebuild { facts, after }))
    }

    fn take(&self, restored: Restored) -> Result<()> {
        match restored {
            Restored::Config(hash, init) => self.insert_config(&hash, &init),
            Restored::Object(row) => self.take_object(&row),
            Restored::Pack(pack, rows) => {
                rows.iter().try_for_each(|row| self.take_object(row))?;
                self.insert_pack(&pack)
            }
            Restored::Clip(number, clip) => self.insert_clip(Some(number), &clip).map(drop),
            Restored::Nothing => Ok(()),
        }
    }

    /// As when it was put: what is no fragment of a known configuration was not taken. These were
    /// read before, their keys being less.
    fn take_object(&self, row: &ObjectRow) -> Result<()> {
        let init = self.config(&row.config)?;
        match init.is_some_and(|init| row.check(&init).is_ok()) {
            true => self.insert_object(row),
            false => Ok(()),
        }
    }

    fn end_rebuild(&self) -> Result<()> {
        self.write(
            "DELETE FROM setting WHERE name = ?",
            vec![REBUILD.to_owned().into()],
        )
    }
}
