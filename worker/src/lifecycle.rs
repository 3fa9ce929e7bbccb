//! A recording from its creation to its deletion, and how the list of recordings learns of it.

use std::time::Duration;

use livetape_edge::api::{CreatedRecording, Finish, PatchRecording, Playback, State as Progress};
use livetape_edge::object;
use livetape_edge::{
    Code, Delivery, Evicted, Kept, Meta, Recording as Index, RecordingId, Retention,
};
use worker::Result;

use crate::command::New;
use crate::recording::Recording;
use crate::refusal::Answer;
use crate::retention::Next;
use crate::tenant::{self, TenantCommand};
use crate::{platform, r2, respond};

/// How far the list may be behind a recording that grows.
const TELL_EVERY: Duration = Duration::from_secs(15);
/// When something is looked at that has just changed, in milliseconds.
const SOON: i64 = 1_000;
/// When what failed is tried again.
const TRY_AGAIN: Duration = Duration::from_secs(5);

impl Recording {
    pub(crate) async fn create(&self, id: &RecordingId, new: New) -> Answer {
        if self.rows.identity()?.is_some() {
            return Err(Code::RecordingExists.into());
        }
        let meta = Meta {
            id: id.clone(),
            state: Progress::Recording,
            title: new.title,
            metadata: new.metadata,
            created: platform::now(),
            limits: new.limits,
            gate: new.gate,
            retention: new.retention,
            evicted: Evicted::default(),
            provenance: new.provenance,
        };
        let index = Index::new(meta.clone(), [], []);
        if new.is_fresh {
            self.keep_first(&index).await?;
        }
        self.rows.create(&meta)?;
        self.index.replace(Some(index));
        match new.is_fresh {
            true => self.rows.set_kept(true)?,
            false => self.keep().await?,
        }
        self.is_recovered.set(true);
        self.tell().await?;
        self.tidy_soon().await?;
        let id = id.to_string();
        let created = CreatedRecording {
            ingest_url: format!("{}/v1/recordings/{id}", new.origin),
            playback: Playback::new(&new.origin, &id),
            id,
            state: Progress::Recording,
            ingest_token: new.token,
        };
        Ok(respond::json(201, &created)?)
    }

    pub(crate) async fn patch(&self, patch: PatchRecording, origin: &str) -> Answer {
        let meta = self.index()?.meta().patched(patch, platform::now())?;
        self.rows.set_facts(&meta)?;
        self.index()?.set_meta(meta);
        self.keep().await?;
        self.tell().await?;
        self.tidy_soon().await?;
        Ok(respond::json(200, &self.index()?.info(origin))?)
    }

    pub(crate) async fn finish(&self, finish: &Finish, origin: &str) -> Answer {
        let changes = self.index()?.check_finish(finish)?;
        if changes {
            self.rows.finish()?;
            self.index()?.finish();
            self.keep().await?;
            self.tell().await?;
            self.tidy_soon().await?;
            self.pack_soon().await?;
        } else {
            self.keep_if_due().await?;
        }
        Ok(respond::json(200, &self.index()?.info(origin))?)
    }

    /// Deletes it with all that is stored. From the first moment on nothing of it is played or taken;
    /// what is cut off half-way goes on by alarm.
    pub(crate) async fn delete(&self, id: &RecordingId) -> Answer {
        self.index()?;
        self.rows.delete()?;
        self.index.replace(None);
        self.storage.set_alarm(TRY_AGAIN).await?;
        self.erase(id).await?;
        Ok(Delivery::new(204, Vec::new()))
    }

    /// Removes all that is stored. Should these rows be lost half-way, R2 knows that it was deleted, until
    /// nothing is left.
    pub(crate) async fn erase(&self, id: &RecordingId) -> Result<()> {
        self.record(id, &Kept::Deleted).await?;
        r2::delete_below(
            &self.bucket()?,
            &object::key_prefix(id),
            &object::record_key(id),
        )
        .await?;
        tenant::ask(&self.env, &TenantCommand::Forget { id: id.to_string() }).await?;
        self.forget_record(id).await?;
        self.storage.delete_alarm().await?;
        self.storage.delete_all().await
    }

    /// What an alarm is for: to tell the list, to remove what is not kept, or to go on deleting.
    pub(crate) async fn ring(&self) -> Result<()> {
        self.is_telling.set(false);
        match self.rows.identity()? {
            Some(identity) if identity.is_deleted => self.erase(&identity.id).await,
            Some(identity) => {
                if self.go_on_rebuilding(&identity.id).await? {
                    return Ok(());
                }
                self.keep_if_due().await?;
                self.tell().await?;
                self.pack_if_due().await?;
                self.sweep(&identity.id).await?;
                match self.keep_house(&identity.id).await? {
                    Next::Rest => Ok(()),
                    Next::LookAt(time) => self.look_at(time).await,
                    Next::Delete => {
                        self.rows.delete()?;
                        self.index.replace(None);
                        self.storage.set_alarm(TRY_AGAIN).await?;
                        self.erase(&identity.id).await
                    }
                }
            }
            None => Ok(()),
        }
    }

    /// Sees to it that an alarm rings then, Unix milliseconds, or before.
    pub(crate) async fn look_at(&self, time: i64) -> Result<()> {
        let set = self.storage.get_alarm().await?;
        if set.is_some_and(|set| set <= time) {
            return Ok(());
        }
        let wait = time.saturating_sub(platform::now()).max(0);
        let wait = Duration::from_millis(u64::try_from(wait).unwrap_or(0));
        self.storage.set_alarm(wait).await
    }

    /// Sees to it that what is not kept is removed, where anything is said of that.
    pub(crate) async fn tidy_soon(&self) -> Result<()> {
        if self
            .index()
            .is_ok_and(|index| index.meta().retention == Retention::default())
        {
            return Ok(());
        }
        self.look_at(platform::now().saturating_add(SOON)).await
    }

    /// Sees to it that the list learns of what was added, soon.
    pub(crate) async fn tell_soon(&self) -> Result<()> {
        if self.is_telling.replace(true) {
            return Ok(());
        }
        self.storage.set_alarm(TELL_EVERY).await
    }

    /// Tells the list; where that fails, later.
    pub(crate) async fn tell(&self) -> Result<()> {
        let summary = match self.index() {
            Ok(index) => index.summary(),
            Err(_) => return Ok(()),
        };
        if let Err(fault) = tenant::ask(&self.env, &TenantCommand::Put(summary)).await {
            worker::console_error!("{fault}");
            self.storage.set_alarm(TRY_AGAIN).await?;
        }
        Ok(())
    }
}
