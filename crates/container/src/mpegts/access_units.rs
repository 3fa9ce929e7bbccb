//! H.264 and H.265 in PES packets (ISO/IEC 13818-1 §2.14, §2.17) to samples (ISO/IEC 14496-15 §5,
//! §8).
//!
//! - An access unit begins at the first NAL unit after coded slices that ITU-T H.264 §7.4.1.2.3
//!   or H.265 §7.4.2.4.4 names: access unit delimiter, parameter set, (prefix) SEI, or the first
//!   slice of a picture. Where PES packets begin does not matter, but for times: a PES packet's
//!   times are those of the first access unit that begins in it.
//! - A sample is the access unit without delimiter and filler data, each NAL unit after its
//!   length in 4 bytes. Parameter sets become the configuration and are left out; but sets that
//!   change where decoding cannot start stay in the sample, and the configuration has them from
//!   the next keyframe on. H.265 layers above the base layer stay as they are.
//! - Keyframe, H.264: an IDR picture, or a recovery point (`recovery_frame_cnt` 0) all of whose
//!   slices are I slices. Recording starts at the first keyframe, or at the first recovery point
//!   or picture of I slices where there is none sooner; what precedes it is dropped and told, and
//!   where it is no IDR picture so are those that follow it and are shown before it: what is right
//!   to show begins with it (ITU-T H.264 §D.2.8). The picture it starts at counts as a keyframe.
//! - Keyframe, H.265: an IRAP picture, which is IDR, BLA or CRA. Recording starts at the first
//!   one. Pictures that follow a CRA or BLA picture and are shown before it are leading pictures:
//!   those that may refer to pictures before it (RASL) cannot be decoded where recording starts
//!   at it, and are dropped there and told; others (RADL) are kept, and so are all leading
//!   pictures of later keyframes.

use std::ops::Range;
use std::sync::Arc;

use livetape_media::codec::annexb::{StartCodes, trim};
use livetape_media::codec::h264;
use livetape_media::{TrackConfig, TrackId};

use super::clock::Times;
use super::marks::Marks;
use super::parameter_sets::ParameterSets;
use super::payload::{self, FULL};
use super::pictures::Pictures;
use super::run::Output;
use super::video_codec::{Role, VideoCodec};
use crate::{DefectCode, Event};

/// Received bytes in which no access unit may fail to end.
const MAX_ACCESS_UNIT: usize = 32 << 20;
/// NAL units an access unit may have; real ones have at most a few hundred slices.
const MAX_NALS: usize = 1 << 16;
/// Bytes of parameter sets that may be kept from dropped pictures for the next sample.
const MAX_OWED: usize = 1 << 20;

/// One NAL unit of the access unit under way, within `AccessUnits::bytes`.
#[derive(Debug, Clone)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
struct Nal {
    role: Role,
    range: Range<usize>,
}

/// Makes samples of one H.264 or H.265 stream.
#[derive(Debug)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub(super) struct AccessUnits {
    codec: VideoCodec,
    /// Elementary stream from the start of the access unit under way.
    bytes: Vec<u8>,
    #[cfg_attr(feature = "serde", serde(skip))]
    codes: StartCodes,
    /// Start codes before this are found.
    scanned: usize,
    /// Where PES packets with times begin in `bytes`.
    marks: Marks<Times>,
    /// NAL units of the access unit under way, the last one open-ended.
    nals: Vec<Nal>,
    /// Where the access unit under way begins.
    start: usize,
    has_slice: bool,
    sets: ParameterSets,
    started: bool,
    dropped: bool,
    /// Pictures that refer to what precedes the picture recording started at may come.
    starting: bool,
    /// Nothing shown earlier can be decoded rightly: when the picture recording started at is
    /// shown, where it is no IDR picture, until the next keyframe.
    right_from: Option<i64>,
    /// That such pictures are dropped was told.
    told_skipped: bool,
    /// Parameter sets that came with such pictures, as they go into the next sample.
    owed: Vec<u8>,
    /// Bytes received since the last configuration.
    since_config: usize,
    pictures: Pictures,
}

