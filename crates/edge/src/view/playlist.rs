//! A recording by HLS, as it grows and when it is finished, on the same address.

use livetape_hls::{
    DateTime, Decimal, Map, MediaPlaylist, MultivariantItem, MultivariantPlaylist, PlaylistType,
    Resolution, Segment as HlsSegment, SegmentTag, StreamInf, Variant,
};
use livetape_media::{Format, Timestamp, TrackConfig};
use livetape_timeline::{Timeline, Track};

use crate::api::State;
use crate::delivery::Delivery;
use crate::error::{ApiError, Code};
use crate::index::{Entry, Index, Segment, micros};
use crate::object::MAIN_LANE;
use crate::recording::Recording;

use super::{media_delivery, multivariant_delivery};

/// Seconds. Recorders cut objects at the first keyframe after 2 s; longer than this is refused.
const TARGET_DURATION: u64 = 6;
/// An object that is missing is waited for this long, in milliseconds, after a later one was stored:
/// objects sent side by side may arrive in any order.
const PATIENCE_MILLIS: i64 = 10_000;
/// EXT-X-MAP in a playlist with whole segments, RFC 8216bis §8; EXT-X-GAP needs 8.
pub(crate) const VERSION: u64 = 7;
const VERSION_WITH_GAPS: u64 = 8;

impl Recording {
    /// `index.m3u8`: the one variant with what a player wants to know before it begins.
    ///
    /// # Errors
    /// [`Code::NotStarted`], [`Code::NothingRecorded`].
    pub fn multivariant(&self) -> Result<Delivery, ApiError> {
        self.check_started()?;
        let timeline = self.index().timeline();
        let info = StreamInf {
            codecs: Some(codecs(timeline.tracks().iter())),
            ..stream_inf(self.index(), timeline, |entry| entry.size)
        };
        let playlist = MultivariantPlaylist {
            version: Some(VERSION),
            independent_segments: independent(self.index()),
            items: vec![MultivariantItem::Variant(Box::new(Variant {
                info,
                uri: "media.m3u8".to_owned(),
            }))],
            ..MultivariantPlaylist::default()
        };
        Ok(multivariant_delivery(&playlist))
    }

    /// `media.m3u8` at `now`, Unix milliseconds: grows at its end until the recording is finished.
    ///
    /// # Errors
    /// [`Code::NotStarted`], [`Code::NothingRecorded`].
    pub fn media_playlist(&self, now: i64) -> Result<Delivery, ApiError> {
        self.check_started()?;
        let playlist = self.media(now);
        if playlist.segments.is_empty() {
            return Err(Code::NotStarted.into());
        }
        Ok(media_delivery(&playlist))
    }

    fn check_started(&self) -> Result<(), ApiError> {
        match (self.index().entries().is_empty(), self.meta().state) {
            (false, _) => Ok(()),
            (true, State::Recording) => Err(Code::NotStarted.into()),
            (true, State::Finished) => Err(Code::NothingRecorded.into()),
        }
    }

    fn media(&self, now: i64) -> MediaPlaylist {
        let finished = self.meta().state == State::Finished;
        let all = self.index().segments();
        let listed = if finished {
            all.len()
        } else {
            settled(&all, now)
        };
        let mut map = None;
        let segments: Vec<_> = all
            .iter()
            .take(listed)
            .map(|segment| hls_segment(segment, &mut map))
            .collect();
        let has_gaps = segments.iter().any(HlsSegment::is_gap);
        MediaPlaylist {
            version: Some(if has_gaps { VERSION_WITH_GAPS } else { VERSION }),
            independent_segments: independent(self.index()),
            target_duration: TARGET_DURATION,
            playlist_type: Some(PlaylistType::Event),
            segments,
            end_list: finished,
            ..MediaPlaylist::default()
        }
    }
}

