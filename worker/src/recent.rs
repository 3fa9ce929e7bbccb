//! Playlists of public recordings, and gates, remembered for a moment by this isolate.

use std::cell::RefCell;

use livetape_edge::recent::{Lookup, Recent};
use livetape_edge::{Delivery, RecordingId};
use worker::{Env, Result};

use crate::command::{Command, ask};
use crate::platform;

thread_local! {
    static KNOWN: RefCell<Recent> = RefCell::default();
}

/// The answer to a command whose answer is the same for everybody.
pub(crate) async fn view(env: &Env, id: &RecordingId, command: &Command) -> Result<Delivery> {
    let (recording, request) = (id.to_string(), serde_json::to_string(command)?);
    let look = |known: &mut Recent| known.look(&recording, &request, platform::now());
    let ticket = match KNOWN.with_borrow_mut(look) {
        Lookup::Answer(answer) => return Ok(answer),
        Lookup::Ask(ticket) => ticket,
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
