//! `livetape record`: a live playlist to a file, until Ctrl-C.

use std::time::{Duration, Instant};

use livetape_hls::{NextLoad, Playlist, Reload, ReloadEvent, StartPosition, Update};
use livetape_media::{Timescale, Timestamp};

use crate::arguments::Record;
use crate::failure::{Failure, Result};
use crate::interrupt;
use crate::job::Job;
use crate::location::Location;
use crate::pieces::{choose, load_playlist, media_playlist, segment};
use crate::progress::Progress;
use crate::reading::Reader;
use crate::remux::{Wanted, deliver};
use crate::report::Report;
use crate::stores::Stores;
use crate::writing::Partial;

/// Where to begin: as many segments before the live edge as a player would (section 6.3.3).
const START: StartPosition = StartPosition::LiveEdge { segments: 3 };
/// Between two looks at the clock and at Ctrl-C.
const NAP: Duration = Duration::from_millis(50);

/// A media playlist being followed.
struct Follow {
    location: Location,
    reload: Reload,
    reader: Reader,
    /// When to load it again; `None` when it has ended.
    load_at: Option<i64>,
    /// When it last had something new.
    grew_at: i64,
}

/// Carries the command out; gives what to print.
pub(crate) fn run(arguments: &Record) -> Result<String> {
    interrupt::listen(true);
    let (location, playlist) = load_playlist(&Location::new(&arguments.url))?;
    let locations = match &playlist {
        Playlist::Media(_) => vec![location],
        Playlist::Multivariant(playlist) => choose(&location, playlist)?,
    };
    let first = Partial::create(&arguments.output)?;
    let mut job = Job::new(Stores::beside(&arguments.output)?, Report::default());
    let mut follows: Vec<_> = locations
        .into_iter()
        .enumerate()
        .map(|(lane, location)| Follow {
            reload: Reload::new(location.to_string(), START),
            location,
            reader: Reader::new(lane),
            load_at: Some(0),
            grew_at: 0,
        })
        .collect();
    let wanted = Wanted {
        output: &arguments.output,
        start: None,
        end: arguments.duration,
        fragmented: false,
        single: false,
        json: arguments.json,
    };
    let followed = match follow_all(&mut follows, arguments, &mut job) {
        // What was recorded until then is worth having.
        Err(failure) if is_end(&failure) && job.assembly.seconds() > 0.0 => {
            job.report.tell("recording_ended", failure.to_string());
            let mut readers = follows.iter_mut().map(|follow| &mut follow.reader);
            readers.try_for_each(|reader| reader.finish(&mut job))
        }
        other => other,
    };
    let outcome = followed.and_then(|()| deliver(&mut job, &wanted, first));
    job.report.print();
    outcome
}

/// Whether a failure only ends what is added to a recording.
const fn is_end(failure: &Failure) -> bool {
    !matches!(failure, Failure::Interrupted | Failure::Unwritable { .. })
}

/// Reads what is added until the stream ends, enough is there, nothing is added for too long, or
/// Ctrl-C is pressed.
fn follow_all(follows: &mut [Follow], arguments: &Record, job: &mut Job) -> Result<()> {
    let patience = Timestamp::from_seconds(arguments.patience, Timescale::MILLIS).ticks;
    let clock = Instant::now();
    let now = || i64::try_from(clock.elapsed().as_millis()).unwrap_or(i64::MAX);
    let progress = Progress::new("recording (Ctrl-C finishes the file)", 0);
    let enough = |job: &Job| {
        let wanted = arguments.duration;
        wanted.is_some_and(|seconds| job.assembly.seconds() >= seconds)
    };
    while !interrupt::requested() && follows.iter().any(|f| f.load_at.is_some()) {
        for follow in &mut *follows {
            if follow.load_at.is_some_and(|at| at <= now()) {
                follow.load(&now, job, &progress)?;
            }
        }
        if enough(job) {
            break;
        }
        let newest = follows.iter().map(|follow| follow.grew_at).max();
        if newest.is_some_and(|newest| now() - newest >= patience) {
            let seconds = arguments.patience;
            let message = format!("nothing was added for {seconds} s: the recording ends here");
            job.report.tell("recording_ended", message);
            break;
        }
        std::thread::sleep(NAP);
    }
    for follow in follows {
        follow.reader.finish(job)?;
    }
    Ok(())
}

impl Follow {
    /// Loads the playlist and reads its new segments.
    fn load(&mut self, now: &impl Fn() -> i64, job: &mut Job, progress: &Progress) -> Result<()> {
        let requested = now();
        let update = match media_playlist(&self.location) {
            Ok((location, playlist)) => {
                self.reload.set_playlist_uri(location.to_string());
                self.reload.loaded(&playlist, requested, now())
            }
            // Never read: nothing to wait for.
            Err(failure) if self.reload.window().is_empty() => return Err(failure),
            Err(Failure::Interrupted) => return Err(Failure::Interrupted),
            Err(_) => self.reload.failed(requested, now()),
        };
        let Update {
            events,
            segments,
            next,
        } = update;
        events.iter().for_each(|event| told(event, &mut job.report));
        for found in &segments {
            if interrupt::requested() {
                return Ok(());
            }
            let piece = segment(&self.location, found, 0)?;
            self.reader.piece(&piece, job, progress)?;
            self.grew_at = now();
        }
        self.load_at = match next {
            NextLoad::At { millis, .. } => Some(millis),
            NextLoad::Never => None,
        };
        Ok(())
    }
}

fn told(event: &ReloadEvent, report: &mut Report) {
    match event {
        ReloadEvent::Stalled { .. } => report.tell(
            "playlist_stalled",
            "the playlist has not grown for some time".to_owned(),
        ),
        ReloadEvent::SegmentsMissed { first, count } => report.tell(
            "segments_missed",
            format!("{count} segments from {first} left the playlist before they were read"),
        ),
        ReloadEvent::SequenceReset { expected, found } => report.tell(
            "sequence_reset",
            format!("the playlist went from segment {expected} to {found}"),
        ),
        _ => {}
    }
}
