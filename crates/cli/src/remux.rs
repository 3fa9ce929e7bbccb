//! `livetape remux`, and the end that `record` has in common with it: timeline to files.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use livetape_hls::DateTime;
use livetape_media::{Format, Timescale, Timestamp, TrackConfig};
use livetape_timeline::plan::{
    Form, PlanError, Selection, Shown, in_place, progressive, progressive_of_shown, single, split,
};
use livetape_timeline::{Part, Plan, Timeline, Track};
use serde_json::{Value, json};

use crate::arguments::Remux;
use crate::failure::{Failure, Result};
use crate::fragments::fragmented;
use crate::interrupt;
use crate::job::Job;
use crate::location::Location;
use crate::pieces::{Lane, lanes};
use crate::progress::Progress;
use crate::reading::{read_all, total_size};
use crate::report::{Report, timed_events};
use crate::stores::Stores;
use crate::writing::{Partial, places};

/// Room for a file's header: its tables take some 8 bytes for each sample, and those of a stream of
/// some hundred kilobits a second have a kilobyte and more.
const BYTES_PER_HEADER_BYTE: u64 = 512;
const LEAST_ROOM: u64 = 4 << 10;
const MOST_ROOM: u64 = 16 << 20;

/// What is wanted of a timeline.
pub(crate) struct Wanted<'a> {
    pub(crate) output: &'a Path,
    /// Seconds from the first thing presented.
    pub(crate) start: Option<f64>,
    pub(crate) end: Option<f64>,
    pub(crate) fragmented: bool,
    pub(crate) single: bool,
    pub(crate) json: bool,
}

/// Carries the command out; gives what to print.
pub(crate) fn run(arguments: &Remux) -> Result<String> {
    interrupt::listen(false);
    let mut report = Report::default();
    let lanes = lanes(&arguments.inputs, &mut report)?;
    refuse_own_input(arguments, &lanes)?;
    let first = Partial::create(&arguments.output)?;
    let mut job = Job::new(stores(arguments, &lanes, &first)?, report);
    let read = read_all(&lanes, &mut job);
    let wanted = Wanted {
        output: &arguments.output,
        start: arguments.start,
        end: arguments.end,
        fragmented: arguments.fragmented,
        single: arguments.single,
        json: arguments.json,
    };
    let outcome = read.and_then(|()| deliver(&mut job, &wanted, first));
    job.report.print();
    outcome
}

/// Where payload goes that is in no file: where the whole of what is read is wanted, most likely
/// to its place in the output.
fn stores(arguments: &Remux, lanes: &[Lane], output: &Partial) -> Result<Stores> {
    let whole = arguments.start.is_none() && arguments.end.is_none() && !arguments.fragmented;
    match total_size(lanes).filter(|_| whole) {
        Some(size) => {
            let room = (size / BYTES_PER_HEADER_BYTE).clamp(LEAST_ROOM, MOST_ROOM);
            Stores::within(output, room.next_multiple_of(LEAST_ROOM))
        }
        None => Stores::beside(&arguments.output),
    }
}

/// Fails where an output, or what it is called until it is complete, is something that is read.
fn refuse_own_input(arguments: &Remux, lanes: &[Lane]) -> Result<()> {
    let own = places(&arguments.output).map(|place| place.canonicalize().ok());
    let is_own = |location: &Location| match location {
        Location::File(path) => {
            let path = path.canonicalize().ok();
            path.is_some() && own.contains(&path)
        }
        Location::Url(_) => false,
    };
    let pieces = || lanes.iter().flatten();
    let inits = pieces().filter_map(|piece| piece.location.named(&piece.map.as_ref()?.uri).ok());
    let named = arguments.inputs.iter().map(|input| Location::new(input));
    let read = pieces().map(|piece| piece.location.clone());
    if named.chain(read).chain(inits).any(|read| is_own(&read)) {
        let path = arguments.output.clone();
        return Err(Failure::OutputIsInput { path });
    }
    Ok(())
}

