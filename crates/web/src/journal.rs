//! The file of a reel's journal.

use livetape_timeline::StoreId;
use wasm_bindgen::prelude::*;
use web_sys::FileSystemSyncAccessHandle;

use crate::folder::Folder;
use crate::reels::{all_written, options_at};

/// The journal that is open.
pub(crate) struct JournalFile {
    pub(crate) reel: StoreId,
    access: FileSystemSyncAccessHandle,
    /// What the storage has not taken yet, and where it goes.
    unsaved: Vec<u8>,
    at: u64,
}

impl JournalFile {
    /// That of a reel, whose content ends at `end`.
    pub(crate) async fn open(folder: &Folder, reel: StoreId, end: u64) -> Result<Self, JsValue> {
        let access = folder.open_journal(reel).await?;
        access.truncate_with_f64(end as f64)?;
        Ok(Self {
            reel,
            access,
            unsaved: Vec::new(),
            at: end,
        })
    }

    /// Adds bytes, which [`JournalFile::save`] writes.
    pub(crate) fn push(&mut self, bytes: &[u8]) {
        self.unsaved.extend_from_slice(bytes);
    }

    /// Writes what has been added. What the storage does not take goes with the next.
    pub(crate) fn save(&mut self) -> Result<(), JsValue> {
        let options = options_at(self.at);
        let written = self
            .access
            .write_with_u8_array_and_options(&self.unsaved, &options)?;
        all_written(written, self.unsaved.len())?;
        self.at += self.unsaved.len() as u64;
        self.unsaved.clear();
        Ok(())
    }

    /// Puts what has been written on the disk itself.
    pub(crate) fn flush(&self) -> Result<(), JsValue> {
        self.access.flush()
    }

    pub(crate) fn close(self) {
        self.access.close();
    }
}
