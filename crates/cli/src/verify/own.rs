//! Our own reading of a progressive MP4, sample by sample.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};

use livetape_container::{Event, Payload, isobmff};
use livetape_media::{Format, Sample as Facts};

use super::listing::{Sample, Track, hash};
use crate::failure::{Failure, Result};
use crate::location::{Location, open_file};
use crate::outline::boxes;

/// Bytes read at a time.
const CHUNK: u64 = 1 << 20;

/// A file as our own demuxer reads it.
pub(super) struct Own {
    path: PathBuf,
    file: File,
    tracks: BTreeMap<u32, Listed>,
}

/// The samples of one track.
#[derive(Default)]
struct Listed {
    timescale: u32,
    first: Option<i64>,
    /// Decode time, facts and place of each sample.
    samples: Vec<(i64, Facts, u64)>,
    end: i64,
}

impl Own {
    /// Reads a file, which has to be of the kind that can be verified.
    pub(super) fn read(path: &Path) -> Result<Self> {
        let unreadable = |error| Location::File(path.to_path_buf()).unreadable(&error);
        let not = |why: String| Failure::NotVerifiable { why };
        let (file, _) = open_file(path).map_err(unreadable)?;
        let mut own = Self {
            path: path.to_path_buf(),
            file,
            tracks: BTreeMap::new(),
        };
        if boxes(&own.file).map_err(unreadable)?.contains(b"moof") {
            return Err(not("it is fragmented".to_owned()));
        }
        let mut demuxer = isobmff::Demuxer::new();
        let mut buffer = Vec::new();
        loop {
            buffer.clear();
            let mut chunk = (&own.file).take(CHUNK);
            let read = chunk.read_to_end(&mut buffer).map_err(unreadable)?;
            if read == 0 {
                demuxer.reset();
            } else {
                demuxer.push(buffer.as_slice());
            }
            while let Some(event) = demuxer.poll() {
                own.event(event).map_err(not)?;
            }
            if read == 0 {
                return match own.tracks.is_empty() {
                    true => Err(not("it is no MP4".to_owned())),
                    false => Ok(own),
                };
            }
        }
    }

    /// Takes what the demuxer tells; why the file is of another kind where it is.
    fn event(&mut self, event: Event) -> std::result::Result<(), String> {
        match event {
            Event::Config { track, config } => {
                let is_plain = match config.format {
                    Format::Video { .. } => config.sample_entry.get(4..8) == Some(b"avc1"),
                    Format::Audio { .. } => config.sample_entry.get(4..8) == Some(b"mp4a"),
                    Format::Other { .. } => false,
                };
                let listed = self.tracks.entry(track.0).or_default();
                if !is_plain {
                    return Err(format!("track {} is {}", track.0, config.codec));
                }
                if listed.timescale != 0 {
                    return Err(format!("track {} has several configurations", track.0));
                }
                listed.timescale = config.timescale.get();
            }
            Event::Run(run) => {
                let Payload::Stream { mut offset } = run.payload else {
                    return Ok(());
                };
                let listed = self.tracks.entry(run.track.0).or_default();
                let mut time = run.decode_time;
                for facts in run.samples {
                    listed.first.get_or_insert(time);
                    listed.samples.push((time, facts, offset));
                    time += i64::from(facts.duration);
                    offset += u64::from(facts.size);
                }
                listed.end = time;
            }
            _ => {}
        }
        Ok(())
    }

    /// All tracks, by their numbers.
    pub(super) fn tracks(&self) -> Vec<Track> {
        let tracks = self.tracks.iter();
        tracks
            .map(|(id, listed)| {
                let duration = listed.end - listed.first.unwrap_or(listed.end);
                let samples = listed.samples.len() as i64;
                Track([(*id).into(), listed.timescale.into(), duration, samples])
            })
            .collect()
    }

    /// A sample of a track; `None` behind the last.
    pub(super) fn sample(&self, track: i64, number: u64) -> Result<Option<Sample>> {
        let listed = u32::try_from(track)
            .ok()
            .and_then(|id| self.tracks.get(&id));
        let number = usize::try_from(number).unwrap_or(usize::MAX);
        let Some((listed, (time, facts, offset))) =
            listed.and_then(|listed| Some((listed, listed.samples.get(number)?)))
        else {
            return Ok(None);
        };
        let unreadable = |error| Location::File(self.path.clone()).unreadable(&error);
        let mut payload = Vec::new();
        (&self.file)
            .seek(SeekFrom::Start(*offset))
            .map_err(unreadable)?;
        (&self.file)
            .take(facts.size.into())
            .read_to_end(&mut payload)
            .map_err(unreadable)?;
        Ok(Some(Sample([
            time - listed.first.unwrap_or(*time),
            facts.duration.into(),
            facts.composition_offset.into(),
            facts.keyframe.into(),
            payload.len() as i64,
            hash(&payload),
        ])))
    }
}
