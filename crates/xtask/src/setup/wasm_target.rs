//! Compilers for wasm32: wasm32-unknown-unknown for the product, wasm32-wasip1 for running its tests as wasm.
//! Either is the active toolchain's, where rustup can add it, or the distribution's (see [`super::distribution`]).

use std::env;
use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use super::distribution::{self, LINKED};
use super::{Scope, Setup, State, Step, debian};
use crate::failure::{Failure, Result};
use crate::process;
use crate::workspace::{Workspace, on_path};

/// A wasm32 target.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Target {
    /// What browsers and workerd run.
    Web,
    /// The same code with a system interface, so that cargo's own test harness runs, in Node.
    Wasi,
}

impl Target {
    /// Its name for cargo and rustup.
    pub(crate) fn triple(self) -> &'static str {
        match self {
            Self::Web => "wasm32-unknown-unknown",
            Self::Wasi => "wasm32-wasip1",
        }
    }

    fn linker_variable(self) -> &'static str {
        match self {
            Self::Web => "CARGO_TARGET_WASM32_UNKNOWN_UNKNOWN_LINKER",
            Self::Wasi => "CARGO_TARGET_WASM32_WASIP1_LINKER",
        }
    }
}

/// The environment in which cargo, wasm-pack and worker-build compile for the target.
pub(crate) fn wasm_environment(
    workspace: &Workspace,
    target: Target,
) -> Result<Vec<(&'static str, OsString)>> {
    let mut environment = vec![("CARGO_TARGET_DIR", workspace.wasm_target().into_os_string())];
    if let (Target::Web, Some(flag)) = (target, without_home()) {
        environment.push(("CARGO_TARGET_WASM32_UNKNOWN_UNKNOWN_RUSTFLAGS", flag));
    }
    match Compiler::find(workspace, target) {
        Some(Compiler::Active) => {}
        Some(Compiler::Linked { linker }) => {
            environment.push(("RUSTUP_TOOLCHAIN", LINKED.into()));
            environment.push((target.linker_variable(), linker.into_os_string()));
        }
        None => {
            return Err(Failure::Message(format!(
                "there is no compiler for {}; `cargo xtask setup` installs one",
                target.triple()
            )));
        }
    }
    Ok(environment)
}

/// Where cargo keeps what it downloads: `CARGO_HOME`, or its usual place.
pub(crate) fn cargo_home() -> Option<PathBuf> {
    let usual = || env::home_dir().map(|home| home.join(".cargo"));
    env::var_os("CARGO_HOME").map(PathBuf::from).or_else(usual)
}

/// What a module says of its sources, for panics, is not where they lie on the machine that built it. Added to the flags of
/// `.cargo/config.toml`; flags are parted by spaces, so a path with one stays as it is.
fn without_home() -> Option<OsString> {
    let sources = cargo_home()?.join("registry").join("src");
    let flag = format!("--remap-path-prefix={}=registry", sources.display());
    (!flag.contains(' ')).then(|| flag.into())
}

/// Arguments for cargo that let it run what it built for [`Target::Wasi`], in Node.
pub(crate) fn wasi_arguments(workspace: &Workspace) -> Result<Vec<String>> {
    let own = workspace.root.join("crates/xtask/wasi");
    let node = super::node(workspace)?;
    let words = [
        node.as_os_str(),
        "--no-warnings".as_ref(),
        own.join("run.mjs").as_os_str(),
    ]
    .map(|word| word.to_string_lossy().into_owned());
    let mut arguments = vec![
        "--config".to_owned(),
        format!("target.{}.runner={words:?}", Target::Wasi.triple()),
    ];
    if matches!(
        Compiler::find(workspace, Target::Wasi),
        Some(Compiler::Linked { .. })
    ) {
        // The distribution's C library is older than the standard library, and has no threads at all.
        let open = own.join("threads.txt");
        let flags = [format!(
            "-Clink-arg=--allow-undefined-file={}",
            open.display()
        )];
        arguments.push("--config".to_owned());
        arguments.push(format!(
            "target.{}.rustflags={flags:?}",
            Target::Wasi.triple()
        ));
    }
    Ok(arguments)
}

enum Compiler {
    /// The toolchain that is active anyway.
    Active,
    /// The distribution's.
    Linked { linker: PathBuf },
}

impl Compiler {
    fn find(workspace: &Workspace, target: Target) -> Option<Self> {
        if compiles(workspace, target, process::command("rustc")) {
            return Some(Self::Active);
        }
        let linker = newest_wasm_ld()?;
        let mut rustc = process::command("rustc");
        rustc.env("RUSTUP_TOOLCHAIN", LINKED);
        let there = distribution::library_is_current(target) && compiles(workspace, target, rustc);
        there.then_some(Self::Linked { linker })
    }
}

/// Whether this compiler has a standard library of its own version for the target: it says so by compiling.
fn compiles(workspace: &Workspace, target: Target, mut rustc: Command) -> bool {
    let source = workspace.state().join("probe.rs");
    if !source.exists() && fs::write(&source, "").is_err() {
        return false;
    }
    rustc
        .args([
            "--target",
            target.triple(),
            "--crate-type",
            "lib",
            "--emit",
            "metadata",
        ])
        .arg("--out-dir")
        .arg(workspace.state())
        .arg(&source);
    process::output_of(&mut rustc).is_some()
}

fn newest_wasm_ld() -> Option<PathBuf> {
    let newest = (10..100)
        .rev()
        .find_map(|number| on_path(&format!("wasm-ld-{number}")));
    newest.or_else(|| on_path("wasm-ld"))
}

pub(super) fn steps() -> [Step; 2] {
    [
        step(
            Target::Web,
            &[Scope::Demo, Scope::HeadlessCheck, Scope::Check, Scope::Test],
        ),
        step(Target::Wasi, &[Scope::Test]),
    ]
}

fn step(target: Target, scopes: &'static [Scope]) -> Step {
    Step {
        name: format!("compiler for {}", target.triple()),
        usual: Duration::from_secs(if target == Target::Web { 70 } else { 40 }),
        scopes,
        state: Box::new(move |setup| match Compiler::find(setup.workspace, target) {
            Some(_) => State::Ready,
            None => State::Missing {
                system: distribution::system_wide(target),
            },
        }),
        install: Box::new(move |setup, usual| install(setup, target, usual)),
    }
}

fn install(setup: &Setup, target: Target, usual: Duration) -> Result<()> {
    let triple = target.triple();
    let Some(rustup) = on_path("rustup") else {
        return Err(Failure::Message(format!(
            "this Rust has no standard library for {triple}, and there is no rustup to add it with"
        )));
    };
    match add_by_rustup(setup, &rustup, triple) {
        Ok(()) => return Ok(()),
        Err(Failure::Interrupted) => return Err(Failure::Interrupted),
        Err(failure) if !debian::here() => {
            return Err(Failure::Message(format!(
                "{failure}\n\nNothing else can be tried on this system: make \
                 `rustup target add {triple}` work, then run the same command again"
            )));
        }
        Err(_) => println!("  rustup cannot download it here: taking the distribution's compiler"),
    }
    distribution::install_compiler(setup, target, &rustup)?;
    if Compiler::find(setup.workspace, target).is_none() {
        distribution::build_library(setup, target, usual)?;
    }
    Ok(())
}

fn add_by_rustup(setup: &Setup, rustup: &Path, triple: &str) -> Result<()> {
    let mut add = process::command(rustup);
    add.args(["target", "add", triple]);
    setup.run(
        &format!("rustup target add {triple}"),
        Duration::from_secs(5),
        "rustup",
        &mut add,
    )
}
