//! `cargo xtask demo`: the edge with a live page to record from.

use std::path::PathBuf;
use std::process::Command;
use std::time::{Duration, Instant};

use crate::arguments::{DemoOptions, free_port};
use crate::edge::{Edge, Source};
use crate::failure::{Explain, Failure, Result};
use crate::process::{self, Group, Output};
use crate::setup::{self, Scope};
use crate::workspace::Workspace;
use crate::{build, interrupt};

/// The port that is tried first.
const PORT: u16 = 8787;

/// Sets up, builds, starts, and stays until Ctrl-C; or lets a headless browser try it and ends.
pub(crate) fn command(workspace: &Workspace, options: &DemoOptions) -> Result<()> {
    let started = Instant::now();
    let scope = if options.headless_check {
        Scope::HeadlessCheck
    } else {
        Scope::Demo
    };
    setup::ready(workspace, scope, options.yes)?;
    build::all(workspace, None)?;
    let port = free_port(options.port.unwrap_or(PORT))?;
    let store = workspace.state().join("edge");
    let mut edge = Edge::start(workspace, port, &store)?;
    edge.seed(workspace, &store)?;
    println!(
        "livetape is at {}  (ready after {:.1} s)\n",
        edge.address(),
        started.elapsed().as_secs_f64()
    );
    if options.headless_check {
        return headless_check(workspace, &edge);
    }
    println!("  a live page, MPEG-TS:         {}/", edge.address());
    println!(
        "  the same, fragmented MP4:     {}/?source=fmp4",
        edge.address()
    );
    println!("\nPress Ctrl-C to stop.");
    stay(&mut edge)
}

fn stay(edge: &mut Edge) -> Result<()> {
    loop {
        if interrupt::requested() {
            println!("\nStopped.");
            return Ok(());
        }
        edge.still_running()?;
        std::thread::sleep(Duration::from_millis(100));
    }
}

/// Runs the headless check against a running edge; its output is shown as it is.
fn headless_check(workspace: &Workspace, edge: &Edge) -> Result<()> {
    let mut check = check_program(workspace, edge)?;
    let status = Group::start(&mut check, Output::Shown)?.wait(None, || {})?;
    match status.code() {
        Some(0) => Ok(()),
        code => Err(Failure::Exit(
            code.and_then(|code| u8::try_from(code).ok()).unwrap_or(1),
        )),
    }
}

/// The program that tries the demo as a person would.
pub(crate) fn check_program(workspace: &Workspace, edge: &Edge) -> Result<Command> {
    workspace.require("tests/check/demo-check.ts")?;
    let mut check = process::command(setup::node(workspace)?);
    check.arg("tests/check/demo-check.ts");
    for (name, value) in test_environment(workspace, edge)? {
        check.env(name, value);
    }
    check.current_dir(&workspace.root);
    Ok(check)
}

/// What a test program is told about the edge, the browsers and the media files.
pub(crate) fn test_environment(
    workspace: &Workspace,
    edge: &Edge,
) -> Result<Vec<(&'static str, PathBuf)>> {
    let source = Source::of(workspace)?;
    let mut environment = programs_environment(workspace)?;
    environment.extend([
        ("LIVETAPE_EDGE", PathBuf::from(edge.address())),
        ("LIVETAPE_API_KEY", PathBuf::from(&edge.api_key)),
        ("LIVETAPE_DEMO", PathBuf::from(source.broadcast)),
    ]);
    Ok(environment)
}

/// What a test program is told about the browsers and the media files.
pub(crate) fn programs_environment(workspace: &Workspace) -> Result<Vec<(&'static str, PathBuf)>> {
    let path = PathBuf::from(setup::in_path(&[setup::node(workspace)?])?);
    let mut environment = vec![("PATH", path)];
    environment.extend(setup::chromium().map(|path| ("LIVETAPE_CHROMIUM", path)));
    environment.extend(setup::firefox().map(|path| ("LIVETAPE_FIREFOX", path)));
    environment.extend(setup::webkit().map(|path| ("LIVETAPE_WEBKIT", path)));
    if let Some(folder) = setup::media_folder(workspace) {
        let folder = folder.canonicalize().explain(|| "the media folder")?;
        environment.push(("LIVETAPE_MEDIA", folder));
    }
    Ok(environment)
}
