//! What came of it: a table for the terminal, and the record in the repository.

use std::collections::BTreeMap;
use std::fs;

use super::session::Outcome;
use crate::failure::{Explain, Result};
use crate::process;
use crate::workspace::Workspace;

/// The record, from the repository's root. What follows its table is written by hand, and stays.
const RECORD: &str = "fuzz/RECORD.md";

const HEADING: &str = "\
# Fuzzing: the last long run of each target

Written by `cargo xtask soak fuzz --record`, with `--minutes` or `--runs`; a target that was not part of the
last run keeps its line. Features are libFuzzer's: edges with how often they were taken, and values compared.
Time and heap are those of the worst single input, in a build with debug assertions and coverage; an input
that takes over 10 s, or more heap than its target allows an input of its length, is a find.

A target has had its share with 10,000,000 inputs or 30 minutes; a line with less says how far it came.

| target | date, versions | inputs | minutes | edges | features | slowest input | most heap of an input | process at most | finds left |
|---|---|---:|---:|---:|---:|---:|---:|---:|---:|
";

/// The results as lines for a person.
pub(super) fn table(outcomes: &[Outcome]) -> String {
    let mut text = format!(
        "{:<14}{:>12}{:>9}{:>9}{:>12}{:>12}{:>10}\n",
        "target", "inputs", "seconds", "features", "slowest", "most heap", "finds"
    );
    for Outcome {
        target,
        took,
        seen,
        find,
    } in outcomes
    {
        text += &format!(
            "{:<14}{:>12}{:>9}{:>9}{:>9} ms{:>9} kB{:>10}\n",
            target.name,
            seen.inputs,
            took.as_secs(),
            seen.features,
            seen.slowest_micros / 1000,
            seen.most_heap / 1000,
            usize::from(find.is_some()),
        );
    }
    text
}

/// Puts the results into the record.
pub(super) fn keep(workspace: &Workspace, outcomes: &[Outcome], versions: &str) -> Result<()> {
    let before = workspace.text(RECORD);
    let mut rows = rows(&before);
    for outcome in outcomes {
        rows.insert(outcome.target.name.clone(), row(outcome, versions));
    }
    let table = rows
        .values()
        .fold(HEADING.to_owned(), |text, row| text + row + "\n");
    let text = table + by_hand(&before);
    fs::write(workspace.root.join(RECORD), text).explain(|| format!("cannot write {RECORD}"))?;
    println!("\nkept in {RECORD}");
    Ok(())
}

/// What follows the table.
fn by_hand(record: &str) -> &str {
    let at = record.find("\n## ");
    at.and_then(|at| record.get(at..)).unwrap_or_default()
}

/// The rows of a record, by target.
fn rows(record: &str) -> BTreeMap<String, String> {
    let table = record.strip_suffix(by_hand(record)).unwrap_or(record);
    let rows = table.lines().filter_map(|line| {
        let (name, _) = line.strip_prefix("| `")?.split_once('`')?;
        Some((name.to_owned(), line.to_owned()))
    });
    rows.collect()
}

fn row(outcome: &Outcome, versions: &str) -> String {
    let Outcome {
        target,
        took,
        seen,
        find,
    } = outcome;
    format!(
        "| `{}` | {versions} | {} | {:.1} | {} | {} | {:.1} ms | {} kB | {} MB | {} |",
        target.name,
        seen.inputs,
        took.as_secs_f64() / 60.0,
        seen.edges,
        seen.features,
        seen.slowest_micros as f64 / 1000.0,
        seen.most_heap / 1000,
        seen.peak_mb,
        u8::from(find.is_some()),
    )
}

/// The date, and the versions of everything; to be asked when the program is built.
pub(super) fn versions(workspace: &Workspace) -> String {
    let said = |program: &str, arguments: &[&str]| {
        let mut command = process::command(program);
        command.args(arguments).current_dir(&workspace.root);
        let said = process::output_of(&mut command).unwrap_or_default();
        said.trim().to_owned()
    };
    let date = said("date", &["-u", "+%Y-%m-%d"]);
    let commit = said("git", &["rev-parse", "--short", "HEAD"]);
    let compiler = said("rustc", &["--version"]);
    let compiler = compiler.split(" (").next().unwrap_or_default().to_owned();
    let lock = workspace.text("Cargo.lock");
    let fuzzer = lock.split("name = \"libfuzzer-sys\"\nversion = \"").nth(1);
    let fuzzer = fuzzer
        .and_then(|rest| rest.split('"').next())
        .unwrap_or("?");
    format!("{date}, {commit}, {compiler}, libfuzzer-sys {fuzzer}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_are_found_again() {
        let found = "\n## Found\n\n| `aac` | what |\n";
        let record = format!("{HEADING}| `aac` | today | 7 |\n| `h264` | today | 8 |\n{found}");
        assert_eq!(by_hand(&record), found);
        let rows = rows(&record);
        let names: Vec<_> = rows.keys().map(String::as_str).collect();
        assert_eq!(names, ["aac", "h264"]);
        assert_eq!(rows["aac"], "| `aac` | today | 7 |");
    }
}
