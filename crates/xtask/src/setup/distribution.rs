//! The distribution's compiler for wasm32, where rustup cannot download a target: Debian's packages, a standard
//! library built from their own source, and a rustup toolchain that is a link to /usr.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use super::wasm_target::Target;
use super::{Setup, debian};
use crate::failure::{Explain, Failure, Result};
use crate::{process, stamp};

/// The name under which rustup knows the distribution's compiler.
pub(super) const LINKED: &str = "wasm";
const RUSTC: &str = "/usr/bin/rustc";
const CARGO: &str = "/usr/bin/cargo";
/// The C library that a standard library for WASI is linked with.
const WASI_LIBC: &str = "/usr/lib/wasm32-wasi";
/// Beside a copied library: which compiler it was built by and for.
const STAMP: &str = "livetape-std.stamp";

/// False when the library was built by us for another build of the compiler than the one there now.
pub(super) fn library_is_current(target: Target) -> bool {
    let Some(folder) = library_folder(target) else {
        return false;
    };
    let stamp = folder.join(STAMP);
    !stamp.exists() || compiler().is_some_and(|version| stamp::holds(&stamp, version.trim()))
}

fn compiler() -> Option<String> {
    process::output_of(process::command(RUSTC).arg("-vV"))
}

fn library_folder(target: Target) -> Option<PathBuf> {
    let mut rustc = process::command(RUSTC);
    rustc.args(["--print", "target-libdir", "--target", target.triple()]);
    process::output_of(&mut rustc).map(|text| PathBuf::from(text.trim()))
}

fn packages(target: Target) -> Vec<String> {
    let linker = debian::newest_lld().map_or("lld".to_owned(), |number| format!("lld-{number}"));
    let mut packages = ["rustc-web", "cargo-web", "rust-web-src"]
        .map(str::to_owned)
        .to_vec();
    packages.push(linker);
    if target == Target::Wasi {
        packages.push("wasi-libc".to_owned());
    }
    packages
}

/// What a plan says before any of this is done.
pub(super) fn system_wide(target: Target) -> Vec<String> {
    if !debian::here() {
        return Vec::new();
    }
    let triple = target.triple();
    let mut lines = vec![format!(
        "only if rustup cannot download the target {triple}:"
    )];
    let packages = debian::not_installed(&packages(target));
    if !packages.is_empty() {
        lines.push(format!("  {}", debian::plan_line(&packages)));
    }
    lines.push(format!(
        "  a standard library built from rust-web-src, in /usr/lib/rustlib/{triple}/lib"
    ));
    lines.push(format!(
        "  and, for you alone, the rustup toolchain `{LINKED}`, a link to /usr"
    ));
    lines
}

/// Installs the packages and links the toolchain.
pub(super) fn install_compiler(setup: &Setup, target: Target, rustup: &Path) -> Result<()> {
    if !debian::not_installed(&packages(target)).is_empty() {
        debian::look_up(setup)?;
    }
    // Looked up anew: the lists may have changed with that.
    let packages = packages(target);
    if let Some(package) = packages.iter().find(|package| !debian::on_offer(package)) {
        return Err(Failure::Message(format!(
            "the package {package} is not on offer here: make `rustup target add {}` work instead",
            target.triple()
        )));
    }
    debian::install(
        setup,
        "the distribution's compiler",
        Duration::from_secs(25),
        &packages,
    )?;
    link(setup, rustup)
}

fn link(setup: &Setup, rustup: &Path) -> Result<()> {
    let mut sysroot = process::command("rustc");
    sysroot
        .env("RUSTUP_TOOLCHAIN", LINKED)
        .args(["--print", "sysroot"]);
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
    setup.run(
        "rustup toolchain link",
        Duration::from_secs(1),
        "rustup",
        &mut link,
    )
}

/// Builds the standard library with the compiler it belongs to and puts it where that compiler looks.
pub(super) fn build_library(setup: &Setup, target: Target, usual: Duration) -> Result<()> {
    let folder = setup.workspace.cache.join("wasm-std");
    let doing = || format!("cannot prepare {}", folder.display());
    let compiler = compiler().ok_or_else(|| Failure::message("there is no /usr/bin/rustc"))?;
    let built_by = folder.join("built-by");
    if !stamp::holds(&built_by, compiler.trim()) && folder.exists() {
        fs::remove_dir_all(&folder).explain(doing)?;
    }
    let manifest =
        "[package]\nname = \"empty\"\nversion = \"0.0.0\"\nedition = \"2021\"\n\n[workspace]\n";
    stamp::write(&folder.join("Cargo.toml"), manifest)?;
    stamp::write(&folder.join("src/lib.rs"), "")?;
    stamp::write(&built_by, &compiler)?;

    let crates = match target {
        Target::Web => "-Zbuild-std=std,panic_abort,panic_unwind",
        Target::Wasi => "-Zbuild-std=std,panic_abort,panic_unwind,test",
    };
    let mut cargo = process::command(CARGO);
    for name in [
        "RUSTUP_TOOLCHAIN",
        "CARGO_BUILD_TARGET",
        "CARGO_ENCODED_RUSTFLAGS",
    ] {
        cargo.env_remove(name);
    }
    cargo
        .args(["build", "--release", crates, "--target", target.triple()])
        .env("PATH", "/usr/bin:/bin")
        .env("RUSTC_BOOTSTRAP", "1")
        // Without bitcode a build with link-time optimisation fails.
        .env("RUSTFLAGS", "-Cembed-bitcode=yes")
        .env("CARGO_TARGET_DIR", folder.join("target"))
        .current_dir(&folder);
    let name = format!("the standard library for {}", target.triple());
    setup.run(&name, usual, "wasm-std", &mut cargo)?;

    let staged = stage(&folder, target, &compiler)?;
    let library =
        library_folder(target).ok_or_else(|| Failure::message("rustc names no library folder"))?;
    let (from, to) = (staged.display(), library.display());
    let copy = format!("rm -rf '{to}' && mkdir -p '{to}' && cp -r '{from}'/. '{to}'");
    let quick = Duration::from_secs(1);
    debian::as_root(
        setup,
        "copying it to /usr/lib/rustlib",
        quick,
        &["sh", "-c", &copy],
    )
}

/// Gathers the files to copy: all that was compiled but the empty crate, the C library, the stamp.
fn stage(folder: &Path, target: Target, compiler: &str) -> Result<PathBuf> {
    let doing = || format!("cannot gather files in {}", folder.display());
    let staged = folder.join("staged");
    if staged.exists() {
        fs::remove_dir_all(&staged).explain(doing)?;
    }
    let compiled = folder
        .join("target")
        .join(target.triple())
        .join("release/deps");
    copy_some(&compiled, &staged, |name| {
        name.ends_with(".rlib") && !name.starts_with("libempty")
    })
    .explain(doing)?;
    if target == Target::Wasi {
        let wanted = |name: &str| name.ends_with(".a") || name.starts_with("crt1");
        copy_some(Path::new(WASI_LIBC), &staged.join("self-contained"), wanted).explain(doing)?;
    }
    stamp::write(&staged.join(STAMP), compiler)?;
    Ok(staged)
}

fn copy_some(from: &Path, to: &Path, wanted: impl Fn(&str) -> bool) -> std::io::Result<()> {
    fs::create_dir_all(to)?;
    for entry in fs::read_dir(from)? {
        let path = entry?.path();
        let name = path.file_name().unwrap_or_default();
        if wanted(&name.to_string_lossy()) {
            fs::copy(&path, to.join(name))?;
        }
    }
    Ok(())
}
