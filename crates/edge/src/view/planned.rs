//! The file that a recording, or a range of its time, is.

use std::borrow::Cow;
use std::ops::Range;

use livetape_media::Timestamp;
use livetape_timeline::plan::{
    Division, Form, LaidOut, Selection, laid_out, progressive, ranges, split,
};
use livetape_timeline::{Part, Plan, Timeline};
use sha2::{Digest as _, Sha256};

use crate::delivery::{HeaderOf, Piece};
use crate::digest::hex;
use crate::error::{ApiError, Code};
use crate::index::at_micros;
use crate::moment::Span;
use crate::recording::Recording;

use super::mp4::FileKind;

/// How the bytes are made that a file of a whole recording has besides its objects': another number where the
/// same objects become other bytes.
const LAYOUT: u32 = 2;

/// Bytes of a header that are made before anything is sent.
const MADE_AT_ONCE: u64 = 128 << 10;

/// The file, planned.
#[derive(Debug)]
pub(crate) struct Mp4View {
    file: File,
    /// Strong: names these bytes and no others.
    etag: String,
}

#[derive(Debug)]
enum File {
    /// Sample by sample.
    Planned(Plan),
    /// The same bytes, but those of the header are made when they are sent.
    LaidOut(LaidOut),
}

impl Mp4View {
    /// Plans the whole, or what lies in a range of time.
    pub(crate) fn new(
        recording: &Recording,
        span: Option<&Span>,
        kind: FileKind,
    ) -> Result<Self, ApiError> {
        let timeline = recording.index().timeline();
        let nothing = recording.nothing();
        let selection = selection(recording, span, kind)?;
        let parts = split(timeline, &selection, Form::Progressive);
        let [part] = parts.as_slice() else {
            let zero = Selection::whole(timeline).map_or(selection.start, |whole| whole.start);
            let detail = separately(timeline, &selection, zero);
            return Err(ApiError::new(Code::ConfigurationChange, detail));
        };
        let laid = match span {
            None => recording.laid_out(part).map_err(|_| nothing)?,
            Some(_) => None,
        };
        let file = match laid {
            Some(laid) => File::LaidOut(laid),
            None => File::Planned(progressive(timeline, part).map_err(|_| nothing)?.plan),
        };
        let tag = match &file {
            File::Planned(plan) if span.is_some() => recording.tag_of(plan),
            _ => recording.tag_of_whole(kind),
        };
        let etag = format!("\"{}\"", hex(tag.get(..16).unwrap_or_default()));
        Ok(Self { file, etag })
    }

    pub(crate) fn etag(&self) -> &str {
        &self.etag
    }

    /// Its bytes.
    pub(crate) const fn len(&self) -> u64 {
        match &self.file {
            File::Planned(plan) => plan.len(),
            File::LaidOut(laid) => laid.len(),
        }
    }

    /// What it has of objects, in its order.
    pub(crate) fn stored(&self) -> &[Part] {
        match &self.file {
            File::Planned(plan) => plan.parts(),
            File::LaidOut(laid) => laid.payload().parts(),
        }
    }

    /// The plan of all of it.
    pub(crate) fn whole(&self, recording: &Recording) -> Cow<'_, Plan> {
        match &self.file {
            File::Planned(plan) => Cow::Borrowed(plan),
            File::LaidOut(_) => Cow::Owned(self.slice(recording, 0..self.len())),
        }
    }

    /// A range of its bytes. Of a long header only the first are made at once.
    pub(crate) fn pieces(
        &self,
        recording: &Recording,
        kind: FileKind,
        range: Range<u64>,
    ) -> Vec<Piece> {
        let File::LaidOut(laid) = &self.file else {
            return recording.pieces(&self.slice(recording, range));
        };
        let header_end = laid.header_len().clamp(range.start, range.end);
        let later = range.start.saturating_add(MADE_AT_ONCE)..header_end;
        let Some(last) = recording.last_number().filter(|_| !later.is_empty()) else {
            return recording.pieces(&self.slice(recording, range));
        };
        let mut pieces = recording.pieces(&self.slice(recording, range.start..later.start));
        pieces.push(Piece::Header {
            of: HeaderOf {
                recording: recording.meta().id.clone(),
                kind,
                etag: self.etag.clone(),
                last,
            },
            offset: later.start,
            len: later.end - later.start,
        });
        pieces.extend(recording.pieces(&self.slice(recording, later.end..range.end)));
        pieces
    }

    /// The plan of a range of its bytes, of which no other is made.
    fn slice(&self, recording: &Recording, range: Range<u64>) -> Plan {
        let laid = match &self.file {
            File::Planned(plan) => return plan.slice(range),
            File::LaidOut(laid) => laid,
        };
        let made = laid.header_len();
        let header = range.start.min(made)..range.end.min(made);
        let mut plan = Plan::new();
        if !header.is_empty() {
            let bytes = laid.header(recording.index().timeline(), header);
            plan.push(Part::Bytes(bytes));
        }
        let behind = range.start.saturating_sub(made)..range.end.saturating_sub(made);
        let payload = laid.payload().slice(behind);
        payload
            .parts()
            .iter()
            .for_each(|part| plan.push(part.clone()));
        plan
    }
}

