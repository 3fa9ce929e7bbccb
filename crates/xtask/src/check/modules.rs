//! What the browser's modules must not tell: where on which machine they were built.

use std::env;
use std::fs;
use std::path::PathBuf;

use crate::failure::{Explain, Result};
use crate::setup;

/// A sentence for each module that has a path of this user's home, or of cargo's, in it.
pub(super) fn paths_in(modules: &[(&str, PathBuf)]) -> Result<Vec<String>> {
    let places = [env::home_dir(), setup::cargo_home()];
    let places: Vec<_> = places
        .into_iter()
        .flatten()
        .map(|place| format!("{}/", place.display()).into_bytes())
        .collect();
    let mut findings = Vec::new();
    for (name, path) in modules {
        let module = fs::read(path).explain(|| format!("cannot read {}", path.display()))?;
        if places.iter().any(|place| has(&module, place)) {
            findings.push(format!("{name}: has a path of this machine in it"));
        }
    }
    Ok(findings)
}

fn has(bytes: &[u8], wanted: &[u8]) -> bool {
    bytes.windows(wanted.len()).any(|window| window == wanted)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_is_found_wherever_it_is() {
        assert!(has(b"x/home/a/.cargo/registry", b"/home/a/"));
        assert!(!has(b"registry/js-sys", b"/home/a/"));
    }
}
