//! Consecutive objects of a recording as one page of bytes: what their headers said, to be taken into an index
//! without a look at a sample.
//!
//! A page is made of its objects alone, whatever lies before them: the same objects make the same page. Where
//! it does not fit behind what is there (samples of its first objects lie where others already are), it is left, and its objects
//! are taken one by one.

use std::collections::BTreeMap;
use std::sync::Arc;

use livetape_media::{Timescale, Timestamp, TrackConfig, TrackId};
use livetape_timeline::plan::{Chunk, divided};
use livetape_timeline::sealed::{Joint, Reader, Sealed, Writer};

use super::fragment::shared;
use super::{Entry, Facts, Index, TrackPart, read_config};
use crate::digest::Sha256Digest;
use crate::ids::ConfigHash;

/// How pages are written; those of another kind are not read.
const VERSION: u64 = 1;

/// Init segments by the hashes of them.
type Inits = BTreeMap<ConfigHash, Vec<u8>>;

/// An object with its digest.
pub(crate) type Named = (Facts, Sha256Digest);

/// Tracks of an init segment, by `track_ID`.
type Tracks = Vec<(TrackId, Arc<TrackConfig>)>;

/// A configuration of a page: which init segment's, of which `track_ID` there, in which timescale.
struct Source {
    hash: usize,
    track: TrackId,
    config: Arc<TrackConfig>,
}

/// Whether bytes are a page that can be read.
pub(crate) fn is_current(bytes: &[u8]) -> bool {
    Reader::new(bytes).number() == Some(VERSION)
}

impl Index {
    /// All of it as a page; it must be an index of these objects alone. `None` where it cannot be one.
    pub(crate) fn seal(mut self, objects: &[Named], inits: &Inits) -> Option<Vec<u8>> {
        self.divide();
        let mut hashes: Vec<&ConfigHash> = Vec::new();
        for (facts, _) in objects {
            if !hashes.contains(&&facts.config) {
                hashes.push(&facts.config);
            }
        }
        let mut sources: Vec<Source> = Vec::new();
        let mut tracks = Writer::default();
        self.timeline.seal(&mut tracks, &mut |config| {
            let known = sources.iter().position(|own| own.config == *config);
            let number = known.or_else(|| {
                sources.push(source(config, &hashes, inits)?);
                Some(sources.len() - 1)
            })?;
            Some(number as u64)
        })?;
        let mut to = Writer::default();
        to.number(VERSION);
        to.number(hashes.len() as u64);
        hashes
            .iter()
            .for_each(|hash| to.bytes(hash.as_str().as_bytes()));
        to.number(sources.len() as u64);
        for source in &sources {
            to.number(source.hash as u64);
            to.number(source.track.0.into());
            to.number(source.config.timescale.get().into());
        }
        to.number(objects.len() as u64);
        for (facts, digest) in objects {
            let hash = hashes.iter().position(|own| **own == facts.config)?;
            write_object(&mut to, facts, hash, digest);
            let entry = self.entry(facts.seq);
            to.number(u64::from(entry.is_some()));
            if let Some(entry) = entry {
                write_entry(&mut to, entry);
            }
        }
        to.bytes(&tracks.finish());
        Some(to.finish())
    }

    /// Finds out of which chunks of a file each object's samples are.
    fn divide(&mut self) {
        for track in self.timeline.tracks() {
            let own = |part: &&mut TrackPart| part.track == track.id();
            let parts = self.entries.iter_mut().flat_map(|entry| &mut entry.tracks);
            let mut parts: Vec<_> = parts.filter(own).collect();
            let numbers: Vec<_> = parts.iter().map(|part| part.numbers.clone()).collect();
            for (part, chunks) in parts.iter_mut().zip(divided(track, &numbers)) {
                part.chunks = chunks;
            }
        }
    }

    /// Takes a page, and gives the objects in it. `None`, and nothing is taken, where it is none or does not fit.
    pub(crate) fn take(&mut self, page: &[u8], inits: &Inits) -> Option<Vec<Named>> {
        let mut from = Reader::new(page);
        from.number::<u64>().filter(|version| *version == VERSION)?;
        let hashes = from.list(|from| {
            let hash = ConfigHash::parse(std::str::from_utf8(from.bytes()?).ok()?)?;
            let tracks = read_config(inits.get(&hash)?).ok()?;
            Some((hash, tracks))
        })?;
        let configs = from.list(|from| {
            let (_, tracks) = hashes.get(from.number::<usize>()?)?;
            let (track, timescale) = (TrackId(from.number()?), from.number()?);
            let (_, config) = tracks.iter().find(|(own, _)| *own == track)?;
            Some(in_timescale(config, Timescale::new(timescale)?))
        })?;
        let mut objects = Vec::new();
        let mut entries = Vec::new();
        let count: u64 = from.number()?;
        for _ in 0..count {
            let (facts, digest) = read_object(&mut from, &hashes)?;
            if from.number::<u8>()? == 1 {
                entries.push(read_entry(&mut from, &facts)?);
            }
            objects.push((facts, digest));
        }
        let mut tracks = Reader::new(from.bytes()?);
        let known: Vec<_> = configs
            .into_iter()
            .map(|config| shared(config, &mut self.known))
            .collect();
        let sealed = Sealed::read(&mut tracks, &known)?;
        if !from.is_empty() || !tracks.is_empty() {
            return None;
        }
        let joints = self.timeline.covered(&sealed)?;
        for part in entries.iter_mut().flat_map(|entry| &mut entry.tracks) {
            move_part(part, &joints)?;
        }
        self.timeline.append_sealed(sealed, &joints);
        for entry in entries {
            if let Some(unix_millis) = entry.wall_clock {
                self.timeline.set_wall_clock(entry.start, unix_millis);
            }
            self.entries.push(entry);
        }
        Some(objects)
    }
}

