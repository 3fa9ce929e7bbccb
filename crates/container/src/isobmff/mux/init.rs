//! The init segment of a fragmented file, ISO/IEC 14496-12 §8.8.1, ISO/IEC 23000-19 §7.3.

use livetape_media::TrackConfig;

use super::movie;
use crate::isobmff::write::Writer;

/// One track of an init segment.
#[derive(Debug, Clone, Copy)]
pub struct InitTrack<'a> {
    /// `track_ID`, as the fragments name it; not zero.
    pub track_id: u32,
    /// The configuration.
    pub config: &'a TrackConfig,
}

/// `ftyp` + `moov` with `mvex`. `wall_clock` is when it begins, as Unix milliseconds, where known;
/// written as creation time (§8.2.2.3), in whole seconds. No edit list: players of HLS mishandle them, and the fragments'
/// own times are exact.
pub fn init_segment(tracks: &[InitTrack<'_>], wall_clock: Option<i64>) -> Vec<u8> {
    let created = wall_clock.map_or(0, movie::creation_time);
    let mut w = Writer::default();
    w.boxed(b"ftyp", |w| {
        w.bytes(b"iso6");
        w.u32(0);
        w.bytes(b"iso6cmfcmp41");
    });
    w.boxed(b"moov", |w| {
        let ids = tracks.iter().map(|track| track.track_id);
        movie::mvhd(w, created, 1000, 0, ids);
        for track in tracks {
            w.boxed(b"trak", |w| trak(w, track, created));
        }
        w.boxed(b"mvex", |w| {
            for track in tracks {
                w.full_box(b"trex", 0, 0, |w| {
                    w.u32(track.track_id);
                    w.u32(1); // default_sample_description_index
                    w.zeros(12);
                });
            }
        });
    });
    w.into_bytes()
}

fn trak(w: &mut Writer, track: &InitTrack<'_>, created: u64) {
    movie::tkhd(w, created, track.track_id, 0, track.config);
    w.boxed(b"mdia", |w| {
        movie::mdhd(w, created, track.config, 0);
        movie::hdlr(w, &track.config.format);
        w.boxed(b"minf", |w| {
            movie::media_headers(w, &track.config.format);
            w.boxed(b"stbl", |w| {
                movie::stsd(w, std::iter::once(track.config.sample_entry.as_slice()));
                w.full_box(b"stts", 0, 0, |w| w.u32(0));
                w.full_box(b"stsc", 0, 0, |w| w.u32(0));
                w.full_box(b"stsz", 0, 0, |w| w.zeros(8));
                w.full_box(b"stco", 0, 0, |w| w.u32(0));
            });
        });
    });
}
