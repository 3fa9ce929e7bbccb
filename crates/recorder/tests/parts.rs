//! Recordings with pauses and marks, and clips that are sent to an edge.

mod harness;

use harness::packets::{assert_same, hashes, packets, without_ffprobe};
use harness::{Client, append, box_ends, opened, record, sample, uploaded};
use livetape_recorder::{Access, ClipRange, Event, FailureCode, Input, RequestId};
use livetape_timeline::StoreId;

/// Appends the sample's fragments of these two-second stretches, its head before the first.
fn feed(client: &mut Client, file: &[u8], stretches: std::ops::Range<usize>) {
    let ends: Vec<_> = box_ends(file)
        .into_iter()
        .filter(|(kind, _)| kind == "moov" || kind == "mdat")
        .map(|(_, end)| end)
        .collect();
    let start = if stretches.start == 0 {
        0
    } else {
        ends[stretches.start]
    };
    append(client, &file[start..ends[stretches.end]], 0.0);
}

/// The moment told for a request.
fn moment(client: &Client, number: u32) -> (f64, f64) {
    let found = client.events.iter().find_map(|event| match event {
        Event::Moment { request, at, time } if request.0 == number => Some((*at, time.seconds())),
        _ => None,
    });
    found.expect("told")
}

fn stopped(client: &Client) -> (f64, f64) {
    let found = client.events.iter().find_map(|event| match event {
        Event::Stopped {
            duration, pre_roll, ..
        } => Some((*duration, *pre_roll)),
        _ => None,
    });
    found.expect("told")
}

#[test]
fn what_lies_between_pause_and_resume_is_not_recorded_and_leaves_no_hole() {
    let file = sample();
    let Some(source) = packets(&file, "v") else {
        return without_ffprobe("what_lies_between_pause_and_resume_is_not_recorded");
    };
    let mut client = opened();
    feed(&mut client, &file, 0..3);
    client.handle(Input::Playhead { seconds: 0.5 }, &[]);
    record(&mut client);
    let mut got = client.accept_all();
    let request = RequestId(11);
    client.handle(Input::Pause { request }, &[]);
    feed(&mut client, &file, 3..5);
    let request = RequestId(12);
    client.handle(Input::Unpause { request }, &[]);
    feed(&mut client, &file, 5..8);
    client.handle(Input::Playhead { seconds: 12.0 }, &[]);
    let request = RequestId(13);
    client.handle(Input::Mark { request }, &[]);
    let request = RequestId(14);
    client.handle(Input::Stop { request }, &[]);
    got.extend(client.accept_all());

    let file = uploaded(&got);
    let video = packets(&file, "v").expect("ffprobe ran before");
    let expected: Vec<_> = [&source[..150], &source[250..]].concat();
    assert_same(&hashes(&video), &hashes(&expected), "packets");
    let mut times: Vec<_> = video.iter().map(|packet| packet.0).collect();
    times.sort_by(f64::total_cmp);
    for pair in times.windows(2) {
        assert!((pair[1] - pair[0] - 0.04).abs() < 1e-6, "{pair:?}");
    }
    let sound = packets(&file, "a").expect("ffprobe ran before");
    let last = sound.last().expect("not empty").0;
    assert!(
        (times[299] - last).abs() < 0.05,
        "sound ends with the pictures"
    );
    assert!((moment(&client, 11).0 - 6.0).abs() < 0.03);
    assert!((moment(&client, 12).0 - 6.0).abs() < 0.03);
    let (at, time) = moment(&client, 13);
    assert!(
        (at - 8.0).abs() < 0.001 && (time - 12.0).abs() < 1e-9,
        "{at} {time}"
    );
    assert!((stopped(&client).0 - 12.0).abs() < 0.001);
    let dates: Vec<i64> = got.iter().filter_map(|(r, _)| date(r)).collect();
    let steps: Vec<_> = dates.windows(2).map(|pair| pair[1] - pair[0]).collect();
    assert_eq!(
        steps,
        [2_000, 2_000, 6_000, 2_000, 2_000],
        "the dates tell of the pause"
    );
}

/// The date an object is sent with.
fn date(request: &livetape_recorder::Request) -> Option<i64> {
    let mut headers = request.headers.iter();
    let found = headers.find(|(name, _)| *name == "livetape-wall-clock")?;
    found.1.parse().ok()
}

#[test]
fn a_paused_recording_holds_nothing_of_the_tape_but_what_comes_next() {
    let file = sample();
    let mut client = Client::new(livetape_tape::Window {
        millis: 20_000,
        bytes: 1 << 30,
    });
    append(&mut client, &file, 0.0);
    record(&mut client);
    client.accept_all();
    let request = RequestId(2);
    client.handle(Input::Pause { request }, &[]);
    client.accept_all();
    for round in 1..20 {
        client.now.steady += 16_000;
        append(&mut client, &file, f64::from(round) * 16.0);
    }
    assert!(client.deleted.len() >= 3, "{:?} deleted", client.deleted);
    let request = RequestId(3);
    client.handle(Input::Unpause { request }, &[]);
    append(&mut client, &file, 20.0 * 16.0);
    let request = RequestId(4);
    client.handle(Input::Stop { request }, &[]);
    client.accept_all();
    let (duration, _) = stopped(&client);
    // It began with the keyframe of the newest: 2 s, and then the last round.
    assert!((duration - 18.0).abs() < 0.03, "{duration} s");
}

