//! What is shown again of a tape: one picture, or fragments from a moment on.

mod harness;

use harness::packets::{assert_same, hashes, packets, without_ffprobe};
use harness::{append, opened, sample};
use livetape_recorder::{ClipRange, Event, FailureCode, Input, PastFrom, RequestId};
use livetape_timeline::Part;

#[test]
fn each_picture_of_a_gop_is_found_by_its_time_and_can_be_decoded() {
    let mut client = opened();
    append(&mut client, &sample(), 0.0);
    for number in 50..100_u32 {
        let seconds = f64::from(number) / 25.0;
        // The page's clock may be rounded down, and a picture is shown until the next.
        for asked in [seconds - 0.000_9, seconds, seconds + 0.038] {
            let input = Input::Still {
                request: RequestId(number),
                seconds: Some(asked),
            };
            client.handle(input, &[]);
            let ready = client.stills.pop().expect("found");
            assert!((ready.time.seconds() - seconds).abs() < 1e-9, "{asked}");
            let (first, last) = (ready.samples[0], ready.samples[ready.samples.len() - 1]);
            assert!(first.keyframe && last.shown == ready.time, "{asked}");
            let bytes: u64 = ready.samples.iter().map(|s| u64::from(s.size)).sum();
            assert_eq!(ready.plan.len(), bytes);
        }
    }
    for outside in [-1.0, 16.5] {
        let input = Input::Still {
            request: RequestId(1),
            seconds: Some(outside),
        };
        client.handle(input, &[]);
        let code = FailureCode::NothingRecorded;
        let last = client.events.last();
        assert!(matches!(last, Some(Event::Failed { code: own, .. }) if *own == code));
    }
}

#[test]
fn the_past_is_played_as_fragments_up_to_what_has_come() {
    let file = sample();
    let Some(source) = packets(&file, "v") else {
        return without_ffprobe("the_past_is_played_as_fragments_up_to_what_has_come");
    };
    let mut client = opened();
    append(&mut client, &file, 0.0);
    let mut played = Vec::new();
    let mut from = PastFrom::Moment(5.2);
    loop {
        let request = RequestId(1);
        client.handle(Input::Past { request, from }, &[]);
        let Some(ready) = client.past.pop() else {
            break;
        };
        if played.is_empty() {
            assert!((ready.start.seconds() - 4.0).abs() < 1e-9);
            assert_eq!(ready.mime, "video/mp4; codecs=\"avc1.64001e,mp4a.40.2\"");
            played.extend(&ready.init);
        }
        played.extend(client.read(&ready.plan));
        from = PastFrom::Next(ready.next);
    }
    assert!(matches!(
        client.events.last(),
        Some(Event::NothingYet { .. })
    ));
    let video = packets(&played, "v").expect("ffprobe ran before");
    assert_same(&hashes(&video), &hashes(&source[100..]), "packets");
    let sound = packets(&played, "a").expect("ffprobe ran before");
    let all = packets(&file, "a").expect("ffprobe ran before");
    // With the sound that is heard with the first picture: 4 s are 187.5 of its frames.
    assert_same(&hashes(&sound), &hashes(&all[187..]), "packets");
}

#[test]
fn a_clip_is_asked_for_by_dates() {
    let mut client = opened();
    append(&mut client, &sample(), 0.0);
    // All 16 s had come at this moment.
    let end = client.now.unix;
    let range = ClipRange::Dates(end - 10_000, end - 4_000);
    let request = RequestId(1);
    client.handle(Input::Clip { request, range }, &[]);
    let clip = client.clips.first().expect("planned");
    assert!(
        (clip.start.seconds() - 6.0).abs() < 0.041,
        "{:?}",
        clip.start
    );
    assert!((clip.duration.seconds() - 6.0).abs() < 0.041);
}

#[test]
fn an_hour_is_cut_of_few_pieces() {
    let file = sample();
    let mut client = opened();
    for round in 0..225 {
        client.now.steady += 16_000;
        append(&mut client, &file, f64::from(round) * 16.0);
    }
    let range = ClipRange::Between(0.0, 3_600.0);
    let request = RequestId(1);
    client.handle(Input::Clip { request, range }, &[]);
    let clip = client.clips.first().expect("planned");
    assert!((clip.duration.seconds() - 3_600.0).abs() < 0.05);
    // Each reel is a minute, or 64 MiB; and the header's tables are not put together.
    let parts = clip.plan.parts().iter();
    let (stored, made): (Vec<_>, Vec<_>) = parts.partition(|part| matches!(part, Part::Stored(_)));
    let (stored, made) = (stored.len(), made.len());
    assert!(
        stored <= 61 && made <= 7,
        "{stored} pieces stored, {made} made"
    );
    let made = clip.plan.generated_len();
    assert!(made < clip.plan.len() / 200, "{made} bytes were made");
}
