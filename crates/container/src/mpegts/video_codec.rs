//! What making samples must know of each video codec: ITU-T H.264 and H.265.

use livetape_media::TrackConfig;
use livetape_media::codec::{h264, h265};

use crate::isobmff::sample_entry;

/// A codec whose elementary stream is a byte stream of NAL units.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub(super) enum VideoCodec {
    /// H.264.
    Avc,
    /// H.265.
    Hevc,
}

/// What a NAL unit is to the making of samples.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub(super) enum Role {
    /// Slice of a picture that decoding can start at.
    RandomAccess,
    /// Slice of a picture that can be decoded only where decoding started before the last
    /// random access picture.
    Skipped,
    /// Slice of any other picture.
    Slice,
    /// More of a slice.
    SliceData,
    /// Becomes configuration.
    ParameterSet,
    /// Supplemental enhancement information that precedes its picture.
    Sei,
    /// Access unit delimiter.
    Delimiter,
    /// Filler data.
    Filler,
    /// Stays in the sample, and means nothing here.
    Other,
}

impl Role {
    /// True for (part of) a coded picture.
    pub(super) const fn is_slice(self) -> bool {
        matches!(
            self,
            Self::RandomAccess | Self::Skipped | Self::Slice | Self::SliceData
        )
    }
}

/// The kinds of parameter sets.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub(super) enum SetKind {
    /// Video parameter set, H.265 only.
    Video,
    /// Sequence parameter set.
    Sequence,
    /// Picture parameter set.
    Picture,
}

/// What a parameter set says of itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub(super) struct SetId {
    pub(super) kind: SetKind,
    /// Its id among those of its kind.
    pub(super) id: u32,
}

impl VideoCodec {
    /// Bytes of a NAL unit's header.
    pub(super) const fn header_len(self) -> usize {
        match self {
            Self::Avc => 1,
            Self::Hevc => 2,
        }
    }

    /// Bytes that tell what a NAL unit is: its header and one more.
    pub(super) const fn head_len(self) -> usize {
        self.header_len() + 1
    }

    /// What a NAL unit is that begins with the bytes of `head`, of which [`Self::head_len`]
    /// count.
    pub(super) const fn role(self, head: [u8; 3]) -> Role {
        match self {
            Self::Avc => match h264::nal_unit_type(head[0]) {
                h264::NAL_IDR => Role::RandomAccess,
                h264::NAL_SLICE | h264::NAL_PARTITION_A => Role::Slice,
                kind if h264::is_coded_slice(kind) => Role::SliceData,
                h264::NAL_SPS | h264::NAL_PPS => Role::ParameterSet,
                h264::NAL_SEI => Role::Sei,
                h264::NAL_AUD => Role::Delimiter,
                h264::NAL_FILLER => Role::Filler,
                _ => Role::Other,
            },
            Self::Hevc if h265::layer_id(head[0], head[1]) > 0 => Role::Other,
            Self::Hevc => match h265::nal_unit_type(head[0]) {
                kind if h265::is_irap(kind) => Role::RandomAccess,
                kind if h265::is_rasl(kind) => Role::Skipped,
                kind if h265::is_coded_slice(kind) => Role::Slice,
                h265::NAL_VPS | h265::NAL_SPS | h265::NAL_PPS => Role::ParameterSet,
                h265::NAL_PREFIX_SEI => Role::Sei,
                h265::NAL_AUD => Role::Delimiter,
                h265::NAL_FILLER => Role::Filler,
                _ => Role::Other,
            },
        }
    }

    /// True where such a NAL unit, met after the coded slices of a picture, begins the next
    /// access unit.
    pub(super) const fn begins_access_unit(self, head: [u8; 3]) -> bool {
        match self {
            Self::Avc => h264::begins_access_unit(head[0], head[1]),
            Self::Hevc => h265::begins_access_unit(head),
        }
    }

    /// Which parameter set a NAL unit is; `None` where it is none that can be read.
    pub(super) fn set_id(self, nal: &[u8]) -> Option<SetId> {
        let &first = nal.first()?;
        let (kind, id) = match self {
            Self::Avc => match h264::nal_unit_type(first) {
                h264::NAL_SPS => {
                    h264::Sps::parse(nal)?;
                    (SetKind::Sequence, h264::sps_id(nal)?)
                }
                h264::NAL_PPS => (SetKind::Picture, h264::pps_ids(nal)?.0),
                _ => return None,
            },
            Self::Hevc => match h265::nal_unit_type(first) {
                h265::NAL_VPS => (SetKind::Video, h265::vps_id(nal)?),
                h265::NAL_SPS => {
                    h265::Sps::parse(nal)?;
                    (SetKind::Sequence, h265::sps_id(nal)?)
                }
                h265::NAL_PPS => (SetKind::Picture, h265::pps_ids(nal)?.0),
                _ => return None,
            },
        };
        Some(SetId { kind, id })
    }

    /// The id of the sequence parameter set that a picture parameter set refers to.
    pub(super) fn sequence_of(self, pps: &[u8]) -> Option<u32> {
        let ids = match self {
            Self::Avc => h264::pps_ids(pps),
            Self::Hevc => h265::pps_ids(pps),
        };
        ids.map(|(_, sps)| sps)
    }

    /// How many parameter sets of a kind a configuration can hold; 0 where the codec has none.
    pub(super) const fn max_sets(self, kind: SetKind) -> usize {
        match (self, kind) {
            (Self::Avc, SetKind::Video) => 0,
            (Self::Avc, SetKind::Sequence) => 31,
            (Self::Avc, SetKind::Picture) => 255,
            (Self::Hevc, SetKind::Video | SetKind::Sequence) => 16,
            (Self::Hevc, SetKind::Picture) => 64,
        }
    }

    /// The configuration that parameter sets make.
    pub(super) fn configuration(
        self,
        vps: &[&[u8]],
        sps: &[&[u8]],
        pps: &[&[u8]],
    ) -> Option<TrackConfig> {
        match self {
            Self::Avc => sample_entry::avc1(sps, pps),
            Self::Hevc => sample_entry::hvc1(vps, sps, pps),
        }
    }
}
