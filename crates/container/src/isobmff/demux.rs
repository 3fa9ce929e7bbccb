//! A byte stream of boxes to runs of samples, ISO/IEC 14496-12 and its MSE byte stream format.
//! Fragmented and progressive files alike, `moov` first or last.

use std::collections::VecDeque;
use std::sync::Arc;

use livetape_media::{FourCc, SmallMap, Timestamp, ToList, TrackConfig, TrackId, Wording};

use super::boxes::{self, BoxRef, Boxes, Parsed};
use super::edit_list::EditList;
use super::events::{self, Messages};
use super::moof::{self, AnnouncedRun};
use super::moov::{self, InitTrack};
use super::stored::{Listed, ListedSamples, StoredSamples};
use crate::{Chunk, Defect, DefectCode, Event, Payload, Run};

/// The largest header box (`moov`, `moof`) that is kept in memory; more is malformed.
const MAX_HEADER_BOX: u64 = 64 << 20;

/// Reads init segments, fragments and progressive files pushed in pieces cut anywhere. Only
/// `moov` and `moof` boxes are copied in; payload is counted and passed over. Runs are told when
/// all their payload has been pushed, as [`Payload::Stream`] offsets. Those of a progressive file
/// come in the order of its chunks, each track's in decode order; where `moov` comes last, all of
/// them lie before it.
///
/// [`Demuxer::push`] bytes, then drain [`Demuxer::poll`]. Memory grows with bytes really received
/// for a header box (at most 64 MiB), never with a number read from one.
#[derive(Debug)]
pub struct Demuxer {
    /// Bytes pushed so far.
    position: u64,
    state: State,
    tracks: Vec<InitTrack>,
    next_decode_time: SmallMap<TrackId, i64>,
    current_config: SmallMap<TrackId, Arc<TrackConfig>>,
    announced: VecDeque<AnnouncedRun>,
    /// Samples told so far that had no bytes of their own in a header.
    repeated: u64,
    /// Those that a `moov` lists; `None` where only fragments are read.
    listed: Option<Box<dyn ListedSamples>>,
    /// Where the file began: chunk offsets count from here.
    origin: u64,
    messages: Messages,
    events: VecDeque<Event>,
}

#[derive(Debug)]
enum State {
    /// Collecting a box header, or a header box as a whole.
    Collect {
        start: u64,
        bytes: Vec<u8>,
        needs: usize,
    },
    /// Passing over the rest of a box; `None` to the end of the stream.
    Skip { left: Option<u64> },
}

impl Default for State {
    fn default() -> Self {
        Self::Collect {
            start: 0,
            bytes: Vec::new(),
            needs: 8,
        }
    }
}

impl Default for Demuxer {
    fn default() -> Self {
        Self::new()
    }
}

impl Demuxer {
    /// A demuxer at the start of a stream.
    pub fn new() -> Self {
        Self {
            listed: Some(Box::<StoredSamples>::default()),
            ..Self::of_fragments()
        }
    }

    /// A demuxer at the start of a stream of fragments, as players append and playlists name them:
    /// samples that a `moov` itself lists are not told.
    pub fn of_fragments() -> Self {
        Self {
            position: 0,
            state: State::default(),
            tracks: Vec::new(),
            next_decode_time: SmallMap::new(),
            current_config: SmallMap::new(),
            announced: VecDeque::new(),
            repeated: 0,
            listed: None,
            origin: 0,
            messages: Messages::default(),
            events: VecDeque::new(),
        }
    }

    /// Bytes pushed so far, the stream offset of the next.
    pub const fn position(&self) -> u64 {
        self.position
    }

    /// True while samples have been announced whose payload has not arrived in full.
    pub fn is_waiting(&self) -> bool {
        let listed = self.listed.as_ref();
        !self.announced.is_empty() || listed.is_some_and(|listed| listed.is_waiting())
    }

    /// The edit lists of the progressive file whose `moov` came last. Runs are told with all their
    /// samples, whatever these show of them.
    pub fn edit_lists(&self) -> &[EditList] {
        let listed = self.listed.as_ref();
        listed.map_or(&[], |listed| listed.edit_lists())
    }

    /// Takes the next bytes of the stream.
    pub fn push<C: Chunk + ?Sized>(&mut self, chunk: &C) {
        let mut at = 0;
        while at < chunk.len() {
            let available = chunk.len() - at;
            let used = match &mut self.state {
                State::Collect { bytes, needs, .. } => {
                    let used = available.min(needs.saturating_sub(bytes.len()));
                    let end = bytes.len();
                    bytes.resize(end + used, 0);
                    if let Some(space) = bytes.get_mut(end..) {
                        chunk.copy_to(at, space);
                    }
                    used
                }
                State::Skip { left: Some(left) } => {
                    let used = available.min(usize::try_from(*left).unwrap_or(usize::MAX));
                    *left -= used as u64;
                    used
                }
                State::Skip { left: None } => available,
            };
            at += used;
            self.position += used as u64;
            self.advance();
        }
        self.release();
    }

