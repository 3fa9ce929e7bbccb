//! How a command fails: with a sentence, with somebody else's exit code, or because it was interrupted.

use std::fmt::Display;

/// Why a command did not finish.
#[derive(Debug)]
pub(crate) enum Failure {
    /// A sentence for the user.
    Message(String),
    /// All has been said already; end with this exit code.
    Exit(u8),
    /// Ctrl-C, or a request to end.
    Interrupted,
}

/// The result of everything that can fail here.
pub(crate) type Result<T> = std::result::Result<T, Failure>;

impl Failure {
    /// A failure with a sentence for the user.
    pub(crate) fn message(text: impl Into<String>) -> Self {
        Self::Message(text.into())
    }
}

impl Display for Failure {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Message(text) => formatter.write_str(text),
            Self::Exit(code) => write!(formatter, "exit code {code}"),
            Self::Interrupted => formatter.write_str("interrupted"),
        }
    }
}

/// Says what was being done when an error of the standard library came up.
pub(crate) trait Explain<T> {
    /// Turns the error into a [`Failure`] whose sentence starts with `doing()`.
    fn explain<S: Display>(self, doing: impl FnOnce() -> S) -> Result<T>;
}

impl<T, E: Display> Explain<T> for std::result::Result<T, E> {
    fn explain<S: Display>(self, doing: impl FnOnce() -> S) -> Result<T> {
        self.map_err(|error| Failure::Message(format!("{}: {error}", doing())))
    }
}
