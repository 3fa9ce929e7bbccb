//! A list, keys and templates whose rows were lost, from what R2 has of them: keys and templates at once, then
//! the recordings, a slice after another.

use std::time::Duration;

use futures_util::future::join_all;
use livetape_edge::access::{KEPT_PREFIX, KeptKey, KeptName, Template};
use livetape_edge::api::RecordingSummary;
use livetape_edge::object::{RECORDINGS, behind, record_key, recording_of};
use livetape_edge::{Kept, Piece, RecordingId};
use serde::{Deserialize, Serialize};
use worker::{Env, Result, SqlStorage};

use super::{Tenant, kept, keys, list, templates};
use crate::command::{self, Command};
use crate::r2::{self, Bucket};
use crate::sql::{read, text, write};

pub(super) const SCHEMA: &str = "
    CREATE TABLE IF NOT EXISTS rebuild (one INTEGER PRIMARY KEY CHECK (one = 1), json TEXT NOT NULL);
";

/// Recordings that are looked at in a slice: nobody else is answered meanwhile.
const SLICE: u32 = 100;
/// Keys of the bucket that are listed at once.
const PAGE: u32 = 1_000;
/// So many reads at a time: R2 takes no more of one request.
const AT_ONCE: usize = 6;
/// What goes on at once is not within the request that began it.
const AT_ONCE_AGAIN: Duration = Duration::from_millis(1);

/// How far it has come. Where there is none, nobody has looked yet.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
enum Rebuild {
    /// Recordings behind this key are not listed yet.
    Listing { after: String },
    /// All is there.
    Done,
}

impl Tenant {
    /// Sees to it, before anything else is done, that the rows are there if R2 has what they are made of, and
    /// that R2 has it if the rows are there.
    pub(super) async fn recover(&self) -> Result<()> {
        if self.is_recovered.get() {
            return Ok(());
        }
        let begun = begin(self.sql.clone(), r2::bucket(&self.env)?, self.env.clone());
        self.state.block_concurrency_while(begun).await?;
        self.is_recovered.set(true);
        if self.is_rebuilding()? {
            self.storage.set_alarm(AT_ONCE_AGAIN).await?;
        }
        self.keep_if_due().await
    }

    /// Whether there are recordings that are not listed yet.
    pub(super) fn is_rebuilding(&self) -> Result<bool> {
        Ok(progress(&self.sql)? != Some(Rebuild::Done))
    }

    /// Goes on with it, by alarm.
    pub(super) async fn go_on_rebuilding(&self) -> Result<()> {
        if !self.is_rebuilding()? {
            return Ok(());
        }
        let next = slice(self.sql.clone(), r2::bucket(&self.env)?, self.env.clone());
        // Or else one that is deleted meanwhile would be listed again.
        self.state.block_concurrency_while(next).await?;
        match self.is_rebuilding()? {
            true => self.storage.set_alarm(AT_ONCE_AGAIN).await,
            false => Ok(()),
        }
    }
}

fn progress(sql: &SqlStorage) -> Result<Option<Rebuild>> {
    let found = read(sql, "SELECT json FROM rebuild", Vec::new(), |row| {
        serde_json::from_str(&text(row.next()?)?).ok()
    })?;
    Ok(found.into_iter().next())
}

fn save(sql: &SqlStorage, progress: &Rebuild) -> Result<()> {
    let query = "INSERT OR REPLACE INTO rebuild (one, json) VALUES (1, ?)";
    write(sql, query, vec![serde_json::to_string(progress)?.into()])
}

