//! Why a command ends without a file: a stable code and a sentence to act on.

use std::path::PathBuf;

use thiserror::Error;

use crate::writing::PARTIAL;

/// What ends a command.
#[derive(Debug, Error)]
#[non_exhaustive]
pub(crate) enum Failure {
    /// An input cannot be opened or read.
    #[error("{name} cannot be read: {why}")]
    Unreadable { name: String, why: String },
    /// A file named as input does not exist.
    #[error("{name} does not exist")]
    Missing { name: String },
    /// What was fetched for a name is refused by its server, or none answers.
    #[error("{url} cannot be fetched: {why}")]
    Unreachable { url: String, why: String },
    /// An input is of no format that is read.
    #[error("{name} is {found}; MPEG-TS, MP4 and HLS playlists of them are read")]
    UnknownInput { name: String, found: &'static str },
    /// A playlist cannot be used.
    #[error("{name} is not a usable HLS playlist: {why}")]
    Playlist { name: String, why: String },
    /// The media is encrypted.
    #[error("the stream is encrypted and cannot be read without its keys: {detail}")]
    Protected { detail: String },
    /// Nothing in the inputs can be written as MP4.
    #[error("there is nothing to write: {why}")]
    NothingDecodable { why: String },
    /// Nothing begins between `--start` and `--end`.
    #[error(
        "nothing lies between --start and --end: a clip begins with the first picture shown at or after --start, or with sound where there is no picture yet or none any more; the stream lasts {seconds:.3} s"
    )]
    EmptyRange { seconds: f64 },
    /// One fragmented file cannot hold the stream, and one was asked for.
    #[error(
        "the configuration changes at {seconds:.3} s and one fragmented file cannot hold both; without --single each part gets its own, without --fragmented one file can hold both"
    )]
    ConfigurationChange { seconds: f64 },
    /// The output cannot be written.
    #[error("{} cannot be written: {why}", path.display())]
    Unwritable { path: PathBuf, why: String },
    /// The output is complete; what was to be printed about it is lost.
    #[error("the file is complete, but its report cannot be printed: {why}")]
    Untold { why: String },
    /// The output is one of the inputs.
    #[error(
        "{0} or {0}{PARTIAL}, which it is called until complete, is an input; name another output",
        path.display()
    )]
    OutputIsInput { path: PathBuf },
    /// Another run writes the same output.
    #[error(
        "{} is being written by another run, as {}; wait for its end or name another output",
        path.display(),
        partial.display()
    )]
    OutputBusy { path: PathBuf, partial: PathBuf },
    /// The input is no file that `--verify` is for.
    #[error("--verify is for one plain progressive MP4 of H.264 and AAC: {why}")]
    NotVerifiable { why: String },
    /// The second reader does not get through the file.
    #[error("{name} could not be verified: {reader} does not get through it: {why}")]
    VerifierFailed {
        name: String,
        reader: &'static str,
        why: String,
    },
    /// The second reader reads something else than we do.
    #[error("{name} is read differently by {reader}: {difference}")]
    VerificationFailed {
        name: String,
        reader: &'static str,
        difference: String,
    },
    /// The user pressed Ctrl-C.
    #[error("interrupted; nothing was written")]
    Interrupted,
}

/// What a step of a command comes to.
pub(crate) type Result<T> = std::result::Result<T, Failure>;

impl Failure {
    /// The stable code.
    pub(crate) const fn code(&self) -> &'static str {
        match self {
            Self::Unreadable { .. } => "unreadable_input",
            Self::Missing { .. } => "missing_input",
            Self::Unreachable { .. } => "unreachable",
            Self::UnknownInput { .. } => "unknown_input",
            Self::Playlist { .. } => "playlist_invalid",
            Self::Protected { .. } => "protected",
            Self::NothingDecodable { .. } => "nothing_decodable",
            Self::EmptyRange { .. } => "empty_range",
            Self::ConfigurationChange { .. } => "configuration_change",
            Self::Unwritable { .. } => "unwritable_output",
            Self::Untold { .. } => "report_lost",
            Self::OutputIsInput { .. } => "output_is_input",
            Self::OutputBusy { .. } => "output_busy",
            Self::NotVerifiable { .. } => "not_verifiable",
            Self::VerifierFailed { .. } => "verifier_failed",
            Self::VerificationFailed { .. } => "verification_failed",
            Self::Interrupted => "interrupted",
        }
    }

    /// Whether it is about something to be read: of a playlist the other segments are still to be
    /// had.
    pub(crate) const fn is_of_an_input(&self) -> bool {
        matches!(
            self,
            Self::Unreadable { .. }
                | Self::Missing { .. }
                | Self::Unreachable { .. }
                | Self::UnknownInput { .. }
                | Self::Playlist { .. }
                | Self::Protected { .. }
        )
    }

    /// The status a shell sees: as after a signal for Ctrl-C, 1 for all else.
    pub(crate) const fn status(&self) -> u8 {
        match self {
            Self::Interrupted => 130,
            _ => 1,
        }
    }
}
