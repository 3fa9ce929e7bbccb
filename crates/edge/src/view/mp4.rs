//! A recording, or a range of its time, as one MP4 file with `moov` first, made of ranges of its
//! objects.

use std::ops::Range;

use serde::{Deserialize, Serialize};

use crate::api::State;
use crate::delivery::{Delivery, Piece};
use crate::error::ApiError;
use crate::moment::Span;
use crate::range::{Wanted, content_range, none_match, unsatisfiable, wanted_if};
use crate::recording::Recording;
use crate::view::NO_CACHE;

use super::planned::Mp4View;

/// A finished file does not change, but for how its header is written: an hour, then ask.
const FINISHED: &str = "public, max-age=3600";

/// What a file has.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum FileKind {
    /// Everything: `video.mp4`.
    #[default]
    Video,
    /// The sound, as long as the pictures: `audio.m4a`.
    Audio,
}

impl FileKind {
    const fn media_type(self) -> &'static str {
        match self {
            Self::Video => "video/mp4",
            Self::Audio => "audio/mp4",
        }
    }

    const fn extension(self) -> &'static str {
        match self {
            Self::Video => ".mp4",
            Self::Audio => ".m4a",
        }
    }
}

/// The header fields of a request that matter here.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Mp4Request {
    /// `Range`.
    pub range: Option<String>,
    /// `If-Range`.
    pub if_range: Option<String>,
    /// `If-None-Match`.
    pub if_none_match: Option<String>,
    /// What the file has.
    pub kind: FileKind,
    /// The query's `download`: save under this name instead of playing.
    pub download: Option<String>,
    /// A `HEAD` request: ranges do not apply.
    pub head: bool,
}

impl Recording {
    /// Answers a request for the whole, or a range of its time, as one file: `video.mp4` or
    /// `audio.m4a`.
    ///
    /// # Errors
    /// [`Code::NotStarted`](crate::Code::NotStarted), [`Code::NothingRecorded`](crate::Code::NothingRecorded),
    /// [`Code::NoSuchView`](crate::Code::NoSuchView) where it has no sound,
    /// [`Code::ConfigurationChange`](crate::Code::ConfigurationChange) with ranges that can be had;
    /// [`Code::RangeNotSatisfiable`](crate::Code::RangeNotSatisfiable) is an answer, with its `Content-Range`, not an error here.
    pub fn file(&self, request: &Mp4Request, span: Option<&Span>) -> Result<Delivery, ApiError> {
        match span {
            None => self.file_of(request, &*self.whole_file(request.kind)?),
            Some(span) => self.file_of(request, &Mp4View::new(self, Some(span), request.kind)?),
        }
    }

    fn file_of(&self, request: &Mp4Request, view: &Mp4View) -> Result<Delivery, ApiError> {
        let planned = Planned {
            etag: view.etag(),
            len: view.len(),
            state: self.meta().state,
        };
        answer(request, &planned, |part| {
            view.pieces(self, request.kind, part.cloned().unwrap_or(0..view.len()))
        })
    }
}

/// What must be known of a file to answer for it.
pub(super) struct Planned<'a> {
    pub(super) etag: &'a str,
    pub(super) len: u64,
    pub(super) state: State,
}

/// Answers a request for a file; `pieces` gives a range of it, or all.
pub(super) fn answer(
    request: &Mp4Request,
    file: &Planned<'_>,
    pieces: impl Fn(Option<&Range<u64>>) -> Vec<Piece>,
) -> Result<Delivery, ApiError> {
    let range = request.range.as_deref().filter(|_| !request.head);
    let wanted = wanted_if(range, request.if_range.as_deref(), file.etag, file.len);
    let delivery = if none_match(request.if_none_match.as_deref(), file.etag) {
        Delivery::new(304, Vec::new())
    } else {
        match wanted {
            Wanted::Whole => Delivery::new(200, pieces(None)),
            Wanted::Part(part) => Delivery::new(206, pieces(Some(&part)))
                .with("Content-Range", content_range(&part, file.len)),
            Wanted::Unsatisfiable => return Ok(refusal(file.len)),
        }
    };
    let cache = match file.state {
        State::Recording => NO_CACHE,
        State::Finished => FINISHED,
    };
    let delivery = delivery
        .with("Content-Type", request.kind.media_type())
        .with("Accept-Ranges", "bytes")
        .with("ETag", file.etag)
        .with("Cache-Control", cache);
    Ok(match &request.download {
        None => delivery,
        Some(name) => delivery.with(
            "Content-Disposition",
            attachment(name, request.kind.extension()),
        ),
    })
}

/// 416 with the length that the file has, RFC 9110 §14.4.
fn refusal(len: u64) -> Delivery {
    let error = unsatisfiable(len);
    let body = Piece::Bytes(error.body().into_bytes());
    Delivery::new(error.code.status(), vec![body])
        .with("Content-Type", "application/json")
        .with("Content-Range", format!("bytes */{len}"))
}

/// RFC 6266, with the name in plain characters and, where it has others, encoded besides.
fn attachment(name: &str, extension: &str) -> String {
    let name: String = name
        .chars()
        .filter(|letter| !letter.is_control())
        .take(100)
        .collect();
    let name = match name.trim() {
        "" => format!("recording{extension}"),
        name if name.to_ascii_lowercase().ends_with(extension) => name.to_owned(),
        name => format!("{name}{extension}"),
    };
    let plain = |letter: char| {
        let safe = letter.is_ascii_alphanumeric() || " ._-()".contains(letter);
        if safe { letter } else { '_' }
    };
    let ascii: String = name.chars().map(plain).collect();
    let encoded = name.bytes().fold(String::new(), |mut text, byte| {
        use std::fmt::Write as _;
        if byte.is_ascii_alphanumeric() || b"._-".contains(&byte) {
            text.push(char::from(byte));
        } else {
            // Writing to a String does not fail.
            let _ = write!(text, "%{byte:02X}");
        }
        text
    });
    format!("attachment; filename=\"{ascii}\"; filename*=UTF-8''{encoded}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_cannot_break_out_of_the_header() {
        assert_eq!(
            attachment("my goal", ".mp4"),
            "attachment; filename=\"my goal.mp4\"; filename*=UTF-8''my%20goal.mp4"
        );
        assert_eq!(
            attachment("a\"; x=\r\n\"b.MP4", ".mp4"),
            "attachment; filename=\"a__ x__b.MP4\"; filename*=UTF-8''a%22%3B%20x%3D%22b.MP4"
        );
        assert!(attachment("录像", ".mp4").contains("filename*=UTF-8''%E5%BD%95%E5%83%8F.mp4"));
        assert!(attachment("", ".m4a").contains("filename=\"recording.m4a\""));
    }
}
