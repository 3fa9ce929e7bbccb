//! What an independent reader finds in a file.

/// A track and all its packets in the order of the file.
#[derive(Debug, Clone, Default)]
pub(crate) struct Track {
    /// `video`, `audio` or something else.
    pub(crate) kind: String,
    /// As ffmpeg calls it; empty where it has no name.
    pub(crate) codec: String,
    /// Whether the container says what it is.
    pub(crate) described: bool,
    /// Seconds a tick lasts.
    pub(crate) tick: f64,
    /// Codec configurations as the container has them, one for each base of time.
    pub(crate) configurations: Vec<Vec<u8>>,
    pub(crate) packets: Vec<Packet>,
}

/// An access unit or a frame of sound. Times are in seconds.
#[derive(Debug, Clone, Default)]
pub(crate) struct Packet {
    pub(crate) pts: Option<f64>,
    pub(crate) dts: Option<f64>,
    /// Decoding may start here.
    pub(crate) keyframe: bool,
    /// Which base of time it has: packets of one are moved together.
    pub(crate) epoch: usize,
    pub(crate) data: Vec<u8>,
}

impl Track {
    /// Moves all times.
    pub(crate) fn shift(&mut self, seconds: f64) {
        for packet in &mut self.packets {
            packet.pts = packet.pts.map(|time| time + seconds);
            packet.dts = packet.dts.map(|time| time + seconds);
        }
    }
}
