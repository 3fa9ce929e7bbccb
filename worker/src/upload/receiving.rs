//! A request that brings bytes: what arrives is kept, whatever becomes of the request.

use livetape_edge::Code;
use livetape_edge::tus::{Checksum, Upload as Progress, UploadId};
use worker::{Request, Result};

use super::{Upload, bytes};
use crate::refusal::Refusal;

/// Most bytes that are read of a request that is refused.
const MOST_UNHEARD: usize = 8 << 20;

impl Upload {
    /// Takes a body: at most `room` bytes, all that come. With a checksum either all of them count or none.
    pub(super) async fn receive(
        &self,
        request: &Request,
        id: &UploadId,
        mut own: Progress,
        room: u64,
        mut checksum: Option<Checksum>,
    ) -> std::result::Result<(), Refusal> {
        let turn = self.turn.get();
        self.is_staging.set(checksum.is_some());
        let mut at = own.offset;
        let end = own.offset + room;
        let whole = loop {
            let chunk = match self.next_chunk(request).await {
                _ if self.turn.get() != turn => return Err(Code::OffsetMismatch.into()),
                Ok(Some(chunk)) => chunk,
                Ok(None) => break true,
                // The connection is gone; what it brought stays.
                Err(_) => break false,
            };
            let left = usize::try_from(end - at).unwrap_or(usize::MAX);
            let taken = chunk.get(..left.min(chunk.len())).unwrap_or_default();
            if let Some(checksum) = &mut checksum {
                checksum.add(taken);
            }
            self.buffer.borrow_mut().extend_from_slice(taken);
            at += taken.len() as u64;
            if taken.len() < chunk.len() {
                self.keep(id, &mut own, at, checksum.is_none())?;
                return Err(Code::TooLarge.into());
            }
            if self.buffer.borrow().len() >= bytes::ROW {
                self.keep(id, &mut own, at, checksum.is_none())?;
                self.move_out(id, false).await?;
                if self.turn.get() != turn {
                    return Err(Code::OffsetMismatch.into());
                }
            }
        };
        self.reader.replace(None);
        self.keep(id, &mut own, at, checksum.is_none())?;
        if let Some(checksum) = checksum {
            self.is_staging.set(false);
            let checked = checksum.check();
            if checked.is_err() || !whole {
                self.drop_after(own.offset)?;
                return Err(checked
                    .err()
                    .map_or(Code::ChecksumMismatch.into(), Refusal::Api));
            }
            own.offset = at;
            self.save(id, &own)?;
        }
        self.move_out(id, own.is_complete()).await?;
        Ok(self.set_alarm(id, &own).await?)
    }

    /// Puts what is in memory into rows. It counts from now on, where it does not wait for a checksum.
    fn keep(&self, id: &UploadId, own: &mut Progress, at: u64, counts: bool) -> Result<()> {
        self.write_tail(at)?;
        if counts && at > own.offset {
            own.offset = at;
            self.save(id, own)?;
        }
        Ok(())
    }

    /// Takes the rest of a refused request's body, if it is not long, and forgets it: the local runtime often loses
    /// an answer of a Durable Object that comes before the body is read.
    pub(super) async fn hear_out(&self, request: &Request, turn: u32) {
        let is_read = request.inner().body_used() && self.reader.borrow().is_none();
        let mut room = MOST_UNHEARD;
        while !is_read && room > 0 && self.turn.get() == turn {
            match self.next_chunk(request).await {
                Ok(Some(chunk)) => room = room.saturating_sub(chunk.len()),
                Ok(None) | Err(_) => break,
            }
        }
        if self.turn.get() == turn {
            self.reader.replace(None);
        }
    }

    /// Ends a request that is still bringing bytes: what arrived is kept, what comes later is not taken.
    pub(super) fn supersede(&self) -> Result<()> {
        self.turn.set(self.turn.get().wrapping_add(1));
        if let Some(reader) = self.reader.take() {
            let _ = reader.cancel();
        }
        let Some((id, mut own)) = self.load()? else {
            return Ok(());
        };
        if self.is_staging.replace(false) {
            self.buffer.borrow_mut().clear();
        }
        let at = own.offset + self.buffer.borrow().len() as u64;
        self.keep(&id, &mut own, at, true)?;
        // What waited for a checksum that will not come now.
        self.drop_after(own.offset)
    }
}
