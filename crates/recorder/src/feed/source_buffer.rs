//! A page's source buffer between its appends and the tape.

use std::collections::VecDeque;

use livetape_tape::Tape;

use super::{Demuxer, Ending, Feed, Taken};
use crate::coded_frames::CodedFrames;
use crate::input::Setting;
use crate::output::Output;
use crate::splice::Splice;

/// The page's source buffer, as far as it decides what is seen of a stream.
#[derive(Debug, Default)]
pub(super) struct SourceBuffer {
    pub(super) frames: CodedFrames,
    pub(super) pictures: Splice,
    /// Number of the first picture on the tape that may be replaced.
    pub(super) replaceable: u64,
}

impl Feed {
    /// For what a page appends to a source buffer.
    pub(crate) fn of_source_buffer() -> Self {
        Self {
            buffer: Some(SourceBuffer::default()),
            ..Self::default()
        }
    }

    /// The page has set something on the source buffer.
    pub(crate) fn set(&mut self, setting: Setting) {
        if let Some(buffer) = &mut self.buffer {
            buffer.frames.set(setting);
        }
    }

    /// What was appended to the source buffer before is not known.
    pub(crate) const fn join(&mut self) {
        if let Some(buffer) = &mut self.buffer {
            buffer.frames.join();
        }
    }

    /// Pictures on the tape from this number on may be replaced.
    pub(crate) const fn may_replace_from(&mut self, number: u64) {
        if let Some(buffer) = &mut self.buffer {
            buffer.replaceable = number;
        }
    }

    /// The page has called `abort()`: a segment in progress is dropped.
    pub(crate) fn abort(&mut self, tape: &mut Tape, now: u64, out: &mut VecDeque<Output>) -> Taken {
        let taken = self.end(Ending::Cut, self.offset(0.0), tape, now, out);
        if let Some(buffer) = &mut self.buffer {
            buffer.frames.abort();
        }
        taken
    }

    /// The page has called `changeType()`: what follows begins a stream of any format.
    pub(crate) fn change_type(
        &mut self,
        tape: &mut Tape,
        now: u64,
        out: &mut VecDeque<Output>,
    ) -> Taken {
        let taken = self.end(Ending::Cut, self.offset(0.0), tape, now, out);
        if let Some(buffer) = &mut self.buffer {
            buffer.frames.reset_parser();
        }
        self.demuxer = Demuxer::Unknown;
        self.placed.clear();
        self.configs.clear();
        taken
    }

    /// The offset in force: the source buffer's own, or as given.
    pub(super) fn offset(&self, given: f64) -> f64 {
        let buffer = self.buffer.as_ref();
        buffer.map_or(given, |buffer| buffer.frames.offset())
    }
}
