//! `Upload-Checksum`: the sum of what one request brings, SHA-1 or SHA-256 (FIPS 180-4).

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use sha1::Sha1;
use sha2::{Digest as _, Sha256};

use crate::error::{ApiError, Code};

/// A sum that was announced, and the sum so far.
#[derive(Debug, Clone)]
pub struct Checksum {
    wanted: Vec<u8>,
    sum: Sum,
}

#[derive(Debug, Clone)]
enum Sum {
    Sha1(Sha1),
    Sha256(Sha256),
}

impl Checksum {
    /// Reads `sha1 <base64>` or `sha256 <base64>`.
    ///
    /// # Errors
    /// [`Code::BadHeader`].
    pub fn read(text: &str) -> Result<Self, ApiError> {
        let (name, value) = text.trim().split_once(' ').unwrap_or((text, ""));
        let (sum, len) = match name {
            "sha1" => (Sum::Sha1(Sha1::new()), 20),
            "sha256" => (Sum::Sha256(Sha256::new()), 32),
            _ => return Err(bad("Upload-Checksum is by sha1 or sha256.")),
        };
        match STANDARD.decode(value.trim()) {
            Ok(wanted) if wanted.len() == len => Ok(Self { wanted, sum }),
            _ => Err(bad("Upload-Checksum is an algorithm and a sum in base64.")),
        }
    }

    /// Takes the next bytes.
    pub fn add(&mut self, bytes: &[u8]) {
        match &mut self.sum {
            Sum::Sha1(sum) => sum.update(bytes),
            Sum::Sha256(sum) => sum.update(bytes),
        }
    }

    /// Whether the bytes are those that were announced.
    ///
    /// # Errors
    /// [`Code::ChecksumMismatch`].
    pub fn check(self) -> Result<(), ApiError> {
        let sum = match self.sum {
            Sum::Sha1(sum) => sum.finalize().to_vec(),
            Sum::Sha256(sum) => sum.finalize().to_vec(),
        };
        if sum == self.wanted {
            Ok(())
        } else {
            Err(Code::ChecksumMismatch.into())
        }
    }
}

fn bad(detail: &str) -> ApiError {
    ApiError::new(Code::BadHeader, detail)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sums_of_both_algorithms() {
        // printf abc | openssl dgst -sha1 -binary | base64, and -sha256
        for text in [
            "sha1 qZk+NkcGgWq6PiVxeFDCbJzQ2J0=",
            "sha256 ungWv48Bz+pBQUDeXa4iI7ADYaOWF3qctBD/YfIAFa0=",
        ] {
            let mut sum = Checksum::read(text).expect("a checksum");
            sum.add(b"a");
            sum.add(b"bc");
            assert_eq!(sum.clone().check(), Ok(()), "{text}");
            sum.add(b"d");
            let code = sum.check().err().map(|error| error.code);
            assert_eq!(code, Some(Code::ChecksumMismatch));
        }
    }

    #[test]
    fn others_are_refused() {
        for text in [
            "",
            "md5 qZk+NkcGgWq6PiVxeFDCbJzQ2J0=",
            "sha1",
            "sha1 !",
            "sha256 qZk+NkcGgWq6PiVxeFDCbJzQ2J0=",
        ] {
            let code = Checksum::read(text).err().map(|error| error.code);
            assert_eq!(code, Some(Code::BadHeader), "{text}");
        }
    }
}
