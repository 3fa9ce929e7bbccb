//! The samples of a transport stream on one timeline, with their payload until it is not needed any more.

use std::collections::VecDeque;
use std::ops::Range;
use std::sync::Arc;

use livetape_container::{DefectCode, Event, Payload, Run, mpegts};
use livetape_media::{Format, Timescale, Timestamp, TrackConfig, TrackId};
use livetape_timeline::{Extent, StoreId, Timeline, Track, rescaled};
use serde::{Deserialize, Serialize};

use super::checkpoint;
use super::epochs::Epochs;

/// Another PID's pictures or sound are taken once so much of it has come and nothing of the one before: of
/// several at a time the first is taken.
const SILENCE: Timestamp = Timestamp::new(2_000, Timescale::MILLIS);

/// What is taken of a file: pictures and sound, whichever PID has them.
pub(super) const PICTURES: TrackId = TrackId(1);
const SOUND: TrackId = TrackId(2);

/// What was read of a stream.
#[derive(Debug, Default, Serialize, Deserialize)]
pub(super) struct Gathering {
    demuxer: mpegts::Demuxer,
    #[serde(with = "checkpoint::timeline")]
    pub(super) timeline: Timeline,
    /// The configuration of each PID.
    configs: Vec<(TrackId, Arc<TrackConfig>)>,
    sources: Vec<Source>,
    epochs: Epochs,
    waiting: Waiting,
    /// Something in it is encrypted.
    pub(super) is_protected: bool,
}

/// Which PID a track of the timeline comes from.
#[derive(Debug, Serialize, Deserialize)]
struct Source {
    track: TrackId,
    pid: TrackId,
    /// How much another PID has had since this one's last samples.
    silent: Timestamp,
}

/// Payload by the store it is in, one for each run.
#[derive(Debug, Default, Serialize, Deserialize)]
struct Waiting {
    #[serde(with = "checkpoint::runs")]
    runs: VecDeque<Vec<u8>>,
    /// The store of the first.
    first: u32,
    bytes: u64,
}

impl Gathering {
    /// Takes the next bytes of the stream.
    pub(super) fn push(&mut self, bytes: &[u8]) {
        self.demuxer.push(bytes);
        self.drain();
    }

    /// There are no more.
    pub(super) fn end(&mut self) {
        self.demuxer.flush();
        self.drain();
    }

    /// Bytes of payload that are kept.
    pub(super) const fn bytes(&self) -> u64 {
        self.waiting.bytes
    }

    /// Payload that is kept.
    pub(super) fn payload(&self, extent: &Extent) -> Option<&[u8]> {
        self.waiting.get(extent)
    }

    /// Forgets what lies before each track's next sample.
    pub(super) fn forget_before(&mut self, next: &[(TrackId, u64)]) {
        let stores = next
            .iter()
            .filter_map(|(id, next)| self.timeline.track(*id)?.store_of(*next));
        let needed = stores.map(|store| store.0).min();
        let needed = needed.unwrap_or_else(|| self.waiting.end());
        if needed > self.waiting.first {
            self.timeline.forget_through(StoreId(needed - 1));
            self.waiting.forget_before(needed);
        }
    }

    fn drain(&mut self) {
        while let Some(event) = self.demuxer.poll() {
            match event {
                Event::Config { track, config } => {
                    self.configs.retain(|(id, _)| *id != track);
                    self.configs.push((track, config));
                }
                Event::Run(run) => self.take(run),
                Event::Defect(defect) => self.is_protected |= defect.code == DefectCode::Protected,
                Event::Timed(_) => {}
            }
        }
    }

    fn take(&mut self, run: Run) {
        let config = self.configs.iter().find(|(id, _)| *id == run.track);
        let Some((_, config)) = config else {
            return;
        };
        let track = match config.format {
            Format::Video { .. } => PICTURES,
            Format::Audio { .. } => SOUND,
            Format::Other { .. } => return,
        };
        let stream = config.timescale;
        let end = run.decode_time.saturating_add(run.duration() as i64);
        let lasts = Timestamp::new(run.decode_time, stream)..Timestamp::new(end, stream);
        if !is_from(&mut self.sources, track, run.track, &lasts) {
            return;
        }
        let clock = |time: Timestamp| time.rescale(Timescale::MPEG).ticks;
        let ends = self.timeline.tracks().iter().filter_map(Track::end_time);
        let latest = ends.max().map_or(0, clock);
        let moved = self
            .epochs
            .moved(track, clock(lasts.start), clock(lasts.end), latest);
        let moved = Timestamp::new(moved, Timescale::MPEG).rescale(stream).ticks;
        let decode_time = run.decode_time.saturating_add(moved);
        let known = self.timeline.track(track).and_then(Track::config);
        let timescale = known.map_or(stream, |known| known.timescale);
        let (decode_time, samples) = rescaled(decode_time, run.samples, stream, timescale);
        let own = TrackConfig {
            timescale,
            ..TrackConfig::clone(config)
        };
        // One and the same as long as it does not change: that is how the timeline tells.
        let own = match known {
            Some(known) if **known == own => Arc::clone(known),
            _ => Arc::new(own),
        };
        let Payload::Bytes(bytes) = run.payload else {
            return;
        };
        let extent = self.waiting.push(bytes);
        self.timeline
            .append(track, &own, decode_time, &samples, &[extent]);
    }
}

/// Whether what a PID has now is the track's.
fn is_from(
    sources: &mut Vec<Source>,
    track: TrackId,
    pid: TrackId,
    lasts: &Range<Timestamp>,
) -> bool {
    let Some(source) = sources.iter_mut().find(|own| own.track == track) else {
        sources.push(Source {
            track,
            pid,
            silent: Timestamp::new(0, Timescale::MPEG),
        });
        return true;
    };
    let before = std::mem::replace(&mut source.silent, Timestamp::new(0, Timescale::MPEG));
    if source.pid != pid {
        source.silent = before.plus(lasts.end.minus(lasts.start));
        if source.silent >= SILENCE {
            source.pid = pid;
        }
    }
    source.pid == pid
}

impl Waiting {
    /// The store that comes next.
    fn end(&self) -> u32 {
        self.first.wrapping_add(self.runs.len() as u32)
    }

    fn push(&mut self, bytes: Vec<u8>) -> Extent {
        let len = bytes.len() as u64;
        let store = StoreId(self.end());
        self.bytes += len;
        self.runs.push_back(bytes);
        Extent {
            store,
            offset: 0,
            len,
        }
    }

    fn get(&self, extent: &Extent) -> Option<&[u8]> {
        let run = self
            .runs
            .get(extent.store.0.checked_sub(self.first)? as usize)?;
        let from = usize::try_from(extent.offset).ok()?;
        run.get(from..)?.get(..usize::try_from(extent.len).ok()?)
    }

    fn forget_before(&mut self, store: u32) {
        while self.first < store {
            let Some(gone) = self.runs.pop_front() else {
                return;
            };
            self.bytes -= gone.len() as u64;
            self.first += 1;
        }
    }
}