/// Gives samples the numbers that they get. `None` where none of them is left.
fn move_part(part: &mut TrackPart, joints: &[Joint]) -> Option<()> {
    let joint = joints.iter().find(|joint| joint.track == part.track)?;
    if part.numbers.start < joint.covered {
        // The chunk that it begins with is another.
        part.chunks.clear();
    }
    part.numbers = joint.moved(&part.numbers);
    (!part.numbers.is_empty()).then_some(())
}

fn in_timescale(config: &Arc<TrackConfig>, timescale: Timescale) -> Arc<TrackConfig> {
    match config.timescale == timescale {
        true => Arc::clone(config),
        false => Arc::new(TrackConfig {
            timescale,
            ..TrackConfig::clone(config)
        }),
    }
}

/// Which init segment a configuration is from.
fn source(config: &Arc<TrackConfig>, hashes: &[&ConfigHash], inits: &Inits) -> Option<Source> {
    hashes.iter().zip(0..).find_map(|(hash, number)| {
        let tracks = read_config(inits.get(*hash)?).ok()?;
        let is_it = |own: &Arc<TrackConfig>| in_timescale(own, config.timescale) == *config;
        let (track, _) = tracks.into_iter().find(|(_, own)| is_it(own))?;
        Some(Source {
            hash: number,
            track,
            config: Arc::clone(config),
        })
    })
}

fn write_object(to: &mut Writer, facts: &Facts, hash: usize, digest: &Sha256Digest) {
    to.number(facts.seq.into());
    to.number(facts.size);
    to.number(hash as u64);
    to.option(facts.wall_clock);
    to.signed(facts.stored);
    to.bytes(&digest.0);
}

fn read_object(from: &mut Reader<'_>, hashes: &[(ConfigHash, Tracks)]) -> Option<Named> {
    let (seq, size) = (from.number()?, from.number()?);
    let (config, _) = hashes.get(from.number::<usize>()?)?;
    let facts = Facts {
        seq,
        size,
        config: config.clone(),
        wall_clock: from.option()?,
        stored: from.signed()?,
    };
    Some((facts, Sha256Digest::from_slice(from.bytes()?)?))
}

fn write_entry(to: &mut Writer, entry: &Entry) {
    to.signed(entry.start.ticks);
    to.signed(entry.duration.ticks);
    to.number(entry.start.timescale.get().into());
    to.number(u64::from(entry.independent));
    to.option(entry.keyframe.and_then(|size| i64::try_from(size).ok()));
    to.number(entry.tracks.len() as u64);
    for part in &entry.tracks {
        to.number(part.track.0.into());
        to.number(part.source.0.into());
        to.number(part.numbers.start);
        to.number(part.numbers.end - part.numbers.start);
        to.number(part.chunks.len() as u64);
        for chunk in &part.chunks {
            to.signed(chunk.time);
            to.number(chunk.samples.into());
            to.number(chunk.len);
        }
    }
}

fn read_entry(from: &mut Reader<'_>, facts: &Facts) -> Option<Entry> {
    let (start, duration) = (from.signed()?, from.signed()?);
    let timescale = Timescale::new(from.number()?)?;
    let independent = from.number::<u8>()? == 1;
    let keyframe = from.option()?.and_then(|size| u64::try_from(size).ok());
    let tracks = from.list(|from| {
        let (track, source) = (TrackId(from.number()?), TrackId(from.number()?));
        let (start, count): (u64, u64) = (from.number()?, from.number()?);
        let chunks = from.list(|from| {
            Some(Chunk {
                time: from.signed()?,
                samples: from.number()?,
                len: from.number()?,
            })
        })?;
        Some(TrackPart {
            track,
            source,
            numbers: start..start.checked_add(count)?,
            chunks,
        })
    })?;
    Some(Entry {
        seq: facts.seq,
        size: facts.size,
        config: facts.config.clone(),
        start: Timestamp::new(start, timescale),
        duration: Timestamp::new(duration, timescale),
        independent,
        keyframe,
        wall_clock: facts.wall_clock,
        stored: facts.stored,
        tracks,
    })
}
