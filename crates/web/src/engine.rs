//! Messages in, recorder, outputs carried out one after another.

use std::cell::{Cell, RefCell};
use std::collections::VecDeque;
use std::rc::Rc;

use js_sys::{Array, Function, Uint8Array};
use livetape_recorder::{
    Answer, Body, ClipReady, ExchangeId, Input, Output, Recorder, Request, RequestId,
};
use livetape_tape::Window;
use wasm_bindgen::prelude::*;
use wasm_bindgen_futures::spawn_local;

use crate::chunk::JsChunk;
use crate::left;
use crate::message::{self, Message};
use crate::network::{Fetched, exchange};
use crate::payload_sum::PayloadSum;
#[cfg(feature = "pull")]
use crate::recovered::{self, Recovered, Wish};
use crate::reels::Reels;
use crate::scope::{Alarm, now};
use crate::storing::Tape;

/// The recorder of one tape, as the worker's script sees it.
#[wasm_bindgen]
pub struct Engine(Rc<Shared>);

struct Shared {
    post: Function,
    payload_sum: PayloadSum,
    queue: RefCell<VecDeque<Task>>,
    running: Cell<bool>,
    tape: RefCell<Option<Tape>>,
    alarm: RefCell<Option<Alarm>>,
}

/// What waits to be handled, in order.
enum Task {
    Message(Message),
    Answered(ExchangeId, Fetched),
    Unanswered(ExchangeId, String),
    Tick,
}

#[cfg(feature = "pull")]
const TAPE_GONE: &str = "this tape has been discarded, or another page has it open";

#[wasm_bindgen]
impl Engine {
    /// An engine that posts its messages through `post(message, transfer)`. `payload_sum(bytes)` is the
    /// sum of an `Uint8Array` that [`livetape_tape::journal::payload_sum`] gives.
    #[wasm_bindgen(constructor)]
    pub fn new(post: Function, payload_sum: Function) -> Self {
        let shared = Rc::new(Shared {
            post,
            payload_sum: PayloadSum(payload_sum),
            queue: RefCell::default(),
            running: Cell::new(false),
            tape: RefCell::default(),
            alarm: RefCell::default(),
        });
        let weak = Rc::downgrade(&shared);
        let ring = move || {
            if let Some(shared) = weak.upgrade() {
                shared.push(Task::Tick);
            }
        };
        shared.alarm.replace(Some(Alarm::new(ring)));
        Self(shared)
    }

    /// Takes a message from the page. Never throws: failures come back as messages.
    pub fn handle(&self, message: &JsValue) {
        if let Some(message) = message::read(message) {
            self.0.push(Task::Message(message));
        }
    }
}

impl Shared {
    /// Puts a task at the end of the queue and sees to it that the queue is worked off.
    fn push(self: &Rc<Self>, task: Task) {
        self.queue.borrow_mut().push_back(task);
        if !self.running.replace(true) {
            spawn_local(Rc::clone(self).work());
        }
    }

    /// Works the queue off, one task after another: outputs of one are carried out before the
    /// next is begun.
    async fn work(self: Rc<Self>) {
        let mut tape = self.tape.take();
        loop {
            let task = self.queue.borrow_mut().pop_front();
            let Some(task) = task else { break };
            self.task(&mut tape, task).await;
        }
        self.tape.replace(tape);
        self.running.set(false);
    }

    async fn task(self: &Rc<Self>, tape: &mut Option<Tape>, task: Task) {
        match (task, tape) {
            (Task::Message(Message::Open { window, pull }), tape) => {
                let reels = Reels::open().await;
                let window = Window {
                    bytes: window.bytes.min(reels.most_bytes()),
                    ..window
                };
                let mut opened = self.opened(Recorder::new(window), reels);
                left::clean_up().await;
                if let Some(url) = pull {
                    self.handle(&mut opened, Input::Pull { url: &url }, None)
                        .await;
                }
                *tape = Some(opened);
            }
            #[cfg(feature = "pull")]
            (Task::Message(Message::Left(wish)), tape) => self.left(tape, wish).await,
            (Task::Message(Message::Close), tape) => {
                if let Some(mut tape) = tape.take() {
                    tape.reels.close().await;
                }
                crate::scope::close_worker();
            }
            (Task::Message(message), Some(tape)) => self.message(tape, message).await,
            (Task::Answered(exchange, fetched), Some(tape)) => {
                let body = JsChunk(&fetched.body);
                let answer = Answer {
                    status: fetched.status,
                    url: &fetched.url,
                    body: &body,
                };
                let input = Input::Answered { exchange, answer };
                self.handle(tape, input, Some(&fetched.body)).await;
            }
            (Task::Unanswered(exchange, why), Some(tape)) => {
                self.handle(
                    tape,
                    Input::Unanswered {
                        exchange,
                        why: &why,
                    },
                    None,
                )
                .await;
            }
            (Task::Tick, Some(tape)) => self.handle(tape, Input::Tick, None).await,
            (_, None) => {}
        }
    }

