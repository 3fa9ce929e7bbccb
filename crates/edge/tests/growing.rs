//! The playlist of a recording as it grows, gets holes, heals, and is finished.

mod synthetic;

use livetape_edge::api::Finish;
use livetape_edge::view::media::MediaKind;
use livetape_edge::{Code, ConfigHash};
use synthetic::{Content, STORED, Stage, fragment, init, other_video_config, video_config};

/// Long after the last object was stored.
const LATER: i64 = STORED + 60_000;

fn media(stage: &Stage, now: i64) -> String {
    stage.text(
        &stage
            .recording
            .media_playlist(MediaKind::Objects, None, false, now)
            .expect("started"),
    )
}

fn put(stage: &mut Stage, config: &ConfigHash, seq: u32) {
    let bytes = fragment(Content::two_seconds(seq));
    stage.put(seq, config, bytes).expect("a good fragment");
}

fn code<T>(result: Result<T, livetape_edge::ApiError>) -> Option<Code> {
    result.err().map(|error| error.code)
}

#[test]
fn it_grows_at_its_end_and_ends_when_finished() {
    let mut stage = Stage::new();
    assert_eq!(
        code(
            stage
                .recording
                .media_playlist(MediaKind::Objects, None, false, STORED)
        ),
        Some(Code::NotStarted)
    );
    let config = stage.put_config(&init(&video_config()));
    let mut before = String::new();
    for seq in 0..5 {
        put(&mut stage, &config, seq);
        let text = media(&stage, STORED);
        assert!(text.starts_with(&before), "{text}");
        assert!(!text.contains("ENDLIST"));
        before = text;
    }
    let head = format!(
        "#EXTM3U\n#EXT-X-VERSION:7\n#EXT-X-INDEPENDENT-SEGMENTS\n#EXT-X-TARGETDURATION:7\n\
         #EXT-X-PLAYLIST-TYPE:EVENT\n#EXT-X-SERVER-CONTROL:CAN-SKIP-UNTIL=42.000\n#EXT-X-MEDIA-SEQUENCE:0\n\
         #EXT-X-MAP:URI=\"init-{config}.mp4\"\n#EXTINF:2.000000,\nmain/0.m4s\n"
    );
    assert!(before.starts_with(&head), "{before}");
    assert_eq!(before.matches("#EXT-X-MAP").count(), 1);
    stage.recording.finish();
    assert_eq!(media(&stage, STORED), format!("{before}#EXT-X-ENDLIST\n"));
}

#[test]
fn the_multivariant_playlist_names_what_is_stored() {
    let stage = Stage::finished(3);
    let text = stage.text(
        &stage
            .recording
            .multivariant(&Default::default())
            .expect("started"),
    );
    assert!(text.contains("CODECS=\"avc1.64001e,mp4a.40.2\""), "{text}");
    assert!(text.contains("RESOLUTION=640x360"), "{text}");
    assert!(text.contains("FRAME-RATE=25.000"), "{text}");
    assert!(text.ends_with("\nmedia.m3u8\n"), "{text}");
    // Stretches of 3 to 9 s: two objects, or three.
    let sizes: Vec<_> = stage.rows.iter().map(|row| row.size).collect();
    let rate = |sizes: &[u64]| sizes.iter().sum::<u64>() * 8 / (2 * sizes.len() as u64);
    let pairs = sizes.windows(2).map(rate);
    let peak = pairs.chain([rate(&sizes)]).max().expect("three");
    let rates = format!("BANDWIDTH={peak},AVERAGE-BANDWIDTH={}", rate(&sizes).max(1));
    assert!(text.contains(&rates), "{text} {rates}");
}

