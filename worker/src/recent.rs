//! Playlists of public recordings, and gates, remembered for a moment by this isolate.

use std::cell::RefCell;
use std::time::Duration;

use livetape_edge::recent::{Lookup, Recent};
use livetape_edge::{Delivery, RecordingId};
use worker::{Delay, Env, Result};

use crate::command::{Command, ask};
use crate::platform;

/// How long a request waits for the answer that another one was sent for.
const PATIENCE: Duration = Duration::from_secs(1);
/// How often it looks whether it is there.
const LOOK_AGAIN: Duration = Duration::from_millis(25);

thread_local! {
    static KNOWN: RefCell<Recent> = RefCell::default();
}

/// The answer to a command whose answer is the same for everybody.
pub(crate) async fn view(env: &Env, id: &RecordingId, command: &Command) -> Result<Delivery> {
    let (recording, request) = (id.to_string(), serde_json::to_string(command)?);
    let look = |known: &mut Recent| known.look(&recording, &request, platform::now());
    let mut waited = Duration::ZERO;
    let ticket = loop {
        match KNOWN.with_borrow_mut(look) {
            Lookup::Answer(answer) => return Ok(answer),
            // Somebody was sent just now: if all went, the answer would be old when it comes.
            Lookup::Ask(None) if waited < PATIENCE => {
                Delay::from(LOOK_AGAIN).await;
                waited += LOOK_AGAIN;
            }
            Lookup::Ask(ticket) => break ticket,
        }
    };
    let answer = ask(env, id, command).await?;
    if let Some(ticket) = ticket {
        KNOWN.with_borrow_mut(|known| known.keep(&recording, &request, ticket, &answer));
    }
    Ok(answer)
}

/// What was remembered of a recording that changes.
pub(crate) fn forget(id: &RecordingId) {
    KNOWN.with_borrow_mut(|known| known.forget(&id.to_string()));
}
