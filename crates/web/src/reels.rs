//! Reels: files of the origin private file system, or memory where a browser has none.
//!
//! A reel is written through a sync access handle and closed; from then on it is a `File` whose
//! slices stay good until it is deleted. Chromium voids all slices of a file that is written to.
//! Its journal is a file beside it that nobody slices: it is open until the next reel begins.

use std::cell::Cell;

use js_sys::{Array, Uint8Array};
use livetape_media::SmallMap;
use livetape_tape::{Command, Placement};
use livetape_timeline::{Extent, Part, Plan, StoreId};
use wasm_bindgen::prelude::*;
use wasm_bindgen_futures::JsFuture;
use web_sys::{
    Blob, BlobPropertyBag, DomException, FileSystemFileHandle, FileSystemReadWriteOptions,
    FileSystemSyncAccessHandle,
};

use crate::folder::Folder;
use crate::journal::JournalFile;
use crate::room::Room;
use crate::scope::now;

/// Where a browser has no files for us the tape is in memory, and no longer than this.
const MEMORY_BYTES: u64 = 256 << 20;

/// Milliseconds between two flushes: each takes about 5 ms.
const FLUSH_PAUSE: u64 = 2_000;

/// All reels of one tape.
pub(crate) struct Reels {
    folder: Option<Folder>,
    reels: SmallMap<StoreId, Reel>,
    /// Stored bytes that were copied out.
    copied: Cell<u64>,
    journal: Option<JournalFile>,
    /// When all that was written was last put on the disk itself, on the steady clock.
    flushed_at: u64,
    /// The files were there before, and stay.
    left: bool,
}

enum Reel {
    /// Being written to, on disk.
    Open {
        file: FileSystemFileHandle,
        access: FileSystemSyncAccessHandle,
    },
    /// Being written to, in memory: pieces in order.
    Growing(Vec<Uint8Array>),
    /// Complete.
    Closed(Blob),
}