#[test]
fn an_object_that_is_late_is_waited_for_and_then_a_gap_until_it_comes() {
    let mut stage = Stage::new();
    let config = stage.put_config(&init(&video_config()));
    for seq in [0, 1, 3, 4] {
        put(&mut stage, &config, seq);
    }
    let waiting = media(&stage, STORED + 9_999);
    assert!(waiting.ends_with("main/1.m4s\n"), "{waiting}");
    let given_up = media(&stage, STORED + 10_000);
    assert!(
        given_up
            .contains("#EXT-X-GAP\n#EXTINF:2.000000,\nmain/2.m4s\n#EXTINF:2.000000,\nmain/3.m4s"),
        "{given_up}"
    );
    assert!(given_up.contains("#EXT-X-VERSION:8\n"));
    assert!(!given_up.contains("DISCONTINUITY\n"));
    put(&mut stage, &config, 2);
    let healed = media(&stage, LATER);
    assert!(!healed.contains("#EXT-X-GAP"));
    assert_eq!(healed, media(&Stage::finished_but_open(5), LATER));
}

impl Stage {
    fn finished_but_open(objects: u32) -> Self {
        let mut stage = Self::new();
        let config = stage.put_config(&init(&video_config()));
        (0..objects).for_each(|seq| put(&mut stage, &config, seq));
        stage
    }
}

#[test]
fn the_order_of_arrival_leaves_no_trace() {
    let in_order = Stage::finished_but_open(6);
    for order in [[5, 4, 3, 2, 1, 0], [1, 0, 3, 2, 5, 4], [0, 2, 4, 1, 3, 5]] {
        let mut stage = Stage::new();
        let config = stage.put_config(&init(&video_config()));
        order.iter().for_each(|seq| put(&mut stage, &config, *seq));
        assert_eq!(media(&stage, LATER), media(&in_order, LATER));
        let file = |stage: &Stage| {
            let delivery = stage.recording.file(&Default::default(), None);
            stage.body(&delivery.expect("a file"))
        };
        assert!(file(&stage) == file(&in_order), "{order:?}");
    }
}

#[test]
fn a_leading_hole_is_a_gap_too() {
    let mut stage = Stage::new();
    let config = stage.put_config(&init(&video_config()));
    put(&mut stage, &config, 2);
    assert_eq!(
        code(
            stage
                .recording
                .media_playlist(MediaKind::Objects, None, false, STORED)
        ),
        Some(Code::NotStarted)
    );
    let text = media(&stage, LATER);
    assert_eq!(text.matches("#EXT-X-GAP").count(), 2, "{text}");
    assert!(text.ends_with("main/2.m4s\n"), "{text}");
}

#[test]
fn a_new_configuration_is_a_discontinuity_with_its_own_map() {
    let mut stage = Stage::new();
    let first = stage.put_config(&init(&video_config()));
    let second = stage.put_config(&init(&other_video_config()));
    for (seq, config) in [(0, &first), (1, &second), (2, &first)] {
        put(&mut stage, config, seq);
    }
    let text = media(&stage, LATER);
    let changes = format!(
        "main/0.m4s\n#EXT-X-DISCONTINUITY\n#EXT-X-MAP:URI=\"init-{second}.mp4\"\n#EXTINF:2.000000,\n\
         main/1.m4s\n#EXT-X-DISCONTINUITY\n#EXT-X-MAP:URI=\"init-{first}.mp4\"\n"
    );
    assert!(text.contains(&changes), "{text}");
    let file = stage.recording.file(&Default::default(), None);
    // One file holds pictures of both.
    assert_eq!(code(file), None);
}

#[test]
fn a_pause_is_a_discontinuity_and_not_a_long_segment() {
    let mut stage = Stage::new();
    let config = stage.put_config(&init(&video_config()));
    put(&mut stage, &config, 0);
    let after_a_minute = fragment(Content::two_seconds(31));
    stage.put(1, &config, after_a_minute).expect("good");
    let text = media(&stage, LATER);
    assert!(
        text.ends_with("main/0.m4s\n#EXT-X-DISCONTINUITY\n#EXTINF:2.000000,\nmain/1.m4s\n"),
        "{text}"
    );
}

