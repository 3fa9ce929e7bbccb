//! A delivery as a response. Stored bytes go from R2 to the client inside the runtime; Wasm sees only
//! the bytes that it made.

use js_sys::{BigInt, Object, Promise, Reflect, Uint8Array};
use livetape_edge::view::live::TsSegment;
use livetape_edge::{Delivery, Operation, Piece};
use wasm_bindgen::prelude::*;
use worker::wasm_bindgen_futures::{JsFuture, future_to_promise};
use worker::web_sys::{WritableStream, WritableStreamDefaultWriter};
use worker::worker_sys::FixedLengthStream;
use worker::{Context, EncodeBody, Error, Response, ResponseBuilder, Result};

use crate::r2::Bucket;
use crate::{costs, r2, respond};

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
    bucket: Bucket,
    context: &Context,
) -> Result<Response> {
    let delivery = match &delivery.rewrite {
        Some(segment) => rewritten(segment, &delivery, &bucket).await?,
        None => delivery,
    };
    let headers = respond::headers(&delivery)?;
    let has_body = !matches!(delivery.status, 204 | 304);
    let len = delivery.len();
    if has_body {
        headers.set("Content-Length", &len.to_string())?;
    }
    let builder = ResponseBuilder::new()
        .with_status(delivery.status)
        .with_headers(headers);
    if head || !has_body {
        return Ok(builder.empty());
    }
    if let Some(bytes) = all_made(&delivery.pieces) {
        return Ok(builder.fixed(bytes));
    }
    // They are made after this is answered, and counted before.
    let reads = delivery.pieces.iter();
    let reads = reads.filter(|piece| matches!(piece, Piece::Stored { .. }));
    costs::count_many(Operation::ClassB, reads.count());
    // Known length: the client sees a broken transfer as such, and no chunked encoding.
    let pipe = FixedLengthStream::new_big_int(BigInt::from(len))?;
    let (readable, writable) = (pipe.readable(), pipe.writable());
    context.wait_until(async move {
        if let Err(error) = write_all(&delivery.pieces, &bucket, &writable).await {
            worker::console_error!("a body was cut short: {error}");
            let reason = JsValue::from(error.to_string());
            let _ = JsFuture::from(writable.abort_with_reason(&reason)).await;
        }
    });
    Ok(builder
        .with_status(delivery.status)
        .stream(readable)
        .with_encode_body(EncodeBody::Automatic))
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
