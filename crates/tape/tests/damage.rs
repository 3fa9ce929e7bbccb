//! A small store, cut off or changed at every byte: what is recovered is what was recorded, and
//! what is missing is told.

use std::collections::BTreeMap;
use std::sync::Arc;

use livetape_media::{
    Format, Rotation, Sample, TimedEvent, Timescale, Timestamp, TrackConfig, TrackId,
};
use livetape_tape::journal::{Check, checks, payload_sum};
use livetape_tape::{Command, Damage, DamageKind, Recovery, Tape, Window};
use livetape_timeline::{StoreId, Timeline};

const VIDEO: TrackId = TrackId(1);
const AUDIO: TrackId = TrackId(2);
const WINDOW: Window = Window {
    millis: 3_600_000,
    bytes: 1 << 30,
};

/// The files of a tape.
#[derive(Debug, Clone, Default)]
struct Files {
    reels: BTreeMap<StoreId, Vec<u8>>,
    journals: BTreeMap<StoreId, Vec<u8>>,
}

impl Files {
    /// Does what the tape asks for.
    fn carry_out(&mut self, tape: &mut Tape) {
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

    fn recover(&self) -> (Tape, Vec<Damage>) {
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
    fn samples(&self, timeline: &Timeline) -> BTreeMap<(TrackId, i64), (Sample, Vec<u8>)> {
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

fn config(format: Format, timescale: u32, entry: u8) -> Arc<TrackConfig> {
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
fn recorded() -> (Tape, Files) {
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

#[test]
fn a_whole_store_is_the_tape_that_was_recorded() {
    let (tape, files) = recorded();
    let (recovered, damage) = files.recover();
    assert_eq!(damage, []);
    assert_eq!(
        files.samples(recovered.timeline()),
        files.samples(tape.timeline())
    );
    assert_eq!(recovered.timeline().events(), tape.timeline().events());
    assert_eq!(recovered.note(), b"a recording");
    assert_eq!(recovered.bytes(), tape.bytes());
    let slices = |tape: &Tape| {
        let tracks = tape.timeline().tracks().iter();
        let slices = tracks.flat_map(|track| track.slices(track.numbers()));
        slices.map(|slice| slice.numbers).collect::<Vec<_>>()
    };
    assert_eq!(slices(&recovered), slices(&tape));
    let at = Timestamp::new(2_000, Timescale::MILLIS);
    let date = recovered.timeline().wall_clock_at(at);
    assert_eq!(date, Some(1_700_000_002_000));
}

#[test]
fn without_its_first_reel_the_rest_is_there_and_its_numbers_go_on() {
    let (mut tape, mut files) = recorded();
    assert!(matches!(tape.evict(), Some(Command::Delete(StoreId(1), _))));
    files.reels.remove(&StoreId(1));
    files.journals.remove(&StoreId(1));
    let (recovered, damage) = files.recover();
    assert_eq!(damage, []);
    assert_eq!(
        files.samples(recovered.timeline()),
        files.samples(tape.timeline())
    );
    let numbers = |tape: &Tape| {
        tape.timeline()
            .video()
            .map(livetape_timeline::Track::numbers)
    };
    assert_eq!(numbers(&recovered), Some(15..45));
    assert_eq!(numbers(&recovered), numbers(&tape));
    assert_eq!(recovered.note(), b"a recording");
}

/// What a clip needs of reels that were given up stays until it is closed, or its page is.
#[test]
fn before_a_reel_that_was_given_up_nothing_is_on_the_tape() {
    let (mut tape, mut files) = recorded();
    for id in [1, 2] {
        assert!(matches!(tape.evict(), Some(Command::Delete(StoreId(own), _)) if own == id));
    }
    files.reels.remove(&StoreId(2));
    files.journals.remove(&StoreId(2));
    let (recovered, damage) = files.recover();
    assert_eq!(damage, []);
    assert_eq!(
        files.samples(recovered.timeline()),
        files.samples(tape.timeline())
    );
    let numbers = |tape: &Tape| {
        tape.timeline()
            .tracks()
            .iter()
            .map(livetape_timeline::Track::numbers)
            .collect::<Vec<_>>()
    };
    assert_eq!(numbers(&recovered), [30..45, 12..18]);
    assert_eq!(numbers(&recovered), numbers(&tape));
    assert_eq!(recovered.note(), b"a recording");
}

#[test]
fn pictures_that_were_replaced_stay_replaced() {
    let (mut tape, mut files) = recorded();
    // The last two pictures, and in their place one of another configuration.
    tape.cut_back(VIDEO, 43);
    let at = tape.place(8, 9_000);
    files.carry_out(&mut tape);
    let reel = files.reels.get_mut(&at.reel).expect("opened");
    reel.extend([0xee; 8]);
    let format = Format::Video {
        width: 320,
        height: 180,
    };
    let other = config(format, 90_000, 4);
    let picture = Sample {
        size: 8,
        duration: 36_000,
        composition_offset: 0,
        keyframe: true,
    };
    let time = 8 * 90_000 + 3 * 18_000;
    tape.append(VIDEO, &other, time, &[picture], &[at.extent(0, 8)]);
    tape.commit();
    files.carry_out(&mut tape);
    let (recovered, damage) = files.recover();
    assert_eq!(damage, []);
    let samples = files.samples(recovered.timeline());
    assert_eq!(samples, files.samples(tape.timeline()));
    assert_eq!(samples.get(&(VIDEO, time)).map(|own| own.1[0]), Some(0xee));
    let numbers = recovered
        .timeline()
        .video()
        .map(livetape_timeline::Track::numbers);
    assert_eq!(numbers, Some(0..44));
    assert_eq!(recovered.note(), b"a recording");
}

/// What is recovered must have been recorded, byte for byte; what has gone must be told.
fn check(files: &Files, tape: &Tape, whole: &Files, what: &str) {
    let (recovered, damage) = files.recover();
    let all = whole.samples(tape.timeline());
    let found = files.samples(recovered.timeline());
    for (key, sample) in &found {
        assert_eq!(all.get(key), Some(sample), "{what}: {key:?}");
    }
    assert!(
        found.len() == all.len() || !damage.is_empty(),
        "{what}: {} of {} samples, and nothing is told",
        found.len(),
        all.len()
    );
}

#[test]
fn cut_off_at_any_byte_it_is_repaired() {
    let (tape, whole) = recorded();
    for id in whole.reels.keys() {
        for len in 0..whole.journals[id].len() {
            let mut files = whole.clone();
            files.journals.get_mut(id).expect("there").truncate(len);
            check(
                &files,
                &tape,
                &whole,
                &format!("journal {id:?} cut at {len}"),
            );
        }
        for len in 0..whole.reels[id].len() {
            let mut files = whole.clone();
            files.reels.get_mut(id).expect("there").truncate(len);
            check(&files, &tape, &whole, &format!("reel {id:?} cut at {len}"));
        }
    }
}

#[test]
fn a_journal_changed_at_any_byte_is_repaired() {
    let (tape, whole) = recorded();
    for id in whole.journals.keys() {
        for at in 0..whole.journals[id].len() {
            for change in [0x01, 0xFF] {
                let mut files = whole.clone();
                files.journals.get_mut(id).expect("there")[at] ^= change;
                check(
                    &files,
                    &tape,
                    &whole,
                    &format!("journal {id:?} changed at {at}"),
                );
            }
        }
    }
}

#[test]
fn a_reel_changed_at_any_byte_is_told() {
    let (tape, whole) = recorded();
    for id in whole.reels.keys() {
        for at in 0..whole.reels[id].len() {
            let mut files = whole.clone();
            files.reels.get_mut(id).expect("there")[at] ^= 0x10;
            check(
                &files,
                &tape,
                &whole,
                &format!("reel {id:?} changed at {at}"),
            );
            let (_, damage) = files.recover();
            let kinds: Vec<_> = damage.iter().map(|damage| damage.kind).collect();
            assert_eq!(kinds, [DamageKind::ReelChanged]);
        }
    }
}

#[test]
fn a_missing_file_is_told() {
    let (tape, whole) = recorded();
    for id in whole.reels.keys() {
        let mut files = whole.clone();
        files.journals.remove(id);
        check(&files, &tape, &whole, &format!("journal {id:?} missing"));
        let mut files = whole.clone();
        files.reels.insert(*id, Vec::new());
        check(&files, &tape, &whole, &format!("reel {id:?} empty"));
    }
}

#[test]
fn a_recovered_tape_notes_where_its_last_whole_commit_ends() {
    let (_, mut files) = recorded();
    let last = *files.journals.keys().next_back().expect("there");
    files.journals.get_mut(&last).expect("there").push(0x55);
    let (mut recovered, damage) = files.recover();
    assert_eq!(damage.len(), 1);
    recovered.set_note(b"finished".to_vec());
    recovered.commit();
    files.carry_out(&mut recovered);
    let (again, damage) = files.recover();
    assert_eq!(damage, []);
    assert_eq!(again.note(), b"finished");
}

#[test]
fn what_could_not_be_written_is_not_in_the_journal() {
    let (mut tape, mut files) = recorded();
    let before = files.samples(tape.timeline());
    let at = tape.place(60, 9_000);
    files.carry_out(&mut tape);
    let audio = tape.timeline().audio().and_then(|track| track.config());
    let audio = Arc::clone(audio.expect("there"));
    let sound = [Sample {
        size: 60,
        duration: 48_000,
        composition_offset: 0,
        keyframe: true,
    }];
    tape.append(AUDIO, &audio, 9 * 48_000, &sound, &[at.extent(0, 60)]);
    tape.not_written(at);
    tape.commit();
    files.carry_out(&mut tape);
    assert_eq!(files.samples(tape.timeline()), before);
    // The next bytes go there.
    let again = tape.place(60, 9_000);
    assert_eq!(again, at);
    files
        .reels
        .get_mut(&at.reel)
        .expect("there")
        .extend([9; 60]);
    tape.append(AUDIO, &audio, 9 * 48_000, &sound, &[at.extent(0, 60)]);
    tape.commit();
    files.carry_out(&mut tape);
    let (recovered, damage) = files.recover();
    assert_eq!(damage, []);
    let found = files.samples(recovered.timeline());
    assert_eq!(found, files.samples(tape.timeline()));
    assert_eq!(found.len(), before.len() + 1);
}
