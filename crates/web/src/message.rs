//! The page's messages (`www/sdk/src/protocol.ts`), read and written.

use js_sys::{Array, JSON, Object, Reflect, Uint8Array};
use livetape_media::Format;
use livetape_recorder::{Access, ClipRange, Event, RequestId, SourceId, TrackInfo};
use livetape_tape::Window;
use wasm_bindgen::prelude::*;

/// A message from the page.
pub(crate) enum Message {
    Open {
        window: Window,
        pull: Option<String>,
    },
    Source {
        source: SourceId,
        mime: String,
    },
    Append {
        source: SourceId,
        chunk: Uint8Array,
        timestamp_offset: f64,
    },
    Abort {
        source: SourceId,
    },
    Playhead {
        seconds: f64,
    },
    Record {
        request: RequestId,
        edge: String,
        access: Option<Access>,
        /// Bytes a second that are sent at most.
        cap: Option<u64>,
    },
    Stop {
        request: RequestId,
    },
    Clip {
        request: RequestId,
        range: ClipRange,
    },
    CloseClip {
        request: RequestId,
    },
    /// The browser has a network again.
    Online,
    Close,
}

/// Reads a message; `None` for what is not one.
pub(crate) fn read(message: &JsValue) -> Option<Message> {
    let source = || Some(SourceId(number(message, "source")? as u32));
    let request = || Some(RequestId(number(message, "request")? as u32));
    Some(match string(message, "type")?.as_str() {
        "open" => {
            let window = field(message, "window")?;
            Message::Open {
                window: Window {
                    millis: (number(&window, "seconds")? * 1000.0) as u64,
                    bytes: number(&window, "bytes")? as u64,
                },
                pull: string(message, "url"),
            }
        }
        "source" | "changeType" => Message::Source {
            source: source()?,
            mime: string(message, "mime")?,
        },
        "append" => Message::Append {
            source: source()?,
            chunk: Uint8Array::new_with_byte_offset_and_length(
                &field(message, "bytes")?,
                0,
                number(message, "length")? as u32,
            ),
            timestamp_offset: number(message, "timestampOffset").unwrap_or(0.0),
        },
        "abort" => Message::Abort { source: source()? },
        "playhead" => Message::Playhead {
            seconds: number(message, "time")?,
        },
        "record" => Message::Record {
            request: request()?,
            edge: string(message, "edge")?,
            access: access(message),
            cap: number(message, "cap").map(|cap| cap as u64),
        },
        "stop" => Message::Stop {
            request: request()?,
        },
        "clip" => Message::Clip {
            request: request()?,
            range: clip_range(message)?,
        },
        "closeClip" => Message::CloseClip {
            request: RequestId(number(message, "clip")? as u32),
        },
        "online" => Message::Online,
        "close" => Message::Close,
        _ => return None,
    })
}

/// An ingest token names its recording: `ing_{22 characters}.…` is for `rec_{22 characters}`.
fn access(message: &JsValue) -> Option<Access> {
    if let Some(token) = string(message, "token") {
        let recording = token.strip_prefix("ing_")?.split('.').next()?;
        return Some(Access::Token {
            recording: format!("rec_{recording}"),
            token,
        });
    }
    string(message, "template").map(Access::Template)
}

fn clip_range(message: &JsValue) -> Option<ClipRange> {
    if let Some(last) = number(message, "last") {
        return Some(ClipRange::Last(last));
    }
    Some(ClipRange::Between(
        number(message, "start")?,
        number(message, "end")?,
    ))
}

fn field(object: &JsValue, name: &str) -> Option<JsValue> {
    Reflect::get(object, &JsValue::from_str(name))
        .ok()
        .filter(|value| !value.is_undefined())
}

fn number(object: &JsValue, name: &str) -> Option<f64> {
    field(object, name)?.as_f64()
}

fn string(object: &JsValue, name: &str) -> Option<String> {
    field(object, name)?.as_string()
}

