//! `livetape inspect --verify`: a progressive MP4 of H.264 and AAC is read a second time, by the
//! crate `mp4`, and every sample is compared.
//!
//! That crate panics and hangs on some inputs. So it runs in a child process ([`other`]) that has
//! a memory limit and has to go on answering; what it found comes line by line ([`listing`]) and
//! is held against our own reading ([`own`]).

mod child;
mod listing;
mod other;
mod own;

use std::path::Path;
use std::time::Duration;

use serde_json::{Value, json};

use crate::failure::{Failure, Result};
use crate::location::Location;

use child::{Child, Said};
use listing::{FIELDS, Sample, TRACK_FIELDS, Track};
use own::Own;

pub(crate) use other::run as list;

/// What the second reader is called.
const READER: &str = "mp4 0.14";

/// What a verification came to.
pub(crate) struct Verification {
    tracks: Vec<Track>,
    /// The first difference found.
    difference: Option<String>,
}

/// Reads the one input a second time; `patience` is how long the second reader may be silent.
pub(crate) fn verify(inputs: &[String], patience: Duration) -> Result<Verification> {
    let not = |why: String| Failure::NotVerifiable { why };
    let [input] = inputs else {
        return Err(not(format!("{} inputs were named", inputs.len())));
    };
    let Location::File(path) = Location::new(input) else {
        return Err(not(format!("{input} is not on this machine")));
    };
    let own = Own::read(&path)?;
    let child = Child::start(&path, patience)?;
    let difference = compare(&own, &child, &path)?;
    Ok(Verification {
        tracks: own.tracks(),
        difference,
    })
}

/// The first difference; `None` where all is the same.
fn compare(own: &Own, child: &Child, path: &Path) -> Result<Option<String>> {
    let unreadable = |why: String| Failure::VerifierFailed {
        name: path.display().to_string(),
        reader: READER,
        why,
    };
    let say = || child.next().map_err(unreadable);
    for track in own.tracks() {
        let id = track.id();
        match say()? {
            Said::Track(other) => {
                if let Some(what) = differing(&TRACK_FIELDS, &track.0, &other.0) {
                    return Ok(Some(format!("track {id}: {what}")));
                }
            }
            _ => return Ok(Some(format!("track {id} is not there"))),
        }
        let mut number = 0_u64;
        while let Some(sample) = own.sample(id, number)? {
            number += 1;
            match say()? {
                Said::Sample(other) => {
                    if let Some(what) = differing(&FIELDS, &sample.0, &other.0) {
                        return Ok(Some(format!("track {id}, sample {number}: {what}")));
                    }
                }
                _ => return Ok(Some(format!("track {id} ends before sample {number}"))),
            }
        }
    }
    Ok(match say()? {
        Said::End => None,
        _ => Some("there are further tracks or samples".to_owned()),
    })
}

/// The first field in which two rows differ.
fn differing(names: &[&str], own: &[i64], other: &[i64]) -> Option<String> {
    let fields = names.iter().zip(own.iter().zip(other));
    let mut differing = fields.filter(|(_, (own, other))| own != other);
    differing.next().map(|(name, (own, other))| match *name {
        Sample::HASH => format!("{name} differ"),
        _ => format!("{name} {other} in place of {own}"),
    })
}

impl Verification {
    /// For a program.
    pub(crate) fn json(&self) -> Value {
        let tracks: Vec<_> = self
            .tracks
            .iter()
            .map(|track| json!({ "id": track.id(), "samples": track.samples() }))
            .collect();
        json!({
            "reader": READER,
            "compared": { "tracks": TRACK_FIELDS, "samples": FIELDS },
            "tracks": tracks,
            "difference": self.difference,
        })
    }

    /// For a person.
    pub(crate) fn line(&self) -> String {
        let samples: Vec<_> = self
            .tracks
            .iter()
            .map(|track| track.samples().to_string())
            .collect();
        match &self.difference {
            Some(difference) => format!("verification by {READER} failed: {difference}\n"),
            None => format!(
                "verified by {READER}: {} samples, each with the same {}\n",
                samples.join(" + "),
                FIELDS.join(", "),
            ),
        }
    }

    /// The failure that a difference is.
    pub(crate) fn failure(&self, input: &str) -> Option<Failure> {
        let difference = self.difference.clone()?;
        Some(Failure::VerificationFailed {
            name: input.to_owned(),
            reader: READER,
            difference,
        })
    }
}
