//! A broadcast as fragmented MP4: pictures and sound as renditions of their own.

use livetape_hls::{Media, MediaType, MultivariantItem, MultivariantPlaylist, StreamInf, Variant};
use livetape_media::Format;
use livetape_timeline::plan::{FragmentPlan, Lane, init_segment};

use super::program::track;
use super::{Air, Listed, Piece, Place, Program};
use crate::delivery::{Delivery, Piece as BodyPiece};
use crate::error::{ApiError, Code};
use crate::ids::ConfigHash;
use crate::recording::Recording;
use crate::route::LiveTrack;
use crate::view::playlist::{VERSION, codecs, independent, stream_inf};
use crate::view::{IMMUTABLE, media_delivery, multivariant_delivery};

const GROUP: &str = "audio";
const TRACK_ID: u32 = 1;

impl Recording {
    /// `index.m3u8` of a broadcast.
    pub(super) fn live_multivariant(&self) -> Result<Delivery, ApiError> {
        let timeline = self.index().timeline();
        let (video, audio) = (timeline.video(), timeline.audio());
        let mut info = StreamInf {
            codecs: Some(codecs(video.into_iter().chain(audio))),
            ..stream_inf(self.index(), self.meta().limits.target())
        };
        let mut items = Vec::new();
        if let (Some(_), Some(config)) = (video, audio.and_then(|track| track.config())) {
            let mut media = Media::new(MediaType::Audio, GROUP, "Audio");
            media.uri = Some("audio/index.m3u8".to_owned());
            media.default = Some(true);
            media.autoselect = Some(true);
            if let Format::Audio { channels, .. } = config.format {
                media.channels = Some(channels.to_string());
            }
            items.push(MultivariantItem::Media(Box::new(media)));
            info.audio = Some(GROUP.to_owned());
        }
        let main = if video.is_some() { "video" } else { "audio" };
        items.push(MultivariantItem::Variant(Box::new(Variant {
            info,
            uri: format!("{main}/index.m3u8"),
        })));
        Ok(multivariant_delivery(&MultivariantPlaylist {
            version: Some(VERSION),
            independent_segments: independent(self.index()),
            items,
            ..MultivariantPlaylist::default()
        }))
    }

    /// `video/index.m3u8` or `audio/index.m3u8` of a broadcast.
    pub(super) fn live_media(&self, air: &Air<'_>, kind: LiveTrack) -> Result<Delivery, ApiError> {
        let program = &air.programme.program;
        track(self.index().timeline(), kind).ok_or(Code::NoSuchView)?;
        let list = |place: Place| match program.piece(self.index(), place, kind) {
            Some(piece) => Listed {
                duration: piece.duration(),
                since_start: Some(piece.since_start),
                map: self
                    .config_in(program, place)
                    .map(|hash| format!("init-{hash}.mp4")),
            },
            None => Listed {
                duration: program.schedule.slot(place).map_or(0, |slot| slot.duration),
                since_start: None,
                map: None,
            },
        };
        let playlist = self.live_playlist(air, VERSION, (kind.folder(), ".m4s"), list)?;
        Ok(media_delivery(&playlist))
    }

    fn config_in(&self, program: &Program, place: Place) -> Option<&ConfigHash> {
        program
            .entry(self.index(), place)
            .map(|entry| &entry.config)
    }

    /// The init segment of one track of a configuration.
    pub(super) fn live_init(
        &self,
        air: &Air<'_>,
        kind: LiveTrack,
        hash: &ConfigHash,
    ) -> Result<Delivery, ApiError> {
        let program = &air.programme.program;
        let mut places = program.places();
        let found = places.find_map(|place| {
            let same = self.config_in(program, place) == Some(hash);
            same.then(|| program.piece(self.index(), place, kind))
                .flatten()
        });
        let piece = found.ok_or(Code::UnknownConfig)?;
        let init = init_segment(&[(TRACK_ID, piece.slice.config)], None);
        Ok(Delivery::new(200, vec![BodyPiece::Bytes(init)])
            .with("Content-Type", "video/mp4")
            .with("Cache-Control", IMMUTABLE))
    }

    /// One track's fragment of a segment.
    pub(super) fn live_segment(
        &self,
        air: &Air<'_>,
        kind: LiveTrack,
        number: u64,
    ) -> Result<Delivery, ApiError> {
        let program = &air.programme.program;
        let place = air.place(number)?;
        let piece = program
            .piece(self.index(), place, kind)
            .ok_or(Code::NotOnAir)?;
        // Sequence numbers only have to grow from one fragment to the next.
        let plan = fragment(piece, number as u32 + 1).ok_or(Code::NotOnAir)?;
        Ok(Delivery::new(200, self.pieces(&plan.plan))
            .with("Content-Type", "video/iso.segment")
            .with("Cache-Control", IMMUTABLE))
    }
}

fn fragment(piece: Piece<'_>, sequence_number: u32) -> Option<FragmentPlan> {
    let lane = Lane {
        track: piece.track,
        slice: piece.slice,
        track_id: TRACK_ID,
        decode_origin: piece.shift.saturating_neg(),
        presentation_origin: piece.shift.saturating_neg(),
    };
    FragmentPlan::new(sequence_number, &[lane])
}
