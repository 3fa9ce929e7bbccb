//! One upload: what may be done to it, and what is answered.

use std::fmt;
use std::time::{Duration, SystemTime};

use serde::{Deserialize, Serialize};

use super::request::{Addition, Creation, Joining};
use super::{LIFETIME, MAX_SIZE};
use crate::delivery::Delivery;
use crate::error::{ApiError, Code};
use crate::ids::RecordingId;

/// `upl_` and 22 characters: whoever knows it may add to the upload.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UploadId(String);

impl UploadId {
    /// An id from 16 random bytes.
    pub fn from_random(bytes: [u8; 16]) -> Self {
        Self(RecordingId::from_random(bytes).name().to_owned())
    }

    /// Reads `upl_...`; `None` for any other text.
    pub fn parse(text: &str) -> Option<Self> {
        let name = text.strip_prefix("upl_")?;
        RecordingId::parse(&format!("rec_{name}")).map(|id| Self(id.name().to_owned()))
    }

    /// Where its bytes are, from `at` on.
    pub fn key(&self, at: u64) -> String {
        format!("{}{at:012}", self.prefix())
    }

    /// Where it is kept what had been read of it when the slice of a number began.
    pub fn checkpoint(&self, slice: u32) -> String {
        format!("{}slice-{slice}", self.prefix())
    }

    /// What the keys of its bytes begin with.
    pub fn prefix(&self) -> String {
        format!("upl/{self}/")
    }
}

impl fmt::Display for UploadId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "upl_{}", self.0)
    }
}

/// What an upload is to others.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Kind {
    /// Whole by itself.
    Alone,
    /// To be joined with others; true once it was.
    Partial(bool),
    /// Joined from others.
    Final,
}

/// Stored bytes of an upload.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Part {
    /// The key of the object that they are.
    pub key: String,
    /// How many.
    pub len: u64,
}

/// One upload, but for its bytes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Upload {
    /// Its bytes in the end, where that is known.
    pub len: Option<u64>,
    /// Bytes that are there.
    pub offset: u64,
    /// `Upload-Metadata` as it was given.
    pub metadata: Option<String>,
    /// What it is to others.
    pub kind: Kind,
    /// `Upload-Concat` of a final one, as it was given.
    pub concat: Option<String>,
    /// Most bytes that it may have.
    pub most: u64,
    /// When it goes, where nothing is added: Unix seconds.
    pub expires: i64,
}

/// What may be added.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Patched {
    /// Bytes at most.
    pub room: u64,
}

impl Upload {
    /// A new one; `now` in Unix seconds, `most` the bytes that it may have.
    ///
    /// # Errors
    /// [`Code::TooLarge`].
    pub fn new(
        creation: &Creation,
        concat: Option<String>,
        most: Option<u64>,
        now: i64,
    ) -> Result<Self, ApiError> {
        let most = most.unwrap_or(MAX_SIZE).min(MAX_SIZE);
        check_length(creation.len, most)?;
        Ok(Self {
            len: creation.len,
            offset: 0,
            metadata: creation.metadata.clone(),
            kind: match creation.joining {
                Joining::Alone => Kind::Alone,
                Joining::Partial => Kind::Partial(false),
                Joining::Final(_) => Kind::Final,
            },
            concat: concat.filter(|_| matches!(creation.joining, Joining::Final(_))),
            most,
            expires: now + LIFETIME,
        })
    }

    /// True where all of it is there.
    pub fn is_complete(&self) -> bool {
        self.len == Some(self.offset)
    }

    /// Whether that may be added now; takes the length, where it is told.
    ///
    /// # Errors
    /// [`Code::OffsetMismatch`], [`Code::UploadFinal`], [`Code::BadHeader`], [`Code::TooLarge`].
    pub fn begin(&mut self, addition: &Addition, now: i64) -> Result<Patched, ApiError> {
        if self.kind == Kind::Final {
            return Err(Code::UploadFinal.into());
        }
        if addition.offset != self.offset {
            let detail = format!("It is at {}.", self.offset);
            return Err(
                ApiError::new(Code::OffsetMismatch, detail).with("offset", self.offset.into())
            );
        }
        match (self.len, addition.len) {
            (Some(known), Some(told)) if known != told => {
                let detail = "Upload-Length was told before, and was another.";
                return Err(ApiError::new(Code::BadHeader, detail));
            }
            (None, Some(told)) if told < self.offset => {
                let detail = "Upload-Length is less than what is there.";
                return Err(ApiError::new(Code::BadHeader, detail));
            }
            (None, Some(told)) => {
                check_length(Some(told), self.most)?;
                self.len = Some(told);
            }
            _ => {}
        }
        let room = self.len.unwrap_or(self.most) - self.offset;
        if addition.announced.is_some_and(|announced| announced > room) {
            let detail = format!("It has room for {room} bytes more.");
            return Err(ApiError::new(Code::TooLarge, detail));
        }
        self.expires = now + LIFETIME;
        Ok(Patched { room })
    }

    /// The answer to its creation.
    pub fn created(&self, location: &str) -> Delivery {
        self.answer(201).with("Location", location)
    }

