//! Building what the demo and the tests run: the wasm module, the Worker, `www/`.
//! Each is stamped by its inputs, so that an unchanged second start builds nothing.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

use crate::failure::{Explain, Failure, Result};
use crate::process;
use crate::setup::{self, Target, Tool};
use crate::stamp::{self, Inputs};
use crate::workspace::Workspace;

/// Builds all three, in the order in which they need each other.
pub(crate) fn all(workspace: &Workspace, deadline: Option<Instant>) -> Result<()> {
    wasm_module(workspace, deadline)?;
    worker(workspace, deadline)?;
    pages(workspace, deadline)
}

/// What a page runs: the wasm module and `www/`.
pub(crate) fn browser(workspace: &Workspace, deadline: Option<Instant>) -> Result<()> {
    wasm_module(workspace, deadline)?;
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

/// Cargo's profile for what the browser loads.
const BROWSER_PROFILE: &str = "wasm";

/// One build of `crates/web`.
struct Module {
    /// What its files' names begin with.
    name: &'static str,
    /// Its budget in `www/budgets.json`.
    budget: &'static str,
    /// What is given to cargo beyond the profile.
    arguments: &'static [&'static str],
}

/// What a page with a player loads, and what `LiveTape.pull()` loads.
const MODULES: [Module; 2] = [
    Module {
        name: "livetape_tap",
        budget: "recorder",
        arguments: &[],
    },
    Module {
        name: "livetape_web",
        budget: "recorder that pulls",
        arguments: &["--", "--features", "pull"],
    },
];

impl Module {
    fn path(&self, workspace: &Workspace) -> PathBuf {
        let file = format!("{}_bg.wasm", self.name);
        workspace.root.join("www/sdk/wasm").join(file)
    }

    /// Builds it with wasm-pack, then has wasm-opt make it small.
    fn commands(&self, workspace: &Workspace) -> Result<Vec<Command>> {
        let path = setup::in_path(&[setup::node(workspace)?, tool(workspace, Tool::WasmBindgen)?])?;
        let mut pack = process::command(tool(workspace, Tool::WasmPack)?);
        pack.args(["build", "crates/web", "--target", "web", "--no-pack"])
            .args(["--mode", "no-install", "--profile", BROWSER_PROFILE])
            .arg("--out-dir")
            .arg(workspace.root.join("www/sdk/wasm"))
            .args(["--out-name", self.name])
            .args(self.arguments)
            .envs(setup::wasm_environment(workspace, Target::Web)?)
            .env("PATH", &path)
            .current_dir(&workspace.root);
        let module = self.path(workspace);
        let mut optimise = optimiser(workspace, &module, &module);
        optimise.env("PATH", &path);
        Ok(vec![pack, optimise])
    }
}

/// The browser's modules, `www/sdk/wasm`.
fn wasm_module(workspace: &Workspace, deadline: Option<Instant>) -> Result<()> {
    workspace.require("crates/web/Cargo.toml")?;
    for module in &MODULES {
        Part {
            name: module.name,
            usual: Duration::from_secs(60),
            inputs: rust_inputs(workspace, &["crates/web"])?,
            result: &module.path(workspace),
        }
        .build(workspace, module.commands(workspace)?, deadline)?;
    }
    Ok(())
}

/// What has a budget in `www/budgets.json` and is made by cargo: its name there, and the file.
pub(crate) fn weighed(
    workspace: &Workspace,
    deadline: Option<Instant>,
) -> Result<Vec<(&'static str, PathBuf)>> {
    wasm_module(workspace, deadline)?;
    let mut files = vec![("media core", media_core(workspace, deadline)?)];
    files.extend(MODULES.iter().map(|own| (own.budget, own.path(workspace))));
    Ok(files)
}

fn optimiser(workspace: &Workspace, module: &Path, out: &Path) -> Command {
    let mut optimise = process::command(wasm_opt(workspace));
    optimise
        .args([
            "--enable-bulk-memory",
            "--enable-nontrapping-float-to-int",
            "--enable-sign-ext",
        ])
        .args(["--enable-mutable-globals", "--enable-reference-types"])
        .args(["--enable-multivalue", "--enable-simd"])
        // Low memory is the far end of the stack, which rustc puts first. A function that is called once stays one unless
        // it is tiny: in a larger one its locals have longer numbers, and pack worse. What has a like name is alike, and
        // packs better beside its like.
        .args(["--low-memory-unused", "--flatten", "--rereloop"])
        .args(["--one-caller-inline-max-function-size", "20"])
        .args(["-Os", "--reorder-functions-by-name", "-Os"])
        .arg(module)
        .arg("-o")
        .arg(out);
    optimise
}

/// The media core alone, as the browser's module has it: built only to be weighed.
fn media_core(workspace: &Workspace, deadline: Option<Instant>) -> Result<PathBuf> {
    let environment = setup::wasm_environment(workspace, Target::Web)?;
    let triple = Target::Web.triple();
    let example = "media_core";
    let mut cargo = process::command("cargo");
    cargo
        .args(["build", "--quiet", "--target", triple])
        .args(["--profile", BROWSER_PROFILE])
        .args(["--package", "livetape-timeline", "--example", example])
        .envs(environment)
        .current_dir(&workspace.root);
    let built = workspace
        .wasm_target()
        .join(triple)
        .join(BROWSER_PROFILE)
        .join("examples");
    let made = workspace.state().join("media_core.wasm");
    let mut optimise = optimiser(workspace, &built.join(format!("{example}.wasm")), &made);
    optimise.env("PATH", setup::in_path(&[setup::node(workspace)?])?);
    let mut inputs = Inputs::default();
    for path in [
        "Cargo.toml",
        "Cargo.lock",
        ".cargo",
        "crates/media",
        "crates/container",
        "crates/timeline",
    ] {
        inputs.path(&workspace.root.join(path))?;
    }
    Part {
        name: "media core",
        usual: Duration::from_secs(30),
        inputs,
        result: &made,
    }
    .build(workspace, vec![cargo, optimise], deadline)?;
    Ok(made)
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
