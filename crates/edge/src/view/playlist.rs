//! The multivariant playlist: what a player wants to know before it begins.

use livetape_hls::{
    Decimal, MultivariantItem, MultivariantPlaylist, Resolution, StreamInf, Variant,
};
use livetape_media::{Format, Timestamp, TrackConfig};
use livetape_timeline::{Timeline, Track};

use crate::delivery::Delivery;
use crate::error::ApiError;
use crate::index::{Entry, Index, micros};
use crate::moment::TimeRange;
use crate::recording::Recording;

use super::multivariant_delivery;

/// Seconds. Recorders cut objects at the first keyframe after 2 s; longer than this is refused.
pub(super) const TARGET_DURATION: u64 = 6;
/// EXT-X-MAP in a playlist with whole segments, RFC 8216bis §8.
pub(crate) const VERSION: u64 = 7;

impl Recording {
    /// `index.m3u8` of the whole, or of a range of time: the one variant.
    ///
    /// # Errors
    /// As [`Recording::span`].
    pub fn multivariant(&self, range: &TimeRange) -> Result<Delivery, ApiError> {
        self.check_started()?;
        self.span(range)?;
        let query = range.query();
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
                uri: format!("media.m3u8{query}"),
            }))],
            ..MultivariantPlaylist::default()
        };
        Ok(multivariant_delivery(&playlist))
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
