//! Where payload is: in the input files themselves, or in a file that takes what is not in one.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use livetape_timeline::{Extent, StoreId};

use crate::failure::{Failure, Result};

/// The store of what was rewritten or came from the network.
const SPILL: StoreId = StoreId(0);

/// All stores of one command.
#[derive(Debug)]
pub(crate) struct Stores {
    /// `None`: payload is counted and dropped.
    spill: Option<Spill>,
    spilled: u64,
    files: BTreeMap<PathBuf, StoreId>,
}

#[derive(Debug)]
struct Spill {
    /// Has no name: it is gone when this process is, however that ends.
    file: File,
    folder: PathBuf,
}

impl Stores {
    /// Stores for an output: what must be spilled lies in the same folder as it.
    pub(crate) fn beside(output: &Path) -> Result<Self> {
        let folder = match output.parent() {
            Some(parent) if !parent.as_os_str().is_empty() => parent.to_path_buf(),
            _ => PathBuf::from("."),
        };
        match tempfile::tempfile_in(&folder) {
            Ok(file) => Ok(Self {
                spill: Some(Spill { file, folder }),
                ..Self::dropping()
            }),
            Err(error) => Err(unwritable(output, &error)),
        }
    }

    /// Stores that keep no payload, for looking only.
    pub(crate) const fn dropping() -> Self {
        Self {
            spill: None,
            spilled: 0,
            files: BTreeMap::new(),
        }
    }

    /// Keeps bytes that are in no file.
    pub(crate) fn spill(&mut self, bytes: &[u8]) -> Result<Extent> {
        if let Some(spill) = &mut self.spill {
            let written = spill.file.write_all(bytes);
            written.map_err(|error| unwritable(&spill.folder, &error))?;
        }
        let (offset, len) = (self.spilled, bytes.len() as u64);
        self.spilled += len;
        Ok(Extent {
            store: SPILL,
            offset,
            len,
        })
    }

    /// The store that an input file is.
    pub(crate) fn file(&mut self, path: &Path) -> StoreId {
        let next = StoreId(1 + self.files.len() as u32);
        *self.files.entry(path.to_path_buf()).or_insert(next)
    }

    /// Whether a path leads to an input file.
    pub(crate) fn has(&self, path: &Path) -> bool {
        let Ok(path) = path.canonicalize() else {
            return false;
        };
        let is_same = |known: &PathBuf| known.canonicalize().is_ok_and(|known| known == path);
        self.files.keys().any(is_same)
    }

    /// Opens a store for reading.
    pub(crate) fn open(&self, store: StoreId) -> io::Result<File> {
        if store == SPILL {
            let spill = self.spill.as_ref().ok_or(io::ErrorKind::NotFound)?;
            return spill.file.try_clone();
        }
        let found = self.files.iter().find(|(_, id)| **id == store);
        let (path, _) = found.ok_or(io::ErrorKind::NotFound)?;
        File::open(path)
    }

    /// What a person calls a store.
    pub(crate) fn name(&self, store: StoreId) -> String {
        let found = self.files.iter().find(|(_, id)| **id == store);
        found.map_or_else(
            || "the temporary file".to_owned(),
            |(path, _)| path.display().to_string(),
        )
    }
}

pub(crate) fn unwritable(path: &Path, error: &io::Error) -> Failure {
    Failure::Unwritable {
        path: path.to_path_buf(),
        why: error.to_string(),
    }
}
