//! What a stored fragment's own header says.

use std::sync::Arc;

use livetape_container::isobmff::Demuxer;
use livetape_container::{DefectCode, Event, Payload};
use livetape_media::{Sample, Timescale, Timestamp, TrackConfig, TrackId};

use crate::error::{ApiError, Code, sentence};
use crate::unread::Unread;

/// No object lasts this long, in milliseconds, whatever its recording's target duration.
const TOO_LONG_MILLIS: i64 = 10_500;

/// An object may not have more samples: far more than any codec puts into 10.5 s, and few enough that
/// defaults instead of tables cannot blow up the index.
const MOST_SAMPLES: usize = 20_000;

/// Decode times farther from zero, in seconds, are of no clock; microseconds of nearer ones, and sums of
/// them, fit 64 bits.
const FARTHEST_SECONDS: i64 = 1 << 36;

const OUTSIDE: &str = "it names bytes outside of its mdat box";

/// Consecutive samples of one track in an object.
#[derive(Debug, Clone)]
pub(crate) struct StoredRun {
    pub(crate) track: TrackId,
    pub(crate) config: Arc<TrackConfig>,
    pub(crate) decode_time: i64,
    pub(crate) samples: Vec<Sample>,
    /// Offset in the object.
    pub(crate) offset: u64,
}

impl StoredRun {
    pub(crate) fn len(&self) -> u64 {
        self.samples
            .iter()
            .map(|sample| u64::from(sample.size))
            .sum()
    }

    fn ticks(&self) -> i64 {
        self.samples
            .iter()
            .map(|sample| i64::from(sample.duration))
            .sum()
    }
}

/// The runs of a fragment with the facts that a playlist needs.
#[derive(Debug, Clone)]
pub(crate) struct Fragment {
    pub(crate) runs: Vec<StoredRun>,
    /// Earliest presentation time of its pictures, or else of its sound.
    pub(crate) start: Timestamp,
    /// How long its pictures, or else its sound, last.
    pub(crate) duration: Timestamp,
    /// Decoding can begin at its first picture.
    pub(crate) independent: bool,
}

/// Checks an init segment and gives the configurations of its tracks, by `track_ID`.
///
/// # Errors
/// [`Code::BadConfig`], [`Code::Protected`].
pub(crate) fn read_config(init: &[u8]) -> Result<Vec<(TrackId, Arc<TrackConfig>)>, ApiError> {
    let mut demuxer = Demuxer::new();
    demuxer.push(init);
    demuxer.reset();
    let mut configs = Vec::new();
    while let Some(event) = demuxer.poll() {
        match event {
            Event::Config { track, config } => configs.push((track, config)),
            Event::Run(_) => {
                let detail = "It has samples of its own.";
                return Err(ApiError::new(Code::BadConfig, detail));
            }
            Event::Timed(_) => {}
            Event::Defect(defect) if defect.code == DefectCode::Protected => {
                return Err(Code::Protected.into());
            }
            Event::Defect(defect) => {
                return Err(ApiError::new(Code::BadConfig, sentence(&defect.detail)));
            }
        }
    }
    let playable = |config: &TrackConfig| config.format.is_video() || config.format.is_audio();
    if configs.iter().any(|(_, config)| playable(config)) {
        Ok(configs)
    } else {
        let detail = "It has neither pictures nor sound.";
        Err(ApiError::new(Code::BadConfig, detail))
    }
}

