//! Sums of bytes that stay in JavaScript's memory.

use js_sys::{Function, Uint8Array};
use wasm_bindgen::prelude::*;

/// The worker's own sum of an `Uint8Array`, as `livetape_tape::journal::payload_sum`.
#[derive(Clone)]
pub(crate) struct PayloadSum(pub(crate) Function);

impl PayloadSum {
    pub(crate) fn of(&self, bytes: &Uint8Array) -> u32 {
        let sum = self.0.call1(&JsValue::UNDEFINED, bytes);
        sum.ok().and_then(|sum| sum.as_f64()).unwrap_or_default() as u32
    }
}
