//! What a person sees while something runs.

use std::io::{IsTerminal, Write};
use std::sync::mpsc;
use std::time::{Duration, Instant};

use crate::failure::{Explain, Result};
use crate::interrupt;

/// True when a person is there to read and answer.
pub(crate) fn terminal() -> bool {
    std::io::stdin().is_terminal() && std::io::stdout().is_terminal()
}

/// `0:07`, `12:30`.
pub(crate) fn clock(duration: Duration) -> String {
    let seconds = duration.as_secs();
    format!("{}:{:02}", seconds / 60, seconds % 60)
}

/// About how long, in words: `5 s`, `about 2 min`.
pub(crate) fn about(duration: Duration) -> String {
    match duration.as_secs() {
        seconds @ 0..90 => format!("{} s", seconds.max(1)),
        seconds => format!("{} min", (seconds + 30) / 60),
    }
}

/// Shows that a step goes on: one line kept up to date on a terminal, a line every 30 s elsewhere.
pub(crate) struct Progress {
    name: String,
    usual: Duration,
    started: Instant,
    told: Duration,
    live: bool,
}

impl Progress {
    /// Says that the step starts. `usual` is zero where the time is not known.
    pub(crate) fn start(name: &str, usual: Duration) -> Self {
        let live = std::io::stdout().is_terminal();
        if !live {
            println!("  {name}{}", usually(usual));
        }
        let started = Instant::now();
        Self {
            name: name.to_owned(),
            usual,
            started,
            told: Duration::ZERO,
            live,
        }
    }

    /// To be called often while the step runs.
    pub(crate) fn tick(&mut self) {
        let elapsed = self.started.elapsed();
        let every = Duration::from_secs(if self.live { 1 } else { 30 });
        if elapsed < self.told + every && !(self.live && self.told.is_zero()) {
            return;
        }
        self.told = elapsed.max(Duration::from_millis(1));
        if self.live {
            print!(
                "\r\x1b[K  {}  {}{}",
                self.name,
                clock(elapsed),
                usually(self.usual)
            );
            // A line that could not be shown is no reason to stop.
            let _ = std::io::stdout().flush();
        } else {
            println!("  {}: still running after {}", self.name, clock(elapsed));
        }
    }

    /// Says how the step ended.
    pub(crate) fn end(self, word: &str) {
        let clear = if self.live { "\r\x1b[K" } else { "" };
        println!(
            "{clear}  {}: {word} in {}",
            self.name,
            clock(self.started.elapsed())
        );
    }
}

fn usually(usual: Duration) -> String {
    if usual.is_zero() {
        String::new()
    } else {
        format!("  (usually {})", about(usual))
    }
}

/// Asks a yes/no question; anything but a clear yes is a no.
pub(crate) fn ask(question: &str) -> Result<bool> {
    print!("{question} [y/N] ");
    std::io::stdout().flush().explain(|| "cannot ask")?;
    let (answered, answer) = mpsc::channel();
    // Reading cannot be interrupted, waiting can: so somebody else reads.
    std::thread::spawn(move || {
        let mut line = String::new();
        let read = std::io::stdin().read_line(&mut line);
        // Nobody listens any more after Ctrl-C, and then the answer does not matter.
        let _ = answered.send(read.map(|_| line));
    });
    loop {
        match answer.recv_timeout(Duration::from_millis(50)) {
            Ok(line) => {
                let line = line.explain(|| "cannot read the answer")?;
                return Ok(matches!(line.trim().to_lowercase().as_str(), "y" | "yes"));
            }
            Err(mpsc::RecvTimeoutError::Timeout) => interrupt::check()?,
            Err(mpsc::RecvTimeoutError::Disconnected) => return Ok(false),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_read_well() {
        assert_eq!(clock(Duration::from_secs(67)), "1:07");
        assert_eq!(about(Duration::from_secs(5)), "5 s");
        assert_eq!(about(Duration::from_secs(150)), "3 min");
        assert_eq!(about(Duration::ZERO), "1 s");
    }
}
