//! What is not kept any more: playlists slide, seconds stay, clips that are persistent play on.

mod synthetic;

use livetape_edge::api::{CreateClip, Finish};
use livetape_edge::view::media::MediaKind;
use livetape_edge::view::mp4::Mp4Request;
use livetape_edge::view::{ViewFile, ViewRequest};
use livetape_edge::{Clip, Code, ConfigHash, Moment, Retention, Span, TimeRange};
use synthetic::{Content, STORED, Stage, fragment, init, other_video_config, video_config};

const LATER: i64 = STORED + 60_000;

fn put(stage: &mut Stage, config: &ConfigHash, seq: u32) {
    let bytes = fragment(Content::two_seconds(seq));
    stage.put(seq, config, bytes).expect("a good fragment");
}

/// A recording of so many objects, of which the last minute is kept. The tenth and later ones have
/// another configuration.
fn sliding(objects: u32) -> (Stage, ConfigHash) {
    let mut stage = Stage::new();
    let mut meta = stage.recording.meta().clone();
    meta.retention.window = Some(60.0);
    stage.recording.set_meta(meta);
    let first = stage.put_config(&init(&video_config()));
    let second = stage.put_config(&init(&other_video_config()));
    for seq in 0..objects {
        put(&mut stage, if seq < 10 { &first } else { &second }, seq);
    }
    (stage, second)
}

/// Does what an alarm does; gives the numbers that were removed.
fn evict(stage: &mut Stage, clips: &[Clip]) -> Vec<u32> {
    let evicted = stage.recording.to_evict().expect("something");
    let mut meta = stage.recording.meta().clone();
    meta.evicted = evicted;
    stage.recording.set_meta(meta);
    let removed = stage.recording.removable(clips);
    stage.rows.retain(|row| !removed.contains(&row.seq));
    stage.reload();
    removed
}

fn view(stage: &Stage, file: ViewFile, time: TimeRange, within: Option<&Span>) -> String {
    let request = ViewRequest {
        time,
        file,
        encrypted: false,
    };
    let answer = stage.recording.view(&request, within, LATER);
    stage.text(&answer.expect("something to play"))
}

fn media(stage: &Stage, time: TimeRange, within: Option<&Span>) -> String {
    let file = ViewFile::Media {
        kind: MediaKind::Objects,
        skip: false,
    };
    view(stage, file, time, within)
}

fn from(start: f64, end: f64) -> TimeRange {
    TimeRange {
        start: Some(Moment::Media(start)),
        end: Some(Moment::Media(end)),
    }
}

#[test]
fn a_window_slides_and_its_numbers_never_go_back() {
    let (mut stage, config) = sliding(35);
    let whole = media(&stage, TimeRange::default(), None);
    assert!(!whole.contains("PLAYLIST-TYPE"), "{whole}");
    assert!(
        whole.contains("#EXT-X-MEDIA-SEQUENCE:0\n#EXT-X-DISCONTINUITY-SEQUENCE:0\n"),
        "{whole}"
    );
    assert_eq!(evict(&mut stage, &[]), [0, 1, 2, 3, 4]);
    let slid = media(&stage, TimeRange::default(), None);
    assert!(
        slid.contains("#EXT-X-MEDIA-SEQUENCE:5\n#EXT-X-DISCONTINUITY-SEQUENCE:0\n"),
        "{slid}"
    );
    let (_, rest) = whole.split_once("main/4.m4s\n").expect("listed");
    assert!(slid.ends_with(rest), "{slid}");
    assert!(stage.recording.to_evict().is_none());
    (35..40).for_each(|seq| put(&mut stage, &config, seq));
    evict(&mut stage, &[]);
    let slid = media(&stage, TimeRange::default(), None);
    // The change of configuration stood before the segment that is the first now.
    assert!(
        slid.contains("#EXT-X-MEDIA-SEQUENCE:10\n#EXT-X-DISCONTINUITY-SEQUENCE:1\n"),
        "{slid}"
    );
    assert!(!slid.contains("#EXT-X-DISCONTINUITY\n"), "{slid}");
    assert_eq!(slid.matches("#EXTINF").count(), 30);
    // Seconds are counted from the first picture that there was.
    let part = media(&stage, from(21.0, 25.0), None);
    assert!(part.contains("main/10.m4s?from=21000000\n"), "{part}");
    let early = media(&stage, from(1.0, 25.0), None);
    assert!(
        early.contains("main/10.m4s\n") && !early.contains("main/9.m4s"),
        "{early}"
    );
    let gone = stage
        .recording
        .span(&from(1.0, 5.0), None)
        .expect_err("gone");
    assert_eq!(gone.code, Code::NothingRecorded);
    // What is evicted is not missing.
    let finish = |count| Finish {
        objects: [("main".to_owned(), count)].into(),
    };
    assert_eq!(stage.recording.check_finish(&finish(40)), Ok(true));
    let missing = stage.recording.check_finish(&finish(42)).expect_err("two");
    assert!(missing.body().contains("[40,41]"), "{}", missing.body());
    let info = stage.recording.info("");
    assert_eq!((info.from, info.duration, info.objects), (20.0, 60.0, 30));
    stage.recording.finish();
    assert!(stage.recording.to_evict().is_none());
}

