//! One elementary stream: from its packets to the reader of its codec.

use livetape_media::{TrackId, Wording};

use super::access_units::AccessUnits;
use super::adts::Adts;
use super::clock::Clock;
use super::packet::{Counter, PACKET, Packet, Step};
use super::pes::{NoHeader, PesHeader};
use super::run::Output;
use super::video_codec::VideoCodec;
use crate::DefectCode;

/// H.264 (table 2-34).
const AVC: u8 = 0x1b;
/// H.265.
const HEVC: u8 = 0x24;
/// AAC in ADTS.
const AAC_ADTS: u8 = 0x0f;

/// Packets marked as scrambled, more than others, that make a stream one that is.
const MANY_SCRAMBLED: u8 = 16;

#[derive(Debug)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
enum Reader {
    Video(Box<AccessUnits>),
    Adts(Box<Adts>),
}

/// Where in a PES packet the stream is.
#[derive(Debug)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
enum Pes {
    /// In none; what comes is passed over until one begins.
    Outside,
    /// In a header that spans packets.
    Header(Vec<u8>),
    /// In the payload, of which so many bytes are to come; `None` where that is not said.
    Payload(Option<usize>),
}

/// An elementary stream that is recorded.
#[derive(Debug)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub(super) struct Stream {
    pub(super) pid: u16,
    pub(super) stream_type: u8,
    counter: Counter,
    pes: Pes,
    /// The packet before began a PES packet.
    started: bool,
    /// The packet before ended a PES packet, of whatever length.
    ended: bool,
    /// How often something was marked as scrambled, less how often something was not.
    scrambled: u8,
    /// That it is protected was told.
    protected: bool,
    reader: Reader,
}

impl Stream {
    /// `None` where the type is not supported.
    pub(super) fn new(pid: u16, stream_type: u8) -> Option<Self> {
        let track = TrackId(u32::from(pid));
        let video = |codec| Reader::Video(Box::new(AccessUnits::new(codec, track)));
        let reader = match stream_type {
            AVC => video(VideoCodec::Avc),
            HEVC => video(VideoCodec::Hevc),
            AAC_ADTS => Reader::Adts(Box::new(Adts::new(track))),
            _ => return None,
        };
        Some(Self {
            pid,
            stream_type,
            counter: Counter::default(),
            pes: Pes::Outside,
            started: false,
            ended: false,
            scrambled: 0,
            protected: false,
            reader,
        })
    }

    fn track(&self) -> Option<TrackId> {
        Some(TrackId(u32::from(self.pid)))
    }

    /// Takes a packet that is nothing but the next one of the picture under way, as most are; false where it is another.
    #[inline(always)] // for each packet: see `Core::framed`
    pub(super) fn goes_on(&mut self, bytes: &[u8; PACKET], out: &mut Output) -> bool {
        let [_, b1, b2, b3, payload @ ..] = bytes;
        let (Pes::Payload(left), Reader::Video(video)) = (&mut self.pes, &mut self.reader) else {
            return false;
        };
        // All flags are 0, there is no adaptation field.
        let goes_on = u16::from_be_bytes([*b1, *b2]) == self.pid
            && b3 & 0xf0 == 0x10
            && self.counter.is_next(b3 & 0x0f);
        if goes_on {
            (self.started, self.ended) = (false, false);
            *left = left.map(|left| left.saturating_sub(payload.len()));
            video.extend_by_full(payload, out);
        }
        goes_on
    }

