//! Files as the crate `shiguredo_mp4` reads them.

use std::collections::BTreeMap;

use shiguredo_mp4::demux::{Fmp4FileDemuxer, Input, Mp4FileDemuxer, RequiredInput, Sample};

use crate::rows::{Row, Tracks};

pub(crate) fn progressive(file: &[u8]) -> Tracks {
    let mut demuxer = Mp4FileDemuxer::new();
    while let Some(required) = demuxer.required_input() {
        demuxer.handle_input(wanted(file, required));
    }
    demuxer.tracks().expect("tracks");
    let mut tracks = BTreeMap::new();
    while let Some(sample) = demuxer.next_sample().expect("a sample") {
        push(&mut tracks, &sample);
    }
    tracks.into_values().collect()
}

pub(crate) fn fragmented(file: &[u8]) -> Tracks {
    let mut demuxer = Fmp4FileDemuxer::new();
    let mut tracks = BTreeMap::new();
    loop {
        while let Some(required) = demuxer.required_input() {
            demuxer.handle_input(wanted(file, required));
        }
        // Asks for nothing while it has samples to give, and at the end.
        let Some(sample) = demuxer.next_sample().expect("a sample") else {
            break;
        };
        push(&mut tracks, &sample);
    }
    tracks.into_values().collect()
}

fn wanted(file: &[u8], required: RequiredInput) -> Input<'_> {
    let start = (required.position as usize).min(file.len());
    let end = required.size.map_or(file.len(), |size| start + size);
    required.to_input(file.get(start..end.min(file.len())).expect("in the file"))
}

fn push(tracks: &mut BTreeMap<u32, Vec<Row>>, sample: &Sample<'_>) {
    let rows = tracks.entry(sample.track.track_id).or_default();
    rows.push(Row {
        decode: sample.timestamp as i64,
        duration: Some(sample.duration.into()),
        offset: sample.composition_time_offset.unwrap_or(0),
        keyframe: sample.keyframe,
        position: Some(sample.data_offset),
        size: sample.data_size as u64,
    });
}