/// The samples that a file has.
fn selection(
    recording: &Recording,
    span: Option<&Span>,
    kind: FileKind,
) -> Result<Selection, ApiError> {
    let timeline = recording.index().timeline();
    let nothing = recording.nothing();
    let whole = Selection::whole(timeline).ok_or(nothing)?;
    let mut selection = match span {
        None => whole,
        Some(span) => {
            let end = span.end.map_or(whole.end, at_micros).min(whole.end);
            let start = at_micros(span.start).max(whole.start);
            Selection::new(timeline, start, end).ok_or(nothing)?
        }
    };
    if kind == FileKind::Audio {
        let track = timeline.tracks().iter();
        let sound = track.map(|track| track.config().is_some_and(|own| own.format.is_audio()));
        let sound = sound.collect::<Vec<_>>();
        selection
            .tracks
            .retain(|(index, _)| sound.get(*index) == Some(&true));
        selection.tracks.truncate(1);
        if selection.tracks.is_empty() {
            return Err(ApiError::new(Code::NoSuchView, "It has no sound."));
        }
    }
    Ok(selection)
}

/// What to ask for instead of a range that one file cannot hold.
fn separately(timeline: &Timeline, selection: &Selection, zero: Timestamp) -> String {
    /// So many ranges are named at most.
    const NAMED: usize = 8;
    let seconds = |time: Timestamp| time.minus(zero).seconds();
    let all = ranges(timeline, selection, Form::Progressive);
    let named = all.iter().take(NAMED).map(|(start, end)| {
        let (start, end) = (seconds(*start), seconds(*end));
        format!("?start={start:.6}&end={end:.6}")
    });
    let named = named.collect::<Vec<_>>().join(", ");
    let more = match all.len().saturating_sub(NAMED) {
        0 => String::new(),
        more => format!(" and {more} more"),
    };
    format!("HLS plays it all; as MP4 each of these is a file: {named}{more}.")
}

impl Recording {
    /// A file of all its samples, or of all of a track, laid out; `None` where they are to be looked at.
    fn laid_out(
        &self,
        selection: &Selection,
    ) -> Result<Option<LaidOut>, livetape_timeline::plan::PlanError> {
        let entries = self.index().entries();
        laid_out(self.index().timeline(), selection, |track| {
            let parts = entries.iter().flat_map(|entry| &entry.tracks);
            let own = parts.filter(|part| part.track == track);
            let division = own.map(|part| Division {
                numbers: part.numbers.clone(),
                chunks: &part.chunks,
            });
            division.collect()
        })
    }

    /// A range of the bytes of a file's header; `None` where the recording's file is another by now. Where it only
    /// grew since, the recording of its objects up to `of.last` has it.
    pub fn header(&self, of: &HeaderOf, range: Range<u64>) -> Option<Vec<u8>> {
        if self.last_number() != Some(of.last) {
            return None;
        }
        let view = self.whole_file(of.kind).ok()?;
        let File::LaidOut(laid) = &view.file else {
            return None;
        };
        (view.etag == of.etag).then(|| laid.header(self.index().timeline(), range))
    }

    /// Names a file of a range of time: the made bytes hold every size and time; with the digests of the objects
    /// they say it all. What is stored later does not change it.
    fn tag_of(&self, plan: &Plan) -> Vec<u8> {
        let mut hash = Sha256::new();
        for part in plan.parts() {
            if let Part::Bytes(bytes) = part {
                hash.update(bytes);
            }
        }
        let mut last = None;
        for part in plan.parts() {
            if let Part::Stored(extent) = part
                && last.replace(extent.store) != Some(extent.store)
                && let Some(digest) = self.digest(extent.store.0)
            {
                hash.update(extent.store.0.to_be_bytes());
                hash.update(digest.0);
            }
        }
        hash.finalize().to_vec()
    }

    /// Names the file of all of it by what it is made of: a hash of hours of samples' tables would take as long
    /// as they do.
    fn tag_of_whole(&self, kind: FileKind) -> Vec<u8> {
        let mut hash = Sha256::new();
        hash.update(LAYOUT.to_be_bytes());
        hash.update([u8::from(kind == FileKind::Audio)]);
        for entry in self.index().entries() {
            hash.update(entry.seq.to_be_bytes());
            hash.update(entry.config.as_str());
            if let Some(digest) = self.digest(entry.seq) {
                hash.update(digest.0);
            }
            let date = entry.wall_clock.map(i64::to_be_bytes);
            hash.update([u8::from(date.is_some())]);
            hash.update(date.unwrap_or_default());
        }
        hash.finalize().to_vec()
    }
}
