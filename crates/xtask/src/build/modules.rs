//! What the browser runs: `www/sdk/wasm`, and the media core as it is in there, to be weighed.
//!
//! wasm-pack builds a module, `www/split.mjs` leaves out what only panics need and cuts off what is loaded later, wasm-opt
//! makes each part small.

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

use super::{Part, rust_inputs, tool};
use crate::failure::Result;
use crate::process;
use crate::setup::{self, Target, Tool};
use crate::stamp::Inputs;
use crate::workspace::Workspace;

/// Cargo's profile for what the browser loads.
const PROFILE: &str = "wasm";

/// The variable of cargo for what is given to the compiler.
const FLAGS: &str = "CARGO_TARGET_WASM32_UNKNOWN_UNKNOWN_RUSTFLAGS";

/// What the compiler leaves as it is in what the browser loads: addresses in loops, each of which would become a variable of
/// its own, and what is computed on some ways to a place, which would be on all of them. An engine does both by itself.
const LEFT: [&str; 3] = [
    "-disable-lsr",
    "-enable-pre=false",
    "-enable-load-pre=false",
];

/// One build of `crates/web`.
struct Module {
    /// What its files' names begin with.
    name: &'static str,
    /// Its budget in `www/budgets.json`.
    budget: &'static str,
    /// What is given to cargo beyond the profile.
    arguments: &'static [&'static str],
    /// What is cut off, to be loaded when it is needed.
    later: Option<Later>,
}

/// A part of a module that is a file of its own.
struct Later {
    file: &'static str,
    budget: &'static str,
    /// The functions through which alone it is reached.
    gates: &'static [&'static str],
}

/// What a page with a player loads, and what `LiveTape.pull()` loads.
const MODULES: [Module; 2] = [
    Module {
        name: "livetape_tap",
        budget: "recorder",
        arguments: &[],
        later: Some(Later {
            file: "livetape_clip.wasm",
            budget: "recorder's clips",
            gates: &["take_out", "hand_out", "taken_out"],
        }),
    },
    Module {
        name: "livetape_web",
        budget: "recorder that pulls",
        arguments: &["--", "--features", "pull"],
        later: None,
    },
];

impl Module {
    fn path(&self, workspace: &Workspace) -> PathBuf {
        folder(workspace).join(format!("{}_bg.wasm", self.name))
    }

    fn build(&self, workspace: &Workspace, deadline: Option<Instant>) -> Result<()> {
        let path = setup::in_path(&[setup::node(workspace)?, tool(workspace, Tool::WasmBindgen)?])?;
        let mut pack = process::command(tool(workspace, Tool::WasmPack)?);
        pack.args(["build", "crates/web", "--target", "web", "--no-pack"])
            .args(["--mode", "no-install", "--profile", PROFILE])
            .arg("--out-dir")
            .arg(folder(workspace))
            .args(["--out-name", self.name])
            .args(self.arguments)
            .envs(environment(workspace)?)
            .env("PATH", &path)
            .current_dir(&workspace.root);
        let module = self.path(workspace);
        let later = self.later.as_ref();
        let later = later.map(|later| (folder(workspace).join(later.file), later.gates));
        let mut commands = vec![pack];
        commands.extend(made_small(workspace, &module, &module, later.as_ref())?);
        let mut inputs = rust_inputs(workspace, &["crates/web"])?;
        for path in [SPLIT, FLAGS_AND_PASSES] {
            inputs.path(&workspace.root.join(path))?;
        }
        let part = Part {
            name: self.name,
            usual: Duration::from_secs(60),
            inputs,
            // What is written last.
            result: later.as_ref().map_or(&module, |(path, _)| path),
        };
        part.build(workspace, commands, deadline)
    }
}

/// In which cargo compiles for the browser.
fn environment(workspace: &Workspace) -> Result<Vec<(&'static str, OsString)>> {
    let mut environment = setup::wasm_environment(workspace, Target::Web)?;
    let left = LEFT.map(|pass| format!("-Cllvm-args={pass}")).join(" ");
    match environment.iter_mut().find(|(name, _)| *name == FLAGS) {
        Some((_, flags)) => flags.push(format!(" {left}")),
        None => environment.push((FLAGS, left.into())),
    }
    Ok(environment)
}

fn folder(workspace: &Workspace) -> PathBuf {
    workspace.root.join("www/sdk/wasm")
}

/// The browser's modules.
pub(super) fn all(workspace: &Workspace, deadline: Option<Instant>) -> Result<()> {
    workspace.require("crates/web/Cargo.toml")?;
    let mut modules = MODULES.iter();
    modules.try_for_each(|module| module.build(workspace, deadline))
}

