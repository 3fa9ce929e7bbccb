//! What open clips hold: it is counted, it stays, and the window is not forgotten for nothing.

mod harness;

use harness::{Client, SOURCE, append, sample};
use livetape_recorder::{ClipRange, Event, Input, RequestId};
use livetape_tape::{Command, Window};

const CLIP: RequestId = RequestId(7);

/// A tape of 16 s, on reels of 1 MiB at most.
fn taped() -> Client {
    let mut client = Client::new(Window {
        millis: 16_000,
        bytes: 16 << 20,
    });
    let mime = "video/mp4";
    let source = SOURCE;
    client.handle(Input::Source { source, mime }, &[]);
    feed(&mut client, 0);
    client
}

/// Another 16 s, a fragment at a time.
fn feed(client: &mut Client, round: u32) {
    let file = sample();
    let mut from = 0;
    for (kind, end) in harness::box_ends(&file) {
        if kind == "mdat" {
            append(client, &file[from..end], f64::from(16 * round));
            from = end;
        }
    }
}

fn cut(client: &mut Client, from: f64, to: f64) -> Vec<u8> {
    let range = ClipRange::Between(from, to);
    let request = CLIP;
    client.handle(Input::Clip { request, range }, &[]);
    client.read(&client.clips.last().expect("planned").plan)
}

/// Bytes and held bytes, as they were told last.
fn told(client: &Client) -> (u64, u64) {
    let window = |event: &Event| match event {
        Event::Window { bytes, held, .. } => Some((*bytes, *held)),
        _ => None,
    };
    client.events.iter().rev().find_map(window).expect("told")
}

fn stored(client: &Client) -> u64 {
    let files = client.reels.values().chain(client.journals.values());
    files.map(|file| file.len() as u64).sum()
}

#[test]
fn what_is_told_to_be_stored_is_stored_that_for_clips_included() {
    let mut client = taped();
    assert_eq!(told(&client).1, 0);
    let clip = cut(&mut client, 4.0, 12.0);
    for round in 1..4 {
        feed(&mut client, round);
    }
    let (bytes, held) = told(&client);
    assert_eq!(bytes, stored(&client));
    assert!(held > 1 << 20, "{held} bytes");
    let again = client.read(&client.clips.last().expect("planned").plan);
    assert!(again == clip, "another file");
    client.handle(Input::CloseClip { request: CLIP }, &[]);
    feed(&mut client, 4);
    assert_eq!(told(&client), (stored(&client), 0));
}

#[test]
fn where_clips_hold_all_of_it_the_window_stays() {
    let mut client = taped();
    cut(&mut client, 0.0, 16.0);
    // One reel after those of the clip.
    let file = sample();
    let ends = harness::box_ends(&file);
    let end = ends.iter().find(|(kind, _)| kind == "mdat").expect("one").1;
    append(&mut client, &file[..end], 16.0);
    let span = client.recorder.tape().timeline().span();
    assert_eq!(client.recorder.make_room(), None);
    assert_eq!(client.recorder.tape().timeline().span(), span);
    let oldest = *client.reels.keys().next().expect("there");
    client.handle(Input::CloseClip { request: CLIP }, &[]);
    let given_up = client.recorder.make_room();
    assert!(matches!(given_up, Some(Command::Delete(reel, _)) if reel == oldest));
}
