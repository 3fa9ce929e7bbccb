//! What is taken out of the tape besides the running recording: clips, on their way to an edge too, pictures, and
//! fragments to be played again.
//!
//! A page that only records asks for none of it. The browser's module of such pages has it in a part of its own, which is
//! loaded before the first input that asks: [`Recorder::take_out`] is the only way in, and `cargo xtask build` cuts there.

use super::{PROTECTED, Recorder};
use crate::clip::clip;
use crate::feed::drain_commands;
use crate::input::{Access, ClipRange, Input, Now};
use crate::output::{Event, FailureCode, Output, RequestId};
use crate::part::lead;
use crate::past::past;
use crate::recording::Recording;
use crate::still::still;

impl Recorder {
    /// Takes an input that asks for something that is taken out. A function of its own, whatever the compiler thinks:
    /// the module is cut here.
    #[inline(never)]
    pub(super) fn take_out(&mut self, input: Input<'_>, now: Now) {
        match input {
            Input::Clip { request, range } => {
                self.complete(now);
                self.clip(request, range);
            }
            Input::Still { request, seconds } => self.still(request, seconds),
            Input::Past { request, from } => {
                let ready = past(self.tape.timeline(), request, &from);
                let nothing = Output::Event(Event::NothingYet { request });
                self.out.push_back(ready.map_or(nothing, Output::Past));
            }
            Input::Upload {
                request,
                clip,
                edge,
                access,
            } => self.upload(request, clip, (edge, access), now),
            _ => {}
        }
    }

    fn clip(&mut self, request: RequestId, range: ClipRange) {
        self.arrival.date(&mut self.tape);
        let made = clip(&mut self.tape, request, range, self.playhead);
        drain_commands(&mut self.tape, &mut self.out);
        match made {
            Ok((ready, clip)) => {
                self.clips.open(request, clip);
                self.out.push_back(Output::Clip(ready));
            }
            Err((FailureCode::NothingRecorded, _)) if self.is_all_protected() => {
                self.fail(request, FailureCode::Protected, PROTECTED);
            }
            Err((code, message)) => self.fail(request, code, &message),
        }
    }

    /// Finds the picture of a moment; of what the viewer sees, unless told.
    fn still(&mut self, request: RequestId, seconds: Option<f64>) {
        let seen = self.playhead.filter(|_| self.pull.is_none());
        match still(self.tape.timeline(), request, seconds.or(seen)) {
            Some(ready) => self.out.push_back(Output::Still(ready)),
            None => self.fail(request, FailureCode::NothingRecorded, NO_PICTURE),
        }
    }

    /// Begins to send a clip.
    fn upload(&mut self, request: RequestId, clip: RequestId, to: (&str, Access), now: Now) {
        let Some(bounds) = self.clips.bounds(clip) else {
            return self.fail(request, FailureCode::ClipClosed, CLIP_CLOSED);
        };
        let lead = lead(self.tape.timeline());
        let first = lead.and_then(|lead| lead.shown_from(bounds.0));
        if first != Some(bounds.0) {
            return self.fail(request, FailureCode::NothingRecorded, CLIP_LEFT);
        }
        let (edge, access) = to;
        self.uploads
            .push(Recording::of(request, edge, access, bounds, now));
    }
}

const NO_PICTURE: &str = "no picture is recorded there; ask for a time inside the window";
const CLIP_LEFT: &str = "the window has left the clip: it can be saved, not uploaded any more";
const CLIP_CLOSED: &str = "the clip is closed; upload it before that";
