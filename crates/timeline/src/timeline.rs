//! The index of a recording: its tracks, on one presentation timeline.

use std::sync::Arc;

use livetape_media::{Sample, Timestamp, TrackConfig, TrackId};

use crate::extent::{Extent, StoreId};
use crate::track::Track;

/// Every stored sample of a recording.
#[derive(Debug, Default)]
pub struct Timeline {
    tracks: Vec<Track>,
}

/// What became of appended samples.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Appended {
    /// How many samples are now part of the timeline.
    pub kept: usize,
    /// How many lay where samples are already stored: a range sent twice is kept once.
    pub covered: usize,
    /// Ticks missing between what was stored and what was appended; 0 for none.
    pub gap: i64,
}

impl Timeline {
    /// An empty timeline.
    pub fn new() -> Self {
        Self::default()
    }

    /// All tracks, pictures first, then sound, then the rest.
    pub fn tracks(&self) -> &[Track] {
        &self.tracks
    }

    /// The track of this number.
    pub fn track(&self, id: TrackId) -> Option<&Track> {
        self.tracks.iter().find(|track| track.id() == id)
    }

    /// The first track of pictures.
    pub fn video(&self) -> Option<&Track> {
        self.first(|config| config.format.is_video())
    }

    /// The first track of sound.
    pub fn audio(&self) -> Option<&Track> {
        self.first(|config| config.format.is_audio())
    }

    fn first(&self, kind: impl Fn(&TrackConfig) -> bool) -> Option<&Track> {
        self.tracks
            .iter()
            .find(|track| track.config().is_some_and(|config| kind(config)))
    }

    /// Appends consecutive samples of a track (made where it is new). `decode_time` is in ticks
    /// of the configuration's timescale, which a track keeps for life: times of a configuration
    /// with another one have been rescaled by the caller. `extents` are where the samples'
    /// payloads are stored, in order, exactly as many bytes as the samples have.
    ///
    /// Samples that lie (by more than half) where the track already has some are left out.
    pub fn append(
        &mut self,
        id: TrackId,
        config: &Arc<TrackConfig>,
        decode_time: i64,
        samples: &[Sample],
        extents: &[Extent],
    ) -> Appended {
        let track = self.track_or_new(id, config);
        let Some(end) = track.end_time() else {
            track.append(config, decode_time, samples, extents.iter().copied());
            return Appended {
                kept: samples.len(),
                covered: 0,
                gap: 0,
            };
        };
        let mut time = decode_time;
        let mut covered_bytes = 0;
        let covered = samples
            .iter()
            .take_while(|sample| {
                let middle = time.saturating_add(i64::from(sample.duration / 2));
                let is_covered = middle < end.ticks;
                if is_covered {
                    time = time.saturating_add(i64::from(sample.duration));
                    covered_bytes += u64::from(sample.size);
                }
                is_covered
            })
            .count();
        let kept = samples.get(covered..).unwrap_or_default();
        if !kept.is_empty() {
            track.append(config, time, kept, after(extents, covered_bytes));
        }
        let gap = if kept.is_empty() {
            0
        } else {
            (time - end.ticks).max(0)
        };
        Appended {
            kept: kept.len(),
            covered,
            gap,
        }
    }

    /// Forgets all samples stored in stores up to and including `store`, which is going away.
    pub fn forget_through(&mut self, store: StoreId) {
        for track in &mut self.tracks {
            track.forget_through(store);
        }
    }

    /// From the earliest sample all tracks have in common to the latest any has, by decode time.
    pub fn span(&self) -> Option<(Timestamp, Timestamp)> {
        let starts = self
            .tracks
            .iter()
            .filter_map(|t| t.presentation_time(t.numbers().start));
        let ends = self.tracks.iter().filter_map(Track::end_time);
        Some((starts.max()?, ends.max()?))
    }

    fn track_or_new(&mut self, id: TrackId, config: &TrackConfig) -> &mut Track {
        let at = match self.tracks.iter().position(|track| track.id() == id) {
            Some(at) => at,
            None => {
                let rank =
                    |config: &TrackConfig| (!config.format.is_video(), !config.format.is_audio());
                let at = self.tracks.partition_point(|track| {
                    track
                        .config()
                        .is_some_and(|other| rank(other) <= rank(config))
                });
                self.tracks.insert(at, Track::new(id));
                at
            }
        };
        &mut self.tracks[at]
    }
}

/// The extents without their first `skip` bytes.
fn after(extents: &[Extent], mut skip: u64) -> impl Iterator<Item = Extent> + '_ {
    extents.iter().filter_map(move |extent| {
        let cut = skip.min(extent.len);
        skip -= cut;
        (cut < extent.len).then_some(Extent {
            store: extent.store,
            offset: extent.offset + cut,
            len: extent.len - cut,
        })
    })
}
