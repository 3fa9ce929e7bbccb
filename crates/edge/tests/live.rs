//! A recording played as live: windows, times across rounds, transport stream counters.

mod synthetic;

use std::collections::BTreeMap;

use livetape_container::isobmff::Demuxer as Mp4Demuxer;
use livetape_container::mpegts::Demuxer as TsDemuxer;
use livetape_container::{Event, Payload, Run};
use livetape_edge::route::{LiveFile, LiveTrack};
use livetape_edge::view::live::Broadcast;
use livetape_edge::{Code, ConfigHash};
use livetape_hls::{
    DateTime, MediaPlaylist, Playlist, Segment as HlsSegment, Variables, parse_with,
};
use proptest::prelude::*;
use synthetic::{Content, Stage, fragment, init, payload, video_config};

const START: i64 = 1_790_000_000_000;

fn broadcast(repeat: bool) -> Broadcast {
    Broadcast::new(START, repeat)
}

fn live(stage: &Stage, repeat: bool, file: &LiveFile, after: i64) -> Result<Vec<u8>, Code> {
    let delivery = stage
        .recording
        .live(&broadcast(repeat), file, START + after);
    let delivery = delivery.map_err(|error| error.code)?;
    Ok(stage.body(&delivery))
}

fn playlist(stage: &Stage, repeat: bool, file: &LiveFile, after: i64) -> MediaPlaylist {
    let text = live(stage, repeat, file, after).expect("on air");
    let parsed = parse_with(
        std::str::from_utf8(&text).expect("UTF-8"),
        &Variables::default(),
    )
    .expect("a playlist");
    assert!(parsed.warnings.is_empty(), "{:?}", parsed.warnings);
    match parsed.playlist {
        Playlist::Media(playlist) => playlist,
        Playlist::Multivariant(_) => panic!("not a media playlist"),
    }
}

const VIDEO: LiveFile = LiveFile::Media(LiveTrack::Video);
const AUDIO: LiveFile = LiveFile::Media(LiveTrack::Audio);

/// 16 s: 400 pictures and exactly 750 frames of sound, so that it joins itself.
fn seamless() -> Stage {
    Stage::finished(8)
}

/// 4 s with a tail of sound that is 64 frames too long.
fn seamed() -> Stage {
    let mut stage = Stage::new();
    let config = stage.put_config(&init(&video_config()));
    for seq in 0..2 {
        let mut content = Content::two_seconds(seq);
        content.frames.1 += 64 * seq;
        stage.put(seq, &config, fragment(content)).expect("good");
    }
    stage.recording.finish();
    stage
}

#[test]
fn the_window_slides_and_nothing_is_told_before_its_time() {
    let stage = seamless();
    assert_eq!(live(&stage, true, &VIDEO, 1_999), Err(Code::NotStarted));
    assert_eq!(live(&stage, true, &VIDEO, -5_000), Err(Code::NotStarted));
    // The first object's sound ends 5 ms and a third after its pictures.
    assert_eq!(live(&stage, true, &VIDEO, 2_005), Err(Code::NotStarted));
    let first = playlist(&stage, true, &VIDEO, 2_006);
    assert_eq!((first.media_sequence, first.segments.len()), (0, 1));
    let later = playlist(&stage, true, &VIDEO, 21_000);
    assert_eq!((later.media_sequence, later.segments.len()), (4, 6));
    assert_eq!(later.target_duration, 2);
    assert!(!later.end_list && later.discontinuity_sequence.is_none());
    assert!(
        later
            .segments
            .iter()
            .all(|segment| !segment.is_discontinuity())
    );
    let dates: Vec<_> = later
        .segments
        .iter()
        .filter_map(HlsSegment::program_date_time)
        .map(|date| date.unix_millis() - START)
        .collect();
    assert_eq!(dates, [8_000, 10_000, 12_000, 14_000, 16_000, 18_000]);
    let on_air = |number| LiveFile::Segment(LiveTrack::Video, number);
    assert!(live(&stage, true, &on_air(9), 21_000).is_ok());
    assert_eq!(live(&stage, true, &on_air(10), 21_000), Err(Code::NotOnAir));
    assert_eq!(
        live(&stage, true, &on_air(u64::MAX), 21_000),
        Err(Code::NotOnAir)
    );
    assert_eq!(
        live(&stage, true, &LiveFile::TsSegment(10), 21_000),
        Err(Code::NotOnAir)
    );
}

