//! Plans to files: under another name until complete, so that no half-written file is ever seen.

use std::fs::{self, File};
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

use livetape_timeline::{Part, Plan, StoreId};

use crate::claim::claim;
use crate::failure::{Failure, Result};
use crate::interrupt;
use crate::progress::Progress;
use crate::stores::{Stores, unwritable};

/// Bytes copied between two looks at Ctrl-C.
const CHUNK: u64 = 8 << 20;

/// What a file is called until it is complete: a name that nobody else gives to a file of theirs.
pub(crate) const PARTIAL: &str = ".livetape-part";

/// A file being written, by this run alone. It is gone unless it is completed.
#[derive(Debug)]
pub(crate) struct Partial {
    path: PathBuf,
    partial: PathBuf,
    /// Locked.
    file: File,
    is_complete: bool,
}

impl Partial {
    /// Begins a file that will be at `path`, or at what that is a link to.
    pub(crate) fn create(path: &Path) -> Result<Self> {
        Self::named(path, false)
    }

    /// The same beside the first, which holds what this one is made of.
    pub(crate) fn second(path: &Path) -> Result<Self> {
        Self::named(path, true)
    }

    fn named(path: &Path, is_second: bool) -> Result<Self> {
        let [target, first, second] = places(path);
        let partial = if is_second { second } else { first };
        replaceable(&target).map_err(|error| unwritable(&target, &error))?;
        match claim(&partial).map_err(|error| unwritable(&partial, &error))? {
            Some(file) => {
                interrupt::remove_at_end(&partial);
                Ok(Self {
                    path: target,
                    partial,
                    file,
                    is_complete: false,
                })
            }
            None => Err(Failure::OutputBusy {
                path: target,
                partial,
            }),
        }
    }

    /// Its file, and the name it will have.
    pub(crate) fn file(&self) -> Result<(File, PathBuf)> {
        let file = self.file.try_clone();
        let file = file.map_err(|error| unwritable(&self.path, &error))?;
        Ok((file, self.path.clone()))
    }

    /// Writes the beginning of a file whose rest is there.
    pub(crate) fn put_front(&mut self, bytes: &[u8]) -> Result<()> {
        let front = self.file.seek(SeekFrom::Start(0));
        let written = front.and_then(|_| self.file.write_all(bytes));
        written.map_err(|error| unwritable(&self.path, &error))
    }

    /// Writes all of a plan.
    pub(crate) fn write(
        &mut self,
        plan: &Plan,
        stores: &Stores,
        progress: &Progress,
    ) -> Result<()> {
        let mut open: Option<(StoreId, File)> = None;
        for part in plan.parts() {
            let extent = match part {
                Part::Bytes(bytes) => {
                    let written = self.file.write_all(bytes);
                    written.map_err(|error| unwritable(&self.path, &error))?;
                    progress.add(part.len());
                    continue;
                }
                Part::Stored(extent) => extent,
            };
            let unreadable = |error: &io::Error| Failure::Unreadable {
                name: stores.name(extent.store),
                why: error.to_string(),
            };
            let file = match open.take() {
                Some((store, file)) if store == extent.store => file,
                _ => stores.open(extent.store).map_err(|e| unreadable(&e))?,
            };
            let (_, file) = open.insert((extent.store, file));
            file.seek(SeekFrom::Start(extent.offset))
                .map_err(|e| unreadable(&e))?;
            let mut left = extent.len;
            while left > 0 {
                interrupt::check()?;
                let wanted = left.min(CHUNK);
                let copied = io::copy(&mut (&mut *file).take(wanted), &mut self.file);
                let copied = copied.map_err(|error| unwritable(&self.path, &error))?;
                if copied == 0 {
                    return Err(unreadable(&io::Error::other("it has become shorter")));
                }
                left = left.saturating_sub(copied);
                progress.add(copied);
            }
        }
        Ok(())
    }

    /// Gives the file its name.
    pub(crate) fn complete(mut self) -> Result<()> {
        let synced = self.file.sync_data();
        let done = synced.and_then(|()| {
            let rename = || fs::rename(&self.partial, &self.path);
            interrupt::settled(&self.partial, rename)
        });
        self.is_complete = done.is_ok();
        done.map_err(|error| unwritable(&self.path, &error))
    }
}

/// Where an output will be, where it is until it is complete, and where it is if its payload has to
/// be put in order first. The file a link leads to is replaced, not the link.
pub(crate) fn places(output: &Path) -> [PathBuf; 3] {
    let target = output.canonicalize();
    let target = target.unwrap_or_else(|_| output.to_path_buf());
    let with = |suffix: &str| {
        let mut name = target.as_os_str().to_owned();
        name.push(suffix);
        PathBuf::from(name)
    };
    let (partial, second) = (with(PARTIAL), with(&format!(".ordered{PARTIAL}")));
    [target, partial, second]
}

/// Whether a file may take the place of what is at `path`: of nothing, or of a file. Devices and
/// pipes would be gone for everyone who uses them.
fn replaceable(path: &Path) -> io::Result<()> {
    let kind = match fs::metadata(path) {
        Ok(metadata) => metadata.file_type(),
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
        Err(error) => return Err(error),
    };
    if kind.is_dir() {
        return Err(io::Error::from(io::ErrorKind::IsADirectory));
    }
    if !kind.is_file() {
        let why = "it is a device or a pipe, and an MP4 is written to files only";
        return Err(io::Error::other(why));
    }
    Ok(())
}

impl Drop for Partial {
    fn drop(&mut self) {
        // After the renaming the name is free, and may be another run's.
        if !self.is_complete {
            let _ = interrupt::settled(&self.partial, || fs::remove_file(&self.partial));
        }
    }
}