    /// The stream was cut here (`SourceBuffer.abort()`, end of input): a box in progress is
    /// dropped, samples whose payload is complete are told, the rest is a defect. The next byte
    /// pushed begins a box.
    pub fn reset(&mut self) {
        let inside = match &self.state {
            State::Collect { bytes, .. } => !bytes.is_empty(),
            State::Skip { left } => left.is_some_and(|left| left > 0),
        };
        for mut run in std::mem::take(&mut self.announced) {
            run.cut(self.position);
            self.tell(run);
        }
        self.cut_listed();
        self.origin = self.position;
        if self.messages.wait_in_vain() {
            let what = "events before a fragment that did not come have no time";
            self.defect(DefectCode::MissingTimestamp, None, what);
        }
        self.place_messages(None);
        if inside {
            self.defect(
                DefectCode::Truncated,
                None,
                "the stream was cut inside a box",
            );
        }
        self.begin_box();
    }

    /// The next thing learned; `None` until more is pushed.
    pub fn poll(&mut self) -> Option<Event> {
        while self.events.is_empty() {
            self.list_stored(self.position)?;
        }
        self.events.pop_front()
    }

    /// Tells what comes next of the samples listed in the `moov`. A run at a time: however many
    /// there are, they need not be held all at once.
    fn list_stored(&mut self, position: u64) -> Option<()> {
        match self.listed.as_mut()?.next(position)? {
            Listed::Run(run) => self.tell(run),
            Listed::Broken(track, at, what) => {
                self.defect_at(at, DefectCode::Malformed, Some(track), what);
            }
            Listed::Cut(track, at) => {
                let what = "samples of the movie lie beyond the end of the stream";
                self.defect_at(at, DefectCode::Truncated, Some(track), what);
            }
        }
        Some(())
    }

    /// Tells all listed samples that lie before `position`, so that what is said next comes after
    /// them, however the stream is cut.
    fn list_before(&mut self, position: u64) {
        while self.list_stored(position).is_some() {}
    }

    /// Listed samples end here.
    fn cut_listed(&mut self) {
        if let Some(listed) = &mut self.listed {
            listed.cut(self.position);
        }
    }

    /// The next byte begins a box.
    fn begin_box(&mut self) {
        self.state = State::Collect {
            start: self.position,
            bytes: Vec::new(),
            needs: 8,
        };
    }

    /// Moves on from a completed state.
    fn advance(&mut self) {
        match &mut self.state {
            State::Collect {
                start,
                bytes,
                needs,
            } if bytes.len() >= *needs => {
                let (start, bytes) = (*start, std::mem::take(bytes));
                self.collected(start, bytes);
            }
            State::Skip { left: Some(0) } => {
                self.begin_box();
            }
            _ => {}
        }
    }

    fn collected(&mut self, start: u64, bytes: Vec<u8>) {
        // What was announced before comes before what this box says, however the stream is cut.
        self.release();
        let header = match boxes::header(&bytes) {
            Parsed::Header(header) => header,
            Parsed::Needs(needs) => {
                self.state = State::Collect {
                    start,
                    bytes,
                    needs,
                };
                return;
            }
            Parsed::Invalid => {
                self.list_before(self.position);
                self.defect(
                    DefectCode::Malformed,
                    None,
                    "a box is smaller than its header",
                );
                self.state = State::Skip { left: None };
                return;
            }
        };
        if header.kind == *b"ftyp" {
            self.origin = start;
        }
        let kept = matches!(&header.kind, b"moov" | b"moof" | b"emsg");
        let most = if header.kind == *b"emsg" {
            events::MAX_BOX
        } else {
            MAX_HEADER_BOX
        };
        let whole = header.size.filter(|size| *size <= most);
        match (kept, whole, header.size) {
            (true, Some(size), _) if size > bytes.len() as u64 => {
                self.state = State::Collect {
                    start,
                    bytes,
                    needs: size as usize,
                };
            }
            (true, Some(_), _) => {
                self.begin_box();
                self.header_box(start, &bytes);
            }
            (_, _, size) => {
                if kept {
                    self.list_before(self.position);
                    let detail = Wording::of("a box of type ")
                        .words(&FourCc(header.kind).text())
                        .words(" is over ")
                        .decimal(most, 1)
                        .words(" bytes")
                        .done();
                    self.defect(DefectCode::TooLarge, None, &detail);
                }
                let left = size.map(|size| size.saturating_sub(bytes.len() as u64));
                self.state = State::Skip { left };
                self.advance();
            }
        }
    }

    fn header_box(&mut self, start: u64, bytes: &[u8]) {
        let Some(found) = Boxes(bytes).next() else {
            return;
        };
        // Runs are told in stream order, with the tracks they were announced for.
        self.release();
        if found.kind == *b"emsg" {
            self.list_before(self.position);
            return self.message(found);
        }
        if found.kind == *b"moov" {
            self.cut_listed();
        }
        // With the tracks it was listed for.
        self.list_before(self.position);
        match &found.kind {
            b"moov" => self.init(found),
            _ => self.fragment(found, start),
        }
    }

