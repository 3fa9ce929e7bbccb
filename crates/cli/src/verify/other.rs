//! The child process: lists a file as the crate `mp4` reads it. Whatever happens to this process,
//! the one that started it only misses lines.

use std::fs::File;
use std::io::{self, BufReader, BufWriter, Write};
use std::path::Path;

use mp4::Mp4Reader;

use super::listing::{Line, Sample, Track, hash};

/// Bytes of address space, above what any file of reasonable length needs.
#[cfg(unix)]
const MEMORY: u64 = 2 << 30;
/// Seconds of processor time, should the process that waits for this one be gone.
#[cfg(unix)]
const PROCESSOR: u64 = 3_600;

/// Lists `path` on standard output.
pub(crate) fn run(path: &Path) {
    limit();
    let mut out = BufWriter::new(io::stdout().lock());
    let last = match listed(path, &mut out) {
        Ok(()) => Line::End,
        Err(why) => Line::Error(why),
    };
    // Nobody may be listening any more.
    let _ = writeln!(out, "{last}").and_then(|()| out.flush());
}

#[cfg(unix)]
fn limit() {
    use rustix::process::{Resource, Rlimit, setrlimit};
    for (resource, limit) in [(Resource::As, MEMORY), (Resource::Cpu, PROCESSOR)] {
        let limit = Rlimit {
            current: Some(limit),
            maximum: Some(limit),
        };
        // A lower limit may be in force already.
        let _ = setrlimit(resource, limit);
    }
}

#[cfg(not(unix))]
fn limit() {}

fn listed(path: &Path, out: &mut impl Write) -> Result<(), String> {
    let text = |error: mp4::Error| error.to_string();
    let gone = |error: io::Error| error.to_string();
    let file = File::open(path).map_err(gone)?;
    let size = file.metadata().map_err(gone)?.len();
    let mut reader = Mp4Reader::read_header(BufReader::new(file), size).map_err(text)?;
    let mut tracks: Vec<_> = reader
        .tracks()
        .iter()
        .map(|(id, track)| {
            let duration = i64::try_from(track.trak.mdia.mdhd.duration).unwrap_or(i64::MAX);
            let (timescale, samples) = (track.timescale(), track.sample_count());
            (*id, timescale, duration, samples)
        })
        .collect();
    tracks.sort_unstable();
    for (id, timescale, duration, samples) in tracks {
        let row = [id.into(), timescale.into(), duration, samples.into()];
        writeln!(out, "{}", Line::Track(Track(row))).map_err(gone)?;
        for number in 1..=samples {
            let found = reader.read_sample(id, number).map_err(text)?;
            let sample = found.ok_or_else(|| format!("track {id} has no sample {number}"))?;
            let row = [
                i64::try_from(sample.start_time).unwrap_or(i64::MAX),
                sample.duration.into(),
                sample.rendering_offset.into(),
                sample.is_sync.into(),
                sample.bytes.len() as i64,
                hash(&sample.bytes),
            ];
            writeln!(out, "{}", Line::Sample(Sample(row))).map_err(gone)?;
        }
    }
    Ok(())
}
