//! Lock files and the rest of the tree name no registry: they serve everywhere, behind any mirror.

use std::fs;

use crate::failure::{Explain, Result};
use crate::process;
use crate::setup;
use crate::workspace::Workspace;

/// Hosts of registries, in pieces so that this file does not name them itself.
const HOSTS: [&[&str]; 7] = [
    &["registry", "npmjs", "org"],
    &["registry", "yarnpkg", "com"],
    &["static", "crates", "io"],
    &["index", "crates", "io"],
    &["deb", "debian", "org"],
    &["files", "pythonhosted", "org"],
    &["proxy", "golang", "org"],
];

/// One sentence for each npm lock file with addresses, and for each tracked file that names a registry's host.
pub(super) fn problems(workspace: &Workspace) -> Result<Vec<String>> {
    let mut findings = Vec::new();
    for folder in setup::package_folders() {
        let lock = workspace.root.join(folder).join("package-lock.json");
        if !lock.exists() {
            continue;
        }
        let text = fs::read_to_string(&lock).explain(|| lock.display().to_string())?;
        if text.contains("\"resolved\": \"http") {
            findings.push(format!(
                "{folder}/package-lock.json has \"resolved\" addresses"
            ));
        }
    }
    let mut search = process::command("git");
    search
        .args(["grep", "--untracked", "-I", "-l", "-i", "-F"])
        .current_dir(&workspace.root);
    for host in HOSTS {
        search.args(["-e", &host.join(".")]);
    }
    // git ends with 1 when nothing is found, which is the good case and gives no output.
    let found = process::output_of(&mut search).unwrap_or_default();
    findings.extend(
        found
            .lines()
            .map(|file| format!("{file} names a registry's host")),
    );
    Ok(findings)
}
