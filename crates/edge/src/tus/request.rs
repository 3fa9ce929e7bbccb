//! What the header of a request says (tus 1.0.0, "Requests" and the extensions' own).

use serde::{Deserialize, Serialize};

use super::checksum::Checksum;
use super::metadata::is_metadata;
use super::upload::UploadId;
use super::{MAX_SIZE, MEDIA_TYPE, VERSION};
use crate::error::{ApiError, Code};

/// Partial uploads that one is joined from, at most.
const MOST_PARTS: usize = 100;

/// Gives the value of a header.
pub trait Header: Fn(&str) -> Option<String> {}
impl<F: Fn(&str) -> Option<String>> Header for F {}

/// Checks that the client speaks this version.
///
/// # Errors
/// [`Code::TusVersion`].
pub fn check_version(header: impl Header) -> Result<(), ApiError> {
    if header("Tus-Resumable").as_deref() == Some(VERSION) {
        return Ok(());
    }
    Err(Code::TusVersion.into())
}

/// What is to be created.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Creation {
    /// Its bytes, where that is known.
    pub len: Option<u64>,
    /// `Upload-Metadata` as it was given.
    pub metadata: Option<String>,
    /// What it is to others.
    pub joining: Joining,
}

/// What an upload is to others (concatenation).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Joining {
    /// Whole by itself.
    Alone,
    /// To be joined with others.
    Partial,
    /// Joined from these, which are complete.
    Final(Vec<String>),
}

impl Creation {
    /// Reads the header of a `POST`.
    ///
    /// # Errors
    /// [`Code::BadHeader`], or [`Code::TooLarge`].
    pub fn read(header: impl Header) -> Result<Self, ApiError> {
        let joining = match header("Upload-Concat").as_deref() {
            None => Joining::Alone,
            Some("partial") => Joining::Partial,
            Some(text) => Joining::Final(parts(text)?),
        };
        let metadata = header("Upload-Metadata").filter(|text| !text.is_empty());
        if metadata.as_deref().is_some_and(|text| !is_metadata(text)) {
            return Err(bad(
                "Upload-Metadata is keys, each once, with values in base64.",
            ));
        }
        let len = match (
            header("Upload-Length"),
            header("Upload-Defer-Length").as_deref(),
        ) {
            (None, None) if matches!(joining, Joining::Final(_)) => None,
            (_, _) if matches!(joining, Joining::Final(_)) => {
                return Err(bad(
                    "A final upload is as long as its parts: it has no Upload-Length.",
                ));
            }
            (Some(len), None) => Some(length(&len)?),
            (None, Some("1")) => None,
            (None, Some(_)) => return Err(bad("Upload-Defer-Length is 1.")),
            _ => {
                return Err(bad(
                    "One of Upload-Length and Upload-Defer-Length: 1 is needed.",
                ));
            }
        };
        Ok(Self {
            len,
            metadata,
            joining,
        })
    }
}

/// Bytes that are to be added.
#[derive(Debug, Clone)]
pub struct Addition {
    /// Where they begin.
    pub offset: u64,
    /// The upload's length, where it is told now.
    pub len: Option<u64>,
    /// How many they are, where that is known.
    pub announced: Option<u64>,
    /// Their sum.
    pub checksum: Option<Checksum>,
}

impl Addition {
    /// Reads the header of a `PATCH`.
    ///
    /// # Errors
    /// [`Code::MediaType`], [`Code::BadHeader`], or [`Code::TooLarge`].
    pub fn read(header: impl Header) -> Result<Self, ApiError> {
        check_media_type(&header)?;
        let offset = header("Upload-Offset").ok_or_else(|| bad("Upload-Offset is needed."))?;
        let offset = number(&offset).ok_or_else(|| bad("Upload-Offset is a number."))?;
        Ok(Self {
            offset,
            ..Self::beginning(&header)?
        })
    }

    /// Reads the header of a `POST` that brings the first bytes.
    ///
    /// # Errors
    /// [`Code::BadHeader`].
    pub fn beginning(header: impl Header) -> Result<Self, ApiError> {
        let checksum = header("Upload-Checksum").map(|text| Checksum::read(&text));
        let len = header("Upload-Length").map(|text| length(&text));
        Ok(Self {
            offset: 0,
            len: len.transpose()?,
            announced: header("Content-Length").as_deref().and_then(number),
            checksum: checksum.transpose()?,
        })
    }
}

/// Checks that a body is said to be bytes of an upload.
///
/// # Errors
/// [`Code::MediaType`].
pub fn check_media_type(header: impl Header) -> Result<(), ApiError> {
    if header("Content-Type").as_deref() == Some(MEDIA_TYPE) {
        return Ok(());
    }
    Err(Code::MediaType.into())
}

