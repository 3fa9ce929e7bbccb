//! A segment of a media playlist, and the tags that go before it.

use livetape_hls::{DateTime, Decimal, Map, Segment as HlsSegment, SegmentTag};

use crate::encryption::{Encryption, FOLDER, KEY, Keyed};
use crate::ids::ConfigHash;
use crate::index::{Entry, Segment};
use crate::object::MAIN_LANE;

use super::cut::Cut;
use super::i_frames::I_FRAMES;
use super::media::MediaKind;

/// A segment of a playlist, which may be a part of an object.
#[derive(Debug, Clone, Copy)]
pub(super) struct Listed<'a> {
    pub(super) segment: Segment<'a>,
    pub(super) cut: Option<Cut>,
    /// Microseconds.
    pub(super) duration: i64,
    /// Microseconds of the object before what is shown.
    pub(super) late: i64,
}

impl<'a> Listed<'a> {
    pub(super) fn whole(segment: &Segment<'a>) -> Self {
        Self {
            segment: *segment,
            cut: None,
            duration: segment.duration(),
            late: 0,
        }
    }
}

impl MediaKind {
    /// Nothing to play; a playlist of keyframes keeps its place, so that segments have the same
    /// numbers in both.
    pub(super) fn is_gap(self, listed: &Listed<'_>) -> bool {
        match (listed.segment, self) {
            (Segment::Missing { .. }, _) => true,
            (Segment::Stored { .. }, Self::Objects) => false,
            (Segment::Stored { entry, .. }, Self::IFrames) => {
                entry.keyframe.is_none() || listed.cut.is_some_and(|cut| cut.from.is_some())
            }
        }
    }
}

/// Writes the segments of one playlist, in order: what the tags before have said is not said again.
pub(super) struct Writer<'a> {
    kind: MediaKind,
    encryption: Encryption,
    map: Option<&'a ConfigHash>,
    keyed: Keyed,
}

impl<'a> Writer<'a> {
    pub(super) fn new(kind: MediaKind, encryption: Encryption) -> Self {
        Self {
            kind,
            encryption,
            map: None,
            keyed: Keyed::Clear,
        }
    }

    /// Leaves out a segment that a player has long known.
    pub(super) fn skip(&mut self, listed: &Listed<'a>) {
        if let Segment::Stored { entry, .. } = listed.segment {
            self.map = Some(&entry.config);
        }
        if self.encryption == Encryption::Aes128 {
            self.keyed = Keyed::Before;
        }
    }

    /// The segment that has the media sequence number `sequence`.
    pub(super) fn segment(
        &mut self,
        listed: &Listed<'a>,
        sequence: u64,
        is_first: bool,
    ) -> HlsSegment {
        let duration = Decimal::from_micros(listed.duration);
        let (entry, discontinuity) = match listed.segment {
            Segment::Stored {
                entry,
                discontinuity,
            } => (entry, discontinuity),
            Segment::Missing { seq, .. } => {
                return HlsSegment {
                    tags: vec![SegmentTag::Gap],
                    ..HlsSegment::new(self.uri(seq, None), duration)
                };
            }
        };
        let mut tags = Vec::new();
        if discontinuity && !is_first {
            tags.push(SegmentTag::Discontinuity);
        }
        self.add_map(entry, &mut tags);
        if self.encryption == Encryption::Aes128 {
            let (number, key) = (u64::from(entry.seq), format!("{FOLDER}/{KEY}"));
            tags.extend(self.keyed.before_segment(number, sequence, &key));
        }
        if let Some(millis) = entry.wall_clock {
            let date = DateTime::from_unix_millis(millis.saturating_add(listed.late / 1_000));
            tags.push(SegmentTag::ProgramDateTime(date));
        }
        if self.kind.is_gap(listed) {
            tags.push(SegmentTag::Gap);
        }
        HlsSegment {
            tags,
            ..HlsSegment::new(self.uri(entry.seq, listed.cut), duration)
        }
    }

    fn add_map(&mut self, entry: &'a Entry, tags: &mut Vec<SegmentTag>) {
        if self.map.is_some_and(|map| *map == entry.config) {
            return;
        }
        let uri = match self.kind {
            MediaKind::Objects => format!("init-{}.mp4", entry.config),
            MediaKind::IFrames => format!("{I_FRAMES}/init-{}.mp4", entry.config),
        };
        tags.extend(self.keyed.before_map());
        tags.push(SegmentTag::Map(Map::new(uri)));
        self.map = Some(&entry.config);
    }

    fn uri(&self, seq: u32, cut: Option<Cut>) -> String {
        let file = match (self.kind, cut) {
            (MediaKind::Objects, Some(cut)) => cut.uri(),
            (MediaKind::Objects, None) => format!("{MAIN_LANE}/{seq}.m4s"),
            (MediaKind::IFrames, _) => format!("{I_FRAMES}/{seq}.m4s"),
        };
        match self.encryption {
            Encryption::None => file,
            Encryption::Aes128 => format!("{FOLDER}/{file}"),
        }
    }
}