#[test]
fn without_repeat_it_ends() {
    let stage = seamless();
    let running = playlist(&stage, false, &AUDIO, 15_999);
    assert!(!running.end_list);
    let over = playlist(&stage, false, &AUDIO, 16_000);
    assert!(over.end_list);
    assert_eq!((over.media_sequence, over.segments.len()), (2, 6));
    assert_eq!(playlist(&stage, false, &AUDIO, 1 << 50), over);
    let beyond = LiveFile::Segment(LiveTrack::Audio, 8);
    assert_eq!(live(&stage, false, &beyond, 1 << 50), Err(Code::NotOnAir));
}

#[test]
fn a_seam_is_a_discontinuity_that_is_counted() {
    let stage = seamed();
    let list = playlist(&stage, true, &VIDEO, 60_000);
    let first = list.media_sequence;
    for (segment, number) in list.segments.iter().zip(first..) {
        assert_eq!(segment.is_discontinuity(), number % 2 == 0, "{number}");
    }
    // Seams stand before segments 2, 4, 6 and so on.
    assert_eq!(
        list.discontinuity_sequence,
        Some(first.saturating_sub(1) / 2)
    );
    let sound = playlist(&stage, true, &AUDIO, 60_000);
    assert_eq!(sound.media_sequence, first);
    assert_eq!(sound.discontinuity_sequence, list.discontinuity_sequence);
}

#[test]
fn extinf_sums_do_not_drift() {
    let stage = seamless();
    let mut total = 0;
    for number in 0..8 {
        let list = playlist(&stage, true, &AUDIO, (number + 1) * 2_000 + 10);
        let last = list.segments.last().expect("one");
        total += last.duration.micros();
    }
    assert_eq!(total, 16_000_000);
}

/// The runs of one track's fragments, with their samples' bytes.
fn read_fmp4(stage: &Stage, kind: LiveTrack, numbers: std::ops::Range<u64>) -> Vec<(Run, Vec<u8>)> {
    let now = 1 << 45;
    let hash = ConfigHash::of(&init(&video_config()));
    let mut stream = live(stage, true, &LiveFile::Init(kind, hash), now).expect("an init segment");
    for number in numbers {
        stream.extend(live(stage, true, &LiveFile::Segment(kind, number), now).expect("on air"));
    }
    let mut demuxer = Mp4Demuxer::new();
    demuxer.push(stream.as_slice());
    let mut runs = Vec::new();
    while let Some(event) = demuxer.poll() {
        match event {
            Event::Run(run) => {
                let Payload::Stream { offset } = run.payload else {
                    panic!("payload lies in the stream");
                };
                let range = offset as usize..(offset + run.payload_len()) as usize;
                let bytes = stream.get(range).expect("within").to_vec();
                runs.push((run, bytes));
            }
            Event::Config { .. } | Event::Timed(_) => {}
            Event::Defect(defect) => panic!("{defect:?}"),
        }
    }
    runs
}

#[test]
fn fragments_go_on_across_rounds() {
    let stage = seamless();
    for (kind, code, per_round) in [(LiveTrack::Video, 1, 400), (LiveTrack::Audio, 0, 750)] {
        let runs = read_fmp4(&stage, kind, 6..18);
        let mut end = None;
        let mut bytes = Vec::new();
        for (run, payload) in &runs {
            assert_eq!(end.unwrap_or(run.decode_time), run.decode_time);
            end = Some(run.decode_time + run.duration() as i64);
            bytes.extend_from_slice(payload);
        }
        let first = match code {
            1 => 6 * 50,
            _ => Content::two_seconds(6).frames.0,
        };
        let count: usize = runs.iter().map(|(run, _)| run.samples.len()).sum();
        let numbers = (first..first + count as u32).map(|number| number % per_round);
        let expected: Vec<u8> = numbers.flat_map(|number| payload(code, number)).collect();
        assert!(bytes == expected, "every sample in order, none twice");
    }
}

/// All samples of each PID: presentation times and bytes, and that nothing was wrong.
fn read_ts(stage: &Stage, numbers: std::ops::Range<u64>) -> BTreeMap<u32, Vec<(i64, Vec<u8>)>> {
    let mut demuxer = TsDemuxer::new();
    for number in numbers {
        let segment = live(stage, true, &LiveFile::TsSegment(number), 1 << 50).expect("on air");
        assert_eq!(segment.len() % 188, 0);
        demuxer.push(&segment);
    }
    demuxer.flush();
    let mut samples: BTreeMap<u32, Vec<(i64, Vec<u8>)>> = BTreeMap::new();
    while let Some(event) = demuxer.poll() {
        match event {
            Event::Run(run) => {
                let Payload::Bytes(bytes) = &run.payload else {
                    panic!("payload is rewritten");
                };
                let (mut time, mut rest) = (run.decode_time, bytes.as_slice());
                for sample in &run.samples {
                    let (own, after) = rest.split_at(sample.size as usize);
                    let shown = time + i64::from(sample.composition_offset);
                    samples
                        .entry(run.track.0)
                        .or_default()
                        .push((shown, own.to_vec()));
                    time += i64::from(sample.duration);
                    rest = after;
                }
            }
            Event::Config { .. } | Event::Timed(_) => {}
            Event::Defect(defect) => panic!("{defect:?}"),
        }
    }
    samples
}

