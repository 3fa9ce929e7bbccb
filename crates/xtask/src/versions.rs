//! Version numbers, as tools print them and as Cargo.lock holds them.

use std::fmt;

/// `major.minor.patch`; what follows a `-` or `+` is not kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Version(pub u32, pub u32, pub u32);

impl fmt::Display for Version {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}.{}.{}", self.0, self.1, self.2)
    }
}

impl Version {
    /// The first version number in a line such as `wasm-bindgen 0.2.130` or `v24.21.0`.
    pub(crate) fn find(text: &str) -> Option<Self> {
        text.split_whitespace().find_map(Self::parse)
    }

    /// Reads `1.2.3`, `v1.2.3` or `1.2.3-beta.1`.
    pub(crate) fn parse(word: &str) -> Option<Self> {
        let word = word.strip_prefix('v').unwrap_or(word);
        let core = word.split(['-', '+']).next()?;
        let mut numbers = core.split('.').map(|number| number.parse().ok());
        let version = Self(numbers.next()??, numbers.next()??, numbers.next()??);
        numbers.next().is_none().then_some(version)
    }
}

/// The version of a package in a Cargo.lock.
pub(crate) fn locked(lock: &str, package: &str) -> Option<Version> {
    let name = format!("name = \"{package}\"");
    let mut lines = lock.lines().skip_while(|line| line.trim() != name);
    lines.next()?;
    let version = lines
        .next()?
        .trim()
        .strip_prefix("version = \"")?
        .strip_suffix('"')?;
    Version::parse(version)
}

/// The version that the workspace's Cargo.toml asks for, where no lock has it yet.
pub(crate) fn asked_for(manifest: &str, package: &str) -> Option<Version> {
    manifest.lines().find_map(|line| {
        let value = line.strip_prefix(package)?.trim_start().strip_prefix('=')?;
        value.split('"').find_map(Version::parse)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_are_found_in_what_tools_print() {
        assert_eq!(
            Version::find("wasm-bindgen 0.2.130\n"),
            Some(Version(0, 2, 130))
        );
        assert_eq!(Version::find("v24.21.0\n"), Some(Version(24, 21, 0)));
        assert_eq!(
            Version::find("rustc 1.96.0-nightly (ac68faa20 2026-05-25)"),
            Some(Version(1, 96, 0))
        );
        assert_eq!(Version::find("no version 1.2 here"), None);
    }

    #[test]
    fn versions_are_ordered_by_number() {
        assert!(Version(22, 12, 0) > Version(22, 9, 9));
        assert!(Version(24, 0, 0) > Version(22, 12, 0));
    }

    #[test]
    fn the_locked_version_is_that_of_the_named_package() {
        let lock = "[[package]]\nname = \"wasm-bindgen-futures\"\nversion = \"0.4.80\"\n\n\
                    [[package]]\nname = \"wasm-bindgen\"\nversion = \"0.2.130\"\n";
        assert_eq!(locked(lock, "wasm-bindgen"), Some(Version(0, 2, 130)));
        assert_eq!(locked(lock, "js-sys"), None);
    }

    #[test]
    fn the_manifest_answers_where_the_lock_does_not() {
        let manifest = "wasm-bindgen = \"0.2.130\"\nweb-sys = { version = \"0.3.107\" }\n";
        assert_eq!(
            asked_for(manifest, "wasm-bindgen"),
            Some(Version(0, 2, 130))
        );
        assert_eq!(asked_for(manifest, "web-sys"), Some(Version(0, 3, 107)));
        assert_eq!(asked_for(manifest, "worker"), None);
    }
}
