//! What a server sends, read by a thread of its own: a server that falls silent or breaks off is
//! asked again for the rest, and Ctrl-C is never waited with.

use std::io::{self, Read};
use std::sync::mpsc::{Receiver, RecvTimeoutError, sync_channel};
use std::time::{Duration, Instant};

use crate::interrupt;
use crate::network::pause;

/// Bytes handed over at a time, at most.
const CHUNK: usize = 64 << 10;
/// Chunks that may wait to be read.
const WAITING: usize = 8;
/// Between two looks at Ctrl-C.
const NAP: Duration = Duration::from_millis(50);
/// How long a server may send nothing.
const SILENCE: Duration = Duration::from_secs(20);
/// The same after Ctrl-C, for what is on its way.
const SILENCE_AT_END: Duration = Duration::from_secs(1);
/// How often the rest is asked for without anything having come.
const RETRIES: u32 = 2;

/// Asks for what follows this many bytes.
type Ask = Box<dyn Fn(u64) -> io::Result<Box<dyn Read + Send>> + Send>;

/// Why reading was given up. A reader that failed must not look as if it had come to its end.
type Broken = (io::ErrorKind, String);

/// The body of an answer.
pub(crate) struct Body {
    ask: Ask,
    chunks: Receiver<io::Result<Vec<u8>>>,
    chunk: io::Cursor<Vec<u8>>,
    received: u64,
    /// How many bytes there are, where the server said so.
    len: Option<u64>,
    retries: u32,
    /// It broke off, and nothing has come since.
    broken: Option<Broken>,
    given_up: bool,
}

impl Body {
    /// Reads `first`, which has `len` bytes, where that is known; where it breaks off `ask` gives
    /// the rest.
    pub(crate) fn new(first: Box<dyn Read + Send>, len: Option<u64>, ask: Ask) -> Self {
        Self {
            ask,
            chunks: pumped(first),
            chunk: io::Cursor::default(),
            received: 0,
            len,
            retries: 0,
            broken: None,
            given_up: false,
        }
    }

    /// What comes next; empty at the end of an answer.
    fn next(&self) -> io::Result<Vec<u8>> {
        let asked = Instant::now();
        loop {
            match self.chunks.recv_timeout(NAP) {
                Ok(chunk) => return chunk,
                Err(RecvTimeoutError::Disconnected) => return Ok(Vec::new()),
                Err(RecvTimeoutError::Timeout) => {}
            }
            let (silence, is_over) = match interrupt::requested() {
                true => (SILENCE_AT_END, interrupt::check().is_err()),
                false => (SILENCE, false),
            };
            if is_over || asked.elapsed() >= silence {
                let why = format!("the server sent nothing for {} s", silence.as_secs());
                return Err(io::Error::new(io::ErrorKind::TimedOut, why));
            }
        }
    }
}

impl Body {
    /// How it broke off, where the end of an answer is not the end of what was asked for.
    fn short(&self) -> Option<Broken> {
        // An answer that is empty where more was to come is no end either.
        if let Some(broken) = &self.broken {
            return Some(broken.clone());
        }
        let len = self.len.filter(|len| self.received < *len)?;
        let why = format!("{} of {len} bytes came", self.received);
        Some((io::ErrorKind::UnexpectedEof, why))
    }

    /// Asks for the rest; fails where that was tried often enough, and ever after.
    fn resume(&mut self, broken: Broken) -> io::Result<()> {
        self.broken = Some(broken);
        self.given_up |= self.retries >= RETRIES || interrupt::requested();
        // What breaks off at once is not asked again at once.
        self.given_up =
            self.given_up || self.retries > 0 && !interrupt::nap(pause(self.retries, None));
        if !self.given_up {
            self.retries += 1;
            match (self.ask)(self.received) {
                Ok(rest) => {
                    self.chunks = pumped(rest);
                    return Ok(());
                }
                Err(_) => self.given_up = true,
            }
        }
        Err(self.failure())
    }

