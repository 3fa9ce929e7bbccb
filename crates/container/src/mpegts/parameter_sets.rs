//! The parameter sets of a video stream, and the configuration they make.

use std::sync::Arc;

use livetape_media::{ToList, TrackConfig};

use super::video_codec::{SetId, SetKind, VideoCodec};

/// The longest parameter set an `avcC` or `hvcC` can hold.
const MAX_LEN: usize = 0xffff;

/// The sets in force, by kind and id.
#[derive(Debug)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub(super) struct ParameterSets {
    codec: VideoCodec,
    sets: Vec<(SetId, Vec<u8>)>,
    /// They are not what the last configuration says.
    changed: bool,
    configuration: Option<Arc<TrackConfig>>,
}

impl ParameterSets {
    pub(super) const fn new(codec: VideoCodec) -> Self {
        Self {
            codec,
            sets: Vec::new(),
            changed: false,
            configuration: None,
        }
    }

    /// Takes a parameter set NAL unit; true where it is not in force already. One that cannot be
    /// read is passed over.
    pub(super) fn update(&mut self, nal: &[u8]) -> bool {
        if nal.len() > MAX_LEN || self.sets.iter().any(|(_, known)| known == nal) {
            return false;
        }
        let Some(set) = self.codec.set_id(nal) else {
            return false;
        };
        match self.position(set) {
            Ok(at) => {
                if let Some((_, known)) = self.sets.get_mut(at) {
                    *known = nal.to_vec();
                }
                if set.kind == SetKind::Sequence {
                    self.forget_pictures_of(set.id);
                }
            }
            Err(_) if self.of(set.kind).count() >= self.codec.max_sets(set.kind) => return false,
            Err(at) => self.sets.insert(at, (set, nal.to_vec())),
        }
        self.changed = true;
        true
    }

    fn position(&self, set: SetId) -> Result<usize, usize> {
        self.sets.binary_search_by_key(&set, |(known, _)| *known)
    }

    /// Picture parameter sets are read by their sequence parameter set: those of one that was
    /// replaced mean nothing now.
    fn forget_pictures_of(&mut self, sequence: u32) {
        let codec = self.codec;
        self.sets.retain(|(set, nal)| {
            set.kind != SetKind::Picture || codec.sequence_of(nal) != Some(sequence)
        });
    }

    fn of(&self, kind: SetKind) -> impl Iterator<Item = &[u8]> {
        let sets = self.sets.iter().filter(move |(set, _)| set.kind == kind);
        sets.map(|(_, nal)| nal.as_slice())
    }

    /// There is at least one set of each kind that the codec has.
    pub(super) fn is_complete(&self) -> bool {
        let mut kinds = [SetKind::Video, SetKind::Sequence, SetKind::Picture].into_iter();
        kinds.all(|kind| self.codec.max_sets(kind) == 0 || self.of(kind).next().is_some())
    }

    /// Bytes of all sets.
    pub(super) fn len(&self) -> usize {
        self.sets.iter().map(|(_, nal)| nal.len()).sum()
    }

    /// There has been a configuration.
    pub(super) const fn is_configured(&self) -> bool {
        self.configuration.is_some()
    }

    /// The configuration, where it is not the one given out last.
    pub(super) fn configuration(&mut self) -> Option<Arc<TrackConfig>> {
        if !std::mem::take(&mut self.changed) {
            return None;
        }
        let [vps, sps, pps] = [SetKind::Video, SetKind::Sequence, SetKind::Picture]
            .map(|kind| self.of(kind).to_list());
        let config = Arc::new(self.codec.configuration(&vps, &sps, &pps)?);
        if self.configuration.as_ref() == Some(&config) {
            return None;
        }
        self.configuration = Some(Arc::clone(&config));
        Some(config)
    }
}
