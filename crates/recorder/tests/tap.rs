//! A player's appends, cut anywhere, onto the tape; out of it a clip and an upload.

mod harness;

use harness::packets::{assert_same, hashes, packets, without_ffprobe};
use harness::{append, box_ends, opened, record, sample};
use livetape_recorder::{ClipRange, Event, FailureCode, Input, RequestId};

#[test]
fn a_clip_of_everything_is_the_stream_packet_by_packet() {
    let file = sample();
    let Some(source_video) = packets(&file, "v") else {
        return without_ffprobe("a_clip_of_everything_is_the_stream_packet_by_packet");
    };
    let source_audio = packets(&file, "a").expect("ffprobe ran before");
    for piece in [file.len(), 100_003, 4_096] {
        let mut client = opened();
        file.chunks(piece)
            .for_each(|chunk| append(&mut client, chunk, 0.0));
        let range = ClipRange::Between(0.0, 100.0);
        client.handle(
            Input::Clip {
                request: RequestId(7),
                range,
            },
            &[],
        );
        let clip = client.read(&client.clips.first().expect("planned").plan);
        let video = packets(&clip, "v").expect("ffprobe ran before");
        let audio = packets(&clip, "a").expect("ffprobe ran before");
        assert_same(&hashes(&video), &hashes(&source_video), "pieces of {piece}");
        assert_same(
            &hashes(&audio),
            &hashes(&source_audio),
            &format!("pieces of {piece}"),
        );
        // ffprobe reads the source's fragments as if negative composition offsets began at
        // zero: compared is the distance to the first picture.
        let since = |packets: &[(f64, u64, String)]| -> Vec<f64> {
            let first = packets
                .iter()
                .map(|packet| packet.0)
                .fold(f64::MAX, f64::min);
            packets.iter().map(|packet| packet.0 - first).collect()
        };
        for (ours, theirs) in [(&video, &source_video), (&audio, &source_audio)] {
            assert!(
                since(ours)
                    .iter()
                    .zip(since(theirs))
                    .all(|(a, b)| (a - b).abs() < 2e-6),
                "packets"
            );
            let start = ours.iter().map(|packet| packet.0).fold(f64::MAX, f64::min);
            assert!(start.abs() < 1e-6, "both tracks begin at 0, not {start}");
        }
    }
}

#[test]
fn a_range_sent_twice_is_kept_once() {
    let file = sample();
    let Some(source) = packets(&file, "v") else {
        return without_ffprobe("a_range_sent_twice_is_kept_once");
    };
    let ends = box_ends(&file);
    let (_, half) = ends[ends.len() / 2 / 2 * 2 + 1];
    let init = ends
        .iter()
        .find(|(kind, _)| kind == "moov")
        .expect("has one")
        .1;
    let mut client = opened();
    append(&mut client, &file[..half], 0.0);
    append(&mut client, &file[..init], 0.0);
    append(&mut client, &file[init..], 0.0);
    client.handle(
        Input::Clip {
            request: RequestId(1),
            range: ClipRange::Between(0.0, 100.0),
        },
        &[],
    );
    let clip = client.read(&client.clips.first().expect("planned").plan);
    assert_same(
        &hashes(&packets(&clip, "v").expect("ffprobe ran before")),
        &hashes(&source),
        "packets",
    );
}

#[test]
fn a_clip_inside_a_gop_shows_from_the_asked_picture_on() {
    let file = sample();
    if packets(&file, "v").is_none() {
        return without_ffprobe("a_clip_inside_a_gop_shows_from_the_asked_picture_on");
    }
    let mut client = opened();
    append(&mut client, &file, 0.0);
    client.handle(
        Input::Clip {
            request: RequestId(1),
            range: ClipRange::Between(5.2, 9.0),
        },
        &[],
    );
    let ready = client.clips.first().expect("planned");
    assert!((ready.start.seconds() - 5.2).abs() < 1e-9);
    assert!((ready.duration.seconds() - 3.8).abs() < 1e-9);
    // All has arrived at this clock's zero: the clip's first picture 10.8 s before that.
    let header = client.read(&ready.plan);
    let mvhd = header.windows(4).position(|kind| kind == b"mvhd");
    let created = header.get(mvhd.expect("has one") + 8..).expect("long");
    let since_1904 = u32::from_be_bytes(*created.first_chunk().expect("long"));
    assert_eq!(since_1904, 1_700_000_000 - 11 + 2_082_844_800);
    let shown: Vec<f64> = packets(&client.read(&ready.plan), "v")
        .expect("ffprobe ran before")
        .into_iter()
        .map(|packet| packet.0)
        .filter(|time| *time >= 0.0)
        .collect();
    // pictures 130 to 224; one more may have to be decoded for them
    assert!((95..=97).contains(&shown.len()), "{} pictures", shown.len());
    assert!(
        shown.iter().any(|time| time.abs() < 1e-6),
        "one is shown at 0"
    );
}

