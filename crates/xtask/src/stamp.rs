//! Stamps: a hash of what went into a step, written when the step is done, so that it is not done again.

use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};

use sha2::{Digest, Sha256};

use crate::failure::{Explain, Result};

/// Folders that hold results, never sources.
const RESULTS: [&str; 4] = ["node_modules", "dist", "target", ".wrangler"];

/// Gathers what a step depends on.
#[derive(Default)]
pub(crate) struct Inputs(Sha256);

impl Inputs {
    /// Adds a fact, such as a tool's version.
    pub(crate) fn fact(&mut self, text: &str) {
        self.0.update(text.len().to_le_bytes());
        self.0.update(text);
    }

    /// Adds a file, or all files under a folder, by path and content. What is not there is a fact too.
    pub(crate) fn path(&mut self, path: &Path) -> Result<()> {
        self.fact(&path.to_string_lossy());
        if path.is_dir() {
            for entry in sorted(path)? {
                let name = entry.file_name().unwrap_or_default().to_string_lossy();
                if !(entry.is_dir() && RESULTS.contains(&name.as_ref())) {
                    self.path(&entry)?;
                }
            }
        } else if path.is_file() {
            let content = fs::read(path).explain(|| format!("cannot read {}", path.display()))?;
            self.0.update(content.len().to_le_bytes());
            self.0.update(content);
        }
        Ok(())
    }

    /// The hash of all that was added.
    pub(crate) fn hash(self) -> String {
        hex(&self.0.finalize())
    }
}

fn sorted(folder: &Path) -> Result<Vec<PathBuf>> {
    let doing = || format!("cannot list {}", folder.display());
    let mut entries = Vec::new();
    for entry in fs::read_dir(folder).explain(doing)? {
        entries.push(entry.explain(doing)?.path());
    }
    entries.sort();
    Ok(entries)
}

/// Lower-case hexadecimal digits.
pub(crate) fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// True when the stamp holds this hash.
pub(crate) fn holds(stamp: &Path, hash: &str) -> bool {
    fs::read_to_string(stamp).is_ok_and(|text| text.trim() == hash)
}

/// Writes a file whole or not at all, so that an interrupted run leaves none that looks done.
pub(crate) fn write(path: &Path, content: &str) -> Result<()> {
    let doing = || format!("cannot write {}", path.display());
    if let Some(folder) = path.parent() {
        fs::create_dir_all(folder).explain(doing)?;
    }
    let unfinished = path.with_extension("unfinished");
    let mut file = fs::File::create(&unfinished).explain(doing)?;
    file.write_all(content.as_bytes()).explain(doing)?;
    file.sync_all().explain(doing)?;
    fs::rename(&unfinished, path).explain(doing)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hash_of(folder: &Path) -> String {
        let mut inputs = Inputs::default();
        inputs.path(folder).expect("a readable folder");
        inputs.hash()
    }

    #[test]
    fn a_changed_source_changes_the_hash_and_a_result_does_not() {
        let folder = std::env::temp_dir().join(format!("livetape-stamp-{}", std::process::id()));
        fs::create_dir_all(folder.join("dist")).expect("a temporary folder");
        write(&folder.join("a.rs"), "one").expect("a written file");
        let first = hash_of(&folder);
        write(&folder.join("dist/a.js"), "made").expect("a written file");
        assert_eq!(hash_of(&folder), first);
        write(&folder.join("a.rs"), "two").expect("a written file");
        assert_ne!(hash_of(&folder), first);
        fs::remove_dir_all(&folder).expect("the folder goes again");
    }

    #[test]
    fn facts_do_not_run_together() {
        let (mut one, mut two) = (Inputs::default(), Inputs::default());
        one.fact("ab");
        one.fact("c");
        two.fact("a");
        two.fact("bc");
        assert_ne!(one.hash(), two.hash());
    }
}
