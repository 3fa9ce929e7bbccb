//! Plans to files: under another name until complete, so that no half-written file is ever seen.

use std::fs::{self, File};
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

use livetape_timeline::{Part, Plan, StoreId};

use crate::failure::{Failure, Result};
use crate::interrupt;
use crate::progress::Progress;
use crate::stores::{Stores, unwritable};

/// Bytes copied between two looks at Ctrl-C.
const CHUNK: u64 = 8 << 20;

/// A file being written. It is gone unless it is completed.
#[derive(Debug)]
pub(crate) struct Partial {
    path: PathBuf,
    partial: PathBuf,
    file: File,
}

impl Partial {
    /// Begins a file that will be at `path`, or at what that is a link to.
    pub(crate) fn create(path: &Path) -> Result<Self> {
        Self::named(path, ".part")
    }

    /// The same beside the first, which holds what this one is made of.
    pub(crate) fn second(path: &Path) -> Result<Self> {
        Self::named(path, ".whole.part")
    }

    fn named(path: &Path, suffix: &str) -> Result<Self> {
        replaceable(path).map_err(|error| unwritable(path, &error))?;
        // The file a link leads to is replaced, not the link.
        let target = path.canonicalize();
        let path = target.as_deref().unwrap_or(path);
        let mut partial = path.as_os_str().to_owned();
        partial.push(suffix);
        let partial = PathBuf::from(partial);
        interrupt::remove_at_end(&partial);
        match File::options()
            .read(true)
            .write(true)
            .create(true)
            .truncate(true)
            .open(&partial)
        {
            Ok(file) => Ok(Self {
                path: path.to_path_buf(),
                partial,
                file,
            }),
            Err(error) => Err(unwritable(path, &error)),
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
    pub(crate) fn complete(self) -> Result<()> {
        let done = self
            .file
            .sync_data()
            .and_then(|()| fs::rename(&self.partial, &self.path));
        done.map_err(|error| unwritable(&self.path, &error))
    }
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
        // After the renaming there is nothing here to remove.
        let _ = fs::remove_file(&self.partial);
    }
}
