//! A recorder with its surroundings simulated: reels in memory, an edge that says yes, a clock
//! that is set. The decisions are the real ones.
#![allow(dead_code, reason = "each test binary uses its part")]

pub(crate) mod packets;

use std::collections::{BTreeMap, VecDeque};

use livetape_recorder::{
    Access, Answer, Body, ClipReady, Event, ExchangeId, Input, Now, Output, PastReady, Recorder,
    Request, RequestId, SourceId, StillReady,
};
use livetape_tape::{Command, Window};
use livetape_timeline::{Part, Plan, StoreId};

/// The sample that the demo plays: 400 pictures, 750 frames of sound, eight fragments.
pub(crate) fn sample() -> Vec<u8> {
    let path = concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/../../www/demo/sample/sample.mp4"
    );
    std::fs::read(path).expect("the sample is part of the repository")
}

/// Where each top-level box of a file ends.
pub(crate) fn box_ends(file: &[u8]) -> Vec<(String, usize)> {
    let mut ends = Vec::new();
    let mut at = 0;
    while let Some(header) = file.get(at..at + 8) {
        let size = u32::from_be_bytes(header[..4].try_into().expect("four bytes")) as usize;
        at += size;
        ends.push((String::from_utf8_lossy(&header[4..]).into_owned(), at));
    }
    ends
}

/// A recorder and what it did.
pub(crate) struct Client {
    pub(crate) recorder: Recorder,
    pub(crate) now: Now,
    pub(crate) reels: BTreeMap<StoreId, Vec<u8>>,
    pub(crate) journals: BTreeMap<StoreId, Vec<u8>>,
    pub(crate) deleted: Vec<StoreId>,
    pub(crate) requests: VecDeque<(ExchangeId, Request, Vec<u8>)>,
    pub(crate) events: Vec<Event>,
    pub(crate) clips: Vec<ClipReady>,
    pub(crate) stills: Vec<StillReady>,
    pub(crate) past: Vec<PastReady>,
    pub(crate) wake_at: Option<u64>,
    /// Bytes that the storage takes at once.
    pub(crate) room: u64,
}

impl Client {
    pub(crate) fn new(window: Window) -> Self {
        Self {
            recorder: Recorder::new(window),
            now: Now {
                steady: 0,
                unix: 1_700_000_000_000,
            },
            reels: BTreeMap::new(),
            journals: BTreeMap::new(),
            deleted: Vec::new(),
            requests: VecDeque::new(),
            events: Vec::new(),
            clips: Vec::new(),
            stills: Vec::new(),
            past: Vec::new(),
            wake_at: None,
            room: u64::MAX,
        }
    }

    /// Handles an input and carries its outputs out; `chunk` is what is written as a whole.
    pub(crate) fn handle(&mut self, input: Input<'_>, chunk: &[u8]) {
        self.recorder.handle(input, self.now);
        while let Some(output) = self.recorder.poll() {
            match output {
                Output::Storage(Command::Open(id)) => {
                    self.reels.insert(id, Vec::new());
                }
                Output::Storage(Command::Close(_)) => {}
                Output::Storage(Command::Commit {
                    reel,
                    offset,
                    bytes,
                }) => {
                    let journal = self.journals.entry(reel).or_default();
                    journal.truncate(offset as usize);
                    journal.extend(bytes);
                }
                Output::Storage(Command::Delete(id, _)) => {
                    self.reels.remove(&id).expect("deleted once");
                    self.journals.remove(&id);
                    self.deleted.push(id);
                }
                Output::WriteChunk(at) => self.write(at, chunk),
                Output::WriteBytes(at, bytes) => self.write(at, &bytes),
                Output::Exchange(id, request) => {
                    let body = match &request.body {
                        Body::Empty => Vec::new(),
                        Body::Bytes(bytes) => bytes.clone(),
                        Body::Plan(plan) => self.read(plan),
                    };
                    self.requests.push_back((id, request, body));
                }
                Output::Clip(ready) => self.clips.push(ready),
                Output::Still(ready) => self.stills.push(ready),
                Output::Past(ready) => self.past.push(ready),
                Output::Event(event) => self.events.push(event),
                Output::WakeAt(at) => self.wake_at = Some(at),
            }
        }
    }

    fn write(&mut self, at: livetape_tape::Placement, bytes: &[u8]) {
        if bytes.len() as u64 > self.room {
            return self.recorder.not_written(at);
        }
        let reel = self.reels.get_mut(&at.reel).expect("written while open");
        assert_eq!(reel.len() as u64, at.offset, "reels grow at their end");
        reel.extend_from_slice(bytes);
    }

    /// The bytes of a plan.
    pub(crate) fn read(&self, plan: &Plan) -> Vec<u8> {
        let mut out = Vec::new();
        for part in plan.parts() {
            match part {
                Part::Bytes(bytes) => out.extend_from_slice(bytes),
                Part::Stored(extent) => {
                    let reel = &self.reels[&extent.store];
                    let range = extent.offset as usize..(extent.offset + extent.len) as usize;
                    out.extend_from_slice(&reel[range]);
                }
            }
        }
        out
    }

    /// Answers one waiting request.
    pub(crate) fn answer(&mut self, id: ExchangeId, status: u16, body: &str) {
        let body = body.as_bytes().to_vec();
        let answer = Answer {
            status,
            url: "http://edge/",
            body: &body,
        };
        self.handle(
            Input::Answered {
                exchange: id,
                answer,
            },
            &body,
        );
    }

    /// Answers as an edge that accepts everything; gives what it got, by URL.
    pub(crate) fn accept_all(&mut self) -> Vec<(Request, Vec<u8>)> {
        let mut got = Vec::new();
        while let Some((id, request, body)) = self.requests.pop_front() {
            let answer = match request.method {
                "POST" if request.url.ends_with("/v1/recordings") => {
                    r#"{"id":"rec_0000000000000000000001","ingest_token":"ing_x","playback":{}}"#
                }
                _ => r#"{"state":"finished"}"#,
            };
            got.push((request, body));
            self.answer(id, 200, answer);
        }
        got
    }
}

pub(crate) const WINDOW: Window = Window {
    millis: 3_600_000,
    bytes: 1 << 30,
};
pub(crate) const SOURCE: SourceId = SourceId(1);

pub(crate) fn append(client: &mut Client, bytes: &[u8], timestamp_offset: f64) {
    let chunk = bytes.to_vec();
    client.handle(
        Input::Append {
            source: SOURCE,
            chunk: &chunk,
            timestamp_offset,
        },
        bytes,
    );
}

pub(crate) fn opened() -> Client {
    let mut client = Client::new(WINDOW);
    client.handle(
        Input::Source {
            source: SOURCE,
            mime: "video/mp4",
        },
        &[],
    );
    client
}

pub(crate) fn record(client: &mut Client) {
    let access = Access::Template(r#"{"template":"pub_demo"}"#.to_owned());
    client.handle(
        Input::Record {
            request: RequestId(1),
            edge: "http://edge/",
            access,
            cap: None,
        },
        &[],
    );
}

/// The init segment and all objects of what an edge got, as one file.
pub(crate) fn uploaded(got: &[(Request, Vec<u8>)]) -> Vec<u8> {
    let with = |part: &'static str| got.iter().filter(move |(r, _)| r.url.contains(part));
    let init = with("/configs/").take(1);
    let all = init.chain(with("/objects/"));
    all.flat_map(|(_, body)| body.iter().copied()).collect()
}
