//! A byte range that a playlist names: that less of it is there is an error, not its end.

use std::io::{self, Read};

use livetape_hls::ResolvedByteRange;

/// What is read of a range, or of a whole, where there is no range.
pub(crate) fn ranged(
    reader: Box<dyn Read + Send>,
    range: Option<ResolvedByteRange>,
) -> Box<dyn Read + Send> {
    match range {
        Some(range) => Box::new(Ranged {
            reader,
            range,
            came: 0,
        }),
        None => reader,
    }
}

struct Ranged<R> {
    reader: R,
    range: ResolvedByteRange,
    came: u64,
}

impl<R: Read> Read for Ranged<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.reader.read(buffer)?;
        self.came = self.came.saturating_add(read as u64);
        let length = self.range.length();
        if read == 0 && !buffer.is_empty() && self.came < length {
            let (came, offset) = (self.came, self.range.offset());
            let why =
                format!("its playlist says that {length} bytes of it lie at {offset}; {came} do");
            return Err(io::Error::new(io::ErrorKind::UnexpectedEof, why));
        }
        Ok(read)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_range_that_is_not_all_there_is_an_error_behind_what_is() {
        let read = |there: &'static [u8], length| {
            let range = ResolvedByteRange::new(5, length);
            let mut read = Vec::new();
            let failed = ranged(Box::new(there), range).read_to_end(&mut read);
            (read, failed.err().map(|error| error.kind()))
        };
        assert_eq!(read(b"abc", 3), (b"abc".to_vec(), None));
        let early = Some(io::ErrorKind::UnexpectedEof);
        assert_eq!(read(b"abc", 4), (b"abc".to_vec(), early));
        assert_eq!(read(b"", u64::MAX >> 1), (Vec::new(), early));
    }
}
