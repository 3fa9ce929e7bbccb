//! Pieces to samples: which format they are, where their payload is.

use std::collections::BTreeMap;
use std::io::Read;
use std::sync::Arc;

use livetape_container::{Event, Payload, Run, isobmff, mpegts};
use livetape_hls::MapRef;
use livetape_timeline::Extent;

use crate::assembly::Assembly;
use crate::chunks::Chunks;
use crate::cipher::Decrypting;
use crate::edits::Edits;
use crate::failure::{Failure, Result};
use crate::interrupt;
use crate::location::{Location, Opened};
use crate::pieces::Piece;
use crate::progress::Progress;
use crate::report::Report;
use crate::stores::Stores;

/// What all lanes share.
pub(crate) struct Job {
    pub(crate) stores: Stores,
    pub(crate) assembly: Assembly,
    pub(crate) report: Report,
    pub(crate) edits: Edits,
    keys: BTreeMap<Location, [u8; 16]>,
}

impl Job {
    pub(crate) fn new(stores: Stores) -> Self {
        Self {
            stores,
            assembly: Assembly::default(),
            report: Report::default(),
            edits: Edits::default(),
            keys: BTreeMap::new(),
        }
    }

    /// The 16 bytes at a key's location.
    fn key(&mut self, location: &Location) -> Result<[u8; 16]> {
        if let Some(key) = self.keys.get(location) {
            return Ok(*key);
        }
        let (_, bytes) = location.read()?;
        let key = <[u8; 16]>::try_from(bytes).map_err(|bytes| Failure::Protected {
            detail: format!("{location} has {} bytes, a key has 16", bytes.len()),
        })?;
        self.keys.insert(location.clone(), key);
        Ok(key)
    }
}

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

/// Where the bytes of a stream are, in stream order.
#[derive(Debug, Default)]
struct Placed(Vec<(u64, Extent)>);

impl Placed {
    fn push(&mut self, position: u64, extent: Extent) {
        if let Some((start, last)) = self.0.last_mut()
            && last.store == extent.store
            && last.offset + last.len == extent.offset
            && *start + last.len == position
        {
            last.len += extent.len;
            return;
        }
        self.0.push((position, extent));
    }