    /// Takes one of the stream's packets.
    pub(super) fn packet(&mut self, packet: &Packet<'_>, clock: &mut Clock, out: &mut Output) {
        if packet.damaged {
            let detail = "a packet was received with errors".to_owned();
            out.defect(DefectCode::Malformed, self.track(), detail);
            self.lose(out);
            return;
        }
        let Some(payload) = packet.payload else {
            return;
        };
        if packet.scrambled {
            self.pass_over_scrambled("transport packets are scrambled", out);
            return;
        }
        match self.counter.step(packet) {
            Step::Next => {}
            Step::Restart => self.cut(out),
            Step::Same if self.repeats(packet.start, payload) => return,
            // All but one of a turn of the counter.
            Step::Same => self.lose_packets(15, out),
            Step::Gap(missing) => self.lose_packets(missing, out),
        }
        (self.started, self.ended) = (packet.start, packet.stuffed);
        if packet.start {
            self.begin(payload, clock, out);
            return;
        }
        match &mut self.pes {
            Pes::Outside => {}
            Pes::Header(header) => {
                let mut header = std::mem::take(header);
                header.extend_from_slice(payload);
                self.begin(&header, clock, out);
            }
            Pes::Payload(_) => self.payload(payload, out),
        }
    }

    /// Completes all that is pending.
    pub(super) fn finish(&mut self, out: &mut Output) {
        self.cut(out);
        match &mut self.reader {
            Reader::Video(video) => video.finish(out),
            Reader::Adts(adts) => adts.finish(out),
        }
        if self.scrambled > 0 && !self.has_begun() {
            self.protect("transport packets are scrambled", out);
        }
    }

    fn has_begun(&self) -> bool {
        match &self.reader {
            Reader::Video(video) => video.has_begun(),
            Reader::Adts(adts) => adts.has_begun(),
        }
    }

    /// A segment ends here: what comes may have counters of its own.
    pub(super) fn end_segment(&mut self) {
        self.counter.end_segment();
    }

    /// The bytes that came are all there are of what they belong to.
    fn cut(&mut self, out: &mut Output) {
        let missing = match self.pes {
            Pes::Payload(Some(missing)) => missing,
            _ => 0,
        };
        if missing > 0 {
            let detail = Wording::of("a PES packet ends ")
                .decimal(missing as u64, 1)
                .words(" bytes early")
                .done();
            out.defect(DefectCode::Truncated, self.track(), detail);
        }
        self.pes = Pes::Outside;
        match &mut self.reader {
            Reader::Video(video) => video.lose(missing == 0, out),
            Reader::Adts(adts) => adts.cut(out),
        }
    }

    /// What comes has nothing to do with what came, which is complete.
    pub(super) fn restart(&mut self) {
        self.counter.reset();
        self.pes = Pes::Outside;
        match &mut self.reader {
            Reader::Video(video) => video.restart(),
            Reader::Adts(adts) => adts.restart(),
        }
    }

    /// A jump of the times is to come.
    pub(super) fn declare_jump(&mut self) {
        match &mut self.reader {
            Reader::Video(video) => video.declare_jump(),
            Reader::Adts(adts) => adts.declare_jump(),
        }
    }

    /// Gives out the samples that are complete.
    pub(super) fn drain(&mut self, out: &mut Output) {
        match &mut self.reader {
            Reader::Video(video) => video.drain(out),
            Reader::Adts(adts) => adts.drain(out),
        }
    }

    /// A PES packet begins with `bytes`.
    fn begin(&mut self, bytes: &[u8], clock: &mut Clock, out: &mut Output) {
        let header = match PesHeader::parse(bytes) {
            Ok(header) => header,
            Err(NoHeader::Cut) => {
                self.pes = Pes::Header(bytes.to_vec());
                return;
            }
            Err(reason) => {
                self.pes = Pes::Outside;
                if reason == NoHeader::NoPes {
                    let detail = "a PES packet has no valid header".to_owned();
                    out.defect(DefectCode::Malformed, self.track(), detail);
                }
                return;
            }
        };
        if header.scrambled {
            self.pass_over_scrambled("PES packets are scrambled", out);
            self.pes = Pes::Outside;
            return;
        }
        self.scrambled = self.scrambled.saturating_sub(1);
        let times = header.pts.map(|pts| clock.unwrap(pts, header.dts));
        if let Some(times) = times {
            clock.show(times.pts, matches!(self.reader, Reader::Video(_)));
            out.time = Some(times.pts);
        }
        match &mut self.reader {
            Reader::Video(video) => video.mark(times),
            Reader::Adts(adts) => adts.mark(times.map(|times| times.pts)),
        }
        self.pes = Pes::Payload(header.payload);
        self.payload(bytes.get(header.len..).unwrap_or_default(), out);
        // What completes the units of the PES packet before is the start of this one.
        match &mut self.reader {
            Reader::Video(video) => video.scan(out),
            Reader::Adts(adts) => adts.scan(false, out),
        }
    }

