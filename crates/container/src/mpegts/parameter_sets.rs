//! The H.264 parameter sets of a stream, and the configuration they make.

use std::sync::Arc;

use livetape_media::TrackConfig;
use livetape_media::codec::h264;

use crate::isobmff::sample_entry;

/// The longest parameter set an `avcC` can hold.
const MAX_LEN: usize = 0xffff;
/// Sequence parameter sets it can hold.
const MAX_SPS: usize = 31;
/// Picture parameter sets it can hold.
const MAX_PPS: usize = 255;

/// The sets in force, by id.
#[derive(Debug, Default)]
pub(super) struct ParameterSets {
    sps: Vec<(u32, Vec<u8>)>,
    /// Id, id of the sequence parameter set it refers to, NAL unit.
    pps: Vec<(u32, u32, Vec<u8>)>,
    /// They are not what the last configuration says.
    changed: bool,
    configuration: Option<Arc<TrackConfig>>,
}

impl ParameterSets {
    /// Takes an SPS or PPS NAL unit; true where it is not in force already. One that cannot be
    /// read is passed over.
    pub(super) fn update(&mut self, nal: &[u8]) -> bool {
        let changed = match nal.first().copied().map(h264::nal_unit_type) {
            _ if nal.len() > MAX_LEN => false,
            Some(h264::NAL_SPS) => self.update_sps(nal),
            Some(h264::NAL_PPS) => self.update_pps(nal),
            _ => false,
        };
        self.changed |= changed;
        changed
    }

    fn update_sps(&mut self, nal: &[u8]) -> bool {
        if self.sps.iter().any(|(_, known)| known == nal) {
            return false;
        }
        let (Some(id), Some(_)) = (h264::sps_id(nal), h264::Sps::parse(nal)) else {
            return false;
        };
        match self.sps.binary_search_by_key(&id, |(id, _)| *id) {
            Ok(at) => {
                // Picture parameter sets are read by their sequence parameter set: those of the
                // old one mean nothing now.
                self.pps.retain(|(_, sps, _)| *sps != id);
                if let Some(entry) = self.sps.get_mut(at) {
                    entry.1 = nal.to_vec();
                }
            }
            Err(_) if self.sps.len() >= MAX_SPS => return false,
            Err(at) => self.sps.insert(at, (id, nal.to_vec())),
        }
        true
    }

    fn update_pps(&mut self, nal: &[u8]) -> bool {
        if self.pps.iter().any(|(_, _, known)| known == nal) {
            return false;
        }
        let Some((id, sps)) = h264::pps_ids(nal) else {
            return false;
        };
        let entry = (id, sps, nal.to_vec());
        match self.pps.binary_search_by_key(&id, |(id, ..)| *id) {
            Ok(at) => {
                if let Some(known) = self.pps.get_mut(at) {
                    *known = entry;
                }
            }
            Err(_) if self.pps.len() >= MAX_PPS => return false,
            Err(at) => self.pps.insert(at, entry),
        }
        true
    }

    /// There is at least one set of each kind.
    pub(super) const fn is_complete(&self) -> bool {
        !self.sps.is_empty() && !self.pps.is_empty()
    }

    /// Bytes of all sets.
    pub(super) fn len(&self) -> usize {
        let sps = self.sps.iter().map(|(_, nal)| nal.len());
        let pps = self.pps.iter().map(|(.., nal)| nal.len());
        sps.chain(pps).sum()
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
        let sps: Vec<_> = self.sps.iter().map(|(_, nal)| nal.as_slice()).collect();
        let pps: Vec<_> = self.pps.iter().map(|(.., nal)| nal.as_slice()).collect();
        let config = Arc::new(sample_entry::avc1(&sps, &pps)?);
        if self.configuration.as_ref() == Some(&config) {
            return None;
        }
        self.configuration = Some(Arc::clone(&config));
        Some(config)
    }
}

/// True for the NAL unit types that become configuration.
pub(super) const fn is_parameter_set(nal_unit_type: u8) -> bool {
    matches!(nal_unit_type, h264::NAL_SPS | h264::NAL_PPS)
}
