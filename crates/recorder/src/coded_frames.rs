//! Which of the frames appended to a source buffer it keeps, and when they are shown: Media
//! Source Extensions, "Coded Frame Processing" and "Reset Parser State".
//!
//! What it drops (outside the append window, after a break before the next keyframe) the viewer
//! cannot see either. Of sound, what lies in the window only in part is kept: browsers trim it.

use std::ops::Range;

use livetape_media::{Sample, SmallMap, Timestamp, TrackConfig, TrackId};

use crate::input::Setting;

/// What the page has set on a source buffer, and how far its frames have come.
#[derive(Debug)]
pub(crate) struct CodedFrames {
    /// `mode` is `sequence`.
    sequence: bool,
    /// The offset in force, in seconds.
    offset: f64,
    /// Append window, in seconds.
    window: Range<f64>,
    /// In sequence mode: where the next frame begins a group, in seconds.
    group_start: Option<f64>,
    /// The latest end of a frame of the group, in seconds.
    group_end: f64,
    tracks: SmallMap<TrackId, Reached>,
}

/// Where a track buffer is.
#[derive(Debug)]
struct Reached {
    /// Decode time and duration of the last frame, in ticks.
    last: Option<(i64, u32)>,
    needs_keyframe: bool,
}

impl Default for Reached {
    fn default() -> Self {
        Self {
            last: None,
            needs_keyframe: true,
        }
    }
}

/// Frames that are kept, one after another.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Kept {
    /// Which of the processed ones.
    pub(crate) frames: Range<usize>,
    /// When the first is decoded, in ticks, offset included.
    pub(crate) decode_time: i64,
}

impl Default for CodedFrames {
    fn default() -> Self {
        Self {
            sequence: false,
            offset: 0.0,
            window: 0.0..f64::INFINITY,
            group_start: None,
            group_end: 0.0,
            tracks: SmallMap::new(),
        }
    }
}

impl CodedFrames {
    /// The page has set something.
    pub(crate) const fn set(&mut self, setting: Setting) {
        match setting {
            Setting::TimestampOffset(seconds) => {
                self.offset = seconds;
                if self.sequence {
                    self.group_start = Some(seconds);
                }
            }
            Setting::Sequence(sequence) => {
                self.sequence = sequence;
                self.group_start = if sequence { Some(self.group_end) } else { None };
            }
            Setting::AppendWindowStart(seconds) => self.window.start = seconds,
            Setting::AppendWindowEnd(seconds) => self.window.end = seconds,
        }
    }

    /// What was appended before is not known: what follows is in the midst of a group.
    pub(crate) const fn join(&mut self) {
        self.group_start = None;
    }

    /// Bytes are appended while `timestampOffset` is this. Inside a group it is the offset the
    /// browser gave the group, whose start may have been missed.
    pub(crate) const fn append_at(&mut self, offset: f64) {
        if self.group_start.is_none() {
            self.offset = offset;
        }
    }

    /// The offset in force, in seconds.
    pub(crate) const fn offset(&self) -> f64 {
        self.offset
    }

    /// `abort()`: what follows begins a segment, and there is no append window any more.
    pub(crate) fn abort(&mut self) {
        self.reset_parser();
        self.window = 0.0..f64::INFINITY;
    }

    /// What follows begins a segment.
    pub(crate) fn reset_parser(&mut self) {
        self.tracks.clear();
        if self.sequence {
            self.group_start = Some(self.group_end);
        }
    }

    /// An init segment has (re)defined a track.
    pub(crate) fn init(&mut self, track: TrackId) {
        let reached = self.tracks.get_or_default(track);
        reached.needs_keyframe = true;
    }

    /// Which of these consecutive frames are kept; times in ticks of the configuration's timescale.
    pub(crate) fn process(
        &mut self,
        track: TrackId,
        config: &TrackConfig,
        decode_time: i64,
        frames: &[Sample],
    ) -> Vec<Kept> {
        let mut kept: Vec<Kept> = Vec::new();
        let mut time = decode_time;
        let mut next = None;
        for (index, frame) in frames.iter().enumerate() {
            let decoded = self.decoded(track, config, time, frame);
            time = time.saturating_add(i64::from(frame.duration));
            if !self.takes(track, config, decoded, frame) {
                continue;
            }
            match kept.last_mut() {
                Some(last) if last.frames.end == index && next == Some(decoded) => {
                    last.frames.end = index + 1;
                }
                _ => kept.push(Kept {
                    frames: index..index + 1,
                    decode_time: decoded,
                }),
            }
            next = Some(decoded.saturating_add(i64::from(frame.duration)));
        }
        kept
    }

    /// When a frame is decoded, offset included. A jump in time begins a group of frames.
    fn decoded(&mut self, track: TrackId, config: &TrackConfig, time: i64, frame: &Sample) -> i64 {
        let seconds = |ticks| Timestamp::new(ticks, config.timescale).seconds();
        let shown = |decoded: i64| decoded.saturating_add(i64::from(frame.composition_offset));
        let mut decoded = self.moved(config, time, shown(time));
        let last = self.tracks.get(&track).and_then(|reached| reached.last);
        let jumps = last.is_some_and(|(last, duration)| {
            decoded < last || decoded.saturating_sub(last) > 2 * i64::from(duration)
        });
        if jumps {
            self.tracks.clear();
            if self.sequence {
                self.group_start = Some(self.group_end);
                decoded = self.moved(config, time, shown(time));
            } else {
                self.group_end = seconds(shown(decoded));
            }
        }
        decoded
    }

    /// A time with the offset; in sequence mode the first frame of a group decides on it.
    fn moved(&mut self, config: &TrackConfig, time: i64, shown: i64) -> i64 {
        if let Some(start) = self.group_start.take() {
            self.offset = start - Timestamp::new(shown, config.timescale).seconds();
            self.group_end = start;
            self.tracks.clear();
        }
        time.saturating_add(Timestamp::from_seconds(self.offset, config.timescale).ticks)
    }

    fn takes(
        &mut self,
        track: TrackId,
        config: &TrackConfig,
        decoded: i64,
        frame: &Sample,
    ) -> bool {
        let limit = |seconds| Timestamp::from_seconds(seconds, config.timescale).ticks;
        let (from, to) = (limit(self.window.start), limit(self.window.end));
        let start = decoded.saturating_add(i64::from(frame.composition_offset));
        let end = start.saturating_add(i64::from(frame.duration));
        let inside = match config.format.is_audio() {
            true => end > from && start < to,
            false => start >= from && end <= to,
        };
        let reached = self.tracks.get_or_default(track);
        reached.needs_keyframe |= !inside;
        if !inside || reached.needs_keyframe && !frame.keyframe {
            return false;
        }
        *reached = Reached {
            last: Some((decoded, frame.duration)),
            needs_keyframe: false,
        };
        let end = Timestamp::new(end, config.timescale).seconds();
        self.group_end = self.group_end.max(end);
        true
    }
}
