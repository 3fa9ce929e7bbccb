//! Seeds cut out of the media folder.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use serde_json::Value;

use super::boxes::{boxed, boxes, from_each, kind};

/// Bytes of a long stream that are taken from its beginning.
const HEAD: usize = 6 << 10;
/// Bytes taken of what has a start code or a sync word.
const UNIT: usize = 96;
/// Such units taken of one file.
const UNITS: usize = 12;

/// The files of the media folder, by path.
#[derive(Debug, Default)]
pub(super) struct Media {
    files: BTreeMap<PathBuf, Vec<u8>>,
    /// The init segment of each segment that needs one.
    inits: BTreeMap<PathBuf, PathBuf>,
}

impl Media {
    /// Reads all files below `root`; what cannot be read is left out.
    pub(super) fn read(root: &Path) -> Self {
        let mut media = Self::default();
        media.collect(root);
        let probe = fs::read(root.join("PROBE.json")).unwrap_or_default();
        let probe: Value = serde_json::from_slice(&probe).unwrap_or_default();
        for (path, facts) in probe.as_object().into_iter().flatten() {
            if let Some(init) = facts["probed_with_init"].as_str() {
                media.inits.insert(root.join(path), root.join(init));
            }
        }
        media
    }

    fn collect(&mut self, folder: &Path) {
        let entries = fs::read_dir(folder).into_iter().flatten().flatten();
        for path in entries.map(|entry| entry.path()) {
            if path.is_dir() {
                self.collect(&path);
            } else if let Ok(bytes) = fs::read(&path) {
                self.files.insert(path, bytes);
            }
        }
    }

    fn with_extension<'a>(
        &'a self,
        extensions: &'a [&str],
    ) -> impl Iterator<Item = (&'a PathBuf, &'a Vec<u8>)> {
        self.files.iter().filter(|(path, _)| {
            let extension = path.extension().unwrap_or_default();
            extensions.iter().any(|wanted| extension == *wanted)
        })
    }

    /// The beginning of each, and a piece out of its middle.
    pub(super) fn transport_streams(&self, longest: usize) -> impl Iterator<Item = Vec<u8>> {
        self.with_extension(&["ts"]).flat_map(move |(_, bytes)| {
            let head = &bytes[..bytes.len().min(HEAD.min(longest))];
            let middle = bytes.get(bytes.len() / 2..).unwrap_or_default();
            let middle = &middle[..middle.len().min(HEAD / 2)];
            let tables = &bytes[..bytes.len().min(188 * 4)];
            [head.to_vec(), [tables, middle].concat()]
        })
    }

    fn movie_files(&self) -> impl Iterator<Item = (&PathBuf, &Vec<u8>)> {
        self.with_extension(&["mp4", "m4s", "cmfa", "cmfv", "ismv", "m4a", "mov"])
    }

    /// Whole small files, the beginnings of large ones, and the `moov` of those that have it last.
    pub(super) fn movies(&self, longest: usize) -> impl Iterator<Item = Vec<u8>> {
        self.movie_files().flat_map(move |(path, bytes)| {
            let init = self.inits.get(path).and_then(|init| self.files.get(init));
            let mut whole = init.cloned().unwrap_or_default();
            let room = (longest - 4).saturating_sub(whole.len()).min(HEAD);
            whole.extend(&bytes[..bytes.len().min(room)]);
            let header_boxes = boxes(bytes).filter(|found| kind(found) != b"mdat");
            [whole, header_boxes.flatten().copied().collect()]
        })
    }

    /// Every fragment, with an `mdat` that ends soon.
    pub(super) fn fragments(&self) -> impl Iterator<Item = Vec<u8>> {
        self.movie_files()
            .flat_map(|(_, bytes)| fragments(bytes, 16))
    }

    /// Init segments with the fragments that belong to them, each after its length.
    pub(super) fn uploads(&self) -> impl Iterator<Item = Vec<u8>> {
        self.inits.iter().filter_map(|(segment, init)| {
            let init = self.files.get(init)?;
            let segment = self.files.get(segment)?;
            let pieces = fragments(segment, usize::MAX);
            let mut upload = Vec::new();
            for piece in [init].into_iter().chain(&pieces) {
                let len = u16::try_from(piece.len())
                    .ok()
                    .filter(|len| *len < 1 << 15)?;
                upload.extend(len.to_be_bytes());
                upload.extend(piece);
            }
            Some(upload)
        })
    }

    pub(super) fn sample_entries(&self) -> impl Iterator<Item = Vec<u8>> {
        self.movie_files().flat_map(|(_, bytes)| {
            let descriptions = from_each(bytes, b"stsd").take(4);
            let entries = descriptions.filter_map(|description| {
                // The box's version and flags, and how many entries there are, come first.
                let entry = boxes(description.get(12..)?).next()?;
                (entry.len() < 2048).then(|| entry.to_vec())
            });
            entries.collect::<Vec<_>>()
        })
    }

    /// What begins with a start code: the packets of the transport stream are not taken off.
    pub(super) fn nal_units(&self) -> impl Iterator<Item = Vec<u8>> {
        self.with_extension(&["ts"]).flat_map(|(_, bytes)| {
            let units = from_each(bytes, &[0, 0, 1]).take(8 * UNITS).step_by(2);
            let units = units.map(|unit| unit[..unit.len().min(UNIT)].to_vec());
            units.take(UNITS).collect::<Vec<_>>()
        })
    }

    pub(super) fn audio_headers(&self) -> impl Iterator<Item = Vec<u8>> {
        self.with_extension(&["aac", "adts", "ts"])
            .flat_map(|(_, bytes)| {
                let headers =
                    from_each(bytes, &[0xff, 0xf1]).chain(from_each(bytes, &[0xff, 0xf9]));
                let headers = headers.map(|header| header[..header.len().min(16)].to_vec());
                headers.take(4).collect::<Vec<_>>()
            })
    }

    pub(super) fn playlists(&self) -> impl Iterator<Item = Vec<u8>> {
        self.with_extension(&["m3u8"])
            .map(|(_, bytes)| bytes.clone())
    }
}

/// The fragments of a file, each `mdat` cut to `payload` bytes.
fn fragments(file: &[u8], payload: usize) -> Vec<Vec<u8>> {
    let mut found = Vec::new();
    let mut head: Vec<u8> = Vec::new();
    for each in boxes(file) {
        match kind(each) {
            b"mdat" => {
                let body = each.get(8..).unwrap_or_default();
                head.extend(boxed(b"mdat", &body[..body.len().min(payload)]));
                found.push(std::mem::take(&mut head));
            }
            b"ftyp" | b"moov" | b"mfra" => head.clear(),
            _ => head.extend(each),
        }
    }
    found
}