/// How many segments are certain: up to the first missing one that may still come.
fn settled(all: &[Segment<'_>], now: i64) -> usize {
    let mut given_up = false;
    let mut certain = all.len();
    for (position, segment) in all.iter().enumerate().rev() {
        match segment {
            Segment::Stored { entry, .. } => {
                given_up |= now.saturating_sub(entry.stored) >= PATIENCE_MILLIS;
            }
            Segment::Missing { .. } if !given_up => certain = position,
            Segment::Missing { .. } => {}
        }
    }
    certain
}

fn hls_segment(segment: &Segment<'_>, map: &mut Option<String>) -> HlsSegment {
    let duration = Decimal::from_micros(segment.duration());
    match segment {
        Segment::Missing { seq, .. } => HlsSegment {
            tags: vec![SegmentTag::Gap],
            ..HlsSegment::new(format!("{MAIN_LANE}/{seq}.m4s"), duration)
        },
        Segment::Stored {
            entry,
            discontinuity,
            ..
        } => {
            let mut tags = Vec::new();
            if *discontinuity {
                tags.push(SegmentTag::Discontinuity);
            }
            let uri = format!("init-{}.mp4", entry.config);
            if map.as_ref() != Some(&uri) {
                tags.push(SegmentTag::Map(Map::new(uri.clone())));
                *map = Some(uri);
            }
            if let Some(millis) = entry.wall_clock {
                let date = DateTime::from_unix_millis(millis);
                tags.push(SegmentTag::ProgramDateTime(date));
            }
            HlsSegment {
                tags,
                ..HlsSegment::new(format!("{MAIN_LANE}/{}.m4s", entry.seq), duration)
            }
        }
    }
}

pub(crate) fn independent(index: &Index) -> bool {
    index.entries().iter().all(|entry| entry.independent)
}

/// Bit rates, picture size and frame rate; `size` is what is sent of an object.
pub(crate) fn stream_inf(
    index: &Index,
    timeline: &Timeline,
    size: impl Fn(&Entry) -> u64,
) -> StreamInf {
    let rate = |bytes: u64, duration: i64| {
        let bits = u128::from(bytes) * 8 * 1_000_000;
        u64::try_from(bits.div_ceil(u128::from(duration.max(1).unsigned_abs()))).unwrap_or(u64::MAX)
    };
    let length = |entry: &Entry| micros(entry.end()) - micros(entry.start);
    let entries = index.entries();
    let peak = entries
        .iter()
        .map(|entry| rate(size(entry), length(entry)))
        .max();
    let bytes = entries.iter().map(&size).sum();
    let video = timeline.video();
    StreamInf {
        bandwidth: peak,
        average_bandwidth: Some(rate(bytes, entries.iter().map(length).sum())),
        resolution: video
            .and_then(Track::config)
            .and_then(|config| resolution(config)),
        frame_rate: video.and_then(frame_rate),
        ..StreamInf::new()
    }
}

fn resolution(config: &TrackConfig) -> Option<Resolution> {
    match config.format {
        Format::Video { width, height } => Some(Resolution {
            width: u64::from(width),
            height: u64::from(height),
        }),
        _ => None,
    }
}

/// Pictures a second on average, three digits behind the point.
fn frame_rate(track: &Track) -> Option<Decimal> {
    let numbers = track.numbers();
    let slice = track.slice(numbers)?;
    let ticks = i64::try_from(slice.duration())
        .ok()
        .filter(|ticks| *ticks > 0)?;
    let span = micros(Timestamp::new(ticks, slice.config.timescale));
    let frames = i64::try_from(slice.samples.len()).ok()?;
    Some(Decimal::from_millis(
        (frames.checked_mul(1_000_000_000)? + span / 2) / span.max(1),
    ))
}

/// The tracks' codecs, separated by commas, each once.
pub(crate) fn codecs<'a>(tracks: impl Iterator<Item = &'a Track>) -> String {
    let mut names: Vec<&str> = Vec::new();
    for config in tracks.filter_map(Track::config) {
        let plays = config.format.is_video() || config.format.is_audio();
        if plays && !names.contains(&config.codec.as_str()) {
            names.push(&config.codec);
        }
    }
    names.join(",")
}
