//! `cargo xtask check`: the one definition of "checked".

mod invariants;
mod licences;
mod lock_files;
mod modules;
mod packages;

use std::path::PathBuf;
use std::process::Command;
use std::sync::{Arc, Mutex};
use std::time::Instant;

use crate::build;
use crate::counting::Tally;
use crate::failure::{Failure, Result};
use crate::process::{self, Group, Output};
use crate::setup::{self, Scope, Target};
use crate::soak::fuzz;
use crate::workspace::Workspace;

pub(crate) use packages::Packages;

/// `cargo xtask check`.
pub(crate) fn command(workspace: &Workspace, yes: bool) -> Result<()> {
    setup::ready(workspace, Scope::Check, yes)?;
    let tally = run(workspace, None)?;
    println!("{} passed, {} failed", tally.passed, tally.failed);
    if tally.failed == 0 {
        Ok(())
    } else {
        Err(Failure::Exit(1))
    }
}

/// Runs every part, each once, the later ones too when one fails.
pub(crate) fn run(workspace: &Workspace, deadline: Option<Instant>) -> Result<Tally> {
    let packages = Packages::read(workspace)?;
    let mut checks = Checks {
        deadline,
        tally: Tally::default(),
    };
    checks.program("formatting", cargo(workspace, &["fmt", "--all", "--check"]))?;
    checks.program("clippy, host", cargo(workspace, &CLIPPY_HOST))?;
    checks.program(
        "clippy, wasm32",
        clippy_wasm(workspace, packages.for_wasm())?,
    )?;
    // Alone: beside the others it has what they have, the features of the recorder that it does without.
    let recorder = clippy_wasm(workspace, ["livetape-web"].into_iter())?;
    checks.program("clippy, the smaller recorder", recorder)?;
    checks.program("documentation", documentation(workspace))?;
    checks.program("fuzz targets", fuzz::build_command(workspace)?)?;
    for folder in ["www", "tests"] {
        if workspace.root.join(folder).join("tsconfig.json").exists() {
            checks.program(&format!("types of {folder}/"), types(workspace, folder)?)?;
        }
    }
    checks.finding("licences of crates", || licences::of_crates(&packages))?;
    checks.finding("licences of npm packages", || {
        licences::of_npm_packages(workspace)
    })?;
    checks.finding("invariants of the workspace", || {
        invariants::broken(&packages)
    })?;
    checks.finding("lock files and registry hosts", || {
        lock_files::problems(workspace)
    })?;
    let modules = build::weighed(workspace, deadline)?;
    checks.finding("no paths of this machine", || modules::paths_in(&modules))?;
    checks.program("sizes of modules", weighed(workspace, &modules)?)?;
    Ok(checks.tally)
}

/// Compares the sizes of the browser's modules with their budgets.
fn weighed(workspace: &Workspace, modules: &[(&str, PathBuf)]) -> Result<Command> {
    let mut weigh = process::command(setup::node(workspace)?);
    weigh.arg("www/weigh.mjs").current_dir(&workspace.root);
    for (name, module) in modules {
        weigh.arg(name).arg(module);
    }
    Ok(weigh)
}

const CLIPPY_HOST: [&str; 8] = [
    "clippy",
    "--workspace",
    "--all-targets",
    "--features=livetape-fuzz/libfuzzer",
    "--quiet",
    "--",
    "-D",
    "warnings",
];

fn cargo(workspace: &Workspace, arguments: &[&str]) -> Command {
    let mut cargo = process::command("cargo");
    cargo.args(arguments).current_dir(&workspace.root);
    cargo
}

fn clippy_wasm<'a>(
    workspace: &Workspace,
    packages: impl Iterator<Item = &'a str>,
) -> Result<Command> {
    let mut clippy = cargo(
        workspace,
        &["clippy", "--quiet", "--target", Target::Web.triple()],
    );
    for member in packages {
        clippy.args(["-p", member]);
    }
    clippy
        .args(["--", "-D", "warnings"])
        .envs(setup::wasm_environment(workspace, Target::Web)?);
    Ok(clippy)
}

fn documentation(workspace: &Workspace) -> Command {
    let mut doc = cargo(workspace, &["doc", "--workspace", "--no-deps", "--quiet"]);
    doc.env("RUSTDOCFLAGS", "-D warnings");
    doc
}

fn types(workspace: &Workspace, folder: &str) -> Result<Command> {
    let node = setup::node(workspace)?;
    let path = setup::in_path(std::slice::from_ref(&node))?;
    let mut compiler = process::command(node);
    compiler
        .args([
            "www/node_modules/typescript/bin/tsc",
            "--noEmit",
            "-p",
            folder,
        ])
        .env("PATH", path)
        .current_dir(&workspace.root);
    Ok(compiler)
}

struct Checks {
    deadline: Option<Instant>,
    tally: Tally,
}

impl Checks {
    /// A part that is a program; what it prints is shown when it fails.
    fn program(&mut self, name: &str, mut command: Command) -> Result<()> {
        let started = Instant::now();
        let kept = Arc::new(Mutex::new(String::new()));
        let sink = Arc::clone(&kept);
        let reader: process::Reader = Box::new(move |line| {
            if let Ok(mut text) = sink.lock() {
                text.push_str(line);
                text.push('\n');
            }
        });
        let mut group = Group::start(&mut command, Output::Read(reader))?;
        let ended = group.wait(self.deadline, || {});
        let succeeded = match &ended {
            Ok(status) => status.success(),
            Err(Failure::Message(_)) => false,
            Err(_) => return ended.map(drop),
        };
        self.told(name, succeeded, started);
        if let Err(failure) = ended {
            println!("{failure}");
        }
        if !succeeded && let Ok(text) = kept.lock() {
            println!("$ {}\n{}", process::shown(&command), text.trim_end());
        }
        Ok(())
    }

    /// A part that is a look at files; each finding is a sentence.
    fn finding(&mut self, name: &str, look: impl FnOnce() -> Result<Vec<String>>) -> Result<()> {
        let started = Instant::now();
        let findings = match look() {
            Ok(findings) => findings,
            Err(Failure::Message(text)) => vec![text],
            Err(other) => return Err(other),
        };
        self.told(name, findings.is_empty(), started);
        for finding in findings {
            println!("      {finding}");
        }
        Ok(())
    }

    fn told(&mut self, name: &str, succeeded: bool, started: Instant) {
        let word = if succeeded { "ok" } else { "FAILED" };
        println!(
            "  {name:<34} {word:<7} {:6.1} s",
            started.elapsed().as_secs_f64()
        );
        if succeeded {
            self.tally.passed += 1;
        } else {
            self.tally.failed += 1;
        }
    }
}