    fn payload(&mut self, bytes: &[u8], out: &mut Output) {
        let mut complete = false;
        if let Pes::Payload(Some(left)) = &mut self.pes {
            complete = (1..=bytes.len()).contains(left);
            // Some muxers say too little of large video packets: what is there is taken.
            *left = left.saturating_sub(bytes.len());
        }
        match &mut self.reader {
            Reader::Video(video) => video.extend(bytes, out),
            Reader::Adts(adts) => {
                adts.extend(bytes, out);
                if complete {
                    adts.scan(false, out);
                }
            }
        }
    }

    /// At least so many packets are missing: tells it.
    fn lose_packets(&mut self, missing: u8, out: &mut Output) {
        let units = match self.reader {
            Reader::Video(_) => "pictures",
            Reader::Adts(_) => "frames",
        };
        let detail = Wording::of("packets are missing, at least ")
            .decimal(missing.into(), 1)
            .words(", and the ")
            .words(units)
            .words(" in them")
            .done();
        out.defect(DefectCode::ContinuityError, self.track(), detail);
        self.lose(out);
    }

    /// Packets are missing.
    fn lose(&mut self, out: &mut Output) {
        // Files put together from segments have no packet missing where the counters jump.
        let complete = match self.pes {
            Pes::Payload(Some(missing)) => missing == 0,
            Pes::Payload(None) => self.ended,
            _ => false,
        };
        match &mut self.reader {
            Reader::Video(video) => {
                video.lose(complete, out);
                self.pes = Pes::Outside;
            }
            // Frames are small and find their way back within the PES packet.
            Reader::Adts(adts) => {
                adts.lose(out);
                match self.pes {
                    Pes::Payload(_) => self.pes = Pes::Payload(None),
                    _ => self.pes = Pes::Outside,
                }
            }
        }
    }

    /// Is a packet whose counter did not move the one before it, sent again?
    fn repeats(&self, start: bool, payload: &[u8]) -> bool {
        match (&self.pes, &self.reader) {
            _ if start || self.started => start && self.started,
            (Pes::Outside, _) => true,
            (Pes::Header(header), _) => header.ends_with(payload),
            (_, Reader::Video(video)) => video.ends_with(payload),
            (_, Reader::Adts(adts)) => adts.ends_with(payload),
        }
    }

    /// Passes over what is marked as scrambled. A mark alone, among much that is not, is damage: a bit that was received wrong.
    fn pass_over_scrambled(&mut self, detail: &str, out: &mut Output) {
        self.lose(out);
        self.counter.reset();
        self.scrambled = self.scrambled.saturating_add(1);
        if self.scrambled >= MANY_SCRAMBLED {
            self.protect(detail, out);
        } else if self.has_begun() && !self.protected {
            let detail = "a packet among clear ones is marked as scrambled".to_owned();
            out.defect(DefectCode::Malformed, self.track(), detail);
        }
    }

    /// Tells once that the stream is encrypted, or is from here on.
    fn protect(&mut self, detail: &str, out: &mut Output) {
        if std::mem::replace(&mut self.protected, true) {
            return;
        }
        let (code, detail) = if self.has_begun() {
            let detail = Wording::of(detail).words(" from here on");
            (DefectCode::NotDecodable, detail.done())
        } else {
            (DefectCode::Protected, detail.to_owned())
        };
        out.defect(code, self.track(), detail);
    }
}
