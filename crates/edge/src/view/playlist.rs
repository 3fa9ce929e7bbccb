//! The multivariant playlist: what a player wants to know before it begins.

use livetape_hls::{
    IFrameStreamInf, MultivariantItem, MultivariantPlaylist, Resolution, StreamInf, Variant,
};
use livetape_media::{Format, TrackConfig};
use livetape_timeline::Track;

use crate::delivery::Delivery;
use crate::error::ApiError;
use crate::index::Index;
use crate::moment::TimeRange;
use crate::recording::Recording;

use super::rates::{frame_rate, rates};
use super::{i_frames, multivariant_delivery};

/// Seconds. Recorders cut objects at the first keyframe after 4 s, the first few after 2 s; what would round to more
/// than this is refused.
pub(super) const TARGET_DURATION: u64 = 6;
/// EXT-X-MAP in a playlist with whole segments, RFC 8216bis §8.
pub(crate) const VERSION: u64 = 7;

impl Recording {
    /// `index.m3u8` of the whole, or of a range of time: the one variant, and its keyframes alone.
    ///
    /// # Errors
    /// [`Code::NotStarted`](crate::Code::NotStarted),
    /// [`Code::NothingRecorded`](crate::Code::NothingRecorded).
    pub fn multivariant(&self, range: &TimeRange) -> Result<Delivery, ApiError> {
        self.check_started()?;
        let query = range.query();
        let info = StreamInf {
            codecs: Some(codecs(self.index().timeline().tracks().iter())),
            ..stream_inf(self.index())
        };
        let keyframes = i_frame_inf(self.index(), &query);
        let keyframes = keyframes.map(|info| MultivariantItem::IFrameVariant(Box::new(info)));
        let whole = MultivariantItem::Variant(Box::new(Variant {
            info,
            uri: format!("media.m3u8{query}"),
        }));
        let playlist = MultivariantPlaylist {
            version: Some(VERSION),
            independent_segments: independent(self.index()),
            items: keyframes.into_iter().chain([whole]).collect(),
            ..MultivariantPlaylist::default()
        };
        Ok(multivariant_delivery(&playlist))
    }
}

pub(crate) fn independent(index: &Index) -> bool {
    index.entries().iter().all(|entry| entry.independent)
}

/// Bit rates, picture size and frame rate.
pub(crate) fn stream_inf(index: &Index) -> StreamInf {
    let rates = rates(index, |entry| entry.size);
    StreamInf {
        bandwidth: Some(rates.peak),
        average_bandwidth: Some(rates.average),
        resolution: picture_size(index),
        frame_rate: frame_rate(index),
        ..StreamInf::new()
    }
}

/// The keyframes, where there are pictures.
fn i_frame_inf(index: &Index, query: &str) -> Option<IFrameStreamInf> {
    let video = index.timeline().video()?;
    let rates = rates(index, i_frames::sent);
    Some(IFrameStreamInf {
        bandwidth: Some(rates.peak),
        average_bandwidth: Some(rates.average),
        codecs: Some(codecs(std::iter::once(video))),
        resolution: picture_size(index),
        ..IFrameStreamInf::new(format!("iframes.m3u8{query}"))
    })
}

fn picture_size(index: &Index) -> Option<Resolution> {
    resolution(index.timeline().video()?.config()?)
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
