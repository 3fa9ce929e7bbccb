//! The long forms of tests in browsers and of the edge: the same files as in the ordinary tests, told how long to go on.

use std::time::Instant;

use crate::failure::{Explain, Failure, Result};
use crate::process::{self, Group, Output};
use crate::setup::{self, Scope};
use crate::soak::SoakOptions;
use crate::workspace::Workspace;
use crate::{build, demo};

/// A test file with what makes it long.
struct Soak {
    file: &'static str,
    /// The variable that says how long it goes on.
    variable: &'static str,
    amount: u64,
    /// Builds what it runs.
    build: fn(&Workspace, Option<Instant>) -> Result<()>,
}

/// Pages, workers and browsers that are killed: so many times, or 50.
pub(super) fn kills(workspace: &Workspace, options: &SoakOptions) -> Result<()> {
    let soak = Soak {
        file: "tests/crash/kills.test.ts",
        variable: "LIVETAPE_KILLS",
        amount: options.runs.unwrap_or(50),
        build: build::browser,
    };
    soak.run(workspace, options)
}

/// The edge's runtime, killed while it takes uploads and a recording: so many times, or 100.
pub(super) fn edge_kills(workspace: &Workspace, options: &SoakOptions) -> Result<()> {
    let soak = Soak {
        file: "tests/edge/kills.test.ts",
        variable: "LIVETAPE_EDGE_KILLS",
        amount: options.runs.unwrap_or(100),
        build: build::all,
    };
    soak.run(workspace, options)
}

/// A stream of so many minutes, or of six hours, fed faster than real time.
pub(super) fn memory(workspace: &Workspace, options: &SoakOptions) -> Result<()> {
    let soak = Soak {
        file: "tests/crash/memory.test.ts",
        variable: "LIVETAPE_MEMORY_MINUTES",
        amount: options.minutes.unwrap_or(360),
        build: build::browser,
    };
    soak.run(workspace, options)
}

impl Soak {
    fn run(&self, workspace: &Workspace, options: &SoakOptions) -> Result<()> {
        setup::ready(workspace, Scope::Test, options.yes)?;
        workspace.require(self.file)?;
        (self.build)(workspace, None)?;
        let mut node = process::command(setup::node(workspace)?);
        node.args(["--test", "--test-reporter=spec"])
            .arg(self.file)
            .envs(demo::programs_environment(workspace)?)
            .env(self.variable, self.amount.to_string())
            .current_dir(&workspace.root);
        let status = Group::start(&mut node, Output::Shown)
            .explain(|| "cannot start Node")?
            .wait(None, || {})?;
        if status.success() {
            Ok(())
        } else {
            Err(Failure::Exit(1))
        }
    }
}
