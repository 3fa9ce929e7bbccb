//! The folders of tapes in the origin private file system: each tape has its own.

use js_sys::{AsyncIterator, IteratorNext, JsString, Reflect};
use livetape_media::Wording;
use livetape_timeline::StoreId;
use wasm_bindgen::prelude::*;
use wasm_bindgen_futures::JsFuture;
#[cfg(feature = "pull")]
use web_sys::File;
use web_sys::{FileSystemDirectoryHandle, FileSystemFileHandle, FileSystemSyncAccessHandle};

use crate::lock::{Lock, Wish};
use crate::plain::Plain;
use crate::scope::global;

/// The folder of the origin's private file system that is this project's; its locks begin so too.
const FOLDER: &str = "livetape";
/// Open as long as a worker has the tape: a folder with an open file cannot be removed. Where a
/// browser has no locks it also keeps other pages from the tape.
const KEEPER: &str = "in-use";

/// The folder of a tape that this worker alone has.
pub(crate) struct Folder {
    parent: FileSystemDirectoryHandle,
    name: String,
    handle: FileSystemDirectoryHandle,
    keeper: FileSystemSyncAccessHandle,
    _lock: Option<Lock>,
}

/// The files of a reel that was left behind.
#[cfg(feature = "pull")]
#[derive(Default)]
pub(crate) struct Found {
    pub(crate) reel: Option<File>,
    pub(crate) journal: Option<File>,
}

impl Folder {
    /// A fresh one.
    pub(crate) async fn make() -> Result<Self, JsValue> {
        let name = Wording::default()
            .decimal(js_sys::Date::now() as u64, 1)
            .words("-")
            .hexadecimal(random().into(), 8)
            .done();
        Self::take(name, true).await
    }

    /// One that was left behind; fails where it is gone, or another worker has it.
    pub(crate) async fn left(name: String) -> Result<Self, JsValue> {
        Self::take(name, false).await
    }

    async fn take(name: String, create: bool) -> Result<Self, JsValue> {
        let parent = parent().await?;
        let lock = match Lock::wish(&Wording::of(FOLDER).words("/").words(&name).done()).await {
            Wish::Granted(lock) => Some(lock),
            Wish::Impossible => None,
            Wish::Refused => return Err(JsValue::from_str("the tape is in use")),
        };
        let handle = subfolder(&parent, &name, create).await?;
        let keeper = open_file(&handle, KEEPER).await?.1;
        Ok(Self {
            parent,
            name,
            handle,
            keeper,
            _lock: lock,
        })
    }

    /// To be held by whoever tries the locks of tapes that were left behind: for as long as one
    /// page looks at them, they are in use for the others.
    pub(crate) async fn survey() -> Option<Lock> {
        Lock::wait(FOLDER).await
    }

    /// The names of all, those in use included.
    pub(crate) async fn names() -> Vec<String> {
        match parent().await {
            Ok(parent) => names(&parent).await,
            Err(_) => Vec::new(),
        }
    }

    /// Makes the file of a reel.
    pub(crate) async fn create_reel(
        &self,
        id: StoreId,
    ) -> Result<(FileSystemFileHandle, FileSystemSyncAccessHandle), JsValue> {
        open_file(&self.handle, &reel_name(id)).await
    }

    /// Opens the file of a reel's journal, which is made where it is missing.
    pub(crate) async fn open_journal(
        &self,
        id: StoreId,
    ) -> Result<FileSystemSyncAccessHandle, JsValue> {
        Ok(open_file(&self.handle, &journal_name(id)).await?.1)
    }

    /// Deletes a reel with its journal.
    pub(crate) async fn delete(&self, id: StoreId) -> Result<(), JsValue> {
        let journal = JsFuture::from(self.handle.remove_entry(&journal_name(id))).await;
        JsFuture::from(self.handle.remove_entry(&reel_name(id))).await?;
        journal.map(drop)
    }