/// Makes the timeline of what was read and writes what is wanted of it.
pub(crate) fn deliver(job: &mut Job, wanted: &Wanted<'_>, first: Partial) -> Result<String> {
    let timeline = job.assembly.finish(&mut job.report);
    job.refuse(&timeline)?;
    let shown = job.edits.shown(&timeline, &job.assembly, &mut job.report);
    let whole = match shown.is_whole() {
        true => Selection::whole(&timeline),
        false => shown.select(&timeline, None, None),
    };
    let whole = whole.ok_or_else(|| Failure::NothingDecodable {
        why: "there is no keyframe to begin with".to_owned(),
    })?;
    let zero = whole.start;
    job.report.count_from(zero.seconds());
    let selection = select(&timeline, &shown, whole, wanted)?;
    let is_clip = wanted.start.is_some() || wanted.end.is_some();
    let in_part = is_clip || !shown.is_whole();
    tell_left_out(&timeline, &selection, (is_clip, in_part), &mut job.report);
    let (form, selections) = parts(&timeline, selection, wanted, zero, &mut job.report)?;
    let spilled = job.stores.settle()?;
    let at_home = match (selections.as_slice(), form, spilled) {
        ([selection], Form::Progressive, Some(payload)) if shown.is_whole() => {
            in_place(&timeline, selection, payload).map(|file| (selection, file))
        }
        _ => None,
    };
    let files = if let Some((selection, file)) = at_home {
        let file = Planned::new(&timeline, selection, file.plan, &file.samples);
        write_in_place(first, &file)?;
        vec![file]
    } else {
        let files = selections.iter();
        let files = files.map(|selection| planned(&timeline, selection, &shown, form));
        let files = files.collect::<Result<Vec<_>>>()?;
        write_all(first, &files, wanted.output, spilled.is_some(), &job.stores)?;
        files
    };
    Ok(answer(&timeline, wanted, zero, &files, &job.report))
}

/// Completes a file whose payload is in it already.
fn write_in_place(mut output: Partial, file: &Planned) -> Result<()> {
    let header = file.plan.parts().iter().filter_map(|part| match part {
        Part::Bytes(bytes) => Some(bytes.as_slice()),
        Part::Stored(_) => None,
    });
    output.put_front(&header.collect::<Vec<_>>().concat())?;
    interrupt::check()?;
    output.complete()
}

/// Writes files and gives them their names. `occupied`: `first` holds what they are made of.
fn write_all(
    first: Partial,
    files: &[Planned],
    output: &Path,
    occupied: bool,
    stores: &Stores,
) -> Result<()> {
    let total = files.iter().map(|file| file.plan.len()).sum();
    let progress = Progress::new("writing", total);
    let (_source, first) = if occupied {
        (Some(first), Partial::second(output)?)
    } else {
        (None, first)
    };
    let mut partials = vec![first];
    for number in 2..=files.len() {
        let path = numbered(output, number);
        if places(&path).iter().any(|place| stores.has(place)) {
            return Err(Failure::OutputIsInput { path });
        }
        partials.push(Partial::create(&path)?);
    }
    for (partial, file) in partials.iter_mut().zip(files) {
        partial.write(&file.plan, stores, &progress)?;
    }
    drop(progress);
    partials.iter().try_for_each(Partial::settle)?;
    interrupt::check()?;
    // The first goes last: until then no other run writes this output.
    let mut last_first = partials.into_iter().rev();
    last_first.try_for_each(Partial::complete)
}

/// Says why there is nothing that may be written.
pub(crate) fn refuse(timeline: &Timeline, report: &Report) -> Result<()> {
    if let Some(event) = report.first("protected") {
        let detail = event.message.clone();
        return Err(Failure::Protected { detail });
    }
    let is_shown = |track: &Track| track.config().is_some_and(|c| !is_other(c));
    if !timeline.tracks().iter().any(is_shown) {
        let known = [
            "init_missing",
            "unsupported",
            "segment_unreadable",
            "segment_missing",
            "segment_empty",
            "segment_truncated",
            "malformed",
            "not_decodable",
        ];
        let event = known.iter().find_map(|code| report.first(code));
        let why = event.map_or("no picture and no sound was found", |e| &e.message);
        return Err(Failure::NothingDecodable {
            why: why.to_owned(),
        });
    }
    Ok(())
}

/// Whether a track is neither pictures nor sound.
const fn is_other(config: &TrackConfig) -> bool {
    matches!(config.format, Format::Other { .. })
}

