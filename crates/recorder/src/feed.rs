//! One stream of bytes - a source buffer's appends, a playlist's segments - onto the tape.

mod source_buffer;
mod telling;

use std::collections::VecDeque;
use std::sync::Arc;

use livetape_container::{Chunk, DefectCode, Event as Demuxed, Payload, Run, isobmff, mpegts};
use livetape_media::{Sample, SmallMap, TimedEvent, Timescale, Timestamp, TrackConfig, TrackId};
use livetape_tape::{Placement, Tape};
use livetape_timeline::{Extent, rescaled};
use source_buffer::SourceBuffer;
use telling::{gap, told};

use crate::can_pull::{CAN_PULL, CanPull};
use crate::coded_frames::Kept;
use crate::output::{Event, Output};
use crate::splice::append_uncovered;
use crate::stretch::Stretch;

/// The timeline's track of pictures.
pub(crate) const VIDEO: TrackId = TrackId(1);
/// The timeline's track of sound.
pub(crate) const AUDIO: TrackId = TrackId(2);

/// The first byte of an MPEG-TS packet, ISO/IEC 13818-1 §2.4.3.3. No box begins with it: it
/// would be over a gigabyte.
const SYNC_BYTE: u8 = 0x47;

/// Bytes of MPEG-TS that are copied at a time: they are still in the processor's cache when they are read.
const STEP: usize = 128 << 10;

/// The code of a gap in the stream.
pub(crate) const GAP: &str = "gap";

impl Taken {
    /// Both together.
    pub(crate) fn and(self, other: Self) -> Self {
        Self {
            tracks_changed: self.tracks_changed || other.tracks_changed,
            appended: self.appended || other.appended,
            protected: self.protected || other.protected,
        }
    }
}

/// Demuxes a stream and appends its samples to the tape.
#[derive(Debug, Default)]
pub(crate) struct Feed {
    demuxer: Demuxer,
    /// Where the stream's latest bytes were written, by stream position.
    placed: VecDeque<Placed>,
    /// The latest bytes, where they have to be rewritten.
    copied: Vec<u8>,
    configs: SmallMap<TrackId, Known>,
    /// What a source buffer does with what it is given; `None` where no player stands between.
    buffer: Option<SourceBuffer>,
    /// It was told that there are too many events.
    told_full: bool,
    /// Something of the pictures was not written: they go on with a keyframe.
    interrupted: bool,
}

/// A configuration in force.
#[derive(Debug)]
struct Known {
    /// As the tape has it: in the timescale its track keeps for life.
    config: Arc<TrackConfig>,
    /// The timescale of the stream's own times.
    stream: Timescale,
}

#[derive(Debug, Default)]
enum Demuxer {
    /// Nothing has arrived yet that tells the format.
    #[default]
    Unknown,
    /// MPEG-TS where it cannot be read, which was told.
    PassedOver,
    Isobmff(Box<isobmff::Demuxer>),
    MpegTs(Box<mpegts::Demuxer>, CanPull),
}

#[derive(Debug)]
struct Placed {
    start: u64,
    len: u64,
    placement: Placement,
}

/// What ends in a stream.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Ending {
    /// The stream was cut: what is not complete is dropped.
    Cut,
    /// A segment: what is complete in it need not wait for the next.
    Segment,
    /// Waiting for more: what is pending is taken as complete, though more may follow.
    Pending,
}

/// What taking a piece of a stream came to.
#[derive(Debug, Default)]
pub(crate) struct Taken {
    /// A track got its first or another configuration.
    pub(crate) tracks_changed: bool,
    /// Samples were appended.
    pub(crate) appended: bool,
    /// The stream is encrypted.
    pub(crate) protected: bool,
}

