//! A transport stream made a recording: read from end to end, a slice after another. What has been read is kept
//! in R2 between two slices, so that each goes on where the one before ended, wherever this object is by then.

use livetape_edge::ingest::{Reason, Transport};
use livetape_edge::tus::{Part, Upload as Progress, UploadId};
use worker::Result;

use super::Upload;
use super::ingest::{Job, Made, SLICE, stored};
use crate::r2::Bucket;
use crate::{platform, r2, setup};

/// Bytes read at a time.
const PIECE: u64 = 4 << 20;
/// Bytes of a slice, and the variable.
const LARGEST: (&str, u64) = ("LIVETAPE_SLICE_BYTES", 64 << 20);

/// A file that is being read.
#[derive(Debug, Default)]
struct Reading {
    transport: Transport,
    /// Bytes that were read.
    at: u64,
    /// The init segment that was put last.
    init: Vec<u8>,
}

impl Upload {
    /// Makes objects until the slice is over; true where some are left.
    pub(super) async fn put_together(
        &self,
        id: &UploadId,
        job: &mut Job,
        own: &Progress,
        parts: &[Part],
    ) -> Result<Made> {
        let until = platform::now() + SLICE;
        let bucket = r2::bucket(&self.env)?;
        self.begin(job, own).await?;
        let mut reading = resumed(&bucket, id, job).await?;
        let stop = reading.at.saturating_add(setup::number(&self.env, LARGEST));
        loop {
            if let Err(reason) = self.put_made(job, &mut reading).await? {
                return Ok(Err(reason));
            }
            if reading.at >= own.offset {
                self.finish(job).await?;
                bucket.delete(id.checkpoint(job.slices.next())).await?;
                job.slices.end(reading.at);
                return Ok(Ok(false));
            }
            if reading.at >= stop || platform::now() > until {
                self.interrupt(&bucket, id, job, &reading).await?;
                return Ok(Ok(true));
            }
            let end = own.offset.min(stop).min(reading.at + PIECE);
            job.slices.read(end - reading.at);
            self.save_job(job)?;
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
            if reading.transport.objects() <= job.done {
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

    /// Keeps what was read for the next slice. Should this one be cut off before it is done, it begins anew from
    /// what it began with, which goes last.
    async fn interrupt(
        &self,
        bucket: &Bucket,
        id: &UploadId,
        job: &mut Job,
        reading: &Reading,
    ) -> Result<()> {
        let checkpoint = reading.transport.checkpoint();
        let checkpoint = checkpoint.ok_or("what was read cannot be stored")?;
        let before = id.checkpoint(job.slices.next());
        job.slices.end(reading.at);
        let next = id.checkpoint(job.slices.next());
        r2::write(bucket, &next, checkpoint).await?;
        self.save_job(job)?;
        bucket.delete(before).await
    }
}

/// What the slice before has read. Where that is not there, or of another version, all is read again; objects that
/// were made are passed over.
async fn resumed(bucket: &Bucket, id: &UploadId, job: &Job) -> Result<Reading> {
    let at = job.slices.at();
    if at == 0 {
        return Ok(Reading::default());
    }
    let checkpoint = r2::whole(bucket, &id.checkpoint(job.slices.next())).await?;
    let transport = checkpoint.and_then(|bytes| Transport::resume(&bytes));
    Ok(
        transport.map_or_else(Reading::default, |transport| Reading {
            transport,
            at,
            init: Vec::new(),
        }),
    )
}
