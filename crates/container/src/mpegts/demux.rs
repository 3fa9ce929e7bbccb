//! Bytes to samples.

use livetape_media::{TrackId, Wording};

use super::clock::Clock;
use super::event_stream::EventStream;
use super::framer::{Framed, Framer};
use super::packet::{PACKET, Packet};
use super::programs::{Change, Programs};
use super::psi::{EsInfo, Pmt};
use super::run::Output;
use super::stream::Stream;
use super::stream_kind::Use;
use crate::{DefectCode, Event};

/// Number of PIDs.
const PIDS: usize = 1 << 13;
const PAT_PID: u16 = 0;
const NULL_PID: u16 = 0x1fff;
/// Streams of a program that are read.
const MAX_STREAMS: usize = 32;
/// Streams that are reported as not read: tables may name other ones with each packet.
const MAX_TOLD: usize = 1 << 8;
/// Bytes of packets kept for the time when it is known what they are.
const MAX_HELD: usize = 4 << 20;

/// What to do with the packets of a PID: nothing, or a table, or events, or a stream.
const IGNORED: u8 = 0;
const PAT: u8 = 1;
const PMT: u8 = 2;
const EVENTS: u8 = 3;
const FIRST_STREAM: u8 = 4;

/// Turns an MPEG-2 transport stream into samples.
///
/// Bytes go in by [`push`](Self::push), split anywhere; what they say comes out of
/// [`poll`](Self::poll), the same however they were split. Nothing in the input is an error: what
/// is wrong with it is a [`Defect`](crate::Defect).
///
/// A track's id is its PID. Video is in ticks of 90 kHz, audio in ticks of its sampling rate;
/// their decode times count from one zero, so that the offset between them is that of the stream.
/// A run begins where the stream says, also where that is not where the one before it ended.
/// ID3 tags and splice information (SCTE-35) are told as timed events, in ticks of 90 kHz.
///
/// ```
/// use livetape_container::{Event, mpegts::Demuxer};
///
/// # let segments: [Vec<u8>; 0] = [];
/// let mut demuxer = Demuxer::new();
/// for segment in &segments {
///     demuxer.push(segment);
///     demuxer.end_segment();
///     while let Some(event) = demuxer.poll() {
///         match event {
///             Event::Config { track, config } => println!("{track:?} is {}", config.codec),
///             Event::Run(run) => println!("{} samples", run.samples.len()),
///             Event::Timed(event) => println!("{} at {:?}", event.scheme, event.time),
///             Event::Defect(defect) => println!("{}", defect.detail),
///         }
///     }
/// }
/// demuxer.flush(); // and poll once more
/// ```
///
/// With the feature `serde` all that it knows can be stored, once everything has been polled, and read back: it
/// goes on as if nothing had happened.
#[derive(Debug, Default)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Demuxer {
    framer: Framer,
    core: Core,
}

impl Demuxer {
    /// A demuxer at the start of a stream.
    pub fn new() -> Self {
        Self::default()
    }

    /// Takes the next bytes of the stream.
    pub fn push(&mut self, bytes: &[u8]) {
        self.frame(Some(bytes));
    }

    /// Takes bytes, or the end of all that came. In one place: what is done for a packet is part of what finds it.
    fn frame(&mut self, bytes: Option<&[u8]>) {
        let core = &mut self.core;
        let mut sink = |framed: Framed<'_>| core.framed(framed);
        match bytes {
            Some(bytes) => self.framer.push(bytes, &mut sink),
            None => self.framer.flush(&mut sink),
        }
    }

    /// A segment ends here and another of the same stream follows: gives out the samples that are
    /// complete. Continuity counters may begin anew in the next segment, as they do where each
    /// is muxed by itself; where they go on, so does an access unit that spans the two.
    pub fn end_segment(&mut self) {
        self.frame(None);
        for stream in &mut self.core.streams {
            stream.end_segment();
        }
        for events in &mut self.core.events {
            events.end_segment();
        }
        self.drain();
    }

    /// Completes all that is pending: the stream ends here, or a row of segments that belong
    /// together. More may follow; a sample that was completed without the next one known lasts
    /// as long as the one before it.
    pub fn flush(&mut self) {
        self.frame(None);
        self.core.finish();
    }

    /// What comes next is declared to have nothing to do with what came (`EXT-X-DISCONTINUITY`):
    /// times may have another base. Completes all that is pending.
    pub fn discontinuity(&mut self) {
        self.flush();
        self.core.restart();
    }

    /// Gives out the samples that are complete, without waiting until a run is full and without
    /// completing anything.
    pub fn drain(&mut self) {
        for stream in &mut self.core.streams {
            stream.drain(&mut self.core.out);
        }
        for events in &mut self.core.events {
            events.drain(&self.core.clock, &mut self.core.out);
        }
    }

