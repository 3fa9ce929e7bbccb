//! Resumable uploads: tus 1.0.0 (tus.io/protocols/resumable-upload) with creation, creation-with-upload,
//! creation-defer-length, expiration, checksum, termination and concatenation.
//!
//! - [`request`]: what the header of a request says
//! - [`Checksum`]: sums of what a request brings
//! - [`Upload`]: one upload: what may be done to it, and what is answered
//!
//! The shell keeps the bytes: every one that arrived stays, whatever became of the request that brought it.

mod checksum;
mod metadata;
pub mod request;
mod upload;

pub use checksum::Checksum;
pub use metadata::{entry, is_metadata};
pub use upload::{Kind, Part, Patched, Upload, UploadId};

/// The version.
pub const VERSION: &str = "1.0.0";
/// What is there beyond the core.
pub const EXTENSIONS: &str = "creation,creation-with-upload,creation-defer-length,expiration,checksum,termination,concatenation";
/// Algorithms of checksums.
pub const ALGORITHMS: &str = "sha1,sha256";
/// Most bytes of an upload: 64 GiB.
pub const MAX_SIZE: u64 = 64 << 30;
/// The media type of bytes that are added.
pub const MEDIA_TYPE: &str = "application/offset+octet-stream";
/// How long an upload is kept that nothing is added to, in seconds: a day.
pub const LIFETIME: i64 = 24 * 3600;