fn check_ts(stage: &Stage, numbers: std::ops::Range<u64>) {
    let count = numbers.end - numbers.start;
    let samples = read_ts(stage, numbers);
    let video = samples.get(&0x100).expect("pictures");
    let audio = samples.get(&0x101).expect("sound");
    assert_eq!(video.len() as u64, count * 50);
    let mut shown: Vec<i64> = video.iter().map(|(time, _)| *time).collect();
    shown.sort_unstable();
    for pair in shown.windows(2) {
        assert_eq!(pair[1] - pair[0], i64::from(synthetic::PICTURE));
    }
    for pair in audio.windows(2) {
        assert_eq!(pair[1].0 - pair[0].0, i64::from(synthetic::FRAME));
    }
}

#[test]
fn transport_stream_segments_go_on_across_rounds() {
    let stage = seamless();
    check_ts(&stage, 5..19);
    // From where the 33-bit clock wraps: 26.5 h, or 5,965 rounds.
    let wrap = 8 * 5_965;
    check_ts(&stage, wrap - 4..wrap + 12);
}

#[test]
fn each_track_has_its_own_init_segment() {
    let stage = seamless();
    let hash = ConfigHash::of(&init(&video_config()));
    for kind in [LiveTrack::Video, LiveTrack::Audio] {
        let bytes = live(&stage, true, &LiveFile::Init(kind, hash.clone()), 0).expect("known");
        assert_eq!(bytes.windows(4).filter(|four| four == b"trak").count(), 1);
    }
    let unknown = LiveFile::Init(LiveTrack::Video, ConfigHash::of(b"x"));
    assert_eq!(live(&stage, true, &unknown, 0), Err(Code::UnknownConfig));
}

#[test]
fn a_missing_object_is_a_gap() {
    let mut stage = Stage::new();
    let config = stage.put_config(&init(&video_config()));
    for seq in [0, 2, 3] {
        let bytes = fragment(Content::two_seconds(seq));
        stage.put(seq, &config, bytes).expect("good");
    }
    stage.recording.finish();
    let list = playlist(&stage, true, &VIDEO, 8_000);
    let gaps: Vec<_> = list.segments.iter().map(HlsSegment::is_gap).collect();
    assert_eq!(gaps, [false, true, false, false]);
    let gap = LiveFile::Segment(LiveTrack::Video, 1);
    assert_eq!(live(&stage, true, &gap, 8_000), Err(Code::NotOnAir));
}

proptest! {
    #[test]
    fn all_playlists_of_a_moment_agree(after in 2_006_i64..10_000_000_000) {
        static STAGE: std::sync::OnceLock<Stage> = std::sync::OnceLock::new();
        let stage = STAGE.get_or_init(seamless);
        let lists = [&VIDEO, &AUDIO, &LiveFile::TsMedia].map(|file| playlist(stage, true, file, after));
        let [video, audio, ts] = &lists;
        prop_assert_eq!(video.media_sequence, audio.media_sequence);
        prop_assert_eq!(video.media_sequence, ts.media_sequence);
        prop_assert_eq!(video.segments.len(), audio.segments.len());
        // Each segment begins where the one before it ends, to the millisecond that dates have.
        for list in &lists {
            for pair in list.segments.windows(2) {
                let date = |at: usize| pair[at].program_date_time().map_or(0, DateTime::unix_micros);
                let step = date(1) - date(0) - pair[0].duration.micros();
                prop_assert!(step.abs() <= 1_000, "{}", step);
            }
        }
        let next = video.media_sequence + video.segments.len() as u64;
        let file = LiveFile::Segment(LiveTrack::Audio, next);
        prop_assert_eq!(live(stage, true, &file, after), Err(Code::NotOnAir));
        let file = LiveFile::Segment(LiveTrack::Audio, next - 1);
        prop_assert!(live(stage, true, &file, after).is_ok());
    }
}
