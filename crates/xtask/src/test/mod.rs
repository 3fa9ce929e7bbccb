//! `cargo xtask test`: the suites, each against its budget.

mod suite;
mod summary;

use std::fs;
use std::path::PathBuf;
use std::process::Command;
use std::sync::{Arc, Mutex};
use std::time::Instant;

use crate::arguments::free_port;
use crate::check::{self, Packages};
use crate::counting::{Counter, Dialect, Tally};
use crate::edge::Edge;
use crate::failure::{Explain, Failure, Result};
use crate::process::{self, Group, Output, Reader};
use crate::progress::clock;
use crate::setup::{self, Scope, Target};
use crate::workspace::Workspace;
use crate::{build, demo, interrupt};
use suite::{Suite, chosen};
use summary::{Outcome, summary};

/// The first port that the tests' edge tries: not the demo's, which may be running.
const PORT: u16 = 8987;

/// `cargo xtask test`: all suites, or those named.
pub(crate) fn command(workspace: &Workspace, names: &[String], yes: bool) -> Result<()> {
    let suites = chosen(names)?;
    setup::ready(workspace, Scope::Test, yes)?;
    let mut runner = Runner {
        workspace,
        edge: None,
        outcomes: Vec::new(),
    };
    for suite in suites {
        interrupt::check()?;
        runner.run(suite)?;
    }
    drop(runner.edge.take());
    let total = summary(workspace, &runner.outcomes);
    println!("{} passed, {} failed", total.passed, total.failed);
    if total.failed == 0 {
        Ok(())
    } else {
        Err(Failure::Exit(1))
    }
}

struct Runner<'a> {
    workspace: &'a Workspace,
    edge: Option<Edge>,
    outcomes: Vec<Outcome>,
}

