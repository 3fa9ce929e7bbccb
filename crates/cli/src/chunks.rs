//! Bytes a chunk at a time. Those of a large file are read by a thread of its own while what came
//! before is looked at.

use std::io::{self, Read};
use std::sync::mpsc::{Receiver, Sender, channel, sync_channel};

use crate::interrupt;

/// Bytes read at a time.
const CHUNK: usize = 1 << 20;
/// Chunks that may wait to be looked at.
const WAITING: usize = 2;
/// Bytes that are worth a thread.
const WORTH_A_THREAD: u64 = 8 * CHUNK as u64;

/// Where chunks come from.
pub(crate) enum Chunks {
    Here(Source, Vec<u8>),
    Ahead(Ahead),
}

impl Chunks {
    /// The chunks of a source, which has `len` bytes, where that is known. One that may fall silent
    /// is not read ahead: its reader looks at Ctrl-C.
    pub(crate) fn new(reader: Box<dyn Read + Send>, len: Option<u64>) -> io::Result<Self> {
        let source = Source {
            reader,
            failed: None,
        };
        if len.is_some_and(|len| len >= WORTH_A_THREAD) {
            return Ahead::begin(source).map(Self::Ahead);
        }
        Ok(Self::Here(source, vec![0; CHUNK]))
    }

    /// The next bytes; none at the end.
    pub(crate) fn next(&mut self) -> io::Result<&[u8]> {
        match self {
            Self::Here(source, buffer) => {
                let length = source.fill(buffer)?;
                Ok(buffer.get(..length).unwrap_or_default())
            }
            Self::Ahead(ahead) => ahead.next(),
        }
    }
}

/// A buffer and how much of it was read.
type Filled = io::Result<(Vec<u8>, usize)>;

/// Chunks that another thread reads.
pub(crate) struct Ahead {
    filled: Receiver<Filled>,
    empty: Sender<Vec<u8>>,
    current: Vec<u8>,
}

impl Ahead {
    fn begin(mut source: Source) -> io::Result<Self> {
        let (sender, filled) = sync_channel(WAITING);
        let (empty, buffers) = channel::<Vec<u8>>();
        let read = move || {
            loop {
                let mut buffer = buffers.try_recv().unwrap_or_else(|_| vec![0; CHUNK]);
                let read = source.fill(&mut buffer);
                let is_last = !matches!(read, Ok(1..));
                // Where nobody waits for it any more nothing more is read.
                let is_taken = sender.send(read.map(|length| (buffer, length))).is_ok();
                if is_last || !is_taken {
                    return;
                }
            }
        };
        std::thread::Builder::new().spawn(read)?;
        Ok(Self {
            filled,
            empty,
            current: Vec::new(),
        })
    }

    fn next(&mut self) -> io::Result<&[u8]> {
        let spent = std::mem::take(&mut self.current);
        if !spent.is_empty() {
            // The thread may have come to its end.
            let _ = self.empty.send(spent);
        }
        // It ended: so did the source, or it was told before how that failed.
        let Ok(read) = self.filled.recv() else {
            return Ok(&[]);
        };
        let (buffer, length) = read?;
        self.current = buffer;
        Ok(self.current.get(..length).unwrap_or_default())
    }
}

/// What is read, and how that failed behind bytes that were still handed out.
pub(crate) struct Source {
    reader: Box<dyn Read + Send>,
    failed: Option<io::Error>,
}

impl Source {
    /// Fills a buffer; less than all of it at the end, at an error, and after Ctrl-C.
    fn fill(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if let Some(error) = self.failed.take() {
            return Err(error);
        }
        let mut filled = 0;
        while let Some(space) = buffer.get_mut(filled..).filter(|space| !space.is_empty()) {
            match self.reader.read(space) {
                Ok(0) => break,
                Ok(read) => filled += read,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) if filled == 0 => return Err(error),
                Err(error) => {
                    // What came before is used. A reader need not fail twice: what is asked again
                    // may say that it is at its end.
                    self.failed = Some(error);
                    break;
                }
            }
            if interrupt::requested() {
                break;
            }
        }
        Ok(filled)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// All chunks, joined, and how the source failed.
    fn read(source: Box<dyn Read + Send>, len: u64) -> (Vec<u8>, Option<io::ErrorKind>) {
        let mut chunks = Chunks::new(source, Some(len)).expect("a thread");
        let mut all = Vec::new();
        loop {
            match chunks.next() {
                Ok([]) => return (all, None),
                Ok(chunk) => all.extend_from_slice(chunk),
                Err(error) => return (all, Some(error.kind())),
            }
        }
    }

    fn numbered(len: u64) -> Vec<u8> {
        (0..len).map(|at| (at / 1000) as u8).collect()
    }

    /// Fails once, and is at its end then.
    struct Broken(bool);

    impl Read for Broken {
        fn read(&mut self, _: &mut [u8]) -> io::Result<usize> {
            match std::mem::replace(&mut self.0, true) {
                false => Err(io::ErrorKind::TimedOut.into()),
                true => Ok(0),
            }
        }
    }

    #[test]
    fn all_bytes_come_in_order_whoever_reads_them() {
        for len in [0, 5, WORTH_A_THREAD - 1, WORTH_A_THREAD, WORTH_A_THREAD + 1] {
            let bytes = numbered(len);
            let source = io::Cursor::new(bytes.clone());
            assert!(read(Box::new(source), len) == (bytes, None), "{len}");
        }
    }

    #[test]
    fn what_came_before_an_error_is_used() {
        for len in [5, WORTH_A_THREAD + 5] {
            let bytes = numbered(len);
            let source = io::Cursor::new(bytes.clone()).chain(Broken(false));
            let failed = (bytes, Some(io::ErrorKind::TimedOut));
            assert!(read(Box::new(source), len) == failed, "{len}");
        }
    }

    #[test]
    fn a_source_need_not_be_read_to_its_end() {
        let mut chunks = Chunks::new(Box::new(io::repeat(7)), Some(u64::MAX)).expect("a thread");
        let first = chunks.next().map(<[u8]>::len);
        assert_eq!(first.expect("read"), CHUNK);
    }
}
