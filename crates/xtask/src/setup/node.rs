//! Node, and the npm packages of `www/`, `worker/` and `tests/`.

use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use super::{Scope, Setup, State, Step};
use crate::failure::{Explain, Failure, Result};
use crate::process;
use crate::stamp::{self, Inputs};
use crate::versions::Version;
use crate::workspace::{Workspace, on_path};

/// The oldest Node that wrangler runs on.
const OLDEST: Version = Version(22, 12, 0);
/// What npm's `node` package is asked for where PATH has none new enough.
const WANTED: Version = Version(24, 21, 0);

/// Folders with a package.json, and what each is needed for.
const PACKAGES: [(&str, u64, &[Scope]); 4] = [
    (
        "worker",
        8,
        &[Scope::Demo, Scope::HeadlessCheck, Scope::Check, Scope::Test],
    ),
    (
        "www",
        6,
        &[Scope::Demo, Scope::HeadlessCheck, Scope::Check, Scope::Test],
    ),
    (
        "tests",
        6,
        &[Scope::HeadlessCheck, Scope::Check, Scope::Test],
    ),
    // The engines that the bench compares with; nothing else needs them.
    ("tests/bench", 8, &[Scope::Bench]),
];

/// A Node that is new enough: PATH's, or the one in the cache folder.
pub(crate) fn node(workspace: &Workspace) -> Result<PathBuf> {
    find(workspace).ok_or_else(|| Failure::Message(format!("there is no Node >= {OLDEST}")))
}

fn find(workspace: &Workspace) -> Option<PathBuf> {
    let own = workspace.cache.join("node/node_modules/node/bin/node");
    [on_path("node"), Some(own)]
        .into_iter()
        .flatten()
        .find(|path| {
            process::output_of(process::command(path).arg("--version"))
                .and_then(|text| Version::find(&text))
                .is_some_and(|version| version >= OLDEST)
        })
}

/// A value for PATH with these programs' folders first.
pub(crate) fn in_path(programs: &[PathBuf]) -> Result<OsString> {
    let first = programs
        .iter()
        .filter_map(|program| program.parent())
        .map(Path::to_path_buf);
    let path = std::env::var_os("PATH").unwrap_or_default();
    std::env::join_paths(first.chain(std::env::split_paths(&path))).explain(|| "PATH")
}

pub(super) fn step() -> Step {
    Step {
        name: format!("Node {WANTED} (npm's package `node`)"),
        usual: Duration::from_secs(10),
        scopes: &[Scope::Demo, Scope::HeadlessCheck, Scope::Check, Scope::Test],
        state: Box::new(|setup| match find(setup.workspace) {
            Some(_) => State::Ready,
            None => State::missing(),
        }),
        install: Box::new(install_node),
    }
}

fn install_node(setup: &Setup, usual: Duration) -> Result<()> {
    if on_path("npm").is_none() {
        return Err(Failure::Message(format!(
            "there is neither a Node >= {OLDEST} nor an npm to get one with; install Node {} or newer",
            WANTED.0
        )));
    }
    let folder = setup.workspace.cache.join("node");
    fs::create_dir_all(&folder).explain(|| format!("cannot make {}", folder.display()))?;
    stamp::write(&folder.join("package.json"), "{ \"private\": true }\n")?;
    let mut npm = process::command("npm");
    npm.args([
        "install",
        "--no-audit",
        "--no-fund",
        "--save-exact",
        &format!("node@{WANTED}"),
    ]);
    setup.run(
        &format!("Node {WANTED}"),
        usual,
        "node",
        npm.current_dir(folder),
    )
}

/// The folders with a package.json.
pub(crate) fn package_folders() -> impl Iterator<Item = &'static str> {
    PACKAGES.into_iter().map(|(folder, ..)| folder)
}

pub(super) fn package_steps() -> impl Iterator<Item = Step> {
    PACKAGES.into_iter().map(|(folder, seconds, scopes)| Step {
        name: format!("npm packages of {folder}/"),
        usual: Duration::from_secs(seconds),
        scopes,
        state: Box::new(move |setup| packages_state(setup.workspace, folder)),
        install: Box::new(move |setup, usual| install_packages(setup, folder, usual)),
    })
}

fn packages_state(workspace: &Workspace, folder: &str) -> State {
    let folder = workspace.root.join(folder);
    if !folder.join("package.json").exists() {
        return State::Absent;
    }
    match lock_hash(&folder) {
        Ok(hash) if stamp::holds(&packages_stamp(&folder), &hash) => State::Ready,
        _ => State::missing(),
    }
}

fn packages_stamp(folder: &Path) -> PathBuf {
    folder.join("node_modules/.livetape-stamp")
}

fn lock_hash(folder: &Path) -> Result<String> {
    let mut inputs = Inputs::default();
    inputs.path(&folder.join("package.json"))?;
    inputs.path(&folder.join("package-lock.json"))?;
    Ok(inputs.hash())
}

fn install_packages(setup: &Setup, name: &str, usual: Duration) -> Result<()> {
    let folder = setup.workspace.root.join(name);
    if !folder.join("package-lock.json").exists() {
        return Err(Failure::Message(format!(
            "{name}/package-lock.json is missing"
        )));
    }
    let hash = lock_hash(&folder)?;
    let mut npm = process::command("npm");
    npm.args(["ci", "--no-audit", "--no-fund"])
        .env("PATH", in_path(&[node(setup.workspace)?])?)
        .current_dir(&folder);
    setup.run(
        &format!("npm packages of {name}/"),
        usual,
        &format!("npm-{}", name.replace('/', "-")),
        &mut npm,
    )?;
    stamp::write(&packages_stamp(&folder), &hash)
}
