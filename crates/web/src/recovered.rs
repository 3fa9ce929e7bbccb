//! Tapes that dead pages left behind: listed, opened, gone on with and discarded.

use std::ops::Range;

use js_sys::{Array, Object, Uint8Array};
use livetape_recorder::{RequestId, TrackInfo, Unfinished};
use livetape_tape::journal::{Check, checks};
use livetape_tape::{Damage, Recovery, Tape, Window};
use wasm_bindgen::prelude::*;
use wasm_bindgen_futures::JsFuture;
use web_sys::Blob;

use crate::folder::{Folder, Found};
use crate::message;
use crate::payload_sum::PayloadSum;
use crate::plain::Plain;
use crate::reels::Reels;
use crate::reply;

/// What is recovered is as long as it is.
const WINDOW: Window = Window {
    millis: u64::MAX,
    bytes: u64::MAX,
};

/// What a page wants of tapes that were left.
pub(crate) enum Wish {
    /// A list of them.
    List { request: RequestId },
    /// To open one.
    Open { name: String },
    /// To finish the recording that was running on it.
    Resume { request: RequestId },
    /// To remove it.
    Discard { request: RequestId },
}

impl Wish {
    /// Reads a message; `None` for what is not such a one.
    pub(crate) fn read(kind: &str, message: &JsValue) -> Option<Self> {
        let request = || message::request(message);
        Some(match kind {
            "recover" => Self::List {
                request: request()?,
            },
            "resume" => Self::Resume {
                request: request()?,
            },
            "discard" => Self::Discard {
                request: request()?,
            },
            "open" => Self::Open {
                name: message::string(message, "name")?,
            },
            _ => return None,
        })
    }
}

/// A tape as it was left.
pub(crate) struct Recovered {
    pub(crate) tape: Tape,
    pub(crate) reels: Reels,
    damage: Vec<Damage>,
}

impl Recovered {
    /// Opens the tape of that name; fails where it is gone, or in use. Every byte of it is checked.
    pub(crate) async fn open(name: String, payload_sum: &PayloadSum) -> Result<Self, JsValue> {
        let survey = Folder::survey().await;
        let folder = Folder::left(name).await?;
        drop(survey);
        Self::read(folder, Some(payload_sum)).await
    }

    async fn read(folder: Folder, payload_sum: Option<&PayloadSum>) -> Result<Self, JsValue> {
        let mut recovery = Recovery::new();
        let mut blobs = Vec::new();
        for (id, Found { reel, journal }) in folder.found().await {
            let journal = match journal {
                Some(journal) => bytes(&journal).await.unwrap_or_default(),
                None => Vec::new(),
            };
            let len = reel.as_ref().map_or(0.0, |reel| reel.size());
            let changed = match (&reel, payload_sum) {
                (Some(reel), Some(payload_sum)) => {
                    changed(reel, &checks(&journal), payload_sum).await?
                }
                _ => Vec::new(),
            };
            recovery.reel(id, len as u64, &journal, changed);
            blobs.extend(reel.map(|reel| (id, Blob::from(reel))));
        }
        let (tape, damage) = recovery.finish(WINDOW);
        Ok(Self {
            tape,
            reels: Reels::left(folder, blobs.into_iter()),
            damage,
        })
    }

    /// What was wrong with its files.
    pub(crate) fn codes(&self) -> Array {
        let codes = self.damage.iter().map(|damage| damage.kind.as_str());
        codes.map(JsValue::from_str).collect()
    }

    /// What the page is told of it.
    fn described(&self, name: &str) -> Option<Object> {
        let timeline = self.tape.timeline();
        let (start, end) = timeline.span()?;
        let date = |at| timeline.wall_clock_at(at).map(|millis| millis as f64);
        let described = Plain::new()
            .text("name", name)
            .number("start", start.seconds())
            .number("end", end.seconds())
            .known("startDate", date(start))
            .known("endDate", date(end))
            .number("bytes", self.tape.bytes() as f64)
            .value("tracks", &reply::tracks(&TrackInfo::of(timeline)))
            .value("damage", &self.codes());
        let described = match Unfinished::of(&self.tape) {
            Some(unfinished) => {
                let recording = Plain::new()
                    .text("edge", &unfinished.edge)
                    .text("id", &unfinished.id);
                described.value("recording", &recording.done::<JsValue>())
            }
            None => described,
        };
        Some(described.done())
    }
}

/// Every tape that no live page holds and that has something on it, oldest first.
pub(crate) async fn list() -> Array {
    let _survey = Folder::survey().await;
    let list = Array::new();
    for name in Folder::names().await {
        let Ok(folder) = Folder::left(name.clone()).await else {
            continue;
        };
        let Ok(mut recovered) = Recovered::read(folder, None).await else {
            continue;
        };
        match recovered.described(&name) {
            Some(described) => {
                list.push(&described);
                recovered.reels.close().await;
            }
            // Its page ended before anything was committed.
            None => recovered.reels.remove().await,
        }
    }
    list
}

/// The stretches of a reel that are not what was written.
async fn changed(
    reel: &Blob,
    checks: &[Check],
    payload_sum: &PayloadSum,
) -> Result<Vec<Range<u64>>, JsValue> {
    let buffer = JsFuture::from(reel.array_buffer()).await?;
    let whole = Uint8Array::new(&buffer);
    let is_changed = |check: &&Check| {
        let end = check.offset.saturating_add(check.len);
        let bytes = || whole.subarray(check.offset as u32, end as u32);
        end <= u64::from(whole.length()) && payload_sum.of(&bytes()) != check.sum
    };
    let changed = checks.iter().filter(is_changed);
    Ok(changed
        .map(|check| check.offset..check.offset + check.len)
        .collect())
}

async fn bytes(blob: &Blob) -> Result<Vec<u8>, JsValue> {
    let buffer = JsFuture::from(blob.array_buffer()).await?;
    Ok(Uint8Array::new(&buffer).to_vec())
}
