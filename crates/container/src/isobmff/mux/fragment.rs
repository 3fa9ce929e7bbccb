//! A movie fragment, ISO/IEC 14496-12 §8.8, as ISO/IEC 23000-19 §7.3.2 wants it:
//! `default-base-is-moof`, `tfdt` always, one `trun` per track.

use livetape_media::Sample;

use crate::isobmff::write::Writer;

/// One track's part of a fragment. Payloads lie in the `mdat` in the order of the tracks.
#[derive(Debug, Clone, Copy)]
pub struct FragmentTrack<'a> {
    /// `track_ID` of the init segment.
    pub track_id: u32,
    /// `baseMediaDecodeTime`, ticks of the track's timescale.
    pub decode_time: u64,
    /// The samples in decode order.
    pub samples: &'a [Sample],
    /// All sync samples, as sound is: no flags per sample are written.
    pub all_sync: bool,
}

/// `sample_depends_on` = 2 (on nothing).
const SYNC_FLAGS: u32 = 0x0200_0000;
/// `sample_depends_on` = 1, `sample_is_non_sync_sample`.
const NON_SYNC_FLAGS: u32 = 0x0101_0000;

/// `moof` + header of the `mdat`; the payloads follow it, track after track.
pub fn fragment_header(sequence_number: u32, tracks: &[FragmentTrack<'_>]) -> Vec<u8> {
    let mut w = Writer::default();
    let mut offset_places = Vec::new();
    w.boxed(b"moof", |w| {
        w.full_box(b"mfhd", 0, 0, |w| w.u32(sequence_number));
        for track in tracks {
            w.boxed(b"traf", |w| offset_places.push(traf(w, track)));
        }
    });
    let payload = |track: &FragmentTrack<'_>| -> u64 {
        track
            .samples
            .iter()
            .map(|sample| u64::from(sample.size))
            .sum()
    };
    w.mdat_header(tracks.iter().map(payload).sum());
    // Fragments are seconds long: offsets from the moof stay far below 2^31.
    let mut offset = w.len() as u64;
    for (track, place) in tracks.iter().zip(offset_places) {
        w.patch_u32(place, offset as u32);
        offset += payload(track);
    }
    w.into_bytes()
}

/// Writes a `traf`; gives the place of its `data_offset`.
fn traf(w: &mut Writer, track: &FragmentTrack<'_>) -> usize {
    let first = track.samples.first();
    let same_duration = first.filter(|first| {
        track
            .samples
            .iter()
            .all(|sample| sample.duration == first.duration)
    });
    let tfhd_flags = 0x2_0000 | 0x20 | if same_duration.is_some() { 0x8 } else { 0 };
    w.full_box(b"tfhd", 0, tfhd_flags, |w| {
        w.u32(track.track_id);
        if let Some(sample) = same_duration {
            w.u32(sample.duration);
        }
        w.u32(if track.all_sync {
            SYNC_FLAGS
        } else {
            NON_SYNC_FLAGS
        });
    });
    w.full_box(b"tfdt", 1, 0, |w| w.u64(track.decode_time));
    let has_offsets = track
        .samples
        .iter()
        .any(|sample| sample.composition_offset != 0);
    let own_duration = same_duration.is_none();
    let trun_flags = 0x1
        | if own_duration { 0x100 } else { 0 }
        | 0x200
        | if track.all_sync { 0 } else { 0x400 }
        | if has_offsets { 0x800 } else { 0 };
    let mut place = 0;
    w.full_box(b"trun", 1, trun_flags, |w| {
        w.u32(track.samples.len() as u32);
        place = w.len();
        w.u32(0); // data_offset, patched when the moof's size is known
        for sample in track.samples {
            if own_duration {
                w.u32(sample.duration);
            }
            w.u32(sample.size);
            if !track.all_sync {
                w.u32(if sample.keyframe {
                    SYNC_FLAGS
                } else {
                    NON_SYNC_FLAGS
                });
            }
            if has_offsets {
                w.i32(sample.composition_offset);
            }
        }
    });
    place
}