    /// A tape that has been opened; the page is told.
    fn opened(&self, recorder: Recorder, reels: Reels) -> Tape {
        let storage = ("storage", reels.storage().into());
        self.post(&message::object("opened", &[storage]));
        Tape::new(recorder, reels, self.payload_sum.clone())
    }

    /// Does what is wanted of tapes that were left behind.
    #[cfg(feature = "pull")]
    async fn left(self: &Rc<Self>, tape: &mut Option<Tape>, wish: Wish) {
        match wish {
            Wish::List { request } => {
                left::clean_up().await;
                let tapes = recovered::list().await;
                self.answer("recovered", request, &[("tapes", tapes.into())]);
            }
            Wish::Open { name } => *tape = self.open_left(name).await,
            Wish::Resume { request } => {
                if let Some(tape) = tape {
                    self.handle(tape, Input::Resume { request }, None).await;
                }
            }
            Wish::Discard { request } => {
                if let Some(mut tape) = tape.take() {
                    tape.reels.remove().await;
                }
                self.answer("discarded", request, &[]);
            }
        }
    }

    #[cfg(feature = "pull")]
    async fn open_left(&self, name: String) -> Option<Tape> {
        match Recovered::open(name, &self.payload_sum).await {
            Ok(recovered) => {
                let damage = ("damage", recovered.codes().into());
                self.post(&message::object("repaired", &[damage]));
                let Recovered { tape, reels, .. } = recovered;
                Some(self.opened(Recorder::with(tape), reels))
            }
            Err(_) => {
                self.post(&message::failed(None, "tape_gone", TAPE_GONE));
                None
            }
        }
    }

    async fn message(self: &Rc<Self>, tape: &mut Tape, message: Message) {
        match message {
            Message::Open { .. } | Message::Close => {}
            #[cfg(feature = "pull")]
            Message::Left(_) => {}
            Message::Source { source, mime } => {
                self.handle(
                    tape,
                    Input::Source {
                        source,
                        mime: &mime,
                    },
                    None,
                )
                .await;
            }
            Message::Append {
                source,
                chunk,
                timestamp_offset,
            } => {
                let view = JsChunk(&chunk);
                let input = Input::Append {
                    source,
                    chunk: &view,
                    timestamp_offset,
                };
                tape.tell_room();
                self.handle(tape, input, Some(&chunk)).await;
                self.recycle(&chunk);
            }
            Message::Set { source, setting } => {
                self.handle(tape, Input::Set { source, setting }, None)
                    .await;
            }
            Message::ChangeType { source, mime } => {
                let mime = &mime;
                self.handle(tape, Input::ChangeType { source, mime }, None)
                    .await;
            }
            Message::Abort { source } => self.handle(tape, Input::Abort { source }, None).await,
            Message::Joined { source } => self.handle(tape, Input::Joined { source }, None).await,
            Message::Playhead { seconds } => {
                self.handle(tape, Input::Playhead { seconds }, None).await;
            }
            Message::Record {
                request,
                edge,
                access,
                cap,
            } => {
                let input = Input::Record {
                    request,
                    edge: &edge,
                    access,
                    cap,
                };
                self.handle(tape, input, None).await;
            }
            Message::Upload {
                request,
                clip,
                edge,
                access,
            } => {
                let input = Input::Upload {
                    request,
                    clip,
                    edge: &edge,
                    access,
                };
                self.handle(tape, input, None).await;
            }
            Message::Pause { request } => self.handle(tape, Input::Pause { request }, None).await,
            Message::Unpause { request } => {
                self.handle(tape, Input::Unpause { request }, None).await;
            }
            Message::Mark { request } => self.handle(tape, Input::Mark { request }, None).await,
            Message::Stop { request } => self.handle(tape, Input::Stop { request }, None).await,
            Message::Cancel { request } => self.handle(tape, Input::Cancel { request }, None).await,
            Message::Still { request, seconds } => {
                let input = Input::Still { request, seconds };
                self.handle(tape, input, None).await;
            }
            Message::Past { request, from } => {
                let input = Input::Past { request, from };
                self.handle(tape, input, None).await;
            }
            Message::Online => self.handle(tape, Input::Online, None).await,
            Message::Clip { request, range } => {
                self.handle(tape, Input::Clip { request, range }, None)
                    .await;
            }
            Message::CloseClip { request } => {
                self.handle(tape, Input::CloseClip { request }, None).await;
            }
        }
    }

