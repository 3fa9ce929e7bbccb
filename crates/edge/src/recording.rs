//! One recording: what may be done to it, and what is known of it.
//!
//! The shell keeps the rows and the bytes; this decides. Everything here can be built again from the
//! rows.

mod info;

use std::collections::BTreeMap;
use std::ops::RangeInclusive;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use livetape_media::{Timescale, Timestamp};
use serde_json::json;

use crate::access::Limits;
use crate::api::{Finish, State};
use crate::digest::Sha256Digest;
use crate::error::{ApiError, Code};
use crate::ids::ConfigHash;
use crate::index::{Entry, Facts, Index, Segment, read_config};
use crate::meta::{Meta, ObjectRow};
use crate::moment::Span;
use crate::pack::{Pack, Places};
use crate::view::live::Programme;
use crate::view::mp4::FileKind;
use crate::view::planned::Mp4View;

#[derive(Debug, Clone, Copy)]
struct Known {
    size: u64,
    digest: Sha256Digest,
}

/// One recording, as far as it has come.
#[derive(Debug)]
pub struct Recording {
    meta: Meta,
    configs: BTreeMap<ConfigHash, Vec<u8>>,
    objects: BTreeMap<u32, Known>,
    index: Index,
    video: OnceLock<Result<Arc<Mp4View>, ApiError>>,
    audio: OnceLock<Result<Arc<Mp4View>, ApiError>>,
    programme: OnceLock<Option<Arc<Programme>>>,
    /// Of the clip that was last asked for.
    clip_programme: Mutex<Option<(Span, Arc<Programme>)>>,
    places: Places,
    /// How many objects were taken since the last page.
    unsealed: usize,
}

impl Recording {
    /// A recording from its rows; `rows` in order of their numbers. A row that cannot be read any more
    /// is left out of the index, not of the list of objects.
    pub fn new(
        meta: Meta,
        configs: impl IntoIterator<Item = (ConfigHash, Vec<u8>)>,
        rows: impl IntoIterator<Item = ObjectRow>,
    ) -> Self {
        let mut recording = Self {
            meta,
            configs: configs.into_iter().collect(),
            objects: BTreeMap::new(),
            index: Index::default(),
            video: OnceLock::new(),
            audio: OnceLock::new(),
            programme: OnceLock::new(),
            clip_programme: Mutex::default(),
            places: Places::default(),
            unsealed: 0,
        };
        for row in rows {
            recording.insert(&row);
        }
        recording
    }

    /// The recording, of whose objects some are stored in packs.
    #[must_use]
    pub fn packed(mut self, packs: &[Pack]) -> Self {
        self.places = Places::of(packs);
        self
    }

    pub(crate) const fn places(&self) -> &Places {
        &self.places
    }

    /// Its facts.
    pub const fn meta(&self) -> &Meta {
        &self.meta
    }

    pub(crate) const fn index(&self) -> &Index {
        &self.index
    }

    /// The init segment of a configuration.
    pub fn config(&self, hash: &ConfigHash) -> Option<&[u8]> {
        self.configs.get(hash).map(Vec::as_slice)
    }

    /// The whole as one file, made when first asked for and kept until the recording grows.
    pub(crate) fn whole_file(&self, kind: FileKind) -> Result<Arc<Mp4View>, ApiError> {
        let kept = match kind {
            FileKind::Video => &self.video,
            FileKind::Audio => &self.audio,
        };
        kept.get_or_init(|| Mp4View::new(self, None, kind).map(Arc::new))
            .clone()
    }

    /// The whole, or a range of time, as a programme for broadcasts; `None` where nothing is recorded.
    pub(crate) fn programme(&self, span: Option<&Span>) -> Option<Arc<Programme>> {
        let make = |span: Option<&Span>| self.new_programme(span).map(Arc::new);
        let Some(span) = span else {
            return self.programme.get_or_init(|| make(None)).clone();
        };
        let mut kept = self
            .clip_programme
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        if let Some((_, programme)) = kept.as_ref().filter(|(own, _)| own == span) {
            return Some(Arc::clone(programme));
        }
        let programme = make(Some(span))?;
        *kept = Some((*span, Arc::clone(&programme)));
        Some(programme)
    }

