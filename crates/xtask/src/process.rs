//! Running programs: each in its own process group, with its output kept, ended on every way out.

use std::collections::VecDeque;
use std::ffi::OsStr;
use std::fs::{File, OpenOptions};
use std::io::{BufRead, BufReader, Write};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use nix::sys::signal::{Signal, killpg};
use nix::unistd::Pid;

use crate::failure::{Explain, Failure, Result};
use crate::interrupt;
use crate::progress::Progress;

/// How often a wait looks whether the program has ended or the user wants the end.
const LOOK: Duration = Duration::from_millis(20);
/// How long a program may take to end by itself once it was asked to.
const GRACE: Duration = Duration::from_secs(5);

/// A program to run, without what `cargo run` and rustup put into this process's environment for xtask itself.
pub(crate) fn command(program: impl AsRef<OsStr>) -> Command {
    let mut command = Command::new(program);
    for (name, _) in std::env::vars_os() {
        let text = name.to_string_lossy();
        let of_xtask = ["CARGO_PKG_", "CARGO_MANIFEST_", "CARGO_BIN_"]
            .iter()
            .any(|start| text.starts_with(start));
        let of_cargo_run = [
            "CARGO",
            "CARGO_CRATE_NAME",
            "CARGO_PRIMARY_PACKAGE",
            "RUST_RECURSION_COUNT",
            "LD_LIBRARY_PATH",
            "DYLD_FALLBACK_LIBRARY_PATH",
        ];
        if of_xtask || of_cargo_run.contains(&text.as_ref()) {
            command.env_remove(&name);
        }
    }
    command.stdin(Stdio::null());
    command
}

/// A short program's standard output, when it could be run and ended well.
pub(crate) fn output_of(command: &mut Command) -> Option<String> {
    let output = command.stderr(Stdio::null()).output().ok()?;
    output
        .status
        .success()
        .then(|| String::from_utf8_lossy(&output.stdout).into_owned())
}

/// Gets each line of a program's output, both streams in the order written.
pub(crate) type Reader = Box<dyn FnMut(&str) + Send>;

/// Where a program's output goes.
pub(crate) enum Output {
    /// To this process's own output.
    Shown,
    /// Into a file, after what it holds.
    Log(PathBuf),
    /// To a reader, line by line.
    Read(Reader),
}

/// A running program and all that it started; ended when dropped.
pub(crate) struct Group {
    name: String,
    child: Child,
    reader: Option<JoinHandle<()>>,
    ended: Option<ExitStatus>,
}

impl Group {
    /// Starts the program as the leader of a new process group.
    pub(crate) fn start(command: &mut Command, output: Output) -> Result<Self> {
        let name = command.get_program().to_string_lossy().into_owned();
        let doing = || format!("cannot start {name}");
        let mut reader = None;
        match output {
            Output::Shown => {}
            Output::Log(path) => {
                let file = log_file(&path)?;
                command
                    .stderr(file.try_clone().explain(doing)?)
                    .stdout(file);
            }
            Output::Read(sink) => {
                let (read, write) = std::io::pipe().explain(doing)?;
                command
                    .stderr(write.try_clone().explain(doing)?)
                    .stdout(write);
                reader = Some(std::thread::spawn(move || read_lines(read, sink)));
            }
        }
        let child = command.process_group(0).spawn().explain(doing);
        // The command holds the pipe's writing ends; the reader would wait for them for ever.
        command.stdout(Stdio::null()).stderr(Stdio::null());
        Ok(Self {
            child: child?,
            name,
            reader,
            ended: None,
        })
    }

    /// How the program ended, when it has.
    pub(crate) fn ended(&mut self) -> Result<Option<ExitStatus>> {
        if self.ended.is_none() {
            self.ended = self
                .child
                .try_wait()
                .explain(|| format!("waiting for {}", self.name))?;
        }
        Ok(self.ended)
    }

    /// Waits for the end, at most until `deadline`; calls `tick` meanwhile.
    pub(crate) fn wait(
        &mut self,
        deadline: Option<Instant>,
        mut tick: impl FnMut(),
    ) -> Result<ExitStatus> {
        loop {
            if let Some(status) = self.ended()? {
                self.finish_reading();
                return Ok(status);
            }
            interrupt::check()?;
            if deadline.is_some_and(|deadline| Instant::now() >= deadline) {
                let name = Path::new(&self.name).file_name().unwrap_or_default();
                let name = name.to_string_lossy();
                return Err(Failure::Message(format!(
                    "{name} took longer than its budget"
                )));
            }
            tick();
            std::thread::sleep(LOOK);
        }
    }

    /// Ends the group: asks first, insists after a while.
    pub(crate) fn stop(&mut self) {
        // The group may be gone already, which is what is wanted; so no error here is one.
        let group = Pid::from_raw(i32::try_from(self.child.id()).unwrap_or(i32::MAX));
        if self.ended.is_none() {
            let _ = killpg(group, Signal::SIGTERM);
            let patience = Instant::now() + GRACE;
            while Instant::now() < patience && matches!(self.ended(), Ok(None)) {
                std::thread::sleep(LOOK);
            }
        }
        let _ = killpg(group, Signal::SIGKILL);
        let _ = self.child.wait();
        self.finish_reading();
    }

