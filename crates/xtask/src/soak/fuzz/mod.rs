//! The fuzz targets of `fuzz/`, driven by libFuzzer: a minute each, or as long as one likes.

mod program;
mod record;
mod session;

use std::collections::VecDeque;
use std::path::Path;
use std::sync::Mutex;
use std::time::Duration;

use crate::failure::{Explain, Failure, Result};
use crate::process::{Group, Output};
use crate::progress::clock;
use crate::soak::SoakOptions;
use crate::workspace::Workspace;

pub(crate) use program::build_command;

use program::{Program, Target};
use session::{Limits, Outcome};

/// How long each target runs in the short form.
const SHORT: Duration = Duration::from_secs(60);

/// Runs the named targets, or all; fails where one found something.
pub(crate) fn run(workspace: &Workspace, names: &[String], options: &SoakOptions) -> Result<()> {
    let program = Program::build(workspace)?;
    let versions = record::versions(workspace);
    let targets = chosen(program.targets(), names)?;
    if let Some(file) = &options.replay {
        return replay(&program, &targets, Path::new(file));
    }
    let limits = Limits {
        time: match (options.minutes, options.runs) {
            (Some(minutes), _) => Some(Duration::from_secs(60 * minutes)),
            (None, Some(_)) => None,
            (None, None) => Some(SHORT),
        },
        inputs: options.runs,
    };
    println!("{}", announcement(targets.len(), limits));
    let outcomes = run_all(&program, targets, limits)?;
    print!("\n{}", record::table(&outcomes));
    if options.record {
        record::keep(workspace, &outcomes, &versions)?;
    }
    let found: Vec<_> = outcomes
        .iter()
        .filter(|outcome| outcome.find.is_some())
        .collect();
    for outcome in &found {
        println!("\n{}", outcome.report());
    }
    if found.is_empty() {
        Ok(())
    } else {
        Err(Failure::Exit(1))
    }
}

fn chosen(targets: &[Target], names: &[String]) -> Result<Vec<Target>> {
    let known = |name: &&String| targets.iter().any(|target| target.name == **name);
    if let Some(unknown) = names.iter().find(|name| !known(name)) {
        let lines = targets
            .iter()
            .map(|target| format!("\n  {:<14} {}", target.name, target.about));
        let lines = lines.collect::<String>();
        return Err(Failure::Message(format!(
            "no fuzz target {unknown:?}; there are{lines}"
        )));
    }
    let named = |target: &&Target| names.is_empty() || names.contains(&target.name);
    Ok(targets.iter().filter(named).cloned().collect())
}

/// Tries one input with one target and shows all that is said.
fn replay(program: &Program, targets: &[Target], file: &Path) -> Result<()> {
    let [target] = targets else {
        return Err(Failure::message("--replay needs the name of one target"));
    };
    let file = file.canonicalize().explain(|| file.display().to_string())?;
    let mut command = program.command(target);
    command.arg(file);
    let status = Group::start(&mut command, Output::Shown)?.wait(None, || {})?;
    if status.success() {
        println!("{}: nothing is wrong with it", target.name);
        Ok(())
    } else {
        Err(Failure::Exit(1))
    }
}

fn announcement(targets: usize, limits: Limits) -> String {
    let each = match (limits.time, limits.inputs) {
        (Some(time), Some(inputs)) => format!("{} or {inputs} inputs", clock(time)),
        (Some(time), None) => clock(time),
        (None, inputs) => format!("{} inputs", inputs.unwrap_or_default()),
    };
    format!(
        "{targets} fuzz targets, each for {each}, {} at a time",
        jobs()
    )
}

/// How many targets run at a time: one on each processor.
fn jobs() -> usize {
    std::thread::available_parallelism().map_or(1, usize::from)
}

fn run_all(program: &Program, targets: Vec<Target>, limits: Limits) -> Result<Vec<Outcome>> {
    let waiting = Mutex::new(VecDeque::from(targets));
    let next = || {
        waiting
            .lock()
            .ok()
            .and_then(|mut waiting| waiting.pop_front())
    };
    let work = || {
        let mut outcomes = Vec::new();
        while let Some(target) = next() {
            outcomes.push(session::run(program, target, limits)?);
        }
        Ok(outcomes)
    };
    let mut outcomes = Vec::new();
    std::thread::scope(|scope| {
        let threads: Vec<_> = (0..jobs()).map(|_| scope.spawn(work)).collect();
        for thread in threads {
            let own = thread
                .join()
                .map_err(|_| Failure::message("a fuzzing thread failed"))?;
            outcomes.extend(own?);
        }
        Ok(())
    })?;
    outcomes.sort_by(|one, other| one.target.name.cmp(&other.target.name));
    Ok(outcomes)
}
