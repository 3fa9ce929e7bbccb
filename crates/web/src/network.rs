//! Exchanges by `fetch`.

use js_sys::Uint8Array;
use livetape_media::Wording;
use livetape_recorder::{Body, Request};
use wasm_bindgen::prelude::*;
use wasm_bindgen_futures::JsFuture;
use web_sys::{AbortSignal, Response};

use crate::chunk::JsChunk;
use crate::plain::Plain;
use crate::scope::global;

/// An answer, with its body as it arrived.
pub(crate) struct Fetched {
    pub(crate) status: u16,
    pub(crate) url: String,
    pub(crate) body: JsChunk,
}

/// Sends a request whose body was read together where it is a plan.
///
/// # Errors
/// Why there was no answer.
pub(crate) async fn exchange(
    request: Request,
    plan: Option<Uint8Array>,
) -> Result<Fetched, String> {
    send(&request, plan).await.map_err(|error| {
        js_sys::Error::from(error)
            .message()
            .as_string()
            .unwrap_or_else(|| "no answer".to_owned())
    })
}

async fn send(request: &Request, plan: Option<Uint8Array>) -> Result<Fetched, JsValue> {
    let mut headers = Plain::new();
    for (name, value) in &request.headers {
        headers = headers.text(name, value);
    }
    let mut init = Plain::new().text("method", request.method);
    match (&request.body, plan) {
        (Body::Empty, _) | (Body::Plan(_), None) => {}
        (Body::Bytes(bytes), _) => init = init.bytes("body", bytes),
        (Body::Plan(_), Some(bytes)) => {
            let digest = JsFuture::from(
                global()
                    .crypto()?
                    .subtle()
                    .digest_with_str_and_js_u8_array("SHA-256", &bytes)?,
            )
            .await?;
            let digest = base64(&Uint8Array::new(&digest).to_vec());
            headers = headers.text(
                "content-digest",
                &Wording::of("sha-256=:").words(&digest).words(":").done(),
            );
            init = init.value("body", &bytes);
        }
    }
    if request.method == "GET" {
        init = init.text("cache", "no-store");
    }
    let patience = AbortSignal::timeout_with_u32(request.patience);
    let init = init
        .value("headers", &headers.done::<JsValue>())
        .value("signal", &patience)
        .done();
    let response: Response = JsFuture::from(global().fetch_with_str_and_init(&request.url, &init))
        .await?
        .unchecked_into();
    let body = JsFuture::from(response.array_buffer()?).await?;
    Ok(Fetched {
        status: response.status(),
        url: response.url(),
        body: JsChunk(Uint8Array::new(&body)),
    })
}

/// RFC 4648 §4, with padding.
fn base64(bytes: &[u8]) -> String {
    const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut out = String::new();
    for group in bytes.chunks(3) {
        let word = group
            .iter()
            .fold(0_u32, |word, byte| word << 8 | u32::from(*byte));
        let word = word << (8 * (3 - group.len()));
        for place in 0..4 {
            let index = (word >> (18 - 6 * place) & 0x3f) as usize;
            let used = place <= group.len();
            let letter = ALPHABET
                .get(index)
                .copied()
                .filter(|_| used)
                .unwrap_or(b'=');
            out.push(char::from(letter));
        }
    }
    out
}
