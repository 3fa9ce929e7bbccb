//! A request for something to play of a recording, in terms of its index.

use serde::{Deserialize, Serialize};

use crate::delivery::Delivery;
use crate::error::{ApiError, Code};
use crate::gate::Form;
use crate::ids::RecordingId;
use crate::index::micros;
use crate::moment::{Span, TimeRange};
use crate::recording::Recording;

use super::cut::Cut;
use super::i_frames::IFrameFile;
use super::media::MediaKind;
use super::mp4::{FileKind, Mp4Request};

/// What is asked for.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ViewRequest {
    /// The range of time that is asked for.
    pub time: TimeRange,
    /// The file.
    pub file: ViewFile,
    /// It is asked for encrypted.
    #[serde(default)]
    pub encrypted: bool,
}

impl ViewRequest {
    /// In which form media is asked for; `None` where it is not media, or the same in all.
    pub const fn form(&self) -> Option<Form> {
        match (&self.file, self.encrypted) {
            (ViewFile::Cut(_) | ViewFile::IFrame(IFrameFile::Object(_)), true) => {
                Some(Form::Encrypted)
            }
            (ViewFile::Cut(_) | ViewFile::IFrame(IFrameFile::Object(_)), false) => {
                Some(Form::Clear)
            }
            (ViewFile::Mp4(_), _) => Some(Form::File),
            _ => None,
        }
    }

    /// A segment in the form that is asked for.
    fn sealed(&self, segment: Delivery, id: &RecordingId, seq: u32) -> Delivery {
        match self.encrypted {
            true => segment.encrypted(id, u64::from(seq)),
            false => segment,
        }
    }
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
    /// `main/{seq}.m4s?from=&to=`; the whole object where both are absent.
    Cut(Cut),
    /// A keyframe, or its init segment.
    IFrame(IFrameFile),
}

impl ViewRequest {
    /// The request for `video.mp4` as a whole, if that is what it is.
    pub fn whole_video(&self) -> Option<&Mp4Request> {
        match &self.file {
            ViewFile::Mp4(request) if request.kind == FileKind::Video => {
                self.time.is_whole().then_some(request)
            }
            _ => None,
        }
    }
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
            ViewFile::Mp4(file) => {
                let span = match span()? {
                    Some(span) => Some(span),
                    None => self.left()?,
                };
                self.file(file, span.as_ref())
            }
            ViewFile::Cut(cut) => {
                self.check_within(cut, within)?;
                Ok(request.sealed(self.cut_object(cut)?, &self.meta().id, cut.seq))
            }
            ViewFile::IFrame(file @ IFrameFile::Init(_)) => self.i_frame_file(file),
            ViewFile::IFrame(file @ IFrameFile::Object(seq)) => {
                self.check_within(&Cut::whole(*seq), within)?;
                Ok(request.sealed(self.i_frame_file(file)?, &self.meta().id, *seq))
            }
        }
    }

    /// What is left where something is evicted.
    fn left(&self) -> Result<Option<Span>, ApiError> {
        if self.meta().evicted.before == 0 {
            return Ok(None);
        }
        let first = self.listed().next().ok_or_else(|| self.nothing())?;
        Ok(Some(Span {
            start: micros(first.start),
            end: None,
        }))
    }

    /// Checks that what is shown of an object lies within a range of time, where there is one.
    fn check_within(&self, cut: &Cut, within: Option<&Span>) -> Result<(), ApiError> {
        /// Microseconds: both are rounded.
        const NEAR: i64 = 1_000;
        let Some(within) = within else {
            return Ok(());
        };
        let entry = self.index().entry(cut.seq).ok_or(Code::UnknownObject)?;
        let from = micros(entry.start).max(cut.from.unwrap_or(i64::MIN));
        let to = micros(entry.end()).min(cut.to.unwrap_or(i64::MAX));
        let end = within.end.unwrap_or(i64::MAX);
        match from >= within.start.saturating_sub(NEAR) && to <= end.saturating_add(NEAR) {
            true => Ok(()),
            false => Err(Code::PlayTokenScope.into()),
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
        let first = match within {
            Some(_) => zero,
            None => self.left()?.map_or(zero, |left| left.start),
        };
        let span = Span {
            start: start.unwrap_or(first).max(first),
            end: ends.into_iter().flatten().min(),
        };
        if span.end.is_some_and(|end| end <= span.start) {
            let detail = "The range ends before it begins, or lies outside of what there is.";
            return Err(ApiError::new(Code::NothingRecorded, detail));
        }
        Ok(span)
    }
}
