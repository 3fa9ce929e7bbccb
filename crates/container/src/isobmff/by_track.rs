//! Something of each track.

use livetape_media::TrackId;

/// What is known of each of a few tracks: a sorted list, much less code than a map.
#[derive(Debug)]
pub(crate) struct ByTrack<T>(Vec<(TrackId, T)>);

impl<T> Default for ByTrack<T> {
    fn default() -> Self {
        Self(Vec::new())
    }
}

impl<T> ByTrack<T> {
    /// What is known of a track.
    pub(crate) fn get(&self, track: TrackId) -> Option<&T> {
        self.0.get(self.place(track).ok()?).map(|(_, value)| value)
    }

    /// Puts `value` in the place of what was known of the track.
    pub(crate) fn insert(&mut self, track: TrackId, value: T) {
        match self.place(track) {
            Ok(at) => {
                if let Some((_, old)) = self.0.get_mut(at) {
                    *old = value;
                }
            }
            Err(at) => self.0.insert(at, (track, value)),
        }
    }

    /// Forgets all tracks.
    pub(crate) fn clear(&mut self) {
        self.0.clear();
    }

    fn place(&self, track: TrackId) -> Result<usize, usize> {
        self.0.binary_search_by_key(&track, |(id, _)| *id)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_track_has_what_was_put_last() {
        let mut known = ByTrack::default();
        for (id, value) in [(7, 'a'), (1, 'b'), (9, 'c'), (7, 'd')] {
            known.insert(TrackId(id), value);
        }
        let found = [1, 7, 8, 9].map(|id| known.get(TrackId(id)).copied());
        assert_eq!(found, [Some('b'), Some('d'), None, Some('c')]);
        known.clear();
        assert_eq!(known.get(TrackId(7)), None);
    }
}
