//! SHA-256 digests as RFC 9530 `Content-Digest` and as hexadecimal digits.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use sha2::{Digest as _, Sha256};

/// The SHA-256 of a stored piece.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Sha256Digest(pub [u8; 32]);

impl Sha256Digest {
    /// The digest of some bytes.
    pub fn of(bytes: &[u8]) -> Self {
        Self(Sha256::digest(bytes).into())
    }

    /// Reads the `sha-256` member of a `Content-Digest` field, a Dictionary of RFC 9651 Byte
    /// Sequences; other algorithms beside it are passed over. `None` where there is none, or it
    /// is not 32 bytes.
    pub fn from_content_digest(field: &str) -> Option<Self> {
        field.split(',').find_map(|member| {
            let (name, value) = member.split_once('=')?;
            (name.trim() == "sha-256").then_some(())?;
            let encoded = value.trim().strip_prefix(':')?.strip_suffix(':')?;
            Self::from_slice(&STANDARD.decode(encoded).ok()?)
        })
    }

    /// The field's value with this digest alone.
    pub fn content_digest(&self) -> String {
        format!("sha-256=:{}:", STANDARD.encode(self.0))
    }

    /// From exactly 32 bytes.
    pub fn from_slice(bytes: &[u8]) -> Option<Self> {
        bytes.try_into().ok().map(Self)
    }

    /// 64 hexadecimal digits in lower case.
    pub fn hex(&self) -> String {
        hex(&self.0)
    }
}

/// Two hexadecimal digits in lower case for each byte.
pub(crate) fn hex(bytes: &[u8]) -> String {
    use std::fmt::Write as _;
    bytes.iter().fold(String::new(), |mut text, byte| {
        // Writing to a String does not fail.
        let _ = write!(text, "{byte:02x}");
        text
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_field_is_read_and_written() {
        let digest = Sha256Digest([0xa5; 32]);
        let field = digest.content_digest();
        assert_eq!(Sha256Digest::from_content_digest(&field), Some(digest));
        let with_others = format!("md5=:AAAA:, {field}");
        assert_eq!(
            Sha256Digest::from_content_digest(&with_others),
            Some(digest)
        );
        assert!(digest.hex().starts_with("a5a5"));
    }

    #[test]
    fn other_fields_are_refused() {
        for field in [
            "",
            "sha-256",
            "sha-256=abc",
            "sha-256=:AAAA:",
            "sha-256=:not base64!:",
            "sha-512=:AAAA:",
        ] {
            assert_eq!(Sha256Digest::from_content_digest(field), None, "{field}");
        }
    }
}
