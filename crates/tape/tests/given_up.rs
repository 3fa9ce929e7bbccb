//! What was given up, replaced, or never written: a tape that is recovered knows what the tape
//! knew.

mod store;

use std::ops::Range;
use std::sync::Arc;

use livetape_media::{Format, Sample};
use livetape_tape::{Command, Placement, Tape};
use livetape_timeline::{StoreId, Track};

use store::{AUDIO, Files, VIDEO, config, recorded};

/// The numbers of each track's samples.
fn numbers(tape: &Tape) -> Vec<Range<u64>> {
    let tracks = tape.timeline().tracks().iter();
    tracks.map(Track::numbers).collect()
}

/// Recovers a tape that has the samples, under the numbers, that `tape` has.
fn recovered(files: &Files, tape: &Tape) -> Tape {
    let (recovered, damage) = files.recover();
    assert_eq!(damage, []);
    let samples = |tape: &Tape| files.samples(tape.timeline());
    assert_eq!(samples(&recovered), samples(tape));
    assert_eq!(numbers(&recovered), numbers(tape));
    assert_eq!(recovered.note(), b"a recording");
    recovered
}

/// Writes some bytes where they are to be.
fn write(files: &mut Files, tape: &mut Tape, at: Placement, len: usize) {
    files.carry_out(tape);
    let reel = files.reels.get_mut(&at.reel).expect("opened");
    assert_eq!(reel.len() as u64, at.offset);
    reel.resize(reel.len() + len, 7);
}

/// Gives up the oldest reels, which are `ids`.
fn evict(tape: &mut Tape, ids: &[u32]) {
    for id in ids {
        assert!(matches!(tape.evict(), Some(Command::Delete(own, _)) if own.0 == *id));
    }
}

/// Removes the files of reels.
fn remove(files: &mut Files, ids: &[u32]) {
    for id in ids.iter().copied().map(StoreId) {
        files.reels.remove(&id);
        files.journals.remove(&id);
    }
}

#[test]
fn without_its_first_reel_the_rest_is_there_and_its_numbers_go_on() {
    let (mut tape, mut files) = recorded();
    evict(&mut tape, &[1]);
    remove(&mut files, &[1]);
    let recovered = recovered(&files, &tape);
    assert_eq!(numbers(&recovered), [15..45, 6..18]);
}

/// What a clip needs of reels that were given up stays until it is closed, or its page is.
#[test]
fn before_a_reel_that_was_given_up_nothing_is_on_the_tape() {
    let (mut tape, mut files) = recorded();
    evict(&mut tape, &[1, 2]);
    remove(&mut files, &[2]);
    let recovered = recovered(&files, &tape);
    assert_eq!(numbers(&recovered), [30..45, 12..18]);
}

/// Of all that was there a clip still needs the last: the tape itself begins anew.
#[test]
fn what_only_a_clip_needs_is_in_the_way_of_nothing() {
    let (mut tape, mut files) = recorded();
    tape.close();
    let at = tape.place(30, 90_000);
    write(&mut files, &mut tape, at, 30);
    evict(&mut tape, &[1, 2, 3]);
    remove(&mut files, &[1, 2]);
    // Pictures that go back to the start, and sound of another timescale.
    let video = Format::Video {
        width: 640,
        height: 360,
    };
    let audio = Format::Audio {
        sample_rate: 44_100,
        channels: 2,
    };
    for (id, config, place) in [
        (VIDEO, config(video, 90_000, 1), at.extent(0, 20)),
        (AUDIO, config(audio, 44_100, 5), at.extent(20, 10)),
    ] {
        let sample = Sample {
            size: place.len as u32,
            duration: 3_600,
            composition_offset: 0,
            keyframe: true,
        };
        tape.append(id, &config, 0, &[sample], &[place]);
    }
    tape.commit();
    files.carry_out(&mut tape);
    let recovered = recovered(&files, &tape);
    assert_eq!(numbers(&recovered), [45..46, 18..19]);
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
    let recovered = recovered(&files, &tape);
    let samples = files.samples(recovered.timeline());
    assert_eq!(samples.get(&(VIDEO, time)).map(|own| own.1[0]), Some(0xee));
    assert_eq!(numbers(&recovered), [0..44, 0..18]);
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
    let recovered = recovered(&files, &tape);
    assert_eq!(files.samples(recovered.timeline()).len(), before.len() + 1);
}

/// A sample may be complete before what comes with it: nothing has told the journal of it yet.
#[test]
fn with_what_could_not_be_written_goes_what_was_not_journalled() {
    let (mut tape, mut files) = recorded();
    let at = tape.place(30, 9_000);
    write(&mut files, &mut tape, at, 30);
    tape.commit();
    files.carry_out(&mut tape);
    let config = tape.timeline().audio().and_then(Track::config).cloned();
    let next = tape.place(30, 9_000);
    tape.cut_back(AUDIO, 16);
    let sound = |size| Sample {
        size,
        duration: 24_000,
        composition_offset: 0,
        keyframe: true,
    };
    let (samples, places) = (
        [sound(30), sound(30)],
        [at.extent(0, 30), next.extent(0, 30)],
    );
    tape.append(
        AUDIO,
        &config.expect("there"),
        8 * 48_000,
        &samples,
        &places,
    );
    tape.not_written(next);
    tape.commit();
    files.carry_out(&mut tape);
    assert_eq!(numbers(&tape), [0..45, 0..16]);
    recovered(&files, &tape);
}
