//! A recording's way to an edge that is away, slow, or forgets to answer.

mod harness;

use std::collections::{BTreeMap, BTreeSet};

use harness::{Client, box_ends, sample};
use livetape_recorder::{Access, Event, Input, Request, RequestId, SourceId, UploadState};
use livetape_tape::Window;

const WINDOW: Window = Window {
    millis: 60_000,
    bytes: 1 << 30,
};
/// Milliseconds of the sample.
const SAMPLE: u64 = 16_000;

fn append(client: &mut Client, bytes: &[u8], timestamp_offset: f64) {
    let chunk = bytes.to_vec();
    let input = Input::Append {
        source: SourceId(1),
        chunk: &chunk,
        timestamp_offset,
    };
    client.handle(input, bytes);
}

/// A client that has been asked to record; with the sample, and where its fragments begin.
fn recording(cap: Option<u64>) -> (Client, Vec<u8>, usize) {
    let mut client = Client::new(WINDOW);
    let mime = "video/mp4";
    let source = SourceId(1);
    client.handle(Input::Source { source, mime }, &[]);
    let file = sample();
    let init = box_ends(&file).get(1).expect("ftyp and moov").1;
    append(&mut client, &file[..init], 0.0);
    client.handle(Input::Playhead { seconds: 0.0 }, &[]);
    let record = Input::Record {
        request: RequestId(1),
        edge: "http://edge/",
        access: Access::Template(r#"{"template":"pub_demo"}"#.to_owned()),
        cap,
    };
    client.handle(record, &[]);
    (client, file, init)
}

fn stop(client: &mut Client) {
    let request = RequestId(2);
    client.handle(Input::Stop { request }, &[]);
}

fn states(client: &Client) -> Vec<UploadState> {
    let state = |event: &Event| match event {
        Event::Upload { state, .. } => Some(*state),
        _ => None,
    };
    client.events.iter().filter_map(state).collect()
}

/// The numbers of the objects among requests.
fn objects(got: &[(Request, Vec<u8>)]) -> Vec<u32> {
    let number = |(request, _): &(Request, Vec<u8>)| {
        let (_, number) = request.url.split_once("/objects/main/")?;
        number.parse().ok()
    };
    got.iter().filter_map(number).collect()
}

/// Nobody answers; the alarm rings whenever it is due until the clock is at `until`.
fn without_network(client: &mut Client, until: u64) {
    loop {
        while let Some((exchange, ..)) = client.requests.pop_front() {
            let why = "no connection";
            client.handle(Input::Unanswered { exchange, why }, &[]);
        }
        match client.wake_at.filter(|at| *at <= until) {
            Some(at) => {
                client.now.steady = client.now.steady.max(at);
                client.wake_at = None;
                client.handle(Input::Tick, &[]);
            }
            None => break,
        }
    }
    client.now.steady = until;
}

#[test]
fn thirty_minutes_without_a_network_lose_nothing() {
    let (mut client, file, init) = recording(None);
    append(&mut client, &file[init..], 0.0);
    let mut got = client.accept_all();
    let loops = 113;
    for round in 1..loops {
        append(&mut client, &file[init..], round as f64 * 16.0);
        without_network(&mut client, round * SAMPLE);
    }
    assert!(client.deleted.is_empty(), "what waits is kept");
    let waiting = states(&client);
    assert_eq!(waiting.last(), Some(&UploadState::Waiting));
    assert!(waiting.len() <= 4, "told once: {waiting:?}");
    let elapsed = client.events.iter().rev().find_map(|event| match event {
        Event::Progress { elapsed, .. } => Some(*elapsed),
        _ => None,
    });
    assert!(elapsed.expect("told") > 1_800.0, "the recording goes on");

    client.handle(Input::Online, &[]);
    got.extend(client.accept_all());
    stop(&mut client);
    got.extend(client.accept_all());
    let sent = objects(&got);
    assert_eq!(sent, (0..sent.len() as u32).collect::<Vec<_>>(), "in order");
    assert_eq!(
        sent.len() as u64,
        8 + (loops - 1) * 4,
        "one GOP each, then two"
    );
    let bytes: BTreeSet<&[u8]> = got
        .iter()
        .filter(|(request, _)| request.url.contains("/objects/"))
        .map(|(_, body)| body.as_slice())
        .collect();
    assert_eq!(bytes.len(), sent.len(), "each another");
    let stopped = client.events.iter().any(|event| {
        matches!(event, Event::Stopped { duration, .. } if (duration - loops as f64 * 16.0).abs() < 0.01)
    });
    assert!(stopped, "finished with all of it");
}

#[test]
fn an_object_that_got_no_answer_is_sent_again_as_it_was() {
    let (mut client, file, init) = recording(None);
    append(&mut client, &file[init..], 0.0);
    let mut first = BTreeMap::new();
    let mut tries = 0;
    loop {
        while let Some((exchange, request, body)) = client.requests.pop_front() {
            tries += 1;
            // Every other one is cut off.
            if request.url.contains("/objects/") && tries % 2 == 0 {
                first.insert(request.url, body);
                let why = "cut off";
                client.handle(Input::Unanswered { exchange, why }, &[]);
                continue;
            }
            if let Some(sent) = first.get(&request.url) {
                assert_eq!(*sent, body, "{}", request.url);
            }
            client.answer(exchange, 200, r#"{"id":"rec_1","ingest_token":"ing_1"}"#);
        }
        let Some(at) = client.wake_at.take() else {
            break;
        };
        client.now.steady = at;
        client.handle(Input::Tick, &[]);
    }
    assert!(first.len() >= 2, "{} were cut off", first.len());
    let stored = client.events.iter().rev().find_map(|event| match event {
        Event::Progress { objects, .. } => Some(*objects),
        _ => None,
    });
    assert_eq!(stored, Some(7), "all that are complete");
}

#[test]
fn no_more_is_sent_than_the_cap_allows() {
    let cap = 100_000;
    let (mut client, file, init) = recording(Some(cap));
    append(&mut client, &file[init..], 0.0);
    stop(&mut client);
    let (mut sent, mut largest) = (0, 0);
    let mut got = Vec::new();
    loop {
        let now = client.accept_all();
        for (request, body) in &now {
            if request.url.contains("/objects/") {
                sent += body.len() as u64;
                largest = largest.max(body.len() as u64);
            }
        }
        got.extend(now);
        // One object may be ahead of its time.
        let allowed = client.now.steady * cap / 1_000 + largest;
        assert!(sent <= allowed, "{sent} of {allowed} bytes");
        let Some(at) = client.wake_at.take() else {
            break;
        };
        client.now.steady = at;
        client.handle(Input::Tick, &[]);
    }
    assert_eq!(objects(&got).len(), 8);
    let slow = sent * 1_000 / cap;
    assert!(client.now.steady + 4_000 > slow, "{} ms", client.now.steady);
    let told = [UploadState::Finishing];
    assert_eq!(states(&client), told);
}
