//! This program run again as the second reader, and what it says.

use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{self, Command, Stdio};
use std::sync::mpsc::{Receiver, RecvTimeoutError, sync_channel};
use std::time::Duration;

use super::listing::{Line, Sample, Track};
use crate::arguments::LIST_BY_OTHER;
use crate::failure::{Failure, Result};

/// Lines that may wait to be compared.
const WAITING: usize = 10_000;

/// The second reader at work. It is ended when this is dropped.
pub(super) struct Child {
    process: process::Child,
    lines: Receiver<String>,
    patience: Duration,
}

/// What the second reader says next.
pub(super) enum Said {
    Track(Track),
    Sample(Sample),
    End,
}

impl Child {
    /// Starts reading `path`; the reader may be silent for as long as `patience`.
    pub(super) fn start(path: &Path, patience: Duration) -> Result<Self> {
        let failed = |error: std::io::Error| Failure::NotVerifiable {
            why: format!("the second reader cannot be started: {error}"),
        };
        let program = std::env::current_exe().map_err(failed)?;
        let mut process = Command::new(program)
            .arg(LIST_BY_OTHER)
            .arg(path)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .map_err(failed)?;
        let (sender, lines) = sync_channel(WAITING);
        if let Some(stdout) = process.stdout.take() {
            // Ends with the process, or when nobody listens any more.
            std::thread::spawn(move || {
                let mut lines = BufReader::new(stdout)
                    .lines()
                    .map_while(std::result::Result::ok);
                lines.all(|line| sender.send(line).is_ok())
            });
        }
        Ok(Self {
            process,
            lines,
            patience,
        })
    }

    /// The next line, or why there is none.
    pub(super) fn next(&self) -> std::result::Result<Said, String> {
        let line = self.lines.recv_timeout(self.patience);
        let line = line.map_err(|error| match error {
            RecvTimeoutError::Timeout => {
                format!("it gave no answer for {} s", self.patience.as_secs())
            }
            RecvTimeoutError::Disconnected => "it crashed".to_owned(),
        })?;
        match Line::parse(&line) {
            Some(Line::Track(track)) => Ok(Said::Track(track)),
            Some(Line::Sample(sample)) => Ok(Said::Sample(sample)),
            Some(Line::End) => Ok(Said::End),
            Some(Line::Error(why)) => Err(why),
            None => Err("its answer is not readable".to_owned()),
        }
    }
}

impl Drop for Child {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}
