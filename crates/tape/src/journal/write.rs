//! What is journalled, gathered until it is committed.

use std::sync::Arc;

use livetape_media::{Format, Sample, TimedEvent, Timestamp, TrackConfig, TrackId};
use livetape_timeline::{Extent, Timeline};

use super::crc32::crc32;
use super::{Check, FRAME, MAGIC, Packer, format, kind};

/// The state that a journal begins with, beside the timeline.
#[derive(Debug, Default)]
pub(crate) struct Head {
    /// Unix milliseconds of the timeline's zero.
    pub(crate) zero: Option<i64>,
    /// The owner's note.
    pub(crate) note: Vec<u8>,
}

/// Entries since the last commit, of the journal that is being written.
#[derive(Debug, Default)]
pub(crate) struct Journal {
    pending: Packer,
    /// Configurations since the head.
    configs: Vec<Arc<TrackConfig>>,
}

impl Journal {
    /// Begins with what is known: all that was gathered and is not committed is in it, but for
    /// samples.
    pub(crate) fn begin(&mut self, timeline: &Timeline, head: &Head) {
        *self = Self::default();
        self.pending.number(kind::HEAD);
        let mut end = None;
        for track in timeline.tracks() {
            self.pending.number(kind::TRACK);
            self.pending.number(u64::from(track.id().0));
            self.pending
                .number(track.numbers().end.min(u64::from(u32::MAX)));
            end = end.max(track.end_time());
        }
        if let Some(end) = end {
            if let Some(unix_millis) = timeline.wall_clock_at(end) {
                self.date(end, unix_millis);
            }
        } else {
            for (at, unix_millis) in timeline.dates() {
                self.date(*at, *unix_millis);
            }
        }
        if let Some(zero) = head.zero {
            self.zero(zero);
        }
        // What was announced for later is not in the journals of reels that have gone by then.
        let events = timeline.events().iter();
        for event in events.filter(|event| end.is_none_or(|end| event.time >= end)) {
            self.event(event);
        }
        self.note(&head.note);
    }

    /// Samples with where they are, as [`Timeline::append`] has them, and how many of them it has
    /// left out.
    pub(crate) fn append(
        &mut self,
        id: TrackId,
        config: &Arc<TrackConfig>,
        decode_time: i64,
        (covered, samples): (usize, &[Sample]),
        extents: &[Extent],
    ) {
        let (covered, samples) = samples.split_at_checked(covered).unwrap_or_default();
        let durations = covered.iter().map(|sample| i64::from(sample.duration));
        let decode_time = decode_time.saturating_add(durations.sum());
        let mut skipped = covered.iter().map(|sample| u64::from(sample.size)).sum();
        let config = self.config(config);
        let pending = &mut self.pending;
        pending.number(kind::APPEND);
        pending.number(u64::from(id.0));
        pending.number(config as u64);
        pending.signed(decode_time);
        pending.number(extents.len() as u64);
        for extent in extents {
            let skip = extent.len.min(skipped);
            skipped -= skip;
            pending.number(u64::from(extent.store.0));
            pending.number(extent.offset + skip);
            pending.number(extent.len - skip);
        }
        pending.number(samples.len() as u64);
        for sample in samples {
            pending.number(u64::from(sample.size));
            pending.number(u64::from(sample.duration));
            pending.signed(i64::from(sample.composition_offset));
            pending.number(u64::from(sample.keyframe));
        }
    }

    /// A track's samples from `number` on are there no more.
    pub(crate) fn cut_back(&mut self, id: TrackId, number: u64) {
        self.pending.number(kind::CUT);
        self.pending.number(u64::from(id.0));
        self.pending.number(number);
    }

    /// The number of a configuration, which is written where it is new.
    fn config(&mut self, config: &Arc<TrackConfig>) -> usize {
        let known = self
            .configs
            .iter()
            .rposition(|own| Arc::ptr_eq(own, config));
        if let Some(known) = known {
            return known;
        }
        self.configs.push(Arc::clone(config));
        let pending = &mut self.pending;
        pending.number(kind::CONFIG);
        match config.format {
            Format::Video { width, height } => {
                pending.number(format::VIDEO);
                pending.number(u64::from(width));
                pending.number(u64::from(height));
            }
            Format::Audio {
                sample_rate,
                channels,
            } => {
                pending.number(format::AUDIO);
                pending.number(u64::from(sample_rate));
                pending.number(u64::from(channels));
            }
            Format::Other { handler } => {
                pending.number(format::OTHER);
                pending.raw(&handler.0);
            }
        }
        pending.number(u64::from(config.timescale.get()));
        pending.bytes(&config.sample_entry);
        pending.bytes(config.codec.as_bytes());
        pending.raw(&config.language);
        pending.number(u64::from(config.rotation.degrees()));
        self.configs.len() - 1
    }

    /// A timed event.
    pub(crate) fn event(&mut self, event: &TimedEvent) {
        self.pending.number(kind::EVENT);
        self.time(event.time);
        self.pending.number(u64::from(event.duration.is_some()));
        if let Some(duration) = event.duration {
            self.time(duration);
        }
        self.pending.bytes(event.scheme.as_bytes());
        self.pending.bytes(event.value.as_bytes());
        self.pending.number(u64::from(event.id));
        self.pending.bytes(&event.payload);
    }

    /// When a moment was.
    pub(crate) fn date(&mut self, at: Timestamp, unix_millis: i64) {
        self.pending.number(kind::DATE);
        self.time(at);
        self.pending.signed(unix_millis);
    }

    /// When the timeline's zero was.
    pub(crate) fn zero(&mut self, unix_millis: i64) {
        self.pending.number(kind::ZERO);
        self.pending.signed(unix_millis);
    }

    /// The owner's note.
    pub(crate) fn note(&mut self, note: &[u8]) {
        self.pending.number(kind::NOTE);
        self.pending.bytes(note);
    }

    /// What has been written of the reel.
    pub(crate) fn check(&mut self, check: Check) {
        self.pending.number(kind::CHECK);
        self.pending.number(check.offset);
        self.pending.number(check.len);
        self.pending.number(u64::from(check.sum));
    }

    fn time(&mut self, time: Timestamp) {
        self.pending.signed(time.ticks);
        self.pending.number(u64::from(time.timescale.get()));
    }

    /// Nothing has been gathered.
    pub(crate) const fn is_empty(&self) -> bool {
        self.pending.is_empty()
    }

    /// The bytes to write at `offset` of the journal of a reel that is `length` long; `None` where
    /// it is too much for a commit.
    pub(crate) fn commit(&mut self, offset: u64, length: u64) -> Option<Vec<u8>> {
        self.pending.number(kind::LENGTH);
        self.pending.number(length);
        let body = std::mem::take(&mut self.pending).finish();
        let len = u32::try_from(body.len()).ok()?.to_le_bytes();
        let check = crc32(&[&len, &body]).to_le_bytes();
        let mut bytes = Vec::with_capacity(MAGIC.len() + FRAME + body.len());
        if offset == 0 {
            bytes.extend(MAGIC);
        }
        bytes.extend(len);
        bytes.extend(check);
        bytes.extend(body);
        Some(bytes)
    }
}
