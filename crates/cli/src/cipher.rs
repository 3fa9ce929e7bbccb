//! AES-128 segments: CBC with PKCS#7 padding (RFC 8216bis section 4.4.4.4), as a reader.

use std::io::{self, Read};

use aes::Aes128;
use aes::cipher::{BlockCipherDecrypt, KeyInit};

use crate::location::Location;

const BLOCK: usize = 16;

/// How something is encrypted.
#[derive(Debug, Clone)]
pub(crate) struct Key {
    /// Where the key came from.
    pub(crate) location: Location,
    pub(crate) bytes: [u8; BLOCK],
    pub(crate) iv: [u8; BLOCK],
}

/// What a reader reads, decrypted where there is a key.
pub(crate) fn decrypted(reader: Box<dyn Read + Send>, key: Option<&Key>) -> Box<dyn Read + Send> {
    match key {
        Some(key) => Box::new(Decrypting::new(reader, key.bytes, key.iv)),
        None => reader,
    }
}

/// Decrypts what it reads.
struct Decrypting<R> {
    reader: R,
    cipher: Aes128,
    previous: [u8; BLOCK],
    /// Decrypted; not given out while it may be the last, which has padding.
    held: Option<[u8; BLOCK]>,
    ready: Vec<u8>,
    given: usize,
    ended: bool,
    /// How reading failed, behind what could still be decrypted.
    failed: Option<io::Error>,
}

impl<R: Read> Decrypting<R> {
    fn new(reader: R, key: [u8; BLOCK], iv: [u8; BLOCK]) -> Self {
        Self {
            reader,
            cipher: Aes128::new(&key.into()),
            previous: iv,
            held: None,
            ready: Vec::new(),
            given: 0,
            ended: false,
            failed: None,
        }
    }

    /// Decrypts up to 64 KiB more.
    fn refill(&mut self) {
        self.ready.clear();
        self.given = 0;
        let mut encrypted = Vec::new();
        let some = &mut (&mut self.reader).take(64 << 10);
        match some.read_to_end(&mut encrypted) {
            Ok(_) => self.ended = encrypted.is_empty(),
            Err(error) => self.failed = Some(error),
        }
        for block in encrypted.chunks(BLOCK) {
            let Ok(block) = <[u8; BLOCK]>::try_from(block) else {
                if self.failed.is_none() {
                    self.failed = Some(unfit("it is encrypted, and no whole number of blocks"));
                }
                break;
            };
            let mut plain = block.into();
            self.cipher.decrypt_block(&mut plain);
            let mut plain: [u8; BLOCK] = plain.into();
            for (byte, before) in plain.iter_mut().zip(self.previous) {
                *byte ^= before;
            }
            self.previous = block;
            if let Some(held) = self.held.replace(plain) {
                self.ready.extend(held);
            }
        }
        if self.failed.is_some() {
            // There is no padding in it: it is not the last.
            self.ready.extend(self.held.take().into_iter().flatten());
        }
        if let Some(last) = self.held.take_if(|_| self.ended) {
            let padding = last.last().map_or(0, |byte| usize::from(*byte));
            match BLOCK.checked_sub(padding).filter(|kept| *kept < BLOCK) {
                Some(kept) => self.ready.extend(last.iter().take(kept)),
                None => self.failed = Some(unfit("the padding at its end is wrong")),
            }
        }
    }
}

/// What was encrypted is not what its key is for, or not all of that.
fn unfit(why: &str) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, why)
}

impl<R: Read> Read for Decrypting<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        while self.given >= self.ready.len() {
            if let Some(error) = self.failed.take() {
                return Err(error);
            }
            if self.ended {
                return Ok(0);
            }
            self.refill();
        }
        let mut rest = self.ready.get(self.given..).unwrap_or_default();
        let read = rest.read(buffer)?;
        self.given += read;
        Ok(read)
    }
}

#[cfg(test)]
mod tests {
    use aes::cipher::BlockCipherEncrypt;

    use super::*;

    /// What a server sends for `plain`.
    fn encrypted(plain: &[u8], key: [u8; 16], iv: [u8; 16]) -> Vec<u8> {
        let padding = BLOCK - plain.len() % BLOCK;
        let mut padded = plain.to_vec();
        padded.extend(vec![padding as u8; padding]);
        let cipher = Aes128::new(&key.into());
        let (mut previous, mut out) = (iv, Vec::new());
        for block in padded.chunks(BLOCK) {
            for (before, byte) in previous.iter_mut().zip(block) {
                *before ^= byte;
            }
            let mut block = previous.into();
            cipher.encrypt_block(&mut block);
            previous = block.into();
            out.extend(previous);
        }
        out
    }

    #[test]
    fn every_length_comes_back() {
        let (key, iv) = ([7; 16], [9; 16]);
        for length in [0, 1, 15, 16, 17, 65_535, 65_536, 65_537, 200_000] {
            let plain: Vec<u8> = (0..length).map(|n| n as u8).collect();
            let sent = encrypted(&plain, key, iv);
            let mut read = Vec::new();
            let mut reader = Decrypting::new(sent.as_slice(), key, iv);
            reader.read_to_end(&mut read).expect("decrypts");
            assert!(read == plain, "{length} bytes");
        }
    }

    #[test]
    fn a_cut_segment_is_an_error_behind_what_came() {
        let plain = [b'm'; 100];
        let sent = encrypted(&plain, [7; 16], [9; 16]);
        // Within a block; at the end of one, where padding would be.
        for (cut, least) in [(10, 0), (50, 48), (64, 48)] {
            let cut = sent.get(..cut).expect("longer");
            let mut reader = Decrypting::new(cut, [7; 16], [9; 16]);
            let mut read = Vec::new();
            assert!(reader.read_to_end(&mut read).is_err());
            assert!(read.len() >= least && plain.starts_with(&read), "{read:?}");
        }
    }

    #[test]
    fn what_came_before_a_server_broke_off_is_decrypted() {
        struct Broken;
        impl Read for Broken {
            fn read(&mut self, _: &mut [u8]) -> io::Result<usize> {
                Err(io::ErrorKind::ConnectionReset.into())
            }
        }
        let plain = [b'm'; 100];
        let sent = encrypted(&plain, [7; 16], [9; 16]);
        let came = sent.get(..70).expect("longer").chain(Broken);
        let mut reader = Decrypting::new(came, [7; 16], [9; 16]);
        let mut read = Vec::new();
        let error = reader.read_to_end(&mut read).expect_err("it broke off");
        assert_eq!(error.kind(), io::ErrorKind::ConnectionReset);
        assert_eq!(read, [b'm'; 64]);
    }
}
