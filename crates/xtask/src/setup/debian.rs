//! Debian and kin: packages by apt-get, as root or after the user's explicit yes.

use std::path::Path;
use std::time::Duration;

use nix::unistd::geteuid;

use super::Setup;
use crate::failure::{Failure, Result};
use crate::workspace::on_path;
use crate::{process, progress};

/// True on Debian and what descends from it.
pub(super) fn here() -> bool {
    Path::new("/etc/debian_version").exists() && on_path("apt-get").is_some()
}

/// How a plan names packages.
pub(super) fn plan_line(packages: &[String]) -> String {
    format!("Debian packages: {}", packages.join(" "))
}

/// Which of the packages are not installed.
pub(super) fn not_installed(packages: &[String]) -> Vec<String> {
    let installed = |package: &String| {
        let mut query = process::command("dpkg-query");
        query.args(["-W", "-f", "${db:Status-Status}", package]);
        process::output_of(&mut query).is_some_and(|status| status.trim() == "installed")
    };
    packages
        .iter()
        .filter(|package| !installed(package))
        .cloned()
        .collect()
}

/// True when the package is on offer according to the lists fetched last.
pub(super) fn on_offer(package: &str) -> bool {
    let mut show = process::command("apt-cache");
    show.args(["show", "--no-all-versions", package]);
    process::output_of(&mut show).is_some_and(|text| text.contains("Package:"))
}

/// The newest `lld-NN` on offer: `None` before the lists were ever fetched.
pub(super) fn newest_lld() -> Option<u32> {
    let mut search = process::command("apt-cache");
    search.args(["search", "--names-only", "^lld-[0-9]+$"]);
    process::output_of(&mut search)?
        .lines()
        .filter_map(lld_number)
        .max()
}

fn lld_number(line: &str) -> Option<u32> {
    line.split_whitespace()
        .next()?
        .strip_prefix("lld-")?
        .parse()
        .ok()
}

/// Makes sure that there are package lists to look things up in: new ones where that needs nobody's leave.
pub(super) fn look_up(setup: &Setup) -> Result<()> {
    if geteuid().is_root() || newest_lld().is_none() {
        refresh(setup)?;
    }
    Ok(())
}

/// Fetches the package lists, once a run.
fn refresh(setup: &Setup) -> Result<()> {
    if setup.lists_are_fresh.get() {
        return Ok(());
    }
    let usual = Duration::from_secs(10);
    as_root(setup, "package lists", usual, &["apt-get", "update"])?;
    setup.lists_are_fresh.set(true);
    Ok(())
}

/// Installs packages that are not there yet.
pub(super) fn install(
    setup: &Setup,
    name: &str,
    usual: Duration,
    packages: &[String],
) -> Result<()> {
    let packages = not_installed(packages);
    if packages.is_empty() {
        return Ok(());
    }
    let install = format!(
        "DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends {}",
        packages.join(" ")
    );
    if geteuid().is_root() {
        refresh(setup)?;
        return as_root(setup, name, usual, &["sh", "-c", &install]);
    }
    // One command, so that a person who is asked to run it is asked once.
    as_root(
        setup,
        name,
        usual,
        &["sh", "-c", &format!("apt-get update && {install}")],
    )
}

/// Runs a command as root. Without being root it is shown, and run by sudo only after an explicit yes.
pub(super) fn as_root(setup: &Setup, name: &str, usual: Duration, line: &[&str]) -> Result<()> {
    let [program, arguments @ ..] = line else {
        return Err(Failure::message("no command to run as root"));
    };
    if geteuid().is_root() {
        let mut command = process::command(program);
        return setup.run(name, usual, "apt", command.args(arguments));
    }
    let shown = format!("sudo {}", shell_line(line));
    let stop = || {
        Failure::Message(format!(
            "{name} needs root. Run this, then try again:\n\n  {shown}"
        ))
    };
    if on_path("sudo").is_none() || !progress::terminal() {
        return Err(stop());
    }
    println!("  {name} needs root:\n    {shown}");
    if !progress::ask("Run it now?")? {
        return Err(stop());
    }
    // sudo asks for the password on the terminal, so it keeps this process's group and input.
    let mut sudo = process::command("sudo");
    sudo.args(line).stdin(std::process::Stdio::inherit());
    match sudo.status() {
        Ok(status) if status.success() => Ok(()),
        _ => Err(stop()),
    }
}

fn shell_line(line: &[&str]) -> String {
    let plain = |word: &str| {
        word.chars()
            .all(|letter| letter.is_ascii_alphanumeric() || "-_./=:+".contains(letter))
    };
    let quoted = line.iter().map(|word| match plain(word) {
        true => (*word).to_owned(),
        false => format!("'{}'", word.replace('\'', r"'\''")),
    });
    quoted.collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lld_packages_are_told_from_others() {
        assert_eq!(lld_number("lld-22 - LLVM-based linker"), Some(22));
        assert_eq!(lld_number("lld - LLVM-based linker"), None);
        assert_eq!(lld_number("lld-22-dev - x"), None);
    }

    #[test]
    fn a_shown_command_can_be_pasted() {
        assert_eq!(
            shell_line(&["sh", "-c", "cp a b && it's"]),
            r"sh -c 'cp a b && it'\''s'"
        );
        assert_eq!(
            shell_line(&["apt-get", "install", "-y", "lld-22"]),
            "apt-get install -y lld-22"
        );
    }
}
