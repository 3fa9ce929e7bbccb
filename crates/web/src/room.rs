//! How much the browser's storage still takes.

use std::cell::Cell;
use std::rc::Rc;

use wasm_bindgen::JsCast;
use wasm_bindgen_futures::{JsFuture, spawn_local};
use web_sys::StorageEstimate;

use crate::scope::{global, now};

/// Milliseconds between two questions.
const PAUSE: u64 = 5_000;

/// What the browser last said of the room there is.
#[derive(Default)]
pub(crate) struct Room {
    left: Rc<Cell<Option<u64>>>,
    ask_at: u64,
}

impl Room {
    /// Bytes that may still be written, as far as is known. Asks again now and then, for the
    /// next time.
    pub(crate) fn left(&mut self) -> Option<u64> {
        let now = now().steady;
        if now >= self.ask_at {
            self.ask_at = now + PAUSE;
            let left = Rc::clone(&self.left);
            spawn_local(async move { left.set(estimate().await) });
        }
        self.left.get()
    }
}

async fn estimate() -> Option<u64> {
    let answer = global().navigator().storage().estimate().ok()?;
    let answer: StorageEstimate = JsFuture::from(answer).await.ok()?.unchecked_into();
    let left = answer.get_quota()? - answer.get_usage()?;
    Some(left.max(0.0) as u64)
}