    /// Takes the payload of a run that is not needed any more: its memory is filled again.
    pub fn recycle(&mut self, payload: Vec<u8>) {
        self.core.out.recycle(payload);
    }

    /// The next thing learned, in order; `None` until more is pushed.
    pub fn poll(&mut self) -> Option<Event> {
        self.core.out.events.pop_front()
    }
}

#[derive(Debug)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
struct Core {
    /// By PID.
    roles: Box<[u8]>,
    programs: Programs,
    streams: Vec<Stream>,
    /// Of which of them the packet before was.
    #[cfg_attr(feature = "serde", serde(skip))]
    latest: Option<usize>,
    events: Vec<EventStream>,
    pcr_pid: u16,
    clock: Clock,
    /// Packets that came before it was known what they are.
    held: Vec<u8>,
    /// Streams whose type was reported.
    told: Vec<(u16, u8)>,
    out: Output,
}

impl Default for Core {
    fn default() -> Self {
        let mut core = Self {
            roles: vec![IGNORED; PIDS].into_boxed_slice(),
            programs: Programs::default(),
            streams: Vec::new(),
            latest: None,
            events: Vec::new(),
            pcr_pid: NULL_PID,
            clock: Clock::default(),
            held: Vec::new(),
            told: Vec::new(),
            out: Output::default(),
        };
        core.assign_roles();
        core
    }
}

impl Core {
    // The browser's module is built for size. What is done for each packet is made one piece all
    // the same, here and where else it is said: a quarter faster there.
    #[inline(always)]
    fn framed(&mut self, framed: Framed<'_>) {
        match framed {
            Framed::Packet(bytes, position) => {
                self.out.position = position;
                self.packet(bytes);
            }
            Framed::Lost { position, bytes } => {
                self.out.position = position;
                let detail = Wording::default()
                    .decimal(bytes, 1)
                    .words(" bytes belong to no packet")
                    .done();
                self.out.defect(DefectCode::LostSync, None, detail);
            }
        }
    }

    #[inline(always)] // for each packet: see `Core::framed`
    fn packet(&mut self, bytes: &[u8; PACKET]) {
        let latest = self.latest.and_then(|index| self.streams.get_mut(index));
        if !latest.is_some_and(|stream| stream.goes_on(bytes, &mut self.out)) {
            self.other_packet(bytes);
        }
    }

    fn other_packet(&mut self, bytes: &[u8; PACKET]) {
        let packet = Packet::parse(bytes);
        match self.role(packet.pid) {
            IGNORED => {
                let wanted = !self.programs.is_chosen() && !self.programs.none_usable();
                if wanted && packet.pid != NULL_PID {
                    self.hold(bytes);
                }
            }
            PAT => {
                let change = self.programs.pat_packet(&packet);
                self.apply(&change);
            }
            PMT => {
                let change = self.programs.pmt_packet(&packet, is_media);
                self.apply(&change);
            }
            EVENTS => self.event_packet(&packet),
            _ => self.stream_packet(&packet),
        }
    }

    fn role(&self, pid: u16) -> u8 {
        let role = self.roles.get(usize::from(pid));
        role.copied().unwrap_or(IGNORED)
    }

    fn stream_packet(&mut self, packet: &Packet<'_>) {
        if packet.discontinuity && packet.pid == self.pcr_pid {
            for stream in &mut self.streams {
                stream.declare_jump();
            }
        }
        let index = self.role(packet.pid).checked_sub(FIRST_STREAM);
        self.latest = index.map(usize::from);
        if let Some(stream) = self.latest.and_then(|index| self.streams.get_mut(index)) {
            stream.packet(packet, &mut self.clock, &mut self.out);
        }
    }

    fn event_packet(&mut self, packet: &Packet<'_>) {
        let mut events = self.events.iter_mut();
        if let Some(events) = events.find(|events| events.pid == packet.pid) {
            events.packet(packet, &mut self.clock, &mut self.out);
        }
    }

    fn hold(&mut self, bytes: &[u8; PACKET]) {
        if self.held.len() + PACKET > MAX_HELD {
            self.held.clear();
        }
        self.held.extend_from_slice(bytes);
    }

    fn apply(&mut self, change: &Change) {
        if change.broken > 0 {
            let detail = "a section of PAT or PMT has a wrong CRC or length".to_owned();
            self.out.defect(DefectCode::Malformed, None, detail);
        }
        if change.pmt_pids {
            self.assign_roles();
        }
        if change.is_news && self.programs.none_usable() {
            self.refuse_all();
        }
        if let Some(pmt) = &change.streams {
            self.set_streams(pmt);
            self.replay();
        }
    }

