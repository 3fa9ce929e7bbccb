//! A recording, or a range of its time, as one MP4 file with `moov` first, made of ranges of its
//! objects.

use std::sync::Arc;

use livetape_media::{Timescale, Timestamp};
use livetape_timeline::plan::{Form, Selection, progressive, ranges, split};
use livetape_timeline::{Part, Plan, Timeline};
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

use crate::api::State;
use crate::delivery::{Delivery, pieces};
use crate::digest::hex;
use crate::error::{ApiError, Code};
use crate::range::{Wanted, content_range, none_match, unsatisfiable, wanted_if};
use crate::recording::Recording;
use crate::view::NO_CACHE;

/// A finished file does not change, but for how its header is written: an hour, then ask.
const FINISHED: &str = "public, max-age=3600";

/// The file, planned.
#[derive(Debug)]
pub(crate) struct Mp4View {
    plan: Plan,
    /// Strong: names these bytes and no others.
    etag: String,
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
    /// The query's `start`: seconds from the first picture.
    pub start: Option<String>,
    /// The query's `end`: seconds from the first picture.
    pub end: Option<String>,
    /// The query's `download`: save under this name instead of playing.
    pub download: Option<String>,
    /// A `HEAD` request: ranges do not apply.
    pub head: bool,
}

impl Mp4View {
    /// Plans the whole, or what lies between two moments in seconds from the first picture.
    pub(crate) fn new(
        recording: &Recording,
        start: Option<f64>,
        end: Option<f64>,
    ) -> Result<Self, ApiError> {
        let timeline = recording.index().timeline();
        let nothing = match recording.meta().state {
            State::Recording => Code::NotStarted,
            State::Finished => Code::NothingRecorded,
        };
        let whole = Selection::whole(timeline).ok_or(nothing)?;
        let zero = whole.start;
        let selection = match (start, end) {
            (None, None) => whole,
            (start, end) => {
                let at = |seconds| Timestamp::from_seconds(seconds, Timescale::NANOS).plus(zero);
                let (start, end) = (start.map_or(zero, at), end.map_or(whole.end, at));
                let found = Selection::new(timeline, start.max(zero), end.min(whole.end));
                found.ok_or(Code::NothingRecorded)?
            }
        };
        let parts = split(timeline, &selection, Form::Progressive);
        let [part] = parts.as_slice() else {
            let detail = separately(timeline, &selection, zero);
            return Err(ApiError::new(Code::ConfigurationChange, detail));
        };
        let file = progressive(timeline, part).map_err(|_| nothing)?;
        // The made bytes hold every size and time; with the digests of the objects they say it all.
        let mut hash = Sha256::new();
        for part in file.plan.parts() {
            if let Part::Bytes(bytes) = part {
                hash.update(bytes);
            }
        }
        for (seq, digest) in recording.digests() {
            hash.update(seq.to_be_bytes());
            hash.update(digest.0);
        }
        let tag = hash.finalize();
        Ok(Self {
            plan: file.plan,
            etag: format!("\"{}\"", hex(tag.get(..16).unwrap_or_default())),
        })
    }
}

/// What to ask for instead of a range that one file cannot hold.
fn separately(timeline: &Timeline, selection: &Selection, zero: Timestamp) -> String {
    /// So many ranges are named at most.
    const NAMED: usize = 8;
    let seconds = |time: Timestamp| time.minus(zero).seconds();
    let all = ranges(timeline, selection, Form::Progressive);
    let named = all.iter().take(NAMED).map(|(start, end)| {
        let (start, end) = (seconds(*start), seconds(*end));
        format!("?start={start:.6}&end={end:.6}")
    });
    let named = named.collect::<Vec<_>>().join(", ");
    let more = match all.len().saturating_sub(NAMED) {
        0 => String::new(),
        more => format!(" and {more} more"),
    };
    format!("HLS plays it all; as MP4 each of these is a file: {named}{more}.")
}

