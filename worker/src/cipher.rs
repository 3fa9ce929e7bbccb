//! Bodies encrypted while they are sent, by the runtime's WebCrypto. The bytes stay outside Wasm, and no
//! more of them than a chunk is held at a time.

use js_sys::{Array, BigInt, Object, Promise, Reflect, Uint8Array};
use livetape_edge::Cipher;
use wasm_bindgen::prelude::*;
use worker::wasm_bindgen_futures::JsFuture;
use worker::web_sys::{ReadableStream, WritableStream, WritableStreamDefaultWriter};
use worker::worker_sys::FixedLengthStream;
use worker::{Context, Env, Error, Result};

use crate::byob;
use crate::setup::config;

/// Bytes that are encrypted at once: whole blocks.
const CHUNK: u32 = 256 << 10;
/// Bytes of a block.
const BLOCK: u32 = 16;

#[wasm_bindgen]
extern "C" {
    /// `SubtleCrypto`, of which this needs two methods.
    type Subtle;
    #[wasm_bindgen(thread_local_v2, js_namespace = crypto, js_name = subtle)]
    static SUBTLE: Subtle;
    #[wasm_bindgen(method, js_name = importKey)]
    fn import_key(
        this: &Subtle,
        format: &str,
        key: &Uint8Array,
        algorithm: &str,
        extractable: bool,
        usages: &Array,
    ) -> Promise;
    #[wasm_bindgen(method)]
    fn encrypt(this: &Subtle, algorithm: &Object, key: &JsValue, data: &Uint8Array) -> Promise;
}

/// The encrypted form of a body of `len` bytes.
pub(crate) async fn encrypted(
    body: ReadableStream,
    len: u64,
    cipher: &Cipher,
    env: &Env,
    context: &Context,
) -> Result<ReadableStream> {
    let recording = cipher.recording().ok_or("a body is encrypted for nobody")?;
    let key = config(env)?.content_keys.key(&recording);
    let usages = Array::of1(&"encrypt".into());
    let import = |subtle: &Subtle| {
        subtle.import_key(
            "raw",
            &Uint8Array::from(&key[..]),
            "AES-CBC",
            false,
            &usages,
        )
    };
    let key = JsFuture::from(SUBTLE.with(import)).await?;
    let vector = Uint8Array::from(&cipher.iv()[..]);
    let pipe = FixedLengthStream::new_big_int(BigInt::from(Cipher::encrypted_len(len)))?;
    let (readable, writable) = (pipe.readable(), pipe.writable());
    context.wait_until(async move {
        if let Err(error) = encrypt_all(body, &key, vector, &writable).await {
            worker::console_error!("an encrypted body was cut short: {error}");
            let reason = JsValue::from(error.to_string());
            let _ = JsFuture::from(writable.abort_with_reason(&reason)).await;
        }
    });
    Ok(readable)
}

/// Each chunk but the last is encrypted without its padding; the last block of one is the vector of the
/// next, as in one go.
async fn encrypt_all(
    body: ReadableStream,
    key: &JsValue,
    mut vector: Uint8Array,
    to: &WritableStream,
) -> Result<()> {
    let reader = byob::reader(body)?;
    let writer: WritableStreamDefaultWriter = to.get_writer()?;
    loop {
        let into = Uint8Array::new_with_length(CHUNK);
        let read = JsFuture::from(reader.read_at_least(CHUNK, &into)).await?;
        let chunk = Reflect::get(&read, &"value".into())?;
        let chunk = chunk
            .dyn_into()
            .unwrap_or_else(|_| Uint8Array::new_with_length(0));
        let is_last = chunk.length() < CHUNK;
        let algorithm = Object::new();
        Reflect::set(&algorithm, &"name".into(), &"AES-CBC".into())?;
        Reflect::set(&algorithm, &"iv".into(), &vector)?;
        let sealed = SUBTLE.with(|subtle| subtle.encrypt(&algorithm, key, &chunk));
        let sealed = Uint8Array::new(&JsFuture::from(sealed).await?);
        let kept = if is_last {
            sealed
        } else {
            sealed.subarray(0, CHUNK)
        };
        JsFuture::from(writer.write_with_chunk(&kept)).await?;
        if is_last {
            return JsFuture::from(writer.close())
                .await
                .map(drop)
                .map_err(Error::from);
        }
        vector = kept.slice(CHUNK - BLOCK, CHUNK);
    }
}
