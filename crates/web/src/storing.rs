//! Storing what a recorder wants stored, and making room where there is none.

use livetape_recorder::{Input, Recorder};
use livetape_tape::journal::payload_sum;
use livetape_tape::{Command, Placement};
use wasm_bindgen::prelude::*;

use crate::left;
use crate::payload_sum::PayloadSum;
use crate::reels::{Bytes, Reels, is_full};
use crate::room::Room;
use crate::scope::now;

/// The tape, once a page has opened it.
pub(crate) struct Tape {
    pub(crate) recorder: Recorder,
    pub(crate) reels: Reels,
    room: Room,
    payload_sum: PayloadSum,
}

impl Tape {
    pub(crate) fn new(recorder: Recorder, reels: Reels, payload_sum: PayloadSum) -> Self {
        Self {
            recorder,
            reels,
            room: Room::default(),
            payload_sum,
        }
    }

    /// Tells the recorder how much room there is, as far as is known.
    pub(crate) fn tell_room(&mut self) {
        if let Some(bytes) = self.reels.room(&mut self.room) {
            self.recorder.handle(Input::Room { bytes }, now());
        }
    }

    /// Does what is wanted of the reels.
    pub(crate) async fn command(&mut self, command: Command) -> Result<(), JsValue> {
        let mut done = self.reels.command(command).await;
        // What is not saved of the journal is tried again, when there is room.
        while done.as_ref().is_err_and(is_full) && self.make_room().await {
            done = self.reels.save();
        }
        done.or_else(|error| if is_full(&error) { Ok(()) } else { Err(error) })
    }

    /// Writes bytes to a reel. Where there is no room, room is made; what cannot be written all the
    /// same is not on the tape.
    pub(crate) async fn write(&mut self, at: Placement, bytes: Bytes<'_>) -> Result<(), JsValue> {
        while let Err(error) = self.reels.write(at, bytes) {
            let full = is_full(&error);
            if full && self.make_room().await {
                continue;
            }
            self.recorder.not_written(at);
            return if full { Ok(()) } else { Err(error) };
        }
        if self.reels.are_files() {
            let sum = match bytes {
                Bytes::Theirs(bytes) => self.payload_sum.of(bytes),
                Bytes::Own(bytes) => payload_sum(bytes),
            };
            self.recorder.written(at, bytes.len() as u64, sum);
        }
        Ok(())
    }

    /// Gives up what is needed least: tapes that were left behind, then the oldest of this one.
    async fn make_room(&mut self) -> bool {
        self.room.is_full();
        if left::give_up().await {
            return true;
        }
        match self.recorder.make_room() {
            Some(command) => self.reels.command(command).await.is_ok(),
            None => false,
        }
    }
}
