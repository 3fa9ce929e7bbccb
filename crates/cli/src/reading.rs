//! Pieces to samples: which format they are, where their payload is.

use std::sync::Arc;

use livetape_container::{Event, Payload, Run, isobmff, mpegts};
use livetape_hls::{MapRef, ResolvedByteRange};
use livetape_timeline::Extent;

use crate::chunks::Chunks;
use crate::cipher::{Key, decrypted};
use crate::ending::Ending;
use crate::failure::Result;
use crate::interrupt;
use crate::job::Job;
use crate::kinds::kind_of;
use crate::location::{Location, Opened};
use crate::pieces::Piece;
use crate::placed::Placed;
use crate::progress::Progress;
use crate::ranged::ranged;

/// Reads the pieces of one lane, in order.
pub(crate) struct Reader {
    lane: usize,
    demuxer: Option<Demuxer>,
    map: Option<Arc<MapRef>>,
    discontinuity: Option<u64>,
    /// The stream began with a fragment, and no track has been described since.
    lacks_init: bool,
}

enum Demuxer {
    Isobmff(Box<isobmff::Demuxer>, Placed),
    MpegTs(Box<mpegts::Demuxer>),
}

impl Reader {
    pub(crate) const fn new(lane: usize) -> Self {
        Self {
            lane,
            demuxer: None,
            map: None,
            discontinuity: None,
            lacks_init: false,
        }
    }

    /// Reads a piece. A segment of a playlist that cannot be read is a defect, reported; a file
    /// that was named is a failure.
    pub(crate) fn piece(
        &mut self,
        piece: &Piece,
        job: &mut Job,
        progress: &Progress,
    ) -> Result<()> {
        if self.discontinuity.replace(piece.discontinuity) != Some(piece.discontinuity) {
            self.begin(piece.discontinuity, job)?;
        }
        if piece.gap {
            let message = format!("{} does not exist, its playlist says", piece.location);
            job.report.tell("gap", message);
            return self.missing(piece, job);
        }
        let before = job.assembly.runs();
        match piece.seconds {
            Some(seconds) => self.segment(piece, seconds, job, progress)?,
            None => self.file(piece, job, progress)?,
        }
        if let Some(unix_millis) = piece.wall_clock {
            job.assembly.date(self.lane, before, unix_millis);
        }
        Ok(())
    }

    /// Reads a segment. What cannot be had of it is a hole, and told.
    fn segment(
        &mut self,
        piece: &Piece,
        seconds: f64,
        job: &mut Job,
        progress: &Progress,
    ) -> Result<()> {
        let opened = self.lead(piece, job, progress).and_then(|key| {
            let opened = piece.location.open(piece.range)?;
            Ok((opened, key))
        });
        let (opened, key) = match opened {
            Err(failure) if failure.is_of_an_input() => {
                job.report.tell("segment_missing", failure.to_string());
                return self.missing(piece, job);
            }
            other => other?,
        };
        let location = opened.location.clone();
        let ending = self.stream(opened, piece.range, key.as_ref(), job, progress)?;
        let Some((code, message)) = ending.defect(&location, seconds, key.as_ref()) else {
            return Ok(());
        };
        job.report.tell(code, message);
        match ending {
            // The times of what there is of it tell the rest.
            Ending::Early { any: true, .. } => Ok(()),
            _ => self.missing(piece, job),
        }
    }

    /// Gets what a segment needs: its init segment is read; gives its key.
    fn lead(&mut self, piece: &Piece, job: &mut Job, progress: &Progress) -> Result<Option<Key>> {
        let key = match &piece.key {
            Some((location, iv)) => {
                let key = job.key(location, *iv);
                Some(key.map_err(|failure| job.lacks(piece, "key", failure))?)
            }
            None => None,
        };
        let map = piece.map.clone();
        if let Some(map) = map.filter(|map| self.map.as_ref() != Some(map)) {
            // Some of it may be read before it fails: then the one before holds no more.
            self.map = None;
            let read = self.init(piece, &map, key.as_ref(), job, progress);
            let what = "init segment (EXT-X-MAP)";
            read.map_err(|failure| job.lacks(piece, what, failure))?;
            self.map = Some(map);
        }
        Ok(key)
    }

