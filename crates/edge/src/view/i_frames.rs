//! Keyframes alone, RFC 8216bis §4.4.3.6: what a player shows while somebody seeks. Each is a
//! fragment of its own, with pictures' own init segment.

use livetape_media::Sample;
use livetape_timeline::Slice;
use livetape_timeline::plan::{FragmentPlan, Lane, init_segment};
use serde::{Deserialize, Serialize};

use crate::delivery::{Delivery, Piece};
use crate::error::{ApiError, Code};
use crate::ids::ConfigHash;
use crate::index::Entry;
use crate::recording::Recording;

use super::IMMUTABLE;

/// Where they are.
pub(crate) const I_FRAMES: &str = "iframes";
/// Bytes of a fragment of one sample besides the sample, rounded up.
const HEADER: u64 = 120;
const TRACK_ID: u32 = 1;

/// A file of keyframes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum IFrameFile {
    /// `iframes/init-{hash}.mp4`
    Init(ConfigHash),
    /// `iframes/{seq}.m4s`
    Object(u32),
}

/// Bytes that are sent of an object's keyframe.
pub(super) fn sent(entry: &Entry) -> u64 {
    entry.keyframe.map_or(0, |bytes| bytes + HEADER)
}

impl Recording {
    /// A file of keyframes.
    ///
    /// # Errors
    /// [`Code::UnknownConfig`], [`Code::UnknownObject`].
    pub fn i_frame_file(&self, file: &IFrameFile) -> Result<Delivery, ApiError> {
        let (body, media_type) = match file {
            IFrameFile::Init(hash) => {
                let mut entries = self.index().entries().iter();
                let lane = entries
                    .find(|entry| entry.config == *hash && entry.keyframe.is_some())
                    .and_then(|entry| self.keyframe(entry));
                let config = lane.ok_or(Code::UnknownConfig)?.slice.config;
                let init = init_segment(&[(TRACK_ID, config)], None);
                (vec![Piece::Bytes(init)], "video/mp4")
            }
            IFrameFile::Object(seq) => {
                let entry = self.index().entry(*seq);
                let lane = entry.and_then(|entry| self.keyframe(entry));
                let lane = lane.ok_or(Code::UnknownObject)?;
                let plan = FragmentPlan::new(seq.saturating_add(1), &[lane]);
                let plan = plan.ok_or(Code::UnknownObject)?.plan;
                (self.pieces(&plan), "video/iso.segment")
            }
        };
        Ok(Delivery::new(200, body)
            .with("Content-Type", media_type)
            .with("Cache-Control", IMMUTABLE))
    }

    /// The keyframe of an object, which lasts as long as the object.
    fn keyframe(&self, entry: &Entry) -> Option<Lane<'_>> {
        entry.keyframe?;
        let track = self.index().timeline().video()?;
        let part = entry.tracks.iter().find(|part| part.track == track.id())?;
        let first = part.numbers.start;
        let slice = track.slice(first..first + 1)?;
        let ticks = entry.duration.rescale(slice.config.timescale).ticks;
        let lasting = |sample: Sample| Sample {
            duration: u32::try_from(ticks).unwrap_or(sample.duration),
            ..sample
        };
        Some(Lane {
            track,
            slice: Slice {
                samples: slice.samples.iter().copied().map(lasting).collect(),
                ..slice
            },
            track_id: TRACK_ID,
            decode_origin: 0,
            presentation_origin: 0,
        })
    }
}