impl Feed {
    /// Takes the next bytes; `offset` is added to all times, in seconds.
    pub(crate) fn push(
        &mut self,
        chunk: &dyn Chunk,
        offset: f64,
        tape: &mut Tape,
        now: u64,
        out: &mut VecDeque<Output>,
    ) -> Taken {
        if let Some(buffer) = &mut self.buffer {
            buffer.frames.append_at(offset);
        }
        if matches!(self.demuxer, Demuxer::Unknown) {
            let mut first = [0];
            chunk.copy_to(0, &mut first);
            self.demuxer = match first {
                [SYNC_BYTE] => CAN_PULL.map_or(Demuxer::PassedOver, |can| {
                    Demuxer::MpegTs(Box::default(), can)
                }),
                _ => Demuxer::Isobmff(Box::new(isobmff::Demuxer::of_fragments())),
            };
            if matches!(self.demuxer, Demuxer::PassedOver) {
                out.push_back(Output::Event(Event::Defect {
                    code: DefectCode::Unsupported.as_str(),
                    message:
                        "the player's stream is MPEG-TS, which only LiveTape.pull() can record"
                            .to_owned(),
                    at: None,
                }));
            }
        }
        match &mut self.demuxer {
            Demuxer::Unknown | Demuxer::PassedOver => {}
            Demuxer::Isobmff(demuxer) => {
                let placement = tape.place(chunk.len() as u64, now);
                drain_commands(tape, out);
                out.push_back(Output::WriteChunk(placement));
                let (start, len) = (demuxer.position(), chunk.len() as u64);
                self.placed.push_back(Placed {
                    start,
                    len,
                    placement,
                });
                demuxer.push(chunk);
            }
            Demuxer::MpegTs(demuxer, _) => {
                let mut at = 0;
                while at < chunk.len() {
                    // The buffer is kept: what is copied in need not be cleared and allocated first.
                    self.copied.resize(STEP.min(chunk.len() - at), 0);
                    chunk.copy_to(at, &mut self.copied);
                    demuxer.push(&self.copied);
                    at += STEP;
                }
            }
        }
        self.drain(offset, tape, now, out)
    }

    /// Something ends here; samples that are complete by it are given out.
    pub(crate) fn end(
        &mut self,
        ending: Ending,
        offset: f64,
        tape: &mut Tape,
        now: u64,
        out: &mut VecDeque<Output>,
    ) -> Taken {
        match (&mut self.demuxer, ending) {
            (Demuxer::Isobmff(demuxer), Ending::Cut) => demuxer.reset(),
            (Demuxer::MpegTs(demuxer, _), Ending::Segment) => demuxer.end_segment(),
            (Demuxer::MpegTs(demuxer, _), Ending::Cut | Ending::Pending) => demuxer.flush(),
            _ => {}
        }
        self.drain(offset, tape, now, out)
    }

    /// What was placed at `at` and after it is not on the tape.
    pub(crate) fn not_written(&mut self, at: Placement) {
        let is_written = |placed: &Placed| {
            (placed.placement.reel, placed.placement.offset) < (at.reel, at.offset)
        };
        self.interrupted = true;
        for _ in 0..self.placed.len() {
            let placed = self.placed.pop_front().filter(is_written);
            placed
                .into_iter()
                .for_each(|placed| self.placed.push_back(placed));
        }
    }

    /// The next bytes begin a new timeline.
    pub(crate) fn discontinuity(&mut self) {
        if let Demuxer::MpegTs(demuxer, _) = &mut self.demuxer {
            demuxer.discontinuity();
        }
    }

    fn poll(&mut self) -> Option<Demuxed> {
        match &mut self.demuxer {
            Demuxer::Unknown | Demuxer::PassedOver => None,
            Demuxer::Isobmff(demuxer) => demuxer.poll(),
            Demuxer::MpegTs(demuxer, _) => demuxer.poll(),
        }
    }

    fn drain(
        &mut self,
        offset: f64,
        tape: &mut Tape,
        now: u64,
        out: &mut VecDeque<Output>,
    ) -> Taken {
        let mut taken = Taken::default();
        while let Some(event) = self.poll() {
            match event {
                Demuxed::Config { track, config } => {
                    if let Some(buffer) = &mut self.buffer {
                        buffer.frames.init(track);
                    }
                    taken.tracks_changed |= self.config(track, config, tape);
                }
                Demuxed::Run(run) => taken.appended |= self.run(run, offset, tape, now, out),
                Demuxed::Timed(event) => {
                    let offset = self.offset(offset);
                    self.event(event, offset, tape, out);
                }
                Demuxed::Defect(defect) => {
                    taken.protected |= defect.code == DefectCode::Protected;
                    out.push_back(Output::Event(told(&defect, offset)));
                }
            }
        }
        taken
    }

