//! What R2 knows of a recording besides its objects: written before a change is answered, so that R2 alone
//! is enough to rebuild it.

use std::time::Duration;

use livetape_edge::object::{clip_key, record_key};
use livetape_edge::{Clip, Kept, Recording as Index, RecordingId};
use worker::Result;

use crate::r2;
use crate::recording::Recording;
use crate::rows::Rows;

/// The setting that is true where R2 knows as much as the rows.
const KEPT: &str = "kept";
/// The highest number of a clip that was deleted.
const CLIPS: &str = "clips";
/// When a write that failed is tried again.
const TRY_AGAIN: Duration = Duration::from_secs(5);

impl Recording {
    /// Lets R2 know of a change of the rows. What fails is told to whoever made the change, and tried again.
    pub(crate) async fn keep(&self) -> Result<()> {
        let (id, kept) = match self.index() {
            Ok(index) => {
                let kept = index.kept(
                    self.rows.all_broadcasts()?,
                    self.rows.highest_clip()?,
                    self.rows.file()?,
                );
                (index.meta().id.clone(), kept)
            }
            Err(_) => return Ok(()),
        };
        self.rows.set_kept(false)?;
        match self.record(&id, &kept).await {
            Ok(true) => self.rows.set_kept(true),
            // Who began a later one sees to it.
            Ok(false) => Ok(()),
            Err(fault) => {
                self.storage.set_alarm(TRY_AGAIN).await?;
                Err(fault)
            }
        }
    }

    /// Lets R2 know of a recording of which there are no rows yet: nobody else knows its id, so nothing can come
    /// between, and the rows that follow are one transaction.
    pub(crate) async fn keep_first(&self, index: &Index) -> Result<()> {
        let kept = index.kept(Vec::new(), 0, None);
        self.record(&index.meta().id, &kept).await.map(drop)
    }

    /// Lets R2 know of a change whose request was cut off before.
    pub(crate) async fn keep_if_due(&self) -> Result<()> {
        // The index takes its time to read: it is not asked without need.
        if self.rows.meta()?.is_none() || self.rows.setting(KEPT)? {
            return Ok(());
        }
        self.keep().await
    }

    /// Writes what R2 is to know. True where nothing newer is on its way.
    pub(crate) async fn record(&self, id: &RecordingId, kept: &Kept) -> Result<bool> {
        let (bucket, key) = (self.bucket()?, record_key(id));
        let json = serde_json::to_vec(kept)?;
        let write = async move { r2::write(&bucket, &key, json).await };
        self.turns.take(write).await
    }

    /// Lets R2 forget that there was anything.
    pub(crate) async fn forget_record(&self, id: &RecordingId) -> Result<()> {
        let (bucket, key) = (self.bucket()?, record_key(id));
        let delete = async move { bucket.delete(key).await };
        self.turns.take(delete).await.map(drop)
    }

    /// Lets R2 know of a clip.
    pub(crate) async fn keep_clip(&self, id: &RecordingId, number: u32, clip: &Clip) -> Result<()> {
        let (bucket, key) = (self.bucket()?, clip_key(id, number));
        r2::write(&bucket, &key, serde_json::to_vec(clip)?).await?;
        // Deleted meanwhile, with all that was stored then.
        if self.index().is_err() {
            bucket.delete(key).await?;
        }
        Ok(())
    }

    /// Lets R2 forget a clip that is in no row any more.
    pub(crate) async fn forget_clip(&self, id: &RecordingId, number: u32) -> Result<()> {
        // Where it was the last, nothing else tells that its number is used up.
        if number == self.rows.highest_clip()? {
            self.keep().await?;
        }
        self.bucket()?.delete(clip_key(id, number)).await
    }
}

impl Rows {
    /// Says whether R2 knows as much as the rows.
    pub(crate) fn set_kept(&self, is_kept: bool) -> Result<()> {
        self.set(KEPT, &is_kept)
    }

    /// The highest number that a clip ever had.
    pub(crate) fn highest_clip(&self) -> Result<u32> {
        let deleted: u32 = self.setting(CLIPS)?;
        let there = self.one("SELECT coalesce(max(number), 0) FROM clip")?;
        Ok(deleted.max(there))
    }

    /// Remembers the number of a clip that is deleted.
    pub(crate) fn use_up_clip(&self, number: u32) -> Result<()> {
        self.set(CLIPS, &number.max(self.setting(CLIPS)?))
    }
}
