//! Reels: files of the origin private file system, or memory where a browser has none.
//!
//! A reel is written through a sync access handle and closed; from then on it is a `File` whose
//! slices stay good until it is deleted. Chromium voids all slices of a file that is written to.

use js_sys::{Array, AsyncIterator, IteratorNext, JsString, Reflect, Uint8Array};
use livetape_media::SmallMap;
use livetape_tape::{Command, Placement};
use livetape_timeline::{Extent, Part, Plan, StoreId};
use wasm_bindgen::prelude::*;
use wasm_bindgen_futures::JsFuture;
use web_sys::{
    Blob, BlobPropertyBag, FileSystemDirectoryHandle, FileSystemFileHandle,
    FileSystemGetDirectoryOptions, FileSystemGetFileOptions, FileSystemReadWriteOptions,
    FileSystemRemoveOptions, FileSystemSyncAccessHandle,
};

use crate::scope::global;

/// The folder of the origin's private file system that is this project's.
const FOLDER: &str = "livetape";

/// All reels of one tape.
pub(crate) struct Reels {
    folder: Option<Folder>,
    reels: SmallMap<StoreId, Reel>,
}

/// A folder of this tape's own, in [`FOLDER`].
struct Folder {
    parent: FileSystemDirectoryHandle,
    name: String,
    handle: FileSystemDirectoryHandle,
    /// Open as long as the tape is: a folder with an open file cannot be removed, so another
    /// page's clean-up leaves this one alone.
    keeper: FileSystemSyncAccessHandle,
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

impl Reels {
    /// Reels in a fresh folder of the OPFS, or in memory where there is no OPFS.
    pub(crate) async fn open() -> Self {
        Self {
            folder: Folder::make().await.ok(),
            reels: SmallMap::new(),
        }
    }

    /// What the page is told: `opfs` or `memory`.
    pub(crate) const fn storage(&self) -> &'static str {
        if self.folder.is_some() {
            "opfs"
        } else {
            "memory"
        }
    }

    pub(crate) async fn command(&mut self, command: Command) -> Result<(), JsValue> {
        match command {
            Command::Open(id) => {
                let reel = match &self.folder {
                    Some(folder) => folder.create(id).await?,
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
                    JsFuture::from(folder.handle.remove_entry(&file_name(id))).await?;
                }
            }
        }
        Ok(())
    }

    /// Writes bytes of JavaScript's memory at the end of an open reel.
    pub(crate) fn write(&mut self, at: Placement, bytes: &Uint8Array) -> Result<(), JsValue> {
        match self.reels.get_mut(&at.reel) {
            Some(Reel::Open { access, .. }) => {
                let options = options_at(at.offset);
                let written = access.write_with_js_u8_array_and_options(bytes, &options)?;
                all_written(written, bytes.length() as usize)
            }
            Some(Reel::Growing(pieces)) => {
                pieces.push(bytes.slice(0, bytes.length()));
                Ok(())
            }
            _ => Err(JsValue::from_str(NOT_OPEN)),
        }
    }

    /// Writes bytes of Wasm's memory at the end of an open reel, right from where they are.
    pub(crate) fn write_own(&mut self, at: Placement, bytes: &[u8]) -> Result<(), JsValue> {
        match self.reels.get_mut(&at.reel) {
            Some(Reel::Open { access, .. }) => {
                let options = options_at(at.offset);
                let written = access.write_with_u8_array_and_options(bytes, &options)?;
                all_written(written, bytes.len())
            }
            Some(Reel::Growing(pieces)) => {
                pieces.push(Uint8Array::from(bytes));
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

    /// Closes all files and removes them.
    pub(crate) async fn remove(&mut self) {
        for reel in self.reels.values() {
            if let Reel::Open { access, .. } = reel {
                access.close();
            }
        }
        self.reels.clear();
        if let Some(folder) = self.folder.take() {
            folder.remove().await;
        }
    }
}

const NOT_OPEN: &str = "the reel is not open";

fn options_at(offset: u64) -> FileSystemReadWriteOptions {
    let options = FileSystemReadWriteOptions::new();
    options.set_at(offset as f64);
    options
}

fn all_written(written: f64, wanted: usize) -> Result<(), JsValue> {
    if written < wanted as f64 {
        return Err(JsValue::from_str("the disk took only part of the bytes"));
    }
    Ok(())
}

impl Folder {
    async fn make() -> Result<Self, JsValue> {
        let storage = global().navigator().storage();
        if !Reflect::has(&storage, &JsValue::from_str("getDirectory"))? {
            return Err(JsValue::from_str("no origin private file system"));
        }
        let root: FileSystemDirectoryHandle = JsFuture::from(storage.get_directory())
            .await?
            .unchecked_into();
        let create = FileSystemGetDirectoryOptions::new();
        create.set_create(true);
        let parent: FileSystemDirectoryHandle =
            JsFuture::from(root.get_directory_handle_with_options(FOLDER, &create))
                .await?
                .unchecked_into();
        remove_abandoned(&parent).await;
        let name = format!("{}-{:08x}", js_sys::Date::now() as u64, random());
        let handle: FileSystemDirectoryHandle =
            JsFuture::from(parent.get_directory_handle_with_options(&name, &create))
                .await?
                .unchecked_into();
        let keeper = open_file(&handle, "in-use").await?.1;
        Ok(Self {
            parent,
            name,
            handle,
            keeper,
        })
    }

    async fn create(&self, id: StoreId) -> Result<Reel, JsValue> {
        let (file, access) = open_file(&self.handle, &file_name(id)).await?;
        Ok(Reel::Open { file, access })
    }

    async fn remove(self) {
        self.keeper.close();
        // What cannot be removed now is removed when the next tape starts.
        let _ = remove_folder(&self.parent, &self.name).await;
    }
}

/// Makes a file and opens it for writing.
async fn open_file(
    folder: &FileSystemDirectoryHandle,
    name: &str,
) -> Result<(FileSystemFileHandle, FileSystemSyncAccessHandle), JsValue> {
    let create = FileSystemGetFileOptions::new();
    create.set_create(true);
    let file: FileSystemFileHandle =
        JsFuture::from(folder.get_file_handle_with_options(name, &create))
            .await?
            .unchecked_into();
    let access = JsFuture::from(file.create_sync_access_handle()).await?;
    Ok((file, access.unchecked_into()))
}

/// Removes the folders of tapes whose pages are gone; those in use are kept by their keepers.
async fn remove_abandoned(parent: &FileSystemDirectoryHandle) {
    for name in names(parent).await {
        let _ = remove_folder(parent, &name).await;
    }
}

async fn names(folder: &FileSystemDirectoryHandle) -> Vec<String> {
    let mut names = Vec::new();
    let keys: AsyncIterator = folder.keys();
    while let Ok(next) = keys.next() {
        let Ok(entry) = JsFuture::from(next).await else {
            break;
        };
        let entry: IteratorNext = entry.unchecked_into();
        if entry.done() {
            break;
        }
        if let Some(name) = entry.value().dyn_ref::<JsString>() {
            names.push(String::from(name));
        }
    }
    names
}

async fn remove_folder(parent: &FileSystemDirectoryHandle, name: &str) -> Result<(), JsValue> {
    let options = FileSystemRemoveOptions::new();
    options.set_recursive(true);
    JsFuture::from(parent.remove_entry_with_options(name, &options))
        .await
        .map(drop)
}

fn random() -> u32 {
    (js_sys::Math::random() * f64::from(u32::MAX)) as u32
}

fn file_name(id: StoreId) -> String {
    format!("{:06}.reel", id.0)
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
