//! Plain objects of JavaScript: messages to the page, and options of the browser's own calls.

use js_sys::{Object, Reflect, Uint8Array};
use wasm_bindgen::JsCast;
use wasm_bindgen::prelude::*;

/// A plain object, given its properties one after another.
pub(crate) struct Plain(Object);

impl Plain {
    pub(crate) fn new() -> Self {
        Self(Object::new())
    }

    pub(crate) fn value(self, name: &str, value: &JsValue) -> Self {
        // Setting a property of a fresh plain object does not fail.
        let _ = Reflect::set(&self.0, &JsValue::from_str(name), value);
        self
    }

    pub(crate) fn number(self, name: &str, value: f64) -> Self {
        self.value(name, &JsValue::from_f64(value))
    }

    pub(crate) fn text(self, name: &str, value: &str) -> Self {
        self.value(name, &JsValue::from_str(value))
    }

    pub(crate) fn flag(self, name: &str, value: bool) -> Self {
        self.value(name, &JsValue::from_bool(value))
    }

    /// A number that may be unknown.
    pub(crate) fn known(self, name: &str, value: Option<f64>) -> Self {
        match value {
            Some(value) => self.number(name, value),
            None => self,
        }
    }

    pub(crate) fn bytes(self, name: &str, value: &[u8]) -> Self {
        self.value(name, &Uint8Array::from(value))
    }

    /// The object, as what is wanted.
    pub(crate) fn done<T: JsCast>(self) -> T {
        self.0.unchecked_into()
    }
}
