//! Playlists of a range of time, the parts of objects that they name, and playlists with segments left
//! out.

mod synthetic;

use std::collections::BTreeSet;

use livetape_container::isobmff::Demuxer;
use livetape_container::{Event, Payload};
use livetape_edge::api::CreateClip;
use livetape_edge::view::cut::Cut;
use livetape_edge::view::i_frames::IFrameFile;
use livetape_edge::view::media::MediaKind;
use livetape_edge::view::{ViewFile, ViewRequest};
use livetape_edge::{ApiError, Code, ConfigHash, Moment, TimeRange};
use livetape_media::Sample;
use synthetic::{
    Content, FRAME, PICTURE, STORED, Stage, fragment, init, other_video_config, payload,
    video_config,
};

fn range(start: &str, end: &str) -> TimeRange {
    let query = |name: &str| {
        let text = if name == "start" { start } else { end };
        (!text.is_empty()).then(|| text.to_owned())
    };
    TimeRange::read(query).expect("a range")
}

fn media(stage: &Stage, start: &str, end: &str) -> Result<String, ApiError> {
    let span = stage.recording.span(&range(start, end), None)?;
    let delivery =
        stage
            .recording
            .media_playlist(MediaKind::Objects, Some(&span), false, STORED)?;
    Ok(stage.text(&delivery))
}

fn uris(playlist: &str) -> Vec<&str> {
    let lines = playlist.lines();
    lines.filter(|line| !line.starts_with('#')).collect()
}

fn seconds(playlist: &str) -> f64 {
    let lines = playlist.lines();
    let lengths = lines.filter_map(|line| line.strip_prefix("#EXTINF:")?.strip_suffix(','));
    lengths
        .map(|text| text.parse::<f64>().expect("a number"))
        .sum()
}

/// The bytes that an address of a playlist gives.
fn fetched(stage: &Stage, uri: &str) -> Vec<u8> {
    let (seq, query) = uri.split_once(".m4s").expect("a segment");
    let seq: u32 = seq
        .strip_prefix("main/")
        .expect("main")
        .parse()
        .expect("a number");
    let parameters = query.trim_start_matches('?').split('&');
    let parameters: Vec<_> = parameters.filter_map(|each| each.split_once('=')).collect();
    let value = |name: &str| {
        let found = parameters.iter().find(|(own, _)| *own == name);
        found.map(|(_, value)| (*value).to_owned())
    };
    match Cut::read(seq, value).expect("numbers") {
        Some(cut) => stage.body(&stage.recording.cut_object(&cut).expect("a part")),
        None => {
            let id = &stage.recording.meta().id;
            let key = livetape_edge::object::object_key(id, "main", seq);
            stage.stored.get(&key).expect("stored").clone()
        }
    }
}

/// What a player is given: each track's samples with their presentation times, in ticks, and bytes.
fn samples(stage: &Stage, playlist: &str) -> [Vec<(i64, Vec<u8>)>; 2] {
    let mut stream = init(&video_config());
    uris(playlist)
        .iter()
        .for_each(|uri| stream.extend(fetched(stage, uri)));
    let mut demuxer = Demuxer::new();
    demuxer.push(stream.as_slice());
    let mut found = [Vec::new(), Vec::new()];
    while let Some(event) = demuxer.poll() {
        let run = match event {
            Event::Run(run) => run,
            Event::Config { .. } => continue,
            other @ (Event::Timed(_) | Event::Defect(_)) => panic!("{other:?}"),
        };
        let Payload::Stream { offset } = run.payload else {
            panic!("payload is in the stream");
        };
        let (mut from, mut time) = (offset as usize, run.decode_time);
        for sample in &run.samples {
            let to = from + sample.size as usize;
            let bytes = stream.get(from..to).expect("within").to_vec();
            let presented = time + i64::from(sample.composition_offset);
            found[run.track.0 as usize - 1].push((presented, bytes));
            time += i64::from(sample.duration);
            from = to;
        }
    }
    found
}

fn open(objects: u32) -> (Stage, ConfigHash) {
    let mut stage = Stage::new();
    let config = stage.put_config(&init(&video_config()));
    (0..objects).for_each(|seq| put(&mut stage, &config, seq));
    (stage, config)
}

fn put(stage: &mut Stage, config: &ConfigHash, seq: u32) {
    let bytes = fragment(Content::two_seconds(seq));
    stage.put(seq, config, bytes).expect("a good fragment");
}

