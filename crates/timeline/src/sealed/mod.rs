//! A timeline's samples as bytes: hours of them are read back, and files of them laid out, without a look at
//! each.
//!
//! - [`Sealed`]: what [`Timeline::seal`] wrote, to be appended to a timeline
//! - [`Writer`], [`Reader`]: numbers as bytes

mod bytes;

use std::ops::Range;
use std::sync::Arc;

use livetape_media::{TrackConfig, TrackId};

pub use bytes::{Reader, Writer};

use crate::{SealedTrack, Timeline};

/// Samples of tracks, as a timeline of them alone has them.
#[derive(Debug)]
pub struct Sealed {
    tracks: Vec<SealedTrack>,
}

impl Sealed {
    /// Reads what [`Timeline::seal`] wrote, `configs` being the configurations by their numbers; `None` for
    /// anything else.
    pub fn read(from: &mut Reader<'_>, configs: &[Arc<TrackConfig>]) -> Option<Self> {
        let tracks = from.list(|from| SealedTrack::read(from, configs))?;
        Some(Self { tracks })
    }
}

/// Where what is sealed follows what there is of a track.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Joint {
    /// The track.
    pub track: TrackId,
    /// The number that its first sample gets.
    pub number: u64,
    /// How many samples before that one are left out.
    pub covered: u64,
}

impl Joint {
    /// The numbers that samples get which have these where they were sealed; none for those left out.
    pub fn moved(&self, numbers: &Range<u64>) -> Range<u64> {
        let moved = |number: u64| self.number + number.saturating_sub(self.covered);
        moved(numbers.start)..moved(numbers.end)
    }
}

impl Timeline {
    /// Writes all samples, none of which were forgotten. `number` gives that of a configuration; where it
    /// knows none, this is `None`. Dates and events are not written.
    pub fn seal(
        &self,
        to: &mut Writer,
        number: &mut dyn FnMut(&Arc<TrackConfig>) -> Option<u64>,
    ) -> Option<()> {
        to.number(self.tracks().len() as u64);
        let mut tracks = self.tracks().iter();
        tracks.try_for_each(|track| track.write(to, number))
    }

    /// Whether the same comes of what is sealed, appended, as of its samples, appended one after another. Then how
    /// many of the first of each track are left out, since they lie where there are samples.
    pub fn covered(&self, sealed: &Sealed) -> Option<Vec<Joint>> {
        let joint = |sealed: &SealedTrack| {
            let (id, own) = (sealed.id(), self.track(sealed.id()));
            Some(Joint {
                track: id,
                number: own.map_or(0, |own| own.numbers().end),
                covered: own.map_or(Some(0), |own| sealed.covered(own))?,
            })
        };
        sealed.tracks.iter().map(joint).collect()
    }

    /// Appends what is sealed, as [`Self::covered`] says.
    pub fn append_sealed(&mut self, sealed: Sealed, joints: &[Joint]) {
        for track in sealed.tracks {
            let own = joints.iter().find(|joint| joint.track == track.id());
            let covered = own.map_or(0, |joint| joint.covered);
            if let Some(config) = track.config().map(Arc::clone) {
                let own = self.track_or_new(track.id(), &config);
                own.take(track, covered);
            }
        }
    }
}
