//! Writes of one thing, one after another in the order in which they were begun: of two at once, storage
//! could keep the older.

use std::cell::{Cell, RefCell};
use std::future::Future;

use js_sys::Promise;
use worker::Result;
use worker::wasm_bindgen::JsValue;
use worker::wasm_bindgen_futures::{JsFuture, future_to_promise};

use crate::costs::of_this_request;

/// Whose turn it is.
pub(crate) struct Turns {
    last: RefCell<Promise>,
    begun: Cell<u64>,
}

impl Turns {
    pub(crate) fn new() -> Self {
        Self {
            last: RefCell::new(Promise::resolve(&JsValue::UNDEFINED)),
            begun: Cell::new(0),
        }
    }

    /// Does this when all that was begun before has ended, however it did. True where nothing was begun since.
    pub(crate) async fn take(
        &self,
        work: impl Future<Output = Result<()>> + 'static,
    ) -> Result<bool> {
        let own = self.begun.get() + 1;
        self.begun.set(own);
        let before = self.last.borrow().clone();
        let turn = future_to_promise(of_this_request(async move {
            // Whoever began it hears of its failure.
            let _ = JsFuture::from(before).await;
            work.await?;
            Ok(JsValue::UNDEFINED)
        }));
        *self.last.borrow_mut() = turn.clone();
        JsFuture::from(turn).await?;
        Ok(self.begun.get() == own)
    }
}
