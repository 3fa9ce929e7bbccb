//! Where payload is: in the input files themselves, or in a file that takes what is not in one.

use std::collections::BTreeMap;
use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};

use livetape_timeline::{Extent, StoreId};

use crate::failure::{Failure, Result};
use crate::spilling::Writer;
use crate::writing::{Partial, folder_of};

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
    file: File,
    /// What a failure to write names.
    path: PathBuf,
    /// Bytes left free at the front, where the file may become the output.
    room: u64,
    writer: Option<Writer>,
}

impl Stores {
    /// Stores for an output: what must be spilled lies in the same folder as it, in a file without
    /// a name: it is gone when this process is, however that ends.
    pub(crate) fn beside(output: &Path) -> Result<Self> {
        let folder = folder_of(output);
        match tempfile::tempfile_in(folder) {
            Ok(file) => Ok(Self::spilling(file, folder.to_path_buf(), 0)),
            Err(error) => Err(unwritable(output, &error)),
        }
    }

    /// Stores that spill into the output's own file, after `room` bytes: where all of it is the
    /// output's payload just so, only a header is left to be written.
    pub(crate) fn within(output: &Partial, room: u64) -> Result<Self> {
        let (file, path) = output.file()?;
        Ok(Self::spilling(file, path, room))
    }

    /// Stores that keep no payload, for looking only.
    pub(crate) const fn dropping() -> Self {
        Self {
            spill: None,
            spilled: 0,
            files: BTreeMap::new(),
        }
    }

    fn spilling(file: File, path: PathBuf, room: u64) -> Self {
        let writer = None;
        Self {
            spill: Some(Spill {
                file,
                path,
                room,
                writer,
            }),
            ..Self::dropping()
        }
    }

    /// Keeps bytes that are in no file. They are written while more is read.
    pub(crate) fn spill(&mut self, bytes: Vec<u8>) -> Result<Extent> {
        let len = bytes.len() as u64;
        let mut room = 0;
        if let Some(spill) = &mut self.spill {
            room = spill.room;
            let sent = spill.send(bytes);
            sent.map_err(|error| unwritable(&spill.path, &error))?;
        }
        let offset = room + self.spilled;
        self.spilled += len;
        Ok(Extent {
            store: SPILL,
            offset,
            len,
        })
    }

    /// A buffer whose bytes were spilled and written.
    pub(crate) fn written(&self) -> Option<Vec<u8>> {
        self.spill.as_ref()?.writer.as_ref()?.written()
    }

    /// Nothing more is spilled: what was can be read from here on. Gives where it is, where that
    /// is the output's own file.
    pub(crate) fn settle(&mut self) -> Result<Option<Extent>> {
        let Some(spill) = &mut self.spill else {
            return Ok(None);
        };
        let done = spill.writer.take().map_or(Ok(()), Writer::finish);
        done.map_err(|error| unwritable(&spill.path, &error))?;
        let spilled = Extent {
            store: SPILL,
            offset: spill.room,
            len: self.spilled,
        };
        Ok(Some(spilled).filter(|spilled| spilled.offset > 0 && spilled.len > 0))
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

impl Spill {
    /// Hands bytes to the writer, begun with the first.
    fn send(&mut self, bytes: Vec<u8>) -> io::Result<()> {
        let writer = match self.writer.take() {
            Some(writer) => writer,
            // Where room is left the file becomes the output.
            None => Writer::begin(self.file.try_clone()?, self.room, self.room > 0)?,
        };
        self.writer = writer.send(bytes)?;
        Ok(())
    }
}

pub(crate) fn unwritable(path: &Path, error: &io::Error) -> Failure {
    Failure::Unwritable {
        path: path.to_path_buf(),
        why: error.to_string(),
    }
}
