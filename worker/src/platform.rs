//! Time and random bytes.

use js_sys::Uint8Array;
use wasm_bindgen::prelude::*;
use worker::Result;

#[wasm_bindgen]
extern "C" {
    #[wasm_bindgen(js_namespace = crypto, js_name = getRandomValues, catch)]
    fn get_random_values(array: &Uint8Array) -> std::result::Result<JsValue, JsValue>;
}

/// Unix milliseconds.
pub(crate) fn now() -> i64 {
    i64::try_from(worker::Date::now().as_millis()).unwrap_or(i64::MAX)
}

pub(crate) fn random() -> Result<[u8; 16]> {
    let array = Uint8Array::new_with_length(16);
    get_random_values(&array)?;
    let mut bytes = [0; 16];
    array.copy_to(&mut bytes);
    Ok(bytes)
}
