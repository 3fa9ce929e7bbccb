//! Files as the crate `mp4-atom` reads them. It decodes boxes; what the boxes mean is worked out
//! here, by ISO/IEC 14496-12 sections 8.6 to 8.8 and from nothing of ours.

use std::io::Cursor;

use mp4_atom::{Any, Buf, Decode, Moof, Moov, Stbl, StszSamples, Traf};

use crate::rows::{Row, Tracks};

/// `sample_is_non_sync_sample`, section 8.8.3.1.
const NON_SYNC: u32 = 0x0001_0000;

/// The boxes at the top level and where they begin. Each has to be read to its very end.
fn boxes(file: &[u8]) -> Vec<(u64, Any)> {
    let mut cursor = Cursor::new(file);
    let mut boxes = Vec::new();
    while cursor.remaining() > 0 {
        let start = cursor.position();
        boxes.push((start, Any::decode(&mut cursor).expect("a box")));
    }
    boxes
}

pub(crate) fn progressive(file: &[u8]) -> Tracks {
    let boxes = boxes(file);
    let moov = boxes.iter().find_map(|(_, found)| match found {
        Any::Moov(moov) => Some(moov),
        _ => None,
    });
    let traks = moov.expect("a moov").trak.iter();
    traks.map(|trak| listed(&trak.mdia.minf.stbl)).collect()
}

/// The samples of a track's tables.
fn listed(stbl: &Stbl) -> Vec<Row> {
    let sizes: Vec<u32> = match &stbl.stsz.samples {
        StszSamples::Identical { count, size } => vec![*size; *count as usize],
        StszSamples::Different { sizes } => sizes.clone(),
    };
    let repeated = |(count, value): (u32, i64)| std::iter::repeat_n(value, count as usize);
    let stts = stbl.stts.entries.iter();
    let durations = stts.map(|entry| (entry.sample_count, entry.sample_delta.into()));
    let mut durations = durations.flat_map(repeated);
    let ctts = stbl.ctts.iter().flat_map(|ctts| &ctts.entries);
    let offsets = ctts.map(|entry| (entry.sample_count, entry.sample_offset));
    let mut offsets = offsets.flat_map(repeated);
    let mut positions = positions(stbl, &sizes).into_iter();
    let mut decode = 0;
    let rows = (1..).zip(sizes).map(|(number, size)| {
        let duration = durations.next().expect("a duration for each sample");
        let row = Row {
            decode,
            duration: Some(duration),
            offset: offsets.next().unwrap_or(0),
            keyframe: stbl
                .stss
                .as_ref()
                .is_none_or(|stss| stss.entries.contains(&number)),
            position: positions.next(),
            size: size.into(),
        };
        decode += duration;
        row
    });
    let rows = rows.collect();
    assert!(durations.next().is_none() && offsets.next().is_none());
    assert!(positions.next().is_none());
    rows
}

/// Where each sample is.
fn positions(stbl: &Stbl, sizes: &[u32]) -> Vec<u64> {
    let narrow = stbl.stco.iter().flat_map(|stco| &stco.entries);
    let wide = stbl.co64.iter().flat_map(|co64| &co64.entries);
    let chunks = narrow.map(|offset| u64::from(*offset)).chain(wide.copied());
    let mut sizes = sizes.iter();
    let mut positions = Vec::new();
    for (number, chunk) in (1..).zip(chunks) {
        let mut entries = stbl.stsc.entries.iter().rev();
        let entry = entries.find(|entry| entry.first_chunk <= number);
        let mut at = chunk;
        for size in sizes
            .by_ref()
            .take(entry.expect("an entry").samples_per_chunk as usize)
        {
            positions.push(at);
            at += u64::from(*size);
        }
    }
    positions
}

pub(crate) fn fragmented(file: &[u8]) -> Tracks {
    let mut init: Option<Moov> = None;
    let mut tracks = Tracks::new();
    for (start, found) in boxes(file) {
        match found {
            Any::Moov(moov) => {
                tracks.resize(moov.trak.len(), Vec::new());
                init = Some(moov);
            }
            Any::Moof(moof) => fragment(&moof, start, init.as_ref().expect("first"), &mut tracks),
            _ => {}
        }
    }
    tracks
}

fn fragment(moof: &Moof, start: u64, init: &Moov, tracks: &mut Tracks) {
    for traf in &moof.traf {
        let mut ids = init.trak.iter().map(|trak| trak.tkhd.track_id);
        let index = ids.position(|id| id == traf.tfhd.track_id);
        let rows = tracks.get_mut(index.expect("a known track"));
        announced(traf, start, init, rows.expect("made"));
    }
}

fn announced(traf: &Traf, start: u64, init: &Moov, rows: &mut Vec<Row>) {
    let mvex = init.mvex.as_ref().expect("a fragmented movie");
    let mut trex = mvex.trex.iter();
    let trex = trex.find(|trex| trex.track_id == traf.tfhd.track_id);
    let (trex, tfhd) = (trex.expect("defaults"), &traf.tfhd);
    assert!(tfhd.default_base_is_moof && tfhd.base_data_offset.is_none());
    let tfdt = traf.tfdt.as_ref().expect("a decode time");
    let mut decode = tfdt.base_media_decode_time as i64;
    for trun in &traf.trun {
        let mut at = start + u64::try_from(trun.data_offset.expect("an offset")).expect("behind");
        for entry in &trun.samples {
            let flags = entry.flags.or(tfhd.default_sample_flags);
            let duration = entry.duration.or(tfhd.default_sample_duration);
            let size = entry.size.or(tfhd.default_sample_size);
            let size = size.unwrap_or(trex.default_sample_size);
            let duration = duration.unwrap_or(trex.default_sample_duration).into();
            rows.push(Row {
                decode,
                duration: Some(duration),
                offset: entry.cts.unwrap_or(0),
                keyframe: flags.unwrap_or(trex.default_sample_flags) & NON_SYNC == 0,
                position: Some(at),
                size: size.into(),
            });
            decode += duration;
            at += u64::from(size);
        }
    }
}
