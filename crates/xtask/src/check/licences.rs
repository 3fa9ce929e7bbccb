//! The licences of what we depend on: SPDX expressions (SPDX specification 2.3, annex D) against a list.

use std::fs;
use std::path::Path;

use serde_json::Value;

use super::packages::Packages;
use crate::failure::{Explain, Result};
use crate::setup;
use crate::workspace::Workspace;

/// Licences that any dependency may have.
const ALLOWED: [&str; 16] = [
    "0BSD",
    "Apache-2.0",
    "BSD-2-Clause",
    "BSD-3-Clause",
    "BSL-1.0",
    "BlueOak-1.0.0",
    "CC-BY-3.0",
    "CC-BY-4.0",
    "CC0-1.0",
    "ISC",
    "MIT",
    "MIT-0",
    "Python-2.0",
    "Unicode-3.0",
    "Unlicense",
    "Zlib",
];

/// How the names of packages with another licence start, and that licence.
/// They are tools that run on the developer's machine; nothing of them is shipped.
const EXCEPTIONS: [(&str, &str); 10] = [
    // Pictures in wrangler's local runtime.
    ("@img/sharp-libvips-", "LGPL-3.0-or-later"),
    (
        "@img/sharp-wasm32",
        "Apache-2.0 AND LGPL-3.0-or-later AND MIT",
    ),
    ("@img/sharp-win32-", "Apache-2.0 AND LGPL-3.0-or-later"),
    // Drives the fuzz targets; NCSA is LLVM's licence before Apache-2.0.
    ("libfuzzer-sys", "(MIT OR Apache-2.0) AND NCSA"),
    // Looks in tests for what would keep people from using the element.
    ("axe-core", "MPL-2.0"),
    // Style sheets in Vite, which the package is tried with.
    ("lightningcss", "MPL-2.0"),
    // Reads our MP4 files in tests.
    ("mediabunny", "MPL-2.0"),
    // Runs beside ours in the bench.
    ("@ffmpeg/core", "GPL-2.0-or-later"),
    // MIT, which its manifest says in an old way; comes with mux.js, which reads beside ours in tests.
    ("dom-walk", "no licence"),
    // MIT, which its text alone says; comes with tus-js-client, which uploads to the edge in tests.
    ("combine-errors", "no licence"),
];

/// One sentence for each crate with a licence that is not on the list.
pub(super) fn of_crates(packages: &Packages) -> Result<Vec<String>> {
    let others = packages.all().filter(|package| !package.ours);
    Ok(others
        .filter_map(|package| finding(&package.name, &package.version, package.licence.as_deref()))
        .collect())
}

/// The same for the packages in the npm lock files.
pub(super) fn of_npm_packages(workspace: &Workspace) -> Result<Vec<String>> {
    let mut findings = Vec::new();
    for folder in setup::package_folders() {
        let folder = workspace.root.join(folder);
        let lock = folder.join("package-lock.json");
        if !lock.exists() {
            continue;
        }
        let doing = || format!("cannot read {}", lock.display());
        let text = fs::read_to_string(&lock).explain(doing)?;
        let value: Value = serde_json::from_str(&text).explain(doing)?;
        for (place, package) in value["packages"].as_object().into_iter().flatten() {
            if place.is_empty() {
                continue;
            }
            let name = place.rsplit("node_modules/").next().unwrap_or(place);
            let stated = package["license"].as_str().map(str::to_owned);
            let licence = stated.or_else(|| installed_licence(&folder.join(place)));
            let version = package["version"].as_str().unwrap_or_default();
            findings.extend(finding(name, version, licence.as_deref()));
        }
    }
    Ok(findings)
}

fn installed_licence(folder: &Path) -> Option<String> {
    let text = fs::read_to_string(folder.join("package.json")).ok()?;
    let value: Value = serde_json::from_str(&text).ok()?;
    let licence = &value["license"];
    licence
        .as_str()
        .or_else(|| licence["type"].as_str())
        .map(str::to_owned)
}

fn finding(name: &str, version: &str, licence: Option<&str>) -> Option<String> {
    let licence = licence.unwrap_or("no licence");
    let excepted = EXCEPTIONS
        .iter()
        .any(|(start, of)| name.starts_with(start) && *of == licence);
    if excepted || allowed(licence) {
        return None;
    }
    Some(format!(
        "{name} {version}: {licence} is not on the list of licences"
    ))
}

/// True when the expression can be met with listed licences alone.
fn allowed(expression: &str) -> bool {
    // Old manifests write `/` for OR.
    let spaced = expression
        .replace('/', " OR ")
        .replace('(', " ( ")
        .replace(')', " ) ");
    let mut words = spaced.split_whitespace().peekable();
    let met = either(&mut words);
    met.unwrap_or(false) && words.next().is_none()
}

type Words<'a> = std::iter::Peekable<std::str::SplitWhitespace<'a>>;

fn either(words: &mut Words) -> Option<bool> {
    let mut met = both(words)?;
    while words.next_if_eq(&"OR").is_some() {
        met |= both(words)?;
    }
    Some(met)
}

fn both(words: &mut Words) -> Option<bool> {
    let mut met = licence(words)?;
    while words.next_if_eq(&"AND").is_some() {
        met &= licence(words)?;
    }
    Some(met)
}

fn licence(words: &mut Words) -> Option<bool> {
    let word = words.next()?;
    if word == "(" {
        let met = either(words)?;
        return (words.next()? == ")").then_some(met);
    }
    let met = ALLOWED.contains(&word.trim_end_matches('+'));
    // An exception only ever permits more.
    if words.next_if_eq(&"WITH").is_some() {
        words.next()?;
    }
    Some(met)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn expressions_are_met_by_listed_licences() {
        for expression in [
            "MIT",
            "MIT/Apache-2.0",
            "GPL-2.0 OR MIT",
            "Apache-2.0 WITH LLVM-exception",
            "(MIT OR Apache-2.0) AND Unicode-3.0",
        ] {
            assert!(allowed(expression), "{expression}");
        }
    }

    #[test]
    fn others_are_not() {
        for expression in [
            "GPL-3.0",
            "MIT AND GPL-3.0",
            "(MIT OR Apache-2.0) AND LGPL-3.0",
            "",
            "MIT OR",
            "(MIT",
        ] {
            assert!(!allowed(expression), "{expression}");
        }
    }

    #[test]
    fn a_package_without_a_licence_is_told() {
        assert!(finding("x", "1.0.0", None).is_some_and(|text| text.contains("no licence")));
    }
}