    /// Takes a configuration; one equal to what the tape's track has is that one.
    fn config(&mut self, track: TrackId, config: Arc<TrackConfig>, tape: &Tape) -> bool {
        let current = destination(&config)
            .and_then(|id| tape.timeline().track(id))
            .and_then(|track| track.config());
        let stream = config.timescale;
        let (config, changed) = match current {
            Some(current) if **current == *config => (Arc::clone(current), false),
            Some(current) if current.timescale != config.timescale => {
                let timescale = current.timescale;
                (
                    Arc::new(TrackConfig {
                        timescale,
                        ..(*config).clone()
                    }),
                    true,
                )
            }
            _ => (config, true),
        };
        self.configs.insert(track, Known { config, stream });
        changed
    }

    /// Keeps a timed event with the samples of its time.
    fn event(
        &mut self,
        event: TimedEvent,
        offset: f64,
        tape: &mut Tape,
        out: &mut VecDeque<Output>,
    ) {
        let moved = Timestamp::from_seconds(offset, event.time.timescale);
        let time = event.time.plus(moved);
        let kept = tape.add_event(TimedEvent { time, ..event });
        if !kept && !std::mem::replace(&mut self.told_full, true) {
            out.push_back(Output::Event(Event::Defect {
                code: DefectCode::TooLarge.as_str(),
                message: "there are too many timed events to keep".to_owned(),
                at: Some(time.seconds()),
            }));
        }
    }

    fn run(
        &mut self,
        mut run: Run,
        offset: f64,
        tape: &mut Tape,
        now: u64,
        out: &mut VecDeque<Output>,
    ) -> bool {
        let Some(known) = self.configs.get(&run.track) else {
            return false;
        };
        let (config, stream) = (Arc::clone(&known.config), known.stream);
        let Some(id) = destination(&config) else {
            return false;
        };
        if self.interrupted && config.format.is_video() {
            let Some(keyframe) = run.samples.iter().position(|sample| sample.keyframe) else {
                return false;
            };
            self.interrupted = false;
            leave_out(keyframe, &mut run);
        }
        let extents = match run.payload {
            Payload::Stream { offset } => {
                let extents = self.extents(offset, &run.samples);
                let stored: u64 = extents.iter().map(|extent| extent.len).sum();
                let is_there = |extent: &Extent| tape.is_stored(extent.store);
                if stored < bytes(&run.samples) || !extents.iter().all(is_there) {
                    // Some of it could not be written, or was given up before the rest of it came.
                    self.interrupted |= config.format.is_video();
                    return false;
                }
                extents
            }
            Payload::Bytes(bytes) => {
                let len = bytes.len() as u64;
                let placement = tape.place(len, now);
                drain_commands(tape, out);
                out.push_back(Output::WriteBytes(placement, bytes));
                vec![placement.extent(0, len)]
            }
        };
        let (decode_time, samples) =
            rescaled(run.decode_time, run.samples, stream, config.timescale);
        let kept = match &mut self.buffer {
            Some(buffer) => buffer
                .frames
                .process(run.track, &config, decode_time, &samples),
            None => {
                let moved = Timestamp::from_seconds(offset, config.timescale).ticks;
                vec![Kept {
                    frames: 0..samples.len(),
                    decode_time: decode_time.saturating_add(moved),
                }]
            }
        };
        let whole = Stretch {
            config,
            decode_time,
            samples,
            extents,
        };
        let mut appended = false;
        for stretch in whole.parts(&kept) {
            let (at, config) = (stretch.decode_time, Arc::clone(&stretch.config));
            let longest = stretch.samples.first().map_or(0, |first| first.duration);
            let joined = match &mut self.buffer {
                Some(buffer) if config.format.is_video() => {
                    buffer.pictures.join(stretch, id, buffer.replaceable, tape)
                }
                _ => append_uncovered(&stretch, id, tape),
            };
            appended |= joined.appended;
            if let Some(gap) = gap(joined.gap, at, &config, longest) {
                out.push_back(Output::Event(gap));
            }
        }
        appended
    }

    /// Where a run's payload was written. Pieces wholly before it are not asked for again.
    fn extents(&mut self, offset: u64, samples: &[Sample]) -> Vec<Extent> {
        while self.placed.len() > 1
            && self
                .placed
                .front()
                .is_some_and(|piece| piece.start + piece.len <= offset)
        {
            self.placed.pop_front();
        }
        let end = offset + bytes(samples);
        self.placed
            .iter()
            .filter_map(|piece| {
                let from = offset.max(piece.start);
                let to = end.min(piece.start + piece.len);
                (from < to).then(|| piece.placement.extent(from - piece.start, to - from))
            })
            .collect()
    }
}

