//! One target for as long as its limits allow.

use std::fs::{self, File};
use std::io::Write;
use std::path::PathBuf;
use std::process::Command;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use super::program::{Program, Target};
use crate::failure::{Explain, Failure, Result};
use crate::process::{Group, Output, Reader};
use crate::progress::clock;

/// An input may take so many seconds, on a machine that has other work.
const LONGEST_SECONDS: u64 = 10;
/// What the whole process may have, in MB. What an input itself may take is limited much closer, by the
/// target.
const LARGEST_MB: u64 = 512;
/// How often a line says how it goes.
const TELL: Duration = Duration::from_secs(20);
/// Time for loading the corpus, and for ending.
const SPARE: Duration = Duration::from_secs(120);

/// When a session ends.
#[derive(Debug, Clone, Copy)]
pub(super) struct Limits {
    /// After so long.
    pub(super) time: Option<Duration>,
    /// After so many inputs.
    pub(super) inputs: Option<u64>,
}

/// What libFuzzer and the target said so far.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Seen {
    /// Inputs tried.
    pub(super) inputs: u64,
    /// Edges of the program that were taken.
    pub(super) edges: u64,
    /// Features: edges with how often they were taken, values that were compared.
    pub(super) features: u64,
    /// The process' memory at its largest, MB.
    pub(super) peak_mb: u64,
    /// The slowest input, in microseconds.
    pub(super) slowest_micros: u64,
    /// The most heap that an input took, bytes.
    pub(super) most_heap: u64,
    /// Where the input is that something is wrong with.
    find: Option<PathBuf>,
    /// What is wrong with it.
    message: String,
    /// The next line says what is wrong.
    message_follows: bool,
}

impl Seen {
    /// Takes the next line of the program's output.
    fn line(&mut self, line: &str) {
        if std::mem::take(&mut self.message_follows) {
            self.message += line;
        }
        if line.starts_with('#') {
            self.status(line);
        } else if let Some(worst) = line.strip_prefix("WORST: ") {
            let mut numbers = worst.split(' ').filter_map(|word| word.parse().ok());
            self.slowest_micros = numbers.next().unwrap_or(self.slowest_micros);
            self.most_heap = numbers.next().unwrap_or(self.most_heap);
        } else if let Some(inputs) = line.strip_prefix("stat::number_of_executed_units: ") {
            self.inputs = inputs.trim().parse().unwrap_or(self.inputs);
        } else if let Some(peak) = line.strip_prefix("stat::peak_rss_mb: ") {
            self.peak_mb = peak.trim().parse().unwrap_or(self.peak_mb);
        } else if let Some((_, path)) = line.split_once("Test unit written to ") {
            self.find = Some(PathBuf::from(path.trim()));
        } else if line.contains(" panicked at ") || line.contains("ERROR: libFuzzer: ") {
            // A panic comes before libFuzzer's own report of it, which says less.
            if self.message.is_empty() {
                self.message = format!("{line} ");
                self.message_follows = true;
            }
        }
    }

    /// `#4096 NEW cov: 11 ft: 12 corp: 2/5b lim: 4 exec/s: 0 rss: 27Mb ...`
    fn status(&mut self, line: &str) {
        let mut words = line.split_whitespace();
        let inputs = words.next().and_then(|word| word.strip_prefix('#'));
        self.inputs = inputs
            .and_then(|word| word.parse().ok())
            .unwrap_or(self.inputs);
        while let Some(word) = words.next() {
            let field = match word {
                "cov:" => &mut self.edges,
                "ft:" => &mut self.features,
                "rss:" => &mut self.peak_mb,
                _ => continue,
            };
            let number = words.next().map(|word| word.trim_end_matches("Mb"));
            *field = number
                .and_then(|word| word.parse().ok())
                .unwrap_or(*field)
                .max(*field);
        }
    }
}

/// How a session ended.
#[derive(Debug)]
pub(super) struct Outcome {
    pub(super) target: Target,
    pub(super) took: Duration,
    pub(super) seen: Seen,
    /// Where the input is that something is wrong with, if there is one.
    pub(super) find: Option<PathBuf>,
}

impl Outcome {
    /// What was found and where it is kept.
    pub(super) fn report(&self) -> String {
        let name = &self.target.name;
        let find = self.find.clone().unwrap_or_default();
        let message: String = self.seen.message.chars().take(600).collect();
        format!(
            "{name} FOUND: {message}\n  kept in {find}\n  again:  cargo xtask soak fuzz {name} --replay {find}",
            find = find.display()
        )
    }
}