/// What lies between the times asked for.
fn select(
    timeline: &Timeline,
    shown: &Shown,
    whole: Selection,
    wanted: &Wanted<'_>,
) -> Result<Selection> {
    if wanted.start.is_none() && wanted.end.is_none() {
        return Ok(whole);
    }
    let at = |seconds: f64| {
        let timescale = whole.start.timescale;
        whole
            .start
            .plus(Timestamp::from_seconds(seconds, timescale))
    };
    let start = wanted.start.map_or(whole.start, at);
    let end = wanted.end.map_or(whole.end, at).min(whole.end);
    let seconds = whole.end.minus(whole.start).seconds();
    let selection = (start < end).then(|| match shown.is_whole() {
        true => Selection::with_leading_sound(timeline, start, end),
        false => shown.select(timeline, Some(start), Some(end)),
    });
    selection.flatten().ok_or(Failure::EmptyRange { seconds })
}

/// Tells which tracks of what was read are not in the output, and why. Of a clip, and of what is shown in part, nobody misses
/// what comes before.
fn tell_left_out(
    timeline: &Timeline,
    selection: &Selection,
    (is_clip, in_part): (bool, bool),
    report: &mut Report,
) {
    for (index, track) in timeline.tracks().iter().enumerate() {
        let Some(config) = track.config() else {
            continue;
        };
        let kind = match config.format {
            Format::Video { .. } => "pictures",
            Format::Audio { .. } => "sound",
            Format::Other { .. } => "text or metadata",
        };
        let codec = &config.codec;
        let taken = selection.tracks.iter().find(|(taken, _)| *taken == index);
        let early = taken.map_or(0, |(_, own)| {
            own.start.saturating_sub(track.numbers().start)
        });
        if taken.is_none() {
            let why = if is_clip {
                "nothing of it lies between --start and --end"
            } else {
                "nothing of it can be shown"
            };
            let message = format!("a track of {kind} ({codec}) was left out: {why}");
            report.tell("track_left_out", message);
        } else if early > 0 && !in_part {
            let message = format!(
                "{early} samples of {kind} ({codec}) before the first keyframe were left out"
            );
            report.tell("not_decodable", message);
        }
    }
}

/// What each file is to hold, and which form it has.
fn parts(
    timeline: &Timeline,
    selection: Selection,
    wanted: &Wanted<'_>,
    zero: Timestamp,
    report: &mut Report,
) -> Result<(Form, Vec<Selection>)> {
    let form = if wanted.fragmented {
        Form::Fragmented
    } else {
        Form::Progressive
    };
    let selections = split(timeline, &selection, form);
    let Some(second) = selections.get(1) else {
        return Ok((form, selections));
    };
    let seconds = second.start.minus(zero).seconds();
    if wanted.single && wanted.fragmented {
        return Err(Failure::ConfigurationChange { seconds });
    }
    let consequence = if wanted.single {
        "most players play sound in one file at the wrong speed from there on".to_owned()
    } else {
        format!("there are {} files", selections.len())
    };
    let message = format!("the configuration changes, first at {seconds:.3} s: {consequence}");
    report.tell_at("configuration_change", message, seconds);
    Ok(if wanted.single {
        (Form::Single, vec![selection])
    } else {
        (form, selections)
    })
}

/// A file to write.
struct Planned {
    plan: Plan,
    start: Timestamp,
    duration: Timestamp,
    /// When its first picture was, in Unix milliseconds.
    wall_clock: Option<i64>,
    /// Configuration, the first where there are several, and number of samples of each track.
    tracks: Vec<(Arc<TrackConfig>, usize)>,
}

fn planned(
    timeline: &Timeline,
    selection: &Selection,
    shown: &Shown,
    form: Form,
) -> Result<Planned> {
    let failed = |error: &PlanError| Failure::NothingDecodable {
        why: error.to_string(),
    };
    let file = match form {
        Form::Fragmented => {
            let plan = fragmented(timeline, selection, shown).ok_or(PlanError::Empty);
            let plan = plan.map_err(|error| failed(&error))?;
            // Fragments have all that is selected.
            let counts = selection.tracks.iter();
            let counts = counts.map(|(_, own)| (own.end - own.start) as usize);
            return Ok(Planned::new(
                timeline,
                selection,
                plan,
                &counts.collect::<Vec<_>>(),
            ));
        }
        _ if !shown.is_whole() => progressive_of_shown(timeline, selection, shown, form),
        Form::Progressive => progressive(timeline, selection),
        Form::Single => single(timeline, selection),
    };
    let file = file.map_err(|error| failed(&error))?;
    Ok(Planned::new(timeline, selection, file.plan, &file.samples))
}

