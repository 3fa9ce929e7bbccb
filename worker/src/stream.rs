//! A delivery as a response. Stored bytes go from R2 to the client inside the runtime; Wasm sees only
//! the bytes that it made.

use js_sys::{BigInt, Object, Promise, Reflect, Uint8Array};
use livetape_edge::reads::{Step, steps};
use livetape_edge::view::live::TsSegment;
use livetape_edge::{Cipher, Delivery, Piece};
use wasm_bindgen::prelude::*;
use worker::wasm_bindgen_futures::JsFuture;
use worker::web_sys::{
    ReadableStream, ReadableStreamDefaultReader, WritableStream, WritableStreamDefaultWriter,
};
use worker::worker_sys::FixedLengthStream;
use worker::{Context, EncodeBody, Env, Error, Response, ResponseBuilder, Result};

use crate::cached::{self, Source};
use crate::cipher::encrypted;
use crate::r2::Bucket;
use crate::supply::Supply;
use crate::{r2, respond};

#[wasm_bindgen]
extern "C" {
    /// `ReadableStream` with the one method that its generated type takes no options for.
    type Pipe;
    #[wasm_bindgen(method, js_name = pipeTo)]
    fn pipe_to(this: &Pipe, to: &WritableStream, options: &Object) -> Promise;
}

/// Sends a delivery, whose body may come from elsewhere; the body not, where `head` says so.
pub(crate) async fn send(
    delivery: Delivery,
    source: Source,
    head: bool,
    env: &Env,
    context: &Context,
) -> Result<Response> {
    let bucket = r2::bucket(env)?;
    let mut delivery = match &delivery.rewrite {
        Some(segment) => rewritten(segment, &delivery, &bucket).await?,
        None => delivery,
    };
    let headers = respond::headers(&delivery)?;
    let has_body = !matches!(delivery.status, 204 | 304);
    let len = delivery.len();
    let cipher = delivery.cipher.clone();
    let sent = cipher.as_ref().map_or(len, |_| Cipher::encrypted_len(len));
    if has_body {
        headers.set("Content-Length", &sent.to_string())?;
    }
    let builder = ResponseBuilder::new()
        .with_status(delivery.status)
        .with_headers(headers);
    if head || !has_body {
        return Ok(builder.empty());
    }
    if cipher.is_none()
        && let Some(bytes) = all_made(&delivery.pieces)
    {
        return Ok(builder.fixed(bytes));
    }
    let keep = source.keep.filter(|_| delivery.status == 200);
    let clear = match source.body {
        Some(body) => body,
        None => {
            let supply = Supply::of(&delivery, bucket, env)?;
            body(std::mem::take(&mut delivery.pieces), len, supply, context)?
        }
    };
    let body = match &cipher {
        Some(cipher) => encrypted(clear, len, cipher, env, context).await?,
        None => clear,
    };
    let body = match keep {
        Some(address) => cached::kept(body, sent, &delivery, address, context)?,
        None => body,
    };
    Ok(builder.stream(body).with_encode_body(EncodeBody::Automatic))
}

/// The body as the runtime's own stream, which is written while it is sent.
fn body(pieces: Vec<Piece>, len: u64, supply: Supply, context: &Context) -> Result<ReadableStream> {
    // They are made after this is answered, and counted before.
    Supply::count(&steps(&pieces));
    // Known length: the client sees a broken transfer as such, and no chunked encoding.
    let pipe = FixedLengthStream::new_big_int(BigInt::from(len))?;
    let (readable, writable) = (pipe.readable(), pipe.writable());
    context.wait_until(async move {
        if let Err(error) = write_or_abort(&pieces, &supply, &writable).await {
            worker::console_error!("a body was cut short: {error}");
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
            // No media.
            Piece::Header { .. } => {}
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
        Piece::Stored { .. } | Piece::Header { .. } => None,
    });
    made.collect::<Option<Vec<_>>>().map(|all| all.concat())
}

/// Writes the pieces one after another; whoever reads is told where that fails.
pub(crate) async fn write_or_abort(
    pieces: &[Piece],
    supply: &Supply,
    to: &WritableStream,
) -> Result<()> {
    let written = write_all(pieces, supply, to).await;
    if let Err(error) = &written {
        let reason = JsValue::from(error.to_string());
        let _ = JsFuture::from(to.abort_with_reason(&reason)).await;
    }
    written
}

/// Writes the pieces one after another. The next stored range is asked for while one is being sent, but none before
/// the bytes that were made for the beginning are away: the first byte is not to wait for the making of others.
async fn write_all(pieces: &[Piece], supply: &Supply, to: &WritableStream) -> Result<()> {
    let steps = steps(pieces);
    let mut asked = steps.iter().filter_map(|step| supply.ask(step));
    let mut next = None;
    for step in &steps {
        if let Step::Made(bytes) = step {
            write(bytes, to).await?;
            continue;
        }
        let current = next.take().or_else(|| asked.next());
        let current = current.ok_or("a range was not asked for")?;
        let body = JsFuture::from(current).await?;
        next = asked.next();
        match step {
            Step::Read(read) if !read.is_whole() => {
                sift(body.unchecked_into(), &read.takes, to).await?;
            }
            _ => pipe(body.unchecked_into(), to).await?,
        }
    }
    JsFuture::from(to.close()).await?;
    Ok(())
}

async fn write(bytes: &[u8], to: &WritableStream) -> Result<()> {
    let writer: WritableStreamDefaultWriter = to.get_writer()?;
    let chunk = Uint8Array::from(bytes);
    let written = JsFuture::from(writer.write_with_chunk(&chunk)).await;
    writer.release_lock();
    written.map(drop).map_err(Error::from)
}

/// Sends what is to be sent of a stored range: `takes` says how many bytes are left out, then sent, and so on.
/// They are handed on as the runtime's own buffers.
async fn sift(from: ReadableStream, takes: &[(u64, u64)], to: &WritableStream) -> Result<()> {
    let reader: ReadableStreamDefaultReader = from.get_reader().unchecked_into();
    let writer: WritableStreamDefaultWriter = to.get_writer()?;
    let sent = sift_chunks(&reader, takes, &writer).await;
    writer.release_lock();
    reader.release_lock();
    sent
}

async fn sift_chunks(
    reader: &ReadableStreamDefaultReader,
    takes: &[(u64, u64)],
    writer: &WritableStreamDefaultWriter,
) -> Result<()> {
    let mut chunk = Uint8Array::new_with_length(0);
    for (left_out, sent) in takes {
        for (mut left, is_sent) in [(*left_out, false), (*sent, true)] {
            while left > 0 {
                if chunk.length() == 0 {
                    let read = JsFuture::from(reader.read()).await?;
                    let value = Reflect::get(&read, &"value".into())?;
                    chunk = value
                        .dyn_into()
                        .map_err(|_| "a stored range is cut short")?;
                }
                let count = u32::try_from(left).unwrap_or(u32::MAX).min(chunk.length());
                if is_sent {
                    let part = chunk.subarray(0, count);
                    JsFuture::from(writer.write_with_chunk(&part)).await?;
                }
                chunk = chunk.subarray(count, chunk.length());
                left -= u64::from(count);
            }
        }
    }
    Ok(())
}

async fn pipe(from: Pipe, to: &WritableStream) -> Result<()> {
    let options = Object::new();
    Reflect::set(&options, &"preventClose".into(), &JsValue::TRUE)?;
    JsFuture::from(from.pipe_to(to, &options))
        .await
        .map(drop)
        .map_err(Error::from)
}
