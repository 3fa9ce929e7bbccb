//! The `livetape` command: streams from files and the network to exact MP4 files.
//!
//! The native shell of the pure crates: it moves bytes and says what happened. Inputs become pieces
//! ([`pieces`]), pieces become samples with their payload left where it is or spilled ([`reading`],
//! [`stores`]), samples become one timeline ([`assembly`]), and what is taken out of that is written
//! by plan ([`writing`]).
#![expect(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "a command line program prints its answer"
)]

mod arguments;
mod assembly;
mod cipher;
mod failure;
mod fragments;
mod inspect;
mod interrupt;
mod location;
mod moments;
mod pieces;
mod progress;
mod reading;
mod record;
mod remux;
mod report;
mod stores;
mod writing;

use std::process::ExitCode;

use clap::Parser;

use arguments::{Arguments, Command};

fn main() -> ExitCode {
    let outcome = match Arguments::parse().command {
        Command::Remux(arguments) => remux::run(&arguments),
        Command::Inspect(arguments) => inspect::run(&arguments),
        Command::Record(arguments) => record::run(&arguments),
    };
    match outcome {
        Ok(answer) => {
            print!("{answer}");
            ExitCode::SUCCESS
        }
        Err(failure) => {
            eprintln!("error[{}]: {failure}", failure.code());
            ExitCode::from(failure.status())
        }
    }
}