#[test]
fn a_clip_is_sent_from_its_first_picture_on_and_finished() {
    let file = sample();
    let Some(source) = packets(&file, "v") else {
        return without_ffprobe("a_clip_is_sent_from_its_first_picture_on_and_finished");
    };
    let mut client = opened();
    append(&mut client, &file, 0.0);
    let clip = RequestId(5);
    let range = ClipRange::Between(5.2, 9.0);
    client.handle(
        Input::Clip {
            request: clip,
            range,
        },
        &[],
    );
    let upload = Input::Upload {
        request: RequestId(6),
        clip,
        edge: "http://edge",
        access: Access::Template(r#"{"template":"pub_demo","title":"a goal"}"#.to_owned()),
    };
    client.handle(upload, &[]);
    client.handle(Input::CloseClip { request: clip }, &[]);
    let got = client.accept_all();
    assert_eq!(got[0].1, br#"{"template":"pub_demo","title":"a goal"}"#);
    assert!(got.last().expect("not empty").0.url.ends_with("/finish"));
    let (duration, pre_roll) = stopped(&client);
    assert!(
        (0.001..0.01).contains(&pre_roll),
        "{pre_roll} s of pre-roll"
    );
    assert!((duration - 3.8).abs() < 0.041, "{duration} s");
    let video = packets(&uploaded(&got), "v").expect("ffprobe ran before");
    // From the keyframe at 4 s on.
    let sent = hashes(&source[100..100 + video.len()]);
    assert_same(&hashes(&video), &sent, "packets");
    let mut times: Vec<_> = video.iter().map(|packet| packet.0).collect();
    times.sort_by(f64::total_cmp);
    let (hidden, shown) = times.split_at(30);
    assert!(shown[0] - hidden[0] - pre_roll < 1e-6, "{hidden:?}");
    for pair in shown.windows(2) {
        assert!((pair[1] - pair[0] - 0.04).abs() < 1e-6, "{pair:?}");
    }
    assert!((95..=97).contains(&shown.len()), "{} pictures", shown.len());
}

#[test]
fn an_upload_is_cancelled_or_refused_and_nothing_is_left_of_it() {
    let file = sample();
    let mut client = opened();
    append(&mut client, &file, 0.0);
    let clip = RequestId(5);
    let range = ClipRange::Last(3.0);
    client.handle(
        Input::Clip {
            request: clip,
            range,
        },
        &[],
    );
    let upload = |request| Input::Upload {
        request: RequestId(request),
        clip,
        edge: "http://edge",
        access: Access::Template(r#"{"template":"pub_demo"}"#.to_owned()),
    };
    client.handle(upload(6), &[]);
    let request = RequestId(6);
    client.handle(Input::Cancel { request }, &[]);
    client.handle(Input::CloseClip { request: clip }, &[]);
    client.handle(upload(7), &[]);
    let failed = client.events.iter().filter_map(|event| match event {
        Event::Failed { request, code, .. } => Some((request.expect("told").0, *code)),
        _ => None,
    });
    let expected = [(6, FailureCode::Cancelled), (7, FailureCode::ClipClosed)];
    assert_eq!(failed.collect::<Vec<_>>(), expected);
    client.accept_all();
    let sent = client.requests.len();
    client.now.steady += 60_000;
    client.handle(Input::Tick, &[]);
    assert_eq!(client.requests.len(), sent);
}

#[test]
fn an_open_clip_keeps_its_reels_and_no_others() {
    let file = sample();
    let mut client = Client::new(livetape_tape::Window {
        millis: 20_000,
        bytes: 1 << 30,
    });
    append(&mut client, &file, 0.0);
    let clip = RequestId(5);
    let range = ClipRange::Last(4.0);
    client.handle(
        Input::Clip {
            request: clip,
            range,
        },
        &[],
    );
    let before = client.read(&client.clips[0].plan);
    for round in 1..20 {
        client.now.steady += 70_000;
        append(&mut client, &file, f64::from(round) * 16.0);
    }
    let deleted = client.deleted.clone();
    assert!(deleted.len() >= 15, "the window slides: {deleted:?}");
    assert!(!deleted.contains(&StoreId(1)));
    assert_eq!(client.read(&client.clips[0].plan), before);
    let upload = Input::Upload {
        request: RequestId(6),
        clip,
        edge: "http://edge",
        access: Access::Template(r#"{"template":"pub_demo"}"#.to_owned()),
    };
    client.handle(upload, &[]);
    let code = FailureCode::NothingRecorded;
    let last = client.events.last();
    assert!(matches!(last, Some(Event::Failed { code: own, .. }) if *own == code));
    client.handle(Input::CloseClip { request: clip }, &[]);
    assert_eq!(client.deleted.last(), Some(&StoreId(1)));
}
