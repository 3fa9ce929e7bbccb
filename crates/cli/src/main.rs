//! The `livetape` command: streams from files and the network to exact MP4 files.
//!
//! The native shell of the pure crates: it moves bytes and says what happened. Inputs become pieces
//! ([`pieces`]), pieces become samples with their payload left where it is or spilled ([`reading`],
//! [`stores`]), samples become one timeline ([`assembly`]), and what is taken out of that is written
//! by plan ([`writing`]).
#![expect(
    clippy::print_stderr,
    reason = "a command line program says what went wrong"
)]

mod arguments;
mod assembly;
mod body;
mod carried;
mod chunks;
mod cipher;
mod claim;
mod edits;
mod ending;
mod failure;
mod fragments;
mod gathered;
mod inspect;
mod interrupt;
mod job;
mod kinds;
mod location;
mod manual;
mod moments;
mod network;
mod outline;
mod pieces;
mod placed;
mod progress;
mod ranged;
mod reading;
mod record;
mod remux;
mod report;
mod spilling;
mod stores;
mod strays;
mod verify;
mod writing;

use std::io::{ErrorKind, Write};
use std::process::ExitCode;

use clap::Parser;

use arguments::{Arguments, Command};
use failure::Failure;

fn main() -> ExitCode {
    let outcome = match Arguments::parse().command {
        Command::Remux(arguments) => remux::run(&arguments).map(|answer| (answer, None)),
        Command::Inspect(arguments) => inspect::run(&arguments),
        Command::Record(arguments) => record::run(&arguments).map(|answer| (answer, None)),
        Command::ListByOther { path } => {
            verify::list(&path);
            return ExitCode::SUCCESS;
        }
    };
    let (answer, mut failure) = match outcome {
        Ok((answer, failure)) => (answer, failure),
        Err(failure) => (String::new(), Some(failure)),
    };
    let mut output = std::io::stdout();
    let told = output.write_all(answer.as_bytes());
    if let Err(error) = told.and_then(|()| output.flush())
        // Whoever reads the answer may have gone, as `head` does: the work is done all the same.
        && error.kind() != ErrorKind::BrokenPipe
    {
        let why = error.to_string();
        failure.get_or_insert(Failure::Untold { why });
    }
    match failure {
        None => ExitCode::SUCCESS,
        Some(failure) => {
            eprintln!("error[{}]: {failure}", failure.code());
            ExitCode::from(failure.status())
        }
    }
}
