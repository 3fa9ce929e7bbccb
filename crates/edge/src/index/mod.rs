//! The index of a recording, from the stored objects' own headers.

mod fragment;
mod sealed;
mod segments;

use std::ops::Range;
use std::sync::Arc;

use livetape_media::{Sample, Timescale, Timestamp, TrackConfig, TrackId};
use livetape_timeline::plan::Chunk;
use livetape_timeline::{Extent, StoreId, Timeline, rescaled};

use crate::error::ApiError;
use crate::ids::ConfigHash;
use crate::meta::ObjectRow;

pub(crate) use fragment::{Fragment, StoredRun, read_config};
pub(crate) use sealed::is_current;
pub(crate) use segments::{Segment, at_micros, floor_micros, micros};

/// The samples of one track in an object.
#[derive(Debug, Clone)]
pub(crate) struct TrackPart {
    pub(crate) track: TrackId,
    /// `track_ID` in the object.
    pub(crate) source: TrackId,
    pub(crate) numbers: Range<u64>,
    /// Its chunks in a file, where the object was sealed.
    pub(crate) chunks: Vec<Chunk>,
}

/// One object that is part of the timeline.
#[derive(Debug, Clone)]
pub(crate) struct Entry {
    pub(crate) seq: u32,
    pub(crate) size: u64,
    pub(crate) config: ConfigHash,
    pub(crate) start: Timestamp,
    pub(crate) duration: Timestamp,
    pub(crate) independent: bool,
    /// Bytes of the keyframe that its pictures begin with; `None` where they begin otherwise, or
    /// what is there already.
    pub(crate) keyframe: Option<u64>,
    pub(crate) wall_clock: Option<i64>,
    /// When it was stored, Unix milliseconds.
    pub(crate) stored: i64,
    pub(crate) tracks: Vec<TrackPart>,
}

/// What is known of an object besides its header.
#[derive(Debug, Clone)]
pub(crate) struct Facts {
    pub(crate) seq: u32,
    pub(crate) size: u64,
    pub(crate) config: ConfigHash,
    pub(crate) wall_clock: Option<i64>,
    pub(crate) stored: i64,
}

impl Facts {
    /// What a row says.
    pub(crate) fn of(row: &ObjectRow) -> Self {
        Self {
            seq: row.seq,
            size: row.size,
            config: row.config.clone(),
            wall_clock: row.wall_clock,
            stored: row.stored,
        }
    }
}

/// All objects of a lane on one timeline. An object's [`StoreId`] is its number in the lane.
#[derive(Debug, Default)]
pub(crate) struct Index {
    timeline: Timeline,
    entries: Vec<Entry>,
    known: Vec<Arc<TrackConfig>>,
}

impl Index {
    pub(crate) const fn timeline(&self) -> &Timeline {
        &self.timeline
    }

    /// The objects in order. Those whose samples all lay where others already were are left out.
    pub(crate) fn entries(&self) -> &[Entry] {
        &self.entries
    }

    /// The object of a number; `None` where it is not part of the timeline.
    pub(crate) fn entry(&self, seq: u32) -> Option<&Entry> {
        let found = self.entries.binary_search_by_key(&seq, |entry| entry.seq);
        self.entries.get(found.ok()?)
    }

    /// Appends an object, which must come after all others. Gives what its header said.
    pub(crate) fn append(
        &mut self,
        facts: Facts,
        init: &[u8],
        head: &[u8],
    ) -> Result<(), ApiError> {
        let fragment = Fragment::read(init, head, facts.size, &mut self.known)?;
        let mut ordinals = Ordinals::default();
        let mut tracks: Vec<TrackPart> = Vec::new();
        let mut keyframe = None;
        for run in &fragment.runs {
            let id = ordinals.of(run);
            let numbers = self.append_run(id, run, facts.seq);
            let kept = numbers.end - numbers.start;
            if run.config.format.is_video() && kept == run.samples.len() as u64 {
                let first = run.samples.first().filter(|sample| sample.keyframe);
                keyframe = keyframe.or(first.map(|sample| u64::from(sample.size)));
            }
            if numbers.is_empty() {
                continue;
            }
            match tracks.iter_mut().find(|part| part.track == id) {
                Some(part) => part.numbers.end = numbers.end,
                None => tracks.push(TrackPart {
                    track: id,
                    source: run.track,
                    numbers,
                    chunks: Vec::new(),
                }),
            }
        }
        if !tracks.is_empty() {
            if let Some(unix_millis) = facts.wall_clock {
                self.timeline.set_wall_clock(fragment.start, unix_millis);
            }
            self.entries.push(Entry {
                seq: facts.seq,
                size: facts.size,
                config: facts.config,
                start: fragment.start,
                duration: fragment.duration,
                independent: fragment.independent,
                keyframe: keyframe.filter(|_| fragment.independent),
                wall_clock: facts.wall_clock,
                stored: facts.stored,
                tracks,
            });
        }
        Ok(())
    }

    fn append_run(&mut self, id: TrackId, run: &StoredRun, seq: u32) -> Range<u64> {
        let timescale = self.timeline.track(id).and_then(|track| track.config());
        let timescale = timescale.map_or(run.config.timescale, |config| config.timescale);
        let (config, decode_time, samples) = self.in_timescale(run, timescale);
        let extent = Extent {
            store: StoreId(seq),
            offset: run.offset,
            len: run.len(),
        };
        let appended = self
            .timeline
            .append(id, &config, decode_time, &samples, &[extent]);
        let end = self
            .timeline
            .track(id)
            .map_or(0, |track| track.numbers().end);
        end - appended.kept as u64..end
    }

    /// A run with its times in the track's timescale, which its first configuration set.
    fn in_timescale(
        &mut self,
        run: &StoredRun,
        timescale: Timescale,
    ) -> (Arc<TrackConfig>, i64, Vec<Sample>) {
        let own = run.config.timescale;
        if own == timescale {
            return (
                Arc::clone(&run.config),
                run.decode_time,
                run.samples.clone(),
            );
        }
        let moved = TrackConfig {
            timescale,
            ..TrackConfig::clone(&run.config)
        };
        let config = match self.known.iter().find(|other| ***other == moved) {
            Some(same) => Arc::clone(same),
            None => {
                let config = Arc::new(moved);
                self.known.push(Arc::clone(&config));
                config
            }
        };
        let samples = run.samples.clone();
        let (decode_time, samples) = rescaled(run.decode_time, samples, own, timescale);
        (config, decode_time, samples)
    }
}

/// Names tracks by kind and by order within the kind: a new configuration may number them otherwise.
#[derive(Default)]
struct Ordinals {
    seen: Vec<(TrackId, TrackId)>,
}

impl Ordinals {
    fn of(&mut self, run: &StoredRun) -> TrackId {
        if let Some((_, id)) = self.seen.iter().find(|(source, _)| *source == run.track) {
            return *id;
        }
        let base = match (run.config.format.is_video(), run.config.format.is_audio()) {
            (true, _) => 0x100,
            (_, true) => 0x200,
            _ => 0x300,
        };
        let same_kind = self
            .seen
            .iter()
            .filter(|(_, id)| id.0 & !0xff == base)
            .count();
        let id = TrackId(base + u32::try_from(same_kind).unwrap_or(0xff).min(0xff));
        self.seen.push((run.track, id));
        id
    }
}