impl Runner<'_> {
    fn run(&mut self, suite: Suite) -> Result<()> {
        println!("\n== {} (budget {})", suite.name(), clock(suite.budget()));
        let started = Instant::now();
        let deadline = started + suite.budget();
        let tally = match self.tests_of(suite, deadline) {
            Ok(tally) => tally,
            Err(Failure::Interrupted) => return Err(Failure::Interrupted),
            Err(failure) => {
                println!("{}: {failure}", suite.name());
                Tally {
                    failed: 1,
                    ..Tally::default()
                }
            }
        };
        self.outcomes.push(Outcome {
            suite,
            took: started.elapsed(),
            tally,
        });
        Ok(())
    }

    fn tests_of(&mut self, suite: Suite, deadline: Instant) -> Result<Tally> {
        let unbuilt = |outcome: &Outcome| outcome.suite == Suite::Build && outcome.tally.failed > 0;
        if suite.needs_build() && self.outcomes.iter().any(unbuilt) {
            return Err(Failure::message("not run, because the build failed"));
        }
        match suite {
            Suite::Check => check::run(self.workspace, Some(deadline)),
            Suite::Unit => self.counted(&mut self.unit(), Dialect::Cargo, deadline),
            Suite::Wasm => self.counted(&mut self.wasm()?, Dialect::Cargo, deadline),
            Suite::Build => {
                build::all(self.workspace, Some(deadline))?;
                Ok(Tally::default())
            }
            Suite::Outputs => self.outputs(deadline),
            Suite::Edge => self.edge_tests(&["edge"], deadline),
            Suite::Crash => self.edge_tests(&["crash"], deadline),
            Suite::EndToEnd => {
                let folders = self.other_folders()?;
                self.edge_tests(
                    &folders.iter().map(String::as_str).collect::<Vec<_>>(),
                    deadline,
                )
            }
            Suite::Demo => self.demo(deadline),
        }
    }

    fn unit(&self) -> Command {
        let mut cargo = process::command("cargo");
        cargo.args([
            "test",
            "--workspace",
            "--no-fail-fast",
            "--",
            "--show-output",
        ]);
        self.with_media(&mut cargo);
        cargo
    }

    fn wasm(&self) -> Result<Command> {
        let mut cargo = process::command("cargo");
        cargo.args([
            "test",
            "--lib",
            "--no-fail-fast",
            "--target",
            Target::Wasi.triple(),
        ]);
        cargo.args(setup::wasi_arguments(self.workspace)?);
        for member in Packages::read(self.workspace)?.pure() {
            cargo.args(["-p", member]);
        }
        cargo.args(["--", "--show-output"]);
        cargo.envs(setup::wasm_environment(self.workspace, Target::Wasi)?);
        self.with_media(&mut cargo);
        Ok(cargo)
    }

    fn with_media(&self, command: &mut Command) {
        command.current_dir(&self.workspace.root);
        if let Some(folder) = setup::media_folder(self.workspace) {
            command.env("LIVETAPE_MEDIA", folder);
        }
    }

    /// The edge that the tests share, started with an empty store and then given the demo's source.
    fn edge(&mut self) -> Result<&mut Edge> {
        if self.edge.is_none() {
            let edge = self.fresh_edge("test-edge")?;
            self.edge = Some(edge);
        }
        let edge = self
            .edge
            .as_mut()
            .ok_or_else(|| Failure::message("there is no edge"))?;
        edge.still_running()?;
        Ok(edge)
    }

    fn fresh_edge(&self, name: &str) -> Result<Edge> {
        let store = self.workspace.state().join(name);
        if store.exists() {
            fs::remove_dir_all(&store).explain(|| format!("cannot empty {}", store.display()))?;
        }
        let edge = Edge::start(self.workspace, free_port(PORT)?, &store)?;
        edge.seed(self.workspace, &store)?;
        Ok(edge)
    }

    /// Tests in TypeScript of files that the command writes.
    fn outputs(&self, deadline: Instant) -> Result<Tally> {
        let mut environment = demo::programs_environment(self.workspace)?;
        let command = build::command_line(self.workspace, Some(deadline))?;
        environment.push(("LIVETAPE_CLI", command));
        self.node_tests(&["outputs"], environment, deadline)
    }

    /// Tests in TypeScript that use the edge.
    fn edge_tests(&mut self, folders: &[&str], deadline: Instant) -> Result<Tally> {
        let workspace = self.workspace;
        let environment = demo::test_environment(workspace, self.edge()?)?;
        self.node_tests(folders, environment, deadline)
    }

    fn node_tests(
        &self,
        folders: &[&str],
        environment: Vec<(&'static str, PathBuf)>,
        deadline: Instant,
    ) -> Result<Tally> {
        let workspace = self.workspace;
        for folder in folders {
            workspace.require(&format!("tests/{folder}"))?;
        }
        let mut node = process::command(setup::node(workspace)?);
        node.args(["--test", "--test-reporter=spec", "--test-concurrency=1"]);
        node.args(
            folders
                .iter()
                .map(|folder| format!("tests/{folder}/*.test.ts")),
        );
        node.envs(environment).current_dir(&workspace.root);
        self.counted(&mut node, Dialect::Node, deadline)
    }

    /// The folders of `tests/` with TypeScript tests that belong to no suite of their own.
    fn other_folders(&self) -> Result<Vec<String>> {
        let mut folders = Vec::new();
        let tests = self.workspace.root.join("tests");
        for entry in fs::read_dir(&tests).explain(|| "cannot list tests/")? {
            let folder = entry.explain(|| "cannot list tests/")?.path();
            let name = folder
                .file_name()
                .unwrap_or_default()
                .to_string_lossy()
                .into_owned();
            let own_suite = ["crash", "edge", "outputs", "node_modules"].contains(&name.as_str());
            if !own_suite && has_tests(&folder) {
                folders.push(name);
            }
        }
        folders.sort();
        if folders.is_empty() {
            Err(Failure::message("tests/ has no tests"))
        } else {
            Ok(folders)
        }
    }

    fn demo(&mut self, deadline: Instant) -> Result<Tally> {
        drop(self.edge.take());
        let mut edge = self.fresh_edge("test-demo")?;
        let mut check = demo::check_program(self.workspace, &edge)?;
        let ended = Group::start(&mut check, Output::Shown)?.wait(Some(deadline), || {})?;
        edge.still_running()?;
        let passed = u64::from(ended.success());
        Ok(Tally {
            passed,
            failed: 1 - passed,
            not_run: Vec::new(),
        })
    }

    /// Runs a test program, shows what matters of its output, and counts.
    fn counted(&self, command: &mut Command, dialect: Dialect, deadline: Instant) -> Result<Tally> {
        let counter = Arc::new(Mutex::new(Counter::new(dialect)));
        let counting = Arc::clone(&counter);
        let reader: Reader = Box::new(move |line| {
            if counting.lock().is_ok_and(|mut counter| counter.line(line)) {
                println!("{line}");
            }
        });
        let mut group = Group::start(command, Output::Read(reader))?;
        let ended = group.wait(Some(deadline), || {});
        drop(group);
        let mut tally = counter
            .lock()
            .map(|counter| counter.tally().clone())
            .map_err(|_| Failure::message("counting the tests failed"))?;
        match ended {
            Err(Failure::Interrupted) => return Err(Failure::Interrupted),
            Err(failure) => {
                println!("{failure}");
                tally.failed += 1;
            }
            // A program can fail without a test to blame, for example when it does not compile.
            Ok(status) if !status.success() && tally.failed == 0 => tally.failed = 1,
            Ok(_) if tally == Tally::default() => {
                return Err(Failure::message("there is no test in it"));
            }
            Ok(_) => {}
        }
        Ok(tally)
    }
}

fn has_tests(folder: &PathBuf) -> bool {
    fs::read_dir(folder).is_ok_and(|entries| {
        entries
            .flatten()
            .any(|entry| entry.file_name().to_string_lossy().ends_with(".test.ts"))
    })
}
