//! The program `fuzz`: built by the stable compiler with the coverage that libFuzzer is led by.

use std::path::PathBuf;
use std::process::Command;
use std::time::Duration;

use crate::failure::{Failure, Result};
use crate::process;
use crate::setup;
use crate::workspace::Workspace;

/// What the compiler adds to the code: counters of edges, where they are, and what is compared with what.
/// This is LLVM's own pass, which the stable compiler runs when asked by name; no sanitizer is needed, as
/// safe Rust has nothing for one to find.
const COVERAGE: [&str; 6] = [
    "-Cpasses=sancov-module",
    "-Cllvm-args=-sanitizer-coverage-level=4",
    "-Cllvm-args=-sanitizer-coverage-inline-8bit-counters",
    "-Cllvm-args=-sanitizer-coverage-pc-table",
    "-Cllvm-args=-sanitizer-coverage-trace-compares",
    "--cfg=fuzzing",
];

/// One target, as the program lists it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Target {
    /// Its name.
    pub(super) name: String,
    /// The longest input worth trying, in bytes.
    pub(super) longest: usize,
    /// What it asserts.
    pub(super) about: String,
}

impl Target {
    /// Reads a line of the list: name, longest input, what it asserts.
    fn read(line: &str) -> Option<Self> {
        let mut words = line.splitn(3, ' ');
        Some(Self {
            name: words.next()?.to_owned(),
            longest: words.next()?.parse().ok()?,
            about: words.next()?.to_owned(),
        })
    }
}

/// The built program, its targets, and where it keeps things.
pub(super) struct Program {
    executable: PathBuf,
    targets: Vec<Target>,
    folder: PathBuf,
    /// What was found before, by target: part of the repository.
    known_finds: PathBuf,
    logs: PathBuf,
}

/// Builds the program. Its own target folder, because its flags are.
pub(crate) fn build_command(workspace: &Workspace) -> Result<Command> {
    let mut cargo = process::command("cargo");
    cargo
        .args(["build", "--quiet", "-p", "livetape-fuzz", "--bin", "fuzz"])
        .args(["--features", "libfuzzer", "--profile", "fuzz"])
        // With a target named, build scripts and macros are left without coverage.
        .args(["--target", &host()?])
        .arg("--target-dir")
        .arg(target_folder(workspace))
        .env("CARGO_ENCODED_RUSTFLAGS", COVERAGE.join("\x1f"))
        .current_dir(&workspace.root);
    Ok(cargo)
}

fn target_folder(workspace: &Workspace) -> PathBuf {
    workspace.target.join("fuzz")
}

/// The triple of this machine.
fn host() -> Result<String> {
    let mut rustc = process::command("rustc");
    let version = process::output_of(rustc.arg("-vV")).unwrap_or_default();
    let host = version.lines().find_map(|line| line.strip_prefix("host: "));
    host.map(str::to_owned)
        .ok_or_else(|| Failure::message("`rustc -vV` names no host"))
}

impl Program {
    /// Builds it, and the seeds of every target.
    pub(super) fn build(workspace: &Workspace) -> Result<Self> {
        let logs = workspace.logs();
        let usual = Duration::from_secs(60);
        let log = logs.join("fuzz-build.log");
        process::run_logged(
            "fuzz targets",
            usual,
            &mut build_command(workspace)?,
            &log,
            None,
        )?;
        let mut program = Self {
            executable: target_folder(workspace).join(host()?).join("fuzz/fuzz"),
            targets: Vec::new(),
            folder: workspace.state().join("fuzz"),
            known_finds: workspace.root.join("fuzz/finds"),
            logs,
        };
        program.targets = program.write_seeds(workspace)?;
        Ok(program)
    }

    fn write_seeds(&self, workspace: &Workspace) -> Result<Vec<Target>> {
        let mut command = process::command(&self.executable);
        command.env("LIVETAPE_FUZZ_SEEDS", self.folder.join("seeds"));
        match setup::media_folder(workspace) {
            Some(media) => {
                command.env("LIVETAPE_MEDIA", media);
            }
            None => println!("  there is no media folder: seeds are made ones only"),
        }
        let list = process::output_of(&mut command);
        let list = list.ok_or_else(|| Failure::message("the fuzz targets wrote no seeds"))?;
        Ok(list.lines().filter_map(Target::read).collect())
    }

    pub(super) fn targets(&self) -> &[Target] {
        &self.targets
    }

    /// The program, to run one target; files to try, or libFuzzer's options, are to be added.
    pub(super) fn command(&self, target: &Target) -> Command {
        let mut command = process::command(&self.executable);
        command.env("LIVETAPE_FUZZ_TARGET", &target.name);
        command
    }

    /// Where inputs that reached something new are kept from one run to the next.
    pub(super) fn corpus(&self, target: &Target) -> PathBuf {
        self.folder.join("corpus").join(&target.name)
    }

    /// Where the inputs that something is wrong with are put.
    pub(super) fn finds(&self, target: &Target) -> PathBuf {
        self.folder.join("finds").join(&target.name)
    }

    /// The folders to begin with, after the corpus itself.
    pub(super) fn beginnings(&self, target: &Target) -> impl Iterator<Item = PathBuf> {
        let seeds = self.folder.join("seeds").join(&target.name);
        let known = self.known_finds.join(&target.name);
        [seeds, known].into_iter().filter(|folder| folder.is_dir())
    }

    /// All that libFuzzer says of a target.
    pub(super) fn log(&self, target: &Target) -> PathBuf {
        self.logs.join(format!("fuzz-{}.log", target.name))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_target_is_read_from_its_line() {
        let target = Target {
            name: "aac".to_owned(),
            longest: 64,
            about: "ADTS headers: what is read".to_owned(),
        };
        assert_eq!(
            Target::read("aac 64 ADTS headers: what is read"),
            Some(target)
        );
        assert_eq!(Target::read("WARNING: no function"), None);
    }
}
