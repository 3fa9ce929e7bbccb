//! A compiler for wasm32-unknown-unknown: the active toolchain where rustup can add the target, else the
//! distribution's compiler with a standard library built from its own source, linked as the toolchain `wasm`.

use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use super::{Scope, Setup, State, Step, debian};
use crate::failure::{Explain, Failure, Result};
use crate::workspace::{Workspace, on_path};
use crate::{process, stamp};

const TARGET: &str = "wasm32-unknown-unknown";
/// The name under which rustup knows the distribution's compiler.
const LINKED: &str = "wasm";
/// The distribution's compiler.
const SYSTEM_RUSTC: &str = "/usr/bin/rustc";
const SYSTEM_CARGO: &str = "/usr/bin/cargo";
/// Beside the copied library: which compiler it was built by and for.
const STAMP: &str = "livetape-std.stamp";

/// The environment in which cargo, wasm-pack and worker-build compile for wasm32.
pub(crate) fn wasm_environment(workspace: &Workspace) -> Result<Vec<(&'static str, OsString)>> {
    let mut environment = vec![("CARGO_TARGET_DIR", workspace.wasm_target().into_os_string())];
    match Compiler::find(workspace) {
        Some(Compiler::Active) => {}
        Some(Compiler::Linked { linker }) => {
            environment.push(("RUSTUP_TOOLCHAIN", LINKED.into()));
            environment.push((
                "CARGO_TARGET_WASM32_UNKNOWN_UNKNOWN_LINKER",
                linker.into_os_string(),
            ));
        }
        None => {
            return Err(Failure::message(format!(
                "there is no compiler for {TARGET}; `cargo xtask setup` installs one"
            )));
        }
    }
    Ok(environment)
}

enum Compiler {
    /// The toolchain that is active anyway.
    Active,
    /// The distribution's.
    Linked { linker: PathBuf },
}

impl Compiler {
    fn find(workspace: &Workspace) -> Option<Self> {
        if compiles(workspace, process::command("rustc")) {
            return Some(Self::Active);
        }
        let linker = newest_wasm_ld()?;
        let mut rustc = process::command("rustc");
        rustc.env("RUSTUP_TOOLCHAIN", LINKED);
        (library_is_current() && compiles(workspace, rustc)).then_some(Self::Linked { linker })
    }
}

/// Whether this compiler has a standard library of its own version for the target: it says so by compiling.
fn compiles(workspace: &Workspace, mut rustc: Command) -> bool {
    let source = workspace.state().join("probe.rs");
    if !source.exists() && fs::write(&source, "").is_err() {
        return false;
    }
    rustc
        .args(["--target", TARGET, "--crate-type", "lib", "--emit", "metadata", "--out-dir"])
        .arg(workspace.state())
        .arg(&source);
    process::output_of(&mut rustc).is_some()
}

/// False when the library was built by us for another build of the compiler than the one there now.
fn library_is_current() -> bool {
    let Some(folder) = library_folder() else {
        return false;
    };
    let stamp = folder.join(STAMP);
    !stamp.exists() || system_compiler().is_some_and(|version| stamp::holds(&stamp, version.trim()))
}

fn system_compiler() -> Option<String> {
    process::output_of(process::command(SYSTEM_RUSTC).arg("-vV"))
}

fn library_folder() -> Option<PathBuf> {
    let mut rustc = process::command(SYSTEM_RUSTC);
    rustc.args(["--print", "target-libdir", "--target", TARGET]);
    process::output_of(&mut rustc).map(|text| PathBuf::from(text.trim()))
}

fn newest_wasm_ld() -> Option<PathBuf> {
    let newest = (10..100).rev().find_map(|number| on_path(&format!("wasm-ld-{number}")));
    newest.or_else(|| on_path("wasm-ld"))
}