    fn finish_reading(&mut self) {
        // What the leader left running may hold the pipe open: it ends here, before the reader is waited for.
        let group = Pid::from_raw(i32::try_from(self.child.id()).unwrap_or(i32::MAX));
        if let Some(reader) = self.reader.take() {
            let _ = killpg(group, Signal::SIGKILL);
            let _ = reader.join();
        }
    }
}

impl Drop for Group {
    fn drop(&mut self) {
        self.stop();
    }
}

fn read_lines(read: std::io::PipeReader, mut sink: Reader) {
    let mut lines = BufReader::new(read);
    let mut line = Vec::new();
    while matches!(lines.read_until(b'\n', &mut line), Ok(1..)) {
        sink(String::from_utf8_lossy(&line).trim_end_matches(['\n', '\r']));
        line.clear();
    }
}

fn log_file(path: &Path) -> Result<File> {
    OpenOptions::new()
        .create(true)
        .append(true)
        .open(path)
        .explain(|| format!("cannot write {}", path.display()))
}

/// Runs a program to its end, its output in `log`, showing progress; fails with the log's end.
pub(crate) fn run_logged(
    name: &str,
    usual: Duration,
    command: &mut Command,
    log: &Path,
    deadline: Option<Instant>,
) -> Result<()> {
    let mut file = log_file(log)?;
    writeln!(file, "$ {}", shown(command)).explain(|| format!("cannot write {}", log.display()))?;
    let mut progress = Progress::start(name, usual);
    // The end of the log is what a person sees: it should say what went wrong, not where in a tool.
    command.env("RUST_BACKTRACE", "0");
    let mut group = Group::start(command, Output::Log(log.to_path_buf()))?;
    let status = group.wait(deadline, || progress.tick());
    match status {
        Ok(status) if status.success() => {
            progress.end("done");
            Ok(())
        }
        Ok(status) => {
            progress.end("FAILED");
            Err(Failure::Message(format!(
                "{name} failed ({status})\n{}",
                tail(log)
            )))
        }
        Err(failure) => Err(failure),
    }
}

/// A command as a person would type it, without its environment.
pub(crate) fn shown(command: &Command) -> String {
    let words = std::iter::once(command.get_program()).chain(command.get_args());
    words
        .map(|word| word.to_string_lossy())
        .collect::<Vec<_>>()
        .join(" ")
}

/// The last 20 lines of a log, with its path.
pub(crate) fn tail(log: &Path) -> String {
    let text = std::fs::read(log).unwrap_or_default();
    let text = String::from_utf8_lossy(&text);
    let mut last = VecDeque::new();
    for line in text.lines() {
        if last.len() == 20 {
            last.pop_front();
        }
        last.push_back(line);
    }
    let mut shown = format!("the end of {}:", log.display());
    for line in last {
        shown.push_str("\n  | ");
        shown.push_str(line);
    }
    shown
}

#[cfg(test)]
mod tests {
    use std::sync::{Arc, Mutex};

    use super::*;

    fn shell(script: &str) -> Command {
        let mut shell = command("/bin/sh");
        shell.args(["-c", script]);
        shell
    }

    #[test]
    fn both_streams_are_read_in_order() {
        let seen = Arc::new(Mutex::new(Vec::new()));
        let sink = Arc::clone(&seen);
        let reader: Reader =
            Box::new(move |line| sink.lock().expect("one reader").push(line.to_owned()));
        let mut group = Group::start(
            &mut shell("echo one; echo two >&2; printf three"),
            Output::Read(reader),
        )
        .expect("a shell");
        let status = group.wait(None, || {}).expect("an end");
        assert!(status.success());
        assert_eq!(*seen.lock().expect("one reader"), ["one", "two", "three"]);
    }

    #[test]
    fn a_budget_ends_a_program_and_what_it_started() {
        let mut group = Group::start(
            &mut shell("sleep 60 & echo $!; wait"),
            Output::Read(Box::new(|_| {})),
        )
        .expect("a shell");
        let started = Instant::now();
        let failure = group
            .wait(Some(started), || {})
            .expect_err("no time at all");
        assert!(failure.to_string().contains("longer than its budget"));
        // Dropping waits for the output's end, which is when the last of the group has gone.
        drop(group);
        assert!(started.elapsed() < Duration::from_secs(30));
    }

    #[test]
    fn what_outlives_its_leader_is_ended_too() {
        let mut group = Group::start(
            &mut shell("sleep 60 & exit 3"),
            Output::Read(Box::new(|_| {})),
        )
        .expect("a shell");
        let started = Instant::now();
        assert_eq!(group.wait(None, || {}).expect("an end").code(), Some(3));
        assert!(started.elapsed() < Duration::from_secs(30));
    }
}