#[test]
fn a_recording_is_uploaded_while_it_grows_and_finished_on_stop() {
    let file = sample();
    let ends = box_ends(&file);
    let mut client = opened();
    let (_, first) = ends[4];
    append(&mut client, &file[..first], 100.0);
    client.handle(Input::Playhead { seconds: 100.5 }, &[]);
    record(&mut client);
    let mut got = client.accept_all();
    for pair in ends.windows(2) {
        let (from, to) = (pair[0].1, pair[1].1);
        if from >= first {
            append(&mut client, &file[from..to], 100.0);
            got.extend(client.accept_all());
        }
    }
    let before_stop = got
        .iter()
        .filter(|(request, _)| request.url.contains("/objects/"))
        .count();
    assert!(before_stop >= 6, "{before_stop} objects before the stop");
    client.handle(
        Input::Stop {
            request: RequestId(2),
        },
        &[],
    );
    got.extend(client.accept_all());
    let object = |(request, body): &(livetape_recorder::Request, Vec<u8>)| {
        request.url.contains("/objects/").then(|| body.clone())
    };
    let init = got
        .iter()
        .find(|(r, _)| r.url.contains("/configs/"))
        .expect("sent")
        .1
        .clone();
    let whole: Vec<u8> = std::iter::once(init)
        .chain(got.iter().filter_map(object))
        .flatten()
        .collect();
    assert!(got.last().expect("not empty").0.url.ends_with("/finish"));
    let stopped = client.events.iter().find_map(|event| match event {
        Event::Stopped { duration, .. } => Some(*duration),
        _ => None,
    });
    assert!((stopped.expect("told") - 16.0).abs() < 0.001);
    let Some(source) = packets(&file, "v") else {
        return without_ffprobe("a_recording_is_uploaded_while_it_grows_and_finished_on_stop");
    };
    let uploaded = packets(&whole, "v").expect("ffprobe ran before");
    assert_same(&hashes(&uploaded), &hashes(&source), "packets");
    let audio = packets(&whole, "a").expect("ffprobe ran before");
    let start =
        |packets: &[(f64, u64, String)]| packets.iter().map(|p| p.0).fold(f64::MAX, f64::min);
    // The sample's pictures are decoded two before they are shown: all begins 0.08 s later.
    assert!((start(&uploaded) - 0.08).abs() < 1e-6);
    assert!((start(&audio) - 0.08).abs() < 1e-6);
    assert_same(
        &hashes(&audio),
        &hashes(&packets(&file, "a").expect("ffprobe ran before")),
        "packets",
    );
}

#[test]
fn an_edge_that_cannot_be_reached_is_tried_again() {
    let file = sample();
    let mut client = opened();
    append(&mut client, &file, 0.0);
    record(&mut client);
    let (id, request, _) = client.requests.pop_front().expect("asked");
    client.handle(
        Input::Unanswered {
            exchange: id,
            why: "no connection",
        },
        &[],
    );
    assert!(client.requests.is_empty(), "not at once");
    client.now.steady = client.wake_at.expect("an alarm is set");
    client.handle(Input::Tick, &[]);
    let again = client.requests.front().expect("asked again");
    assert_eq!(again.1, request);
}

#[test]
fn an_edge_that_never_answers_is_told_and_lets_record_be_pressed_again() {
    let mut client = opened();
    append(&mut client, &sample(), 0.0);
    record(&mut client);
    for _ in 0..3 {
        let (exchange, ..) = client.requests.pop_front().expect("asked");
        let why = "no connection";
        client.handle(Input::Unanswered { exchange, why }, &[]);
        client.now.steady += 1_000;
        client.handle(Input::Tick, &[]);
    }
    assert!(client.requests.is_empty(), "not for ever");
    let failed = Event::Failed {
        request: Some(RequestId(1)),
        code: FailureCode::EdgeUnreachable,
        message: "the edge http://edge cannot be reached: no connection".to_owned(),
    };
    assert_eq!(client.events.last(), Some(&failed));
    record(&mut client);
    assert_eq!(client.requests.len(), 1);
}

#[test]
fn an_edge_that_refuses_is_told_with_its_reason() {
    let mut client = opened();
    append(&mut client, &sample(), 0.0);
    record(&mut client);
    let (id, ..) = client.requests.pop_front().expect("asked");
    client.answer(
        id,
        403,
        r#"{"error":{"code":"unknown_template","message":"No such template."}}"#,
    );
    let failed = client.events.iter().find_map(|event| match event {
        Event::Failed {
            code: FailureCode::EdgeRefused,
            message,
            ..
        } => Some(message.clone()),
        _ => None,
    });
    assert!(failed.expect("told").contains("No such template."));
    client.handle(
        Input::Stop {
            request: RequestId(2),
        },
        &[],
    );
    let not_recording = Event::Failed {
        request: Some(RequestId(2)),
        code: FailureCode::NotRecording,
        message: "there is no recording running".to_owned(),
    };
    assert_eq!(client.events.last(), Some(&not_recording));
}

#[test]
fn nothing_recorded_is_said_so() {
    let mut client = opened();
    client.handle(
        Input::Clip {
            request: RequestId(1),
            range: ClipRange::Last(30.0),
        },
        &[],
    );
    let failed = client.events.iter().any(|event| {
        matches!(
            event,
            Event::Failed {
                code: FailureCode::NothingRecorded,
                ..
            }
        )
    });
    assert!(failed);
}