pub(super) fn step() -> Step {
    Step {
        name: format!("compiler for {TARGET}"),
        usual: Duration::from_secs(70),
        scopes: &[Scope::Demo, Scope::HeadlessCheck, Scope::Check, Scope::Test],
        state: Box::new(|setup| match Compiler::find(setup.workspace) {
            Some(_) => State::Ready,
            None => State::Missing { system: system_wide() },
        }),
        install: Box::new(install),
    }
}

fn packages() -> Vec<String> {
    let linker = debian::newest_lld().map_or_else(|| "lld".to_owned(), |number| format!("lld-{number}"));
    ["rustc-web", "cargo-web", "rust-web-src"].into_iter().map(str::to_owned).chain([linker]).collect()
}

fn system_wide() -> Vec<String> {
    if !debian::here() {
        return Vec::new();
    }
    vec![
        format!("only if rustup cannot download the target {TARGET}:"),
        format!("  {} (lld: the newest on offer)", debian::plan_line(&packages())),
        format!("  the standard library, built from rust-web-src, in /usr/lib/rustlib/{TARGET}/lib"),
        format!("  and, for you alone, the rustup toolchain `{LINKED}`, a link to /usr"),
    ]
}

fn install(setup: &Setup, usual: Duration) -> Result<()> {
    let Some(rustup) = on_path("rustup") else {
        return Err(Failure::Message(format!(
            "this Rust has no standard library for {TARGET}, and there is no rustup to add it with"
        )));
    };
    let quick = Duration::from_secs(5);
    let mut add = process::command(&rustup);
    let added = setup.run("rustup's target", quick, "rustup", add.args(["target", "add", TARGET]));
    match added {
        Ok(()) => return Ok(()),
        Err(Failure::Interrupted) => return Err(Failure::Interrupted),
        Err(failure) if !debian::here() => {
            return Err(Failure::Message(format!(
                "{failure}\n\nNothing else can be tried on this system: make \
                 `rustup target add {TARGET}` work, then run the same command again"
            )));
        }
        Err(_) => println!("  rustup cannot download it here: taking the distribution's compiler"),
    }
    debian::refresh(setup)?;
    let packages = packages();
    if let Some(package) = packages.iter().find(|package| !debian::on_offer(package)) {
        return Err(Failure::Message(format!(
            "the package {package} is not on offer here: make `rustup target add {TARGET}` work instead"
        )));
    }
    debian::install(setup, "the distribution's compiler", Duration::from_secs(25), &packages)?;
    link(setup, &rustup)?;
    if Compiler::find(setup.workspace).is_none() {
        build_library(setup, usual)?;
    }
    Ok(())
}

fn link(setup: &Setup, rustup: &Path) -> Result<()> {
    let mut sysroot = process::command("rustc");
    sysroot.env("RUSTUP_TOOLCHAIN", LINKED).args(["--print", "sysroot"]);
    match process::output_of(&mut sysroot) {
        Some(folder) if folder.trim() == "/usr" => return Ok(()),
        Some(folder) => {
            return Err(Failure::Message(format!(
                "rustup has another toolchain called `{LINKED}`, at {}: remove it first",
                folder.trim()
            )));
        }
        None => {}
    }
    let mut link = process::command(rustup);
    link.args(["toolchain", "link", LINKED, "/usr"]);
    setup.run("the rustup toolchain `wasm`", Duration::from_secs(1), "rustup", &mut link)
}

