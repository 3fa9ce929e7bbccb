//! A small store, recorded, and recovered from its files.

use std::collections::BTreeMap;
use std::sync::Arc;

use livetape_media::{
    Format, Rotation, Sample, TimedEvent, Timescale, Timestamp, TrackConfig, TrackId,
};
use livetape_tape::journal::{Check, checks, payload_sum};
use livetape_tape::{Command, Damage, Recovery, Tape, Window};
use livetape_timeline::{StoreId, Timeline};

pub(crate) const VIDEO: TrackId = TrackId(1);
pub(crate) const AUDIO: TrackId = TrackId(2);
const WINDOW: Window = Window {
    millis: 3_600_000,
    bytes: 1 << 30,
};

/// The files of a tape.
#[derive(Debug, Clone, Default)]
pub(crate) struct Files {
    pub(crate) reels: BTreeMap<StoreId, Vec<u8>>,
    pub(crate) journals: BTreeMap<StoreId, Vec<u8>>,
}

impl Files {
    /// Does what the tape asks for.
    pub(crate) fn carry_out(&mut self, tape: &mut Tape) {
        while let Some(command) = tape.poll() {
            match command {
                Command::Open(id) => {
                    self.reels.insert(id, Vec::new());
                    self.journals.insert(id, Vec::new());
                }
                Command::Close(_) => {}
                Command::Delete(id, _) => {
                    self.reels.remove(&id);
                    self.journals.remove(&id);
                }
                Command::Commit {
                    reel,
                    offset,
                    bytes,
                } => {
                    let journal = self.journals.get_mut(&reel).expect("opened");
                    journal.truncate(offset as usize);
                    assert_eq!(journal.len() as u64, offset);
                    journal.extend(bytes);
                }
            }
        }
    }

    pub(crate) fn recover(&self) -> (Tape, Vec<Damage>) {
        let mut recovery = Recovery::new();
        for (id, reel) in &self.reels {
            let journal = self.journals.get(id).map_or(&[][..], Vec::as_slice);
            let is_changed = |check: &Check| {
                let range = check.offset as usize..(check.offset + check.len) as usize;
                reel.get(range)
                    .is_some_and(|bytes| payload_sum(bytes) != check.sum)
            };
            let changed = checks(journal).into_iter().filter(is_changed);
            let changed = changed.map(|own| own.offset..own.offset + own.len);
            recovery.reel(*id, reel.len() as u64, journal, changed.collect());
        }
        recovery.finish(WINDOW)
    }

    /// Every sample that a timeline has, with its bytes.
    pub(crate) fn samples(
        &self,
        timeline: &Timeline,
    ) -> BTreeMap<(TrackId, i64), (Sample, Vec<u8>)> {
        let mut all = BTreeMap::new();
        for track in timeline.tracks() {
            for slice in track.slices(track.numbers()) {
                let mut from = slice.bytes.start;
                for (time, sample) in slice.timed() {
                    let to = from + u64::from(sample.size);
                    let bytes = track.extents(from..to).flat_map(|extent| {
                        let reel = self.reels.get(&extent.store).expect("a reel that is there");
                        let end = (extent.offset + extent.len) as usize;
                        reel[extent.offset as usize..end].to_vec()
                    });
                    // Durations reach to the next sample, which may be missing.
                    let sample = Sample {
                        duration: 0,
                        ..*sample
                    };
                    all.insert((track.id(), time), (sample, bytes.collect()));
                    from = to;
                }
            }
        }
        all
    }
}

pub(crate) fn config(format: Format, timescale: u32, entry: u8) -> Arc<TrackConfig> {
    Arc::new(TrackConfig {
        format,
        timescale: Timescale::new(timescale).expect("not zero"),
        sample_entry: vec![entry; 20],
        codec: "avc1.64001e".to_owned(),
        language: *b"und",
        rotation: Rotation::None,
    })
}

/// Three reels of pictures and sound, with a sample that lies on two of them, another
/// configuration, an event and a date.
pub(crate) fn recorded() -> (Tape, Files) {
    let (mut tape, mut files) = (Tape::new(WINDOW), Files::default());
    let format = Format::Video {
        width: 640,
        height: 360,
    };
    let videos = [config(format, 90_000, 1), config(format, 90_000, 2)];
    let sound = Format::Audio {
        sample_rate: 48_000,
        channels: 2,
    };
    let audio = config(sound, 48_000, 3);
    tape.set_zero(1_700_000_000_000);
    for piece in 0..9_u32 {
        if piece % 3 == 0 {
            tape.close();
        }
        let at = tape.place(60, u64::from(piece) * 1_000);
        files.carry_out(&mut tape);
        let reel = files.reels.get_mut(&at.reel).expect("opened");
        assert_eq!(reel.len() as u64, at.offset);
        reel.extend((0..60).map(|byte| (piece * 60 + byte) as u8));
        let sum = payload_sum(&reel[at.offset as usize..]);
        tape.written(at, 60, sum);
        let pictures: Vec<_> = (0..5)
            .map(|n| Sample {
                size: 8,
                duration: 18_000,
                composition_offset: if n % 2 == 0 { 0 } else { -18_000 },
                keyframe: n == 0,
            })
            .collect();
        let sounds = [Sample {
            size: 10,
            duration: 24_000,
            composition_offset: 0,
            keyframe: true,
        }; 2];
        let video = &videos[usize::from(piece > 4)];
        let (time, place) = (i64::from(piece), at.extent(0, 40));
        tape.append(VIDEO, video, time * 90_000, &pictures, &[place]);
        tape.append(AUDIO, &audio, time * 48_000, &sounds, &[at.extent(40, 20)]);
        if piece == 4 {
            tape.add_event(TimedEvent {
                time: Timestamp::new(4_500, Timescale::MILLIS),
                duration: None,
                scheme: TimedEvent::ID3.to_owned(),
                value: String::new(),
                id: 7,
                payload: b"ID3".to_vec(),
            });
            tape.set_note(b"a recording".to_vec());
        }
        tape.commit();
        files.carry_out(&mut tape);
    }
    (tape, files)
}