    fn failure(&self) -> io::Error {
        let kind = self.broken.as_ref().map(|(kind, _)| *kind);
        let why = self.broken.as_ref().map_or("", |(_, why)| why);
        let received = self.received;
        let why = format!("the server broke off after {received} bytes: {why}");
        io::Error::new(kind.unwrap_or(io::ErrorKind::Other), why)
    }
}

impl Read for Body {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        loop {
            let read = self.chunk.read(buffer)?;
            if read > 0 || buffer.is_empty() {
                return Ok(read);
            }
            if self.given_up {
                return Err(self.failure());
            }
            match self.next() {
                Ok(chunk) if chunk.is_empty() => match self.short() {
                    Some(broken) => self.resume(broken)?,
                    None => return Ok(0),
                },
                Ok(chunk) => {
                    self.received += chunk.len() as u64;
                    self.chunk = io::Cursor::new(chunk);
                    (self.retries, self.broken) = (0, None);
                }
                Err(error) => self.resume((error.kind(), error.to_string()))?,
            }
        }
    }
}

/// Has a thread read; it ends with what it reads, or when nobody takes it any more.
fn pumped(reader: Box<dyn Read + Send>) -> Receiver<io::Result<Vec<u8>>> {
    let (sender, chunks) = sync_channel(WAITING);
    std::thread::spawn(move || {
        let mut reader = reader;
        loop {
            let mut chunk = vec![0; CHUNK];
            let told = match reader.read(&mut chunk) {
                Ok(0) => return,
                Ok(read) => {
                    chunk.truncate(read);
                    Ok(chunk)
                }
                Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                Err(error) => Err(error),
            };
            let is_last = told.is_err();
            if sender.send(told).is_err() || is_last {
                return;
            }
        }
    });
    chunks
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Gives its bytes, then breaks off.
    struct Breaking(&'static [u8]);

    impl Read for Breaking {
        fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
            match self.0.read(buffer)? {
                0 => Err(io::ErrorKind::ConnectionReset.into()),
                read => Ok(read),
            }
        }
    }

    #[test]
    fn the_rest_is_asked_for_where_a_server_breaks_off() {
        let ask = |from: u64| match from {
            3 => Ok(Box::new(Breaking(b"456")) as Box<dyn Read + Send>),
            6 => Ok(Box::new(&b"789"[..]) as Box<dyn Read + Send>),
            _ => Err(io::ErrorKind::NotFound.into()),
        };
        let mut body = Body::new(Box::new(Breaking(b"123")), None, Box::new(ask));
        let mut text = String::new();
        body.read_to_string(&mut text).expect("the rest came");
        assert_eq!(text, "123456789");
    }

    #[test]
    fn a_server_that_keeps_breaking_off_is_given_up() {
        let ask = |_| Ok(Box::new(Breaking(b"")) as Box<dyn Read + Send>);
        let mut body = Body::new(Box::new(Breaking(b"123")), None, Box::new(ask));
        let mut bytes = Vec::new();
        let error = body.read_to_end(&mut bytes).expect_err("given up");
        assert_eq!(error.kind(), io::ErrorKind::ConnectionReset);
        assert_eq!(bytes, b"123");
        // Who reads on does not find an end there.
        let again = body.read(&mut [0; 8]).expect_err("still broken");
        assert_eq!(again.kind(), io::ErrorKind::ConnectionReset);
    }

    #[test]
    fn an_answer_that_ends_before_what_was_announced_is_not_the_end() {
        for (len, rest) in [(Some(9), &b"456"[..]), (Some(9), b""), (None, b"")] {
            let ask = move |from| {
                let rest = if from == 3 { rest } else { b"" };
                Ok(Box::new(rest) as Box<dyn Read + Send>)
            };
            let first: Box<dyn Read + Send> = match len {
                Some(_) => Box::new(&b"123"[..]),
                None => Box::new(Breaking(b"123")),
            };
            let mut body = Body::new(first, len, Box::new(ask));
            let mut bytes = Vec::new();
            assert!(body.read_to_end(&mut bytes).is_err(), "{len:?}");
            assert_eq!(bytes, [b"123", rest].concat());
        }
    }
}
