//! Bodies in the platform's cache, and those that are to be: files that never change, known by an address that has
//! neither a token nor who asks in it. Who may have them is decided each time before it is looked at. Where there is
//! no cache, as on workers.dev, nothing is found.

use livetape_edge::{Delivery, Operation};
use worker::wasm_bindgen::JsCast;
use worker::web_sys::ReadableStream;
use worker::{Cache, Context, Headers, Response, ResponseBody, ResponseBuilder, Result};

use crate::costs;

/// How long it keeps them, in seconds: what is deleted is nowhere any more then.
const KEEPS: u32 = 3_600;

/// Bytes of a body that it is to keep, at most: what it was given and a slow client was not is in memory meanwhile.
const LARGEST: u64 = 16 << 20;

/// Where the body of an answer comes from, if not from its pieces, and goes to, beside whoever asked.
#[derive(Debug, Default)]
pub(crate) struct Source {
    /// It is at hand: the pieces are not read.
    pub(crate) body: Option<ReadableStream>,
    /// The address by which the cache is to know it.
    pub(crate) keep: Option<String>,
}

/// A body that the cache has, and its length.
pub(crate) async fn find(address: &str) -> Option<(u64, ReadableStream)> {
    // A cache that fails is one that has nothing.
    let found = Cache::default().get(address, false).await.ok()??;
    let len = length(&found)?;
    let ResponseBody::Stream(body) = found.body() else {
        return None;
    };
    costs::count(Operation::CacheHit);
    Some((len, body.clone()))
}

fn length(found: &Response) -> Option<u64> {
    let len = found.headers().get("Content-Length").ok()??;
    len.parse().ok()
}

/// Lets the cache have a body of `len` bytes while it is sent, where that is not too large; gives what is sent.
pub(crate) fn kept(
    body: ReadableStream,
    len: u64,
    delivery: &Delivery,
    address: String,
    context: &Context,
) -> Result<ReadableStream> {
    if len > LARGEST {
        return Ok(body);
    }
    let both = body.tee();
    let (sent, kept) = (both.get(0).unchecked_into(), both.get(1).unchecked_into());
    let headers = Headers::new();
    for (name, value) in &delivery.headers {
        // What else an answer has is for whoever asked.
        if name == "Content-Type" {
            headers.set(name, value)?;
        }
    }
    headers.set("Content-Length", &len.to_string())?;
    headers.set("Cache-Control", &format!("public, max-age={KEEPS}"))?;
    let response = ResponseBuilder::new().with_headers(headers).stream(kept);
    context.wait_until(async move {
        // A body that was cut short, mostly.
        if let Err(error) = Cache::default().put(address, response).await {
            worker::console_error!("a body is not cached: {error}");
        }
    });
    Ok(sent)
}
