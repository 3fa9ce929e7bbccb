//! The demo's sample as the edge wants it: an init segment and fragments.
//! ISO/IEC 14496-12 (boxes: §4.2, `tfdt`: §8.8.12, `trun`: §8.8.8, `mdhd`: §8.4.2); enough of it for this one file.

use std::path::Path;

use crate::failure::{Explain, Failure, Result};

/// A fragmented MP4 taken apart, nothing changed.
pub(crate) struct Sample {
    /// `ftyp` and `moov`.
    pub init: Vec<u8>,
    /// `moof` and `mdat`, in order.
    pub fragments: Vec<Fragment>,
}

/// One `moof` with its `mdat`.
pub(crate) struct Fragment {
    /// Both boxes.
    pub bytes: Vec<u8>,
    /// Decode time of the first track's first sample, in seconds.
    pub base_time: f64,
    /// From that time to the next fragment's, in seconds.
    pub duration: f64,
}

type Box4<'a> = (&'a [u8; 4], &'a [u8], &'a [u8]);

impl Sample {
    /// Reads the file.
    pub(crate) fn read(path: &Path) -> Result<Self> {
        let bytes = std::fs::read(path).explain(|| format!("cannot read {}", path.display()))?;
        Self::parse(&bytes)
            .filter(|sample| !sample.fragments.is_empty())
            .ok_or_else(|| Failure::Message(format!("{} is not a fragmented MP4", path.display())))
    }

    fn parse(bytes: &[u8]) -> Option<Self> {
        let mut init = Vec::new();
        let mut fragments: Vec<Fragment> = Vec::new();
        let mut timescale = None;
        let mut unfinished: Option<Fragment> = None;
        for (kind, whole, payload) in boxes(bytes) {
            match kind {
                b"ftyp" => init.extend_from_slice(whole),
                b"moov" => {
                    init.extend_from_slice(whole);
                    timescale = Some(first_timescale(payload)?);
                }
                b"moof" => {
                    let scale = f64::from(timescale?);
                    let (start, ticks) = first_track_times(payload)?;
                    unfinished = Some(Fragment {
                        bytes: whole.to_vec(),
                        base_time: start as f64 / scale,
                        duration: ticks as f64 / scale,
                    });
                }
                b"mdat" => {
                    if let Some(mut fragment) = unfinished.take() {
                        fragment.bytes.extend_from_slice(whole);
                        fragments.push(fragment);
                    }
                }
                _ => {}
            }
        }
        Some(Self { init, fragments })
    }
}

/// The boxes in `bytes`: type, whole box, payload. Ends at the first that is cut short.
fn boxes(mut bytes: &[u8]) -> impl Iterator<Item = Box4<'_>> {
    std::iter::from_fn(move || {
        let size = usize::try_from(u32_at(bytes, 0)?).ok()?;
        let (whole, rest) = bytes.split_at_checked(size)?;
        let (header, payload) = whole.split_first_chunk::<8>()?;
        bytes = rest;
        Some((header.last_chunk()?, whole, payload))
    })
}

fn child<'a>(parent: &'a [u8], kind: &[u8; 4]) -> Option<&'a [u8]> {
    boxes(parent)
        .find(|(found, _, _)| *found == kind)
        .map(|(_, _, payload)| payload)
}

fn u32_at(bytes: &[u8], at: usize) -> Option<u32> {
    bytes
        .get(at..)?
        .first_chunk()
        .map(|bytes| u32::from_be_bytes(*bytes))
}

fn u64_at(bytes: &[u8], at: usize) -> Option<u64> {
    bytes
        .get(at..)?
        .first_chunk()
        .map(|bytes| u64::from_be_bytes(*bytes))
}

fn first_timescale(moov: &[u8]) -> Option<u32> {
    let header = child(child(child(moov, b"trak")?, b"mdia")?, b"mdhd")?;
    let at = if header.first()? == &1 { 20 } else { 12 };
    u32_at(header, at).filter(|scale| *scale > 0)
}

