//! `cargo xtask <command>`: everything that is done to this repository from the command line.
//!
//! * [`setup`] finds the tools that are there and installs the missing ones;
//! * [`build`] makes the wasm module, the Worker and `www/`;
//! * [`demo`] starts the edge with a live source, and [`edge`] is that server's process;
//! * [`mod@test`] runs the suites against their budgets;
//! * [`mod@bench`] measures the media core beside other engines;
//! * [`check`] is the one definition of "checked";
//! * [`soak`] runs the long tests.
//!
//! This crate is the first thing a newcomer's machine compiles, so its dependencies are few.
#![allow(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "a command-line program talks to its user by printing"
)]

mod arguments;
mod bench;
mod build;
mod check;
mod counting;
mod demo;
mod edge;
mod failure;
mod http;
mod interrupt;
mod process;
mod progress;
mod sample;
mod setup;
mod soak;
mod stamp;
mod test;
mod versions;
mod workspace;

use std::process::ExitCode;

use arguments::Command;
use failure::{Failure, Result};
use workspace::Workspace;

fn main() -> ExitCode {
    match run() {
        Ok(()) => ExitCode::SUCCESS,
        Err(Failure::Message(message)) => {
            eprintln!("\nerror: {message}");
            ExitCode::FAILURE
        }
        Err(Failure::Exit(code)) => ExitCode::from(code),
        Err(Failure::Interrupted) => {
            eprintln!("\nstopped; the same command goes on from here");
            ExitCode::from(130)
        }
    }
}

fn run() -> Result<()> {
    let command = arguments::parse(std::env::args().skip(1))?;
    if let Command::Help = command {
        print!("{}", arguments::HELP);
        return Ok(());
    }
    interrupt::listen()?;
    let workspace = Workspace::locate()?;
    match command {
        Command::Help => Ok(()),
        Command::Setup { dry_run, yes } => setup::command(&workspace, dry_run, yes),
        Command::Build { yes } => {
            setup::ready(&workspace, setup::Scope::Demo, yes)?;
            build::all(&workspace, None)
        }
        Command::Demo(options) => demo::command(&workspace, &options),
        Command::Test { suites, yes } => test::command(&workspace, &suites, yes),
        Command::Check { yes } => check::command(&workspace, yes),
        Command::Bench(options) => bench::command(&workspace, &options),
        Command::Soak(options) => soak::command(&workspace, &options),
    }
}
