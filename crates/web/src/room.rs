//! How much the browser's storage still takes.

use std::cell::Cell;
use std::rc::Rc;

use wasm_bindgen::JsCast;
use wasm_bindgen_futures::{JsFuture, spawn_local};
use web_sys::StorageEstimate;

use crate::scope::{global, now};

/// Milliseconds between two questions.
const PAUSE: u64 = 5_000;

/// What the browser last said of the room there is, and what came of believing it.
#[derive(Default)]
pub(crate) struct Room {
    known: Rc<Cell<Known>>,
    ask_at: u64,
}

#[derive(Default, Clone, Copy)]
struct Known {
    /// Bytes that may still be written.
    left: Option<u64>,
    /// Bytes in use when there was no room for more. Chromium says that it has 10 GiB more than are
    /// in use, whatever it has.
    limit: Option<f64>,
}

impl Room {
    /// Bytes that may still be written, as far as is known. Asks again now and then, for the
    /// next time.
    pub(crate) fn left(&mut self) -> Option<u64> {
        let now = now().steady;
        if now >= self.ask_at {
            self.ask_at = now + PAUSE;
            self.ask(false);
        }
        self.known.get().left
    }

    /// A write found no room.
    pub(crate) fn is_full(&self) {
        self.ask(true);
    }

    fn ask(&self, full: bool) {
        let known = Rc::clone(&self.known);
        spawn_local(async move {
            let Some((quota, usage)) = estimate().await else {
                return;
            };
            let limit = known.get().limit;
            let limit = if full { Some(usage) } else { limit };
            let left = limit.map_or(quota, |limit| limit.min(quota)) - usage;
            known.set(Known {
                left: Some(left.max(0.0) as u64),
                limit,
            });
        });
    }
}

async fn estimate() -> Option<(f64, f64)> {
    let answer = global().navigator().storage().estimate().ok()?;
    let answer: StorageEstimate = JsFuture::from(answer).await.ok()?.unchecked_into();
    Some((answer.get_quota()?, answer.get_usage()?))
}
