//! A recording played as a live stream that begins at a moment of one's choice.
//!
//! Everything is a function of the index, the broadcast's start and the time now: nothing is prepared
//! or kept. Round after round the times go on growing; where a round's end and the next one's start do
//! not join exactly, a discontinuity says so.

mod fmp4;
mod program;
mod schedule;
mod ts;

use livetape_hls::{DateTime, Decimal, MediaPlaylist, Segment as HlsSegment, SegmentTag};
use serde::{Deserialize, Serialize};

use crate::delivery::Delivery;
use crate::encryption::{Encryption, FOLDER, KEY, Keyed};
use crate::error::{ApiError, Code};
use crate::recording::Recording;
use crate::route::LiveFile;

pub(crate) use program::{Piece, Program};
pub(crate) use schedule::Place;
pub(crate) use ts::TsProgram;
pub use ts::TsSegment;

/// A broadcast of a recording.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Broadcast {
    /// When it begins, Unix milliseconds.
    pub start: i64,
    /// It begins again at its end, for ever.
    pub repeat: bool,
}

impl Broadcast {
    /// How many segments are on air or were, at `now` in Unix milliseconds.
    fn available(&self, program: &Program, now: i64) -> u64 {
        let elapsed = now.saturating_sub(self.start).saturating_mul(1000);
        program.schedule.available(elapsed, self.repeat)
    }

    /// Checks that a segment has happened.
    fn check(&self, program: &Program, number: u64, now: i64) -> Result<Place, ApiError> {
        if number < self.available(program, now) {
            Ok(program.schedule.place(number))
        } else {
            Err(Code::NotOnAir.into())
        }
    }
}

/// One entry of a live playlist.
struct Listed {
    /// Microseconds.
    duration: i64,
    /// Microseconds since the start of the broadcast; `None` where there is no media.
    since_start: Option<i64>,
    /// Address of the init segment.
    map: Option<String>,
}

impl Recording {
    /// Answers a request for a file of a broadcast at `now`, Unix milliseconds.
    ///
    /// # Errors
    /// [`Code::NotStarted`] before the first segment is over, [`Code::NotOnAir`] for a segment that is
    /// not over yet, [`Code::NoSuchView`] for media that cannot be played that way,
    /// [`Code::UnknownConfig`], [`Code::NothingRecorded`].
    pub fn live(
        &self,
        broadcast: &Broadcast,
        file: &LiveFile,
        now: i64,
    ) -> Result<Delivery, ApiError> {
        match file {
            LiveFile::Multivariant => self.live_multivariant(),
            LiveFile::Media(kind) => self.live_media(broadcast, *kind, now),
            LiveFile::Init(kind, hash) => self.live_init(*kind, hash),
            LiveFile::Segment(kind, number) => self.live_segment(broadcast, *kind, *number, now),
            LiveFile::TsMedia => self.ts_playlist(broadcast, now),
            LiveFile::TsSegment(number) => self.ts_segment(broadcast, *number, now),
            LiveFile::EncryptedSegment(kind, number) => self
                .live_segment(broadcast, *kind, *number, now)
                .map(|segment| segment.encrypted(&self.meta().id, *number)),
            LiveFile::EncryptedTsSegment(number) => self
                .ts_segment(broadcast, *number, now)
                .map(|segment| segment.encrypted(&self.meta().id, *number)),
            // Made from the edge's secret, which an index does not know.
            LiveFile::Key => Err(Code::NoSuchView.into()),
        }
    }

    fn on_air(&self) -> Result<&Program, ApiError> {
        self.program().ok_or_else(|| Code::NothingRecorded.into())
    }

    /// The sliding window at `now`; `list` says what is in a place.
    fn live_playlist(
        &self,
        broadcast: &Broadcast,
        now: i64,
        version: u64,
        (folder, suffix): (&str, &str),
        list: impl Fn(Place) -> Listed,
    ) -> Result<MediaPlaylist, ApiError> {
        let program = self.on_air()?;
        let schedule = &program.schedule;
        let available = broadcast.available(program, now);
        let window = schedule.window(available);
        if window.is_empty() {
            return Err(Code::NotStarted.into());
        }
        let encryption = self.meta().gate.encryption;
        let mut keyed = Keyed::Clear;
        let mut map = None;
        let mut segments = Vec::new();
        for number in window.clone() {
            let place = schedule.place(number);
            let listed = list(place);
            let mut tags = Vec::new();
            if schedule.discontinuity(place) {
                tags.push(SegmentTag::Discontinuity);
            }
            if let Some(uri) = listed.map.filter(|uri| map.as_ref() != Some(uri)) {
                tags.extend(keyed.before_map());
                tags.push(SegmentTag::Map(livetape_hls::Map::new(uri.clone())));
                map = Some(uri);
            }
            let uri = match encryption {
                Encryption::None => format!("{number}{suffix}"),
                Encryption::Aes128 => {
                    let key = format!("../{FOLDER}/{KEY}");
                    tags.extend(keyed.before_segment(number, number, &key));
                    format!("../{FOLDER}/{folder}/{number}{suffix}")
                }
            };
            match listed.since_start {
                Some(micros) => {
                    let millis = broadcast.start.saturating_add(micros / 1000);
                    tags.push(SegmentTag::ProgramDateTime(DateTime::from_unix_millis(
                        millis,
                    )));
                }
                None => tags.push(SegmentTag::Gap),
            }
            let duration = Decimal::from_micros(listed.duration);
            let segment = HlsSegment::new(uri, duration);
            segments.push(HlsSegment { tags, ..segment });
        }
        let has_gaps = segments.iter().any(HlsSegment::is_gap);
        let before = schedule.discontinuities_before(schedule.place(window.start));
        Ok(MediaPlaylist {
            version: Some(if has_gaps { version.max(8) } else { version }),
            independent_segments: super::playlist::independent(self.index()),
            target_duration: u64::try_from(schedule.target()).unwrap_or(1),
            media_sequence: window.start,
            discontinuity_sequence: (before > 0).then_some(before),
            segments,
            end_list: !broadcast.repeat && available >= schedule.available(i64::MAX, false),
            ..MediaPlaylist::default()
        })
    }
}
