//! `livetape inspect`: what is in a stream.

use std::fmt::Write as _;
use std::time::Duration;

use livetape_media::{Format, TimedEvent, Timescale, Timestamp};
use livetape_timeline::{Timeline, Track};
use serde_json::{Value, json};

use crate::arguments::Inspect;
use crate::failure::{Failure, Result};
use crate::interrupt;
use crate::job::Job;
use crate::pieces::lanes;
use crate::reading::read_all;
use crate::report::{Report, timed_events};
use crate::stores::Stores;
use crate::verify::{Verification, verify};

/// Carries the command out; gives what to print.
pub(crate) fn run(arguments: &Inspect) -> Result<(String, Option<Failure>)> {
    interrupt::listen(false);
    let patience = Duration::from_secs_f64(arguments.patience);
    let verification = match arguments.verify {
        true => Some(verify(&arguments.inputs, patience)?),
        false => None,
    };
    let mut report = Report::default();
    let lanes = lanes(&arguments.inputs, &mut report)?;
    let mut job = Job::new(Stores::dropping(), report);
    let read = read_all(&lanes, &mut job);
    let timeline = job.assembly.finish(&mut job.report);
    job.report.print();
    read?;
    job.refuse(&timeline)?;
    let facts: Vec<_> = timeline.tracks().iter().map(Facts::new).collect();
    let answer = if arguments.json {
        let tracks: Vec<_> = facts.iter().map(Facts::json).collect();
        let mut answer = json!({
            "duration": duration(&timeline),
            "tracks": tracks,
            "events": job.report.json(),
            "timedEvents": timed_events(timeline.events(), Timestamp::zero(Timescale::MILLIS)),
        });
        if let Some(verification) = &verification {
            answer["verification"] = verification.json();
        }
        format!("{answer:#}\n")
    } else {
        let mut text = format!("duration {:.3} s\n", duration(&timeline));
        facts.iter().for_each(|facts| facts.line(&mut text));
        schemes(timeline.events(), &mut text);
        text.extend(verification.iter().map(Verification::line));
        text
    };
    let failure = verification.and_then(|found| found.failure(&arguments.inputs.join(" ")));
    Ok((answer, failure))
}

/// A line for each scheme of timed events, in the order of their first.
fn schemes(events: &[TimedEvent], text: &mut String) {
    let mut counts: Vec<(&str, usize)> = Vec::new();
    for event in events {
        match counts
            .iter_mut()
            .find(|(scheme, _)| *scheme == event.scheme)
        {
            Some((_, count)) => *count += 1,
            None => counts.push((&event.scheme, 1)),
        }
    }
    for (scheme, count) in counts {
        // A stream's own text must not look like more than one line.
        let _ = writeln!(text, "timed events {}: {count}", scheme.escape_debug());
    }
}

/// From the first thing presented to the end of the last, in seconds.
fn duration(timeline: &Timeline) -> f64 {
    let tracks = || timeline.tracks().iter();
    let start = tracks().filter_map(|track| track.presentation_time(track.numbers().start));
    let end = tracks().filter_map(Track::presentation_end);
    let span = start.min().zip(end.max());
    span.map_or(0.0, |(start, end)| end.minus(start).seconds())
}

/// What there is to say about a track.
#[derive(Debug, Default)]
struct Facts {
    /// Kind and codec of each configuration.
    configs: Vec<(Value, String)>,
    timescale: u32,
    samples: usize,
    keyframes: usize,
    bytes: u64,
    first_decode: f64,
    first_presentation: f64,
    duration: f64,
}

impl Facts {
    fn new(track: &Track) -> Self {
        let mut facts = Self::default();
        let mut numbers = track.numbers();
        let mut shown: Option<(Timestamp, Timestamp)> = None;
        while let Some(slice) = track.slice(numbers.clone()) {
            let timescale = slice.config.timescale;
            let at = |ticks: i64| Timestamp::new(ticks, timescale);
            if facts.configs.is_empty() {
                facts.first_decode = at(slice.decode_time).seconds();
                facts.timescale = timescale.get();
            }
            facts.configs.push(described(&slice.config));
            facts.samples += slice.samples.len();
            facts.keyframes += slice.samples.iter().filter(|s| s.keyframe).count();
            facts.bytes += slice.bytes.end - slice.bytes.start;
            let (start, end) = (at(slice.presentation_start()), at(slice.presentation_end()));
            shown = shown.map_or(Some((start, end)), |(from, to)| {
                Some((from.min(start), to.max(end)))
            });
            numbers.start = slice.numbers.end;
        }
        if let Some((start, end)) = shown {
            facts.first_presentation = start.seconds();
            facts.duration = end.minus(start).seconds();
        }
        facts
    }

    fn json(&self) -> Value {
        let configs: Vec<_> = self.configs.iter().map(|(value, _)| value).collect();
        json!({
            "configurations": configs,
            "timescale": self.timescale,
            "samples": self.samples,
            "keyframes": self.keyframes,
            "bytes": self.bytes,
            "first_decode_time": self.first_decode,
            "first_presentation_time": self.first_presentation,
            "duration": self.duration,
        })
    }

    fn line(&self, text: &mut String) {
        let configs: Vec<_> = self.configs.iter().map(|(_, text)| text.as_str()).collect();
        let _ = writeln!(
            text,
            "{}: {} samples, {} keyframes, {} bytes, {:.3} s from {:.3} s, {} ticks a second",
            configs.join(", then "),
            self.samples,
            self.keyframes,
            self.bytes,
            self.duration,
            self.first_presentation,
            self.timescale,
        );
    }
}

/// A configuration for a program and for a person.
fn described(config: &livetape_media::TrackConfig) -> (Value, String) {
    let codec = &config.codec;
    match config.format {
        Format::Video { width, height } => (
            json!({ "kind": "video", "codec": codec, "width": width, "height": height }),
            format!("video {codec} {width}x{height}"),
        ),
        Format::Audio {
            sample_rate,
            channels,
        } => (
            json!({ "kind": "audio", "codec": codec, "sample_rate": sample_rate, "channels": channels }),
            format!("audio {codec} {sample_rate} Hz {channels} channels"),
        ),
        Format::Other { handler } => (
            json!({ "kind": handler.to_string(), "codec": codec }),
            format!("{handler} {codec}"),
        ),
    }
}
