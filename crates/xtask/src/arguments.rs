//! The command line.

use std::fmt::Display;
use std::net::TcpListener;
use std::str::FromStr;

use crate::failure::{Explain, Failure, Result};
use crate::soak::SoakOptions;

/// What `cargo xtask help` prints.
pub(crate) const HELP: &str = "\
cargo xtask <command>

  setup [--dry-run] [--yes]   install what is missing for everything below
  build [--yes]               build the wasm module, the Worker and www/
  demo  [--port N] [--yes]    start the edge with a live page to record from
        [--headless-check]    ... and let a headless browser try it, then exit 0 or 1
  test  [SUITE...] [--yes]    run the tests; suites: check unit wasm outputs edge e2e crash demo
  bench media [--rounds N]    measure against other engines; writes its section of BENCHMARKS.md
  bench recorder [--rounds N] ... or what the recorder costs a page
  bench edge [--rounds N]     ... or what the edge takes of processor, storage and time
        [--yes]
  check [--yes]               formatting, lints, documentation, types, licences, invariants, fuzz targets
  soak  [fuzz [TARGET...]]    long tests: every fuzz target for a minute each, or those named
        [--minutes N]         ... or for so long each
        [--runs N]            ... or for so many inputs each, if that is sooner
        [--record]            ... and keep the results in fuzz/RECORD.md
        [--replay FILE]       ... or try one input with one target
        [kills [--runs N]]    tabs, workers and browsers killed while they tape: 50 times, or N
        [edge-kills [--runs N]] the edge's runtime killed while it takes uploads and a recording: 100 times, or N
        [memory [--minutes N]] six hours of stream at 8 Mb/s faster than real time, or N minutes

Each command first installs what it misses, and says what before it does. --yes answers its question.
";

/// One command with its options.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Command {
    Help,
    Setup { dry_run: bool, yes: bool },
    Build { yes: bool },
    Demo(DemoOptions),
    Test { suites: Vec<String>, yes: bool },
    Check { yes: bool },
    Bench(BenchOptions),
    Soak(SoakOptions),
}

/// The options of `demo`.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct DemoOptions {
    /// The port that is tried first; without it, 8787.
    pub port: Option<u16>,
    /// Let a headless browser try the demo, then stop.
    pub headless_check: bool,
    /// Install without asking.
    pub yes: bool,
}

/// What can be measured.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Bench {
    /// The media core beside other engines.
    Media,
    /// What the recorder costs a page.
    Recorder,
    /// What the edge takes.
    Edge,
}

/// The options of `bench`.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct BenchOptions {
    /// What is measured.
    pub bench: Bench,
    /// How often each engine runs.
    pub rounds: u16,
    /// Install without asking.
    pub yes: bool,
}

/// Reads the arguments after the program's name.
pub(crate) fn parse(arguments: impl Iterator<Item = String>) -> Result<Command> {
    let mut arguments = arguments.peekable();
    let Some(name) = arguments.next() else {
        return Ok(Command::Help);
    };
    let mut rest = Rest(arguments.collect());
    let yes = rest.take_flag("--yes");
    let command = match name.as_str() {
        "help" | "--help" | "-h" => Command::Help,
        "setup" => Command::Setup {
            dry_run: rest.take_flag("--dry-run"),
            yes,
        },
        "build" => Command::Build { yes },
        "demo" => Command::Demo(DemoOptions {
            port: rest.take_number("--port")?,
            headless_check: rest.take_flag("--headless-check"),
            yes,
        }),
        "test" => Command::Test {
            suites: rest.take_words(),
            yes,
        },
        "check" => Command::Check { yes },
        "bench" => {
            let rounds = rest.take_number("--rounds")?.unwrap_or(5);
            let words = rest.take_words();
            let bench = match words.iter().map(String::as_str).collect::<Vec<_>>()[..] {
                ["media"] => Bench::Media,
                ["recorder"] => Bench::Recorder,
                ["edge"] => Bench::Edge,
                _ => return Err(Failure::Message(format!("bench what?\n\n{HELP}"))),
            };
            Command::Bench(BenchOptions { bench, rounds, yes })
        }
        "soak" => Command::Soak(SoakOptions {
            minutes: rest.take_number("--minutes")?,
            runs: rest.take_number("--runs")?,
            record: rest.take_flag("--record"),
            replay: rest.take_value("--replay")?,
            words: rest.take_words(),
            yes,
        }),
        other => return Err(Failure::Message(format!("no command {other:?}\n\n{HELP}"))),
    };
    match rest.0.first() {
        None => Ok(command),
        Some(left) => Err(Failure::Message(format!(
            "`{name}` does not take {left:?}\n\n{HELP}"
        ))),
    }
}

