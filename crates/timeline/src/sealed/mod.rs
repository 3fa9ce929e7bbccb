//! A timeline's samples as bytes: hours of them are read back, and files of them laid out, without a look at
//! each.
//!
//! - [`Sealed`]: what [`Timeline::seal`] wrote, to be appended to a timeline
//! - [`Writer`], [`Reader`]: numbers as bytes

mod bytes;

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

    /// Whether what is sealed can be appended as it is: whether the same would come of its samples, appended
    /// one after another.
    pub fn is_followed_by(&self, sealed: &Sealed) -> bool {
        let own = |sealed: &SealedTrack| self.track(sealed.id());
        let follows = |sealed: &SealedTrack| own(sealed).is_none_or(|own| sealed.follows(own));
        sealed.tracks.iter().all(follows)
    }

    /// Appends what [`Self::is_followed_by`] it. Gives the number of each track's first sample, which is 0
    /// in what was sealed.
    pub fn append_sealed(&mut self, sealed: Sealed) -> Vec<(TrackId, u64)> {
        let mut firsts = Vec::new();
        for track in sealed.tracks {
            let (id, Some(config)) = (track.id(), track.config().map(Arc::clone)) else {
                continue;
            };
            let own = self.track_or_new(id, &config);
            firsts.push((id, own.numbers().end));
            own.take(track);
        }
        firsts
    }
}
