//! The boxes of a file, ISO/IEC 14496-12 §4.2: `moov` and `moof` are read, all others are passed over, so that
//! of a long film little more than its header is asked for.

use std::ops::Range;
use std::sync::Arc;

use livetape_container::isobmff::Demuxer;
use livetape_container::mpegts::is_transport_stream;
use livetape_container::{DefectCode, Event, Payload};
use livetape_media::{TrackConfig, TrackId};
use livetape_timeline::{Extent, StoreId, Timeline};

use super::{Movie, Reason};
use crate::unread::Unread;

/// Bytes asked for where a box begins: most headers of fragments are in them as a whole.
const USUAL: u64 = 64 << 10;
/// Most bytes of a header box.
const MOST: u64 = 48 << 20;
/// The file is one store.
const FILE: StoreId = StoreId(0);

/// Reads a file as far as it must be read.
#[derive(Debug)]
pub struct Walk {
    demuxer: Demuxer,
    size: u64,
    /// Where the next box begins.
    at: u64,
    /// Bytes of it that are needed.
    needs: u64,
    timeline: Timeline,
    configs: Vec<(TrackId, Arc<TrackConfig>)>,
    protected: bool,
}

/// What comes next.
#[derive(Debug)]
pub enum Step {
    /// These bytes of the file are wanted.
    Read(Range<u64>),
    /// All is known.
    Done(Box<Movie>),
    /// It is an MPEG transport stream, which [`Transport`](super::Transport) reads.
    Transport,
    /// It is not played.
    Refused(Reason),
}

impl Walk {
    /// A file of so many bytes.
    pub fn new(size: u64) -> Self {
        Self {
            demuxer: Demuxer::new(),
            size,
            at: 0,
            needs: USUAL,
            timeline: Timeline::new(),
            configs: Vec::new(),
            protected: false,
        }
    }

    /// What comes next, before anything is given.
    pub fn first(&self) -> Step {
        match self.size {
            0 => Step::Refused(Reason::UnknownFormat),
            _ => self.wanted(),
        }
    }

    /// Takes the bytes that were wanted, and says what comes next.
    pub fn give(mut self, bytes: &[u8]) -> (Option<Self>, Step) {
        if self.at == 0 && is_transport(bytes, self.size) {
            return (None, Step::Transport);
        }
        match self.take(bytes) {
            Err(reason) => (None, Step::Refused(reason)),
            Ok(()) if self.at < self.size => {
                let step = self.wanted();
                (Some(self), step)
            }
            Ok(()) => (None, self.finish()),
        }
    }

    fn wanted(&self) -> Step {
        Step::Read(self.at..self.size.min(self.at + self.needs))
    }

    fn take(&mut self, bytes: &[u8]) -> Result<(), Reason> {
        let begin = self.at;
        self.needs = USUAL;
        loop {
            let from = usize::try_from(self.at - begin).unwrap_or(usize::MAX);
            let rest = bytes.get(from..).unwrap_or_default();
            let Some((kind, header, len)) = box_header(rest, self.size - self.at) else {
                // Nothing, or less than a header: it is read from its beginning, unless the file ends here.
                if from == 0 {
                    self.at = self.size;
                }
                return Ok(());
            };
            if self.at == 0 && !is_first(kind) {
                return Err(Reason::UnknownFormat);
            }
            match (
                kind,
                usize::try_from(len).ok().and_then(|len| rest.get(..len)),
            ) {
                (b"moov" | b"moof", Some(whole)) => self.demuxer.push(whole),
                (b"moov" | b"moof", None) if len > MOST => return Err(Reason::TooLarge),
                (b"moov" | b"moof", None) if self.at + len <= self.size => {
                    self.needs = len;
                    return Ok(());
                }
                _ => {
                    self.demuxer.push(rest.get(..header).unwrap_or_default());
                    self.pass_over(len - header as u64);
                }
            }
            self.drain();
            self.at += len;
        }
    }

    fn pass_over(&mut self, mut len: u64) {
        while len > 0 {
            let some = len.min(1 << 30);
            self.demuxer.push(&Unread(some as usize));
            len -= some;
        }
    }

    fn drain(&mut self) {
        while let Some(event) = self.demuxer.poll() {
            match event {
                Event::Config { track, config } => {
                    self.configs.retain(|(id, _)| *id != track);
                    self.configs.push((track, config));
                }
                Event::Run(run) => {
                    let config = self.configs.iter().find(|(id, _)| *id == run.track);
                    let (Some((_, config)), Payload::Stream { offset }) = (config, &run.payload)
                    else {
                        continue;
                    };
                    let extent = Extent {
                        store: FILE,
                        offset: *offset,
                        len: run.payload_len(),
                    };
                    let (track, time) = (run.track, run.decode_time);
                    self.timeline
                        .append(track, config, time, &run.samples, &[extent]);
                }
                Event::Defect(defect) => self.protected |= defect.code == DefectCode::Protected,
                Event::Timed(_) => {}
            }
        }
    }

    fn finish(mut self) -> Step {
        self.demuxer.reset();
        self.drain();
        match Movie::new(self.timeline) {
            Ok(movie) => Step::Done(Box::new(movie)),
            Err(Reason::Unplayable) if self.protected => Step::Refused(Reason::Protected),
            Err(reason) => Step::Refused(reason),
        }
    }
}

/// Type, bytes of the header and bytes in all of the box that begins here, of which `left` bytes are in the file.
fn box_header(bytes: &[u8], left: u64) -> Option<(&[u8; 4], usize, u64)> {
    let (size, rest) = bytes.split_first_chunk::<4>()?;
    let (kind, rest) = rest.split_first_chunk::<4>()?;
    let (header, len) = match u32::from_be_bytes(*size) {
        0 => (8, left),
        1 => (16, u64::from_be_bytes(*rest.first_chunk()?)),
        size => (8, u64::from(size)),
    };
    // What is less than its own header is nothing that could be passed over.
    (len >= header as u64).then_some((kind, header, len.min(left)))
}

/// Whether a file of `size` bytes that begins so is a transport stream.
fn is_transport(first: &[u8], size: u64) -> bool {
    let is_box = box_header(first, size).is_some_and(|(kind, ..)| is_first(kind));
    !is_box && is_transport_stream(first)
}

/// Whether an MP4 may begin so.
const fn is_first(kind: &[u8; 4]) -> bool {
    matches!(
        kind,
        b"ftyp" | b"styp" | b"moov" | b"mdat" | b"free" | b"skip" | b"wide" | b"pdin" | b"uuid"
    )
}
