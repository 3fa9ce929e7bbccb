//! Which tracks of other kinds than pictures and sound an MP4 can hold as they are, ISO/IEC
//! 14496-12 sections 12.3 to 12.6 and 14496-30. Tracks of QuickTime alone (`tmcd`, `clcp`, chapter
//! text) need headers that ISO files do not have.

use livetape_media::{Format, TrackConfig};

/// Handlers of text, subtitles and metadata.
const HANDLERS: [&[u8; 4]; 4] = [b"text", b"sbtl", b"subt", b"meta"];
/// Sample entries that need nothing but a null or subtitle media header.
const ENTRIES: [&[u8; 4]; 9] = [
    b"wvtt", b"tx3g", b"stpp", b"sbtt", b"stxt", b"mett", b"metx", b"urim", b"mebx",
];

/// Why a track has to be left out; `None` where it can be carried.
pub(crate) fn refusal(config: &TrackConfig) -> Option<String> {
    let Format::Other { handler } = config.format else {
        return None;
    };
    let entry = config.sample_entry.get(4..8).unwrap_or_default();
    let is_carried =
        HANDLERS.contains(&&handler.0) && ENTRIES.iter().any(|known| known.as_slice() == entry);
    (!is_carried).then(|| {
        let codec = &config.codec;
        format!(
            "a track of kind '{handler}' ('{codec}') cannot be carried in an MP4: it was left out"
        )
    })
}