/// The seconds of a query parameter.
fn moment(name: &str, text: Option<&String>) -> Result<Option<f64>, ApiError> {
    let Some(text) = text else {
        return Ok(None);
    };
    let seconds = text.parse().ok();
    let seconds = seconds.filter(|seconds: &f64| seconds.is_finite() && *seconds >= 0.0);
    let detail = || format!("{name} is in seconds from the first picture.");
    let wrong = || ApiError::new(Code::BadRequest, detail());
    seconds.map(Some).ok_or_else(wrong)
}

impl Recording {
    /// Answers a request for the whole, or a range of its time, as one MP4 file.
    ///
    /// # Errors
    /// [`Code::BadRequest`], [`Code::NotStarted`], [`Code::NothingRecorded`],
    /// [`Code::ConfigurationChange`] with ranges that can be had;
    /// [`Code::RangeNotSatisfiable`] is an answer, with its `Content-Range`, not an error here.
    pub fn video_mp4(&self, request: &Mp4Request) -> Result<Delivery, ApiError> {
        let start = moment("start", request.start.as_ref())?;
        let end = moment("end", request.end.as_ref())?;
        let view = match (start, end) {
            (None, None) => self.mp4()?,
            _ => Arc::new(Mp4View::new(self, start, end)?),
        };
        let len = view.plan.len();
        let range = request.range.as_deref().filter(|_| !request.head);
        let wanted = wanted_if(range, request.if_range.as_deref(), &view.etag, len);
        let delivery = if none_match(request.if_none_match.as_deref(), &view.etag) {
            Delivery::new(304, Vec::new())
        } else {
            match wanted {
                Wanted::Whole => Delivery::new(200, pieces(&self.meta().id, &view.plan)),
                Wanted::Part(part) => {
                    let sliced = view.plan.slice(part.clone());
                    Delivery::new(206, pieces(&self.meta().id, &sliced))
                        .with("Content-Range", content_range(&part, len))
                }
                Wanted::Unsatisfiable => return Ok(refusal(len)),
            }
        };
        let cache = match self.meta().state {
            State::Recording => NO_CACHE,
            State::Finished => FINISHED,
        };
        let delivery = delivery
            .with("Content-Type", "video/mp4")
            .with("Accept-Ranges", "bytes")
            .with("ETag", view.etag.clone())
            .with("Cache-Control", cache);
        Ok(match &request.download {
            None => delivery,
            Some(name) => delivery.with("Content-Disposition", attachment(name)),
        })
    }
}

/// 416 with the length that the file has, RFC 9110 §14.4.
fn refusal(len: u64) -> Delivery {
    let error = unsatisfiable(len);
    let body = crate::delivery::Piece::Bytes(error.body().into_bytes());
    Delivery::new(error.code.status(), vec![body])
        .with("Content-Type", "application/json")
        .with("Content-Range", format!("bytes */{len}"))
}

/// RFC 6266, with the name in plain characters and, where it has others, encoded besides.
fn attachment(name: &str) -> String {
    let name: String = name
        .chars()
        .filter(|letter| !letter.is_control())
        .take(100)
        .collect();
    let name = match name.trim() {
        "" => "video.mp4".to_owned(),
        name if name.to_ascii_lowercase().ends_with(".mp4") => name.to_owned(),
        name => format!("{name}.mp4"),
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
            attachment("my goal"),
            "attachment; filename=\"my goal.mp4\"; filename*=UTF-8''my%20goal.mp4"
        );
        assert_eq!(
            attachment("a\"; x=\r\n\"b.MP4"),
            "attachment; filename=\"a__ x__b.MP4\"; filename*=UTF-8''a%22%3B%20x%3D%22b.MP4"
        );
        assert!(attachment("录像").contains("filename*=UTF-8''%E5%BD%95%E5%83%8F.mp4"));
        assert!(attachment("").contains("filename=\"video.mp4\""));
    }
}