    /// Checks an init segment that is put under `hash`. True where it is new, false where it is
    /// stored already.
    ///
    /// # Errors
    /// [`Code::RecordingFinished`], [`Code::ConfigHashMismatch`], [`Code::BadConfig`],
    /// [`Code::Protected`].
    pub fn check_config(&self, hash: &ConfigHash, init: &[u8]) -> Result<bool, ApiError> {
        if ConfigHash::of(init) != *hash {
            return Err(Code::ConfigHashMismatch.into());
        }
        if self.configs.get(hash).is_some_and(|stored| stored == init) {
            return Ok(false);
        }
        if self.meta.state == State::Finished {
            return Err(Code::RecordingFinished.into());
        }
        read_config(init)?;
        Ok(true)
    }

    /// Takes an init segment that was checked and stored.
    pub fn insert_config(&mut self, hash: ConfigHash, init: Vec<u8>) {
        self.configs.insert(hash, init);
    }

    pub(crate) const fn configs(&self) -> &BTreeMap<ConfigHash, Vec<u8>> {
        &self.configs
    }

    /// Number of the last object.
    pub(crate) fn last_number(&self) -> Option<u32> {
        self.objects.last_key_value().map(|(seq, _)| *seq)
    }

    /// The digest of the object of a number; `None` where there is none.
    pub fn digest(&self, seq: u32) -> Option<Sha256Digest> {
        self.objects.get(&seq).map(|known| known.digest)
    }

    /// Checks a stored object whose head was read back.
    ///
    /// # Errors
    /// [`Code::RecordingFinished`], [`Code::ConfigMissing`], [`Code::BadFragment`],
    /// [`Code::ObjectTooLong`].
    pub fn check_object(&self, row: &ObjectRow) -> Result<(), ApiError> {
        if self.meta.state == State::Finished {
            return Err(Code::RecordingFinished.into());
        }
        if self.meta.limits != Limits::default() {
            let millis = (self.duration().seconds() * 1e3) as u64;
            self.meta.limits.check(self.bytes() + row.size, millis)?;
        }
        let init = self.configs.get(&row.config).ok_or(Code::ConfigMissing)?;
        self.meta.limits.check_object(row.check(init)?)
    }

    /// Takes an object that was checked and whose row is stored. False where it lies before others, so
    /// that this value must be made anew from the rows.
    #[must_use]
    pub fn take_object(&mut self, row: &ObjectRow) -> bool {
        let last = self.last_number();
        if last.is_some_and(|last| row.seq <= last) {
            return false;
        }
        self.insert(row);
        true
    }

    fn insert(&mut self, row: &ObjectRow) {
        let known = Known {
            size: row.size,
            digest: row.digest,
        };
        self.objects.insert(row.seq, known);
        self.unsealed += 1;
        self.forget_views();
        let Some(init) = self.configs.get(&row.config) else {
            return;
        };
        let facts = Facts::of(row);
        // It was checked before it was stored; should the rules have changed since, the rest of the
        // recording still plays.
        let _ = self.index.append(facts, init, &row.head);
    }

    /// Takes the objects of a page; false, and nothing is taken, where it does not fit.
    pub(crate) fn take_sealed(&mut self, page: &[u8]) -> bool {
        let Some(objects) = self.index.take(page, &self.configs) else {
            return false;
        };
        self.forget_views();
        self.unsealed = 0;
        for (facts, digest) in objects {
            let size = facts.size;
            self.objects.insert(facts.seq, Known { size, digest });
        }
        true
    }

    /// What is made of the index is not what it was.
    fn forget_views(&mut self) {
        self.video = OnceLock::new();
        self.audio = OnceLock::new();
        self.programme = OnceLock::new();
        self.clip_programme = Mutex::default();
    }

    /// How many objects follow the last page.
    pub(crate) const fn unsealed(&self) -> usize {
        self.unsealed
    }

