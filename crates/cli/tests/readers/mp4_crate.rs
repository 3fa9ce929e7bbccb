//! Files as the crate `mp4` reads them: progressive ones of H.264 and AAC. It may panic or hang, so
//! it reads in a thread that is not waited for without end.

use std::io::Cursor;
use std::sync::mpsc::channel;
use std::time::Duration;

use mp4::Mp4Reader;

use crate::rows::{Row, Tracks};

const PATIENCE: Duration = Duration::from_secs(20);

pub(crate) fn progressive(file: &[u8]) -> Tracks {
    let (sender, tracks) = channel();
    let file = file.to_vec();
    std::thread::spawn(move || sender.send(read(&file)));
    tracks.recv_timeout(PATIENCE).expect("an answer in time")
}

fn read(file: &[u8]) -> Tracks {
    let mut reader = Mp4Reader::read_header(Cursor::new(file), file.len() as u64).expect("read");
    let tracks = reader.tracks().iter();
    let mut counts: Vec<_> = tracks
        .map(|(id, track)| (*id, track.sample_count()))
        .collect();
    counts.sort_unstable();
    let mut row = |id, number| {
        let sample = reader.read_sample(id, number).expect("read");
        let sample = sample.expect("a sample");
        Row {
            decode: sample.start_time as i64,
            duration: Some(sample.duration.into()),
            offset: sample.rendering_offset.into(),
            keyframe: sample.is_sync,
            position: None,
            size: sample.bytes.len() as u64,
        }
    };
    let counts = counts.into_iter();
    counts
        .map(|(id, count)| (1..=count).map(|number| row(id, number)).collect())
        .collect()
}
