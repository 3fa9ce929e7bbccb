//! The tables: what each file of the fixtures is, streams of several files, and exceptions.

use std::collections::BTreeMap;

/// What becomes of a media file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Class {
    /// It is remuxed and compared, after its init segment where it needs one.
    Remuxed { init: Option<String> },
    /// It has no samples; others are read after it.
    Init,
    /// The command refuses it with this code, for what is wrong with it.
    Refused { code: String, init: Option<String> },
    /// It is of a format that is not read; the command refuses it with this code.
    Out { code: String },
}

/// A stream of several files.
#[derive(Debug)]
pub(crate) struct Stream {
    pub(crate) name: String,
    /// What the command is given.
    pub(crate) inputs: Vec<String>,
    /// For each base of time, for each lane, the files to be read one after another.
    pub(crate) epochs: Vec<Vec<Vec<String>>>,
}

/// Rows of a table: columns between `|`, without lines that are empty or begin with `#`.
fn rows(table: &str) -> impl Iterator<Item = Vec<&str>> {
    let lines = table.lines().map(str::trim);
    let lines = lines.filter(|line| !line.is_empty() && !line.starts_with('#'));
    lines.map(|line| line.split('|').map(str::trim).collect())
}

/// Every media file of the fixtures.
pub(crate) fn files() -> BTreeMap<String, Class> {
    let mut files = BTreeMap::new();
    for columns in rows(include_str!("files.txt")) {
        let [path, class, code, init, why] = columns[..] else {
            panic!("files.txt: a row is `path | class | code | after | why`: {columns:?}");
        };
        let code = code.to_owned();
        let init = (!init.is_empty()).then(|| init.to_owned());
        let class = match class {
            "remuxed" => Class::Remuxed { init },
            "init" => Class::Init,
            "refused" => Class::Refused { code, init },
            "out" => Class::Out { code },
            other => panic!("files.txt: {path} is of no known class: {other}"),
        };
        let plain = matches!(class, Class::Init | Class::Remuxed { .. });
        assert!(plain || !why.is_empty(), "files.txt says why of {path}");
        let before = files.insert(path.to_owned(), class);
        assert_eq!(before, None, "files.txt lists {path} twice");
    }
    files
}

/// Streams made of several files.
pub(crate) fn streams() -> Vec<Stream> {
    let lane = |lane: &str| lane.split_whitespace().flat_map(numbered).collect();
    let remuxed = stream_rows().filter(|(_, _, files)| !files.starts_with("refused "));
    let stream = |(name, inputs, files): (&str, Vec<String>, &'static str)| Stream {
        name: name.to_owned(),
        inputs,
        epochs: files
            .split(" then ")
            .map(|epoch| epoch.split(" and ").map(lane).collect())
            .collect(),
    };
    remuxed.map(stream).collect()
}

/// What the command is given of streams that it refuses, and with which code.
pub(crate) fn refused_streams() -> impl Iterator<Item = (Vec<String>, String)> {
    stream_rows().filter_map(|(_, inputs, files)| {
        let code = files.strip_prefix("refused ")?;
        Some((inputs, code.to_owned()))
    })
}

/// Name, inputs and files.
fn stream_rows() -> impl Iterator<Item = (&'static str, Vec<String>, &'static str)> {
    rows(include_str!("streams.txt")).map(|columns| {
        let [name, inputs, files] = columns[..] else {
            panic!("streams.txt: a row is `name | inputs | files`: {columns:?}");
        };
        let inputs = inputs.split_whitespace().flat_map(numbered);
        (name, inputs.collect(), files)
    })
}

/// `a{1..3}b` is `a1b`, `a2b`, `a3b`.
fn numbered(pattern: &str) -> Vec<String> {
    let parts = pattern.split_once('{').and_then(|(before, rest)| {
        let (range, after) = rest.split_once('}')?;
        let (first, last) = range.split_once("..")?;
        Some((
            before,
            first.parse::<u64>().ok()?,
            last.parse().ok()?,
            after,
        ))
    });
    match parts {
        None => vec![pattern.to_owned()],
        Some((before, first, last, after)) => (first..=last)
            .map(|number| format!("{before}{number}{after}"))
            .collect(),
    }
}

/// A difference that is known and explained.
#[derive(Debug)]
pub(crate) struct Exception {
    /// The file or stream.
    pub(crate) name: &'static str,
    pub(crate) difference: &'static str,
    /// Who reads the source as the command does.
    pub(crate) reader: &'static str,
}

/// All exceptions, in the table's order.
pub(crate) fn exceptions() -> Vec<Exception> {
    let explained = |columns: Vec<&'static str>| {
        let [name, difference, clause, reader, why] = columns[..] else {
            panic!(
                "exceptions.txt: a row is `file | difference | clause | reader | why`: {columns:?}"
            );
        };
        let is_full = [clause, reader, why].iter().all(|text| !text.is_empty());
        assert!(is_full, "{name}: an exception says why");
        Exception {
            name,
            difference,
            reader,
        }
    };
    rows(include_str!("exceptions.txt"))
        .map(explained)
        .collect()
}
