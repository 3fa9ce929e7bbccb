//! Where things are.

use std::env;
use std::path::{Path, PathBuf};

use crate::failure::{Explain, Failure, Result};

/// The folders that the commands read and write.
#[derive(Debug)]
pub(crate) struct Workspace {
    /// The repository.
    pub root: PathBuf,
    /// Cargo's target folder for the host: `target`, or what CARGO_TARGET_DIR says.
    pub target: PathBuf,
    /// Tools kept between clones: LIVETAPE_TOOLS, or `livetape` in the user's cache folder.
    pub cache: PathBuf,
}

impl Workspace {
    /// Finds the folders and makes those that are ours.
    pub(crate) fn locate() -> Result<Self> {
        let root = Path::new(env!("CARGO_MANIFEST_DIR"))
            .ancestors()
            .nth(2)
            .ok_or_else(|| Failure::message("xtask is not in crates/xtask"))?
            .to_path_buf();
        let target = match env::var_os("CARGO_TARGET_DIR") {
            Some(folder) => root.join(folder),
            None => root.join("target"),
        };
        let workspace = Self {
            cache: cache_folder()?,
            root,
            target,
        };
        for folder in [workspace.state(), workspace.logs(), workspace.cache.clone()] {
            std::fs::create_dir_all(&folder)
                .explain(|| format!("cannot make {}", folder.display()))?;
        }
        Ok(workspace)
    }

    /// What the commands remember between runs: stamps, logs, the demo's store.
    pub(crate) fn state(&self) -> PathBuf {
        self.target.join("livetape")
    }

    /// The output of the programs that were run.
    pub(crate) fn logs(&self) -> PathBuf {
        self.state().join("logs")
    }

    /// Cargo's target folder for wasm32; its own, because another compiler may fill it.
    pub(crate) fn wasm_target(&self) -> PathBuf {
        self.target.join("wasm")
    }

    /// The root that `cargo install` puts tools under.
    pub(crate) fn tools(&self) -> PathBuf {
        self.cache.join("tools")
    }

    /// A file of the repository as text; empty where there is none.
    pub(crate) fn text(&self, path: &str) -> String {
        std::fs::read_to_string(self.root.join(path)).unwrap_or_default()
    }

    /// Fails with a clear sentence when a part of the repository that is needed is not there.
    pub(crate) fn require(&self, path: &str) -> Result<()> {
        if self.root.join(path).exists() {
            return Ok(());
        }
        Err(Failure::Message(format!(
            "{path} is missing from this tree"
        )))
    }
}

fn cache_folder() -> Result<PathBuf> {
    if let Some(folder) = env::var_os("LIVETAPE_TOOLS") {
        return std::path::absolute(folder).explain(|| "LIVETAPE_TOOLS");
    }
    if let Some(folder) = env::var_os("XDG_CACHE_HOME").filter(|folder| !folder.is_empty()) {
        return Ok(Path::new(&folder).join("livetape"));
    }
    let home = env::home_dir().ok_or_else(|| Failure::message("there is no home folder"))?;
    Ok(home.join(".cache").join("livetape"))
}

/// The program of that name on PATH.
pub(crate) fn on_path(name: &str) -> Option<PathBuf> {
    let path = env::var_os("PATH")?;
    env::split_paths(&path)
        .map(|folder| folder.join(name))
        .find(|file| file.is_file())
}