impl Fragment {
    /// Reads the head of a fragment of `size` bytes, whose configuration is `init`. `known` are the
    /// configurations met so far; equal ones are shared, new ones added.
    ///
    /// # Errors
    /// [`Code::BadFragment`], [`Code::ObjectTooLong`].
    pub(crate) fn read(
        init: &[u8],
        head: &[u8],
        size: u64,
        known: &mut Vec<Arc<TrackConfig>>,
    ) -> Result<Self, ApiError> {
        let mut demuxer = Demuxer::new();
        demuxer.push(init);
        let start = demuxer.position();
        demuxer.push(head);
        let rest = size.saturating_sub(head.len() as u64);
        demuxer.push(&Unread(usize::try_from(rest).unwrap_or(usize::MAX)));
        if demuxer.is_waiting() {
            return Err(bad(OUTSIDE));
        }
        let payload = start + head.len() as u64..start + size;
        let mut configs: Vec<(TrackId, Arc<TrackConfig>)> = Vec::new();
        let mut runs = Vec::new();
        while let Some(event) = demuxer.poll() {
            match event {
                Event::Config { track, config } => {
                    configs.retain(|(other, _)| *other != track);
                    configs.push((track, shared(config, known)));
                }
                Event::Run(run) => {
                    let Payload::Stream { offset } = run.payload else {
                        return Err(bad("its payload is not in it"));
                    };
                    let len: u64 = run
                        .samples
                        .iter()
                        .map(|sample| u64::from(sample.size))
                        .sum();
                    if offset < payload.start || offset.saturating_add(len) > payload.end {
                        return Err(bad(OUTSIDE));
                    }
                    let config = configs.iter().find(|(track, _)| *track == run.track);
                    let (_, config) = config.ok_or_else(|| bad("a track has no configuration"))?;
                    runs.push(StoredRun {
                        track: run.track,
                        config: Arc::clone(config),
                        decode_time: run.decode_time,
                        samples: run.samples,
                        offset: offset - start,
                    });
                }
                // It is no sample; whoever reads the object sees it.
                Event::Timed(_) => {}
                Event::Defect(defect) => return Err(bad(&defect.detail)),
            }
        }
        Self::of(runs)
    }

    fn of(runs: Vec<StoredRun>) -> Result<Self, ApiError> {
        if runs.iter().map(|run| run.samples.len()).sum::<usize>() > MOST_SAMPLES {
            return Err(bad("it has over 20,000 samples"));
        }
        let far = |run: &StoredRun| {
            let seconds = i64::from(run.config.timescale.get());
            let farthest = FARTHEST_SECONDS.saturating_mul(seconds);
            run.decode_time
                .checked_abs()
                .is_none_or(|ticks| ticks > farthest)
        };
        if runs.iter().any(far) {
            return Err(bad("its times are out of all bounds"));
        }
        let main = runs
            .iter()
            .find(|run| run.config.format.is_video())
            .or_else(|| runs.iter().find(|run| run.config.format.is_audio()))
            .ok_or_else(|| bad("it has no samples of pictures or sound"))?;
        let timescale = main.config.timescale;
        let own = || runs.iter().filter(|run| run.track == main.track);
        let ticks = own().map(StoredRun::ticks).sum();
        let duration = Timestamp::new(ticks, timescale);
        if ticks <= 0 {
            return Err(bad("its samples last no time"));
        }
        if duration >= Timestamp::new(TOO_LONG_MILLIS, Timescale::MILLIS) {
            return Err(Code::ObjectTooLong.into());
        }
        let start = own()
            .filter_map(presentation_start)
            .min()
            .unwrap_or(main.decode_time);
        let independent = main.samples.first().is_some_and(|sample| sample.keyframe);
        Ok(Self {
            start: Timestamp::new(start, timescale),
            duration,
            independent,
            runs,
        })
    }
}

fn presentation_start(run: &StoredRun) -> Option<i64> {
    let mut time = run.decode_time;
    run.samples
        .iter()
        .map(|sample| {
            let own = time.saturating_add(i64::from(sample.composition_offset));
            time = time.saturating_add(i64::from(sample.duration));
            own
        })
        .min()
}

pub(super) fn shared(
    config: Arc<TrackConfig>,
    known: &mut Vec<Arc<TrackConfig>>,
) -> Arc<TrackConfig> {
    if let Some(same) = known.iter().find(|other| **other == config) {
        return Arc::clone(same);
    }
    known.push(Arc::clone(&config));
    config
}

fn bad(detail: &str) -> ApiError {
    ApiError::new(Code::BadFragment, sentence(detail))
}
