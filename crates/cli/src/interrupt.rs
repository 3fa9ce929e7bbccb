//! Ctrl-C: counted, and looked at wherever something may take long.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use crate::failure::{Failure, Result};

static PRESSED: AtomicU32 = AtomicU32::new(0);
/// How many presses end the command rather than finish its file.
static LIMIT: AtomicU32 = AtomicU32::new(1);

/// Files that must not stay when the process ends.
static PARTIAL: Mutex<Vec<PathBuf>> = Mutex::new(Vec::new());
/// How long a command may take to end by itself; it may wait for a server.
const PATIENCE: Duration = Duration::from_secs(2);

/// A file that must not stay when the process ends.
pub(crate) fn remove_at_end(path: &Path) {
    if let Ok(mut partial) = PARTIAL.lock() {
        partial.push(path.to_path_buf());
    }
}

/// Renames or removes such a file: in the same moment its name is no longer one that this process
/// may remove, as another run may write under it from there on.
pub(crate) fn settled(path: &Path, action: impl FnOnce() -> io::Result<()>) -> io::Result<()> {
    // While this is held the process does not end by Ctrl-C.
    let mut partial = PARTIAL.lock().unwrap_or_else(PoisonError::into_inner);
    let done = action();
    if done.is_ok() {
        partial.retain(|known| known != path);
    }
    done
}

/// Starts listening. `finishes`: the first press finishes what is being written, the second ends it.
pub(crate) fn listen(finishes: bool) {
    LIMIT.store(1 + u32::from(finishes), Ordering::SeqCst);
    // Without a handler Ctrl-C still ends the process; only the partial file would stay.
    let _ = ctrlc::set_handler(|| {
        PRESSED.fetch_add(1, Ordering::SeqCst);
        if check().is_err() {
            std::thread::spawn(end);
        }
    });
}

/// Ends the process where it does not end by itself.
fn end() {
    std::thread::sleep(PATIENCE);
    let partial = PARTIAL.lock().unwrap_or_else(PoisonError::into_inner);
    for path in partial.iter() {
        // One that is not there need not be removed.
        let _ = fs::remove_file(path);
    }
    std::process::exit(i32::from(Failure::Interrupted.status()));
}

/// True once the user asked for the end.
pub(crate) fn requested() -> bool {
    PRESSED.load(Ordering::SeqCst) > 0
}

/// Fails once the user does not want the file any more.
pub(crate) fn check() -> Result<()> {
    if PRESSED.load(Ordering::SeqCst) >= LIMIT.load(Ordering::SeqCst) {
        return Err(Failure::Interrupted);
    }
    Ok(())
}
