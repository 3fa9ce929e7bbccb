//! A transport stream made a recording: read from end to end, a slice of time after another.
//!
//! What has been read stays in memory between two slices. Should this object be moved in between, the file is read
//! again from its beginning, which makes the same objects; those that are stored are passed over.

use livetape_edge::ingest::{Reason, Transport};
use livetape_edge::tus::{Part, Upload as Progress};
use worker::Result;

use super::Upload;
use super::ingest::{Job, Made, SLICE, stored};
use crate::{platform, r2};

/// Bytes read at a time.
const PIECE: u64 = 4 << 20;

/// A file that is being read.
#[derive(Debug, Default)]
pub(super) struct Reading {
    transport: Transport,
    /// Bytes that were read.
    at: u64,
    /// Objects that were made.
    made: u32,
    /// The init segment that was put last.
    init: Vec<u8>,
}

impl Upload {
    /// Makes objects until the slice is over; true where some are left.
    pub(super) async fn put_together(
        &self,
        job: &mut Job,
        own: &Progress,
        parts: &[Part],
    ) -> Result<Made> {
        let until = platform::now() + SLICE;
        let bucket = r2::bucket(&self.env)?;
        self.begin(job, own).await?;
        // Taken out: whatever goes wrong from here on, the next slice begins anew.
        let mut reading = self.reading.take().unwrap_or_default();
        loop {
            if let Err(reason) = self.put_made(job, &mut reading).await? {
                return Ok(Err(reason));
            }
            if reading.at >= own.offset {
                self.finish(job).await?;
                return Ok(Ok(false));
            }
            if platform::now() > until {
                self.reading.replace(Some(reading));
                return Ok(Ok(true));
            }
            let end = own.offset.min(reading.at + PIECE);
            let bytes = stored(&bucket, parts, reading.at..end).await?;
            reading.transport.push(&bytes);
            reading.at = end;
            if end == own.offset {
                reading.transport.end();
            }
        }
    }

    /// Puts the objects that can be made of what was read, but those that are there.
    async fn put_made(
        &self,
        job: &mut Job,
        reading: &mut Reading,
    ) -> Result<std::result::Result<(), Reason>> {
        loop {
            let made = match reading.transport.next_object() {
                Ok(Some(made)) => made,
                Ok(None) => return Ok(Ok(())),
                Err(reason) => return Ok(Err(reason)),
            };
            reading.made += 1;
            if reading.made <= job.done {
                continue;
            }
            let is_new = reading.init != made.init;
            if is_new && !self.put_config(job, &made.init).await? {
                return Ok(Err(Reason::Unplayable));
            }
            if !self.put_object(job, &made.init, made.bytes).await? {
                return Ok(Err(Reason::Unplayable));
            }
            reading.init = made.init;
        }
    }
}
