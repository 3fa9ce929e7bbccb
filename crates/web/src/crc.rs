//! Checks of bytes that stay in JavaScript's memory.

use js_sys::{Function, Uint8Array};
use wasm_bindgen::prelude::*;

/// The worker's own CRC-32 (ISO/HDLC) of an `Uint8Array`.
#[derive(Clone)]
pub(crate) struct Crc(pub(crate) Function);

impl Crc {
    pub(crate) fn of(&self, bytes: &Uint8Array) -> u32 {
        let crc = self.0.call1(&JsValue::UNDEFINED, bytes);
        crc.ok().and_then(|crc| crc.as_f64()).unwrap_or_default() as u32
    }
}
