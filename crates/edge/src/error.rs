//! The one table of what can be wrong with a request: code, HTTP status, sentence.

use serde_json::{Value, json};
use thiserror::Error;

macro_rules! codes {
    ($($(#[$doc:meta])* $name:ident = $code:literal $status:literal $sentence:literal;)*) => {
        /// What can be wrong with a request. [`Code::as_str`] is stable.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        #[non_exhaustive]
        pub enum Code {
            $($(#[$doc])* $name,)*
        }

        impl Code {
            /// All of them, in the order of the table.
            pub const ALL: &[Self] = &[$(Self::$name,)*];

            /// The stable code, as answers spell it.
            pub const fn as_str(self) -> &'static str {
                match self {
                    $(Self::$name => $code,)*
                }
            }

            /// The HTTP status that goes with it.
            pub const fn status(self) -> u16 {
                match self {
                    $(Self::$name => $status,)*
                }
            }

            /// What it says to a human.
            pub const fn sentence(self) -> &'static str {
                match self {
                    $(Self::$name => $sentence,)*
                }
            }
        }
    };
}

codes! {
    /// The body is not the JSON that was expected.
    BadRequest = "bad_request" 400 "The request cannot be understood.";
    /// A header is missing or cannot be read.
    BadHeader = "bad_header" 400 "A header is missing or cannot be read.";
    /// No `Content-Digest: sha-256`.
    DigestRequired = "digest_required" 400 "A Content-Digest header with sha-256 is required.";
    /// The bytes are not what their digest says.
    DigestMismatch = "digest_mismatch" 400 "The body does not have the digest that was announced.";
    /// No credentials where some are needed.
    TokenMissing = "token_missing" 401 "An Authorization: Bearer header is required.";
    /// The token was not made here.
    TokenInvalid = "token_invalid" 401 "The ingest token is not valid.";
    /// The token's time is over.
    TokenExpired = "token_expired" 401 "The ingest token has expired.";
    /// The API key is wrong.
    KeyInvalid = "key_invalid" 401 "The API key is not valid.";
    /// The token is for another recording.
    TokenScope = "token_scope" 403 "The ingest token is for another recording.";
    /// The template is not one of this edge's.
    UnknownTemplate = "unknown_template" 403 "There is no such public template.";
    /// The key is for other things.
    KeyScope = "key_scope" 403 "The API key is not for this.";
    /// The page is not one of those that may use the template or key.
    OriginNotAllowed = "origin_not_allowed" 403 "Pages of this origin may not use it.";
    /// What the template allows is used up.
    LimitReached = "limit_reached" 403 "The template allows no more.";
    /// Only a holder of the API key may do this.
    KeyRequired = "key_required" 403 "Only a holder of the API key may choose an id.";
    /// Not a play token of this edge, or not yet good.
    PlayTokenInvalid = "play_token_invalid" 403 "The play token is not valid.";
    /// The play token's time is over.
    PlayTokenExpired = "play_token_expired" 403 "The play token has expired.";
    /// The recording's play tokens were revoked.
    PlayTokenRevoked = "play_token_revoked" 403 "The play token was revoked.";
    /// The play token is for something else.
    PlayTokenScope = "play_token_scope" 403 "The play token is for another time of the recording.";
    /// The recording plays with a token only.
    PlayTokenRequired = "play_token_required" 403 "The recording plays with a play token only.";
    /// The recording, or the play token, is for other pages.
    OriginRefused = "origin_refused" 403 "It plays on other pages only.";
    /// Not reviewed yet.
    ReviewPending = "review_pending" 403 "The recording has not been reviewed yet.";
    /// It plays for nobody.
    Banned = "banned" 403 "The recording is banned.";
    /// A joined upload takes no bytes.
    UploadFinal = "upload_final" 403 "The upload is joined from others: nothing can be added to it.";
    /// No such path.
    NotFound = "not_found" 404 "There is nothing at this address.";
    /// No such recording.
    UnknownRecording = "unknown_recording" 404 "There is no such recording.";
    /// No such key.
    UnknownKey = "unknown_key" 404 "There is no such API key.";
    /// No such broadcast.
    UnknownBroadcast = "unknown_broadcast" 404 "There is no such broadcast.";
    /// No such upload.
    UnknownUpload = "unknown_upload" 404 "There is no such upload.";
    /// No such clip.
    UnknownClip = "unknown_clip" 404 "There is no such clip.";
    /// No such init segment.
    UnknownConfig = "unknown_config" 404 "The recording has no such configuration.";
    /// No such object.
    UnknownObject = "unknown_object" 404 "The recording has no such object.";
    /// No such lane.
    UnknownLane = "unknown_lane" 404 "There is no such lane.";
    /// A segment of a broadcast that is not, or no longer, on air.
    NotOnAir = "not_on_air" 404 "That segment is not on air.";
    /// Finished with nothing in it.
    NothingRecorded = "nothing_recorded" 404 "Nothing was recorded.";
    /// The view does not exist for this recording.
    NoSuchView = "no_such_view" 404 "The recording cannot be played that way.";
    /// The path exists with other methods.
    MethodNotAllowed = "method_not_allowed" 405 "The address does not take this method.";
    /// The id is in use.
    RecordingExists = "recording_exists" 409 "There is a recording of that id already.";
    /// No more objects are taken.
    RecordingFinished = "recording_finished" 409 "The recording is finished.";
    /// Not finished yet.
    RecordingRunning = "recording_running" 409 "The recording is not finished yet.";
    /// No more clips are made of it.
    TooManyClips = "too_many_clips" 409 "The recording has 10,000 clips already.";
    /// Other bytes are stored under that number.
    ObjectConflict = "object_conflict" 409 "Another object is stored under that number.";
    /// The bytes do not begin where those before ended.
    OffsetMismatch = "offset_mismatch" 409 "The upload is not at that offset.";
    /// Not all of it is there.
    UploadIncomplete = "upload_incomplete" 409 "The upload is not complete yet.";
    /// Parts that are not complete, or were joined before.
    UploadNotJoinable = "upload_not_joinable" 409 "A partial upload is not complete, or is part of another one.";
    /// Objects that should be there are not.
    ObjectsMissing = "objects_missing" 409 "Objects are missing.";
    /// The object names a configuration that was not stored first.
    ConfigMissing = "config_missing" 409 "The configuration that the object names is not stored yet.";
    /// One file cannot hold it.
    ConfigurationChange = "configuration_change" 409 "The stream's configuration changes: one MP4 file cannot hold it.";
    /// No `Content-Length`.
    LengthRequired = "length_required" 411 "A Content-Length header is required.";
    /// Another version of tus, or none.
    TusVersion = "tus_version" 412 "Tus-Resumable: 1.0.0 is required.";
    /// The body is said to be something else.
    MediaType = "media_type" 415 "The Content-Type must be application/offset+octet-stream.";
    /// Over the size cap.
    TooLarge = "too_large" 413 "The body is too large.";
    /// The range lies outside.
    RangeNotSatisfiable = "range_not_satisfiable" 416 "The range lies outside of the file.";
    /// The init segment cannot be read.
    BadConfig = "bad_config" 422 "The body is not an init segment that can be recorded.";
    /// The bytes do not have the hash in the path.
    ConfigHashMismatch = "config_hash_mismatch" 422 "The hash in the address is not the body's.";
    /// The object is not a fragment.
    BadFragment = "bad_fragment" 422 "The body is not one CMAF fragment of its configuration.";
    /// The object is too long for the playlist's target duration.
    ObjectTooLong = "object_too_long" 422 "The object lasts longer than the target duration.";
    /// The media is encrypted.
    Protected = "protected" 422 "The media is encrypted, and no key was given.";
    /// Too much in too short a time.
    TooManyRequests = "too_many_requests" 429 "Too many such requests came from this address; try again in a minute.";
    /// The bytes of a request are not those that their checksum is of.
    ChecksumMismatch = "checksum_mismatch" 460 "The bytes do not have the checksum that was announced.";
    /// A fault of this side.
    Internal = "internal" 500 "Something went wrong on this side.";
    /// Its index was lost and is being read back from storage.
    Rebuilding = "rebuilding" 503 "It is being read back from storage; try again in a moment.";
    /// Nothing to play yet.
    NotStarted = "not_started" 503 "There is nothing to play yet; try again in a moment.";
}

/// A request that could not be met.
#[derive(Debug, Clone, PartialEq, Error)]
#[error("{}: {}", .code.as_str(), self.message())]
pub struct ApiError {
    /// Which entry of the table.
    pub code: Code,
    detail: Option<String>,
    facts: Option<(&'static str, Value)>,
}

impl ApiError {
    /// An error with particulars for a human: whole sentences, added to the table's.
    pub fn new(code: Code, detail: impl Into<String>) -> Self {
        Self {
            code,
            detail: Some(detail.into()),
            facts: None,
        }
    }

    /// The error with particulars for a program, as a member of the error's JSON object.
    #[must_use]
    pub fn with(mut self, name: &'static str, value: Value) -> Self {
        self.facts = Some((name, value));
        self
    }

    /// The sentences.
    pub fn message(&self) -> String {
        match &self.detail {
            None => self.code.sentence().to_owned(),
            Some(detail) => format!("{} {detail}", self.code.sentence()),
        }
    }

    /// The JSON of the answer.
    pub fn body(&self) -> String {
        let mut error = json!({ "code": self.code.as_str(), "message": self.message() });
        if let (Some((name, value)), Some(error)) = (&self.facts, error.as_object_mut()) {
            error.insert((*name).to_owned(), value.clone());
        }
        json!({ "error": error }).to_string()
    }
}

impl From<Code> for ApiError {
    fn from(code: Code) -> Self {
        Self {
            code,
            detail: None,
            facts: None,
        }
    }
}

/// A clause as a sentence.
pub(crate) fn sentence(clause: &str) -> String {
    let mut letters = clause.chars();
    let first = letters.next().map(|letter| letter.to_ascii_uppercase());
    format!(
        "{}{}.",
        first.map(String::from).unwrap_or_default(),
        letters.as_str()
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_are_told_apart_and_statuses_are_errors() {
        let mut seen = std::collections::BTreeSet::new();
        for code in Code::ALL {
            assert!(seen.insert(code.as_str()), "{} twice", code.as_str());
            assert!((400..600).contains(&code.status()));
            assert!(code.sentence().ends_with('.'));
        }
    }

    #[test]
    fn the_document_has_the_whole_table() {
        let document = include_str!("../../../docs/edge-api.md");
        for code in Code::ALL {
            let (name, status, sentence) = (code.as_str(), code.status(), code.sentence());
            let row = format!("| `{name}` | {status} | {sentence} |\n");
            assert!(document.contains(&row), "docs/edge-api.md lacks {row}");
        }
    }

    #[test]
    fn an_answer_has_code_message_and_facts() {
        let error = ApiError::new(Code::ObjectsMissing, "Lane main lacks 1.")
            .with("missing", json!({ "main": [1] }));
        let body: Value = serde_json::from_str(&error.body()).expect("JSON");
        assert_eq!(body["error"]["code"], "objects_missing");
        assert_eq!(
            body["error"]["message"],
            "Objects are missing. Lane main lacks 1."
        );
        assert_eq!(body["error"]["missing"]["main"][0], 1);
    }
}