/// Bytes to be written.
#[derive(Clone, Copy)]
pub(crate) enum Bytes<'a> {
    /// In JavaScript's memory.
    Theirs(&'a Uint8Array),
    /// In Wasm's memory.
    Own(&'a [u8]),
}

impl Reels {
    /// Reels in a fresh folder of the OPFS, or in memory where there is no OPFS.
    pub(crate) async fn open() -> Self {
        Self {
            folder: Folder::make().await.ok(),
            reels: SmallMap::new(),
            copied: Cell::new(0),
            journal: None,
            flushed_at: 0,
            left: false,
        }
    }

    #[cfg(feature = "pull")]
    /// The reels of a folder that was left behind; none of them is written to again.
    pub(crate) fn left(folder: Folder, reels: impl Iterator<Item = (StoreId, Blob)>) -> Self {
        let mut all = SmallMap::new();
        for (id, blob) in reels {
            all.insert(id, Reel::Closed(blob));
        }
        Self {
            folder: Some(folder),
            reels: all,
            journal: None,
            flushed_at: 0,
            left: true,
            copied: Cell::new(0),
        }
    }

    /// How many stored bytes have been copied out so far.
    pub(crate) const fn copied(&self) -> u64 {
        self.copied.get()
    }

    /// What the page is told: `opfs` or `memory`.
    pub(crate) const fn storage(&self) -> &'static str {
        if self.folder.is_some() {
            "opfs"
        } else {
            "memory"
        }
    }

    /// Whether they outlive the page.
    pub(crate) const fn are_files(&self) -> bool {
        self.folder.is_some()
    }

    /// Most bytes that are kept, whatever is asked for.
    pub(crate) const fn most_bytes(&self) -> u64 {
        match self.folder {
            Some(_) => u64::MAX,
            None => MEMORY_BYTES,
        }
    }

    /// Bytes that may still be written, as far as is known.
    pub(crate) fn room(&self, room: &mut Room) -> Option<u64> {
        match self.folder {
            Some(_) => room.left(),
            None => None,
        }
    }

    pub(crate) async fn command(&mut self, command: Command) -> Result<(), JsValue> {
        match command {
            Command::Open(id) => {
                let reel = match &self.folder {
                    Some(folder) => {
                        let (file, access) = folder.create_reel(id).await?;
                        Reel::Open { file, access }
                    }
                    None => Reel::Growing(Vec::new()),
                };
                self.reels.insert(id, reel);
            }
            Command::Close(id) => {
                let closed = match self.reels.remove(&id) {
                    Some(Reel::Open { file, access }) => {
                        // No flush: a clip must not wait for a disk, and the file is read
                        // right through the system's cache.
                        access.close();
                        JsFuture::from(file.get_file()).await?.unchecked_into()
                    }
                    Some(Reel::Growing(pieces)) => blob(&pieces.into_iter().collect(), "")?,
                    Some(Reel::Closed(blob)) => blob,
                    None => return Ok(()),
                };
                self.reels.insert(id, Reel::Closed(closed));
            }
            Command::Delete(id) => {
                self.reels.remove(&id);
                if let Some(folder) = &self.folder {
                    folder.delete(id).await?;
                }
            }
            Command::Commit {
                reel,
                offset,
                bytes,
            } => return self.commit(reel, offset, &bytes).await,
        }
        Ok(())
    }

    /// Writes to a reel's journal.
    async fn commit(&mut self, reel: StoreId, offset: u64, bytes: &[u8]) -> Result<(), JsValue> {
        let Some(folder) = &self.folder else {
            return Ok(());
        };
        if self.journal.as_ref().is_none_or(|own| own.reel != reel) {
            self.journal.take().into_iter().for_each(JournalFile::close);
            self.journal = Some(JournalFile::open(folder, reel, offset).await?);
        }
        self.journal.iter_mut().for_each(|own| own.push(bytes));
        self.save()?;
        self.flush()
    }

    /// Writes what the storage has not taken of the journal.
    pub(crate) fn save(&mut self) -> Result<(), JsValue> {
        self.journal.iter_mut().try_for_each(JournalFile::save)
    }

    /// Now and then, all that has been written goes to the disk itself: what a killed browser
    /// wrote is there all the same, but not what a machine without power had in its memory.
    /// The payload first.
    fn flush(&mut self) -> Result<(), JsValue> {
        let now = now().steady;
        if now < self.flushed_at + FLUSH_PAUSE {
            return Ok(());
        }
        self.flushed_at = now;
        for reel in self.reels.values() {
            if let Reel::Open { access, .. } = reel {
                access.flush()?;
            }
        }
        self.journal.iter().try_for_each(JournalFile::flush)
    }

    /// Writes bytes at the end of an open reel, right from where they are.
    pub(crate) fn write(&mut self, at: Placement, bytes: Bytes<'_>) -> Result<(), JsValue> {
        match self.reels.get_mut(&at.reel) {
            Some(Reel::Open { access, .. }) => {
                let options = options_at(at.offset);
                let (written, len) = match bytes {
                    Bytes::Theirs(bytes) => (
                        access.write_with_js_u8_array_and_options(bytes, &options)?,
                        bytes.length() as usize,
                    ),
                    Bytes::Own(bytes) => (
                        access.write_with_u8_array_and_options(bytes, &options)?,
                        bytes.len(),
                    ),
                };
                all_written(written, len)
            }
            Some(Reel::Growing(pieces)) => {
                pieces.push(match bytes {
                    Bytes::Theirs(bytes) => bytes.slice(0, bytes.length()),
                    Bytes::Own(bytes) => Uint8Array::from(bytes),
                });
                Ok(())
            }
            _ => Err(JsValue::from_str(NOT_OPEN)),
        }
    }

    /// The plan's bytes, copied together.
    pub(crate) async fn read(&self, plan: &Plan) -> Result<Uint8Array, JsValue> {
        let whole = Uint8Array::new_with_length(plan.len() as u32);
        let mut at = 0_u32;
        for part in plan.parts() {
            let end = at + part.len() as u32;
            match part {
                Part::Bytes(bytes) => whole.subarray(at, end).copy_from(bytes),
                Part::Stored(extent) => self.read_extent(*extent, &whole.subarray(at, end)).await?,
            }
            at = end;
        }
        Ok(whole)
    }

    async fn read_extent(&self, extent: Extent, out: &Uint8Array) -> Result<(), JsValue> {
        self.copied.set(self.copied.get() + extent.len);
        match self.reels.get(&extent.store) {
            Some(Reel::Open { access, .. }) => {
                let options = options_at(extent.offset);
                let read = access.read_with_js_u8_array_and_options(out, &options)?;
                if read < extent.len as f64 {
                    return Err(JsValue::from_str("the reel is shorter than its index"));
                }
                Ok(())
            }
            Some(Reel::Growing(pieces)) => {
                copy_pieces(pieces, extent, out);
                Ok(())
            }
            Some(Reel::Closed(blob)) => {
                let buffer = JsFuture::from(slice(blob, extent)?.array_buffer()).await?;
                out.set(&Uint8Array::new(&buffer), 0);
                Ok(())
            }
            None => Err(JsValue::from_str("the reel is gone")),
        }
    }

    /// The plan as a file whose stored parts are slices of the reels: nothing is copied. All its
    /// reels are closed.
    pub(crate) fn assemble(&self, plan: &Plan) -> Result<Blob, JsValue> {
        let parts = Array::new();
        for part in plan.parts() {
            match part {
                Part::Bytes(bytes) => parts.push(&Uint8Array::from(bytes.as_slice())),
                Part::Stored(extent) => match self.reels.get(&extent.store) {
                    Some(Reel::Closed(blob)) => parts.push(slice(blob, *extent)?.as_ref()),
                    _ => return Err(JsValue::from_str("the reel is not closed")),
                },
            };
        }
        blob(&parts, "video/mp4")
    }

    /// Closes all files. They are removed, unless they were there before.
    pub(crate) async fn close(&mut self) {
        if let Some(folder) = self.release() {
            if self.left {
                folder.leave();
            } else {
                folder.remove().await;
            }
        }
    }

    /// Closes all files and removes them.
    #[cfg(feature = "pull")]
    pub(crate) async fn remove(&mut self) {
        if let Some(folder) = self.release() {
            folder.remove().await;
        }
    }

    fn release(&mut self) -> Option<Folder> {
        self.journal.take().into_iter().for_each(JournalFile::close);
        for reel in self.reels.values() {
            if let Reel::Open { access, .. } = reel {
                access.close();
            }
        }
        self.reels.clear();
        self.folder.take()
    }
}

