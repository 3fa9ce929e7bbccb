//! What `cargo metadata` says about the workspace and its dependencies.

use serde_json::Value;

use crate::failure::{Explain, Failure, Result};
use crate::process;
use crate::workspace::Workspace;

/// Crates that are programs for the host: they have no wasm32 build.
const HOST_ONLY: [&str; 3] = ["xtask", "livetape-cli", "livetape-fuzz"];
/// Crates that are shells of a platform that is itself wasm32.
const PLATFORMS: [&str; 2] = ["livetape-web", "livetape-worker"];

/// All packages in the graph.
pub(crate) struct Packages(Vec<Package>);

/// One crate, ours or not.
pub(super) struct Package {
    /// Its name.
    pub name: String,
    /// Its version.
    pub version: String,
    /// Its licence expression, where it states one.
    pub licence: Option<String>,
    /// The names of its direct dependencies, of every kind.
    pub dependencies: Vec<String>,
    /// True for a member of this workspace.
    pub ours: bool,
}

impl Packages {
    /// Asks cargo.
    pub(crate) fn read(workspace: &Workspace) -> Result<Self> {
        let mut cargo = process::command("cargo");
        cargo
            .args(["metadata", "--format-version", "1", "--all-features"])
            .current_dir(&workspace.root);
        let text = process::output_of(&mut cargo)
            .ok_or_else(|| Failure::message("`cargo metadata` failed; run it to see why"))?;
        let value: Value = serde_json::from_str(&text).explain(|| "cargo metadata")?;
        let packages = value["packages"]
            .as_array()
            .map(Vec::as_slice)
            .unwrap_or_default();
        Ok(Self(packages.iter().map(Package::of).collect()))
    }

    /// The members of this workspace.
    pub(super) fn members(&self) -> impl Iterator<Item = &Package> {
        self.0.iter().filter(|package| package.ours)
    }

    /// The names of the members that are built for wasm32.
    pub(super) fn for_wasm(&self) -> impl Iterator<Item = &str> {
        let names = self.members().map(|member| member.name.as_str());
        names.filter(|name| !HOST_ONLY.contains(name))
    }

    /// The names of the members that hold all decisions and know no platform.
    pub(crate) fn pure(&self) -> impl Iterator<Item = &str> {
        self.for_wasm().filter(|name| !PLATFORMS.contains(name))
    }

    /// Every package.
    pub(super) fn all(&self) -> impl Iterator<Item = &Package> {
        self.0.iter()
    }

    #[cfg(test)]
    pub(super) fn from_list(packages: Vec<Package>) -> Self {
        Self(packages)
    }
}

impl Package {
    fn of(value: &Value) -> Self {
        let text = |value: &Value| value.as_str().map(str::to_owned);
        let dependencies = value["dependencies"]
            .as_array()
            .map(Vec::as_slice)
            .unwrap_or_default();
        Self {
            name: text(&value["name"]).unwrap_or_default(),
            version: text(&value["version"]).unwrap_or_default(),
            licence: text(&value["license"]),
            dependencies: dependencies
                .iter()
                .filter_map(|each| text(&each["name"]))
                .collect(),
            ours: value["source"].is_null(),
        }
    }
}