impl AccessUnits {
    pub(super) fn new(codec: VideoCodec, track: TrackId) -> Self {
        Self {
            codec,
            bytes: Vec::new(),
            codes: StartCodes::default(),
            scanned: 0,
            marks: Marks::new(),
            nals: Vec::new(),
            start: 0,
            has_slice: false,
            sets: ParameterSets::new(codec),
            started: false,
            dropped: false,
            starting: false,
            right_from: None,
            told_skipped: false,
            owed: Vec::new(),
            since_config: usize::MAX,
            pictures: Pictures::new(track),
        }
    }

    /// A PES packet begins here.
    pub(super) fn mark(&mut self, times: Option<Times>) {
        if let Some(times) = times {
            self.marks.add(self.bytes.len(), times);
        }
    }

    /// The bytes that follow.
    pub(super) fn extend(&mut self, bytes: &[u8], out: &mut Output) {
        self.bytes.extend_from_slice(bytes);
        self.extended(bytes.len(), out);
    }

    /// The same, of a packet that is full.
    #[inline(always)] // for each packet: see `Core::framed`
    pub(super) fn extend_by_full(&mut self, payload: &[u8; FULL], out: &mut Output) {
        payload::append(&mut self.bytes, payload);
        self.extended(FULL, out);
    }

    #[inline(always)] // for each packet: see `Core::framed`
    fn extended(&mut self, by: usize, out: &mut Output) {
        self.since_config = self.since_config.saturating_add(by);
        if self.is_too_long() {
            self.shorten(out);
        }
    }

    #[inline(always)] // for each packet: see `Core::framed`
    fn is_too_long(&self) -> bool {
        self.bytes.len() > MAX_ACCESS_UNIT || self.nals.len() > MAX_NALS
    }

    /// Gives up what is too long to be an access unit.
    fn shorten(&mut self, out: &mut Output) {
        if self.bytes.len() > MAX_ACCESS_UNIT {
            self.scan(out);
        }
        if self.is_too_long() {
            let track = Some(self.pictures.run.track);
            let detail = "no access unit ends within 32 MiB or 65,536 NAL units".to_owned();
            out.defect(DefectCode::Malformed, track, detail);
            self.abandon();
        }
    }

    /// Finds the access units that are complete.
    pub(super) fn scan(&mut self, out: &mut Output) {
        while let Some(code) = self.codes.next(&self.bytes, self.scanned) {
            let head = code + 3;
            if self.bytes.len() < head + self.codec.head_len() {
                self.scanned = code;
                self.compact();
                return;
            }
            self.open(code, out);
            self.scanned = head;
        }
        self.scanned = self.scanned.max(self.bytes.len().saturating_sub(2));
        self.compact();
    }

    /// Completes all that is pending: the stream ends here, or restarts.
    pub(super) fn finish(&mut self, out: &mut Output) {
        self.complete(out);
        self.abandon();
        self.pictures.finish(out);
    }

    /// Packets are missing: the access unit under way is damaged, unless what arrived is
    /// `complete`.
    pub(super) fn lose(&mut self, complete: bool, out: &mut Output) {
        if complete {
            self.complete(out);
        } else {
            self.scan(out);
        }
        self.abandon();
    }

    /// What arrived is all there is of the access unit under way.
    fn complete(&mut self, out: &mut Output) {
        self.scan(out);
        // A NAL unit of nothing but its header at the very end.
        if let Some(code) = self.codes.next(&self.bytes, self.scanned)
            && self.bytes.len() >= code + 3 + self.codec.header_len()
        {
            self.open(code, out);
        }
        self.close(self.bytes.len());
        self.finish_access_unit(out);
    }

    /// True where `bytes` were the last to arrive.
    pub(super) fn ends_with(&self, bytes: &[u8]) -> bool {
        self.bytes.ends_with(bytes)
    }

    /// True once samples were given out, or will be.
    pub(super) const fn has_begun(&self) -> bool {
        self.started
    }

    /// A jump of the times is to come.
    pub(super) fn declare_jump(&mut self) {
        self.pictures.declare_jump();
    }

    /// What comes has nothing to do with what came: it begins with a keyframe of its own.
    pub(super) fn restart(&mut self) {
        self.started = false;
        self.dropped = false;
        self.told_skipped = false;
        self.right_from = None;
        self.pictures.restart();
    }

    /// Gives out the samples that are complete.
    pub(super) fn drain(&mut self, out: &mut Output) {
        self.pictures.drain(out);
    }

