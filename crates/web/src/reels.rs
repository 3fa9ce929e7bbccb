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
    Blob, DomException, FileSystemFileHandle, FileSystemReadWriteOptions,
    FileSystemSyncAccessHandle,
};

use crate::folder::Folder;
use crate::journal::JournalFile;
use crate::plain::Plain;
use crate::room::Room;
use crate::scope::now;

/// Where a browser has no files for us the tape is in memory, and its window no longer than this...
const MEMORY_BYTES: u64 = 256 << 20;
/// ...nor all that is kept, for recordings and clips too, longer than this. The window needs some room to
/// slide.
const MOST_MEMORY_BYTES: u64 = MEMORY_BYTES + (32 << 20);

/// Bytes of each `Blob` of a reel in memory. Of a `Blob` in memory Chromium shares with its slices only what
/// they take whole: of one Blob a reel, most of a clip would be copied, and those copies soon be more than it
/// has room for.
const PIECE: u64 = 1 << 20;

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
    Closed(Closed),
}

/// The bytes of a complete reel.
struct Closed {
    /// `Blob`s, in order.
    blobs: Array,
    /// Bytes of each of them but the last.
    each: u64,
}

impl Closed {
    /// A file.
    fn of_file(file: &Blob) -> Self {
        Self {
            blobs: Array::of1(file),
            each: u64::MAX,
        }
    }

    /// What was written to memory, in pieces of any length.
    fn of_memory(written: &[Uint8Array]) -> Result<Self, JsValue> {
        let blobs = Array::new();
        let (mut at, len) = (0, len_of(written));
        while at < len {
            let parts = Array::new();
            each_piece(written, at, PIECE, &mut |piece| {
                parts.push(piece);
            });
            blobs.push(blob(&parts, "")?.as_ref());
            at += PIECE;
        }
        Ok(Self { blobs, each: PIECE })
    }

    /// Puts slices that are these bytes behind `parts`.
    fn slice(&self, extent: Extent, parts: &Array) -> Result<(), JsValue> {
        let (mut at, end) = (extent.offset, extent.offset + extent.len);
        while at < end {
            let index = at / self.each;
            let start = index * self.each;
            let to = end.min(start.saturating_add(self.each));
            let blob: Blob = self.blobs.get(index as u32).unchecked_into();
            let slice = blob.slice_with_f64_and_f64((at - start) as f64, (to - start) as f64)?;
            parts.push(&slice);
            at = to;
        }
        Ok(())
    }
}

/// Bytes to be written.
#[derive(Clone, Copy)]
pub(crate) enum Bytes<'a> {
    /// In JavaScript's memory.
    Theirs(&'a Uint8Array),
    /// In Wasm's memory.
    Own(&'a [u8]),
}

impl Bytes<'_> {
    pub(crate) fn len(self) -> usize {
        match self {
            Self::Theirs(bytes) => bytes.length() as usize,
            Self::Own(bytes) => bytes.len(),
        }
    }

    fn copied(self) -> Uint8Array {
        match self {
            Self::Theirs(bytes) => bytes.slice(0, bytes.length()),
            Self::Own(bytes) => Uint8Array::from(bytes),
        }
    }
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

    /// The reels of a folder that was left behind; none of them is written to again.
    #[cfg(feature = "pull")]
    pub(crate) fn left(folder: Folder, reels: impl Iterator<Item = (StoreId, Blob)>) -> Self {
        let mut all = SmallMap::new();
        for (id, blob) in reels {
            all.insert(id, Reel::Closed(Closed::of_file(&blob)));
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
                        let file = JsFuture::from(file.get_file()).await?;
                        Closed::of_file(file.unchecked_ref())
                    }
                    Some(Reel::Growing(pieces)) => Closed::of_memory(&pieces)?,
                    Some(Reel::Closed(closed)) => closed,
                    None => return Ok(()),
                };
                self.reels.insert(id, Reel::Closed(closed));
            }
            Command::Delete(id, _) => {
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
                let written = match bytes {
                    Bytes::Theirs(own) => {
                        access.write_with_js_u8_array_and_options(own, &options)?
                    }
                    Bytes::Own(own) => access.write_with_u8_array_and_options(own, &options)?,
                };
                all_written(written, bytes.len())
            }
            Some(Reel::Growing(_)) => self.remember(at.reel, bytes),
            _ => Err(JsValue::from_str(NOT_OPEN)),
        }
    }

    /// Puts bytes at the end of a reel in memory, where there is room: a tab that takes all memory
    /// there is loses everything.
    fn remember(&mut self, reel: StoreId, bytes: Bytes<'_>) -> Result<(), JsValue> {
        let len = |reel: &Reel| match reel {
            Reel::Open { .. } => 0,
            Reel::Growing(pieces) => len_of(pieces),
            Reel::Closed(closed) => u64::from(closed.blobs.length()) * PIECE,
        };
        let all: u64 = self.reels.values().map(len).sum();
        if all + bytes.len() as u64 > MOST_MEMORY_BYTES {
            return Err(quota_exceeded());
        }
        if let Some(Reel::Growing(pieces)) = self.reels.get_mut(&reel) {
            pieces.push(bytes.copied());
        }
        Ok(())
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
                let mut at = 0;
                each_piece(pieces, extent.offset, extent.len, &mut |piece| {
                    out.set(piece, at);
                    at += piece.length();
                });
                Ok(())
            }
            Some(Reel::Closed(closed)) => {
                let parts = Array::new();
                closed.slice(extent, &parts)?;
                let buffer = JsFuture::from(blob(&parts, "")?.array_buffer()).await?;
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
                Part::Bytes(bytes) => {
                    parts.push(&Uint8Array::from(bytes.as_slice()));
                }
                Part::Stored(extent) => match self.reels.get(&extent.store) {
                    Some(Reel::Closed(closed)) => closed.slice(*extent, &parts)?,
                    _ => return Err(JsValue::from_str("the reel is not closed")),
                },
            }
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
    Plain::new().number("at", offset as f64).done()
}

pub(crate) fn all_written(written: f64, wanted: usize) -> Result<(), JsValue> {
    if written < wanted as f64 {
        return Err(quota_exceeded());
    }
    Ok(())
}

fn blob(parts: &Array, mime: &str) -> Result<Blob, JsValue> {
    let options = Plain::new().text("type", mime).done();
    Blob::new_with_blob_sequence_and_options(parts, &options)
}

fn len_of(pieces: &[Uint8Array]) -> u64 {
    pieces.iter().map(|piece| u64::from(piece.length())).sum()
}

/// Gives the `len` bytes from `offset` on of a reel kept as pieces, as far as there are so many.
fn each_piece(pieces: &[Uint8Array], offset: u64, len: u64, give: &mut dyn FnMut(&Uint8Array)) {
    let mut start = 0;
    for piece in pieces {
        let end = start + u64::from(piece.length());
        let (from, to) = (offset.max(start), (offset + len).min(end));
        if from < to {
            give(&piece.subarray((from - start) as u32, (to - start) as u32));
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
