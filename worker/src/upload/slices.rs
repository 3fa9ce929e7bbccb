//! Messages of the Queue that ask a complete upload for its slices: one for each, sent when the one before is done.

use std::time::Duration;

use livetape_edge::Delivery;
use livetape_edge::ingest::{Reason, Turn};
use livetape_edge::tus::{Part, Upload as Progress, UploadId};
use worker::{Env, Headers, Method, RequestInit, Result};

use super::{COMMAND, Command, Upload, no_content};
use crate::jobs::{self, Job};
use crate::refusal::Answer;
use crate::{setup, uploads};

/// How often a slice is begun at most, and the variable.
const TRIES: (&str, u64) = ("LIVETAPE_SLICE_TRIES", 5);
/// When one that failed is tried again, in seconds: the first time. Then it takes four times as long each time.
const SOON: u32 = 1;
/// A message that was not heard of for so long is sent again.
pub(super) const LOST: Duration = Duration::from_secs(600);

/// When a message that could not be sent is tried again.
const TRY_AGAIN: Duration = Duration::from_secs(30);

/// Asks an upload for a slice. The answer has `Retry-After` where it is to be asked again.
pub(crate) async fn ask_slice(env: &Env, id: &UploadId, slice: u32) -> Result<Delivery> {
    let headers = Headers::new();
    headers.set(COMMAND, &serde_json::to_string(&Command::Slice(slice))?)?;
    let mut init = RequestInit::new();
    init.with_method(Method::Post).with_headers(headers);
    uploads::ask(env, id, &init).await
}

impl Upload {
    /// Sees to it that a message asks for the next slice, where there is one: now, or by alarm where that fails.
    /// One that comes twice does no harm.
    pub(super) async fn have_sliced(&self, id: &UploadId, own: &Progress) -> Result<()> {
        let job = self.job()?;
        let Some(job) = job.filter(|_| self.is_to_index(own).unwrap_or(false)) else {
            return Ok(());
        };
        let next = Some(job.slices.next());
        if self.asked.replace(next) == next {
            return Ok(());
        }
        let message = Job::Slice {
            upload: id.to_string(),
            slice: job.slices.next(),
        };
        if let Err(fault) = jobs::send(&self.env, &message).await {
            worker::console_error!("{fault}");
            self.asked.set(None);
            self.storage.set_alarm(TRY_AGAIN).await?;
        }
        Ok(())
    }

    /// Does a slice, if it is its turn and nobody does it now.
    pub(super) async fn slice(&self, number: u32) -> Answer {
        let Some((id, own)) = self.load()? else {
            return Ok(no_content());
        };
        if !self.is_to_index(&own)? || self.is_slicing.replace(true) {
            return Ok(no_content());
        }
        let sliced = self.slice_now(&id, &own, number).await;
        self.is_slicing.set(false);
        match sliced {
            Ok(None) => {
                self.set_alarm(&id, &own).await?;
                Ok(no_content())
            }
            Ok(Some(delay)) => Ok(again(delay)),
            Err(fault) => {
                worker::console_error!("{fault}");
                let tries = self.job()?.map_or(0, |job| job.slices.tries());
                Ok(again(pause(tries)))
            }
        }
    }

    /// Seconds after which it is to be asked for again, where it cannot be done yet.
    async fn slice_now(&self, id: &UploadId, own: &Progress, number: u32) -> Result<Option<u32>> {
        let Some(mut job) = self.job()? else {
            return Ok(None);
        };
        self.move_out(id, true).await?;
        let moved: u64 = self.parts()?.iter().map(|part: &Part| part.len).sum();
        if moved < own.offset {
            return Ok(Some(SOON));
        }
        let most = u32::try_from(setup::number(&self.env, TRIES)).unwrap_or(u32::MAX);
        match job.slices.begin(number, most) {
            Turn::Past => {}
            Turn::GivenUp => self.fail(&mut job, Reason::GivenUp).await?,
            Turn::Begun => {
                self.asked.set(Some(number));
                self.save_job(&job)?;
                self.index(id, own, &mut job).await?;
            }
        }
        Ok(None)
    }
}

/// Seconds until a slice is tried again that was begun so often.
fn pause(tries: u32) -> u32 {
    SOON.saturating_mul(1 << (2 * tries.saturating_sub(1)).min(8))
}

fn again(seconds: u32) -> Delivery {
    Delivery::new(503, Vec::new()).with("Retry-After", seconds.to_string())
}
