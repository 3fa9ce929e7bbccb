//! What a server sends, read by a thread of its own: a server that falls silent or breaks off is
//! asked again for the rest, and Ctrl-C is never waited with.

use std::io::{self, Read};
use std::sync::mpsc::{Receiver, RecvTimeoutError, sync_channel};
use std::time::{Duration, Instant};

use crate::interrupt;

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

/// The body of an answer.
pub(crate) struct Body {
    ask: Ask,
    chunks: Receiver<io::Result<Vec<u8>>>,
    chunk: io::Cursor<Vec<u8>>,
    received: u64,
    retries: u32,
}

impl Body {
    /// Reads `first`; where it breaks off `ask` gives the rest.
    pub(crate) fn new(first: Box<dyn Read + Send>, ask: Ask) -> Self {
        Self {
            ask,
            chunks: pumped(first),
            chunk: io::Cursor::default(),
            received: 0,
            retries: 0,
        }
    }

    /// What comes next; empty at the end.
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

impl Read for Body {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        loop {
            let read = self.chunk.read(buffer)?;
            if read > 0 || buffer.is_empty() {
                return Ok(read);
            }
            match self.next() {
                Ok(chunk) if chunk.is_empty() => return Ok(0),
                Ok(chunk) => {
                    self.received += chunk.len() as u64;
                    self.chunk = io::Cursor::new(chunk);
                    self.retries = 0;
                }
                Err(error) if self.retries >= RETRIES || interrupt::requested() => {
                    return Err(error);
                }
                Err(error) => {
                    self.retries += 1;
                    let rest = (self.ask)(self.received).map_err(|_| error)?;
                    self.chunks = pumped(rest);
                }
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
        let mut body = Body::new(Box::new(Breaking(b"123")), Box::new(ask));
        let mut text = String::new();
        body.read_to_string(&mut text).expect("the rest came");
        assert_eq!(text, "123456789");
    }

    #[test]
    fn a_server_that_keeps_breaking_off_is_given_up() {
        let ask = |_| Ok(Box::new(Breaking(b"")) as Box<dyn Read + Send>);
        let mut body = Body::new(Box::new(Breaking(b"123")), Box::new(ask));
        let mut bytes = Vec::new();
        let error = body.read_to_end(&mut bytes).expect_err("given up");
        assert_eq!(error.kind(), io::ErrorKind::ConnectionReset);
        assert_eq!(bytes, b"123");
    }
}
