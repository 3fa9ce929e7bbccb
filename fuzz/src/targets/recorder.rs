//! The whole client, given whatever a player appends or a server answers.

use std::collections::BTreeMap;

use livetape_media::TrackId;
use livetape_recorder::{
    Access, Answer, Body, ClipRange, ExchangeId, Input, Now, Output, PastFrom, Recorder, RequestId,
    SourceId,
};
use livetape_tape::{Command, Placement, Recovery, Window};
use livetape_timeline::{Part, Plan, Slice, StoreId, Track};

use crate::Cuts;

/// Small, so that reels go while they are in use.
const WINDOW: Window = Window {
    millis: 4_000,
    bytes: 32 << 10,
};
const CREATED: &[u8] = br#"{"id":"rec_0000000000000000000000","ingest_token":"ing_a"}"#;
const REFUSED: &[u8] = br#"{"error":{"code":"too_large","message":"It is too large."}}"#;
/// Things that may happen.
const HAPPENINGS: u64 = 24;

/// A recorder with reels in memory; the requests it makes wait for their answers.
struct Client {
    recorder: Recorder,
    now: Now,
    reels: BTreeMap<StoreId, Vec<u8>>,
    journals: BTreeMap<StoreId, Vec<u8>>,
    waiting: Vec<ExchangeId>,
    /// What comes after the last fragment of the past.
    next: Option<Vec<(TrackId, u64)>>,
    /// The storage is full.
    is_full: bool,
}

const EDGE: &str = "https://edge.example";