    /// Forgets the access unit under way and all bytes after it.
    fn abandon(&mut self) {
        self.bytes.clear();
        self.scanned = 0;
        self.marks.clear();
        self.nals.clear();
        self.start = 0;
        self.has_slice = false;
    }

    /// A NAL unit begins at the start code at `code`.
    fn open(&mut self, code: usize, out: &mut Output) {
        self.close(code);
        let received = self.bytes.get(code + 3..).unwrap_or_default();
        let mut head = [0; 3];
        for (to, from) in head.iter_mut().zip(received) {
            *to = *from;
        }
        let role = self.codec.role(head);
        let begins = self.codec.begins_access_unit(head);
        if begins && self.has_slice {
            self.finish_access_unit(out);
        }
        if self.nals.is_empty() && !begins {
            return; // the rest of an access unit whose start is lost
        }
        if self.nals.is_empty() || (role == Role::Delimiter && !self.has_slice) {
            self.start = code;
        }
        self.has_slice |= role.is_slice();
        self.nals.push(Nal {
            role,
            range: code + 3..usize::MAX,
        });
    }

    /// The open NAL unit ends at `end`.
    fn close(&mut self, end: usize) {
        if let Some(nal) = self.nals.last_mut() {
            nal.range.end = nal.range.end.min(end);
        }
    }

    /// Lets go of the bytes before the access unit under way.
    fn compact(&mut self) {
        let first = self.nals.first().map(|nal| nal.range.start);
        let keep = first.map_or(self.scanned, |start| start.saturating_sub(3));
        self.marks.pass(keep);
        if keep == 0 {
            return;
        }
        self.bytes.drain(..keep.min(self.bytes.len()));
        self.scanned -= keep;
        self.start = self.start.saturating_sub(keep);
        for nal in &mut self.nals {
            nal.range.start -= keep;
            if nal.range.end != usize::MAX {
                nal.range.end -= keep;
            }
        }
    }

    fn nal(&self, nal: &Nal) -> &[u8] {
        trim(self.bytes.get(nal.range.clone()).unwrap_or_default())
    }

    /// Turns the access unit under way, all of whose NAL units are closed, into a sample.
    fn finish_access_unit(&mut self, out: &mut Output) {
        let nals = std::mem::take(&mut self.nals);
        let has_slice = std::mem::take(&mut self.has_slice);
        let mut changed = false;
        for nal in nals.iter().filter(|nal| nal.role == Role::ParameterSet) {
            let range = nal.range.clone();
            let bytes = trim(self.bytes.get(range).unwrap_or_default());
            changed |= self.sets.update(bytes);
        }
        // A header of zeros with nothing behind it is one of H.265's slices by its type alone.
        let coded = |nal: &Nal| nal.role.is_slice() && !self.nal(nal).is_empty();
        if !has_slice || !nals.iter().any(coded) {
            return; // parameter sets alone, or nothing that can be decoded
        }
        let times = self.marks.take(self.start);
        let (keyframe, entry) = self.random_access(&nals);
        if keyframe {
            self.starting = !self.started;
        }
        if keyframe || entry && !self.started {
            let is_idr = nals.iter().any(|nal| nal.role == Role::RandomAccess);
            let shown = times.filter(|_| !self.started && !is_idr);
            self.right_from = shown.map(|times| times.pts);
        }
        let begins = !self.started;
        if !self.start_here(keyframe || entry, times, out) {
            return;
        }
        if self.skip(&nals, times, out) {
            if changed {
                self.owe(&nals);
            }
            return;
        }
        let config = self.take_configuration(keyframe);
        if config.is_some() {
            self.owed.clear();
        }
        let in_band = changed && config.is_none();
        let times = self.pictures.follow(times, config.is_none(), out);
        if keyframe || config.is_some() || self.pictures.run.is_full() {
            self.pictures.end_run(out);
        }
        if let Some(config) = config {
            let track = self.pictures.run.track;
            out.events.push_back(Event::Config { track, config });
        }
        let size = self.append(&nals, in_band);
        // Where decoding starts, readers have to be able to start.
        self.pictures.hold(size, keyframe || begins, times);
        self.nals = nals;
        self.nals.clear();
    }

