//! Programs that only checks and tests need: Chromium, ffmpeg, ffprobe; and the media files.

use std::env;
use std::path::{Path, PathBuf};
use std::time::Duration;

use super::{Scope, Setup, State, Step, debian};
use crate::failure::{Failure, Result};
use crate::workspace::{Workspace, on_path};

/// The browser: LIVETAPE_CHROMIUM, or one of the usual names and places.
pub(crate) fn chromium() -> Option<PathBuf> {
    if let Some(path) = env::var_os("LIVETAPE_CHROMIUM") {
        return Some(PathBuf::from(path)).filter(|path| path.is_file());
    }
    let names = [
        "chromium",
        "chromium-browser",
        "google-chrome-stable",
        "google-chrome",
    ];
    let applications = [
        "/Applications/Chromium.app/Contents/MacOS/Chromium",
        "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
    ];
    let mut places = names.into_iter().filter_map(on_path);
    places.next().or_else(|| {
        applications
            .iter()
            .map(|place| Path::new(place).to_path_buf())
            .find(|path| path.is_file())
    })
}

/// Real recordings that some tests read: LIVETAPE_MEDIA, or `../shared/media` beside the repository.
pub(crate) fn media_folder(workspace: &Workspace) -> Option<PathBuf> {
    let folder = match env::var_os("LIVETAPE_MEDIA") {
        Some(folder) => workspace.root.join(folder),
        None => workspace.root.join("../shared/media"),
    };
    folder.canonicalize().ok().filter(|folder| folder.is_dir())
}

pub(super) fn steps() -> [Step; 2] {
    [
        program_step(
            "Chromium",
            25,
            &[Scope::HeadlessCheck, Scope::Test],
            "chromium",
            || chromium().is_some(),
            "install Chromium or Chrome, or set LIVETAPE_CHROMIUM to its path",
        ),
        program_step(
            "ffmpeg and ffprobe",
            20,
            &[Scope::Test],
            "ffmpeg",
            || on_path("ffmpeg").is_some() && on_path("ffprobe").is_some(),
            "install ffmpeg",
        ),
    ]
}

fn program_step(
    name: &'static str,
    seconds: u64,
    scopes: &'static [Scope],
    package: &'static str,
    there: fn() -> bool,
    otherwise: &'static str,
) -> Step {
    let packages = || vec![package.to_owned()];
    Step {
        name: name.to_owned(),
        usual: Duration::from_secs(seconds),
        scopes,
        state: Box::new(move |_| match there() {
            true => State::Ready,
            false if debian::here() => State::Missing {
                system: vec![debian::plan_line(&packages())],
            },
            false => State::missing(),
        }),
        install: Box::new(move |setup: &Setup, usual| -> Result<()> {
            if !debian::here() {
                return Err(Failure::Message(format!("{name}: {otherwise}")));
            }
            debian::install(setup, name, usual, &packages())
        }),
    }
}
