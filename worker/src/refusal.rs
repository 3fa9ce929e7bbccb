//! Why there is no answer.

use js_sys::Uint8Array;
use livetape_edge::{ApiError, Code, Delivery};
use worker::wasm_bindgen_futures::JsFuture;
use worker::{Response, web_sys};

use crate::respond;

/// What becomes of a request.
pub(crate) type Answer = Result<Delivery, Refusal>;

/// The request's fault, or this side's.
#[derive(Debug)]
pub(crate) enum Refusal {
    Api(ApiError),
    /// The answer of a Durable Object that was asked first.
    Told(Box<Delivery>),
    Fault(worker::Error),
}

impl From<ApiError> for Refusal {
    fn from(error: ApiError) -> Self {
        Self::Api(error)
    }
}

impl From<Code> for Refusal {
    fn from(code: Code) -> Self {
        Self::Api(code.into())
    }
}

impl From<worker::Error> for Refusal {
    fn from(error: worker::Error) -> Self {
        Self::Fault(error)
    }
}

impl From<serde_json::Error> for Refusal {
    fn from(error: serde_json::Error) -> Self {
        Self::Fault(error.into())
    }
}

/// A Durable Object's answer as the Worker reads it; a fault stays one.
pub(crate) fn encoded(answer: Answer) -> worker::Result<Response> {
    let delivery = match answer {
        Ok(delivery) => delivery,
        Err(Refusal::Told(delivery)) => *delivery,
        Err(Refusal::Api(error)) => respond::error(&error),
        Err(Refusal::Fault(fault)) => return Err(fault),
    };
    Response::from_bytes(delivery.encode())
}

/// What a Durable Object answered. It is read at once: chunk by chunk, that of a long file takes longer than all else.
pub(crate) async fn decoded(answer: Response) -> worker::Result<Delivery> {
    let answer = web_sys::Response::from(answer);
    let body = JsFuture::from(answer.array_buffer()?).await?;
    let bytes = Uint8Array::new(&body).to_vec();
    Delivery::decode(&bytes).ok_or_else(|| "a Durable Object's answer cannot be read".into())
}
