//! `cargo xtask bench`: the media core beside other engines, what the recorder costs a page, or what the edge takes
//! (`tests/bench`); writes BENCHMARKS.md.

use crate::arguments::{Bench, BenchOptions};
use crate::build;
use crate::failure::{Failure, Result};
use crate::process::{self, Group, Output};
use crate::setup::{self, Scope};
use crate::workspace::Workspace;

/// Sets up, builds what is measured, and measures.
pub(crate) fn command(workspace: &Workspace, options: &BenchOptions) -> Result<()> {
    for scope in [Scope::Test, Scope::Bench] {
        setup::ready(workspace, scope, options.yes)?;
    }
    match options.bench {
        Bench::Edge => build::all(workspace, None)?,
        Bench::Media | Bench::Recorder => build::browser(workspace, None)?,
    }
    let node = setup::node(workspace)?;
    let path = setup::in_path(std::slice::from_ref(&node))?;
    let folder = workspace.state().join("bench");
    let mut bench = process::command(node);
    match options.bench {
        Bench::Media => {
            let mut cargo = process::command("cargo");
            cargo
                .args(["build", "--release", "--package", "livetape-cli"])
                .current_dir(&workspace.root);
            shown(&mut cargo)?;
            bench
                .arg("tests/bench/media.ts")
                .arg(folder)
                .arg(workspace.target.join("release/livetape"));
        }
        Bench::Recorder => {
            bench.arg("tests/bench/recorder.ts").arg(folder);
        }
        Bench::Edge => {
            bench.arg("tests/bench/edge.ts");
        }
    }
    bench
        .arg(options.rounds.to_string())
        .env("PATH", path)
        .current_dir(&workspace.root);
    if let Some(chromium) = setup::chromium() {
        bench.env("LIVETAPE_CHROMIUM", chromium);
    }
    shown(&mut bench)
}

fn shown(command: &mut std::process::Command) -> Result<()> {
    let status = Group::start(command, Output::Shown)?.wait(None, || {})?;
    if status.success() {
        Ok(())
    } else {
        Err(Failure::Exit(1))
    }
}