    fn init(&mut self, moov: BoxRef<'_>) {
        self.tracks = moov::tracks(moov);
        self.next_decode_time.clear();
        self.current_config.clear();
        if self.tracks.is_empty() {
            self.defect(
                DefectCode::Malformed,
                None,
                "the init segment has no readable track",
            );
        }
        let traks = moov.children().filter(|child| child.kind == *b"trak");
        if (1..traks.count()).contains(&self.tracks.len()) {
            self.defect(
                DefectCode::Malformed,
                None,
                "a track has no readable header or sample description",
            );
        }
        let unusable: Vec<_> = self
            .tracks
            .iter()
            .filter_map(|track| {
                let why = track
                    .configs
                    .iter()
                    .find_map(|config| config.as_ref().err())?;
                Some((track.id, why.told()))
            })
            .to_list();
        for (track, (code, what)) in unusable {
            self.defect(code, Some(track), what);
        }
        let first: Vec<_> = self
            .tracks
            .iter()
            .filter_map(|track| Some((track.id, track.configs.first()?.clone().ok()?)))
            .to_list();
        for (track, config) in first {
            self.config(track, config);
        }
        if let Some(listed) = &mut self.listed {
            listed.read(moov, &self.tracks, self.origin);
            for (track, time) in listed.end_times() {
                self.next_decode_time.insert(track, time);
            }
        }
    }

    fn config(&mut self, track: TrackId, config: Arc<TrackConfig>) {
        self.current_config.insert(track, Arc::clone(&config));
        self.events.push_back(Event::Config { track, config });
    }

    fn fragment(&mut self, moof: BoxRef<'_>, start: u64) {
        let fragment = moof::fragment(moof, start, &self.tracks, &self.next_decode_time);
        for (track, what) in fragment.broken {
            self.defect(DefectCode::Malformed, track, what);
        }
        let starts = fragment.runs.iter().filter_map(|run| {
            let track = self.tracks.iter().find(|track| track.id == run.track)?;
            Some(run.presentation_start(track.timescale))
        });
        self.place_messages(Timestamp::earliest(starts));
        for run in fragment.runs {
            self.next_decode_time.insert(run.track, run.end_time());
            self.announced.push_back(run);
        }
    }

    fn message(&mut self, emsg: BoxRef<'_>) {
        match self.messages.take(emsg) {
            Ok(Some(event)) => self.events.push_back(Event::Timed(event)),
            Ok(None) => {}
            Err((code, what)) => self.defect(code, None, what),
        }
    }

    /// Gives the events that wait for a fragment their times; `None` where no more fragment comes.
    fn place_messages(&mut self, start: Option<Timestamp>) {
        let placed = self.messages.place(start);
        for event in placed {
            match event {
                Some(event) => self.events.push_back(Event::Timed(event)),
                None => self.defect(DefectCode::Malformed, None, "emsg"),
            }
        }
    }

    /// Tells the runs whose payload has arrived.
    fn release(&mut self) {
        while let Some(run) = self.announced.pop_front_if(|run| run.end <= self.position) {
            self.list_before(run.end);
            self.tell(run);
        }
    }

    fn tell(&mut self, mut run: AnnouncedRun) {
        if let Some((_, count)) = run.repeated {
            // Runs that overlap, or samples of no bytes, could make a few bytes into samples
            // without end.
            self.repeated += u64::from(count);
            if self.repeated > run.end {
                let what = "there are more samples than bytes";
                self.defect_at(run.offset, DefectCode::Malformed, Some(run.track), what);
                return;
            }
        }
        run.expand();
        if run.samples.is_empty() {
            return;
        }
        let config = self
            .tracks
            .iter()
            .find(|track| track.id == run.track)
            .and_then(|track| track.configs.get(run.description).cloned());
        match config {
            Some(Ok(config)) => {
                if self.current_config.get(&run.track) != Some(&config) {
                    self.config(run.track, config);
                }
                self.events.push_back(Event::Run(Run {
                    track: run.track,
                    decode_time: run.decode_time,
                    samples: run.samples,
                    payload: Payload::Stream { offset: run.offset },
                }));
            }
            Some(Err(_)) => {} // said when the init segment was read
            None => {
                let what = "a fragment names a sample entry that the init segment lacks";
                self.defect_at(run.offset, DefectCode::Malformed, Some(run.track), what);
            }
        }
    }

    /// Decode time reached: of the track, or the latest of all.
    fn time(&self, track: Option<TrackId>) -> Option<Timestamp> {
        let reached = self.tracks.iter().filter_map(|known| {
            let ticks = self.next_decode_time.get(&known.id)?;
            let is_wanted = track.is_none_or(|track| track == known.id);
            is_wanted.then(|| Timestamp::new(*ticks, known.timescale))
        });
        Timestamp::latest(reached)
    }

    fn defect(&mut self, code: DefectCode, track: Option<TrackId>, detail: &str) {
        self.defect_at(self.position, code, track, detail);
    }

    fn defect_at(&mut self, position: u64, code: DefectCode, track: Option<TrackId>, detail: &str) {
        self.events.push_back(Event::Defect(Defect {
            code,
            track,
            time: self.time(track),
            position,
            detail: detail.to_owned(),
        }));
    }
}
