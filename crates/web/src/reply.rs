//! Messages to the page (`www/sdk/src/protocol.ts`), written.

use js_sys::{Array, Float64Array, JSON, Uint8Array, Uint32Array};
use livetape_media::Format;
use livetape_recorder::{Event, PastReady, RequestId, StillReady, TrackInfo};
use wasm_bindgen::prelude::*;

use crate::message::field;
use crate::plain::Plain;

/// A message of this type.
pub(crate) fn of(kind: &str) -> Plain {
    Plain::new().text("type", kind)
}

/// A message of this type about a request.
pub(crate) fn to(request: RequestId, kind: &str) -> Plain {
    of(kind).number("request", request.0.into())
}

/// A fragment to be played again, and its bytes.
pub(crate) fn past(ready: &PastReady, bytes: &Uint8Array) -> Plain {
    let pairs = ready.next.iter();
    let next: Vec<_> = pairs
        .flat_map(|(track, sample)| [f64::from(track.0), *sample as f64])
        .collect();
    let fragment = of("fragment")
        .text("config", &ready.config)
        .text("mime", &ready.mime)
        .bytes("init", &ready.init)
        .value("bytes", bytes)
        .number("start", ready.start.seconds())
        .number("end", ready.end.seconds())
        .number("later", ready.later.seconds())
        .value("next", &Float64Array::from(next.as_slice()));
    to(ready.request, "past").value("fragment", &fragment.done::<JsValue>())
}

/// A picture to be decoded, and the bytes of its samples.
pub(crate) fn still(ready: &StillReady, bytes: &Uint8Array) -> Plain {
    let samples = || ready.samples.iter();
    let sizes: Vec<_> = samples().map(|sample| sample.size).collect();
    let keyframes: Vec<_> = samples().map(|sample| u8::from(sample.keyframe)).collect();
    let times: Vec<_> = samples().map(|sample| sample.shown.seconds()).collect();
    to(ready.request, "still")
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
pub(crate) fn event(event: &Event) -> Plain {
    match event {
        Event::Window {
            start,
            end,
            bytes,
            held,
            forecast,
        } => of("window")
            .number("start", start.seconds())
            .number("end", end.seconds())
            .number("bytes", *bytes as f64)
            .number("held", *held as f64)
            .known("forecast", *forecast),
        Event::NothingYet { request } => to(*request, "past"),
        Event::Tracks(infos) => of("tracks").value("tracks", &tracks(infos)),
        Event::Recording {
            request,
            id,
            answer,
        } => to(*request, "recording")
            .text("id", id)
            .value("playback", &playback(&parsed(answer))),
        Event::Progress {
            request,
            elapsed,
            bytes,
            uploaded,
            objects,
        } => to(*request, "progress")
            .number("elapsed", *elapsed)
            .number("bytes", *bytes as f64)
            .number("uploaded", *uploaded as f64)
            .number("objects", f64::from(*objects)),
        Event::Moment { request, at, time } => to(*request, "moment")
            .number("at", *at)
            .number("time", time.seconds()),
        Event::Upload {
            request,
            state,
            why,
        } => {
            let reply = to(*request, "upload").text("state", state.as_str());
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
            to(*request, "stopped")
                .number("duration", *duration)
                .number("preRoll", *pre_roll)
                .number("bytes", *bytes as f64)
                .value("playback", &playback(&result))
                .value("result", &result)
        }
        Event::Defect { code, message, at } => of("event")
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
pub(crate) fn failed(request: Option<RequestId>, code: &str, message: &str) -> Plain {
    of("failed")
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
        let track = Plain::new().text("codec", &info.codec);
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
        all.push(&track.done::<JsValue>());
    }
    all
}
