//! A name that one run alone writes to: the file is made by this run, and locked while it is open.
//!
//! The lock is what tells a run that is writing from one that was killed: the system takes it away
//! with the process. Whoever has it may rename or remove the file, and nobody else may.

use std::fs::{self, File, TryLockError};
use std::io;
use std::path::Path;

/// How often a name is tried that others make and give up at the same time.
const TRIES: usize = 16;

/// Makes the file at `path`, and locks it. What a killed run left there is removed before. `None`
/// where another run is writing it.
pub(crate) fn claim(path: &Path) -> io::Result<Option<File>> {
    for _ in 0..TRIES {
        let mut options = File::options();
        options.read(true).write(true);
        let made = options.clone().create_new(true).open(path);
        let (file, is_new) = match made {
            Ok(file) => (file, true),
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {
                match left_by_a_run(path).and_then(|()| options.open(path)) {
                    Ok(file) => (file, false),
                    // Its run ended just now.
                    Err(error) if error.kind() == io::ErrorKind::NotFound => continue,
                    Err(error) => return Err(error),
                }
            }
            Err(error) => return Err(error),
        };
        match file.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => return Ok(None),
            // Some network file systems know no locks. That the file is new says as much, and no
            // other run can take it away.
            Err(TryLockError::Error(_)) if is_new => return Ok(Some(file)),
            Err(TryLockError::Error(error)) => return Err(error),
        }
        // Between the opening and the lock its run may have given it its name, or removed it.
        if !is_at(&file, path)? {
            continue;
        }
        if is_new {
            return Ok(Some(file));
        }
        // It is not written to: the file may have other names by now.
        fs::remove_file(path)?;
    }
    Ok(None)
}

/// Whether what is at `path` may be what a run left: no run leaves a link or a folder.
fn left_by_a_run(path: &Path) -> io::Result<()> {
    if fs::symlink_metadata(path)?.is_file() {
        return Ok(());
    }
    let why = "something that is no file has the name that it is written under";
    Err(io::Error::other(why))
}

/// Whether a file is the one that `path` leads to.
#[cfg(unix)]
fn is_at(file: &File, path: &Path) -> io::Result<bool> {
    use std::os::unix::fs::MetadataExt;
    let own = file.metadata()?;
    match fs::symlink_metadata(path) {
        Ok(there) => Ok((there.dev(), there.ino()) == (own.dev(), own.ino())),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(false),
        Err(error) => Err(error),
    }
}

/// Without numbers of files, a file that has a name is taken for the one.
#[cfg(not(unix))]
fn is_at(_: &File, path: &Path) -> io::Result<bool> {
    path.try_exists()
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use super::*;

    #[test]
    fn a_name_is_one_runs_until_its_file_is_closed() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("out.part");
        let file = claim(&path).expect("no error").expect("it is free");
        // Another handle of this process is refused as another process is.
        assert!(claim(&path).expect("no error").is_none());
        drop(file);
        let mut file = claim(&path).expect("no error").expect("nobody has it");
        file.write_all(b"half").expect("written");
        drop(file);
        let file = claim(&path).expect("no error").expect("nobody has it");
        assert_eq!(file.metadata().expect("there").len(), 0);
    }

    #[test]
    fn what_was_left_keeps_its_bytes_under_other_names() {
        let folder = tempfile::tempdir().expect("a folder");
        let (path, other) = (folder.path().join("out.part"), folder.path().join("kept"));
        fs::write(&path, "left").expect("written");
        fs::hard_link(&path, &other).expect("linked");
        assert!(claim(&path).expect("no error").is_some());
        assert_eq!(fs::read(&other).ok(), Some(b"left".to_vec()));
    }

    #[cfg(unix)]
    #[test]
    fn nothing_is_written_through_a_link() {
        let folder = tempfile::tempdir().expect("a folder");
        let (path, file) = (folder.path().join("out.part"), folder.path().join("mine"));
        fs::write(&file, "mine").expect("written");
        std::os::unix::fs::symlink(&file, &path).expect("linked");
        assert!(claim(&path).is_err());
        assert_eq!(fs::read(&file).ok(), Some(b"mine".to_vec()));
    }

    #[test]
    fn of_many_who_want_a_name_at_once_one_has_it() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("out.part");
        for round in 0..50 {
            fs::write(&path, "left by a killed run").expect("written");
            let files: Vec<_> = std::thread::scope(|scope| {
                let threads: Vec<_> = (0..4).map(|_| scope.spawn(|| claim(&path))).collect();
                let ended = threads.into_iter().map(std::thread::ScopedJoinHandle::join);
                ended.map(|claimed| claimed.expect("no panic")).collect()
            });
            let had = files
                .iter()
                .filter(|claimed| matches!(claimed, Ok(Some(_))));
            assert!(had.count() <= 1, "round {round}");
        }
    }
}
