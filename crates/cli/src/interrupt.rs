//! Ctrl-C: counted, and looked at wherever something may take long.

use std::sync::atomic::{AtomicU32, Ordering};

use crate::failure::{Failure, Result};

static PRESSED: AtomicU32 = AtomicU32::new(0);
/// How many presses end the command rather than finish its file.
static LIMIT: AtomicU32 = AtomicU32::new(1);

/// Starts listening. `finishes`: the first press finishes what is being written, the second ends it.
pub(crate) fn listen(finishes: bool) {
    LIMIT.store(1 + u32::from(finishes), Ordering::SeqCst);
    // Without a handler Ctrl-C still ends the process; only the partial file would stay.
    let _ = ctrlc::set_handler(|| {
        PRESSED.fetch_add(1, Ordering::SeqCst);
    });
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