const NOT_OPEN: &str = "the reel is not open";

pub(crate) fn options_at(offset: u64) -> FileSystemReadWriteOptions {
    let options = FileSystemReadWriteOptions::new();
    options.set_at(offset as f64);
    options
}

pub(crate) fn all_written(written: f64, wanted: usize) -> Result<(), JsValue> {
    if written < wanted as f64 {
        return Err(quota_exceeded());
    }
    Ok(())
}

fn blob(parts: &Array, mime: &str) -> Result<Blob, JsValue> {
    let options = BlobPropertyBag::new();
    options.set_type(mime);
    Blob::new_with_blob_sequence_and_options(parts, &options)
}

fn slice(blob: &Blob, extent: Extent) -> Result<Blob, JsValue> {
    blob.slice_with_f64_and_f64(extent.offset as f64, (extent.offset + extent.len) as f64)
}

/// Copies a range of a reel kept as pieces.
fn copy_pieces(pieces: &[Uint8Array], extent: Extent, out: &Uint8Array) {
    let mut start = 0;
    for piece in pieces {
        let end = start + u64::from(piece.length());
        let from = extent.offset.max(start);
        let to = (extent.offset + extent.len).min(end);
        if from < to {
            let part = piece.subarray((from - start) as u32, (to - start) as u32);
            out.set(&part, (from - extent.offset) as u32);
        }
        start = end;
    }
}

/// As the browser says it when a write finds no room at all.
fn quota_exceeded() -> JsValue {
    let why = "the disk took only part of the bytes";
    DomException::new_with_message_and_name(why, QUOTA_EXCEEDED).map_or_else(|e| e, Into::into)
}

/// Whether a write failed because there is no room.
pub(crate) fn is_full(error: &JsValue) -> bool {
    let error = error.dyn_ref::<DomException>();
    error.is_some_and(|error| error.name() == QUOTA_EXCEEDED)
}

const QUOTA_EXCEEDED: &str = "QuotaExceededError";
