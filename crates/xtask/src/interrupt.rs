//! Ctrl-C: a flag that every wait looks at, so that children are ended by their owners on the way out.

use std::sync::atomic::{AtomicBool, Ordering};

use crate::failure::{Explain, Failure, Result};

static INTERRUPTED: AtomicBool = AtomicBool::new(false);

/// Starts listening for SIGINT, SIGTERM and SIGHUP.
pub(crate) fn listen() -> Result<()> {
    ctrlc::set_handler(|| INTERRUPTED.store(true, Ordering::SeqCst))
        .explain(|| "cannot listen for Ctrl-C")
}

/// True once the user asked for the end.
pub(crate) fn requested() -> bool {
    INTERRUPTED.load(Ordering::SeqCst)
}

/// Fails once the user asked for the end.
pub(crate) fn check() -> Result<()> {
    if requested() {
        Err(Failure::Interrupted)
    } else {
        Ok(())
    }
}
