//! Times of a stream whose clock steps, on one timeline: between two steps all tracks are moved alike, so
//! that the offsets between them stay.

use livetape_media::TrackId;
use serde::{Deserialize, Serialize};

/// A step back that is still taken for a range sent twice, in ticks of 90 kHz.
const BACK: i64 = 90_000;
/// A step ahead that is still taken for missing media, in ticks of 90 kHz.
const AHEAD: i64 = 10 * 90_000;

/// What is added to times; all in ticks of 90 kHz.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Epochs {
    /// By how much each epoch is moved.
    moved: Vec<i64>,
    tracks: Vec<Place>,
}

/// Where a track is.
#[derive(Debug, Serialize, Deserialize)]
struct Place {
    track: TrackId,
    epoch: usize,
    /// When its next sample is due, by the stream's clock.
    due: i64,
}

impl Default for Epochs {
    fn default() -> Self {
        Self {
            moved: vec![0],
            tracks: Vec::new(),
        }
    }
}

impl Epochs {
    /// What is added to the times of a track's samples that last from `start` to `end` by the stream's
    /// clock. Where that has stepped they go behind `latest`, the end of all that is there.
    pub(super) fn moved(&mut self, track: TrackId, start: i64, end: i64, latest: i64) -> i64 {
        let Some(place) = self.tracks.iter_mut().find(|own| own.track == track) else {
            let epoch = self.moved.len() - 1;
            self.tracks.push(Place {
                track,
                epoch,
                due: end,
            });
            return self.moved.last().copied().unwrap_or(0);
        };
        let step = start.saturating_sub(place.due);
        if !(-BACK..=AHEAD).contains(&step) {
            place.epoch += 1;
            if place.epoch == self.moved.len() {
                self.moved.push(latest.saturating_sub(start));
            }
        }
        place.due = end;
        self.moved.get(place.epoch).copied().unwrap_or(0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_step_moves_all_tracks_alike_whichever_comes_to_it_first() {
        let (video, audio) = (TrackId(1), TrackId(2));
        let mut epochs = Epochs::default();
        assert_eq!(epochs.moved(video, 900_000, 990_000, 0), 0);
        assert_eq!(epochs.moved(audio, 900_000, 980_000, 990_000), 0);
        // Back to 5: behind what is there, which ends at 990,000.
        assert_eq!(epochs.moved(video, 5, 90_005, 990_000), 989_995);
        assert_eq!(
            epochs.moved(audio, 980_000, 985_000, 1_080_000),
            0,
            "what is left of it"
        );
        assert_eq!(epochs.moved(audio, 100, 80_000, 1_080_000), 989_995);
        // A gap is none.
        assert_eq!(epochs.moved(video, 500_005, 600_000, 1_080_000), 989_995);
        assert_eq!(
            epochs.moved(video, 9_000_000, 9_000_100, 1_500_000),
            -7_500_000
        );
    }
}
