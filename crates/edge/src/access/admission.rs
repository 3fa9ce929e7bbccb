//! Whether a recording may be made by a template.

use super::template::Template;
use crate::error::{ApiError, Code};

/// How long the creations of an address count, in milliseconds.
const MINUTE: i64 = 60_000;

/// What is known of a template's use when another recording is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Use<'a> {
    /// The page's origin, as the browser told it.
    pub origin: Option<&'a str>,
    /// Recordings that there are of it.
    pub recordings: u32,
    /// When the address created recordings by it, Unix milliseconds, oldest first.
    pub created: &'a [i64],
    /// Now, Unix milliseconds.
    pub now: i64,
}

impl Template {
    /// Whether another recording may be made by it.
    ///
    /// # Errors
    /// [`Code::OriginNotAllowed`], [`Code::LimitReached`] or [`Code::TooManyRequests`].
    pub fn admit(&self, own: &Use<'_>) -> Result<(), ApiError> {
        let listed = |origin: &str| self.facts.origins.iter().any(|allowed| allowed == origin);
        if !self.facts.origins.is_empty() && !own.origin.is_some_and(listed) {
            return Err(Code::OriginNotAllowed.into());
        }
        if let Some(most) = self.facts.recordings.filter(|most| own.recordings >= *most) {
            let detail = format!("There may be {most} recordings by this template.");
            return Err(ApiError::new(Code::LimitReached, detail));
        }
        let of_late = own.created.iter().filter(|at| **at > own.now - MINUTE);
        let of_late = u32::try_from(of_late.count()).unwrap_or(u32::MAX);
        if self.facts.per_minute.is_some_and(|most| of_late >= most) {
            return Err(Code::TooManyRequests.into());
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::access::template::tests::{code, template};
    use crate::access::{CreateTemplate, Limits};

    const NOBODY: Use<'static> = Use {
        origin: None,
        recordings: 0,
        created: &[],
        now: 100_000,
    };

    #[test]
    fn a_template_without_limits_lets_everybody_record() {
        let open = template(CreateTemplate::default());
        assert_eq!(open.admit(&NOBODY), Ok(()));
        assert_eq!(open.terms().limits, Limits::default());
        assert_eq!(open.terms().limits.check(u64::MAX, u64::MAX), Ok(()));
    }

    #[test]
    fn each_limit_is_kept() {
        let strict = template(CreateTemplate {
            origins: vec!["https://school.example".to_owned()],
            recordings: Some(2),
            per_minute: Some(1),
            ..CreateTemplate::default()
        });
        assert_eq!(code(strict.admit(&NOBODY)), Some(Code::OriginNotAllowed));
        let page = Use {
            origin: Some("https://school.example"),
            ..NOBODY
        };
        assert_eq!(code(strict.admit(&page)), None);
        let elsewhere = Use {
            origin: Some("https://school.example.evil"),
            ..NOBODY
        };
        assert_eq!(code(strict.admit(&elsewhere)), Some(Code::OriginNotAllowed));
        let full = Use {
            recordings: 2,
            ..page
        };
        assert_eq!(code(strict.admit(&full)), Some(Code::LimitReached));
        let soon = Use {
            created: &[39_999, 40_001],
            ..page
        };
        assert_eq!(code(strict.admit(&soon)), Some(Code::TooManyRequests));
        let later = Use {
            created: &[39_999],
            ..page
        };
        assert_eq!(code(strict.admit(&later)), None);
    }
}
