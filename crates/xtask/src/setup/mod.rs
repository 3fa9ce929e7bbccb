//! Set-up: what is needed, what is there, and how the rest is installed.

mod cargo_tools;
mod debian;
mod distribution;
mod lints;
mod node;
mod programs;
mod wasm_target;

use std::cell::Cell;
use std::path::PathBuf;
use std::process::Command;
use std::time::Duration;

use crate::failure::{Failure, Result};
use crate::workspace::Workspace;
use crate::{interrupt, process, progress};

pub(crate) use cargo_tools::Tool;
pub(crate) use node::{in_path, node, package_folders};
pub(crate) use programs::{chromium, firefox, media_folder, webkit};
pub(crate) use wasm_target::{Target, cargo_home, wasi_arguments, wasm_environment};

/// What set-up is for; each step says for which of them it is needed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Scope {
    /// Building and starting the edge with its pages.
    Demo,
    /// The same, tried by a headless browser.
    HeadlessCheck,
    /// Formatting, lints, types, licences.
    Check,
    /// Fuzzing.
    Soak,
    /// Every test.
    Test,
    /// What the bench needs besides all that the tests do.
    Bench,
}

/// Whether a step has anything to do.
pub(crate) enum State {
    /// All there.
    Ready,
    /// Not in this tree yet, so there is nothing to prepare.
    Absent,
    /// To be installed; with what is installed outside the cache folder and the repository, if anything.
    Missing {
        /// One line for each thing that is installed system-wide.
        system: Vec<String>,
    },
}

impl State {
    fn missing() -> Self {
        Self::Missing { system: Vec::new() }
    }
}

type Look = dyn Fn(&Setup) -> State;
type Install = dyn Fn(&Setup, Duration) -> Result<()>;

struct Step {
    name: String,
    usual: Duration,
    scopes: &'static [Scope],
    state: Box<Look>,
    install: Box<Install>,
}

/// What the steps share.
pub(crate) struct Setup<'a> {
    workspace: &'a Workspace,
    lists_are_fresh: Cell<bool>,
}

impl Setup<'_> {
    fn log(&self, name: &str) -> PathBuf {
        self.workspace.logs().join(format!("setup-{name}.log"))
    }

    fn run(&self, name: &str, usual: Duration, log: &str, command: &mut Command) -> Result<()> {
        process::run_logged(name, usual, command, &self.log(log), None)
    }
}

fn steps() -> Vec<Step> {
    let mut steps = Vec::from(wasm_target::steps());
    steps.push(node::step());
    steps.extend(node::package_steps());
    steps.extend(programs::steps());
    steps.extend(cargo_tools::steps());
    steps.push(lints::step());
    steps
}

/// `cargo xtask setup`.
pub(crate) fn command(workspace: &Workspace, dry_run: bool, yes: bool) -> Result<()> {
    if dry_run {
        let setup = Setup {
            workspace,
            lists_are_fresh: Cell::new(false),
        };
        let missing = missing_steps(&setup, Scope::Test);
        print!("{}", plan(&missing));
        return Ok(());
    }
    ready(workspace, Scope::Test, yes)
}

/// Installs what is missing for `scope`, after saying what and, on a terminal, asking.
pub(crate) fn ready(workspace: &Workspace, scope: Scope, yes: bool) -> Result<()> {
    let setup = Setup {
        workspace,
        lists_are_fresh: Cell::new(false),
    };
    let missing = missing_steps(&setup, scope);
    if missing.is_empty() {
        return Ok(());
    }
    print!("{}", plan(&missing));
    if progress::terminal() && !yes && !progress::ask("Go on?")? {
        return Err(Failure::message("nothing was installed"));
    }
    for (step, _) in &missing {
        interrupt::check()?;
        (step.install)(&setup, step.usual)?;
        if matches!((step.state)(&setup), State::Missing { .. }) {
            let name = &step.name;
            return Err(Failure::Message(format!(
                "{name}: installed, but still not found"
            )));
        }
    }
    println!("Set-up is complete.\n");
    Ok(())
}

fn missing_steps(setup: &Setup, scope: Scope) -> Vec<(Step, Vec<String>)> {
    let needed = steps()
        .into_iter()
        .filter(|step| step.scopes.contains(&scope));
    needed
        .filter_map(|step| match (step.state)(setup) {
            State::Ready | State::Absent => None,
            State::Missing { system } => Some((step, system)),
        })
        .collect()
}

/// The plan as text: each missing step, the whole time, and what is installed system-wide.
fn plan(missing: &[(Step, Vec<String>)]) -> String {
    if missing.is_empty() {
        return "Everything is there; set-up has nothing to do.\n".to_owned();
    }
    let total: Duration = missing.iter().map(|(step, _)| step.usual).sum();
    let mut text = String::from("Missing, with the time each usually takes:\n");
    for (step, _) in missing {
        text += &format!("  {:<44} {}\n", step.name, progress::about(step.usual));
    }
    text += &format!("  {:<44} {}\n", "in all", progress::about(total));
    let system: Vec<_> = missing.iter().flat_map(|(_, system)| system).collect();
    if system.is_empty() {
        text += "Nothing is installed system-wide.\n";
    } else {
        text += "Installed system-wide:\n";
        for line in system {
            text += &format!("  {line}\n");
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    fn step(name: &str, seconds: u64) -> Step {
        Step {
            name: name.to_owned(),
            usual: Duration::from_secs(seconds),
            scopes: &[Scope::Demo],
            state: Box::new(|_| State::Ready),
            install: Box::new(|_, _| Ok(())),
        }
    }

    #[test]
    fn the_plan_tells_times_their_sum_and_what_is_system_wide() {
        let missing = vec![
            (step("wasm-pack", 85), Vec::new()),
            (step("Chromium", 35), vec!["package chromium".to_owned()]),
        ];
        let text = plan(&missing);
        assert!(
            text.contains("wasm-pack") && text.contains("85 s"),
            "{text}"
        );
        assert!(text.contains("in all") && text.contains("2 min"), "{text}");
        assert!(
            text.contains("Installed system-wide:\n  package chromium\n"),
            "{text}"
        );
    }

    #[test]
    fn the_plan_says_when_nothing_is_system_wide() {
        let text = plan(&[(step("wasm-pack", 85), Vec::new())]);
        assert!(text.contains("Nothing is installed system-wide."), "{text}");
    }
}