    fn resolve(&self, offset: u64, len: u64) -> Vec<Extent> {
        let end = offset.saturating_add(len);
        let first = self
            .0
            .partition_point(|(start, extent)| start + extent.len <= offset);
        let rest = self.0.get(first..).unwrap_or_default().iter();
        rest.take_while(|(start, _)| *start < end)
            .map(|(start, extent)| {
                let from = offset.max(*start);
                Extent {
                    store: extent.store,
                    offset: extent.offset + (from - start),
                    len: end.min(start + extent.len) - from,
                }
            })
            .collect()
    }
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
        if piece.seconds.is_none() {
            // A file that was named may number its tracks as it likes.
            job.assembly.renumbered(self.lane);
        }
        if piece.gap {
            let message = format!("{} does not exist, its playlist says", piece.location);
            job.report.tell("gap", message);
            return self.missing(piece, job);
        }
        if let Some(map) = piece
            .map
            .clone()
            .filter(|map| self.map.as_ref() != Some(map))
        {
            self.init(piece, &map, job, progress)?;
            self.map = Some(map);
        }
        let opened = match piece.location.open(piece.range) {
            Err(failure @ (Failure::Unreachable { .. } | Failure::Missing { .. }))
                if piece.seconds.is_some() =>
            {
                job.report.tell("segment_missing", failure.to_string());
                return self.missing(piece, job);
            }
            other => other?,
        };
        let key = match &piece.key {
            Some((location, iv)) => Some((job.key(location)?, *iv)),
            None => None,
        };
        let before = job.assembly.runs();
        self.stream(opened, key, piece.seconds.is_some(), job, progress)?;
        if let Some(unix_millis) = piece.wall_clock {
            job.assembly.date(self.lane, before, unix_millis);
        }
        Ok(())
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
        job: &mut Job,
        progress: &Progress,
    ) -> Result<()> {
        let opened = piece.location.named(&map.uri)?.open(map.byte_range)?;
        let iv = map.keys.iter().find_map(|key| key.iv);
        let key = match (&piece.key, map.keys.is_empty()) {
            (Some((location, iv_of_segment)), false) => {
                Some((job.key(location)?, iv.unwrap_or(*iv_of_segment)))
            }
            _ => None,
        };
        self.stream(opened, key, false, job, progress)
    }

    /// Reads to the end of what was opened.
    fn stream(
        &mut self,
        opened: Opened,
        key: Option<([u8; 16], [u8; 16])>,
        segment: bool,
        job: &mut Job,
        progress: &Progress,
    ) -> Result<()> {
        let Opened {
            location,
            start,
            len,
            reader,
        } = opened;
        // Payload of a file is left where it is, unless it has to be decrypted.
        let stored = match (&location, &key) {
            (Location::File(path), None) => Some(job.stores.file(path)),
            _ => None,
        };
        let reader: Box<dyn Read + Send> = match key {
            Some((key, iv)) => Box::new(Decrypting::new(reader, key, iv)),
            None => reader,
        };
        let (mut offset, mut first) = (start, true);
        let chunks = Chunks::new(reader, len);
        let mut chunks = chunks.map_err(|error| location.unreadable(&error))?;
        loop {
            interrupt::check()?;
            let read = chunks.next();
            interrupt::check()?;
            let chunk = *read.as_ref().unwrap_or(&&[][..]);
            if let Err(error) = &read {
                if !segment {
                    return Err(location.unreadable(error));
                }
                let message = format!("{location} ends early: {error}");
                job.report.tell("segment_truncated", message);
            }
            if chunk.is_empty() {
                if first && !segment && read.is_ok() {
                    let (name, found) = (location.to_string(), "empty");
                    return Err(Failure::UnknownInput { name, found });
                }
                break;
            }
            if std::mem::take(&mut first) {
                match self.choose(chunk, &location, job) {
                    // An error page in place of a segment is damage, not the end.
                    Err(failure @ Failure::UnknownInput { .. }) if segment => {
                        job.report.tell("segment_unreadable", failure.to_string());
                        return Ok(());
                    }
                    other => other?,
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
        self.end_piece(job)
    }

    /// Makes sure that the demuxer is one for what begins here.
    fn choose(&mut self, first: &[u8], location: &Location, job: &mut Job) -> Result<()> {
        let is_ts = match kind_of(first) {
            Ok(is_ts) => is_ts,
            Err(found) => {
                let name = location.to_string();
                return Err(Failure::UnknownInput { name, found });
            }
        };
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

/// Whether bytes begin an MPEG transport stream (or else an ISO base media file); what they are
/// where they are neither.
fn kind_of(first: &[u8]) -> std::result::Result<bool, &'static str> {
    const BOXES: [&[u8]; 14] = [
        b"ftyp", b"styp", b"moov", b"moof", b"mdat", b"sidx", b"emsg", b"free", b"skip", b"wide",
        b"prft", b"uuid", b"pdin", b"ssix",
    ];
    if first.get(4..8).is_some_and(|kind| BOXES.contains(&kind)) {
        return Ok(false);
    }
    match first {
        _ if mpegts::is_transport_stream(first) => Ok(true),
        [0x1a, 0x45, 0xdf, 0xa3, ..] => Err("WebM or Matroska, which is not read yet"),
        [b'I', b'D', b'3', ..] => Err("packed audio, which is not read yet"),
        // The sync word of ADTS or of an MPEG audio frame.
        [0xff, 0xe0..=0xff, ..] => Err("packed audio (raw AAC or MP3), which is not read yet"),
        [b'#', b'E', b'X', b'T', ..] => Err("a playlist where media was expected"),
        _ => Err("of a format that is not known"),
    }
}

/// Bytes of all lanes, where they are known.
pub(crate) fn total_size(lanes: &[Vec<Piece>]) -> Option<u64> {
    let size = |piece: &Piece| match piece.range {
        Some(range) => Some(range.length()),
        None => piece.location.size(),
    };
    lanes.iter().flatten().map(size).sum()
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn formats_are_told_apart_by_their_first_bytes() {
        assert_eq!(kind_of(b"\0\0\0\x18ftypiso6"), Ok(false));
        let mut stream = vec![0; 188 * 5 + 100];
        for packet in 0..5 {
            if let Some(byte) = stream.get_mut(100 + packet * 188) {
                *byte = 0x47;
            }
        }
        assert_eq!(kind_of(&stream), Ok(true));
        for unknown in [&b"\x1a\x45\xdf\xa3"[..], b"ID3\x04", b"hello, world", b""] {
            assert!(kind_of(unknown).is_err());
        }
    }

    #[test]
    fn payload_is_found_where_its_bytes_lie() {
        let mut placed = Placed::default();
        let extent = |store, offset, len| Extent {
            store: livetape_timeline::StoreId(store),
            offset,
            len,
        };
        placed.push(0, extent(1, 0, 100));
        placed.push(100, extent(1, 100, 50));
        placed.push(150, extent(2, 7, 50));
        assert_eq!(placed.0.len(), 2);
        let found = placed.resolve(140, 30);
        assert_eq!(found, [extent(1, 140, 10), extent(2, 7, 20)]);
    }
}
