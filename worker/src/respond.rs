//! Headers that every answer has.

use livetape_edge::{ApiError, Delivery, Piece};
use serde::Serialize;
use worker::{Headers, Result};

/// Any page may read, where the answer does not say otherwise: what is secret is not protected by where the
/// page comes from.
const ALLOW_ORIGIN: (&str, &str) = ("Access-Control-Allow-Origin", "*");

const CORS: [(&str, &str); 2] = [
    (
        "Access-Control-Expose-Headers",
        "Accept-Ranges, Content-Disposition, Content-Length, Content-Range, Date, ETag, Livetape-Reason, Livetape-Recording, \
         Livetape-State, Location, Retry-After, Tus-Checksum-Algorithm, \
         Tus-Extension, Tus-Max-Size, Tus-Resumable, Tus-Version, Upload-Concat, Upload-Defer-Length, Upload-Expires, Upload-Length, \
         Upload-Metadata, Upload-Offset",
    ),
    ("Cross-Origin-Resource-Policy", "cross-origin"),
];

const PREFLIGHT: [(&str, &str); 3] = [
    (
        "Access-Control-Allow-Methods",
        "GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS",
    ),
    (
        "Access-Control-Allow-Headers",
        "Authorization, Content-Digest, Content-Type, If-None-Match, If-Range, Livetape-Base-Time, \
         Livetape-Config, Livetape-Duration, Livetape-Independent, Livetape-Wall-Clock, Range, Tus-Resumable, Upload-Checksum, \
         Upload-Concat, Upload-Defer-Length, Upload-Length, Upload-Metadata, Upload-Offset, X-HTTP-Method-Override, X-Request-ID, \
         X-Requested-With",
    ),
    ("Access-Control-Max-Age", "86400"),
];

/// Answer to a preflight request.
pub(crate) fn preflight() -> Delivery {
    let empty = Delivery::new(204, Vec::new());
    let headers = PREFLIGHT.iter();
    headers.fold(empty, |delivery, (name, value)| delivery.with(name, *value))
}

/// A JSON answer.
pub(crate) fn json(status: u16, body: &impl Serialize) -> Result<Delivery> {
    let body = serde_json::to_vec(body)?;
    Ok(Delivery::new(status, vec![Piece::Bytes(body)])
        .with("Content-Type", "application/json")
        .with("Cache-Control", "no-store"))
}

/// JSON that is part of this program.
pub(crate) fn document(json: &str) -> Delivery {
    Delivery::new(200, vec![Piece::Bytes(json.as_bytes().to_vec())])
        .with("Content-Type", "application/json")
        .with("Cache-Control", "public, max-age=3600")
}

/// The answer to a request that could not be met.
pub(crate) fn error(error: &ApiError) -> Delivery {
    let body = vec![Piece::Bytes(error.body().into_bytes())];
    let delivery = Delivery::new(error.code.status(), body)
        .with("Content-Type", "application/json")
        .with("Cache-Control", "no-store");
    match error.code.status() {
        401 => delivery.with("WWW-Authenticate", "Bearer"),
        429 => delivery.with("Retry-After", "60"),
        503 => delivery.with("Retry-After", "1"),
        _ => delivery,
    }
}

/// A delivery's headers with those that every answer has.
pub(crate) fn headers(delivery: &Delivery) -> Result<Headers> {
    let headers = Headers::new();
    for (name, value) in &delivery.headers {
        headers.set(name, value)?;
    }
    for (name, value) in CORS {
        headers.set(name, value)?;
    }
    // What depends on the page says itself which may read it.
    if !headers.has("Vary")? {
        headers.set(ALLOW_ORIGIN.0, ALLOW_ORIGIN.1)?;
    }
    Ok(headers)
}
