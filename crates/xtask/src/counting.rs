//! How many tests passed, failed and did not run, read from what the test programs print.

/// The result of some tests.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Tally {
    /// Tests that ran and were content.
    pub passed: u64,
    /// Tests that were not.
    pub failed: u64,
    /// One line for each test that did not run, with the reason.
    pub not_run: Vec<String>,
}

impl Tally {
    /// Adds the results of further tests.
    pub(crate) fn add(&mut self, other: &Self) {
        self.passed += other.passed;
        self.failed += other.failed;
        self.not_run.extend_from_slice(&other.not_run);
    }
}

/// Which program's output is read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Dialect {
    /// `cargo test -- --show-output`: a test that cannot run says `NOT RUN: <test>: <why>` and passes.
    Cargo,
    /// `node --test`, its `spec` or `tap` reporter: a test that cannot run is skipped.
    Node,
}

/// Reads a program's output line by line.
#[derive(Debug)]
pub(crate) struct Counter {
    dialect: Dialect,
    tally: Tally,
    among_outputs: bool,
    /// Tests whose harness will count them as passed in its next result line.
    passed_without_running: u64,
}

impl Counter {
    /// Nothing counted yet.
    pub(crate) fn new(dialect: Dialect) -> Self {
        Self {
            dialect,
            tally: Tally::default(),
            among_outputs: false,
            passed_without_running: 0,
        }
    }

    /// What was counted so far.
    pub(crate) fn tally(&self) -> &Tally {
        &self.tally
    }

    /// Takes in a line; true when a person wants to see it.
    pub(crate) fn line(&mut self, line: &str) -> bool {
        match self.dialect {
            Dialect::Cargo => self.cargo_line(line),
            Dialect::Node => self.node_line(line),
        }
    }

    fn cargo_line(&mut self, line: &str) -> bool {
        if let Some(result) = line.strip_prefix("test result: ") {
            let passed = number_before(result, " passed");
            self.tally.passed +=
                passed.saturating_sub(std::mem::take(&mut self.passed_without_running));
            self.tally.failed += number_before(result, " failed");
            for _ in 0..number_before(result, " ignored") {
                self.tally
                    .not_run
                    .push("a Rust test marked `ignore`".to_owned());
            }
            self.among_outputs = false;
            return true;
        }
        if let Some(reason) = line.strip_prefix("NOT RUN: ") {
            self.passed_without_running += 1;
            self.tally.not_run.push(reason.to_owned());
            return false;
        }
        match line.trim_end() {
            "successes:" => self.among_outputs = true,
            "failures:" => self.among_outputs = false,
            _ => {}
        }
        let dull = [
            "   Compiling ",
            "  Downloaded ",
            " Downloading ",
            "running ",
        ];
        let passed = line.starts_with("test ") && line.ends_with("... ok");
        !self.among_outputs
            && !passed
            && !line.trim().is_empty()
            && !dull.iter().any(|start| line.starts_with(start))
    }

    fn node_line(&mut self, line: &str) -> bool {
        let bare = line.trim_start();
        if let Some(summary) = line.strip_prefix("ℹ ").or_else(|| line.strip_prefix("# ")) {
            let mut words = summary.split_whitespace();
            let (name, number) = (
                words.next(),
                words.next().and_then(|word| word.parse::<u64>().ok()),
            );
            match (name, number) {
                (Some("pass"), Some(number)) => self.tally.passed += number,
                (Some("fail" | "cancelled"), Some(number)) => self.tally.failed += number,
                _ => {}
            }
        }
        if let Some(skipped) = bare.strip_prefix('﹣') {
            self.tally.not_run.push(skipped.trim().to_owned());
        }
        true
    }
}

/// The number that stands before `word` in `17 passed; 0 failed; ...`.
fn number_before(text: &str, word: &str) -> u64 {
    let before = text.split(word).next().unwrap_or_default();
    if before.len() == text.len() {
        return 0;
    }
    before
        .rsplit(' ')
        .next()
        .and_then(|number| number.parse().ok())
        .unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn counted(dialect: Dialect, output: &str) -> Tally {
        let mut counter = Counter::new(dialect);
        for line in output.lines() {
            counter.line(line);
        }
        counter.tally().clone()
    }

    #[test]
    fn results_of_all_programs_of_a_cargo_run_add_up() {
        let tally = counted(
            Dialect::Cargo,
            "running 2 tests\ntest a ... ok\n\
             test result: ok. 2 passed; 0 failed; 0 ignored; 0 measured; 0 filtered out\n\
             test result: FAILED. 16 passed; 1 failed; 2 ignored; 0 measured; 0 filtered out\n",
        );
        assert_eq!(
            (tally.passed, tally.failed, tally.not_run.len()),
            (18, 1, 2)
        );
    }

    #[test]
    fn a_rust_test_that_did_not_run_has_not_passed() {
        let tally = counted(
            Dialect::Cargo,
            "successes:\n\n---- fixtures stdout ----\nNOT RUN: fixtures: no media folder\n\n\
             test result: ok. 3 passed; 0 failed; 0 ignored; 0 measured; 0 filtered out\n",
        );
        assert_eq!((tally.passed, tally.failed), (2, 0));
        assert_eq!(tally.not_run, ["fixtures: no media folder"]);
    }

    #[test]
    fn only_what_matters_is_shown() {
        let mut counter = Counter::new(Dialect::Cargo);
        assert!(!counter.line("   Compiling serde v1.0.0"));
        assert!(!counter.line("test a::b ... ok"));
        assert!(counter.line("test a::c ... FAILED"));
        counter.line("successes:");
        assert!(!counter.line("chatter of a test that passed"));
        counter.line("failures:");
        assert!(counter.line("---- a::c stdout ----"));
    }

    #[test]
    fn both_reporters_of_node_are_read() {
        let spec = counted(
            Dialect::Node,
            "✔ one (1ms)\n﹣ two (0.1ms) # no media folder\nℹ tests 3\nℹ pass 1\nℹ fail 1\nℹ skipped 1\n",
        );
        assert_eq!((spec.passed, spec.failed), (1, 1));
        assert_eq!(spec.not_run, ["two (0.1ms) # no media folder"]);
        let tap = counted(Dialect::Node, "ok 1 - one\n# tests 1\n# pass 1\n# fail 0\n");
        assert_eq!((tap.passed, tap.failed), (1, 0));
    }
}