#[test]
fn dates_are_told_where_they_are_known() {
    let mut stage = Stage::new();
    let config = stage.put_config(&init(&video_config()));
    let bytes = fragment(Content::two_seconds(0));
    let put = stage.put_at(0, &config, bytes, Some(1_709_210_096_005), STORED);
    put.expect("good");
    assert!(media(&stage, LATER).contains("#EXT-X-PROGRAM-DATE-TIME:2024-02-29T12:34:56.005Z\n"),);
}

#[test]
fn bad_objects_are_refused() {
    let mut stage = Stage::new();
    let config = stage.put_config(&init(&video_config()));
    let unknown = ConfigHash::of(b"another");
    let good = fragment(Content::two_seconds(0));
    assert_eq!(
        code(stage.put(0, &unknown, good.clone())),
        Some(Code::ConfigMissing)
    );
    let cut = good.get(..good.len() - 1).expect("longer").to_vec();
    assert_eq!(code(stage.put(0, &config, cut)), Some(Code::BadFragment));
    let text = b"this is no fragment at all, is it?".to_vec();
    assert_eq!(code(stage.put(0, &config, text)), Some(Code::BadFragment));
    let long = fragment(Content {
        pictures: (0, 188),
        frames: (0, 1),
    });
    assert_eq!(code(stage.put(0, &config, long)), Some(Code::ObjectTooLong));
    let almost = fragment(Content {
        pictures: (0, 187),
        frames: (0, 1),
    });
    assert_eq!(code(stage.put(0, &config, almost)), None);
    stage.recording.finish();
    assert_eq!(
        code(stage.put(1, &config, good)),
        Some(Code::RecordingFinished)
    );
}

/// A fragment whose `trun` announces samples that have no bytes of their own: `tfhd` says it all.
fn many_samples(count: u32, size: u32, offset: u32) -> Vec<u8> {
    let boxed = |kind: &[u8; 4], body: Vec<u8>| {
        let size = u32::try_from(body.len() + 8).expect("small");
        [size.to_be_bytes().to_vec(), kind.to_vec(), body].concat()
    };
    let words = |words: &[u32]| {
        words
            .iter()
            .flat_map(|word| word.to_be_bytes())
            .collect::<Vec<_>>()
    };
    let traf = [
        boxed(b"tfhd", words(&[0x0002_0018, 1, 1, size])),
        boxed(b"tfdt", words(&[0, 0])),
        boxed(b"trun", words(&[1, count, offset])), // data from after the mdat's header on
    ];
    let moof = boxed(b"moof", boxed(b"traf", traf.concat()));
    let payload = vec![0; (count * size) as usize];
    [moof, boxed(b"mdat", payload)].concat()
}

#[test]
fn samples_lie_in_the_object() {
    let mut stage = Stage::new();
    let config = stage.put_config(&init(&video_config()));
    for offset in [0, 83, 85, u32::MAX >> 1] {
        let refused = stage
            .put(0, &config, many_samples(1, 0, offset))
            .expect_err("outside");
        assert!(
            refused.message().ends_with("outside of its mdat box."),
            "{refused}"
        );
    }
}

#[test]
fn samples_that_cost_the_sender_nothing_are_limited() {
    let mut stage = Stage::new();
    let config = stage.put_config(&init(&video_config()));
    let mut refused = |count, size| {
        let put = stage.put(0, &config, many_samples(count, size, 84));
        put.expect_err("too many").message()
    };
    // No more than there are bytes so far, with the init segment; and not over 20,000 even then.
    assert!(refused(2_000, 0).ends_with("There are more samples than bytes."));
    assert!(refused(20_001, 1).ends_with("It has over 20,000 samples."));
    assert_eq!(
        code(stage.put(0, &config, many_samples(20_000, 1, 84))),
        None
    );
}