struct Rest(Vec<String>);

impl Rest {
    fn take_flag(&mut self, flag: &str) -> bool {
        let before = self.0.len();
        self.0.retain(|argument| argument != flag);
        self.0.len() != before
    }

    fn take_words(&mut self) -> Vec<String> {
        let (flags, words) = self
            .0
            .drain(..)
            .partition(|argument| argument.starts_with('-'));
        self.0 = flags;
        words
    }

    fn take_value(&mut self, option: &str) -> Result<Option<String>> {
        let Some(at) = self.0.iter().position(|argument| argument == option) else {
            return Ok(None);
        };
        self.0.remove(at);
        if at >= self.0.len() {
            return Err(Failure::Message(format!("{option} needs a value")));
        }
        Ok(Some(self.0.remove(at)))
    }

    fn take_number<T: FromStr<Err: Display>>(&mut self, option: &str) -> Result<Option<T>> {
        let text = self.take_value(option)?;
        let number = text.map(|text| text.parse().explain(|| format!("{option} {text}")));
        number.transpose()
    }
}

/// The first port at or after `first` that nobody listens on, on IPv4's loopback or IPv6's.
pub(crate) fn free_port(first: u16) -> Result<u16> {
    (first..=first.saturating_add(200))
        .find(|port| port_is_free(*port))
        .ok_or_else(|| Failure::Message(format!("no free port from {first} on")))
}

fn port_is_free(port: u16) -> bool {
    // A machine without IPv6 cannot bind [::1] at all; only "in use" counts against the port there.
    let taken = |error: std::io::Error| error.kind() == std::io::ErrorKind::AddrInUse;
    TcpListener::bind(("127.0.0.1", port)).is_ok()
        && !TcpListener::bind(("::1", port)).is_err_and(taken)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(line: &str) -> Result<Command> {
        parse(line.split_whitespace().map(str::to_owned))
    }

    #[test]
    fn options_are_read_in_any_order() {
        let options = DemoOptions {
            port: Some(9000),
            headless_check: true,
            yes: true,
        };
        assert_eq!(
            parsed("demo --yes --headless-check --port 9000").ok(),
            Some(Command::Demo(options))
        );
    }

    #[test]
    fn a_bench_has_a_name_and_rounds() {
        let command = |bench, rounds| {
            let yes = false;
            Some(Command::Bench(BenchOptions { bench, rounds, yes }))
        };
        assert_eq!(parsed("bench media").ok(), command(Bench::Media, 5));
        let nine = command(Bench::Recorder, 9);
        assert_eq!(parsed("bench --rounds 9 recorder").ok(), nine);
        assert!(parsed("bench").is_err() && parsed("bench network").is_err());
    }

    #[test]
    fn suites_are_words() {
        let suites = vec!["unit".to_owned(), "edge".to_owned()];
        assert_eq!(
            parsed("test unit edge").ok(),
            Some(Command::Test { suites, yes: false })
        );
    }

    #[test]
    fn a_soak_takes_words_and_limits() {
        let options = SoakOptions {
            words: vec!["fuzz".to_owned(), "aac".to_owned()],
            minutes: Some(30),
            record: true,
            ..SoakOptions::default()
        };
        assert_eq!(
            parsed("soak --minutes 30 fuzz aac --record").ok(),
            Some(Command::Soak(options))
        );
        assert!(parsed("soak --runs many").is_err());
    }

    #[test]
    fn what_is_not_known_is_refused() {
        assert!(parsed("demo --fast").is_err());
        assert!(parsed("demo --port").is_err());
        assert!(parsed("demo --port 99999").is_err());
        assert!(parsed("fly").is_err());
    }

    #[test]
    fn a_taken_port_is_skipped() {
        let listener = TcpListener::bind(("127.0.0.1", 0)).expect("a loopback port");
        let taken = listener.local_addr().expect("a bound address").port();
        let free = free_port(taken).expect("a free port");
        assert!(free > taken);
    }
}
