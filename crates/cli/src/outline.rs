//! Which boxes a file has at its top level, ISO/IEC 14496-12 section 4.2.

use std::collections::BTreeSet;
use std::fs::File;
use std::io::{self, BufReader, Read, Seek};

/// The kinds of boxes of a file, up to the first that is broken. The file is read from its start
/// and left there.
pub(crate) fn boxes(file: &File) -> io::Result<BTreeSet<[u8; 4]>> {
    let mut file = BufReader::new(file);
    let mut found = BTreeSet::new();
    let mut header = [0; 8];
    file.rewind()?;
    while file.read_exact(&mut header).is_ok() {
        let [a, b, c, d, w, x, y, z] = header;
        // A box that runs to the end of the file has the size 0, a large one has 1.
        let rest = match u32::from_be_bytes([a, b, c, d]) {
            1 => {
                let mut size = [0; 8];
                file.read_exact(&mut size)?;
                u64::from_be_bytes(size).checked_sub(16)
            }
            0 => Some(u64::MAX),
            size => u64::from(size).checked_sub(8),
        };
        let Some(rest) = rest else { break };
        found.insert([w, x, y, z]);
        match i64::try_from(rest) {
            Ok(rest) => file.seek_relative(rest)?,
            Err(_) => break,
        }
    }
    file.rewind()?;
    Ok(found)
}

/// Whether a file is a progressive MP4: one with a timeline of its own, from 0 on.
pub(crate) fn is_progressive(file: &File) -> io::Result<bool> {
    let found = boxes(file)?;
    Ok(found.contains(b"moov") && found.contains(b"mdat") && !found.contains(b"moof"))
}
