//! Whether streams can be pulled here.

/// That HLS playlists and MPEG-TS can be read. There is a value of this only with the feature
/// `pull`: without it a type that holds one has no values, and its code is left out of the
/// browser's smaller module.
#[derive(Debug, Clone, Copy)]
#[cfg(feature = "pull")]
pub(crate) struct CanPull;

/// There is none.
#[derive(Debug, Clone, Copy)]
#[cfg(not(feature = "pull"))]
pub(crate) enum CanPull {}

/// `None` where streams cannot be pulled.
#[cfg(feature = "pull")]
pub(crate) const CAN_PULL: Option<CanPull> = Some(CanPull);

/// `None` where streams cannot be pulled.
#[cfg(not(feature = "pull"))]
pub(crate) const CAN_PULL: Option<CanPull> = None;
