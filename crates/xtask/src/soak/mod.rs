//! `cargo xtask soak`: the long versions of tests. Each has a short form, which is what runs without options.

pub(crate) mod fuzz;
mod long;

use crate::failure::{Failure, Result};
use crate::setup::{self, Scope};
use crate::workspace::Workspace;

/// The options of `soak`.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct SoakOptions {
    /// The soak, then which parts of it; nothing for all of them.
    pub words: Vec<String>,
    /// How long each part goes on, in minutes; how much stream is fed.
    pub minutes: Option<u64>,
    /// After how many inputs each part ends, if that is sooner; how often is killed.
    pub runs: Option<u64>,
    /// Keep the results in the repository.
    pub record: bool,
    /// A file to try once instead.
    pub replay: Option<String>,
    /// Install without asking.
    pub yes: bool,
}

/// The names of all soaks.
const NAMES: [&str; 4] = ["fuzz", "kills", "edge-kills", "memory"];

/// Runs the soak that is named, or all of them.
pub(crate) fn command(workspace: &Workspace, options: &SoakOptions) -> Result<()> {
    let (names, parts) = match options.words.split_first() {
        None => (&NAMES[..], &[][..]),
        Some((name, parts)) => {
            let Some(known) = NAMES.iter().position(|known| known == name) else {
                let known = NAMES.join(" ");
                return Err(Failure::Message(format!(
                    "no soak {name:?}; there are {known}"
                )));
            };
            (&NAMES[known..=known], parts)
        }
    };
    for name in names {
        match *name {
            "kills" => long::kills(workspace, options)?,
            "edge-kills" => long::edge_kills(workspace, options)?,
            "memory" => long::memory(workspace, options)?,
            _ => {
                setup::ready(workspace, Scope::Soak, options.yes)?;
                fuzz::run(workspace, parts, options)?;
            }
        }
    }
    Ok(())
}
