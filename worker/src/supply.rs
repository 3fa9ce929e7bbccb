//! Where the bytes of a body come from that are not made before it is sent.

use std::ops::Range;
use std::rc::Rc;

use js_sys::Promise;
use livetape_edge::reads::Step;
use livetape_edge::{Delivery, HeaderOf, Operation, Piece};
use wasm_bindgen::JsValue;
use worker::wasm_bindgen_futures::future_to_promise;
use worker::web_sys::ReadableStream;
use worker::{Env, Response, ResponseBody, Result, Stub};

use crate::command::{self, Command};
use crate::r2::Bucket;
use crate::recording::Recording;
use crate::refusal::Refusal;
use crate::{costs, r2};

/// R2, and the Durable Object of the recording whose header is sent, where one is.
#[derive(Clone)]
pub(crate) struct Supply {
    bucket: Bucket,
    index: Option<Rc<Stub>>,
}

impl Supply {
    /// Of a body that has stored bytes alone.
    pub(crate) const fn stored(bucket: Bucket) -> Self {
        let index = None;
        Self { bucket, index }
    }

    /// Of a delivery's body.
    pub(crate) fn of(delivery: &Delivery, bucket: Bucket, env: &Env) -> Result<Self> {
        let mut pieces = delivery.pieces.iter();
        let recording = pieces.find_map(|piece| match piece {
            Piece::Header { of, .. } => Some(&of.recording),
            _ => None,
        });
        let stub = recording.map(|id| command::stub(env, id)).transpose()?;
        let index = stub.map(Rc::new);
        Ok(Self { bucket, index })
    }

    /// Counts what a body takes, which is asked for after the answer is counted.
    pub(crate) fn count(steps: &[Step<'_>]) {
        for step in steps {
            match step {
                Step::Made(_) => {}
                Step::Read(_) => costs::count(Operation::ClassB),
                Step::Header(..) => costs::count(Operation::DurableObject),
            }
        }
    }

    /// Asks for the bytes of a step, now and not when they are waited for; `None` where they are there.
    pub(crate) fn ask(&self, step: &Step<'_>) -> Option<Promise> {
        let own = self.clone();
        Some(match step {
            Step::Made(_) => return None,
            Step::Read(read) => {
                let (key, offset, len) = (read.key.to_owned(), read.offset, read.len);
                future_to_promise(async move {
                    let body = r2::range(&own.bucket, &key, offset, len).await;
                    body.map(JsValue::from).map_err(JsValue::from)
                })
            }
            Step::Header(of, offset, len) => {
                let (of, from, to) = ((*of).clone(), *offset, *offset + *len);
                future_to_promise(async move {
                    let body = own.header(of, from, to).await;
                    body.map(JsValue::from).map_err(JsValue::from)
                })
            }
        })
    }

    async fn header(&self, of: HeaderOf, from: u64, to: u64) -> Result<ReadableStream> {
        let stub = self
            .index
            .as_ref()
            .ok_or("no index was asked for a header")?;
        let id = of.recording.clone();
        let request = command::request(&id, &Command::Header { of, from, to })?;
        let response = stub.fetch_with_request(request).await?;
        match (response.status_code(), response.body()) {
            (200, ResponseBody::Stream(stream)) => Ok(stream.clone()),
            _ => Err("a file is not what it was when it was begun".into()),
        }
    }
}

impl Recording {
    /// Bytes of a file's header.
    pub(crate) fn header(&self, of: &HeaderOf, from: u64, to: u64) -> Result<Response> {
        let now = match self.index() {
            Ok(index) => index.header(of, from..to),
            Err(Refusal::Fault(fault)) => return Err(fault),
            Err(_) => return Response::error("no recording", 404),
        };
        let bytes = match now {
            Some(bytes) => Some(bytes),
            None => self.header_before(of, from..to)?,
        };
        match bytes {
            Some(bytes) => Response::from_bytes(bytes),
            None => Response::error("another file", 409),
        }
    }

    /// The same where more was recorded since the file was begun: from the recording as it was then.
    fn header_before(&self, of: &HeaderOf, range: Range<u64>) -> Result<Option<Vec<u8>>> {
        let mut before = self.before.borrow_mut();
        let kept = before
            .as_ref()
            .and_then(|own| own.header(of, range.clone()));
        if kept.is_some() {
            return Ok(kept);
        }
        *before = self.rows.load_until(of.last)?;
        Ok(before.as_ref().and_then(|own| own.header(of, range)))
    }
}