#[test]
fn the_file_of_a_window_is_the_window() {
    let (mut stage, _) = sliding(35);
    let file = |stage: &Stage, time| {
        let request = ViewRequest {
            encrypted: false,
            time,
            file: ViewFile::Mp4(Mp4Request::default()),
        };
        let answer = stage.recording.view(&request, None, LATER);
        stage.body(&answer.expect("a file"))
    };
    let before = file(&stage, TimeRange::default());
    evict(&mut stage, &[]);
    let window = file(&stage, TimeRange::default());
    assert!(window.len() < before.len());
    assert!(window == file(&stage, from(10.0, 100.0)));
}

#[test]
fn a_persistent_clip_plays_on() {
    let (mut stage, _) = sliding(35);
    let clip = |start, end, persistent| {
        let request = CreateClip {
            start: Some(Moment::Media(start)),
            end: Some(Moment::Media(end)),
            title: None,
            persistent,
        };
        stage.recording.clip(&request, LATER).expect("a clip")
    };
    let (kept, lost) = (clip(3.0, 5.0, true), clip(6.0, 9.0, false));
    let play = |stage: &Stage| media(stage, TimeRange::default(), Some(&kept.span));
    let before = play(&stage);
    assert_eq!(evict(&mut stage, &[kept.clone(), lost.clone()]), [0, 3, 4]);
    assert_eq!(play(&stage), before);
    let slid = media(&stage, TimeRange::default(), None);
    assert!(slid.contains("#EXT-X-MEDIA-SEQUENCE:5\n"), "{slid}");
    assert!(!slid.contains("main/2.m4s"), "{slid}");
    let info = stage.recording.clip_info(1, &kept, "");
    assert_eq!((info.start, info.objects), (3.0, 2));
    assert_eq!(stage.recording.clip_info(2, &lost, "").objects, 0);
    // When it goes, so do they.
    assert_eq!(stage.recording.removable(&[]), [1, 2]);
}

#[test]
fn days_are_counted_from_the_last_object() {
    let mut stage = Stage::finished(2);
    assert_eq!(stage.recording.expires(), None);
    let mut meta = stage.recording.meta().clone();
    meta.retention.days = Some(0.5);
    stage.recording.set_meta(meta);
    assert_eq!(stage.recording.expires(), Some(STORED + 12 * 3_600_000));
    let all = stage.recording.all_evicted().expect("something");
    assert_eq!((all.before, all.segments), (2, 2));
    for (days, window) in [
        (Some(0.0), None),
        (Some(-1.0), None),
        (Some(f64::NAN), None),
        (None, Some(59.0)),
        (None, Some(f64::INFINITY)),
    ] {
        assert!(
            Retention { days, window }.check().is_err(),
            "{days:?} {window:?}"
        );
    }
    assert!(
        Retention {
            days: Some(30.0),
            window: Some(3_600.0)
        }
        .check()
        .is_ok()
    );
}
