//! A delivery as a response. Stored bytes go from R2 to the client inside the runtime; Wasm sees only
//! the bytes that it made.

use js_sys::{BigInt, Object, Promise, Reflect, Uint8Array};
use livetape_edge::view::live::TsSegment;
use livetape_edge::{Cipher, Delivery, Piece};
use wasm_bindgen::prelude::*;
use worker::wasm_bindgen_futures::{JsFuture, future_to_promise};
use worker::web_sys::{ReadableStream, WritableStream, WritableStreamDefaultWriter};
use worker::worker_sys::FixedLengthStream;
use worker::{Bucket, Context, EncodeBody, Env, Error, Response, ResponseBuilder, Result};

use crate::cipher::encrypted;
use crate::{r2, respond};

#[wasm_bindgen]
extern "C" {
    /// `ReadableStream` with the one method that its generated type takes no options for.
    type Pipe;
    #[wasm_bindgen(method, js_name = pipeTo)]
    fn pipe_to(this: &Pipe, to: &WritableStream, options: &Object) -> Promise;
}

/// Sends a delivery; its body not, where `head` says so.
pub(crate) async fn send(
    delivery: Delivery,
    head: bool,
    env: &Env,
    context: &Context,
) -> Result<Response> {
    let bucket = r2::bucket(env)?;
    let delivery = match &delivery.rewrite {
        Some(segment) => rewritten(segment, &delivery, &bucket).await?,
        None => delivery,
    };
    let headers = respond::headers(&delivery)?;
    let has_body = !matches!(delivery.status, 204 | 304);
    let len = delivery.len();
    if has_body {
        let cipher = delivery.cipher.as_ref();
        let sent = cipher.map_or(len, |_| Cipher::encrypted_len(len));
        headers.set("Content-Length", &sent.to_string())?;
    }
    let builder = ResponseBuilder::new()
        .with_status(delivery.status)
        .with_headers(headers);
    if head || !has_body {
        return Ok(builder.empty());
    }
    if delivery.cipher.is_none()
        && let Some(bytes) = all_made(&delivery.pieces)
    {
        return Ok(builder.fixed(bytes));
    }
    let cipher = delivery.cipher.clone();
    let clear = body(delivery, bucket, context)?;
    let body = match &cipher {
        Some(cipher) => encrypted(clear, len, cipher, env, context).await?,
        None => clear,
    };
    Ok(builder.stream(body).with_encode_body(EncodeBody::Automatic))
}

/// The body as the runtime's own stream, which is written while it is sent.
fn body(delivery: Delivery, bucket: Bucket, context: &Context) -> Result<ReadableStream> {
    // Known length: the client sees a broken transfer as such, and no chunked encoding.
    let pipe = FixedLengthStream::new_big_int(BigInt::from(delivery.len()))?;
    let (readable, writable) = (pipe.readable(), pipe.writable());
    context.wait_until(async move {
        if let Err(error) = write_all(&delivery.pieces, &bucket, &writable).await {
            worker::console_error!("a body was cut short: {error}");
            let reason = JsValue::from(error.to_string());
            let _ = JsFuture::from(writable.abort_with_reason(&reason)).await;
        }
    });
    Ok(readable)
}

/// The one case in which media bytes enter Wasm: they become something else.
async fn rewritten(segment: &TsSegment, delivery: &Delivery, bucket: &Bucket) -> Result<Delivery> {
    let mut media = Vec::new();
    for piece in &delivery.pieces {
        match piece {
            Piece::Bytes(bytes) => media.extend_from_slice(bytes),
            Piece::Stored { key, offset, len } => {
                media.extend(r2::bytes(bucket, key, *offset, *len).await?);
            }
        }
    }
    let body = segment
        .write(&media)
        .ok_or("stored media is not what the index says")?;
    Ok(Delivery {
        pieces: vec![Piece::Bytes(body)],
        rewrite: None,
        ..delivery.clone()
    })
}

fn all_made(pieces: &[Piece]) -> Option<Vec<u8>> {
    let made = pieces.iter().map(|piece| match piece {
        Piece::Bytes(bytes) => Some(bytes.as_slice()),
        Piece::Stored { .. } => None,
    });
    made.collect::<Option<Vec<_>>>().map(|all| all.concat())
}

/// Writes the pieces one after another. The next stored range is asked for while one is being sent.
async fn write_all(pieces: &[Piece], bucket: &Bucket, to: &WritableStream) -> Result<()> {
    let mut stored = pieces.iter().filter_map(|piece| match piece {
        Piece::Bytes(_) => None,
        Piece::Stored { key, offset, len } => Some(ask(bucket, key, *offset, *len)),
    });
    let mut next = stored.next();
    for piece in pieces {
        match piece {
            Piece::Bytes(bytes) => write(bytes, to).await?,
            Piece::Stored { .. } => {
                let current = next.take().ok_or("a stored range was not asked for")?;
                let body = JsFuture::from(current).await?;
                next = stored.next();
                pipe(body.unchecked_into(), to).await?;
            }
        }
    }
    JsFuture::from(to.close()).await?;
    Ok(())
}

/// Asks for a stored range, now and not when it is waited for.
fn ask(bucket: &Bucket, key: &str, offset: u64, len: u64) -> Promise {
    let (bucket, key) = (bucket.clone(), key.to_owned());
    future_to_promise(async move {
        let body = r2::range(&bucket, &key, offset, len).await;
        body.map(JsValue::from).map_err(JsValue::from)
    })
}

async fn write(bytes: &[u8], to: &WritableStream) -> Result<()> {
    let writer: WritableStreamDefaultWriter = to.get_writer()?;
    let chunk = Uint8Array::from(bytes);
    let written = JsFuture::from(writer.write_with_chunk(&chunk)).await;
    writer.release_lock();
    written.map(drop).map_err(Error::from)
}

async fn pipe(from: Pipe, to: &WritableStream) -> Result<()> {
    let options = Object::new();
    Reflect::set(&options, &"preventClose".into(), &JsValue::TRUE)?;
    JsFuture::from(from.pipe_to(to, &options))
        .await
        .map(drop)
        .map_err(Error::from)
}