#[test]
fn any_byte_of_a_head_may_be_wrong() {
    let mut stage = Stage::new();
    let config = stage.put_config(&init(&video_config()));
    let good = fragment(Content::two_seconds(0));
    for at in 0..900.min(good.len()) {
        for value in [0x00, 0x7f, 0xff] {
            let mut bytes = good.clone();
            bytes[at] = value;
            // Taken or refused, but never a panic; and what is taken can be played.
            if stage.put(0, &config, bytes).is_ok() {
                let file = stage.recording.file(&Default::default(), None);
                assert!(file.is_ok_and(|delivery| !delivery.is_empty()));
                stage.rows.clear();
                stage.reload();
            }
        }
    }
}

#[test]
fn init_segments_are_checked() {
    let stage = Stage::new();
    let good = init(&video_config());
    let hash = ConfigHash::of(&good);
    let checked = |hash: &ConfigHash, bytes: &[u8]| code(stage.recording.check_config(hash, bytes));
    assert_eq!(checked(&hash, &good), None);
    assert_eq!(checked(&hash, b"other"), Some(Code::ConfigHashMismatch));
    for bytes in [b"not boxes".as_slice(), b"", &good[..good.len() - 1]] {
        assert_eq!(
            checked(&ConfigHash::of(bytes), bytes),
            Some(Code::BadConfig)
        );
    }
    let encrypted: Vec<u8> = {
        let at = good
            .windows(4)
            .position(|four| four == b"avc1")
            .expect("named in ftyp or stsd");
        let entry = good
            .windows(4)
            .rposition(|four| four == b"avc1")
            .unwrap_or(at);
        let mut bytes = good.clone();
        bytes.splice(entry..entry + 4, *b"encv");
        bytes
    };
    assert_eq!(
        checked(&ConfigHash::of(&encrypted), &encrypted),
        Some(Code::Protected)
    );
}

#[test]
fn finishing_names_what_is_missing() {
    let mut stage = Stage::new();
    let config = stage.put_config(&init(&video_config()));
    for seq in [0, 2] {
        put(&mut stage, &config, seq);
    }
    let finish = |count: u32| Finish {
        objects: [("main".to_owned(), count)].into(),
    };
    let refused = stage.recording.check_finish(&finish(5)).expect_err("holes");
    assert_eq!(refused.code, Code::ObjectsMissing);
    assert!(
        refused.body().contains("\"missing\":{\"main\":[1,3,4]}"),
        "{}",
        refused.body()
    );
    let huge = stage
        .recording
        .check_finish(&finish(u32::MAX))
        .expect_err("holes");
    assert!(huge.body().len() < 10_000);
    assert_eq!(stage.recording.check_finish(&Finish::default()), Ok(true));
    stage.recording.finish();
    assert_eq!(stage.recording.check_finish(&Finish::default()), Ok(false));
}

#[test]
fn a_duration_is_no_less_than_nothing_when_times_go_back() {
    let mut stage = Stage::new();
    let config = stage.put_config(&init(&video_config()));
    // Pictures go back 20 seconds, sound goes on.
    for (seq, pictures, frames) in [(0, 500, 0), (1, 0, 94)] {
        let bytes = fragment(Content {
            pictures: (pictures, 50),
            frames: (frames, 94),
        });
        stage.put(seq, &config, bytes).expect("a good fragment");
    }
    let info = stage.recording.info("https://edge.example");
    assert!((info.duration - 22.0).abs() < 0.1, "{}", info.duration);
}

#[test]
fn times_that_no_clock_shows_are_refused() {
    let mut stage = Stage::new();
    let config = stage.put_config(&init(&video_config()));
    let mut bytes = fragment(Content::two_seconds(0));
    let tfdt = bytes.windows(4).position(|kind| kind == b"tfdt");
    let high = tfdt.expect("there") + 8;
    bytes[high] = 0x0f; // 2^60 ticks of 90 kHz
    let refused = stage.put(0, &config, bytes.clone()).expect_err("too far");
    assert_eq!(refused.code, Code::BadFragment);
    bytes[high] = 0;
    bytes[high + 2] = 0x0f; // 2^44: Unix time in 90 kHz is less
    assert_eq!(code(stage.put(0, &config, bytes)), None);
}
