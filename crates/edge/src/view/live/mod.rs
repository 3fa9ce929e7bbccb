//! A recording played as a live stream that begins at a moment of one's choice.
//!
//! Everything is a function of the index, the broadcast's start and the time now: nothing is prepared
//! or kept. Round after round the times go on growing; where a round's end and the next one's start do
//! not join exactly, a discontinuity says so.

mod airing;
mod fmp4;
mod program;
mod schedule;
mod ts;

use std::sync::{Arc, OnceLock};

use livetape_hls::{DateTime, Decimal, MediaPlaylist, Segment as HlsSegment, SegmentTag};

use crate::api::{BroadcastInfo, BroadcastPlayback, PatchBroadcast};
use crate::delivery::Delivery;
use crate::encryption::{Encryption, FOLDER, KEY, Keyed};
use crate::error::{ApiError, Code};
use crate::ids::{BroadcastId, ClipId};
use crate::moment::Span;
use crate::recording::Recording;
use crate::route::LiveFile;

pub use airing::{Broadcast, OnAir};
pub(crate) use program::{Piece, Program};
pub(crate) use schedule::Place;
pub(crate) use ts::TsProgram;
pub use ts::TsSegment;

/// A programme with what is made of it when it is first asked for.
#[derive(Debug)]
pub(crate) struct Programme {
    pub(crate) program: Program,
    ts: OnceLock<Option<TsProgram>>,
}

impl Programme {
    fn ts(&self, recording: &Recording) -> Result<&TsProgram, ApiError> {
        let ts = self
            .ts
            .get_or_init(|| TsProgram::new(recording, &self.program));
        ts.as_ref().ok_or_else(|| Code::NoSuchView.into())
    }
}

/// What is on air now.
struct Air<'a> {
    broadcast: &'a Broadcast,
    programme: &'a Programme,
    /// Unix milliseconds.
    now: i64,
}

impl Air<'_> {
    /// Where a segment is that has happened.
    fn place(&self, number: u64) -> Result<Place, ApiError> {
        let schedule = &self.programme.program.schedule;
        self.broadcast.check(schedule, number, self.now)
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
    /// The programme that is made of the recording, or of a range of its time; `None` where there is
    /// nothing.
    pub(crate) fn new_programme(&self, span: Option<&Span>) -> Option<Programme> {
        Some(Programme {
            program: Program::new(self, span)?,
            ts: OnceLock::new(),
        })
    }

    /// A broadcast after a change at `now`, Unix milliseconds.
    ///
    /// # Errors
    /// [`Code::BadRequest`] after very many changes.
    pub fn changed_broadcast(
        &self,
        broadcast: Broadcast,
        patch: &PatchBroadcast,
        now: i64,
    ) -> Result<Broadcast, ApiError> {
        let programme = self.on_air(&broadcast)?;
        broadcast.changed(&programme.program.schedule, patch, now)
    }

    /// What the API tells of a broadcast at `now`, Unix milliseconds; `origin` begins its addresses.
    ///
    /// # Errors
    /// [`Code::NothingRecorded`].
    pub fn broadcast_info(
        &self,
        number: u32,
        broadcast: &Broadcast,
        origin: &str,
        now: i64,
    ) -> Result<BroadcastInfo, ApiError> {
        let programme = self.on_air(broadcast)?;
        let recording = self.meta().id.clone();
        let clip = broadcast.clip.map(|(number, _)| ClipId {
            recording: recording.clone(),
            number,
        });
        let id = BroadcastId { recording, number }.to_string();
        Ok(BroadcastInfo {
            playback: BroadcastPlayback::new(origin, &id),
            id,
            state: broadcast.on_air(&programme.program.schedule, now),
            start: broadcast.start(),
            end: broadcast.end,
            repeat: broadcast.repeat,
            clip: clip.map(|clip| clip.to_string()),
        })
    }

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
        let air = Air {
            broadcast,
            programme: &*self.on_air(broadcast)?,
            now,
        };
        match file {
            LiveFile::Multivariant => self.live_multivariant(),
            LiveFile::Media(kind) => self.live_media(&air, *kind),
            LiveFile::Init(kind, hash) => self.live_init(&air, *kind, hash),
            LiveFile::Segment(kind, number) => self.live_segment(&air, *kind, *number),
            LiveFile::TsMedia => self.ts_playlist(&air),
            LiveFile::TsSegment(number) => self.ts_segment(&air, *number),
            LiveFile::EncryptedSegment(kind, number) => self
                .live_segment(&air, *kind, *number)
                .map(|segment| segment.encrypted(&self.meta().id, *number)),
            LiveFile::EncryptedTsSegment(number) => self
                .ts_segment(&air, *number)
                .map(|segment| segment.encrypted(&self.meta().id, *number)),
            // Made from the edge's secret, which an index does not know.
            LiveFile::Key => Err(Code::NoSuchView.into()),
        }
    }

    fn on_air(&self, broadcast: &Broadcast) -> Result<Arc<Programme>, ApiError> {
        let span = broadcast.clip.map(|(_, span)| span);
        let programme = self.programme(span.as_ref());
        programme.ok_or_else(|| Code::NothingRecorded.into())
    }

    /// The sliding window; `list` says what is in a place.
    fn live_playlist(
        &self,
        air: &Air<'_>,
        version: u64,
        (folder, suffix): (&str, &str),
        list: impl Fn(Place) -> Listed,
    ) -> Result<MediaPlaylist, ApiError> {
        let (broadcast, schedule) = (air.broadcast, &air.programme.program.schedule);
        let available = broadcast.available(schedule, air.now);
        let window = broadcast.window(schedule, available);
        let is_over = broadcast.is_over(schedule, air.now);
        if window.is_empty() {
            // One that was stopped before it began will not begin.
            return Err(if is_over {
                Code::NotOnAir
            } else {
                Code::NotStarted
            }
            .into());
        }
        let encryption = self.meta().gate.encryption;
        let mut keyed = Keyed::Clear;
        let mut map = None;
        let mut segments = Vec::new();
        for number in window.clone() {
            let (place, start) = broadcast.place(schedule, number);
            let listed = list(place);
            let mut tags = Vec::new();
            if broadcast.discontinuity(schedule, number) {
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
                    let millis = start.saturating_add(micros / 1000);
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
        let before = broadcast.discontinuities_before(schedule, window.start);
        Ok(MediaPlaylist {
            version: Some(if has_gaps { version.max(8) } else { version }),
            independent_segments: super::playlist::independent(self.index()),
            target_duration: u64::try_from(schedule.target()).unwrap_or(1),
            media_sequence: window.start,
            discontinuity_sequence: (before > 0).then_some(before),
            segments,
            end_list: is_over,
            ..MediaPlaylist::default()
        })
    }
}