/// What has a budget in `www/budgets.json` and is made by cargo: its name there, and the file.
pub(crate) fn weighed(
    workspace: &Workspace,
    deadline: Option<Instant>,
) -> Result<Vec<(&'static str, PathBuf)>> {
    all(workspace, deadline)?;
    let mut files = Vec::new();
    for (name, example) in [
        ("media core", "media_core"),
        ("empty module", "empty_module"),
    ] {
        files.push((name, example_module(workspace, name, example, deadline)?));
    }
    for module in &MODULES {
        files.push((module.budget, module.path(workspace)));
        let later = module.later.iter();
        files.extend(later.map(|later| (later.budget, folder(workspace).join(later.file))));
    }
    Ok(files)
}

/// Takes modules apart and puts them together again.
const SPLIT: &str = "www/split.mjs";
/// Says how they are compiled and made small.
const FLAGS_AND_PASSES: &str = "crates/xtask/src/build/modules.rs";

/// What makes `module` the small module `out`; with `later`, a part of it another file.
fn made_small(
    workspace: &Workspace,
    module: &Path,
    out: &Path,
    later: Option<&(PathBuf, &[&str])>,
) -> Result<Vec<Command>> {
    let text = |name: &str| workspace.state().join(name);
    let (whole, first, second) = (text("whole.wat"), text("first.wat"), text("second.wat"));
    let mut read = binaryen(workspace, "wasm-dis")?;
    read.arg(module).arg("-o").arg(&whole);
    let mut split = process::command(setup::node(workspace)?);
    split.arg(workspace.root.join(SPLIT)).args([&whole, &first]);
    if let Some((_, gates)) = later {
        split.arg(&second).args(*gates);
    }
    let mut commands = vec![read, split, optimiser(workspace, &first, out)?];
    if let Some((path, _)) = later {
        commands.push(optimiser(workspace, &second, path)?);
    }
    Ok(commands)
}

/// npm's binaryen: scripts for Node, which must therefore be first in PATH.
fn binaryen(workspace: &Workspace, program: &str) -> Result<Command> {
    let bin = workspace.root.join("worker/node_modules/binaryen/bin");
    let mut command = process::command(bin.join(program));
    command
        .env("PATH", setup::in_path(&[setup::node(workspace)?])?)
        .args(["--enable-bulk-memory", "--enable-nontrapping-float-to-int"])
        .args(["--enable-sign-ext", "--enable-mutable-globals"])
        .args(["--enable-reference-types", "--enable-multivalue"])
        .arg("--enable-simd");
    Ok(command)
}

fn optimiser(workspace: &Workspace, module: &Path, out: &Path) -> Result<Command> {
    let mut optimise = binaryen(workspace, "wasm-opt")?;
    optimise
        // Low memory is the far end of the stack, which rustc puts first. A function that is called once stays one unless
        // it is tiny: in a larger one its locals have longer numbers, and pack worse. What was made small is taken apart
        // once more: more of it is alike then. The order of functions, which `www/split.mjs` made, stays.
        .arg("--low-memory-unused")
        .args(["--one-caller-inline-max-function-size", "20"])
        .args(["--flatten", "--rereloop", "-Os"])
        .args(["--flatten", "--rereloop", "-Os", "-Os"])
        .arg(module)
        .arg("-o")
        .arg(out);
    Ok(optimise)
}

/// An example of `crates/timeline` as the browser's modules are made: built only to be weighed.
fn example_module(
    workspace: &Workspace,
    name: &'static str,
    example: &str,
    deadline: Option<Instant>,
) -> Result<PathBuf> {
    let triple = Target::Web.triple();
    let mut cargo = process::command("cargo");
    cargo
        .args(["build", "--quiet", "--target", triple])
        .args(["--profile", PROFILE])
        .args(["--package", "livetape-timeline", "--example", example])
        .envs(environment(workspace)?)
        .current_dir(&workspace.root);
    let built = workspace.wasm_target().join(triple).join(PROFILE);
    let built = built.join("examples").join(format!("{example}.wasm"));
    let made = workspace.state().join(format!("{example}.wasm"));
    let mut commands = vec![cargo];
    commands.extend(made_small(workspace, &built, &made, None)?);
    let mut inputs = Inputs::default();
    for path in [
        "Cargo.toml",
        "Cargo.lock",
        ".cargo",
        "crates/media",
        "crates/container",
        "crates/timeline",
        SPLIT,
        FLAGS_AND_PASSES,
    ] {
        inputs.path(&workspace.root.join(path))?;
    }
    let part = Part {
        name,
        usual: Duration::from_secs(30),
        inputs,
        result: &made,
    };
    part.build(workspace, commands, deadline)?;
    Ok(made)
}