/// A message to the page: a plain object.
pub(crate) fn object(kind: &str, fields: &[(&str, JsValue)]) -> Object {
    let object = Object::new();
    let set = |name: &str, value: &JsValue| {
        // Setting a property of a fresh plain object does not fail.
        let _ = Reflect::set(&object, &JsValue::from_str(name), value);
    };
    set("type", &JsValue::from_str(kind));
    for (name, value) in fields {
        set(name, value);
    }
    object
}

/// An event as a message.
pub(crate) fn event(event: Event) -> Object {
    match event {
        Event::Window { start, end, bytes } => object(
            "window",
            &[
                ("start", start.seconds().into()),
                ("end", end.seconds().into()),
                ("bytes", (bytes as f64).into()),
            ],
        ),
        Event::Tracks(infos) => object("tracks", &[("tracks", tracks(&infos).into())]),
        Event::Recording {
            request,
            id,
            answer,
        } => object(
            "recording",
            &[
                ("request", request.0.into()),
                ("id", id.into()),
                ("playback", playback(&parsed(&answer))),
            ],
        ),
        Event::Progress {
            elapsed,
            bytes,
            uploaded,
            objects,
        } => object(
            "progress",
            &[
                ("elapsed", elapsed.into()),
                ("bytes", (bytes as f64).into()),
                ("uploaded", (uploaded as f64).into()),
                ("objects", objects.into()),
            ],
        ),
        Event::Upload { state, why } => object(
            "upload",
            &[
                ("state", state.as_str().into()),
                ("why", why.map_or(JsValue::UNDEFINED, Into::into)),
            ],
        ),
        Event::Stopped {
            request,
            duration,
            bytes,
            answer,
        } => {
            let result = parsed(&answer);
            object(
                "stopped",
                &[
                    ("request", request.0.into()),
                    ("duration", duration.into()),
                    ("bytes", (bytes as f64).into()),
                    ("playback", playback(&result)),
                    ("result", result),
                ],
            )
        }
        Event::Defect { code, message, at } => {
            let at = at.map_or(JsValue::UNDEFINED, JsValue::from);
            object(
                "event",
                &[
                    ("code", code.into()),
                    ("message", message.into()),
                    ("at", at),
                ],
            )
        }
        Event::Failed {
            request,
            code,
            message,
        } => failed(request, code.as_str(), &message),
    }
}

/// A failure as a message.
pub(crate) fn failed(request: Option<RequestId>, code: &str, message: &str) -> Object {
    let request = request.map_or(JsValue::UNDEFINED, |request| request.0.into());
    object(
        "failed",
        &[
            ("request", request),
            ("code", code.into()),
            ("message", message.into()),
        ],
    )
}

fn parsed(json: &str) -> JsValue {
    JSON::parse(json).unwrap_or(JsValue::NULL)
}

fn playback(answer: &JsValue) -> JsValue {
    field(answer, "playback").unwrap_or(JsValue::NULL)
}

/// Tracks as the page sees them.
pub(crate) fn tracks(infos: &[TrackInfo]) -> Array {
    let track = |info: &TrackInfo| {
        let codec = ("codec", JsValue::from_str(&info.codec));
        let of_kind = |kind: &'static str, more: &[(&str, JsValue)]| {
            let fields: Vec<_> = [codec.clone()]
                .into_iter()
                .chain(more.iter().cloned())
                .collect();
            let track = object("", &fields);
            let _ = Reflect::delete_property(&track, &"type".into());
            let _ = Reflect::set(&track, &"kind".into(), &kind.into());
            track
        };
        match info.format {
            Format::Video { width, height } => of_kind(
                "video",
                &[("width", width.into()), ("height", height.into())],
            ),
            Format::Audio {
                sample_rate,
                channels,
            } => of_kind(
                "audio",
                &[
                    ("sampleRate", sample_rate.into()),
                    ("channels", channels.into()),
                ],
            ),
            Format::Other { .. } => of_kind("data", &[]),
        }
    };
    infos.iter().map(track).collect()
}
