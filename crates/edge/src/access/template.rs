//! Templates: a public id by which a page's visitors may record, without a key, within limits.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::terms::{Limits, Terms};
use crate::api::kept_title;
use crate::encryption::Encryption;
use crate::error::{ApiError, Code};
use crate::gate::{Access, Review};
use crate::ids::RecordingId;
use crate::page::check_origins;
use crate::retention::Retention;

/// `pub_` and 22 characters: public, but not to be guessed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TemplateId(String);

impl TemplateId {
    /// An id from 16 random bytes.
    pub fn from_random(bytes: [u8; 16]) -> Self {
        Self(format!("pub_{}", RecordingId::from_random(bytes).name()))
    }

    /// Reads `pub_...`; `None` for any other text.
    pub fn parse(text: &str) -> Option<Self> {
        let name = text.strip_prefix("pub_")?;
        RecordingId::parse(&format!("rec_{name}")).map(|_| Self(text.to_owned()))
    }

    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// Body of `POST /v1/templates`; what is left out is not limited.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct CreateTemplate {
    /// Name for people, at most 200 characters.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub title: Option<String>,
    /// Origins of pages that may use it, such as `https://school.example`; any where there are none.
    pub origins: Vec<String>,
    /// Minutes that a recording may last.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub minutes: Option<u32>,
    /// Bytes that a recording may have.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub bytes: Option<u64>,
    /// Recordings that there may be at a time, of all who use it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub recordings: Option<u32>,
    /// Recordings that one address may create in a minute.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub per_minute: Option<u32>,
    /// Whether its recordings play before somebody has looked.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub review: Option<Review>,
    /// Who may play its recordings.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub access: Option<Access>,
    /// What of its recordings is kept.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub retention: Option<Retention>,
    /// How segments of its recordings are sent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub encryption: Option<Encryption>,
    /// Origins of pages that may play its recordings.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub play_origins: Option<Vec<String>>,
    /// Seconds that an object may last, rounded: EXT-X-TARGETDURATION; 7, where absent, to 10.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub target_duration: Option<u32>,
}

/// Body of `PATCH /v1/templates/{id}`: what is left out stays, `null` takes a member away.
pub type PatchTemplate = Map<String, Value>;

/// A template.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Template {
    /// Its public id.
    pub id: String,
    /// When it was made, Unix milliseconds.
    pub created: i64,
    /// What it says.
    #[serde(flatten)]
    pub facts: CreateTemplate,
}

/// Answer to `GET /v1/templates`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct TemplateList {
    /// Newest first.
    pub templates: Vec<Template>,
}

impl Template {
    /// A template as it was asked for.
    ///
    /// # Errors
    /// [`Code::BadRequest`] for what is no origin, and for a retention that is none.
    pub fn new(id: &TemplateId, wanted: CreateTemplate, created: i64) -> Result<Self, ApiError> {
        check_origins(&wanted.origins)?;
        check_origins(wanted.play_origins.as_deref().unwrap_or_default())?;
        wanted.retention.unwrap_or_default().check()?;
        Limits::check_target(wanted.target_duration)?;
        Ok(Self {
            id: id.as_str().to_owned(),
            created,
            facts: CreateTemplate {
                title: wanted.title.as_deref().and_then(kept_title),
                ..wanted
            },
        })
    }

    /// The template after a change.
    ///
    /// # Errors
    /// As [`Template::new`]; and for members that there are not.
    pub fn patched(self, patch: PatchTemplate) -> Result<Self, ApiError> {
        let bad = |error: serde_json::Error| ApiError::new(Code::BadRequest, format!("{error}."));
        let mut facts = serde_json::to_value(&self.facts).map_err(bad)?;
        if let Some(members) = facts.as_object_mut() {
            members.extend(patch);
            // As if it had never been given.
            members.retain(|_, value| !value.is_null());
        }
        let facts = serde_json::from_value(facts).map_err(bad)?;
        let id = TemplateId::parse(&self.id).ok_or(Code::UnknownTemplate)?;
        Self::new(&id, facts, self.created)
    }

    /// What a recording that is made by it has.
    pub fn terms(&self) -> Terms {
        let facts = &self.facts;
        Terms {
            limits: Limits {
                bytes: facts.bytes,
                millis: facts.minutes.map(|minutes| u64::from(minutes) * 60_000),
                target_duration: facts.target_duration,
            },
            review: facts.review,
            access: facts.access,
            retention: facts.retention,
            encryption: facts.encryption,
            play_origins: facts.play_origins.clone(),
            origins: facts.origins.clone(),
            template: Some(self.id.clone()),
        }
    }
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;

    pub(in crate::access) fn template(wanted: CreateTemplate) -> Template {
        Template::new(&TemplateId::from_random([3; 16]), wanted, 7).expect("a template")
    }

    pub(in crate::access) fn code(result: Result<(), ApiError>) -> Option<Code> {
        result.err().map(|error| error.code)
    }

    #[test]
    fn an_id_is_read_back() {
        let id = TemplateId::from_random([3; 16]);
        assert_eq!(TemplateId::parse(id.as_str()), Some(id));
        assert_eq!(TemplateId::parse("pub_demo"), None);
    }

    #[test]
    fn a_recording_may_become_no_larger_and_no_longer() {
        let wanted = CreateTemplate {
            minutes: Some(2),
            bytes: Some(10),
            ..CreateTemplate::default()
        };
        let limits = template(wanted).terms().limits;
        assert_eq!(code(limits.check(10, 119_999)), None);
        assert_eq!(code(limits.check(11, 0)), Some(Code::LimitReached));
        assert_eq!(code(limits.check(0, 120_000)), Some(Code::LimitReached));
    }

    #[test]
    fn a_change_takes_away_what_is_null() {
        let wanted = CreateTemplate {
            minutes: Some(2),
            bytes: Some(10),
            ..CreateTemplate::default()
        };
        let patch = r#"{"minutes": null, "recordings": 4, "title": "hall"}"#;
        let patch = serde_json::from_str(patch).expect("a patch");
        let changed = template(wanted).patched(patch).expect("a template");
        assert_eq!(
            (
                changed.facts.minutes,
                changed.facts.bytes,
                changed.facts.recordings
            ),
            (None, Some(10), Some(4))
        );
        assert_eq!(changed.facts.title.as_deref(), Some("hall"));
        let kept = serde_json::to_string(&changed).expect("JSON");
        let read: Template = serde_json::from_str(&kept).expect("a template");
        assert_eq!(read, changed);
        for bad in [
            r#"{"colour": 1}"#,
            r#"{"review": "soon"}"#,
            r#"{"retention": {"days": 0}}"#,
        ] {
            let patch = serde_json::from_str(bad).expect("a patch");
            let refused = changed.clone().patched(patch).map(drop);
            assert_eq!(code(refused), Some(Code::BadRequest), "{bad}");
        }
    }

    #[test]
    fn what_is_no_origin_is_refused() {
        for origin in [
            "school.example",
            "https://",
            "https://school.example/",
            "https://School.example",
            "*",
        ] {
            let wanted = CreateTemplate {
                origins: vec![origin.to_owned()],
                ..CreateTemplate::default()
            };
            let made = Template::new(&TemplateId::from_random([3; 16]), wanted, 7);
            assert_eq!(
                made.err().map(|error| error.code),
                Some(Code::BadRequest),
                "{origin}"
            );
        }
    }
}
