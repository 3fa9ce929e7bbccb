//! What the system itself has to have: OpenSSL for one of cargo's tools; for checks and tests only, a C++ compiler, Chromium,
//! Firefox, WebKitGTK, GStreamer, ffmpeg and ffprobe; and the media files.

use std::env;
use std::path::{Path, PathBuf};
use std::time::Duration;

use super::{Scope, Setup, State, Step, Tool, debian};
use crate::failure::{Failure, Result};
use crate::process;
use crate::workspace::{Workspace, on_path};

/// The browser: what LIVETAPE_CHROMIUM says, or one of the usual names and places.
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

/// The second browser: what LIVETAPE_FIREFOX says, or one of the usual names and places.
pub(crate) fn firefox() -> Option<PathBuf> {
    if let Some(path) = env::var_os("LIVETAPE_FIREFOX") {
        return Some(PathBuf::from(path)).filter(|path| path.is_file());
    }
    let application = Path::new("/Applications/Firefox.app/Contents/MacOS/firefox");
    let mut places = ["firefox-esr", "firefox"].into_iter().filter_map(on_path);
    places
        .next()
        .or_else(|| Some(application.to_path_buf()).filter(|path| path.is_file()))
}

/// The driver of the third browser: what LIVETAPE_WEBKIT says, or the usual name.
pub(crate) fn webkit() -> Option<PathBuf> {
    match env::var_os("LIVETAPE_WEBKIT") {
        Some(path) => Some(PathBuf::from(path)).filter(|path| path.is_file()),
        None => on_path("WebKitWebDriver"),
    }
}

/// WebKitGTK as the tests drive it, on a display of its own, and what it decodes with.
const WEBKIT: [&str; 5] = [
    "webkit2gtk-driver",
    "xvfb",
    "gstreamer1.0-plugins-good",
    "gstreamer1.0-plugins-bad",
    "gstreamer1.0-libav",
];

/// Real recordings that some tests read: LIVETAPE_MEDIA, or `../shared/media` beside the repository.
pub(crate) fn media_folder(workspace: &Workspace) -> Option<PathBuf> {
    let folder = match env::var_os("LIVETAPE_MEDIA") {
        Some(folder) => workspace.root.join(folder),
        None => workspace.root.join("../shared/media"),
    };
    folder.canonicalize().ok().filter(|folder| folder.is_dir())
}

/// A program that a package of Debian's brings.
struct Program {
    name: &'static str,
    usual: u64,
    scopes: &'static [Scope],
    packages: &'static [&'static str],
    there: fn(&Workspace) -> bool,
    /// What a person can do where there is no such package, or where it did not help.
    otherwise: &'static str,
}

const PROGRAMS: [Program; 7] = [
    Program {
        name: "OpenSSL, for worker-build",
        usual: 10,
        scopes: &[Scope::Demo, Scope::HeadlessCheck, Scope::Test],
        packages: &["pkg-config", "libssl-dev"],
        there: |workspace| {
            // Elsewhere worker-build uses what the system brings.
            !cfg!(target_os = "linux")
                || Tool::WorkerBuild.find(workspace).is_some()
                || openssl_can_be_built_with()
        },
        otherwise: "install pkg-config and OpenSSL's development files",
    },
    Program {
        name: "Chromium",
        usual: 25,
        scopes: &[Scope::HeadlessCheck, Scope::Test],
        // Without a font it shows no text.
        packages: &["chromium", "fonts-dejavu-core"],
        there: |_| chromium().is_some(),
        otherwise: "install Chromium or Chrome, or set LIVETAPE_CHROMIUM to its path",
    },
    Program {
        name: "Firefox",
        usual: 20,
        scopes: &[Scope::Test],
        packages: &["firefox-esr"],
        there: |_| firefox().is_some(),
        otherwise: "install Firefox, or set LIVETAPE_FIREFOX to its path",
    },
    Program {
        name: "WebKitGTK",
        usual: 40,
        scopes: &[Scope::Test],
        packages: &WEBKIT,
        there: |_| {
            // Its tests do not run elsewhere, and say so.
            !cfg!(target_os = "linux")
                || webkit().is_some() && on_path("Xvfb").is_some() && webkit_can_decode()
        },
        otherwise: "install Xvfb, WebKitGTK's WebDriver (or set LIVETAPE_WEBKIT to its path) and GStreamer's plugins good, bad and libav",
    },
    Program {
        name: "GStreamer's tools",
        usual: 10,
        scopes: &[Scope::Test],
        // Its plugins come with WebKitGTK.
        packages: &["gstreamer1.0-tools"],
        there: |_| !cfg!(target_os = "linux") || on_path("gst-launch-1.0").is_some(),
        otherwise: "install GStreamer's gst-launch-1.0",
    },
    Program {
        name: "a C++ compiler, for the fuzz targets",
        usual: 15,
        scopes: &[Scope::Check, Scope::Soak, Scope::Test],
        packages: &["g++"],
        there: |_| env::var_os("CXX").is_some() || on_path("c++").is_some(),
        otherwise: "install g++ or clang++ as c++, or set CXX to its path",
    },
    Program {
        name: "ffmpeg and ffprobe",
        usual: 20,
        scopes: &[Scope::Test],
        packages: &["ffmpeg"],
        there: |_| on_path("ffmpeg").is_some() && on_path("ffprobe").is_some(),
        otherwise: "install ffmpeg",
    },
];

/// Whether the plugins are there, which nothing but the packages' own list tells.
fn webkit_can_decode() -> bool {
    let plugins = WEBKIT.iter().filter(|name| name.starts_with("gstreamer"));
    let plugins: Vec<_> = plugins.map(|name| (*name).to_owned()).collect();
    !debian::here() || debian::not_installed(&plugins).is_empty()
}

fn openssl_can_be_built_with() -> bool {
    let mut question = process::command("pkg-config");
    process::output_of(question.args(["--modversion", "openssl"])).is_some()
}

pub(super) fn steps() -> impl Iterator<Item = Step> {
    PROGRAMS.into_iter().map(|program| {
        let Program {
            name,
            usual,
            scopes,
            packages,
            there,
            otherwise,
        } = program;
        let packages = packages
            .iter()
            .map(|package| (*package).to_owned())
            .collect::<Vec<_>>();
        let line = debian::plan_line(&packages);
        Step {
            name: name.to_owned(),
            usual: Duration::from_secs(usual),
            scopes,
            state: Box::new(move |setup| match there(setup.workspace) {
                true => State::Ready,
                false if debian::here() => State::Missing {
                    system: vec![line.clone()],
                },
                false => State::missing(),
            }),
            install: Box::new(move |setup: &Setup, usual| -> Result<()> {
                if debian::here() {
                    debian::install(setup, name, usual, &packages)?;
                }
                match there(setup.workspace) {
                    true => Ok(()),
                    false => Err(Failure::Message(format!("{name}: {otherwise}"))),
                }
            }),
        }
    })
}
