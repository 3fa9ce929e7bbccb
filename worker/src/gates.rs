//! Recordings' gates, for files that are sent without asking the recording each time.

use std::cell::RefCell;
use std::collections::HashMap;

use livetape_edge::{Form, Gate, Piece, RecordingId, Visitor};
use worker::{Env, Error};

use crate::command::{Command, ask};
use crate::platform;
use crate::refusal::Refusal;

/// So old, in milliseconds, a gate may be: what closes it takes effect within twice that.
const FRESH: i64 = 1_000;
/// So many are remembered.
const MOST: usize = 1_000;

thread_local! {
    /// By recording, when it was asked for and what it was.
    static KNOWN: RefCell<HashMap<String, (i64, Gate)>> = RefCell::new(HashMap::new());
}

/// Lets a request through that is for media in a form, or for what is the same in all; gives the gate.
pub(crate) async fn check(
    env: &Env,
    id: &RecordingId,
    visitor: &Visitor,
    form: Option<Form>,
) -> Result<Gate, Refusal> {
    let gate = gate(env, id).await?;
    let claims = visitor.claims.as_ref();
    gate.check(claims)?;
    gate.check_page(&visitor.page)?;
    form.map_or(Ok(()), |form| gate.check_form(form, claims))?;
    Ok(gate)
}

async fn gate(env: &Env, id: &RecordingId) -> Result<Gate, Refusal> {
    let (name, now) = (id.to_string(), platform::now());
    let known = KNOWN.with_borrow(|known| known.get(&name).cloned());
    let fresh = known.filter(|(asked, _)| (0..FRESH).contains(&now.saturating_sub(*asked)));
    if let Some((_, gate)) = fresh {
        return Ok(gate);
    }
    let answer = ask(env, id, &Command::Gate).await?;
    let gate: Gate = match answer.pieces.as_slice() {
        [Piece::Bytes(body)] if answer.status == 200 => {
            serde_json::from_slice(body).map_err(Error::from)?
        }
        _ => return Err(Refusal::Told(answer.into())),
    };
    KNOWN.with_borrow_mut(|known| {
        if known.len() >= MOST {
            known.clear();
        }
        known.insert(name, (now, gate.clone()));
    });
    Ok(gate)
}
