//! Messages in, recorder, outputs carried out one after another.

mod handing_out;

use std::cell::{Cell, RefCell};
use std::collections::VecDeque;
use std::rc::Rc;

use js_sys::{Array, Function, Uint8Array};
use livetape_media::Wording;
use livetape_recorder::{Answer, ExchangeId, Input, Output, Recorder, Request};
use livetape_tape::Window;
use wasm_bindgen::prelude::*;
use wasm_bindgen_futures::spawn_local;

use crate::left;
use crate::message::Message;
use crate::network::{Fetched, exchange};
use crate::payload_sum::PayloadSum;
use crate::plain::Plain;
#[cfg(feature = "pull")]
use crate::recovered::{self, Recovered, Wish};
use crate::reels::{Bytes, Reels};
use crate::reply;
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

impl Task {
    /// The bytes of JavaScript's memory that came with it.
    fn bytes(&self) -> Option<&Uint8Array> {
        match self {
            Self::Message(Message::Told(told)) => told.chunk.as_ref().map(|chunk| &chunk.0),
            Self::Answered(_, fetched) => Some(&fetched.body.0),
            _ => None,
        }
    }
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
        if let Some(message) = Message::read(message) {
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
        // One place where inputs are handled: what waits there is a part of every task's future.
        let input = match &task {
            Task::Message(Message::Open { window, pull }) => {
                *tape = Some(self.open(*window).await);
                pull.as_deref().map(|url| Input::Pull { url })
            }
            #[cfg(feature = "pull")]
            Task::Message(Message::Left(wish)) => self.left(tape, wish).await,
            Task::Message(Message::Close) => {
                if let Some(mut tape) = tape.take() {
                    tape.reels.close().await;
                }
                crate::scope::close_worker();
                None
            }
            Task::Message(Message::Told(told)) => told.input(),
            Task::Answered(exchange, fetched) => Some(Input::Answered {
                exchange: *exchange,
                answer: Answer {
                    status: fetched.status,
                    url: &fetched.url,
                    body: &fetched.body,
                },
            }),
            Task::Unanswered(exchange, why) => Some(Input::Unanswered {
                exchange: *exchange,
                why,
            }),
            Task::Tick => Some(Input::Tick),
        };
        if let (Some(tape), Some(input)) = (tape, input) {
            let appended = matches!(input, Input::Append { .. });
            if appended {
                tape.tell_room();
            }
            self.handle(tape, input, task.bytes()).await;
            if appended {
                task.bytes()
                    .into_iter()
                    .for_each(|bytes| self.recycle(bytes));
            }
        }
    }

    async fn open(&self, window: Window) -> Tape {
        let reels = Reels::open().await;
        let window = Window {
            bytes: window.bytes.min(reels.most_bytes()),
            ..window
        };
        let opened = self.opened(Recorder::new(window), reels);
        left::clean_up().await;
        opened
    }

    /// A tape that has been opened; the page is told.
    fn opened(&self, recorder: Recorder, reels: Reels) -> Tape {
        self.post(reply::of("opened").text("storage", reels.storage()));
        Tape::new(recorder, reels, self.payload_sum.clone())
    }

    /// Does what is wanted of tapes that were left behind; the rest of it is for the recorder.
    #[cfg(feature = "pull")]
    async fn left(&self, tape: &mut Option<Tape>, wish: &Wish) -> Option<Input<'static>> {
        match wish {
            Wish::List { request } => {
                left::clean_up().await;
                let tapes = recovered::list().await;
                self.post(reply::to(*request, "recovered").value("tapes", &tapes));
            }
            Wish::Open { name } => *tape = self.open_left(name.clone()).await,
            Wish::Resume { request } => return Some(Input::Resume { request: *request }),
            Wish::Discard { request } => {
                if let Some(mut tape) = tape.take() {
                    tape.reels.remove().await;
                }
                self.post(reply::to(*request, "discarded"));
            }
        }
        None
    }

    #[cfg(feature = "pull")]
    async fn open_left(&self, name: String) -> Option<Tape> {
        match Recovered::open(name, &self.payload_sum).await {
            Ok(recovered) => {
                self.post(reply::of("repaired").value("damage", &recovered.codes()));
                let Recovered { tape, reels, .. } = recovered;
                Some(self.opened(Recorder::with(tape), reels))
            }
            Err(_) => {
                self.post(reply::failed(None, "tape_gone", TAPE_GONE));
                None
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
                let why = String::from(js_sys::Error::from(error).message());
                let why = Wording::of("the browser's storage failed: ")
                    .words(&why)
                    .done();
                self.post(reply::failed(None, "storage_failed", &why));
            }
        }
    }

    async fn carry_out(
        self: &Rc<Self>,
        tape: &mut Tape,
        output: Output,
        chunk: Option<&Uint8Array>,
    ) -> Result<(), JsValue> {
        let bytes = match output.plan() {
            Some(plan) => Some(tape.reels.read(plan).await?),
            None => None,
        };
        match (output, bytes) {
            (Output::Storage(command), _) => tape.command(command).await?,
            (Output::WriteChunk(at), _) => {
                if let Some(chunk) = chunk {
                    tape.write(at, Bytes::Theirs(chunk)).await?;
                }
            }
            (Output::WriteBytes(at, bytes), _) => tape.write(at, Bytes::Own(&bytes)).await?,
            (Output::Exchange(exchange, request), plan) => {
                spawn_local(Rc::clone(self).fetch(exchange, request, plan));
            }
            (taken @ (Output::Clip(_) | Output::Still(_) | Output::Past(_)), bytes) => {
                self.hand_out(&tape.reels, &taken, bytes.as_ref())?;
            }
            (Output::Event(event), _) => self.post(reply::event(&event)),
            (Output::WakeAt(at), _) => {
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

    /// Gives an append's buffer back to the page.
    fn recycle(&self, chunk: &Uint8Array) {
        let buffer = chunk.buffer();
        let reply = reply::of("recycle").value("bytes", &buffer);
        self.post_with(reply, &Array::of1(&buffer));
    }

    fn post(&self, reply: Plain) {
        self.post_with(reply, &Array::new());
    }

    fn post_with(&self, reply: Plain, transfer: &Array) {
        // postMessage fails only for what cannot be cloned; all of this can.
        let _ = self
            .post
            .call2(&JsValue::NULL, &reply.done::<JsValue>(), transfer);
    }
}
