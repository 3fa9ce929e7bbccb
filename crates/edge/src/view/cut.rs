//! An object of which only a part is shown: the first and the last of a range of time. A fragment
//! with a header of its own around payload as it is stored.

use std::ops::Range;

use livetape_media::Timestamp;
use livetape_timeline::plan::{FragmentPlan, Lane, shown_in_fragment};
use livetape_timeline::{Plan, Slice, Track};
use serde::{Deserialize, Serialize};

use crate::delivery::Delivery;
use crate::error::{ApiError, Code};
use crate::index::{Entry, TrackPart, at_micros, read_config};
use crate::object::MAIN_LANE;
use crate::recording::Recording;

use super::IMMUTABLE;

/// What is shown of an object, in microseconds on the recording's timeline.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Cut {
    /// The object's number.
    pub seq: u32,
    /// From the first picture presented then or later; from the object's first where absent.
    pub from: Option<i64>,
    /// Up to here; to the object's end where absent.
    pub to: Option<i64>,
}

impl Cut {
    /// Reads `from` and `to`; `None` where there is neither: then it is the whole object.
    ///
    /// # Errors
    /// [`Code::BadRequest`].
    pub fn read(
        seq: u32,
        query: impl Fn(&str) -> Option<String>,
    ) -> Result<Option<Self>, ApiError> {
        let micros = |name: &str| {
            let number = query(name).map(|text| text.parse::<i64>());
            let detail = || format!("{name} is a number of microseconds.");
            number
                .transpose()
                .map_err(|_| ApiError::new(Code::BadRequest, detail()))
        };
        let (from, to) = (micros("from")?, micros("to")?);
        let cut = Self { seq, from, to };
        Ok((from.is_some() || to.is_some()).then_some(cut))
    }

    /// All of an object.
    pub const fn whole(seq: u32) -> Self {
        Self {
            seq,
            from: None,
            to: None,
        }
    }

    /// What it shows of one of the object's tracks.
    pub(crate) fn slice(&self, track: &Track, part: &TrackPart) -> Option<Slice> {
        let (from, to) = (self.from.map(at_micros), self.to.map(at_micros));
        match track.config()?.format.is_video() {
            true => pictures(track, part, from, to),
            false => sound(track, part, from, to)?,
        }
    }

    /// Its address beside a media playlist.
    pub(crate) fn uri(&self) -> String {
        let (seq, from, to) = (self.seq, self.from, self.to);
        let parameters = [("from", from), ("to", to)].into_iter();
        let parameters = parameters.filter_map(|(name, value)| Some(format!("{name}={}", value?)));
        let parameters: Vec<_> = parameters.collect();
        format!("{MAIN_LANE}/{seq}.m4s?{}", parameters.join("&"))
    }
}

/// What is shown of an object, as a fragment.
pub(crate) struct CutPlan {
    pub(crate) plan: Plan,
    /// Its first time, of decoding or presentation: where players begin to count.
    pub(crate) begins: Timestamp,
}

impl Recording {
    /// `main/{seq}.m4s?from=&to=`, or `main/{seq}.m4s`.
    ///
    /// # Errors
    /// [`Code::UnknownObject`]; [`Code::NoSuchView`] where it cannot be cut there.
    pub fn cut_object(&self, cut: &Cut) -> Result<Delivery, ApiError> {
        let body = match *cut == Cut::whole(cut.seq) {
            true => {
                let size = self.stored_size(cut.seq).ok_or(Code::UnknownObject)?;
                self.stored(cut.seq, 0, size)
            }
            false => {
                let entry = self.index().entry(cut.seq).ok_or(Code::UnknownObject)?;
                self.pieces(&self.cut(entry, cut).ok_or(Code::NoSuchView)?.plan)
            }
        };
        Ok(Delivery::new(200, body)
            .with("Content-Type", "video/iso.segment")
            .with("Cache-Control", IMMUTABLE))
    }

    /// Plans what is shown of an object. The fragment goes with the object's init segment; `None`
    /// where that does not fit: the track's times are counted otherwise, or what decoding needs
    /// has another configuration.
    pub(crate) fn cut(&self, entry: &Entry, cut: &Cut) -> Option<CutPlan> {
        let configs = read_config(self.config(&entry.config)?).ok()?;
        let (from, to) = (cut.from.map(at_micros), cut.to.map(at_micros));
        // Sound begins with the first picture, be it one that is not to be seen.
        let mut sound_from = from;
        let mut lanes = Vec::new();
        for part in &entry.tracks {
            let track = self.index().timeline().track(part.track)?;
            let slice = if track.config()?.format.is_video() {
                let slice = pictures(track, part, from, to)?;
                sound_from = from.map(|_| start(&slice));
                slice
            } else {
                match sound(track, part, sound_from, to)? {
                    Some(slice) => slice,
                    None => continue,
                }
            };
            let own = configs.iter().find(|(source, _)| *source == part.source);
            own.filter(|(_, config)| *config == slice.config)?;
            lanes.push(Lane {
                track,
                slice,
                track_id: part.source.0,
                decode_origin: 0,
                presentation_origin: 0,
            });
        }
        let times = lanes.iter().flat_map(|lane| {
            let decoded = Timestamp::new(lane.slice.decode_time, lane.slice.config.timescale);
            [decoded, start(&lane.slice)]
        });
        Some(CutPlan {
            begins: times.min()?,
            plan: FragmentPlan::new(cut.seq.saturating_add(1), &lanes)?.plan,
        })
    }
}

/// The pictures of an object that are shown between two moments, with those that decoding needs.
fn pictures(
    track: &Track,
    part: &TrackPart,
    from: Option<Timestamp>,
    to: Option<Timestamp>,
) -> Option<Slice> {
    let (begin, shown) = match from {
        Some(from) => {
            let shown = track.shown_from(from)?;
            (track.keyframe_at(shown)?, Some(shown))
        }
        None => (part.numbers.start, None),
    };
    let until = to.map_or(u64::MAX, |to| track.end_without_hole(begin, to));
    let slice = exactly(track, begin..until.min(part.numbers.end))?;
    let shown = shown.unwrap_or_else(|| start(&slice));
    Some(shown_in_fragment(slice, shown, to))
}

/// The sound of an object between two moments; `Some(None)` where there is none.
fn sound(
    track: &Track,
    part: &TrackPart,
    from: Option<Timestamp>,
    to: Option<Timestamp>,
) -> Option<Option<Slice>> {
    let until = to.map_or(part.numbers.end, |end| track.end_before(end));
    let begin = from.map_or(part.numbers.start, |from| track.first_presented_from(from));
    if begin >= until {
        return Some(None);
    }
    exactly(track, begin..until).map(Some)
}

/// Samples of one configuration.
fn exactly(track: &Track, numbers: Range<u64>) -> Option<Slice> {
    let slice = track.slice(numbers.clone())?;
    (slice.numbers == numbers).then_some(slice)
}

fn start(slice: &Slice) -> Timestamp {
    Timestamp::new(slice.presentation_start(), slice.config.timescale)
}
