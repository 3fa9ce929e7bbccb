//! What is done by Queue: slices of uploads made recordings, and packs, one by one, made of a finished
//! recording's objects. A job that is cut off, or done twice, does no harm: an upload does each slice once, and
//! a recording reads from the packs when all are there.

use futures_util::future::join;
use js_sys::BigInt;
use livetape_edge::object::{PackFile, key_prefix, pack_key};
use livetape_edge::tus::UploadId;
use livetape_edge::{Delivery, Piece, RecordingId};
use serde::{Deserialize, Serialize};
use worker::web_sys::ReadableStream;
use worker::worker_sys::FixedLengthStream;
use worker::{Env, MessageBatch, MessageExt, QueueRetryOptionsBuilder, Result};

use crate::command::{Command, PackCommand, ask};
use crate::r2::{self, Bucket};
use crate::supply::Supply;
use crate::{stream, upload};

/// The binding of the queue.
const BINDING: &str = "JOBS";
/// Bytes of each part of a pack but the last: R2 wants them equal, and at least 5 MiB.
const PART: u64 = 16 << 20;

/// What a message asks for.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(untagged)]
pub(crate) enum Job {
    /// A pack to be made.
    Pack { recording: String, pack: u32 },
    /// A slice of an upload to be read.
    Slice { upload: String, slice: u32 },
}

pub(crate) async fn send(env: &Env, job: &Job) -> Result<()> {
    env.queue(BINDING)?.send(job.clone()).await
}

/// Does what a batch of messages asks for; what fails comes again.
pub(crate) async fn work(batch: &MessageBatch<Job>, env: &Env) -> Result<()> {
    for message in batch.messages()? {
        let done = match message.body() {
            Job::Pack { recording, pack } => make(recording, *pack, env).await.map(|()| None),
            Job::Slice { upload, slice } => slice_of(upload, *slice, env).await,
        };
        match done {
            Ok(None) => message.ack(),
            Ok(Some(delay)) => {
                let soon = QueueRetryOptionsBuilder::new().with_delay_seconds(delay);
                message.retry_with_options(&soon.build());
            }
            Err(fault) => {
                worker::console_error!("{fault}");
                message.retry();
            }
        }
    }
    Ok(())
}

/// Has an upload do a slice; seconds after which it is to be asked again, where it says so.
async fn slice_of(upload: &str, slice: u32, env: &Env) -> Result<Option<u32>> {
    let id = UploadId::parse(upload).ok_or("a job has no upload")?;
    let answer = upload::ask_slice(env, &id, slice).await?;
    let delay = answer
        .headers
        .iter()
        .find(|(name, _)| name == "Retry-After");
    Ok(delay.and_then(|(_, seconds)| seconds.parse().ok()))
}

/// Makes one pack, and has the next one made; after the last, the recording is told.
async fn make(recording: &str, number: u32, env: &Env) -> Result<()> {
    let id = RecordingId::parse(recording).ok_or("a job has no recording")?;
    let bucket = r2::bucket(env)?;
    for file in [PackFile::Payload, PackFile::Rest, PackFile::Manifest] {
        let command = Command::Pack(PackCommand::Pieces { number, file });
        let answer = ask(env, &id, &command).await?;
        match answer.status {
            200 => store(&bucket, &pack_key(&id, number, file), &answer).await?,
            204 => return finish(&bucket, &id, env).await,
            // It was deleted, perhaps before the last write of this job.
            404 => {
                let packs = format!("{}pack/", key_prefix(&id));
                return r2::delete_below(&bucket, &packs, "").await;
            }
            status => return Err(format!("a pack cannot be made: {status}").into()),
        }
    }
    let next = Job::Pack {
        recording: recording.to_owned(),
        pack: number + 1,
    };
    send(env, &next).await
}

/// All packs are there: what of `video.mp4` is in none of them is stored too, and the recording is told.
async fn finish(bucket: &Bucket, id: &RecordingId, env: &Env) -> Result<()> {
    let (number, file) = (0, PackFile::Made);
    let command = Command::Pack(PackCommand::Pieces { number, file });
    let made = ask(env, id, &command).await?;
    if made.status == 200 {
        store(bucket, &pack_key(id, number, file), &made).await?;
    }
    let answer = ask(env, id, &Command::Pack(PackCommand::Swap)).await?;
    match answer.status {
        204 | 404 => Ok(()),
        status => Err(format!("the packs are not read: {status}").into()),
    }
}

/// Stores pieces as one object, part by part. No byte of them is in Wasm's memory.
async fn store(bucket: &Bucket, key: &str, delivery: &Delivery) -> Result<()> {
    let (pieces, len) = (&delivery.pieces, delivery.len());
    if len <= PART {
        let put = async |body: ReadableStream| bucket.put(key, body).execute().await;
        return through(pieces, bucket, put).await.map(drop);
    }
    let upload = bucket.create_multipart_upload(key).execute().await?;
    let mut parts = Vec::new();
    for (number, begin) in (1..).zip((0..len).step_by(PART as usize)) {
        let part = Piece::slice(pieces, begin..begin + PART);
        let put = async |body: ReadableStream| upload.upload_part(number, body).await;
        parts.push(through(&part, bucket, put).await?);
    }
    upload.complete(parts).await.map(drop)
}

/// Lets `take` have pieces as a stream of known length.
async fn through<T>(
    pieces: &[Piece],
    bucket: &Bucket,
    take: impl AsyncFnOnce(ReadableStream) -> Result<T>,
) -> Result<T> {
    let len: u64 = pieces.iter().map(Piece::len).sum();
    let pipe = FixedLengthStream::new_big_int(BigInt::from(len))?;
    let writable = pipe.writable();
    let (taken, written) = join(
        take(pipe.readable()),
        stream::write_or_abort(pieces, &Supply::stored(bucket.clone()), &writable),
    )
    .await;
    written?;
    taken
}
