//! The tags whose value is an attribute list, one file each (section 4.4).

mod content_steering;
mod date_range;
mod define;
mod key;
mod map;
mod media;
mod part;
mod part_inf;
mod preload_hint;
mod rendition_report;
mod server_control;
mod session_data;
mod skip;
mod start;
mod stream_inf;

pub use content_steering::ContentSteering;
pub use date_range::DateRange;
pub use define::Define;
pub use key::{Key, KeyMethod, SessionKey};
pub use map::Map;
pub use media::{Media, MediaType};
pub use part::Part;
pub use part_inf::PartInf;
pub use preload_hint::{HintType, PreloadHint};
pub use rendition_report::RenditionReport;
pub use server_control::ServerControl;
pub use session_data::{SessionData, SessionDataFormat};
pub use skip::Skip;
pub use start::Start;
pub use stream_inf::{
    ClosedCaptions, HdcpLevel, IFrameStreamInf, Resolution, StreamInf, VideoRange,
};