/// The ids in `final;/v1/uploads/a /v1/uploads/b`: addresses, whole or without their host.
fn parts(text: &str) -> Result<Vec<String>, ApiError> {
    let list = text.strip_prefix("final;").unwrap_or_default();
    let id = |address: &str| {
        let id = address.rsplit('/').next().and_then(UploadId::parse)?;
        Some(id.to_string())
    };
    let ids: Option<Vec<String>> = list.split_ascii_whitespace().map(id).collect();
    match ids {
        Some(ids) if (1..=MOST_PARTS).contains(&ids.len()) => Ok(ids),
        _ => Err(bad(
            "Upload-Concat is partial, or final; and the addresses of at most 100 partial uploads of this edge.",
        )),
    }
}

fn length(text: &str) -> Result<u64, ApiError> {
    let len = number(text).ok_or_else(|| bad("Upload-Length is a number."))?;
    if len > MAX_SIZE {
        let detail = format!("At most {MAX_SIZE} bytes are taken.");
        return Err(ApiError::new(Code::TooLarge, detail));
    }
    Ok(len)
}

/// A number in digits alone.
fn number(text: &str) -> Option<u64> {
    let digits = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    digits.then(|| text.parse().ok()).flatten()
}

fn bad(detail: &str) -> ApiError {
    ApiError::new(Code::BadHeader, detail)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn header(fields: &'static [(&str, &str)]) -> impl Header {
        |wanted| {
            let mut fields = fields.iter();
            let found = fields.find(|(name, _)| *name == wanted)?;
            Some(found.1.to_owned())
        }
    }

    fn created(fields: &'static [(&str, &str)]) -> Result<Creation, Code> {
        Creation::read(header(fields)).map_err(|error| error.code)
    }

    #[test]
    fn a_length_is_told_or_put_off() {
        let told = created(&[("Upload-Length", "100")]).expect("a length");
        assert_eq!((told.len, told.joining), (Some(100), Joining::Alone));
        let later = created(&[("Upload-Defer-Length", "1")]).expect("no length");
        assert_eq!(later.len, None);
        for fields in [
            &[][..],
            &[("Upload-Defer-Length", "2")],
            &[("Upload-Length", "-1")],
            &[("Upload-Length", "1"), ("Upload-Defer-Length", "1")],
            &[("Upload-Length", "1"), ("Upload-Metadata", "a !")],
        ] {
            assert_eq!(created(fields), Err(Code::BadHeader), "{fields:?}");
        }
        let huge = created(&[("Upload-Length", "99999999999999")]);
        assert_eq!(huge, Err(Code::TooLarge));
    }

    #[test]
    fn parts_are_named_by_their_addresses() {
        const A: &str = "upl_0123456789ABCDEFGHIJKL";
        let two = "final;/v1/uploads/upl_0123456789ABCDEFGHIJKL https://e.example/v1/uploads/upl_0123456789ABCDEFGHIJKL";
        let fields: &'static [(&str, &str)] = Box::leak(Box::new([("Upload-Concat", two)]));
        let made = created(fields).expect("parts");
        assert_eq!(made.joining, Joining::Final(vec![A.to_owned(); 2]));
        assert_eq!(
            created(&[("Upload-Concat", "final;")]),
            Err(Code::BadHeader)
        );
        assert_eq!(
            created(&[("Upload-Concat", "final;/x")]),
            Err(Code::BadHeader)
        );
        assert_eq!(
            created(&[("Upload-Concat", "whole"), ("Upload-Length", "1")]),
            Err(Code::BadHeader)
        );
    }

    #[test]
    fn an_addition_says_where_it_begins_and_what_it_is() {
        let read = |fields| Addition::read(header(fields)).map_err(|error| error.code);
        let kind = ("Content-Type", MEDIA_TYPE);
        let at = read(Box::leak(Box::new([
            kind,
            ("Upload-Offset", "70"),
            ("Content-Length", "30"),
        ])));
        let at = at.expect("an addition");
        assert_eq!((at.offset, at.announced, at.len), (70, Some(30), None));
        let text = read(&[("Content-Type", "text/plain"), ("Upload-Offset", "0")]);
        assert_eq!(text.err(), Some(Code::MediaType));
        for offset in ["", "-1", "+1", "x"] {
            let fields = Box::leak(Box::new([kind, ("Upload-Offset", offset)]));
            assert_eq!(read(fields).err(), Some(Code::BadHeader), "{offset}");
        }
    }

    #[test]
    fn the_version_is_this_one() {
        assert_eq!(check_version(header(&[("Tus-Resumable", "1.0.0")])), Ok(()));
        let other = check_version(header(&[("Tus-Resumable", "0.2.2")]));
        assert_eq!(other.err().map(|error| error.code), Some(Code::TusVersion));
    }
}