fn access() -> Access {
    Access::Template(r#"{"template":"pub_demo"}"#.to_owned())
}

/// The input is what is appended or answered, cut; what else happens, and when, the cuts decide.
pub(super) fn run(input: &[u8]) {
    let Some((cuts, mut rest)) = Cuts::take(input) else {
        return;
    };
    let mut cuts = cuts.coarse();
    let mut client = Client {
        recorder: Recorder::new(WINDOW),
        now: Now {
            steady: 0,
            unix: 1_700_000_000_000,
        },
        reels: BTreeMap::new(),
        journals: BTreeMap::new(),
        waiting: Vec::new(),
        next: None,
        is_full: false,
    };
    if cuts.below(3) == 0 {
        let url = "https://media.example/live/index.m3u8";
        client.handle(Input::Pull { url }, &[]);
    } else {
        for (number, mime) in [(0, "video/mp4"), (1, "audio/mp4")] {
            let source = SourceId(number);
            client.handle(Input::Source { source, mime }, &[]);
        }
    }
    while let Some((piece, after)) = cuts.piece(rest) {
        rest = after;
        client.happens(piece, &mut cuts);
    }
    client.recover();
}

impl Client {
    fn happens(&mut self, piece: &[u8], cuts: &mut Cuts) {
        self.now.steady += cuts.below(3_000);
        self.is_full = cuts.below(16) == 0;
        let request = RequestId(cuts.below(3) as u32);
        let seconds = cuts.below(40) as f64 / 4.0;
        match cuts.below(HAPPENINGS) {
            0 if cuts.below(4) == 0 => self.handle(Input::Online, &[]),
            0 => self.handle(Input::Tick, &[]),
            1 => self.handle(Input::Playhead { seconds }, &[]),
            2 => {
                let source = SourceId(cuts.below(2) as u32);
                self.handle(Input::Abort { source }, &[]);
            }
            3 => {
                let record = Input::Record {
                    request,
                    edge: EDGE,
                    access: access(),
                    cap: None,
                };
                self.handle(record, &[]);
            }
            4 => self.handle(Input::Stop { request }, &[]),
            5 => {
                let range = ClipRange::Last(seconds);
                self.handle(Input::Clip { request, range }, &[]);
            }
            6 => {
                let range = ClipRange::Between(seconds - 2.0, seconds);
                self.handle(Input::Clip { request, range }, &[]);
            }
            7 => self.handle(Input::CloseClip { request }, &[]),
            8 => self.handle(Input::Pause { request }, &[]),
            9 => self.handle(Input::Unpause { request }, &[]),
            10 => self.handle(Input::Mark { request }, &[]),
            11 => {
                let seconds = Some(seconds);
                self.handle(Input::Still { request, seconds }, &[]);
            }
            12 => {
                let next = self.next.take().map(PastFrom::Next);
                let from = next.unwrap_or(PastFrom::Moment(seconds));
                self.handle(Input::Past { request, from }, &[]);
            }
            13 => {
                let upload = Input::Upload {
                    request,
                    clip: RequestId(cuts.below(3) as u32),
                    edge: EDGE,
                    access: access(),
                };
                self.handle(upload, &[]);
            }
            14 => self.handle(Input::Cancel { request }, &[]),
            _ => {}
        }
        match self.waiting.pop() {
            Some(exchange) => self.answer(exchange, piece, cuts),
            None => {
                let append = Input::Append {
                    source: SourceId(cuts.below(8) as u32 / 7),
                    chunk: &piece.to_vec(),
                    timestamp_offset: if cuts.below(8) == 0 { seconds } else { 0.0 },
                };
                self.handle(append, piece);
            }
        }
    }

    fn answer(&mut self, exchange: ExchangeId, piece: &[u8], cuts: &mut Cuts) {
        let (status, body) = match cuts.below(16) {
            0 => (413, REFUSED),
            1 => (503, REFUSED),
            2..6 => (201, CREATED),
            6 => {
                let why = "no connection";
                return self.handle(Input::Unanswered { exchange, why }, &[]);
            }
            _ => (200, piece),
        };
        let answer = Answer {
            status,
            url: "https://media.example/live/index.m3u8",
            body: &body.to_vec(),
        };
        self.handle(Input::Answered { exchange, answer }, body);
    }

    /// Handles an input and carries its outputs out; `chunk` is what is written as a whole.
    fn handle(&mut self, input: Input<'_>, chunk: &[u8]) {
        self.recorder.handle(input, self.now);
        while let Some(output) = self.recorder.poll() {
            match output {
                Output::Storage(Command::Open(id)) => {
                    assert!(self.reels.insert(id, Vec::new()).is_none(), "opened twice");
                }
                Output::Storage(Command::Commit {
                    reel,
                    offset,
                    bytes,
                }) => {
                    let journal = self.journals.entry(reel).or_default();
                    assert_eq!(journal.len() as u64, offset, "journals grow at their end");
                    journal.extend(bytes);
                }
                Output::Storage(Command::Close(id)) => assert!(self.reels.contains_key(&id)),
                Output::Storage(Command::Delete(id, _)) => {
                    assert!(self.reels.remove(&id).is_some(), "deleted twice");
                    self.journals.remove(&id);
                }
                Output::WriteChunk(at) => self.write(at, chunk),
                Output::WriteBytes(at, bytes) => self.write(at, &bytes),
                Output::Exchange(id, request) => {
                    if let Body::Plan(plan) = &request.body {
                        self.check(plan);
                    }
                    self.waiting.push(id);
                }
                Output::Clip(ready) => self.check(&ready.plan),
                Output::Still(ready) => self.check(&ready.plan),
                Output::Past(ready) => {
                    self.check(&ready.plan);
                    self.next = Some(ready.next);
                }
                Output::WakeAt(_) | Output::Event(_) => {}
            }
        }
    }

    /// What a crash would leave is what is on the tape; where the start has been forgotten, from
    /// the next keyframe on. A reel that a clip holds alone may be more than the tape still knows.
    fn recover(&self) {
        let mut recovery = Recovery::new();
        for (id, reel) in &self.reels {
            let journal = self.journals.get(id).map_or(&[][..], Vec::as_slice);
            recovery.reel(*id, reel.len() as u64, journal, Vec::new());
        }
        let (recovered, damage) = recovery.finish(WINDOW);
        assert_eq!(damage, []);
        let live = self.recorder.tape().timeline();
        for track in recovered.timeline().tracks() {
            let own = live.track(track.id()).expect("a track that is on the tape");
            let mut numbers = track.numbers();
            if own.numbers().is_empty() {
                continue;
            }
            assert_eq!(numbers.end, own.numbers().end);
            numbers.start = numbers.start.max(own.numbers().start);
            // Two configurations that are the same are one when they have been read.
            let samples = |track: &Track| {
                let slices = track.slices(numbers.clone());
                let timed = |slice: &Slice| {
                    let timed = slice.timed();
                    timed
                        .map(|(time, sample)| (time, *sample))
                        .collect::<Vec<_>>()
                };
                slices.iter().flat_map(timed).collect::<Vec<_>>()
            };
            assert_eq!(samples(track), samples(own));
        }
    }

    fn write(&mut self, at: Placement, bytes: &[u8]) {
        if self.is_full {
            while let Some(Command::Delete(id, _)) = self.recorder.make_room() {
                assert!(self.reels.remove(&id).is_some(), "deleted twice");
                self.journals.remove(&id);
            }
            return self.recorder.not_written(at);
        }
        let reel = self.reels.get_mut(&at.reel).expect("written while open");
        assert_eq!(reel.len() as u64, at.offset, "reels grow at their end");
        reel.extend(bytes);
    }

    /// Every stored part of a plan must be there.
    fn check(&self, plan: &Plan) {
        for part in plan.parts() {
            if let Part::Stored(extent) = part {
                let reel = self.reels.get(&extent.store).expect("a reel that is there");
                let end = extent.offset.checked_add(extent.len);
                assert!(
                    end.is_some_and(|end| end <= reel.len() as u64),
                    "{extent:?}"
                );
            }
        }
    }
}
