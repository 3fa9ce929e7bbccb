//! What is told at the end: how long each suite took, what passed, what did not run.

use std::time::Duration;

use super::suite::Suite;
use crate::counting::Tally;
use crate::progress::clock;
use crate::setup;
use crate::workspace::Workspace;

/// How a suite went.
pub(super) struct Outcome {
    pub(super) suite: Suite,
    pub(super) took: Duration,
    pub(super) tally: Tally,
}

/// Prints every suite's time against its budget and what did not run; gives the sums.
pub(super) fn summary(workspace: &Workspace, outcomes: &[Outcome]) -> Tally {
    let mut total = Tally::default();
    println!(
        "\n{:<8}{:>8}{:>9}{:>9}{:>9}{:>9}",
        "suite", "time", "budget", "passed", "failed", "not run"
    );
    for Outcome { suite, took, tally } in outcomes {
        println!(
            "{:<8}{:>8}{:>9}{:>9}{:>9}{:>9}",
            suite.name(),
            clock(*took),
            clock(suite.budget()),
            tally.passed,
            tally.failed,
            tally.not_run.len()
        );
        total.add(tally);
    }
    if setup::media_folder(workspace).is_none() {
        println!("\nThere is no media folder (LIVETAPE_MEDIA, or ../shared/media).");
        if std::env::var_os("LIVETAPE_REQUIRE_MEDIA").is_some_and(|value| value == "1") {
            println!("LIVETAPE_REQUIRE_MEDIA=1 makes that a failure.");
            total.failed += 1;
        }
    }
    if !total.not_run.is_empty() {
        println!("\n{} tests did NOT RUN:", total.not_run.len());
        for reason in &total.not_run {
            println!("  {reason}");
        }
    }
    println!();
    total
}
