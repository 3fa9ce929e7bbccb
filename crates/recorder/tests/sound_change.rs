//! A stream whose sound changes its rate: the clip over the change is refused, its parts are not.

#![expect(clippy::print_stderr, reason = "a test that cannot run says so")]

mod harness;

use std::path::Path;
use std::process::Command;

use harness::Client;
use livetape_recorder::{ClipRange, Event, FailureCode, Input, RequestId, SourceId};
use livetape_tape::Window;

const SOURCE: SourceId = SourceId(1);

/// Two seconds of fragmented MP4; `None` without ffmpeg.
fn stream(size: &str, rate: u32) -> Option<Vec<u8>> {
    let path = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("{size}-{rate}.mp4"));
    let arguments = format!(
        "-v error -y -f lavfi -i testsrc2=s={size}:r=25:d=2 -f lavfi -i sine=r={rate}:d=2 \
         -c:v libx264 -preset ultrafast -g 25 -c:a aac -shortest \
         -movflags empty_moov+default_base_moof+frag_keyframe"
    );
    let mut command = Command::new("ffmpeg");
    let made = command
        .args(arguments.split_whitespace())
        .arg(&path)
        .status();
    assert!(made.ok()?.success());
    std::fs::read(path).ok()
}

fn clip(client: &mut Client, number: u32, start: f64, end: f64) {
    let input = Input::Clip {
        request: RequestId(number),
        range: ClipRange::Between(start, end),
    };
    client.handle(input, &[]);
}

#[test]
fn a_clip_over_a_change_of_the_sound_is_refused_and_its_parts_are_not() {
    // Its parts begin with the first picture shown then: up to a picture later, but at once where
    // the pictures change too.
    refused_but_in_parts("64x48", 0.041);
    refused_but_in_parts("96x64", 0.000_002);
}

fn refused_but_in_parts(other_size: &str, late: f64) {
    let (Some(first), Some(other)) = (stream("64x48", 48_000), stream(other_size, 44_100)) else {
        assert!(
            std::env::var_os("LIVETAPE_REQUIRE_MEDIA").is_none(),
            "no ffmpeg"
        );
        eprintln!("NOT RUN: a_clip_over_a_change_of_the_sound_is_refused_and_its_parts_are_not");
        return;
    };
    let mut client = Client::new(Window {
        millis: 60_000,
        bytes: 1 << 26,
    });
    let mime = "video/mp4";
    client.handle(
        Input::Source {
            source: SOURCE,
            mime,
        },
        &[],
    );
    for (bytes, timestamp_offset) in [(first, 0.0), (other, 2.0)] {
        let append = Input::Append {
            source: SOURCE,
            chunk: &bytes,
            timestamp_offset,
        };
        client.handle(append, &bytes);
    }
    clip(&mut client, 1, 0.0, 100.0);
    let message = client.events.iter().find_map(|event| match event {
        Event::Failed {
            code: FailureCode::ConfigurationChange,
            message,
            ..
        } => Some(message.clone()),
        _ => None,
    });
    let message = message.expect("refused");
    let (_, named) = message.rsplit_once(": ").expect("ranges");
    let ranges = named
        .split(", ")
        .filter_map(|range| range.split_once(" to "));
    let seconds = |text: &str| -> f64 { text.parse().expect("seconds") };
    let ranges: Vec<_> = ranges.map(|(a, b)| (seconds(a), seconds(b))).collect();
    assert_eq!(ranges.len(), 2, "{message}");
    for (number, (start, end)) in (2..).zip(ranges) {
        clip(&mut client, number, start, end);
        let made = client.clips.last().expect("a clip");
        assert_eq!(made.request, RequestId(number));
        let off = made.start.seconds() - start;
        assert!((-0.000_002..late).contains(&off), "{message}: off by {off}");
        let length = made.duration.seconds();
        assert!(
            (length + off - (end - start)).abs() < 0.000_1 && length > 1.9,
            "{message}"
        );
    }
}
