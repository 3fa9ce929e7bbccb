//! What the API tells of a recording.

use livetape_media::Format;

use super::Recording;
use crate::api::{ObjectInfo, Playback, RecordingInfo, TrackInfo};
use crate::object::MAIN_LANE;

impl Recording {
    /// All objects by number.
    pub fn objects(&self) -> Vec<ObjectInfo> {
        let info = |(seq, known): (&u32, &super::Known)| ObjectInfo {
            lane: MAIN_LANE.to_owned(),
            seq: *seq,
            size: known.size,
            digest: known.digest.content_digest(),
        };
        self.objects.iter().map(info).collect()
    }

    /// What the API tells of it; `origin` begins its addresses.
    pub fn info(&self, origin: &str) -> RecordingInfo {
        let id = self.meta.id.to_string();
        RecordingInfo {
            playback: Playback::new(origin, &id),
            id,
            state: self.meta.state,
            title: self.meta.title.clone(),
            metadata: self.meta.metadata.clone(),
            review: self.meta.gate.review,
            access: self.meta.gate.access,
            encryption: self.meta.gate.encryption,
            origins: self.meta.gate.origins.clone(),
            derived_from: self.meta.provenance.derived_from.clone(),
            retention: self.meta.retention,
            created: self.meta.created,
            from: self.kept_from(),
            duration: self.duration().seconds(),
            objects: self.objects.len(),
            bytes: self.bytes(),
            tracks: self.tracks(),
        }
    }

    fn tracks(&self) -> Vec<TrackInfo> {
        let tracks = self.index.timeline().tracks().iter();
        let described = tracks.filter_map(|track| {
            let config = track.config()?;
            let (mut width, mut height, mut sample_rate, mut channels) = (None, None, None, None);
            let kind = match config.format {
                Format::Video {
                    width: across,
                    height: down,
                } => {
                    (width, height) = (Some(across), Some(down));
                    "video".to_owned()
                }
                Format::Audio {
                    sample_rate: rate,
                    channels: count,
                } => {
                    (sample_rate, channels) = (Some(rate), Some(count));
                    "audio".to_owned()
                }
                Format::Other { handler } => handler.to_string(),
            };
            let numbers = track.numbers();
            Some(TrackInfo {
                kind,
                codec: config.codec.clone(),
                samples: numbers.end - numbers.start,
                width,
                height,
                sample_rate,
                channels,
            })
        });
        described.collect()
    }
}