    /// The answer to bytes that were added.
    pub fn patched(&self) -> Delivery {
        self.answer(204)
    }

    /// The answer to the question how far it is.
    pub fn head(&self) -> Delivery {
        let mut answer = self.answer(200).with("Cache-Control", "no-store");
        answer = match self.len {
            Some(len) => answer.with("Upload-Length", len.to_string()),
            None => answer.with("Upload-Defer-Length", "1"),
        };
        if let Some(metadata) = &self.metadata {
            answer = answer.with("Upload-Metadata", metadata);
        }
        match (&self.kind, &self.concat) {
            (Kind::Partial(_), _) => answer.with("Upload-Concat", "partial"),
            (Kind::Final, Some(concat)) => answer.with("Upload-Concat", concat),
            _ => answer,
        }
    }

    fn answer(&self, status: u16) -> Delivery {
        let answer =
            Delivery::new(status, Vec::new()).with("Upload-Offset", self.offset.to_string());
        match self.is_complete() {
            true => answer,
            false => answer.with("Upload-Expires", http_date(self.expires)),
        }
    }
}

fn check_length(len: Option<u64>, most: u64) -> Result<(), ApiError> {
    if len.is_some_and(|len| len > most) {
        let detail = format!("At most {most} bytes are taken.");
        return Err(ApiError::new(Code::TooLarge, detail));
    }
    Ok(())
}

/// Unix seconds as an HTTP date: RFC 9110 §5.6.7.
fn http_date(seconds: i64) -> String {
    let since = Duration::from_secs(u64::try_from(seconds).unwrap_or(0));
    httpdate::fmt_http_date(SystemTime::UNIX_EPOCH + since)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn upload(len: Option<u64>) -> Upload {
        let creation = Creation {
            len,
            metadata: None,
            joining: Joining::Alone,
        };
        Upload::new(&creation, None, Some(1_000), 0).expect("an upload")
    }

    fn addition(offset: u64, announced: Option<u64>, len: Option<u64>) -> Addition {
        Addition {
            offset,
            len,
            announced,
            checksum: None,
        }
    }

    fn code(result: Result<Patched, ApiError>) -> Option<Code> {
        result.err().map(|error| error.code)
    }

    fn header<'a>(answer: &'a Delivery, name: &str) -> Option<&'a str> {
        let mut headers = answer.headers.iter();
        let found = headers.find(|(own, _)| own == name)?;
        Some(found.1.as_str())
    }

    #[test]
    fn an_id_is_read_back() {
        let id = UploadId::from_random([5; 16]);
        assert_eq!(UploadId::parse(&id.to_string()), Some(id.clone()));
        assert!(id.key(1 << 20).starts_with(&id.prefix()));
        assert_eq!(UploadId::parse("upl_x"), None);
    }

    #[test]
    fn bytes_go_where_the_last_ones_ended() {
        let mut own = upload(Some(100));
        assert_eq!(
            own.begin(&addition(0, Some(60), None), 0),
            Ok(Patched { room: 100 })
        );
        own.offset = 60;
        assert_eq!(
            code(own.begin(&addition(0, Some(1), None), 0)),
            Some(Code::OffsetMismatch)
        );
        assert_eq!(
            code(own.begin(&addition(60, Some(41), None), 0)),
            Some(Code::TooLarge)
        );
        assert_eq!(
            own.begin(&addition(60, None, None), 9),
            Ok(Patched { room: 40 })
        );
        assert_eq!(own.expires, 9 + LIFETIME);
        own.offset = 100;
        assert!(own.is_complete());
        assert_eq!(header(&own.head(), "Upload-Expires"), None);
        own.expires = 784_111_777;
        own.len = None;
        assert_eq!(
            header(&own.patched(), "Upload-Expires"),
            Some("Sun, 06 Nov 1994 08:49:37 GMT")
        );
    }

    #[test]
    fn a_length_that_was_put_off_is_told_once() {
        let mut own = upload(None);
        assert_eq!(header(&own.head(), "Upload-Defer-Length"), Some("1"));
        own.offset = 50;
        assert_eq!(
            code(own.begin(&addition(50, None, Some(40)), 0)),
            Some(Code::BadHeader)
        );
        assert_eq!(
            code(own.begin(&addition(50, None, Some(2_000)), 0)),
            Some(Code::TooLarge)
        );
        assert_eq!(
            own.begin(&addition(50, None, Some(60)), 0),
            Ok(Patched { room: 10 })
        );
        assert_eq!(
            code(own.begin(&addition(50, None, Some(61)), 0)),
            Some(Code::BadHeader)
        );
        assert_eq!(header(&own.head(), "Upload-Length"), Some("60"));
    }

    #[test]
    fn what_is_larger_than_allowed_is_not_created() {
        let creation = Creation {
            len: Some(1_001),
            metadata: None,
            joining: Joining::Alone,
        };
        let refused = Upload::new(&creation, None, Some(1_000), 0);
        assert_eq!(refused.err().map(|error| error.code), Some(Code::TooLarge));
    }
}