/// When a picture of the made-up stream is presented, in pictures from the first.
fn presented(number: u32) -> u32 {
    match number % 50 {
        0 | 49 => number,
        at if at % 2 == 1 => number + 1,
        _ => number - 1,
    }
}

#[test]
fn every_picture_of_a_range_is_there_once_at_its_time_and_no_other_is_to_be_seen() {
    let stage = Stage::finished(4);
    for (first, end) in [
        (0, 200),
        (1, 99),
        (37, 163),
        (50, 100),
        (99, 101),
        (137, 150),
        (3, 5),
    ] {
        let text = |picture: u32| format!("{:.3}", f64::from(picture) * 0.04);
        let playlist = media(&stage, &text(first), &text(end)).expect("recorded");
        assert!(playlist.ends_with("#EXT-X-ENDLIST\n"), "{playlist}");
        assert!((seconds(&playlist) - f64::from(end - first) * 0.04).abs() < 1e-9);
        let [pictures, sound] = samples(&stage, &playlist);
        let (from, to) = (i64::from(first * PICTURE), i64::from(end * PICTURE));
        let shown: BTreeSet<_> = pictures
            .iter()
            .filter(|(time, _)| (from..to).contains(time))
            .collect();
        let expected: BTreeSet<_> = (0..200)
            .filter(|number| (first..end).contains(&presented(*number)))
            .map(|number| (i64::from(presented(number) * PICTURE), payload(1, number)))
            .collect();
        assert!(shown.into_iter().eq(&expected), "{first}..{end}");
        // What is there for decoding alone: a few ticks each, before and after.
        let hidden =
            |time: i64| (from - 400..from).contains(&time) || (to..to + 40).contains(&time);
        assert!(
            pictures
                .iter()
                .all(|(time, _)| (from..to).contains(time) || hidden(*time))
        );
        let offset = playlist
            .lines()
            .find_map(|line| line.strip_prefix("#EXT-X-START:TIME-OFFSET="));
        let (offset, rest) = offset.and_then(|text| text.split_once(',')).expect("told");
        assert_eq!(rest, "PRECISE=YES");
        let earliest = pictures
            .iter()
            .map(|(time, _)| from - time)
            .max()
            .expect("some");
        let told: f64 = offset.parse().expect("a number");
        let earliest = earliest as f64 / 90_000.0;
        // Decoding begins a little before.
        assert!(
            (0.0..0.002).contains(&(told - earliest)) || told == earliest,
            "{told} {earliest}"
        );
        // Sound to within a frame.
        let frame = |ticks: i64| ticks * 48 / 90 / i64::from(FRAME);
        assert!(
            (sound.len() as i64 - (frame(to) - frame(from))).abs() <= 1,
            "{first}..{end}"
        );
        assert!(
            sound
                .windows(2)
                .all(|two| two[1].0 - two[0].0 == i64::from(FRAME))
        );
    }
}

#[test]
fn a_range_grows_while_it_is_recorded_and_ends_when_all_of_it_is_there() {
    let (mut stage, config) = open(2);
    let code = |stage: &Stage, start, end| media(stage, start, end).expect_err("early").code;
    assert_eq!(code(&stage, "4", ""), Code::NotStarted);
    let two = media(&stage, "1", "5").expect("started");
    assert_eq!(uris(&two), ["main/0.m4s?from=1000000", "main/1.m4s"]);
    assert!(!two.contains("ENDLIST"));
    put(&mut stage, &config, 2);
    let three = media(&stage, "1", "5").expect("started");
    let head = two.trim_end_matches("main/1.m4s\n");
    assert!(three.starts_with(head), "{three}");
    assert!(
        three.ends_with("#EXTINF:1.000000,\nmain/2.m4s?to=5000000\n#EXT-X-ENDLIST\n"),
        "{three}"
    );
    let open = media(&stage, "1", "").expect("started");
    assert!(!open.contains("ENDLIST"), "{open}");
    put(&mut stage, &config, 3);
    assert_eq!(media(&stage, "1", "5").expect("recorded"), three);
    let grown = media(&stage, "1", "").expect("started");
    assert_eq!(grown, format!("{open}#EXTINF:2.000000,\nmain/3.m4s\n"));
    stage.recording.finish();
    assert_eq!(
        media(&stage, "1", "").expect("recorded"),
        format!("{grown}#EXT-X-ENDLIST\n")
    );
    assert_eq!(code(&stage, "8", ""), Code::NothingRecorded);
    assert_eq!(code(&stage, "3", "2"), Code::NothingRecorded);
}

