//! What a recording by a template has: its limits, and what the template says of who may play it.

use livetape_media::{Timescale, Timestamp};
use serde::{Deserialize, Serialize};

use crate::encryption::Encryption;
use crate::error::{ApiError, Code};
use crate::gate::{Access, Gate, Review};
use crate::provenance::Provenance;
use crate::retention::Retention;

/// What a recording may become; none where nothing is said.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Limits {
    /// Bytes stored.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub bytes: Option<u64>,
    /// Milliseconds that it plays.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub millis: Option<u64>,
    /// Seconds that an object may last, rounded: EXT-X-TARGETDURATION.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub target_duration: Option<u32>,
}

/// Seconds that an object may last where nothing else is said, rounded, and at least, where it is: recorders
/// cut them at a keyframe, and before they are longer wherever that is.
const TARGET_DURATION: u32 = 7;
/// And at most, where it is.
const LONGEST_TARGET: u32 = 10;

impl Limits {
    /// EXT-X-TARGETDURATION of what is recorded.
    pub fn target(&self) -> u64 {
        u64::from(self.target_duration.unwrap_or(TARGET_DURATION))
    }

    /// Checks a target duration that is asked for.
    ///
    /// # Errors
    /// [`Code::BadRequest`].
    pub fn check_target(wanted: Option<u32>) -> Result<(), ApiError> {
        if wanted.is_none_or(|target| (TARGET_DURATION..=LONGEST_TARGET).contains(&target)) {
            return Ok(());
        }
        let detail = "target_duration is a number of seconds from 7 to 10.";
        Err(ApiError::new(Code::BadRequest, detail))
    }

    /// Checks how long an object lasts: rounded to seconds, no longer than the target duration.
    ///
    /// # Errors
    /// [`Code::ObjectTooLong`].
    pub fn check_object(&self, lasts: Timestamp) -> Result<(), ApiError> {
        let target = i64::try_from(self.target()).unwrap_or(i64::MAX);
        let longest = Timestamp::new(target * 1_000 + 500, Timescale::MILLIS);
        match lasts < longest {
            true => Ok(()),
            false => Err(Code::ObjectTooLong.into()),
        }
    }

    /// Checks that a recording may take more: `bytes` are those that it would have then, `millis` what it
    /// plays now.
    ///
    /// # Errors
    /// [`Code::LimitReached`].
    pub fn check(&self, bytes: u64, millis: u64) -> Result<(), ApiError> {
        if self.bytes.is_some_and(|limit| bytes > limit) {
            let detail = format!("It may have {} bytes.", self.bytes.unwrap_or_default());
            return Err(ApiError::new(Code::LimitReached, detail));
        }
        if self.millis.is_some_and(|limit| millis >= limit) {
            let seconds = self.millis.unwrap_or_default() / 1000;
            let detail = format!("It may last {seconds} s.");
            return Err(ApiError::new(Code::LimitReached, detail));
        }
        Ok(())
    }
}

/// What the recordings of a template have, whatever those who make them ask for. What is left out
/// they may choose.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Terms {
    /// What they may become.
    pub limits: Limits,
    /// Whether they play before somebody has looked.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub review: Option<Review>,
    /// Who may play them.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub access: Option<Access>,
    /// What of them is kept.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub retention: Option<Retention>,
    /// How their segments are sent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub encryption: Option<Encryption>,
    /// Origins of pages that may play them.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub play_origins: Option<Vec<String>>,
    /// Origins of pages that may make them; any where there are none.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub origins: Vec<String>,
    /// The template itself; none for those who have a key.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub template: Option<String>,
}

impl Terms {
    /// The gate of a recording for which `asked` was asked.
    pub fn gate(&self, asked: Gate) -> Gate {
        Gate {
            review: self.review.unwrap_or(asked.review),
            access: self.access.unwrap_or(asked.access),
            encryption: self.encryption.unwrap_or(asked.encryption),
            origins: self.play_origins.clone().unwrap_or(asked.origins),
            ..asked
        }
    }

    /// What is kept of a recording for which `asked` was asked.
    pub fn retention(&self, asked: Retention) -> Retention {
        self.retention.unwrap_or(asked)
    }

    /// Where a recording comes from that is said to be derived from another.
    pub fn provenance(&self, derived_from: Option<String>) -> Provenance {
        Provenance {
            derived_from,
            template: self.template.clone(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_template_says_holds_whatever_is_asked_for() {
        let asked = Gate {
            review: Review::Approved,
            encryption: Encryption::None,
            ..Gate::default()
        };
        let strict = Terms {
            review: Some(Review::Pending),
            encryption: Some(Encryption::Aes128),
            ..Terms::default()
        };
        let gate = strict.gate(asked.clone());
        assert_eq!(
            (gate.review, gate.access, gate.encryption),
            (Review::Pending, Access::Public, Encryption::Aes128)
        );
        assert_eq!(Terms::default().gate(asked.clone()), asked);
    }
}
