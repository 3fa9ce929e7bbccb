//! What a recording can be played as. Everything here is computed from its index.
//!
//! - [`ViewRequest`]: what can be asked for
//! - [`playlist`], [`media`]: HLS while it is recorded and after, of the objects as they are stored
//! - [`i_frames`]: keyframes alone, for seeking with pictures
//! - [`cut`]: an object of which only a part is shown
//! - [`mp4`]: one file
//! - [`SealedFile`]: that file of a long recording, planned once
//! - [`live`]: as a live stream that begins at a moment of one's choice

pub mod cut;
pub mod i_frames;
pub mod live;
pub mod media;
pub mod mp4;
pub(crate) mod planned;
pub mod playlist;
mod rates;
mod request;
mod sealed;
mod segment;

pub use request::{ViewFile, ViewRequest};
pub use sealed::SealedFile;

use livetape_hls::{MediaPlaylist, MultivariantPlaylist};

use crate::delivery::{Delivery, Piece};

/// Playlists change: ask each time.
const NO_CACHE: &str = "no-cache";
/// Segments never change.
pub const IMMUTABLE: &str = "public, max-age=31536000, immutable";

fn media_delivery(playlist: &MediaPlaylist) -> Delivery {
    playlist_delivery(playlist.to_string())
}

fn multivariant_delivery(playlist: &MultivariantPlaylist) -> Delivery {
    playlist_delivery(playlist.to_string())
}

fn playlist_delivery(text: String) -> Delivery {
    Delivery::new(200, vec![Piece::Bytes(text.into_bytes())])
        .with("Content-Type", "application/vnd.apple.mpegurl")
        .with("Cache-Control", NO_CACHE)
}
