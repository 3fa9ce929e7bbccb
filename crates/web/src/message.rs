//! The page's messages (`www/sdk/src/protocol.ts`), read.

use js_sys::{Float64Array, Reflect, Uint8Array};
use livetape_media::TrackId;
use livetape_recorder::{Access, ClipRange, Input, PastFrom, RequestId, Setting, SourceId};
use livetape_tape::Window;
use wasm_bindgen::prelude::*;

use crate::chunk::JsChunk;
#[cfg(feature = "pull")]
use crate::recovered::Wish;

/// A message from the page.
pub(crate) enum Message {
    Open {
        window: Window,
        pull: Option<String>,
    },
    /// About tapes that were left behind.
    #[cfg(feature = "pull")]
    Left(Wish),
    /// For the recorder.
    Told(Told),
    Close,
}

impl Message {
    /// Reads a message; `None` for what is not one.
    pub(crate) fn read(message: &JsValue) -> Option<Self> {
        let kind = string(message, "type")?;
        if kind == "close" {
            return Some(Self::Close);
        }
        if kind == "open"
            && let Some(window) = field(message, "window")
        {
            return Some(Self::Open {
                window: Window {
                    millis: (number(&window, "seconds")? * 1000.0) as u64,
                    bytes: number(&window, "bytes")? as u64,
                },
                pull: string(message, "url"),
            });
        }
        #[cfg(feature = "pull")]
        if let Some(wish) = Wish::read(&kind, message) {
            return Some(Self::Left(wish));
        }
        Told::read(kind, message).map(Self::Told)
    }
}

/// What the page tells the recorder.
pub(crate) struct Told {
    message: JsValue,
    kind: String,
    /// The type of what is appended, or the edge's address.
    text: Option<String>,
    /// What is appended.
    pub(crate) chunk: Option<JsChunk>,
}

impl Told {
    fn read(kind: String, message: &JsValue) -> Option<Self> {
        let text = string(message, "mime").or_else(|| string(message, "edge"));
        let chunk = if kind == "append" {
            let length = number(message, "length")? as u32;
            let bytes = field(message, "bytes")?;
            let bytes = Uint8Array::new_with_byte_offset_and_length(&bytes, 0, length);
            Some(JsChunk(bytes))
        } else {
            None
        };
        Some(Self {
            message: message.clone(),
            kind,
            text,
            chunk,
        })
    }

    /// As the recorder takes it; `None` for what is not a message.
    pub(crate) fn input(&self) -> Option<Input<'_>> {
        let message = &self.message;
        if let Some(request) = request(message) {
            return self.requested(request);
        }
        let source = || Some(SourceId(number(message, "source")? as u32));
        Some(match self.kind.as_str() {
            "source" => Input::Source {
                source: source()?,
                mime: self.text.as_deref()?,
            },
            "changeType" => Input::ChangeType {
                source: source()?,
                mime: self.text.as_deref()?,
            },
            "set" => Input::Set {
                source: source()?,
                setting: setting(message)?,
            },
            "append" => Input::Append {
                source: source()?,
                chunk: self.chunk.as_ref()?,
                timestamp_offset: number(message, "timestampOffset").unwrap_or(0.0),
            },
            "abort" => Input::Abort { source: source()? },
            "joined" => Input::Joined { source: source()? },
            "playhead" => Input::Playhead {
                seconds: number(message, "time")?,
            },
            "closeClip" => Input::CloseClip {
                request: clip(message)?,
            },
            "online" => Input::Online,
            _ => return None,
        })
    }

    /// What is answered.
    fn requested(&self, request: RequestId) -> Option<Input<'_>> {
        let message = &self.message;
        Some(match self.kind.as_str() {
            "record" => Input::Record {
                request,
                edge: self.text.as_deref()?,
                access: access(message)?,
                cap: number(message, "cap").map(|cap| cap as u64),
            },
            "pause" => Input::Pause { request },
            "unpause" => Input::Unpause { request },
            "mark" => Input::Mark { request },
            "stop" => Input::Stop { request },
            "cancel" => Input::Cancel { request },
            "clip" | "screenshot" | "past" | "upload" => return self.taken_out(request),
            _ => return None,
        })
    }

    /// What is taken out of the tape. A function of its own: the module is cut here.
    #[inline(never)]
    fn taken_out(&self, request: RequestId) -> Option<Input<'_>> {
        let message = &self.message;
        Some(match self.kind.as_str() {
            "clip" => Input::Clip {
                request,
                range: clip_range(message)?,
            },
            "screenshot" => Input::Still {
                request,
                seconds: number(message, "time"),
            },
            "past" => Input::Past {
                request,
                from: past_from(message)?,
            },
            "upload" => Input::Upload {
                request,
                clip: clip(message)?,
                edge: self.text.as_deref()?,
                access: access(message)?,
            },
            _ => return None,
        })
    }
}

/// The number of a request.
pub(crate) fn request(message: &JsValue) -> Option<RequestId> {
    Some(RequestId(number(message, "request")? as u32))
}

/// The number of a clip: its request's.
fn clip(message: &JsValue) -> Option<RequestId> {
    Some(RequestId(number(message, "clip")? as u32))
}

fn access(message: &JsValue) -> Option<Access> {
    if let Some(token) = string(message, "token") {
        return Some(Access::Token {
            recording: string(message, "recording")?,
            token,
        });
    }
    string(message, "create").map(Access::Template)
}

fn setting(message: &JsValue) -> Option<Setting> {
    let seconds = || number(message, "value");
    Some(match string(message, "property")?.as_str() {
        "mode" => Setting::Sequence(string(message, "value")? == "sequence"),
        "timestampOffset" => Setting::TimestampOffset(seconds()?),
        "appendWindowStart" => Setting::AppendWindowStart(seconds()?),
        "appendWindowEnd" => Setting::AppendWindowEnd(seconds()?),
        _ => return None,
    })
}

fn clip_range(message: &JsValue) -> Option<ClipRange> {
    if let Some(last) = number(message, "last") {
        return Some(ClipRange::Last(last));
    }
    if let Some(from) = number(message, "startDate") {
        let to = number(message, "endDate")?;
        return Some(ClipRange::Dates(from as i64, to as i64));
    }
    Some(ClipRange::Between(
        number(message, "start")?,
        number(message, "end")?,
    ))
}

/// A moment, or pairs of a track's number and a sample's.
fn past_from(message: &JsValue) -> Option<PastFrom> {
    if let Some(seconds) = number(message, "time") {
        return Some(PastFrom::Moment(seconds));
    }
    let numbers = Float64Array::new(&field(message, "next")?).to_vec();
    let (pairs, _) = numbers.as_chunks();
    let next = pairs
        .iter()
        .map(|[track, sample]| (TrackId(*track as u32), *sample as u64));
    Some(PastFrom::Next(next.collect()))
}

pub(crate) fn field(object: &JsValue, name: &str) -> Option<JsValue> {
    Reflect::get(object, &JsValue::from_str(name))
        .ok()
        .filter(|value| !value.is_undefined())
}

fn number(object: &JsValue, name: &str) -> Option<f64> {
    field(object, name)?.as_f64()
}

pub(crate) fn string(object: &JsValue, name: &str) -> Option<String> {
    field(object, name)?.as_string()
}
