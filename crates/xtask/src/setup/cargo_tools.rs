//! wasm-bindgen's command, worker-build and wasm-pack: those on PATH when they fit, else by `cargo install`.

use std::path::PathBuf;
use std::time::Duration;

use super::{Scope, Setup, State, Step};
use crate::failure::Result;
use crate::process;
use crate::versions::{self, Version};
use crate::workspace::{Workspace, on_path};

/// A tool written in Rust.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Tool {
    /// The `wasm-bindgen` command; must be of exactly the crate's version.
    WasmBindgen,
    /// Builds the Worker.
    WorkerBuild,
    /// Builds the browser's module.
    WasmPack,
}

const ALL: [Tool; 3] = [Tool::WasmBindgen, Tool::WorkerBuild, Tool::WasmPack];

impl Tool {
    /// The command's name.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::WasmBindgen => "wasm-bindgen",
            Self::WorkerBuild => "worker-build",
            Self::WasmPack => "wasm-pack",
        }
    }

    fn package(self) -> &'static str {
        match self {
            Self::WasmBindgen => "wasm-bindgen-cli",
            other => other.name(),
        }
    }

    /// What is installed when nothing fits.
    fn wanted(self, workspace: &Workspace) -> Version {
        match self {
            Self::WasmBindgen => {
                let lock = workspace.text("Cargo.lock");
                versions::locked(&lock, "wasm-bindgen")
                    .or_else(|| versions::asked_for(&workspace.text("Cargo.toml"), "wasm-bindgen"))
                    .unwrap_or(Version(0, 2, 130))
            }
            Self::WorkerBuild => Version(0, 8, 7),
            Self::WasmPack => Version(0, 15, 1),
        }
    }

    fn fits(self, workspace: &Workspace, found: Version) -> bool {
        match self {
            Self::WasmBindgen => found == self.wanted(workspace),
            // worker-build follows the `worker` crate within 0.8.
            Self::WorkerBuild => (Version(0, 8, 7)..Version(0, 9, 0)).contains(&found),
            Self::WasmPack => found >= Version(0, 13, 1),
        }
    }

    /// The command, when one of a fitting version is there: the cache folder's, then PATH's.
    pub(crate) fn find(self, workspace: &Workspace) -> Option<PathBuf> {
        let own = workspace.tools().join("bin").join(self.name());
        [Some(own), on_path(self.name())]
            .into_iter()
            .flatten()
            .find(|path| {
                process::output_of(process::command(path).arg("--version"))
                    .and_then(|text| Version::find(&text))
                    .is_some_and(|version| self.fits(workspace, version))
            })
    }

    fn usual(self) -> Duration {
        Duration::from_secs(match self {
            Self::WasmBindgen => 110,
            Self::WorkerBuild => 150,
            Self::WasmPack => 85,
        })
    }
}

pub(super) fn steps() -> impl Iterator<Item = Step> {
    ALL.into_iter().map(|tool| Step {
        name: format!("{} (cargo install)", tool.name()),
        usual: tool.usual(),
        scopes: &[Scope::Demo, Scope::HeadlessCheck, Scope::Test],
        state: Box::new(move |setup| match tool.find(setup.workspace) {
            Some(_) => State::Ready,
            None => State::missing(),
        }),
        install: Box::new(move |setup, usual| install(setup, tool, usual)),
    })
}

fn install(setup: &Setup, tool: Tool, usual: Duration) -> Result<()> {
    let workspace = setup.workspace;
    let version = tool.wanted(workspace);
    let mut cargo = process::command("cargo");
    cargo
        .args(["install", "--force", "--root"])
        .arg(workspace.tools())
        .arg(format!("{}@{version}", tool.package()))
        // One folder for all three: common crates compile once, and an interrupted run goes on.
        .env("CARGO_TARGET_DIR", workspace.cache.join("build"))
        // Outside the repository, so that its own cargo configuration does not count.
        .current_dir(&workspace.cache);
    setup.run(
        &format!("{} {version}", tool.name()),
        usual,
        tool.name(),
        &mut cargo,
    )
}
