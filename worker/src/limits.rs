//! How often one network address may do some things, by the platform's rate limiter: it counts at each of the
//! platform's places for itself, and asks no Durable Object.

use std::cell::RefCell;
use std::collections::HashMap;

use livetape_edge::{ApiError, Code};
use worker::Result;

use crate::platform;
use crate::refusal::Refusal;
use crate::routes::Edge;

/// The header by which the platform tells who asks.
const ADDRESS: &str = "CF-Connecting-IP";
/// The binding that counts what is created.
const CREATED: &str = "CREATED_BY_ADDRESS";
/// The binding that counts keys that were wrong.
const REFUSED: &str = "REFUSED_BY_ADDRESS";
/// How long keys of an address that has shown too many wrong ones are not looked at, in milliseconds.
const PAUSE: i64 = 60_000;
/// So many such addresses are remembered.
const MOST: usize = 10_000;

thread_local! {
    /// Addresses with the time until which their keys are not looked at.
    static PAUSED: RefCell<HashMap<String, i64>> = RefCell::default();
}

impl Edge<'_> {
    /// The network address that asks; empty where the platform does not tell.
    pub(crate) fn address(&self) -> String {
        self.header(ADDRESS).unwrap_or_default()
    }

    /// Counts something that is to be created.
    pub(crate) async fn count_created(&self) -> std::result::Result<(), Refusal> {
        match self.is_within(CREATED).await? {
            true => Ok(()),
            false => Err(Code::TooManyRequests.into()),
        }
    }

    /// Refuses to look at keys of an address that has shown too many wrong ones.
    pub(crate) fn check_pause(&self) -> std::result::Result<(), Refusal> {
        let address = self.address();
        let until = PAUSED.with_borrow(|paused| paused.get(&address).copied());
        match until.is_some_and(|until| until > platform::now()) {
            true => Err(Code::TooManyRequests.into()),
            false => Ok(()),
        }
    }

    /// What is answered to a key that was refused: a wrong one counts. Ingest tokens do not: one recorder with an
    /// old one must not stop all others of its school.
    pub(crate) async fn refused(&self, error: ApiError) -> Result<ApiError> {
        if error.code != Code::KeyInvalid || self.is_within(REFUSED).await? {
            return Ok(error);
        }
        let until = platform::now().saturating_add(PAUSE);
        PAUSED.with_borrow_mut(|paused| {
            if paused.len() >= MOST {
                paused.clear();
            }
            paused.insert(self.address(), until);
        });
        Ok(Code::TooManyRequests.into())
    }

    async fn is_within(&self, binding: &str) -> Result<bool> {
        let address = self.address();
        // What comes from this machine itself comes by no network.
        if address.is_empty() || address == "127.0.0.1" || address == "::1" {
            return Ok(true);
        }
        // An edge may be set up without.
        match self.env.rate_limiter(binding) {
            Ok(limiter) => Ok(limiter.limit(address).await?.success),
            Err(_) => Ok(true),
        }
    }
}
