//! The suites: their names, order and budgets.

use std::time::Duration;

use crate::failure::{Failure, Result};

/// A set of tests with its budget.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Suite {
    /// `cargo xtask check`, each part a test.
    Check,
    /// Every Rust test, on the host.
    Unit,
    /// The unit tests of the pure crates as wasm32 code, in Node.
    Wasm,
    /// What the `livetape` command writes, read by other readers and played in browsers.
    Outputs,
    /// Building what the next ones run.
    Build,
    /// The Worker by HTTP, in wrangler's runtime with a fresh store.
    Edge,
    /// The pages in a headless browser, against that edge; and what else is in `tests/`.
    EndToEnd,
    /// Pages, workers and browsers that end while they tape, storage that is full or damaged, memory
    /// over hours.
    Crash,
    /// What `cargo xtask demo --headless-check` does, with a fresh store.
    Demo,
}

const ALL: [Suite; 9] = [
    Suite::Check,
    Suite::Unit,
    Suite::Wasm,
    Suite::Outputs,
    Suite::Build,
    Suite::Edge,
    Suite::EndToEnd,
    Suite::Crash,
    Suite::Demo,
];

impl Suite {
    /// What it is called on the command line.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Check => "check",
            Self::Unit => "unit",
            Self::Wasm => "wasm",
            Self::Outputs => "outputs",
            Self::Build => "build",
            Self::Edge => "edge",
            Self::EndToEnd => "e2e",
            Self::Crash => "crash",
            Self::Demo => "demo",
        }
    }

    /// How long it may take.
    pub(super) fn budget(self) -> Duration {
        let minutes = match self {
            // These compile everything where nothing is compiled yet.
            Self::Check | Self::Unit => 12,
            Self::Build => 10,
            // Compiles the command where nothing is compiled yet.
            Self::Outputs => 5,
            // Players play a live source at the speed of time.
            Self::EndToEnd => 10,
            // Waits for alarms, and starts edges of its own.
            Self::Edge => 10,
            Self::Wasm | Self::Crash | Self::Demo => 3,
        };
        Duration::from_secs(60 * minutes)
    }

    /// True when it runs what [`Suite::Build`] builds.
    pub(super) fn needs_build(self) -> bool {
        matches!(self, Self::Edge | Self::EndToEnd | Self::Crash | Self::Demo)
    }
}

/// The suites with those names in their usual order, with the build where one needs it.
pub(super) fn chosen(names: &[String]) -> Result<Vec<Suite>> {
    let known = |name: &String| ALL.iter().any(|suite| suite.name() == name);
    if let Some(unknown) = names.iter().find(|name| !known(name)) {
        let known: Vec<_> = ALL.iter().map(|suite| suite.name()).collect();
        return Err(Failure::Message(format!(
            "no suite {unknown:?}; there are {}",
            known.join(" ")
        )));
    }
    let named = |suite: &Suite| names.is_empty() || names.iter().any(|name| suite.name() == name);
    let build = ALL.iter().any(|suite| named(suite) && suite.needs_build());
    Ok(ALL
        .into_iter()
        .filter(|suite| named(suite) || (build && *suite == Suite::Build))
        .collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(suites: &str) -> Vec<String> {
        suites.split_whitespace().map(str::to_owned).collect()
    }

    #[test]
    fn named_suites_run_in_their_order_with_the_build_they_need() {
        let both = chosen(&names("edge unit")).expect("known suites");
        assert_eq!(both, [Suite::Unit, Suite::Build, Suite::Edge]);
        assert_eq!(
            chosen(&names("check")).expect("a known suite"),
            [Suite::Check]
        );
        assert_eq!(chosen(&[]).expect("all"), ALL);
    }

    #[test]
    fn an_unknown_suite_is_refused_with_the_known_ones() {
        let failure = chosen(&names("unti")).expect_err("a slip");
        assert!(failure.to_string().contains("unit"));
    }
}