/// Builds the standard library with the compiler it belongs to and puts it where that compiler looks.
fn build_library(setup: &Setup, usual: Duration) -> Result<()> {
    let folder = setup.workspace.cache.join("wasm-std");
    let doing = || format!("cannot prepare {}", folder.display());
    let compiler = system_compiler().ok_or_else(|| Failure::message("no /usr/bin/rustc"))?;
    let built_by = folder.join("built-by");
    if !stamp::holds(&built_by, compiler.trim()) && folder.exists() {
        fs::remove_dir_all(&folder).explain(doing)?;
    }
    fs::create_dir_all(folder.join("src")).explain(doing)?;
    let manifest = "[package]\nname = \"empty\"\nversion = \"0.0.0\"\nedition = \"2021\"\n\n[workspace]\n";
    stamp::write(&folder.join("Cargo.toml"), manifest)?;
    stamp::write(&folder.join("src/lib.rs"), "")?;
    stamp::write(&built_by, &compiler)?;

    let mut cargo = process::command(SYSTEM_CARGO);
    for name in ["RUSTUP_TOOLCHAIN", "CARGO_BUILD_TARGET", "CARGO_ENCODED_RUSTFLAGS"] {
        cargo.env_remove(name);
    }
    cargo
        .args(["build", "--release", "-Zbuild-std=std,panic_abort,panic_unwind", "--target", TARGET])
        .env("PATH", "/usr/bin:/bin")
        .env("RUSTC_BOOTSTRAP", "1")
        // Without bitcode a build with link-time optimisation fails.
        .env("RUSTFLAGS", "-Cembed-bitcode=yes")
        .env("CARGO_TARGET_DIR", folder.join("target"))
        .current_dir(&folder);
    setup.run("the standard library for wasm32", usual, "wasm-std", &mut cargo)?;

    let staged = stage(&folder, &compiler)?;
    let library = library_folder().ok_or_else(|| Failure::message("rustc names no library folder"))?;
    let (from, to) = (staged.display(), library.display());
    let copy = format!("rm -rf '{to}' && mkdir -p '{to}' && cp '{from}'/* '{to}'");
    debian::as_root(setup, "copying it to /usr/lib/rustlib", Duration::from_secs(1), &["sh", "-c", &copy])
}

/// Gathers the files to copy: all that was compiled but the empty crate, and the stamp.
fn stage(folder: &Path, compiler: &str) -> Result<PathBuf> {
    let doing = || format!("cannot gather files in {}", folder.display());
    let staged = folder.join("staged");
    if staged.exists() {
        fs::remove_dir_all(&staged).explain(doing)?;
    }
    fs::create_dir_all(&staged).explain(doing)?;
    for entry in fs::read_dir(folder.join("target").join(TARGET).join("release/deps")).explain(doing)? {
        let path = entry.explain(doing)?.path();
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        if name.ends_with(".rlib") && !name.starts_with("libempty") {
            fs::copy(&path, staged.join(name.as_ref())).explain(doing)?;
        }
    }
    stamp::write(&staged.join(STAMP), compiler)?;
    Ok(staged)
}

/// rustfmt and clippy for both compilers.
pub(super) fn lint_step() -> Step {
    Step {
        name: "rustfmt and clippy".to_owned(),
        usual: Duration::from_secs(10),
        scopes: &[Scope::Check, Scope::Test],
        state: Box::new(|setup| {
            let mut system = Vec::new();
            if debian::here() && !clippy_for_wasm(setup.workspace) {
                system.push(format!(
                    "with the distribution's compiler: {}",
                    debian::plan_line(&["rust-web-clippy".to_owned()])
                ));
            }
            match host_lints() && clippy_for_wasm(setup.workspace) {
                true => State::Ready,
                false => State::Missing { system },
            }
        }),
        install: Box::new(install_lints),
    }
}

fn host_lints() -> bool {
    ["fmt", "clippy"].iter().all(|command| {
        process::output_of(process::command("cargo").args([command, "--version"])).is_some()
    })
}

fn clippy_for_wasm(workspace: &Workspace) -> bool {
    let Ok(environment) = wasm_environment(workspace) else {
        return false;
    };
    let mut clippy = process::command("cargo");
    process::output_of(clippy.args(["clippy", "--version"]).envs(environment)).is_some()
}

fn install_lints(setup: &Setup, usual: Duration) -> Result<()> {
    if !host_lints() {
        let mut add = process::command("rustup");
        add.args(["component", "add", "rustfmt", "clippy"]);
        setup.run("rustfmt and clippy", usual, "rustup", &mut add)?;
    }
    if !clippy_for_wasm(setup.workspace) {
        debian::install(setup, "clippy for wasm32", usual, &["rust-web-clippy".to_owned()])?;
    }
    Ok(())
}