#[test]
fn dates_name_moments_too() {
    let mut stage = Stage::new();
    let config = stage.put_config(&init(&video_config()));
    for seq in 0..3 {
        let date = Some(1_709_210_096_000 + i64::from(seq) * 2_000);
        let bytes = fragment(Content::two_seconds(seq));
        stage
            .put_at(seq, &config, bytes, date, STORED)
            .expect("good");
    }
    let (start, end) = ("2024-02-29T12:34:57.000Z", "2024-02-29T13:35:01+01:00");
    let playlist = media(&stage, start, end).expect("recorded");
    let without_dates = |text: String| {
        let lines = text.lines().filter(|line| !line.contains("DATE-TIME"));
        lines.collect::<Vec<_>>().join("\n")
    };
    assert!(
        playlist.contains("#EXT-X-PROGRAM-DATE-TIME:2024-02-29T12:34:57.000Z\n"),
        "{playlist}"
    );
    assert_eq!(
        without_dates(playlist),
        without_dates(media(&stage, "1", "5").expect("recorded"))
    );
    let main = stage
        .recording
        .multivariant(&range(start, "2024-02-29T12:35:01Z"));
    let main = stage.text(&main.expect("recorded"));
    assert!(
        main.ends_with(&format!(
            "\nmedia.m3u8?start={start}&end=2024-02-29T12:35:01.000Z\n"
        )),
        "{main}"
    );
    let (undated, _) = open(1);
    assert_eq!(
        media(&undated, start, "").expect_err("no dates").code,
        Code::NoSuchView
    );
}

#[test]
fn where_the_configuration_changes_there_is_a_map() {
    let mut stage = Stage::new();
    let first = stage.put_config(&init(&video_config()));
    let second = stage.put_config(&init(&other_video_config()));
    for (seq, config) in [(0, &first), (1, &second), (2, &second)] {
        put(&mut stage, config, seq);
    }
    let text = media(&stage, "1", "").expect("recorded");
    let maps: Vec<_> = text
        .lines()
        .filter(|line| line.starts_with("#EXT-X-MAP"))
        .collect();
    assert_eq!(maps.len(), 2, "{text}");
    let text = media(&stage, "3", "5").expect("recorded");
    assert!(
        text.contains(&format!("#EXT-X-MAP:URI=\"init-{second}.mp4\"")),
        "{text}"
    );
    assert!(!text.contains("DISCONTINUITY\n"), "{text}");
    assert_eq!(
        uris(&text),
        ["main/1.m4s?from=3000000", "main/2.m4s?to=5000000"]
    );
}

#[test]
fn a_day_costs_three_kilobytes_a_reload() {
    let mut stage = Stage::new();
    let config = stage.put_config(&init(&video_config()));
    // As a day's row of numbers and dates would be; only the end is stored, the hole is a gap.
    for seq in 43_150..43_200 {
        let bytes = fragment(Content::two_seconds(seq));
        let date = Some(STORED + i64::from(seq) * 2_000);
        stage
            .put_at(seq, &config, bytes, date, STORED)
            .expect("good");
    }
    let text = |skip| {
        let delivery =
            stage
                .recording
                .media_playlist(MediaKind::Objects, None, skip, STORED + 60_000);
        stage.text(&delivery.expect("started"))
    };
    let (whole, update) = (text(false), text(true));
    assert!(update.len() <= 3_000, "{} bytes: {update}", update.len());
    assert!(
        update.starts_with("#EXTM3U\n#EXT-X-VERSION:9\n"),
        "{update}"
    );
    let (head, tail) = update
        .split_once("#EXT-X-SKIP:SKIPPED-SEGMENTS=")
        .expect("skips");
    let (skipped, tail) = tail.split_once('\n').expect("a line");
    let skipped: usize = skipped.parse().expect("a number");
    assert!(head.contains("CAN-SKIP-UNTIL=42.000"), "{head}");
    // What is left out and what is left are the whole, and what is left lasts long enough.
    assert_eq!(skipped + uris(tail).len(), uris(&whole).len());
    assert!(whole.ends_with(tail), "{tail}");
    assert!((42.0..44.0).contains(&seconds(tail)), "{}", seconds(tail));
    // Nothing to leave out: the playlist as it is.
    let (short, _) = open(18);
    let of = |skip| {
        short.text(
            &short
                .recording
                .media_playlist(MediaKind::Objects, None, skip, STORED)
                .expect("started"),
        )
    };
    assert_eq!(of(true), of(false));
}

