//! Clips, pictures and fragments to be played again, on their way to the page.
//!
//! In the part of the smaller module that only pages load which ask for such: see
//! [`Recorder`](livetape_recorder::Recorder).

use js_sys::{Array, Uint8Array};
use livetape_recorder::{ClipReady, Output};
use wasm_bindgen::prelude::*;

use super::Shared;
use crate::reels::Reels;
use crate::reply;

impl Shared {
    /// Gives the page what was taken out of the tape; `bytes` is what its plan says. A function of its own: the module is
    /// cut here.
    #[inline(never)]
    pub(super) fn hand_out(
        &self,
        reels: &Reels,
        taken: &Output,
        bytes: Option<&Uint8Array>,
    ) -> Result<(), JsValue> {
        match (taken, bytes) {
            (Output::Clip(ready), _) => self.clip(reels, ready)?,
            (Output::Still(ready), Some(bytes)) => self.post(reply::still(ready, bytes)),
            (Output::Past(ready), Some(bytes)) => {
                self.post_with(reply::past(ready, bytes), &Array::of1(&bytes.buffer()));
            }
            _ => {}
        }
        Ok(())
    }

    fn clip(&self, reels: &Reels, ready: &ClipReady) -> Result<(), JsValue> {
        let copied = reels.copied();
        let blob = reels.assemble(&ready.plan)?;
        let copied = reels.copied() - copied;
        let reply = reply::to(ready.request, "clip")
            .number("clip", ready.request.0.into())
            .value("blob", &blob)
            .number("start", ready.start.seconds())
            .number("duration", ready.duration.seconds())
            .value("tracks", &reply::tracks(&ready.tracks))
            .number("headerBytes", ready.plan.generated_len() as f64)
            .number("copiedBytes", copied as f64);
        self.post(reply);
        Ok(())
    }
}
