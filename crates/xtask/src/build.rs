//! Building what the demo and the tests run: the wasm module, the Worker, `www/`.
//! Each is stamped by its inputs, so that an unchanged second start builds nothing.

mod modules;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

use crate::failure::{Explain, Failure, Result};
use crate::process;
use crate::setup::{self, Target, Tool};
use crate::stamp::{self, Inputs};
use crate::workspace::Workspace;

pub(crate) use modules::weighed;

/// Builds all three, in the order in which they need each other.
pub(crate) fn all(workspace: &Workspace, deadline: Option<Instant>) -> Result<()> {
    modules::all(workspace, deadline)?;
    worker(workspace, deadline)?;
    pages(workspace, deadline)
}

/// What a page runs: the wasm module and `www/`.
pub(crate) fn browser(workspace: &Workspace, deadline: Option<Instant>) -> Result<()> {
    modules::all(workspace, deadline)?;
    pages(workspace, deadline)
}

/// The `livetape` command, unoptimised; gives its path.
pub(crate) fn command_line(workspace: &Workspace, deadline: Option<Instant>) -> Result<PathBuf> {
    let mut cargo = process::command("cargo");
    // With the workspace's features, so that what other suites have compiled serves here too.
    cargo
        .args(["build", "--workspace", "--bin", "livetape"])
        .current_dir(&workspace.root);
    let log = workspace.logs().join("build-livetape.log");
    let usual = Duration::from_secs(60);
    process::run_logged("livetape (cargo)", usual, &mut cargo, &log, deadline)?;
    let name = format!("livetape{}", std::env::consts::EXE_SUFFIX);
    Ok(workspace.target.join("debug").join(name))
}

/// One thing to build.
struct Part<'a> {
    name: &'static str,
    usual: Duration,
    inputs: Inputs,
    /// Must be there when it is done.
    result: &'a Path,
}

impl Part<'_> {
    /// Builds it unless the stamp says that nothing has changed since.
    fn build(
        self,
        workspace: &Workspace,
        commands: Vec<Command>,
        deadline: Option<Instant>,
    ) -> Result<()> {
        let stamp = workspace
            .state()
            .join("stamps")
            .join(self.name.replace(' ', "-"));
        let hash = self.inputs.hash();
        if self.result.exists() && stamp::holds(&stamp, &hash) {
            return Ok(());
        }
        let log = workspace
            .logs()
            .join(format!("build-{}.log", self.name.replace(' ', "-")));
        for mut command in commands {
            let program = Path::new(command.get_program())
                .file_name()
                .unwrap_or_default();
            let name = format!("{} ({})", self.name, program.to_string_lossy());
            process::run_logged(&name, self.usual, &mut command, &log, deadline)?;
        }
        if !self.result.exists() {
            let result = self.result.display();
            return Err(Failure::Message(format!(
                "{}: built, but there is no {result}",
                self.name
            )));
        }
        stamp::write(&stamp, &hash)
    }
}

fn rust_inputs(workspace: &Workspace, folders: &[&str]) -> Result<Inputs> {
    let mut inputs = Inputs::default();
    for path in ["Cargo.toml", "Cargo.lock", ".cargo"] {
        inputs.path(&workspace.root.join(path))?;
    }
    let crates = workspace.root.join("crates");
    for entry in fs::read_dir(&crates).explain(|| "cannot list crates/")? {
        let folder = entry.explain(|| "cannot list crates/")?.path();
        // Neither the command-line shells nor the other shell goes into a module.
        let name = folder.file_name().unwrap_or_default().to_string_lossy();
        if !["xtask", "cli", "web"].contains(&name.as_ref()) {
            inputs.path(&folder)?;
        }
    }
    for folder in folders {
        inputs.path(&workspace.root.join(folder))?;
    }
    for tool in [Tool::WasmBindgen, Tool::WasmPack, Tool::WorkerBuild] {
        inputs.fact(&format!("{:?}", tool.find(workspace)));
    }
    Ok(inputs)
}

fn tool(workspace: &Workspace, tool: Tool) -> Result<PathBuf> {
    tool.find(workspace)
        .ok_or_else(|| Failure::Message(format!("there is no fitting {}", tool.name())))
}

/// npm's binaryen: a script for Node, which must therefore be first in PATH.
fn wasm_opt(workspace: &Workspace) -> PathBuf {
    workspace
        .root
        .join("worker/node_modules/binaryen/bin/wasm-opt")
}

/// The edge's Worker, `worker/build`.
fn worker(workspace: &Workspace, deadline: Option<Instant>) -> Result<()> {
    workspace.require("worker/Cargo.toml")?;
    let mut build = process::command(tool(workspace, Tool::WorkerBuild)?);
    build
        .arg("--release")
        .envs(setup::wasm_environment(workspace, Target::Web)?)
        .env("PATH", setup::in_path(&[setup::node(workspace)?])?)
        .env("WASM_BINDGEN_BIN", tool(workspace, Tool::WasmBindgen)?)
        .env("WASM_OPT_BIN", wasm_opt(workspace))
        .env(
            "ESBUILD_BIN",
            workspace
                .root
                .join("worker/node_modules/esbuild/bin/esbuild"),
        )
        .current_dir(workspace.root.join("worker"));
    Part {
        name: "Worker",
        usual: Duration::from_secs(90),
        inputs: rust_inputs(workspace, &["worker/Cargo.toml", "worker/src"])?,
        result: &workspace.root.join("worker/build/index.js"),
    }
    .build(workspace, vec![build], deadline)
}

/// The SDK and the pages, `www/dist`.
fn pages(workspace: &Workspace, deadline: Option<Instant>) -> Result<()> {
    workspace.require("www/build.mjs")?;
    let mut inputs = Inputs::default();
    inputs.path(&workspace.root.join("www"))?;
    let mut node = process::command(setup::node(workspace)?);
    node.arg("www/build.mjs")
        .env("PATH", setup::in_path(&[setup::node(workspace)?])?)
        .current_dir(&workspace.root);
    Part {
        name: "www",
        usual: Duration::from_secs(5),
        inputs,
        result: &workspace.root.join("www/dist/index.html"),
    }
    .build(workspace, vec![node], deadline)
}