    /// The reels that are there, the oldest first.
    #[cfg(feature = "pull")]
    pub(crate) async fn found(&self) -> Vec<(StoreId, Found)> {
        let mut all: Vec<(StoreId, Found)> = Vec::new();
        for name in names(&self.handle).await {
            let Some((number, kind)) = name.split_once('.') else {
                continue;
            };
            let (Ok(number), Ok(file)) = (number.parse(), self.file(&name).await) else {
                continue;
            };
            // Names come in order: those of a reel one after the other.
            let id = StoreId(number);
            if all.last().is_none_or(|(last, _)| *last != id) {
                all.push((id, Found::default()));
            }
            match (kind, all.last_mut()) {
                (REEL, Some((_, found))) => found.reel = Some(file),
                (JOURNAL, Some((_, found))) => found.journal = Some(file),
                _ => {}
            }
        }
        all
    }

    #[cfg(feature = "pull")]
    async fn file(&self, name: &str) -> Result<File, JsValue> {
        let handle: FileSystemFileHandle = JsFuture::from(self.handle.get_file_handle(name))
            .await?
            .unchecked_into();
        Ok(JsFuture::from(handle.get_file()).await?.unchecked_into())
    }

    /// Lets go of it; its files stay for another time.
    pub(crate) fn leave(self) {
        self.keeper.close();
    }

    /// Removes it with all that is in it.
    pub(crate) async fn remove(self) {
        self.keeper.close();
        let options = Plain::new().flag("recursive", true).done();
        let removal = self.parent.remove_entry_with_options(&self.name, &options);
        // What cannot be removed now is removed when it has outlived its time.
        let _ = JsFuture::from(removal).await;
    }
}

const REEL: &str = "reel";
const JOURNAL: &str = "journal";

fn reel_name(id: StoreId) -> String {
    file_name(id, REEL)
}

fn journal_name(id: StoreId) -> String {
    file_name(id, JOURNAL)
}

fn file_name(id: StoreId, kind: &str) -> String {
    Wording::default()
        .decimal(id.0.into(), 6)
        .words(".")
        .words(kind)
        .done()
}

async fn parent() -> Result<FileSystemDirectoryHandle, JsValue> {
    let storage = global().navigator().storage();
    if !Reflect::has(&storage, &JsValue::from_str("getDirectory"))? {
        return Err(JsValue::from_str("no origin private file system"));
    }
    let root = JsFuture::from(storage.get_directory()).await?;
    subfolder(&root.unchecked_into(), FOLDER, true).await
}

async fn subfolder(
    parent: &FileSystemDirectoryHandle,
    name: &str,
    create: bool,
) -> Result<FileSystemDirectoryHandle, JsValue> {
    let options = Plain::new().flag("create", create).done();
    let handle = parent.get_directory_handle_with_options(name, &options);
    Ok(JsFuture::from(handle).await?.unchecked_into())
}

/// The names of what is in a folder, in order.
async fn names(folder: &FileSystemDirectoryHandle) -> Vec<String> {
    let mut names: Vec<String> = Vec::new();
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
            let name = String::from(name);
            let at = names.partition_point(|other| *other < name);
            names.insert(at, name);
        }
    }
    names
}

/// Opens a file for writing, which is made where it is missing.
async fn open_file(
    folder: &FileSystemDirectoryHandle,
    name: &str,
) -> Result<(FileSystemFileHandle, FileSystemSyncAccessHandle), JsValue> {
    let create = Plain::new().flag("create", true).done();
    let file: FileSystemFileHandle =
        JsFuture::from(folder.get_file_handle_with_options(name, &create))
            .await?
            .unchecked_into();
    let access = JsFuture::from(file.create_sync_access_handle()).await?;
    Ok((file, access.unchecked_into()))
}

fn random() -> u32 {
    (js_sys::Math::random() * f64::from(u32::MAX)) as u32
}
