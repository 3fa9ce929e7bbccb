//! Streams that are read into buffers of their reader's own, as many bytes at a time as it wants.

use js_sys::{Object, Promise, Reflect, Uint8Array};
use wasm_bindgen::prelude::*;
use worker::Result;
use worker::web_sys::ReadableStream;

#[wasm_bindgen]
extern "C" {
    /// `ReadableStream` with the one method that its generated type takes no options for.
    type Source;
    #[wasm_bindgen(method, js_name = getReader)]
    fn get_reader(this: &Source, options: &Object) -> Reader;

    /// The reader. What it reads into is its own until it has read.
    #[derive(Debug, Clone)]
    pub(crate) type Reader;
    /// Reads what is there, into what it is given.
    #[wasm_bindgen(method)]
    pub(crate) fn read(this: &Reader, into: &Uint8Array) -> Promise;
    /// The runtime's own: waits for so many bytes, if not for the end.
    #[wasm_bindgen(method, js_name = readAtLeast)]
    pub(crate) fn read_at_least(this: &Reader, least: u32, into: &Uint8Array) -> Promise;
    /// Ends the stream.
    #[wasm_bindgen(method)]
    pub(crate) fn cancel(this: &Reader) -> Promise;
}

/// A stream's reader.
pub(crate) fn reader(body: ReadableStream) -> Result<Reader> {
    let options = Object::new();
    Reflect::set(&options, &"mode".into(), &"byob".into())?;
    Ok(body.unchecked_into::<Source>().get_reader(&options))
}
