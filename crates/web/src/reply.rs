//! Messages to the page (`www/sdk/src/protocol.ts`), written.

use js_sys::{Array, Float64Array, JSON, Object, Reflect, Uint8Array, Uint32Array};
use livetape_media::Format;
use livetape_recorder::{Event, PastReady, RequestId, StillReady, TrackInfo};
use wasm_bindgen::prelude::*;

use crate::message::field;

/// A plain object, given its properties one after another.
pub(crate) struct Reply(Object);

impl Reply {
    /// A message of this type.
    pub(crate) fn new(kind: &str) -> Self {
        Self::plain().text("type", kind)
    }

    /// A message of this type about a request.
    pub(crate) fn to(request: RequestId, kind: &str) -> Self {
        Self::new(kind).number("request", request.0.into())
    }

    /// An object that is part of a message.
    pub(crate) fn plain() -> Self {
        Self(Object::new())
    }

    pub(crate) fn value(self, name: &str, value: &JsValue) -> Self {
        // Setting a property of a fresh plain object does not fail.
        let _ = Reflect::set(&self.0, &JsValue::from_str(name), value);
        self
    }

    pub(crate) fn number(self, name: &str, value: f64) -> Self {
        self.value(name, &JsValue::from_f64(value))
    }

    pub(crate) fn text(self, name: &str, value: &str) -> Self {
        self.value(name, &JsValue::from_str(value))
    }

    /// A number that may be unknown.
    pub(crate) fn known(self, name: &str, value: Option<f64>) -> Self {
        match value {
            Some(value) => self.number(name, value),
            None => self,
        }
    }

    pub(crate) fn bytes(self, name: &str, value: &[u8]) -> Self {
        self.value(name, &Uint8Array::from(value))
    }

    /// The object.
    pub(crate) fn done(self) -> Object {
        self.0
    }
}

/// A fragment to be played again, and its bytes.
pub(crate) fn past(ready: &PastReady, bytes: &Uint8Array) -> Reply {
    let pairs = ready.next.iter();
    let next: Vec<_> = pairs
        .flat_map(|(track, sample)| [f64::from(track.0), *sample as f64])
        .collect();
    let fragment = Reply::new("fragment")
        .text("config", &ready.config)
        .text("mime", &ready.mime)
        .bytes("init", &ready.init)
        .value("bytes", bytes)
        .number("start", ready.start.seconds())
        .number("end", ready.end.seconds())
        .number("later", ready.later.seconds())
        .value("next", &Float64Array::from(next.as_slice()));
    Reply::to(ready.request, "past").value("fragment", &fragment.done())
}

/// A picture to be decoded, and the bytes of its samples.
pub(crate) fn still(ready: &StillReady, bytes: &Uint8Array) -> Reply {
    let samples = || ready.samples.iter();
    let sizes: Vec<_> = samples().map(|sample| sample.size).collect();
    let keyframes: Vec<_> = samples().map(|sample| u8::from(sample.keyframe)).collect();
    let times: Vec<_> = samples().map(|sample| sample.shown.seconds()).collect();
    Reply::to(ready.request, "still")
        .text("codec", &ready.config.codec)
        .bytes("entry", &ready.config.sample_entry)
        .value("sizes", &Uint32Array::from(sizes.as_slice()))
        .bytes("keyframes", &keyframes)
        .value("times", &Float64Array::from(times.as_slice()))
        .value("bytes", bytes)
        .number("time", ready.time.seconds())
        .number("rotation", ready.config.rotation.degrees().into())
}

/// An event as a message.
pub(crate) fn event(event: &Event) -> Reply {
    match event {
        Event::Window {
            start,
            end,
            bytes,
            held,
            forecast,
        } => Reply::new("window")
            .number("start", start.seconds())
            .number("end", end.seconds())
            .number("bytes", *bytes as f64)
            .number("held", *held as f64)
            .known("forecast", *forecast),
        Event::NothingYet { request } => Reply::to(*request, "past"),
        Event::Tracks(infos) => Reply::new("tracks").value("tracks", &tracks(infos)),
        Event::Recording {
            request,
            id,
            answer,
        } => Reply::to(*request, "recording")
            .text("id", id)
            .value("playback", &playback(&parsed(answer))),
        Event::Progress {
            request,
            elapsed,
            bytes,
            uploaded,
            objects,
        } => Reply::to(*request, "progress")
            .number("elapsed", *elapsed)
            .number("bytes", *bytes as f64)
            .number("uploaded", *uploaded as f64)
            .number("objects", f64::from(*objects)),
        Event::Moment { request, at, time } => Reply::to(*request, "moment")
            .number("at", *at)
            .number("time", time.seconds()),
        Event::Upload {
            request,
            state,
            why,
        } => {
            let reply = Reply::to(*request, "upload").text("state", state.as_str());
            match why {
                Some(why) => reply.text("why", why),
                None => reply,
            }
        }
        Event::Stopped {
            request,
            duration,
            pre_roll,
            bytes,
            answer,
        } => {
            let result = parsed(answer);
            Reply::to(*request, "stopped")
                .number("duration", *duration)
                .number("preRoll", *pre_roll)
                .number("bytes", *bytes as f64)
                .value("playback", &playback(&result))
                .value("result", &result)
        }
        Event::Defect { code, message, at } => Reply::new("event")
            .text("code", code)
            .text("message", message)
            .known("at", *at),
        Event::Failed {
            request,
            code,
            message,
        } => failed(*request, code.as_str(), message),
    }
}

/// A failure as a message.
pub(crate) fn failed(request: Option<RequestId>, code: &str, message: &str) -> Reply {
    Reply::new("failed")
        .known("request", request.map(|request| request.0.into()))
        .text("code", code)
        .text("message", message)
}

fn parsed(json: &str) -> JsValue {
    JSON::parse(json).unwrap_or(JsValue::NULL)
}

fn playback(answer: &JsValue) -> JsValue {
    field(answer, "playback").unwrap_or(JsValue::NULL)
}

/// Tracks as the page sees them.
pub(crate) fn tracks(infos: &[TrackInfo]) -> Array {
    let all = Array::new();
    for info in infos {
        let track = Reply::plain().text("codec", &info.codec);
        let track = match info.format {
            Format::Video { width, height } => track
                .text("kind", "video")
                .number("width", width.into())
                .number("height", height.into()),
            Format::Audio {
                sample_rate,
                channels,
            } => track
                .text("kind", "audio")
                .number("sampleRate", sample_rate.into())
                .number("channels", channels.into()),
            Format::Other { .. } => track.text("kind", "data"),
        };
        all.push(&track.done());
    }
    all
}
