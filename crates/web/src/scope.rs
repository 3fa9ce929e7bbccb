//! The worker's global scope: clocks and timers.

use js_sys::{Date, Function};
use livetape_recorder::Now;
use wasm_bindgen::prelude::*;
use web_sys::WorkerGlobalScope;

#[wasm_bindgen]
extern "C" {
    #[wasm_bindgen(js_name = setTimeout)]
    fn set_timeout(callback: &Function, millis: f64) -> i32;

    #[wasm_bindgen(js_name = clearTimeout)]
    fn clear_timeout(timer: i32);

    /// Ends this worker after the current task.
    #[wasm_bindgen(js_name = close)]
    pub(crate) fn close_worker();

    /// The scope itself.
    #[wasm_bindgen(thread_local_v2, js_name = self)]
    static SCOPE: WorkerGlobalScope;

    /// `performance` of any global scope.
    #[wasm_bindgen(js_namespace = performance, js_name = now)]
    fn performance_now() -> f64;
}

/// The global scope this runs in.
pub(crate) fn global() -> WorkerGlobalScope {
    SCOPE.with(Clone::clone)
}

/// Both clocks.
pub(crate) fn now() -> Now {
    Now {
        steady: performance_now() as u64,
        unix: Date::now() as i64,
    }
}

/// One timer at a time, which calls a closure.
pub(crate) struct Alarm {
    callback: Closure<dyn FnMut()>,
    timer: Option<i32>,
}

impl Alarm {
    pub(crate) fn new(ring: impl FnMut() + 'static) -> Self {
        Self {
            callback: Closure::new(ring),
            timer: None,
        }
    }

    /// Sets the alarm to a time of the steady clock, instead of what it was set to.
    pub(crate) fn set(&mut self, at: u64) {
        self.clear();
        let wait = at.saturating_sub(now().steady) as f64;
        self.timer = Some(set_timeout(self.callback.as_ref().unchecked_ref(), wait));
    }

    pub(crate) fn clear(&mut self) {
        if let Some(timer) = self.timer.take() {
            clear_timeout(timer);
        }
    }
}