#[test]
fn keyframes_alone_are_a_playlist_of_their_own() {
    let stage = Stage::finished(3);
    let playlist = stage
        .recording
        .media_playlist(MediaKind::IFrames, None, false, STORED);
    let playlist = stage.text(&playlist.expect("recorded"));
    let config = &stage.rows[0].config;
    assert!(playlist.contains("#EXT-X-I-FRAMES-ONLY\n"), "{playlist}");
    assert!(playlist.contains(&format!("#EXT-X-MAP:URI=\"iframes/init-{config}.mp4\"")));
    assert_eq!(
        uris(&playlist),
        ["iframes/0.m4s", "iframes/1.m4s", "iframes/2.m4s"]
    );
    let file = |file| stage.body(&stage.recording.i_frame_file(&file).expect("there"));
    let mut demuxer = Demuxer::new();
    demuxer.push(file(IFrameFile::Init(config.clone())).as_slice());
    (0..3).for_each(|seq| demuxer.push(file(IFrameFile::Object(seq)).as_slice()));
    let mut runs = Vec::new();
    while let Some(event) = demuxer.poll() {
        match event {
            Event::Run(run) => runs.push((run.decode_time, run.samples)),
            Event::Config { .. } => {}
            other @ (Event::Timed(_) | Event::Defect(_)) => panic!("{other:?}"),
        }
    }
    let expected = (0..3_u32).map(|seq| {
        let sample = Sample {
            size: payload(1, seq * 50).len() as u32,
            duration: 50 * PICTURE,
            composition_offset: 0,
            keyframe: true,
        };
        (i64::from(seq * 50 * PICTURE), vec![sample])
    });
    assert_eq!(runs, expected.collect::<Vec<_>>());
    let unknown = stage.recording.i_frame_file(&IFrameFile::Object(3));
    assert_eq!(unknown.expect_err("not there").code, Code::UnknownObject);
    // The first of a range that begins behind its keyframe has none.
    let span = stage
        .recording
        .span(&range("1", ""), None)
        .expect("a range");
    let ranged = stage
        .recording
        .media_playlist(MediaKind::IFrames, Some(&span), false, STORED);
    let ranged = stage.text(&ranged.expect("recorded"));
    assert!(
        ranged.contains("#EXT-X-GAP\n#EXTINF:1.000000,\niframes/0.m4s\n#EXTINF:2.000000,"),
        "{ranged}"
    );
}

#[test]
fn a_clip_is_what_was_asked_for_and_its_own_time_begins_at_zero() {
    let (mut stage, config) = open(2);
    let request = CreateClip {
        start: Some(Moment::Media(1.0)),
        end: Some(Moment::Media(5.0)),
        title: Some("goal".to_owned()),
        persistent: true,
    };
    let clip = stage.recording.clip(&request, STORED).expect("a clip");
    let play = |stage: &Stage, time: TimeRange| {
        let file = ViewFile::Media {
            kind: MediaKind::Objects,
            skip: false,
        };
        let view = ViewRequest {
            time,
            file,
            encrypted: false,
        };
        let delivery = stage.recording.view(&view, Some(&clip.span), STORED);
        delivery.map(|delivery| stage.text(&delivery))
    };
    let early = play(&stage, range("", "")).expect("started");
    assert!(
        !early.contains("ENDLIST"),
        "its end is yet to come: {early}"
    );
    let info = stage.recording.clip_info(3, &clip, "https://edge.example");
    assert_eq!((info.start, info.end, info.objects), (1.0, Some(5.0), 2));
    (2..4).for_each(|seq| put(&mut stage, &config, seq));
    let whole = play(&stage, range("", "")).expect("there");
    assert_eq!(whole, media(&stage, "1", "5").expect("there"));
    let part = play(&stage, range("1", "9")).expect("there");
    assert_eq!(part, media(&stage, "2", "5").expect("there"));
    let outside = play(&stage, range("4", "")).expect_err("outside");
    assert_eq!(outside.code, Code::NothingRecorded);
    let info = stage.recording.clip_info(3, &clip, "https://edge.example");
    let sizes = stage.rows.iter().take(3).map(|row| row.size);
    assert_eq!((info.objects, info.bytes), (3, sizes.sum()));
    assert!(
        info.playback.hls.ends_with("_3/index.m3u8"),
        "{}",
        info.playback.hls
    );
}
