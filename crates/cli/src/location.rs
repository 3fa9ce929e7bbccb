//! Where an input is: a file or an http URL, and how its bytes are read.

use std::fmt;
use std::fs::{File, Metadata};
use std::io::{self, Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};

use livetape_hls::ResolvedByteRange;

use crate::failure::{Failure, Result};
use crate::network::fetch;

/// The longest playlist or key that is read.
const MAX_TEXT: u64 = 16 << 20;
/// What a pipe cannot be read for.
const NO_FILE: &str = "it is a pipe or a device, and an input is read in more places than one; write \
                       its bytes to a file first and name that";

/// A file or an http URL.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Location {
    File(PathBuf),
    Url(String),
}

impl fmt::Display for Location {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::File(path) => path.display().fmt(f),
            Self::Url(url) => url.fmt(f),
        }
    }
}

impl Location {
    /// What a user named.
    pub(crate) fn new(name: &str) -> Self {
        if is_http(name) {
            Self::Url(name.to_owned())
        } else {
            Self::File(PathBuf::from(name))
        }
    }

    /// What a playlist at `self` names, its URI resolved. A playlist from the network cannot name
    /// files.
    pub(crate) fn named(&self, uri: &str) -> Result<Self> {
        if is_http(uri) {
            return Ok(Self::Url(uri.to_owned()));
        }
        match self {
            Self::File(_) if !uri.contains("://") && !uri.starts_with("data:") => {
                let path = PathBuf::from(uri);
                let decoded = if path.exists() { None } else { decoded(uri) };
                Ok(Self::File(decoded.unwrap_or(path)))
            }
            _ => Err(Failure::Playlist {
                name: self.to_string(),
                why: format!("it names {uri}, which is neither http nor beside it"),
            }),
        }
    }

    /// Opens it at a range, or at all of it.
    pub(crate) fn open(&self, range: Option<ResolvedByteRange>) -> Result<Opened> {
        match self {
            Self::File(path) => {
                let failed = |error: &io::Error| self.unreadable(error);
                let (mut file, metadata) = open_file(path).map_err(|error| failed(&error))?;
                let (start, length) = range.map_or((0, u64::MAX), |r| (r.offset(), r.length()));
                // A playlist's number may be more than a file can have.
                file.seek(SeekFrom::Start(start.min(metadata.len())))
                    .map_err(|error| failed(&error))?;
                Ok(Opened {
                    location: self.clone(),
                    start,
                    len: Some(metadata.len().saturating_sub(start).min(length)),
                    reader: Box::new(file.take(length)),
                })
            }
            Self::Url(url) => fetch(url, range),
        }
    }

    /// Reads a playlist or a key as a whole; also where it really is, after redirections.
    pub(crate) fn read(&self) -> Result<(Self, Vec<u8>)> {
        let opened = self.open(None)?;
        let mut bytes = Vec::new();
        let mut reader = opened.reader.take(MAX_TEXT);
        match reader.read_to_end(&mut bytes) {
            Ok(_) => Ok((opened.location, bytes)),
            Err(error) => Err(self.unreadable(&error)),
        }
    }

    /// Bytes of a file; `None` where that is not known.
    pub(crate) fn size(&self) -> Option<u64> {
        match self {
            Self::File(path) => Some(path.metadata().ok()?.len()),
            Self::Url(_) => None,
        }
    }

    pub(crate) fn unreadable(&self, error: &io::Error) -> Failure {
        let name = self.to_string();
        match self {
            Self::File(_) if name.contains("://") => Failure::Unreachable {
                url: name,
                why: "only files and http(s) URLs are read".to_owned(),
            },
            Self::File(_) if error.kind() == io::ErrorKind::NotFound => Failure::Missing { name },
            _ => Failure::Unreadable {
                name,
                why: error.to_string(),
            },
        }
    }
}

/// Opens a file, which has to be one that can be read more than once.
pub(crate) fn open_file(path: &Path) -> io::Result<(File, Metadata)> {
    // Looked at before it is opened: opening a pipe may wait for ever.
    let metadata = path.metadata()?;
    if metadata.is_dir() {
        return Err(io::ErrorKind::IsADirectory.into());
    }
    if !metadata.is_file() {
        return Err(io::Error::other(NO_FILE));
    }
    Ok((File::open(path)?, metadata))
}

/// Something open for reading.
pub(crate) struct Opened {
    /// Where it really is, after redirections.
    pub(crate) location: Location,
    /// Offset of the first byte read.
    pub(crate) start: u64,
    /// How many bytes there are, of a file.
    pub(crate) len: Option<u64>,
    pub(crate) reader: Box<dyn Read + Send>,
}

fn is_http(name: &str) -> bool {
    let scheme = name.split_once("://").map(|(scheme, _)| scheme);
    scheme.is_some_and(|s| s.eq_ignore_ascii_case("http") || s.eq_ignore_ascii_case("https"))
}

/// A path whose percent-encoding is undone; `None` where it is not sound.
fn decoded(uri: &str) -> Option<PathBuf> {
    let mut bytes = Vec::new();
    let mut rest = uri.bytes();
    while let Some(byte) = rest.next() {
        if byte != b'%' {
            bytes.push(byte);
            continue;
        }
        let digit = |byte: Option<u8>| char::from(byte?).to_digit(16);
        let (high, low) = (digit(rest.next())?, digit(rest.next())?);
        bytes.push(u8::try_from(high * 16 + low).ok()?);
    }
    String::from_utf8(bytes).ok().map(PathBuf::from)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_playlist_from_the_network_names_no_files() {
        let network = Location::new("https://example.com/a.m3u8");
        for uri in ["/etc/hostname", "file:///etc/hostname", "data:,x"] {
            assert!(network.named(uri).is_err(), "{uri}");
        }
        let beside = Location::new("list/a.m3u8");
        assert!(beside.named("file:///etc/hostname").is_err());
        let file = beside.named("list/a%20b.ts").expect("a path");
        assert_eq!(file, Location::File(PathBuf::from("list/a b.ts")));
    }
}