/// Leaves the first samples of a run out.
fn leave_out(count: usize, run: &mut Run) {
    let kept = run.samples.split_off(count);
    let left_out = std::mem::replace(&mut run.samples, kept);
    let durations = left_out.iter().map(|sample| i64::from(sample.duration));
    run.decode_time = run.decode_time.saturating_add(durations.sum());
    let len = bytes(&left_out);
    match &mut run.payload {
        Payload::Stream { offset } => *offset += len,
        Payload::Bytes(bytes) => drop(bytes.drain(..bytes.len().min(len as usize))),
    }
}

fn bytes(samples: &[Sample]) -> u64 {
    samples.iter().map(|sample| u64::from(sample.size)).sum()
}

/// Which track of the timeline a configuration's samples go to; `None` for what is not recorded.
fn destination(config: &TrackConfig) -> Option<TrackId> {
    match config.format {
        livetape_media::Format::Video { .. } => Some(VIDEO),
        livetape_media::Format::Audio { .. } => Some(AUDIO),
        livetape_media::Format::Other { .. } => None,
    }
}

/// Hands the tape's storage commands on; they come before the writes they make room for.
pub(crate) fn drain_commands(tape: &mut Tape, out: &mut VecDeque<Output>) {
    while let Some(command) = tape.poll() {
        out.push_back(Output::Storage(command));
    }
}

#[cfg(test)]
mod tests {
    use livetape_tape::Window;

    use super::*;

    #[expect(clippy::print_stdout, reason = "how a test says that it did not run")]
    /// A segment of the media folder; `None`, which is said, where there is no such folder.
    fn segment(test: &str) -> Option<Vec<u8>> {
        let beside = concat!(env!("CARGO_MANIFEST_DIR"), "/../../../shared/media");
        let folder = std::env::var("LIVETAPE_MEDIA").unwrap_or_else(|_| beside.to_owned());
        let found = std::fs::read(format!("{folder}/hls-ts/bipbop/bipbop0.ts")).ok();
        if found.is_none() {
            let required = std::env::var_os("LIVETAPE_REQUIRE_MEDIA").is_some();
            assert!(!required, "{test}: there is no media folder");
            println!("NOT RUN: {test}: there is no media folder");
        }
        found
    }

    #[test]
    fn at_the_end_of_a_segment_all_its_tracks_are_there_to_their_last_pictures() {
        let Some(bytes) = segment("at_the_end_of_a_segment_all_its_tracks_are_there") else {
            return;
        };
        let mut tape = Tape::new(Window {
            millis: 60_000,
            bytes: 1 << 30,
        });
        let (mut feed, mut out) = (Feed::default(), VecDeque::new());
        let pushed = feed.push(&bytes, 0.0, &mut tape, 0, &mut out);
        let taken = pushed.and(feed.end(Ending::Segment, 0.0, &mut tape, 0, &mut out));
        assert!(taken.tracks_changed && taken.appended && !taken.protected);
        let ends: Vec<_> = [VIDEO, AUDIO]
            .iter()
            .filter_map(|id| tape.timeline().track(*id)?.end_time())
            .map(Timestamp::seconds)
            .collect();
        let [video, audio] = *ends else {
            panic!("{} tracks", ends.len());
        };
        assert!((video - audio).abs() < 0.3, "{video} s and {audio} s");
        let pictures = tape.timeline().video().expect("there").numbers().end;
        feed.end(Ending::Pending, 0.0, &mut tape, 0, &mut out);
        let completed = tape.timeline().video().expect("there").numbers().end;
        assert!(completed > pictures, "the last picture was pending");
    }

    #[test]
    fn a_timed_event_is_kept_at_its_place_on_the_tape() {
        let mut tape = Tape::new(Window {
            millis: 60_000,
            bytes: 1 << 30,
        });
        let timescale = Timescale::MILLIS;
        let event = TimedEvent {
            time: Timestamp::new(2_500, timescale),
            duration: None,
            scheme: TimedEvent::ID3.to_owned(),
            value: String::new(),
            id: 1,
            payload: b"ID3".to_vec(),
        };
        let emsg = isobmff::mux::event_message(&event, event.time);
        let (mut feed, mut out) = (Feed::default(), VecDeque::new());
        feed.push(&emsg, 10.0, &mut tape, 0, &mut out);
        feed.push(&emsg, 10.0, &mut tape, 0, &mut out);
        let time = Timestamp::new(12_500, timescale);
        assert_eq!(tape.timeline().events(), [TimedEvent { time, ..event }]);
    }
}