/// Runs a target until its limits, or its first find.
pub(super) fn run(program: &Program, target: Target, limits: Limits) -> Result<Outcome> {
    let seen = Arc::new(Mutex::new(Seen::default()));
    let log = program.log(&target);
    let mut file = File::create(&log).explain(|| format!("cannot write {}", log.display()))?;
    let sink = Arc::clone(&seen);
    let reader: Reader = Box::new(move |line| {
        if let Ok(mut seen) = sink.lock() {
            seen.line(line);
        }
        // The log is for looking closer; without it there is still the find itself.
        let _ = writeln!(file, "{line}");
    });
    let started = Instant::now();
    let mut group = Group::start(
        &mut command(program, &target, limits)?,
        Output::Read(reader),
    )?;
    let now = || seen.lock().map(|seen| seen.clone()).unwrap_or_default();
    let mut told = Duration::ZERO;
    let deadline = limits.time.map(|time| started + time + SPARE);
    let status = group.wait(deadline, || {
        let elapsed = started.elapsed();
        if elapsed >= told + TELL {
            told = elapsed;
            println!("  {}", line(&target, elapsed, &now()));
        }
    })?;
    drop(group);
    let (took, seen) = (started.elapsed(), now());
    let find = seen.find.clone();
    if find.is_none() && !status.success() {
        return Err(Failure::Message(format!(
            "{} ended with {status} and no find\n{}",
            target.name,
            crate::process::tail(&log)
        )));
    }
    let word = if find.is_some() {
        "FOUND"
    } else {
        "nothing found"
    };
    println!("  {}: {word}", line(&target, took, &seen));
    Ok(Outcome {
        target,
        took,
        seen,
        find,
    })
}

fn line(target: &Target, elapsed: Duration, seen: &Seen) -> String {
    let Seen {
        inputs, features, ..
    } = seen;
    format!(
        "{:<14}{:>6}  {inputs:>10} inputs, {features} features",
        target.name,
        clock(elapsed)
    )
}

fn command(program: &Program, target: &Target, limits: Limits) -> Result<Command> {
    let (corpus, finds) = (program.corpus(target), program.finds(target));
    for folder in [&corpus, &finds] {
        fs::create_dir_all(folder).explain(|| format!("cannot make {}", folder.display()))?;
    }
    let mut command = program.command(target);
    command
        .arg(format!("-max_len={}", target.longest))
        .arg(format!("-timeout={LONGEST_SECONDS}"))
        .arg(format!("-rss_limit_mb={LARGEST_MB}"))
        .arg(format!("-artifact_prefix={}/", finds.display()))
        .args(["-print_final_stats=1", "-reload=0"]);
    if let Some(time) = limits.time {
        command.arg(format!("-max_total_time={}", time.as_secs()));
    }
    if let Some(inputs) = limits.inputs {
        command.arg(format!("-runs={inputs}"));
    }
    command.arg(corpus).args(program.beginnings(target));
    Ok(command)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_output_of_a_run_is_understood() {
        let mut seen = Seen::default();
        for line in [
            "WARNING: Failed to find function \"__sanitizer_acquire_crash_state\".",
            "#4096\tNEW    cov: 11 ft: 12 corp: 2/5b lim: 4 exec/s: 0 rss: 27Mb L: 4/4 MS: 5 CrossOver-",
            "WORST: 1106 us, 664 bytes",
            "thread '<unnamed>' (7) panicked at src/a.rs:1:2:",
            "no such thing",
            "==7== ERROR: libFuzzer: deadly signal",
            "artifact_prefix='/f/'; Test unit written to /f/crash-0",
            "stat::number_of_executed_units: 4100",
            "stat::peak_rss_mb:              29",
        ] {
            seen.line(line);
        }
        assert_eq!((seen.inputs, seen.edges, seen.features), (4100, 11, 12));
        assert_eq!(
            (seen.slowest_micros, seen.most_heap, seen.peak_mb),
            (1106, 664, 29)
        );
        assert_eq!(seen.find, Some(PathBuf::from("/f/crash-0")));
        assert!(
            seen.message.ends_with("src/a.rs:1:2: no such thing"),
            "{}",
            seen.message
        );
    }
}