    /// Handles one input and carries out what comes of it. `chunk` is what
    /// [`Output::WriteChunk`] writes.
    async fn handle(
        self: &Rc<Self>,
        tape: &mut Tape,
        input: Input<'_>,
        chunk: Option<&Uint8Array>,
    ) {
        tape.recorder.handle(input, now());
        while let Some(output) = tape.recorder.poll() {
            if let Err(error) = self.carry_out(tape, output, chunk).await {
                let why = js_sys::Error::from(error).message();
                let why = format!("the browser's storage failed: {why}");
                self.post(&message::failed(None, "storage_failed", &why));
            }
        }
    }

    async fn carry_out(
        self: &Rc<Self>,
        tape: &mut Tape,
        output: Output,
        chunk: Option<&Uint8Array>,
    ) -> Result<(), JsValue> {
        match output {
            Output::Storage(command) => tape.command(command).await?,
            Output::WriteChunk(at) => {
                if let Some(chunk) = chunk {
                    tape.write(at, chunk).await?;
                }
            }
            Output::WriteBytes(at, bytes) => tape.write_own(at, &bytes).await?,
            Output::Exchange(exchange, request) => {
                let plan = match &request.body {
                    Body::Plan(plan) => Some(tape.reels.read(plan).await?),
                    _ => None,
                };
                spawn_local(Rc::clone(self).fetch(exchange, request, plan));
            }
            Output::Clip(ready) => self.clip(&tape.reels, &ready)?,
            Output::Still(ready) => {
                let bytes = tape.reels.read(&ready.plan).await?;
                self.post(&message::still(&ready, &bytes));
            }
            Output::Past(ready) => {
                let bytes = tape.reels.read(&ready.plan).await?;
                let buffer = Array::of1(&bytes.buffer());
                self.post_with(&message::past(&ready, &bytes), &buffer);
            }
            Output::Event(event) => self.post(&message::event(event)),
            Output::WakeAt(at) => {
                if let Some(alarm) = self.alarm.borrow_mut().as_mut() {
                    alarm.set(at);
                }
            }
        }
        Ok(())
    }

    async fn fetch(self: Rc<Self>, id: ExchangeId, request: Request, plan: Option<Uint8Array>) {
        self.push(match exchange(request, plan).await {
            Ok(fetched) => Task::Answered(id, fetched),
            Err(why) => Task::Unanswered(id, why),
        });
    }

    fn clip(&self, reels: &Reels, ready: &ClipReady) -> Result<(), JsValue> {
        let RequestId(request) = ready.request;
        let copied = reels.copied();
        let blob = reels.assemble(&ready.plan)?;
        let copied = reels.copied() - copied;
        self.post(&message::object(
            "clip",
            &[
                ("request", request.into()),
                ("clip", request.into()),
                ("blob", blob.into()),
                ("start", ready.start.seconds().into()),
                ("duration", ready.duration.seconds().into()),
                ("tracks", message::tracks(&ready.tracks).into()),
                ("headerBytes", (ready.plan.generated_len() as f64).into()),
                ("copiedBytes", (copied as f64).into()),
            ],
        ));
        Ok(())
    }

    /// Gives an append's buffer back to the page.
    fn recycle(&self, chunk: &Uint8Array) {
        let buffer = chunk.buffer();
        let message = message::object("recycle", &[("bytes", buffer.clone().into())]);
        self.post_with(&message, &Array::of1(&buffer));
    }

    #[cfg(feature = "pull")]
    fn answer(&self, kind: &str, request: RequestId, fields: &[(&str, JsValue)]) {
        let answer = message::object(kind, fields);
        let RequestId(request) = request;
        // Setting a property of a fresh plain object does not fail.
        let _ = js_sys::Reflect::set(&answer, &"request".into(), &request.into());
        self.post(&answer);
    }

    fn post(&self, message: &JsValue) {
        self.post_with(message, &Array::new());
    }

    fn post_with(&self, message: &JsValue, transfer: &Array) {
        // postMessage fails only for what cannot be cloned; all of this can.
        let _ = self.post.call2(&JsValue::NULL, message, transfer);
    }
}