impl Planned {
    /// `samples`: how many of each track are in the file, leading pictures that are left out not
    /// being among them.
    fn new(timeline: &Timeline, selection: &Selection, plan: Plan, samples: &[usize]) -> Self {
        let tracks = selection.tracks.iter().zip(samples);
        let counted = tracks.filter_map(|((index, numbers), samples)| {
            let first = timeline
                .tracks()
                .get(*index)?
                .slice(numbers.start..numbers.start + 1)?;
            Some((first.config, *samples))
        });
        Self {
            plan,
            start: selection.start,
            duration: selection.end.minus(selection.start),
            wall_clock: timeline.wall_clock_at(selection.start),
            tracks: counted.collect(),
        }
    }
}

/// `OUT.2.mp4` for the second file.
fn numbered(output: &Path, number: usize) -> PathBuf {
    if number < 2 {
        return output.to_path_buf();
    }
    let mut name = output.file_stem().unwrap_or_default().to_owned();
    name.push(format!(".{number}"));
    if let Some(extension) = output.extension() {
        name.push(".");
        name.push(extension);
    }
    output.with_file_name(name)
}

fn answer(
    timeline: &Timeline,
    wanted: &Wanted<'_>,
    zero: Timestamp,
    files: &[Planned],
    report: &Report,
) -> String {
    let named = || {
        let paths = (1..).map(|number| numbered(wanted.output, number).display().to_string());
        paths.zip(files)
    };
    if wanted.json {
        let files: Vec<Value> = named()
            .map(|(path, file)| {
                let tracks: Vec<_> = file
                    .tracks
                    .iter()
                    .map(|(config, samples)| track_json(config, *samples))
                    .collect();
                json!({
                    "path": path,
                    "bytes": file.plan.len(),
                    "start": file.start.minus(zero).seconds(),
                    "duration": file.duration.seconds(),
                    "wallClockStart": file.wall_clock.map(date),
                    "tracks": tracks,
                })
            })
            .collect();
        let answer = json!({
            "files": files,
            "events": report.json(),
            "timedEvents": timed_events(timeline.events(), zero),
        });
        return format!("{answer:#}\n");
    }
    let mut text = String::new();
    for (path, file) in named() {
        let seconds = file.duration.rescale(Timescale::MILLIS).seconds();
        let _ = write!(text, "{path}: {seconds:.3} s, {} bytes", file.plan.len());
        for (config, samples) in &file.tracks {
            let unit = match config.format {
                Format::Video { .. } => "pictures",
                Format::Audio { .. } => "frames of sound",
                Format::Other { .. } => "samples of text or metadata",
            };
            let _ = write!(text, ", {samples} {unit} ({})", config.codec);
        }
        text.push('\n');
    }
    text
}

/// A Unix time in milliseconds as RFC 3339 writes it, in UTC.
fn date(unix_millis: i64) -> String {
    DateTime::from_unix_millis(unix_millis).to_string()
}

fn track_json(config: &TrackConfig, samples: usize) -> Value {
    match config.format {
        Format::Video { width, height } => json!({
            "kind": "video", "codec": config.codec, "width": width, "height": height,
            "timescale": config.timescale.get(), "samples": samples,
        }),
        Format::Audio {
            sample_rate,
            channels,
        } => json!({
            "kind": "audio", "codec": config.codec, "sample_rate": sample_rate,
            "channels": channels, "timescale": config.timescale.get(), "samples": samples,
        }),
        Format::Other { handler } => json!({
            "kind": handler.to_string(), "codec": config.codec,
            "timescale": config.timescale.get(), "samples": samples,
        }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn further_files_are_numbered_before_the_extension() {
        let name = |path: &str, number| numbered(Path::new(path), number);
        assert_eq!(name("a/out.mp4", 1), Path::new("a/out.mp4"));
        assert_eq!(name("a/out.mp4", 2), Path::new("a/out.2.mp4"));
        assert_eq!(name("out", 3), Path::new("out.3"));
    }
}
