//! A page that ends while it records, at any moment: what it sent and what is sent afterwards, from the tape it
//! left, are together what would have been sent. And storage that is full.

mod harness;

use std::collections::BTreeMap;

use harness::{Client, box_ends, sample};
use livetape_recorder::{
    Access, ClipRange, Event, Input, Recorder, Request, RequestId, SourceId, Unfinished,
};
use livetape_tape::{Command, Recovery, Window};

const WINDOW: Window = Window {
    millis: 60_000,
    bytes: 1 << 30,
};
const RECORD: RequestId = RequestId(1);
const STOP: RequestId = RequestId(2);

/// What the edge has: bodies by URL.
type Edge = BTreeMap<String, Vec<u8>>;

fn store(edge: &mut Edge, got: Vec<(Request, Vec<u8>)>) {
    for (request, body) in got {
        if request.method == "PUT" {
            let before = edge.insert(request.url.clone(), body.clone());
            assert!(
                before.is_none_or(|before| before == body),
                "{}",
                request.url
            );
        } else if request.url.ends_with("/finish") {
            edge.insert(request.url, body);
        }
    }
}

/// The sample's appends: its head, then every fragment in pieces.
fn appends() -> Vec<Vec<u8>> {
    let file = sample();
    let mut from = 0;
    let mut all = Vec::new();
    for (index, (_, end)) in box_ends(&file).iter().enumerate() {
        if index == 0 {
            continue;
        }
        let piece = &file[from..*end];
        all.extend(piece.chunks(60_000).map(<[u8]>::to_vec));
        from = *end;
    }
    all
}