    /// The configuration, where it is another one and can begin to hold here. One that is larger
    /// than what was received since the one before it has to wait: else small input would make
    /// much of the parameter sets it keeps changing.
    fn take_configuration(&mut self, keyframe: bool) -> Option<Arc<TrackConfig>> {
        let first = !self.sets.is_configured();
        if !first && (!keyframe || self.since_config < self.sets.len()) {
            return None;
        }
        let config = self.sets.configuration()?;
        self.since_config = 0;
        Some(config)
    }

    /// Is it a keyframe; if not, can decoding start here at least approximately?
    fn random_access(&self, nals: &[Nal]) -> (bool, bool) {
        if nals.iter().any(|nal| nal.role == Role::RandomAccess) {
            return (true, true);
        }
        if self.codec == VideoCodec::Hevc {
            return (false, false);
        }
        let recovery = nals
            .iter()
            .filter(|nal| nal.role == Role::Sei)
            .find_map(|nal| h264::recovery_point(self.nal(nal)));
        if recovery.is_none() && self.started {
            return (false, false);
        }
        let intra = nals
            .iter()
            .filter(|nal| nal.role == Role::Slice)
            .all(|nal| h264::is_intra_slice(self.nal(nal)));
        (recovery == Some(0) && intra, recovery.is_some() || intra)
    }

    /// True once samples can be given out: decoding can start and configuration and a time are
    /// known.
    fn start_here(&mut self, entry: bool, times: Option<Times>, out: &mut Output) -> bool {
        if self.started {
            return true;
        }
        self.started = entry && times.is_some() && self.sets.is_complete();
        if !self.started && !self.dropped {
            self.dropped = true;
            let why = if !self.sets.is_complete() {
                "pictures before the first parameter sets were dropped"
            } else if !entry {
                "pictures before the first keyframe were dropped"
            } else {
                "pictures before the first time were dropped"
            };
            let track = Some(self.pictures.run.track);
            out.defect(DefectCode::NotDecodable, track, why.to_owned());
        }
        self.started
    }

    /// True for a picture that refers to what precedes the keyframe recording started at. It lies
    /// between that one and the next, in decode order.
    fn skip(&mut self, nals: &[Nal], times: Option<Times>, out: &mut Output) -> bool {
        let too_early = |from: i64| times.is_some_and(|times| times.pts < from);
        let skipped = self.right_from.is_some_and(too_early)
            || self.starting && nals.iter().any(|nal| nal.role == Role::Skipped);
        if skipped && !std::mem::replace(&mut self.told_skipped, true) {
            let track = Some(self.pictures.run.track);
            let detail = "leading pictures of the first keyframe, which refer to pictures before \
                          it, were dropped";
            out.defect(DefectCode::NotDecodable, track, detail.to_owned());
        }
        skipped
    }

    /// Keeps the parameter sets of a picture that is dropped for the next sample: it may need them.
    fn owe(&mut self, nals: &[Nal]) {
        for nal in nals.iter().filter(|nal| nal.role == Role::ParameterSet) {
            let bytes = trim(self.bytes.get(nal.range.clone()).unwrap_or_default());
            if self.owed.len() + bytes.len() < MAX_OWED {
                put(&mut self.owed, bytes);
            }
        }
    }

    /// Copies an access unit's NAL units into the run, with the parameter sets or without; how
    /// many bytes that makes.
    fn append(&mut self, nals: &[Nal], in_band: bool) -> u32 {
        let payload = &mut self.pictures.run.payload;
        let before = payload.len();
        payload.append(&mut self.owed);
        for nal in nals {
            if matches!(nal.role, Role::Delimiter | Role::Filler)
                || nal.role == Role::ParameterSet && !in_band
            {
                continue;
            }
            let bytes = trim(self.bytes.get(nal.range.clone()).unwrap_or_default());
            put(payload, bytes);
        }
        (payload.len() - before) as u32
    }
}

/// Appends a NAL unit after its length; nothing where it is empty.
fn put(payload: &mut Vec<u8>, nal: &[u8]) {
    // Fits: an access unit is at most MAX_ACCESS_UNIT and a packet long.
    let len = nal.len() as u32;
    if len > 0 {
        payload.extend_from_slice(&len.to_be_bytes());
        payload.extend_from_slice(nal);
    }
}
