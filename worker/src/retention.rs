//! What is not kept any more is removed, by alarm.

use livetape_edge::object::{self, MAIN_LANE};
use livetape_edge::{Clip, RecordingId};
use worker::Result;

use crate::platform;
use crate::recording::Recording;

/// How long what is evicted stays in storage, in milliseconds: players still have playlists that name it.
const LINGERS: i64 = 15_000;
/// R2 deletes so many objects at once.
const AT_ONCE: usize = 1_000;

/// What is to be done next.
pub(crate) enum Next {
    /// Nothing.
    Rest,
    /// To look again at that time, Unix milliseconds.
    LookAt(i64),
    /// All of it goes: its days are over, and nothing is pinned.
    Delete,
}

impl Recording {
    /// Removes what was evicted before, then evicts what is too old now.
    pub(crate) async fn keep_house(&self, id: &RecordingId) -> Result<Next> {
        let clips = self.rows.persistent_clips()?;
        self.remove_evicted(id, &clips).await?;
        let now = platform::now();
        let (expires, is_over, evicted, mut meta) = match self.index() {
            Ok(index) => {
                let expires = index.expires();
                let is_over = expires.is_some_and(|expires| expires <= now);
                let evicted = match is_over {
                    true => index.all_evicted(),
                    false => index.to_evict(),
                };
                (expires, is_over, evicted, index.meta().clone())
            }
            Err(_) => return Ok(Next::Rest),
        };
        if is_over && clips.is_empty() {
            return Ok(Next::Delete);
        }
        match evicted.filter(|evicted| evicted.before > meta.evicted.before) {
            Some(evicted) => {
                meta.evicted = evicted;
                self.rows.set_facts(&meta)?;
                // What is made of the index and kept with it goes too.
                self.index.replace(None);
                self.keep().await?;
                Ok(Next::LookAt(now.saturating_add(LINGERS)))
            }
            None if is_over => Ok(Next::Rest),
            None => Ok(expires.map_or(Next::Rest, Next::LookAt)),
        }
    }

    async fn remove_evicted(&self, id: &RecordingId, clips: &[Clip]) -> Result<()> {
        let removable = match self.index() {
            Ok(index) => index.removable(clips),
            Err(_) => return Ok(()),
        };
        let bucket = self.bucket()?;
        for seqs in removable.chunks(AT_ONCE) {
            // First the rows: what no row names is not played, and goes with the recording at the latest.
            self.rows.delete_objects(seqs)?;
            let keys = seqs.iter();
            let keys = keys.map(|seq| object::object_key(id, MAIN_LANE, *seq));
            bucket.delete_multiple(keys.collect()).await?;
        }
        if !removable.is_empty() {
            self.index.replace(None);
        }
        self.remove_emptied_packs(id).await
    }
}