fn begin(client: &mut Client) {
    let (source, mime) = (SourceId(1), "video/mp4");
    client.handle(Input::Source { source, mime }, &[]);
    client.handle(Input::Playhead { seconds: 0.0 }, &[]);
    let record = Input::Record {
        request: RECORD,
        edge: "http://edge/",
        access: Access::Template(r#"{"template":"pub_demo"}"#.to_owned()),
        cap: None,
    };
    client.handle(record, &[]);
}

fn append(client: &mut Client, bytes: &Vec<u8>) {
    // A reel now and then: they end after a minute.
    client.now.steady += 10_000;
    let input = Input::Append {
        source: SourceId(1),
        chunk: bytes,
        timestamp_offset: 0.0,
    };
    client.handle(input, bytes);
}

/// Records so many appends, of which the edge answers only the first, and ends the page there.
fn left(appended: usize, answered: usize) -> (Client, Edge) {
    let (mut client, mut edge) = (Client::new(WINDOW), Edge::new());
    begin(&mut client);
    for (index, piece) in appends().iter().take(appended).enumerate() {
        append(&mut client, piece);
        if index < answered {
            store(&mut edge, client.accept_all());
        }
    }
    // What was on its way when the page ended may have arrived.
    let on_their_way = client.requests.iter().take(appended % 3);
    let on_their_way: Vec<_> = on_their_way
        .filter(|(_, request, _)| request.method == "PUT")
        .map(|(_, request, body)| (request.clone(), body.clone()))
        .collect();
    store(&mut edge, on_their_way);
    (client, edge)
}

/// The client of the next page.
fn recovered(client: Client) -> Client {
    let mut recovery = Recovery::new();
    for (id, reel) in &client.reels {
        recovery.reel(*id, reel.len() as u64, &client.journals[id], Vec::new());
    }
    let (tape, damage) = recovery.finish(WINDOW);
    assert_eq!(damage, []);
    Client {
        recorder: Recorder::with(tape),
        reels: client.reels,
        journals: client.journals,
        ..Client::new(WINDOW)
    }
}

/// What the edge has of a recording that is stopped after so many appends.
fn undisturbed(appended: usize) -> (Edge, f64) {
    let (mut client, mut edge) = (Client::new(WINDOW), Edge::new());
    begin(&mut client);
    for piece in appends().iter().take(appended) {
        append(&mut client, piece);
        store(&mut edge, client.accept_all());
    }
    client.handle(Input::Stop { request: STOP }, &[]);
    store(&mut edge, client.accept_all());
    let duration = stopped(&client).expect("stopped");
    (edge, duration)
}

fn stopped(client: &Client) -> Option<f64> {
    client.events.iter().find_map(|event| match event {
        Event::Stopped { duration, .. } => Some(*duration),
        _ => None,
    })
}

#[test]
fn a_recording_goes_on_from_the_tape_that_a_page_left() {
    let all = appends().len();
    for appended in [8, 12, 20, all - 1, all] {
        let (expected, duration) = undisturbed(appended);
        for answered in [1, 2, 4, appended] {
            let (client, mut edge) = left(appended, answered);
            let mut client = recovered(client);
            let unfinished = Unfinished::of(client.recorder.tape()).expect("noted");
            assert_eq!(unfinished.edge, "http://edge");
            client.handle(Input::Resume { request: STOP }, &[]);
            store(&mut edge, client.accept_all());
            assert_eq!(edge, expected, "{appended} appended, {answered} answered");
            assert_eq!(stopped(&client), Some(duration));
            // It is finished: the next page finds nothing to go on with.
            let client = recovered(client);
            assert_eq!(Unfinished::of(client.recorder.tape()), None);
        }
    }
}

#[test]
fn a_recovered_tape_is_cut_as_the_live_one() {
    let (mut client, _) = left(appends().len(), 1);
    let request = RequestId(9);
    let range = ClipRange::Between(1.0, 14.0);
    client.handle(Input::Clip { request, range }, &[]);
    let live = client.read(&client.clips[0].plan);
    let mut client = recovered(client);
    client.handle(Input::Clip { request, range }, &[]);
    assert!(client.read(&client.clips[0].plan) == live, "another file");
    let nothing = Input::Resume { request: STOP };
    client.recorder = Recorder::new(WINDOW);
    client.handle(nothing, &[]);
    let refused = |event: &Event| {
        matches!(
            event,
            Event::Failed {
                request: Some(STOP),
                ..
            }
        )
    };
    assert!(client.events.iter().any(refused));
}

#[test]
fn what_the_storage_does_not_take_is_not_on_the_tape() {
    let mut client = Client::new(WINDOW);
    begin(&mut client);
    let pieces = appends();
    for (index, piece) in pieces.iter().enumerate() {
        client.room = if (6..9).contains(&index) { 0 } else { u64::MAX };
        append(&mut client, piece);
    }
    let notices = client
        .events
        .iter()
        .filter(|event| matches!(event, Event::Defect { code, .. } if *code == "storage_full"));
    assert_eq!(notices.count(), 1, "told once");
    let tape = client.recorder.tape();
    for track in tape.timeline().tracks() {
        for slice in track.slices(track.numbers()) {
            for extent in track.extents(slice.bytes) {
                let len = client.reels[&extent.store].len() as u64;
                assert!(extent.offset + extent.len <= len, "{extent:?} of {len}");
            }
        }
    }
    let end = tape.timeline().span().expect("there").1.seconds();
    assert!(
        (end - 16.0).abs() < 0.1,
        "it goes on when there is room: {end}"
    );
    let client = recovered(client);
    assert_eq!(
        client
            .recorder
            .tape()
            .timeline()
            .span()
            .expect("there")
            .1
            .seconds(),
        end
    );
}

#[test]
fn room_is_made_by_giving_up_the_oldest() {
    let mut client = Client::new(WINDOW);
    begin(&mut client);
    client.accept_all();
    let pieces = appends();
    pieces.iter().for_each(|piece| append(&mut client, piece));
    let held = client.recorder.make_room();
    assert_eq!(held, None, "what waits to be sent is held");
    client.accept_all();
    client.handle(Input::Tick, &[]);
    let oldest = *client.reels.keys().next().expect("there");
    let given_up = client.recorder.make_room();
    assert!(matches!(given_up, Some(Command::Delete(reel, _)) if reel == oldest));
}
