//! Writing what is in no file, beside the thread that reads and demuxes, and having the disk take it meanwhile.

use std::fs::File;
use std::io::{self, Seek, SeekFrom, Write};
use std::sync::mpsc::{Receiver, SyncSender, TrySendError, sync_channel};
use std::thread::{self, JoinHandle};

/// Runs of samples that may wait to be written: some megabytes.
const WAITING: usize = 4;
/// Bytes after which the disk is asked to take what was written.
const STEP: usize = 16 << 20;

/// Writes to a file, in a thread.
#[derive(Debug)]
pub(crate) struct Writer {
    sender: SyncSender<Vec<u8>>,
    written: Receiver<Vec<u8>>,
    thread: JoinHandle<io::Result<()>>,
}

impl Writer {
    /// Begins at a place in a file. What `stays` has to be on the disk in the end: there, most of it is by then.
    pub(crate) fn begin(mut file: File, at: u64, stays: bool) -> io::Result<Self> {
        file.seek(SeekFrom::Start(at))?;
        let mut disk = None;
        if stays {
            disk = Some(Disk::begin(file.try_clone()?)?);
        }
        let (sender, receiver) = sync_channel::<Vec<u8>>(WAITING);
        let (spent, written) = sync_channel(WAITING);
        let thread = thread::Builder::new().spawn(move || {
            let mut since = 0;
            for bytes in receiver {
                file.write_all(&bytes)?;
                since += bytes.len();
                if since >= STEP {
                    since = 0;
                    disk = disk.map_or(Ok(None), Disk::take)?;
                }
                // Nobody may want it, or not as many: those are given up.
                let _ = spent.try_send(bytes);
            }
            disk.map_or(Ok(()), Disk::finish)
        })?;
        Ok(Self {
            sender,
            written,
            thread,
        })
    }

    /// Hands bytes over, which are written after those before them.
    pub(crate) fn send(self, bytes: Vec<u8>) -> io::Result<Option<Self>> {
        if self.sender.send(bytes).is_err() {
            // It ended, so it failed.
            return self.finish().map(|()| None);
        }
        Ok(Some(self))
    }

    /// A buffer whose bytes were written. A few of them are kept.
    pub(crate) fn written(&self) -> Option<Vec<u8>> {
        self.written.try_recv().ok()
    }

    /// Waits until all is written.
    pub(crate) fn finish(self) -> io::Result<()> {
        drop(self.sender);
        joined(self.thread)
    }
}

/// Has the disk take what was written to a file, in a thread.
#[derive(Debug)]
struct Disk {
    sender: SyncSender<()>,
    thread: JoinHandle<io::Result<()>>,
}

impl Disk {
    fn begin(file: File) -> io::Result<Self> {
        let (sender, receiver) = sync_channel(1);
        let take = move || receiver.iter().try_for_each(|()| file.sync_data());
        let thread = thread::Builder::new().spawn(take)?;
        Ok(Self { sender, thread })
    }

    /// Asks for what was written up to now. An error is this one's, and nobody else is told of it.
    fn take(self) -> io::Result<Option<Self>> {
        match self.sender.try_send(()) {
            // It ended, so it failed.
            Err(TrySendError::Disconnected(())) => self.finish().map(|()| None),
            // It is at it, and is asked again.
            Ok(()) | Err(TrySendError::Full(())) => Ok(Some(self)),
        }
    }

    /// Waits until it has taken what it was asked for.
    fn finish(self) -> io::Result<()> {
        drop(self.sender);
        joined(self.thread)
    }
}

fn joined(thread: JoinHandle<io::Result<()>>) -> io::Result<()> {
    let panicked = |_| Err(io::Error::other("the writing thread ended"));
    thread.join().unwrap_or_else(panicked)
}

#[cfg(test)]
mod tests {
    use std::io::Read;

    use super::*;

    /// Hands over as many pieces of a megabyte; what becomes of it.
    fn hand_over(file: &File, pieces: u8) -> io::Result<()> {
        let mut writer = Some(Writer::begin(file.try_clone()?, 3, true)?);
        for n in 0..pieces {
            writer = writer.map_or(Ok(None), |writer| writer.send(vec![n; 1 << 20]))?;
        }
        writer.map_or(Ok(()), Writer::finish)
    }

    #[test]
    fn what_is_handed_over_is_there_in_its_order() {
        let mut file = tempfile::tempfile().expect("a file");
        hand_over(&file, 40).expect("written"); // more than two steps
        file.seek(SeekFrom::Start(3)).expect("a place");
        let mut written = Vec::new();
        file.read_to_end(&mut written).expect("bytes");
        let want: Vec<u8> = (0..40).flat_map(|n| vec![n; 1 << 20]).collect();
        assert!(written == want, "{} bytes", written.len());
    }

    #[test]
    fn buffers_that_nobody_wants_do_not_pile_up() {
        let file = tempfile::tempfile().expect("a file");
        let mut writer = Some(Writer::begin(file, 0, false).expect("begun"));
        for _ in 0..100 {
            let sent = writer.map_or(Ok(None), |writer| writer.send(vec![0; 1 << 16]));
            writer = sent.expect("written");
        }
        let Writer {
            sender,
            written,
            thread,
        } = writer.expect("under way");
        drop(sender);
        joined(thread).expect("written");
        assert_eq!(written.iter().count(), WAITING);
    }

    #[test]
    fn a_file_that_takes_nothing_is_told() {
        let file = tempfile::NamedTempFile::new().expect("a file");
        let read_only = File::open(file.path()).expect("opened");
        assert!(hand_over(&read_only, 40).is_err());
    }
}