    /// Reads a file that was named. Where that cannot be done there is nothing to write.
    fn file(&mut self, piece: &Piece, job: &mut Job, progress: &Progress) -> Result<()> {
        // It may number its tracks as it likes.
        job.assembly.renumbered(self.lane);
        let opened = piece.location.open(piece.range)?;
        let location = opened.location.clone();
        let ending = self.stream(opened, piece.range, None, job, progress)?;
        ending.refused(&location)
    }

    /// Completes what is pending at the end of the lane.
    pub(crate) fn finish(&mut self, job: &mut Job) -> Result<()> {
        match &mut self.demuxer {
            Some(Demuxer::Isobmff(demuxer, _)) => demuxer.reset(),
            Some(Demuxer::MpegTs(demuxer)) => demuxer.flush(),
            None => {}
        }
        self.drain(job)?;
        if std::mem::take(&mut self.lacks_init) {
            let message = "there are fragments without their init segment; name it before them";
            job.report.tell("init_missing", message.to_owned());
        }
        Ok(())
    }

    /// Leaves out a piece that is not to be had.
    fn missing(&mut self, piece: &Piece, job: &mut Job) -> Result<()> {
        // What came before it is complete, and nothing of it lies behind the hole.
        self.finish(job)?;
        job.assembly.missing(self.lane, piece.seconds);
        Ok(())
    }

    /// A new timeline base.
    fn begin(&mut self, discontinuity: u64, job: &mut Job) -> Result<()> {
        if let Some(Demuxer::MpegTs(demuxer)) = &mut self.demuxer {
            demuxer.discontinuity();
        }
        self.drain(job)?;
        job.assembly.discontinuity(self.lane, discontinuity);
        Ok(())
    }

    /// Reads an initialization section.
    fn init(
        &mut self,
        piece: &Piece,
        map: &MapRef,
        key_of_segment: Option<&Key>,
        job: &mut Job,
        progress: &Progress,
    ) -> Result<()> {
        let opened = piece.location.named(&map.uri)?.open(map.byte_range)?;
        let location = opened.location.clone();
        let is_encrypted = !map.keys.is_empty();
        let key = key_of_segment.filter(|_| is_encrypted).map(|key| Key {
            iv: map.keys.iter().find_map(|key| key.iv).unwrap_or(key.iv),
            ..key.clone()
        });
        let ending = self.stream(opened, map.byte_range, key.as_ref(), job, progress)?;
        ending.refused(&location)
    }

    /// Reads to the end of what was opened at a range, or as a whole.
    fn stream(
        &mut self,
        opened: Opened,
        range: Option<ResolvedByteRange>,
        key: Option<&Key>,
        job: &mut Job,
        progress: &Progress,
    ) -> Result<Ending> {
        let (location, len) = (opened.location, opened.len);
        // Payload of a file is left where it is, unless it has to be decrypted.
        let stored = match (&location, key) {
            (Location::File(path), None) => Some(job.stores.file(path)),
            _ => None,
        };
        let reader = decrypted(ranged(opened.reader, range), key);
        let mut offset = opened.start;
        let chunks = Chunks::new(reader, len);
        let mut chunks = chunks.map_err(|error| location.unreadable(&error))?;
        let mut any = false;
        loop {
            interrupt::check()?;
            let read = chunks.next();
            interrupt::check()?;
            let chunk = match read {
                Ok([]) => break,
                Ok(chunk) => chunk,
                Err(error) => {
                    // What there is of it is complete: nothing of it lies behind what is missing,
                    // which its last picture would else be shown through.
                    self.finish(job)?;
                    return Ok(Ending::Early { any, error });
                }
            };
            if !std::mem::replace(&mut any, true) {
                match kind_of(chunk) {
                    Ok(is_ts) => self.choose(is_ts, chunk, job)?,
                    Err(found) => return Ok(Ending::Unknown(found)),
                }
            }
            let extent = stored.map(|store| Extent {
                store,
                offset,
                len: chunk.len() as u64,
            });
            self.push(chunk, extent, job)?;
            offset += chunk.len() as u64;
            progress.add(chunk.len() as u64);
        }
        self.end_piece(job)?;
        Ok(if any { Ending::Whole } else { Ending::Empty })
    }