    /// Checks that the recording may finish. True where it changes by that.
    ///
    /// # Errors
    /// [`Code::UnknownLane`], [`Code::ObjectsMissing`].
    pub fn check_finish(&self, finish: &Finish) -> Result<bool, ApiError> {
        for (lane, count) in &finish.objects {
            crate::object::check_lane(lane)?;
            let missing = self.missing(*count);
            if !missing.is_empty() {
                let detail = format!(
                    "Lane {lane} lacks {} of {count}.",
                    self.missing_count(*count)
                );
                return Err(ApiError::new(Code::ObjectsMissing, detail)
                    .with("missing", json!({ lane: missing })));
            }
        }
        Ok(self.meta.state != State::Finished)
    }

    /// The first numbers below `count` that have no object; at most 1,000.
    fn missing(&self, count: u32) -> Vec<u32> {
        // Walks what is stored, not up to a number from the request.
        let mut missing = Vec::new();
        // What is evicted was there.
        let mut next = self.meta.evicted.before;
        let stored = self.objects.keys().copied().filter(|seq| *seq < count);
        for seq in stored.chain(std::iter::once(count)) {
            missing.extend((next..seq).take(1_000 - missing.len()));
            next = seq.saturating_add(1);
        }
        missing
    }

    fn missing_count(&self, count: u32) -> usize {
        let before = self.meta.evicted.before.min(count);
        let stored = self.objects.range(before..count).count();
        (count as usize)
            .saturating_sub(before as usize)
            .saturating_sub(stored)
    }

    /// Gives it other facts.
    pub fn set_meta(&mut self, meta: Meta) {
        self.meta = meta;
    }

    /// Finishes it.
    pub fn finish(&mut self) {
        self.meta.state = State::Finished;
        // Why there is no file is another reason now.
        self.forget_views();
    }

    /// Checks that the recording may be played as a live stream: it must not change any more.
    ///
    /// # Errors
    /// [`Code::RecordingRunning`], [`Code::NothingRecorded`].
    pub fn check_broadcast(&self) -> Result<(), ApiError> {
        if self.meta.state != State::Finished {
            return Err(Code::RecordingRunning.into());
        }
        if self.index.entries().is_empty() {
            return Err(Code::NothingRecorded.into());
        }
        Ok(())
    }

    /// Numbers of the stored objects in order.
    pub(crate) fn stored_numbers(&self) -> impl Iterator<Item = u32> + '_ {
        self.objects.keys().copied()
    }

    /// How many objects are stored.
    pub(crate) fn object_count(&self) -> usize {
        self.objects.len()
    }

    /// Numbers and sizes of the stored objects in order.
    pub(crate) fn stored_sizes(&self) -> impl Iterator<Item = (u32, u64)> + '_ {
        self.objects.iter().map(|(seq, known)| (*seq, known.size))
    }

    /// The bytes of the object of a number; `None` where there is none.
    pub(crate) fn stored_size(&self, seq: u32) -> Option<u64> {
        self.objects.get(&seq).map(|known| known.size)
    }

    /// The objects that are listed, in order.
    pub(crate) fn listed(&self) -> impl Iterator<Item = &Entry> {
        let before = self.meta.evicted.before;
        let entries = self.index.entries().iter();
        entries.skip_while(move |entry| entry.seq < before)
    }

    /// The segments that are listed.
    pub(crate) fn segments(&self) -> Vec<Segment<'_>> {
        self.index.segments(self.meta.evicted.before)
    }

    /// How many objects are stored under these numbers, and their bytes.
    pub(crate) fn stored_in(&self, seqs: RangeInclusive<u32>) -> (usize, u64) {
        let stored = self.objects.range(seqs);
        stored.fold((0, 0), |(count, bytes), (_, known)| {
            (count + 1, bytes + known.size)
        })
    }

    /// Bytes stored.
    pub(crate) fn bytes(&self) -> u64 {
        self.objects.values().map(|known| known.size).sum()
    }

    /// From the first presented moment to the last.
    pub(crate) fn duration(&self) -> Timestamp {
        // Not the first object's and the last one's: an object's times may lie before the others'.
        let entries = || self.listed();
        let start = entries().map(|entry| entry.start).min();
        let end = entries().map(Entry::end).max();
        start
            .zip(end)
            .map_or(Timestamp::zero(Timescale::MILLIS), |(start, end)| {
                end.minus(start)
            })
    }
}
