//! The page's messages (`www/sdk/src/protocol.ts`), read and written.

use js_sys::{Array, Float64Array, JSON, Object, Reflect, Uint8Array, Uint32Array};
use livetape_media::{Format, TrackId};
use livetape_recorder::{
    Access, ClipRange, Event, PastFrom, PastReady, RequestId, Setting, SourceId, StillReady,
    TrackInfo,
};
use livetape_tape::Window;
use wasm_bindgen::prelude::*;

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
    Set {
        source: SourceId,
        setting: Setting,
    },
    ChangeType {
        source: SourceId,
        mime: String,
    },
    Joined {
        source: SourceId,
    },
    Playhead {
        seconds: f64,
    },
    Record {
        request: RequestId,
        edge: String,
        access: Access,
        /// Bytes a second that are sent at most.
        cap: Option<u64>,
    },
    Pause {
        request: RequestId,
    },
    Unpause {
        request: RequestId,
    },
    Mark {
        request: RequestId,
    },
    Stop {
        request: RequestId,
    },
    Upload {
        request: RequestId,
        clip: RequestId,
        edge: String,
        access: Access,
    },
    Cancel {
        request: RequestId,
    },
    Still {
        request: RequestId,
        seconds: Option<f64>,
    },
    Past {
        request: RequestId,
        from: PastFrom,
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
    let request = || request(message);
    Some(match string(message, "type")?.as_str() {
        "open" if field(message, "window").is_some() => {
            let window = field(message, "window")?;
            Message::Open {
                window: Window {
                    millis: (number(&window, "seconds")? * 1000.0) as u64,
                    bytes: number(&window, "bytes")? as u64,
                },
                pull: string(message, "url"),
            }
        }
        "source" => Message::Source {
            source: source()?,
            mime: string(message, "mime")?,
        },
        "changeType" => Message::ChangeType {
            source: source()?,
            mime: string(message, "mime")?,
        },
        "set" => Message::Set {
            source: source()?,
            setting: setting(message)?,
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
        "joined" => Message::Joined { source: source()? },
        "playhead" => Message::Playhead {
            seconds: number(message, "time")?,
        },
        "record" => Message::Record {
            request: request()?,
            edge: string(message, "edge")?,
            access: access(message)?,
            cap: number(message, "cap").map(|cap| cap as u64),
        },
        "pause" => Message::Pause {
            request: request()?,
        },
        "unpause" => Message::Unpause {
            request: request()?,
        },
        "mark" => Message::Mark {
            request: request()?,
        },
        "stop" => Message::Stop {
            request: request()?,
        },
        "upload" => Message::Upload {
            request: request()?,
            clip: RequestId(number(message, "clip")? as u32),
            edge: string(message, "edge")?,
            access: access(message)?,
        },
        "cancel" => Message::Cancel {
            request: request()?,
        },
        "clip" => Message::Clip {
            request: request()?,
            range: clip_range(message)?,
        },
        "screenshot" => Message::Still {
            request: request()?,
            seconds: number(message, "time"),
        },
        "past" => Message::Past {
            request: request()?,
            from: past_from(message)?,
        },
        "closeClip" => Message::CloseClip {
            request: RequestId(number(message, "clip")? as u32),
        },
        "online" => Message::Online,
        "close" => Message::Close,
        #[cfg(feature = "pull")]
        kind => Message::Left(Wish::read(kind, message)?),
        #[cfg(not(feature = "pull"))]
        _ => return None,
    })
}

/// The number of a request.
pub(crate) fn request(message: &JsValue) -> Option<RequestId> {
    Some(RequestId(number(message, "request")? as u32))
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

/// A fragment to be played again, and its bytes.
pub(crate) fn past(ready: &PastReady, bytes: &Uint8Array) -> Object {
    let pairs = ready.next.iter();
    let next: Vec<_> = pairs
        .flat_map(|(track, sample)| [f64::from(track.0), *sample as f64])
        .collect();
    let fragment = object(
        "fragment",
        &[
            ("config", ready.config.as_str().into()),
            ("mime", ready.mime.as_str().into()),
            ("init", Uint8Array::from(ready.init.as_slice()).into()),
            ("bytes", bytes.into()),
            ("start", ready.start.seconds().into()),
            ("end", ready.end.seconds().into()),
            ("later", ready.later.seconds().into()),
            ("next", Float64Array::from(next.as_slice()).into()),
        ],
    );
    let request = ready.request.0.into();
    object(
        "past",
        &[("request", request), ("fragment", fragment.into())],
    )
}

/// A picture to be decoded, and the bytes of its samples.
pub(crate) fn still(ready: &StillReady, bytes: &Uint8Array) -> Object {
    let samples = || ready.samples.iter();
    let sizes: Vec<_> = samples().map(|sample| sample.size).collect();
    let keyframes: Vec<_> = samples().map(|sample| u8::from(sample.keyframe)).collect();
    let times: Vec<_> = samples().map(|sample| sample.shown.seconds()).collect();
    let entry = ready.config.sample_entry.as_slice();
    object(
        "still",
        &[
            ("request", ready.request.0.into()),
            ("codec", ready.config.codec.as_str().into()),
            ("entry", Uint8Array::from(entry).into()),
            ("sizes", Uint32Array::from(sizes.as_slice()).into()),
            ("keyframes", Uint8Array::from(keyframes.as_slice()).into()),
            ("times", Float64Array::from(times.as_slice()).into()),
            ("bytes", bytes.into()),
            ("time", ready.time.seconds().into()),
            ("rotation", ready.config.rotation.degrees().into()),
        ],
    )
}

fn field(object: &JsValue, name: &str) -> Option<JsValue> {
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

/// A message to the page: a plain object.
pub(crate) fn object(kind: &str, fields: &[(&str, JsValue)]) -> Object {
    let object = plain(fields);
    set(&object, "type", &JsValue::from_str(kind));
    object
}

/// A plain object with these properties.
pub(crate) fn plain(fields: &[(&str, JsValue)]) -> Object {
    let object = Object::new();
    for (name, value) in fields {
        set(&object, name, value);
    }
    object
}

fn set(object: &Object, name: &str, value: &JsValue) {
    // Setting a property of a fresh plain object does not fail.
    let _ = Reflect::set(object, &JsValue::from_str(name), value);
}

/// An event as a message.
pub(crate) fn event(event: Event) -> Object {
    match event {
        Event::Window {
            start,
            end,
            bytes,
            held,
            forecast,
        } => object(
            "window",
            &[
                ("start", start.seconds().into()),
                ("end", end.seconds().into()),
                ("bytes", (bytes as f64).into()),
                ("held", (held as f64).into()),
                (
                    "forecast",
                    forecast.map_or(JsValue::UNDEFINED, JsValue::from),
                ),
            ],
        ),
        Event::NothingYet { request } => object("past", &[("request", request.0.into())]),
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
            request,
            elapsed,
            bytes,
            uploaded,
            objects,
        } => object(
            "progress",
            &[
                ("request", request.0.into()),
                ("elapsed", elapsed.into()),
                ("bytes", (bytes as f64).into()),
                ("uploaded", (uploaded as f64).into()),
                ("objects", objects.into()),
            ],
        ),
        Event::Moment { request, at, time } => object(
            "moment",
            &[
                ("request", request.0.into()),
                ("at", at.into()),
                ("time", time.seconds().into()),
            ],
        ),
        Event::Upload {
            request,
            state,
            why,
        } => object(
            "upload",
            &[
                ("request", request.0.into()),
                ("state", state.as_str().into()),
                ("why", why.map_or(JsValue::UNDEFINED, Into::into)),
            ],
        ),
        Event::Stopped {
            request,
            duration,
            pre_roll,
            bytes,
            answer,
        } => {
            let result = parsed(&answer);
            object(
                "stopped",
                &[
                    ("request", request.0.into()),
                    ("duration", duration.into()),
                    ("preRoll", pre_roll.into()),
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
            let track = plain(&fields);
            set(&track, "kind", &kind.into());
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