    /// Makes sure that the demuxer is one for what begins here.
    fn choose(&mut self, is_ts: bool, first: &[u8], job: &mut Job) -> Result<()> {
        match (&self.demuxer, is_ts) {
            (Some(Demuxer::MpegTs(_)), true) | (Some(Demuxer::Isobmff(..)), false) => return Ok(()),
            _ => self.finish(job)?,
        }
        job.assembly.renumbered(self.lane);
        self.lacks_init = !is_ts && !matches!(first.get(4..8), Some(b"ftyp" | b"moov" | b"mdat"));
        self.demuxer = Some(match is_ts {
            true => Demuxer::MpegTs(Box::default()),
            false => {
                let demuxer = isobmff::Demuxer::new();
                Demuxer::Isobmff(Box::new(demuxer), Placed::default())
            }
        });
        Ok(())
    }

    fn push(&mut self, chunk: &[u8], extent: Option<Extent>, job: &mut Job) -> Result<()> {
        match &mut self.demuxer {
            Some(Demuxer::Isobmff(demuxer, placed)) => {
                let extent = match extent {
                    Some(extent) => extent,
                    None => job.stores.spill(chunk.to_vec())?,
                };
                placed.push(demuxer.position(), extent);
                demuxer.push(chunk);
            }
            Some(Demuxer::MpegTs(demuxer)) => demuxer.push(chunk),
            None => {}
        }
        self.drain(job)
    }

    fn end_piece(&mut self, job: &mut Job) -> Result<()> {
        match &mut self.demuxer {
            Some(Demuxer::Isobmff(demuxer, _)) => demuxer.reset(),
            Some(Demuxer::MpegTs(demuxer)) => demuxer.end_segment(),
            None => {}
        }
        let edit_lists = match &self.demuxer {
            Some(Demuxer::Isobmff(demuxer, _)) => demuxer.edit_lists(),
            _ => &[],
        };
        job.edits.piece(self.lane, edit_lists);
        self.drain(job)
    }

    fn drain(&mut self, job: &mut Job) -> Result<()> {
        loop {
            let event = match &mut self.demuxer {
                Some(Demuxer::Isobmff(demuxer, _)) => demuxer.poll(),
                Some(Demuxer::MpegTs(demuxer)) => demuxer.poll(),
                None => None,
            };
            match event {
                None => return Ok(()),
                Some(Event::Config { track, config }) => {
                    self.lacks_init = false;
                    job.assembly.config(self.lane, track, config);
                }
                Some(Event::Defect(defect)) => {
                    job.assembly.defect(self.lane, defect, &mut job.report);
                }
                Some(Event::Timed(event)) => job.assembly.event(self.lane, event),
                Some(Event::Run(run)) => self.run(run, job)?,
            }
        }
    }

    fn run(&mut self, mut run: Run, job: &mut Job) -> Result<()> {
        let payload = std::mem::replace(&mut run.payload, Payload::Bytes(Vec::new()));
        let extents = match (payload, &self.demuxer) {
            (Payload::Bytes(bytes), _) => vec![job.stores.spill(bytes)?],
            (Payload::Stream { offset }, Some(Demuxer::Isobmff(_, placed))) => {
                placed.resolve(offset, run.payload_len())
            }
            (Payload::Stream { .. }, _) => Vec::new(),
        };
        job.assembly.run(self.lane, run, extents, &mut job.report);
        if let (Some(Demuxer::MpegTs(demuxer)), Some(written)) =
            (&mut self.demuxer, job.stores.written())
        {
            demuxer.recycle(written);
        }
        Ok(())
    }
}

/// Bytes of all lanes, where they are known: a range that a playlist names is as long as its file
/// has it, not as the playlist says.
pub(crate) fn total_size(lanes: &[Vec<Piece>]) -> Option<u64> {
    let size = |piece: &Piece| {
        let size = piece.location.size()?;
        Some(piece.range.map_or(size, |range| {
            let left = size.saturating_sub(range.offset());
            left.min(range.length())
        }))
    };
    let mut sizes = lanes.iter().flatten().map(size);
    sizes.try_fold(0, |all: u64, size| Some(all.saturating_add(size?)))
}

/// Reads all lanes to their ends.
pub(crate) fn read_all(lanes: &[Vec<Piece>], job: &mut Job) -> Result<()> {
    let progress = Progress::new("reading", total_size(lanes).unwrap_or(0));
    for (number, lane) in lanes.iter().enumerate() {
        let mut reader = Reader::new(number);
        for piece in lane {
            reader.piece(piece, job, &progress)?;
        }
        reader.finish(job)?;
    }
    Ok(())
}
