//! rustfmt and clippy, for the host and for wasm32.

use std::time::Duration;

use super::{Scope, Setup, State, Step, Target, debian, wasm_environment};
use crate::failure::Result;
use crate::process;
use crate::workspace::Workspace;

pub(super) fn step() -> Step {
    Step {
        name: "rustfmt and clippy".to_owned(),
        usual: Duration::from_secs(10),
        scopes: &[Scope::Check, Scope::Test],
        state: Box::new(|setup| {
            let (host, wasm) = (for_host(), for_wasm(setup.workspace));
            if host && wasm {
                return State::Ready;
            }
            let mut system = Vec::new();
            if !wasm && debian::here() {
                let line = debian::plan_line(&package());
                system.push(format!("with the distribution's compiler only: {line}"));
            }
            State::Missing { system }
        }),
        install: Box::new(install),
    }
}

/// Clippy of the distribution's compiler.
fn package() -> Vec<String> {
    vec!["rust-web-clippy".to_owned()]
}

fn for_host() -> bool {
    ["fmt", "clippy"].iter().all(|command| {
        process::output_of(process::command("cargo").args([command, "--version"])).is_some()
    })
}

fn for_wasm(workspace: &Workspace) -> bool {
    let Ok(environment) = wasm_environment(workspace, Target::Web) else {
        return false;
    };
    let mut clippy = process::command("cargo");
    process::output_of(clippy.args(["clippy", "--version"]).envs(environment)).is_some()
}

fn install(setup: &Setup, usual: Duration) -> Result<()> {
    if !for_host() {
        let mut add = process::command("rustup");
        add.args(["component", "add", "rustfmt", "clippy"]);
        setup.run("rustfmt and clippy", usual, "rustup", &mut add)?;
    }
    if !for_wasm(setup.workspace) {
        debian::install(setup, "clippy for wasm32", usual, &package())?;
    }
    Ok(())
}
