//! A request for something to play of a recording, in terms of its index.

use serde::{Deserialize, Serialize};

use crate::delivery::Delivery;
use crate::error::{ApiError, Code};
use crate::moment::{Span, TimeRange};
use crate::recording::Recording;

use super::cut::Cut;
use super::i_frames::IFrameFile;
use super::media::MediaKind;
use super::mp4::Mp4Request;

/// What is asked for.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ViewRequest {
    /// The range of time that is asked for.
    pub time: TimeRange,
    /// The file.
    pub file: ViewFile,
}

/// A file that is made from the index.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub enum ViewFile {
    /// `index.m3u8`
    Multivariant,
    /// `media.m3u8`, `iframes.m3u8`
    Media {
        /// Which.
        kind: MediaKind,
        /// `_HLS_skip`: the player knows it but for its end.
        skip: bool,
    },
    /// `video.mp4`, `audio.m4a`
    Mp4(Mp4Request),
    /// `main/{seq}.m4s?from=&to=`
    Cut(Cut),
    /// A keyframe, or its init segment.
    IFrame(IFrameFile),
}

impl Recording {
    /// Answers a request at `now`, Unix milliseconds; of `within` alone, where there is that: a clip.
    ///
    /// # Errors
    /// [`Code::NotStarted`], [`Code::NothingRecorded`], [`Code::NoSuchView`], and what goes with
    /// the file.
    pub fn view(
        &self,
        request: &ViewRequest,
        within: Option<&Span>,
        now: i64,
    ) -> Result<Delivery, ApiError> {
        let span = || match request.time.is_whole() {
            true => Ok(within.copied()),
            false => self.span(&request.time, within).map(Some),
        };
        match &request.file {
            ViewFile::Multivariant => {
                span()?;
                self.multivariant(&request.time)
            }
            ViewFile::Media { kind, skip } => {
                self.media_playlist(*kind, span()?.as_ref(), *skip, now)
            }
            ViewFile::Mp4(file) => self.file(file, span()?.as_ref()),
            ViewFile::Cut(cut) => self.cut_object(cut),
            ViewFile::IFrame(file) => self.i_frame_file(file),
        }
    }

    /// Where a range of time lies on the timeline; seconds are counted from the beginning of
    /// `within`, and nothing outside of that is meant, where there is that.
    ///
    /// # Errors
    /// [`Code::NotStarted`]; [`Code::NothingRecorded`], also where it ends before it begins;
    /// [`Code::NoSuchView`] where a date is asked for and none is known.
    pub fn span(&self, range: &TimeRange, within: Option<&Span>) -> Result<Span, ApiError> {
        let zero = match within {
            Some(within) => within.start,
            None => self.zero()?,
        };
        let resolve = |moment| self.resolve(moment, zero);
        let start = range.start.map(resolve).transpose()?;
        let ends = [
            range.end.map(resolve).transpose()?,
            within.and_then(|own| own.end),
        ];
        let span = Span {
            start: start.unwrap_or(zero).max(zero),
            end: ends.into_iter().flatten().min(),
        };
        if span.end.is_some_and(|end| end <= span.start) {
            let detail = "The range ends before it begins, or lies outside of what there is.";
            return Err(ApiError::new(Code::NothingRecorded, detail));
        }
        Ok(span)
    }
}