/// Has keys and templates back, and the first recordings.
async fn begin(sql: SqlStorage, bucket: Bucket, env: Env) -> Result<()> {
    if progress(&sql)?.is_some() {
        return Ok(());
    }
    let (own_keys, own_templates) = (
        keys::find(&sql, "id > ?", "")?,
        templates::find(&sql, "id > ?", "")?,
    );
    if list::is_any(&sql)? || !own_keys.is_empty() || !own_templates.is_empty() {
        // Rows of a version that did not tell R2.
        let names = own_keys.into_iter().map(|key| KeptName::Key(key.id));
        let more = own_templates
            .into_iter()
            .map(|own| KeptName::Template(own.id));
        names
            .chain(more)
            .try_for_each(|name| kept::note(&sql, &name))?;
        return save(&sql, &Rebuild::Done);
    }
    let restored = all_kept(&bucket).await?;
    // All at once: what is cut off half-way begins anew.
    for restored in restored {
        match restored {
            Restored::Key(key) => keys::insert(&sql, &key)?,
            Restored::Template(template) => templates::insert(&sql, &template)?,
        }
    }
    let after = String::new();
    save(&sql, &Rebuild::Listing { after })?;
    slice(sql, bucket, env).await
}

/// What was read back.
enum Restored {
    Key(KeptKey),
    Template(Box<Template>),
}

async fn all_kept(bucket: &Bucket) -> Result<Vec<Restored>> {
    let (mut all, mut after) = (Vec::new(), String::new());
    loop {
        let page = r2::page(bucket, KEPT_PREFIX, &after, PAGE).await?;
        for keys in page.keys.chunks(AT_ONCE) {
            for restored in join_all(keys.iter().map(|key| restored(bucket, key))).await {
                all.extend(restored?);
            }
        }
        match page.keys.into_iter().next_back().filter(|_| page.more) {
            Some(last) => after = last,
            None => return Ok(all),
        }
    }
}

async fn restored(bucket: &Bucket, stored: &str) -> Result<Option<Restored>> {
    let Some(name) = KeptName::parse(stored) else {
        return Ok(None);
    };
    let Some(json) = r2::whole(bucket, stored).await? else {
        return Ok(None);
    };
    Ok(Some(match name {
        KeptName::Key(_) => Restored::Key(serde_json::from_slice(&json)?),
        KeptName::Template(_) => Restored::Template(serde_json::from_slice(&json)?),
    }))
}

/// Lists some more recordings.
async fn slice(sql: SqlStorage, bucket: Bucket, env: Env) -> Result<()> {
    let Some(Rebuild::Listing { after }) = progress(&sql)? else {
        return Ok(());
    };
    let page = r2::folders(&bucket, RECORDINGS, &after, SLICE).await?;
    let ids: Vec<_> = page
        .keys
        .iter()
        .filter_map(|key| recording_of(key))
        .collect();
    for ids in ids.chunks(AT_ONCE) {
        for listed in join_all(ids.iter().map(|id| listed(&env, &bucket, id))).await {
            if let Some((summary, template)) = listed? {
                if let Some(template) = template {
                    templates::count(&sql, &summary.id, template, summary.created)?;
                }
                list::restore(&sql, summary)?;
            }
        }
    }
    let last = ids.last().filter(|_| page.more).map(behind);
    let next = last.map_or(Rebuild::Done, |after| Rebuild::Listing { after });
    save(&sql, &next)
}

/// What the list tells of a recording, and its template; nothing of one that is being deleted.
async fn listed(
    env: &Env,
    bucket: &Bucket,
    id: &RecordingId,
) -> Result<Option<(RecordingSummary, Option<String>)>> {
    let Some(json) = r2::whole(bucket, &record_key(id)).await? else {
        return Ok(None);
    };
    let Kept::Recording(mut facts) = serde_json::from_slice(&json)? else {
        return Ok(None);
    };
    let template = facts.meta.provenance.template.take();
    if facts.totals.is_some() {
        return Ok(Some((facts.summary(), template)));
    }
    // It grows: how much it is, only its own Durable Object knows.
    let answer = command::ask(env, id, &Command::Summary).await?;
    let summary = match (answer.status, answer.pieces.as_slice()) {
        (200, [Piece::Bytes(body)]) => serde_json::from_slice(body)?,
        (404, _) => return Ok(None),
        // It is being rebuilt itself, and will tell.
        _ => facts.summary(),
    };
    Ok(Some((summary, template)))
}