    /// Takes the packets that came before it was known what they are.
    fn replay(&mut self) {
        let held = std::mem::take(&mut self.held);
        for bytes in held.as_chunks::<PACKET>().0 {
            let packet = Packet::parse(bytes);
            match self.role(packet.pid) {
                EVENTS => self.event_packet(&packet),
                _ => self.stream_packet(&packet),
            }
        }
    }

    /// Makes the streams those of `pmt`; streams that are in it already go on.
    fn set_streams(&mut self, pmt: &Pmt) {
        self.pcr_pid = pmt.pcr_pid;
        let stays = |stream: &Stream| {
            let mut listed = pmt.streams.iter();
            listed.any(|es| es.pid == stream.pid && es.stream_type == stream.stream_type)
        };
        for mut stream in std::mem::take(&mut self.streams) {
            if stays(&stream) {
                self.streams.push(stream);
            } else {
                stream.finish(&mut self.out);
            }
        }
        self.set_events(pmt);
        for es in &pmt.streams {
            let is_read = self.streams.iter().any(|stream| stream.pid == es.pid)
                || self.events.iter().any(|events| events.pid == es.pid);
            if is_read {
                continue;
            }
            match Stream::new(es.pid, es.stream_type) {
                Some(stream) if self.streams.len() < MAX_STREAMS => self.streams.push(stream),
                _ => self.refuse(es),
            }
        }
        self.assign_roles();
    }

    /// The same for streams of events.
    fn set_events(&mut self, pmt: &Pmt) {
        for mut events in std::mem::take(&mut self.events) {
            let mut listed = pmt.streams.iter();
            if listed.any(|es| es.pid == events.pid && es.kind.usage == events.usage()) {
                self.events.push(events);
            } else {
                events.finish(&mut self.clock, &mut self.out);
            }
        }
        for es in &pmt.streams {
            let is_known = self.events.iter().any(|events| events.pid == es.pid);
            if is_known || self.events.len() >= MAX_STREAMS {
                continue;
            }
            if let Some(events) = EventStream::new(es.pid, es.kind.usage) {
                self.events.push(events);
            }
        }
    }

    fn refuse(&mut self, es: &EsInfo) {
        let known = (es.pid, es.stream_type);
        if self.told.len() >= MAX_TOLD || self.told.contains(&known) {
            return;
        }
        self.told.push(known);
        let track = Some(TrackId(u32::from(es.pid)));
        let (code, what) = match es.kind.usage {
            Use::Protected => (DefectCode::Protected, "no key is known for it"),
            _ => (DefectCode::Unsupported, "it is not read"),
        };
        let (pid, stream_type, name) = (es.pid, es.stream_type, es.kind.name);
        let detail = Wording::of("PID 0x")
            .hexadecimal(pid.into(), 1)
            .words(" is ")
            .words(name)
            .words(" (stream type 0x")
            .hexadecimal(stream_type.into(), 2)
            .words("): ")
            .words(what)
            .done();
        self.out.defect(code, track, detail);
    }

    /// No program has a stream that can be read: says so of each.
    fn refuse_all(&mut self) {
        self.held.clear();
        for es in self.programs.all_streams(MAX_TOLD) {
            self.refuse(&es);
        }
    }

    fn assign_roles(&mut self) {
        self.latest = None;
        self.roles.fill(IGNORED);
        let streams = self.streams.iter().map(|stream| stream.pid);
        let streams = streams.zip(FIRST_STREAM..);
        let events = self.events.iter().map(|events| (events.pid, EVENTS));
        let tables = self.programs.pmt_pids().map(|pid| (pid, PMT));
        for (pid, role) in streams.chain(events).chain(tables).chain([(PAT_PID, PAT)]) {
            if let Some(slot) = self.roles.get_mut(usize::from(pid)) {
                *slot = role;
            }
        }
    }

    fn finish(&mut self) {
        if let Some(pmt) = self.programs.settle(is_media) {
            self.set_streams(&pmt);
            self.replay();
        } else if !self.programs.is_chosen() {
            let packets = self.held.len() / PACKET;
            if packets > 0 {
                let detail = Wording::of("no PMT says what is in the last ")
                    .decimal(packets as u64, 1)
                    .words(" packets")
                    .done();
                self.out.defect(DefectCode::NotDecodable, None, detail);
            }
            self.refuse_all();
        }
        for stream in &mut self.streams {
            stream.finish(&mut self.out);
        }
        for events in &mut self.events {
            events.finish(&mut self.clock, &mut self.out);
        }
    }

    fn restart(&mut self) {
        self.programs.restart();
        for stream in &mut self.streams {
            stream.restart();
        }
        for events in &mut self.events {
            events.restart();
        }
        self.clock.forget_shown();
    }
}

/// True for pictures and sound that are read.
fn is_media(es: &EsInfo) -> bool {
    es.kind.usage == Use::Media
}