/// Start and duration of the first track's samples in a fragment, in its ticks.
fn first_track_times(moof: &[u8]) -> Option<(u64, u64)> {
    let traf = child(moof, b"traf")?;
    let decode_time = child(traf, b"tfdt")?;
    let start = match decode_time.first()? {
        1 => u64_at(decode_time, 4)?,
        _ => u64::from(u32_at(decode_time, 4)?),
    };
    let usual = default_duration(child(traf, b"tfhd")?);
    let runs = boxes(traf).filter(|(kind, _, _)| *kind == b"trun");
    let ticks = runs
        .map(|(_, _, run)| run_duration(run, usual))
        .sum::<Option<u64>>()?;
    Some((start, ticks))
}

/// `default_sample_duration` of a `tfhd`, where it has one.
fn default_duration(tfhd: &[u8]) -> Option<u32> {
    let flags = u32_at(tfhd, 0)? & 0x00ff_ffff;
    let before = 8 + if flags & 0x01 != 0 { 8 } else { 0 } + if flags & 0x02 != 0 { 4 } else { 0 };
    if flags & 0x08 == 0 {
        None
    } else {
        u32_at(tfhd, before)
    }
}

fn run_duration(trun: &[u8], usual: Option<u32>) -> Option<u64> {
    let flags = u32_at(trun, 0)? & 0x00ff_ffff;
    let count = u64::from(u32_at(trun, 4)?);
    if flags & 0x100 == 0 {
        return Some(count * u64::from(usual?));
    }
    let fields = [0x100, 0x200, 0x400, 0x800]
        .iter()
        .filter(|flag| flags & *flag != 0)
        .count();
    let table = 8 + if flags & 0x01 != 0 { 4 } else { 0 } + if flags & 0x04 != 0 { 4 } else { 0 };
    let samples = trun.get(table..)?.chunks_exact(4 * fields);
    Some(
        samples
            .filter_map(|sample| u32_at(sample, 0))
            .map(u64::from)
            .sum(),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn boxed(kind: &[u8; 4], payload: &[u8]) -> Vec<u8> {
        let size = u32::try_from(payload.len() + 8).expect("a small box");
        [&size.to_be_bytes(), kind.as_slice(), payload].concat()
    }

    fn words(words: &[u32]) -> Vec<u8> {
        words.iter().flat_map(|word| word.to_be_bytes()).collect()
    }

    fn fragment(start: u32, run: &[u32]) -> Vec<u8> {
        let traf = [
            boxed(b"tfhd", &words(&[0x0002_0008, 1, 40])),
            boxed(b"tfdt", &words(&[0, start])),
            boxed(b"trun", &words(run)),
        ];
        let moof = boxed(b"moof", &boxed(b"traf", &traf.concat()));
        [moof, boxed(b"mdat", b"media")].concat()
    }

    fn file(fragments: &[Vec<u8>]) -> Vec<u8> {
        let mdhd = boxed(b"mdhd", &words(&[0, 0, 0, 1000, 0, 0]));
        let moov = boxed(b"moov", &boxed(b"trak", &boxed(b"mdia", &mdhd)));
        [
            boxed(b"ftyp", b"iso6"),
            moov,
            fragments.concat(),
            boxed(b"mfra", b""),
        ]
        .concat()
    }

    #[test]
    fn fragments_get_their_times_from_their_headers() {
        let fragments = [
            fragment(0, &[0, 50]),
            fragment(2000, &[0x101, 2, 0, 30, 50]),
        ];
        let sample = Sample::parse(&file(&fragments)).expect("a fragmented file");
        assert_eq!(sample.fragments.len(), 2);
        let times: Vec<_> = sample
            .fragments
            .iter()
            .map(|each| (each.base_time, each.duration))
            .collect();
        assert_eq!(times, [(0.0, 2.0), (2.0, 0.08)]);
        let [first, _] = &fragments;
        assert_eq!(&sample.fragments.first().expect("two").bytes, first);
        assert!(sample.init.ends_with(&words(&[1000, 0, 0])));
    }

    #[test]
    fn a_cut_file_ends_at_its_last_whole_fragment() {
        let whole = file(&[fragment(0, &[0, 50]), fragment(2000, &[0, 50])]);
        let cut = whole.get(..whole.len() - 20).expect("a longer file");
        assert_eq!(
            Sample::parse(cut)
                .expect("a fragmented file")
                .fragments
                .len(),
            1
        );
    }
}
